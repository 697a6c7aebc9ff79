"""The parts of the starter's training that a broken change would break silently."""

from __future__ import annotations

import io
from copy import deepcopy
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image

from recipes.starter import layout, lookup, lora_art, neighbours, nets, parts, recognise, teach
from recipes.starter.batches import signal_and_noise
from recipes.starter.captions import Captioner, Words
from recipes.starter.codec import Codec
from recipes.starter.common import (
    Clock,
    Turns,
    descend,
    load_state,
    save_atomic,
    save_training,
)
from recipes.starter.concepts import CONCEPTS
from recipes.starter.muon import MuonAdamW
from recipes.starter.train_unet import FLOOR, Painter, Plan, noised, rate_at
from stickerstudio.training.pictures import laid_out, open_drawing


def test_the_schedule_ends_in_pure_noise() -> None:
    signal, noise = signal_and_noise()
    assert float(signal[-1]) == 0
    assert float(noise[-1]) == 1
    assert float(signal[0]) > 0.99


def test_what_the_unet_lays_out_itself_is_led_to_the_drawing() -> None:
    """Following the velocity from either picture ends at the drawing, at every kind of step."""
    torch.manual_seed(2)
    levels = signal_and_noise()
    x, noise = torch.randn(4, 2, 8, 8), torch.randn(4, 2, 8, 8)
    shown = x.clone()
    shown[2:] = torch.randn(2, 2, 8, 8)
    t = torch.tensor([999, 249, 249, 749])
    noisy, velocity, weight = noised(x, shown, noise, t, *levels)
    a, s = (level[t].view(-1, 1, 1, 1) for level in levels)
    assert torch.allclose(noisy, a * shown + s * noise)
    assert torch.allclose(a * noisy - s * velocity, x, atol=1e-5)
    assert torch.allclose(velocity[:2], (a * noise - s * x)[:2])
    # an error of the velocity weighs what it does to the picture
    assert weight[:2].tolist() == [1, 1]
    assert torch.allclose(weight[2:], s[2:].flatten().square())


def test_the_reader_puts_each_place_where_it_belongs() -> None:
    """The twelfth of the tokens of places is the fourth of the second row."""
    torch.manual_seed(0)
    reader = layout.Reader()
    sequence = torch.zeros(1, nets.TOKENS, sum(nets.TEXT_WIDTHS))
    before = reader(sequence)
    sequence[0, -layout.PLACES + 11] = 1
    changed = (reader(sequence) - before).abs().sum((0, 1)) > 1e-6
    expected = torch.zeros(8, 8, dtype=torch.bool)
    expected[1, 3] = True
    assert torch.equal(changed, expected)


def test_completed_tokens_hold_the_picture_and_keep_their_marks() -> None:
    torch.manual_seed(1)
    reader = layout.Reader()
    sequence = torch.randn(2, nets.TOKENS, sum(nets.TEXT_WIDTHS))
    latents = torch.randn(2, nets.LATENT_CHANNELS, nets.LATENT_SIDE, nets.LATENT_SIDE)
    told = reader.completed(sequence, latents)
    with torch.no_grad():
        before = float((reader(sequence) - latents).square().mean())
        after = float((reader(told) - latents).square().mean())
    assert after < 0.05 * before
    assert torch.equal(told[:, : -layout.PLACES], sequence[:, : -layout.PLACES])
    assert torch.equal(told[..., -layout.MARKED :], sequence[..., -layout.MARKED :])


@torch.no_grad()
def test_tokens_are_what_the_pipeline_reads_and_say_their_place() -> None:
    torch.manual_seed(3)
    pupils = teach.Pupils().eval()
    layout.hold_marks(pupils)
    ids = torch.randint(0, nets.VOCABULARY - 2, (2, nets.TOKENS))
    sequence = layout.sequence_of(pupils, ids)
    encoders = (pupils.text_1, pupils.text_2)
    stock = [encoder(ids, output_hidden_states=True).hidden_states[-2] for encoder in encoders]
    assert torch.allclose(sequence, torch.cat(stock, -1), atol=1e-6)
    assert torch.equal(sequence[0, :, -layout.MARKED :], layout.marks())
    assert bool((sequence[:, :-1, :-1] != 0).any())


def test_the_compass_learns_and_a_planted_lookup_reads_each_place() -> None:
    """With queries that know their place, the attention's output is the drawing itself."""
    torch.manual_seed(4)
    unet: Any = Painter().unet
    reader = layout.Reader().requires_grad_(False)
    latents = torch.randn(2, nets.LATENT_CHANNELS, nets.LATENT_SIDE, nets.LATENT_SIDE)
    sequence = torch.randn(2, nets.TOKENS, sum(nets.TEXT_WIDTHS)) * 0.3
    sequence[..., -layout.MARKED :] = layout.marks()
    sequence = reader.completed(sequence, latents)
    attention: Any = unet.up_blocks[2].attentions[0].transformer_blocks[0].attn2
    ask = torch.zeros(3, attention.to_q.weight.shape[1])
    ask[0, 0] = ask[1, 1] = ask[2, 2] = 1
    lookup.plant_one(attention, ask, reader)
    places = torch.zeros(2, 64, attention.to_q.weight.shape[1])
    line = torch.arange(8) - 3.5
    places[..., 0], places[..., 1] = line.repeat_interleave(8), line.repeat(8)
    places[..., 2] = 1
    with torch.no_grad():
        read = attention(places, encoder_hidden_states=sequence)[..., : nets.LATENT_CHANNELS]
    assert float((read.mT.unflatten(2, (8, 8)) - latents).square().mean()) < 0.02

    compass = lookup.Compass(unet)
    noisy = torch.randn_like(latents)
    added = {"text_embeds": torch.randn(2, nets.POOLED), "time_ids": torch.ones(2, 6)}
    optimiser = torch.optim.AdamW(compass.parameters(), 0.05)
    losses: list[float] = []
    for _ in range(6):
        unet(noisy, torch.tensor([999, 0]), sequence, added_cond_kwargs=added)
        loss = compass.loss()
        descend(loss, optimiser)
        losses.append(float(loss.detach()))
    assert losses[-1] < 0.8 * losses[0]


def test_both_optimisers_share_the_weights_and_go_on() -> None:
    torch.manual_seed(5)

    class Net(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.embedding = torch.nn.Embedding(9, 8)
            self.inner = torch.nn.Linear(8, 8)
            self.goal = torch.eye(9, 8) * 3

        def forward(self) -> torch.Tensor:
            return (self.inner(self.embedding.weight) - self.goal).square().mean()

    net, other = Net(), Net()
    first, second = MuonAdamW(net, 0.01), MuonAdamW(other, 0.01)
    before = {name: weight.clone() for name, weight in net.state_dict().items()}
    descend(net(), first)
    assert all(not torch.equal(before[n], weight) for n, weight in net.state_dict().items())
    moved = net.inner.weight.detach() - before["inner.weight"]
    values = torch.linalg.svdvals(moved)
    assert float(values[-1]) > 0.3 * float(values[0])
    other.load_state_dict(net.state_dict())
    second.load_state_dict(deepcopy(first.state_dict()))
    descend(net(), first)
    descend(other(), second)
    assert torch.equal(net.inner.weight, other.inner.weight)
    assert torch.equal(net.embedding.weight, other.embedding.weight)


def test_a_word_goes_to_the_nearest_concept_or_to_none() -> None:
    known = np.eye(3, dtype=np.float32)
    vectors = np.array([[1, 0, 0], [0.9, 0.436, 0], [0.3, 0.3, 0.3], [0.5, 0.5, 0.707]], np.float32)
    wordings = ["pup", "doggo", "why", "boat"]
    found = neighbours.assign(wordings, vectors, known, ["dog", "cat", "ship"])
    assert found == {"dog": ["pup", "doggo"], "cat": [], "ship": ["boat"]}


def test_a_text_is_shared_among_the_concepts_it_is_near() -> None:
    owners = [CONCEPTS[5], CONCEPTS[2], CONCEPTS[5], *CONCEPTS[10:20]]
    known = np.eye(len(owners), dtype=np.float32)
    vectors = np.zeros((2, len(owners)), np.float32)
    vectors[0, 1] = 1
    vectors[1, [1, 2]] = 0.707
    concepts, shares = neighbours.shares(vectors, known, owners)
    assert concepts.shape == shares.shape == (2, neighbours.KEPT)
    assert concepts[0, 0] == 2
    assert shares[0, 0] > 0.99
    assert set(concepts[1, :2]) == {5, 2}
    assert abs(float(shares[1, 0]) - 0.5) < 0.01
    assert np.allclose(shares.astype(np.float32).sum(1), 1, atol=2e-3)


def test_captions_say_neighbours_and_calls_now_and_then() -> None:
    rng = np.random.default_rng(0)
    words = Words("dog", en=["dog"], zh=["狗"], said=["good boy"])
    captioner = Captioner({"dog": words}, {"dog": ["pup"]})
    said = [captioner.name("dog", rng)[0] for _ in range(400)]
    assert 0.02 < said.count("pup") / len(said) < 0.08
    assert 0.06 < said.count("good boy") / len(said) < 0.14


def test_hidden_states_are_those_of_the_whole_encoder() -> None:
    torch.manual_seed(0)
    ids = torch.randint(0, nets.EOS, (2, 7))
    for encoder in nets.text_encoders():
        whole = encoder(ids, output_hidden_states=True).hidden_states
        assert torch.allclose(nets.hidden(encoder, ids, 2), whole[2], atol=1e-5)


def test_texts_for_recognition_carry_the_concepts_they_call_for() -> None:
    words = {c: Words(c, en=["thing"], zh=["東西"]) for c in CONCEPTS}
    likely, parts_ = torch.tensor([[3, 4]]), torch.tensor([[0.75, 0.25]])
    said, near = [("good boy", 7)], [("pup", 8)]
    namings = recognise.Namings(["woof"], likely, parts_, said, near, Captioner(words))
    texts, shares = namings.deal(50, np.random.default_rng(0))
    rows = dict(zip(texts, shares, strict=True))
    assert rows["woof"][3] == 0.75
    assert rows["woof"][4] == 0.25
    assert next(row for text, row in rows.items() if "good boy" in text)[7] == 1
    assert next(row for text, row in rows.items() if "pup" in text)[8] == 1
    assert shares.sum(1).tolist().count(2) == round(50 * recognise.PAIR_SHARE)


def test_coarse_components_weigh_more_and_the_whole_stays_one() -> None:
    deviation = torch.linspace(2, 0.1, 80)
    scale = deviation**-0.7
    code = Codec(torch.zeros(768), torch.eye(768)[:, :80], scale)
    weights = layout.component_weights(code).flatten()
    variance = (deviation * scale).square()
    assert bool((weights.diff() < 0).all())
    assert abs(float((weights * variance).sum() / variance.sum()) - 1) < 1e-4


def test_the_learning_rate_rises_stays_and_falls() -> None:
    assert rate_at(0, 0) < 0.1
    assert rate_at(1000, 0.3) == 1
    assert rate_at(1000, 0.8) < 0.7
    assert abs(rate_at(1000, 1) - FLOOR) < 1e-9
    assert Plan(1, batch=512).rate() > Plan(1).rate() > Plan(1, workers=2).rate()


def test_turns_are_taken_once_and_end() -> None:
    turns = Turns(3, 5)
    assert [turns.take(), turns.take(), turns.take()] == [3, 4, None]
    assert turns.peek() == 5
    assert Clock(10).seconds() >= 10


def test_a_training_goes_on_as_if_it_had_never_stopped(tmp_path: Path) -> None:
    torch.manual_seed(2)
    inputs, goals = torch.randn(9, 4), torch.randn(9, 3)
    model = torch.nn.Linear(4, 3)
    optimiser = torch.optim.AdamW(model.parameters(), 0.1)
    resumed = torch.nn.Linear(4, 3)
    after = torch.optim.AdamW(resumed.parameters(), 0.1)
    for step in range(4):
        if step == 2:
            save_training(tmp_path / "net.pt", optimiser, 2, Clock(60), model=model.state_dict())
        descend((model(inputs) - goals).square().mean(), optimiser)
    state = load_state(tmp_path / "net.pt")
    assert state is not None
    assert state["step"] == 2
    assert state["seconds"] >= 60
    resumed.load_state_dict(state["model"])
    after.load_state_dict(state["optimiser"])
    for _ in range(2):
        descend((resumed(inputs) - goals).square().mean(), after)
    assert torch.equal(model.weight, resumed.weight)


def test_the_painter_is_called_as_the_pipeline_calls_it() -> None:
    painter = Painter().eval()
    ids = torch.full((2, nets.TOKENS), nets.EOS)
    noisy = torch.randn(2, nets.LATENT_CHANNELS, nets.LATENT_SIDE, nets.LATENT_SIDE)
    with torch.no_grad():
        sequence, pooled = painter.embed(ids)
        out = painter(noisy, torch.tensor([999, 0]), ids)
    assert sequence.shape == (2, nets.TOKENS, sum(nets.TEXT_WIDTHS))
    assert pooled.shape == (2, nets.POOLED)
    assert out.shape == noisy.shape


def test_a_drawing_keeps_its_place_through_the_trainer() -> None:
    """A red square low on the left; in the base's pictures the page has a margin of 6 pixels."""
    drawing = Image.new("RGBA", (2 * 116, 2 * 116))
    drawing.paste((255, 0, 0, 255), (0, 2 * 58, 2 * 29, 2 * 116))
    file = io.BytesIO()
    lora_art.as_in_the_base(drawing).save(file, "PNG")
    seen = laid_out(open_drawing(file.getvalue()), (128, 128), "#ffffff", 0.0, keep_place=True)
    red = np.argwhere(seen[..., 1] < 128)
    assert red.min(0).tolist() == [6 + 58, 6]
    assert red.max(0).tolist() == [6 + 115, 6 + 28]
    assert int((seen[..., 1] > 250).sum()) > 128 * 128 - 70 * 40


def test_work_travels_in_small_files_without_optimisers(tmp_path: Path) -> None:
    work, other = tmp_path / "work", tmp_path / "other"
    work.mkdir()
    weights = torch.randn(3000, 3000)
    state = {
        "model": {"w": weights + 1, "n": torch.tensor(3)},
        "average": {"w": weights, "n": torch.tensor(7)},
        "optimiser": {"state": torch.ones(9)},
        "step": 12,
    }
    save_atomic(state, work / "unet.pt")
    (work / "unet.log").write_text("{}\n", "utf-8")
    parts.pack(work, tmp_path / "parts", drawings=False)
    files = sorted((tmp_path / "parts").iterdir())
    assert len(files) > 1
    assert all(file.stat().st_size < 16 * 2**20 for file in files)
    parts.unpack(tmp_path / "parts", other)
    found = load_state(other / "unet.pt")
    assert found is not None
    assert "optimiser" not in found
    assert found["step"] == 12
    assert int(found["model"]["n"]) == 7
    assert np.allclose(found["model"]["w"], weights, atol=2e-3)
    assert (other / "unet.log").read_text("utf-8") == "{}\n"
