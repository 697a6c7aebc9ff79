"""The parts of the starter's training that a broken change would break silently."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch

from recipes.starter import layout, nets, parts
from recipes.starter.batches import signal_and_noise
from recipes.starter.codec import Codec
from recipes.starter.common import (
    Clock,
    Turns,
    descend,
    load_state,
    save_atomic,
    save_training,
)
from recipes.starter.train_unet import FLOOR, Painter, Plan, rate_at


def test_the_schedule_ends_in_pure_noise() -> None:
    signal, noise = signal_and_noise()
    assert float(signal[-1]) == 0
    assert float(noise[-1]) == 1
    assert float(signal[0]) > 0.99


def test_the_reader_puts_each_place_where_it_belongs() -> None:
    """The fifth of the last sixteen tokens is the first block of the second row."""
    torch.manual_seed(0)
    reader = layout.Reader()
    sequence = torch.zeros(1, nets.TOKENS, sum(nets.TEXT_WIDTHS))
    before = reader(sequence)
    sequence[0, -layout.PLACES + 4] = 1
    changed = (reader(sequence) - before).abs().sum((0, 1)) > 1e-6
    expected = torch.zeros(8, 8, dtype=torch.bool)
    expected[2:4, 0:2] = True
    assert torch.equal(changed, expected)


def test_completed_tokens_hold_the_picture() -> None:
    torch.manual_seed(1)
    reader = layout.Reader()
    sequence = torch.randn(2, nets.TOKENS, sum(nets.TEXT_WIDTHS))
    latents = torch.randn(2, nets.LATENT_CHANNELS, nets.LATENT_SIDE, nets.LATENT_SIDE)
    told = reader.completed(sequence, latents)
    with torch.no_grad():
        before = float((reader(sequence) - latents).square().mean())
        after = float((reader(told) - latents).square().mean())
    assert after < 0.4 * before
    assert torch.equal(told[:, : -layout.PLACES], sequence[:, : -layout.PLACES])


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
