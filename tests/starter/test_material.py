"""What the starter model learns from: held-out wordings stay out, noise chooses, codes invert."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from recipes.starter import codec, encoder, nets, render
from recipes.starter.captions import (
    HELD_OUT_LISTS,
    Captioner,
    held_out,
    held_out_list,
    load_words,
    moods,
)
from recipes.starter.concepts import (
    ADDED,
    CONCEPTS,
    SUBJECTS,
    held_out_pair,
    key,
    random_pair,
)
from recipes.starter.deck import LAST, STYLE_LIMIT, Deck, Mix
from recipes.starter.poses import Pose, Seconds, tinted
from recipes.starter.sources import BASE_STYLES
from tests.starter.drawings import drawings, manifest


@pytest.fixture(scope="module")
def captioner() -> Captioner:
    return Captioner(load_words(manifest()))


@pytest.fixture(scope="module")
def deck(captioner: Captioner) -> Deck:
    found = drawings(CONCEPTS)
    rows = [Pose(concept, style) for concept, style in found]
    pictures = np.stack([render.on_white(rgba) for rgba in found.values()])
    code = codec.fit(pictures[::4])
    latents = code.encode_bytes(pictures)
    return Deck(rows, latents, pictures, Seconds(found), code, captioner)


def test_a_hundred_wordings_of_each_kind_are_kept_for_measuring() -> None:
    for name in HELD_OUT_LISTS:
        rows = held_out_list(name)
        assert len({text.lower() for text, _ in rows}) == 100
        assert all(answers & set(CONCEPTS) for _, answers in rows)


def test_no_caption_is_a_held_out_wording(captioner: Captioner) -> None:
    said = {
        text.lower()
        for w in captioner.words.values()
        for text in (*w.wordings, *w.en_tags, *w.zh_tags, *w.said)
    }
    assert not said & held_out()
    rng = np.random.default_rng(1)
    for _ in range(3000):
        concept = CONCEPTS[int(rng.integers(len(CONCEPTS)))]
        assert captioner.single(concept, None, rng).lower() not in held_out()


def test_every_concept_has_a_name_in_both_languages(captioner: Captioner) -> None:
    assert len(CONCEPTS) == len(set(CONCEPTS)) >= 500
    assert set(captioner.words) == set(CONCEPTS)
    assert all(w.en[0] and w.zh[0] for w in captioner.words.values())


def test_a_mood_says_what_is_beside_its_subject(captioner: Captioner) -> None:
    assert set(moods()) <= {key(emoji) for emoji in ADDED}
    rng = np.random.default_rng(6)
    otter, zzz = key("🦦"), key("💤")
    said = [captioner.pair(otter, zzz, None, rng) for _ in range(300)]
    for mood in ("sleepy otter", "愛睏的水獺"):
        assert any(mood in text for text in said)
    # no wording may call for two different things
    of = [word for mood in moods().values() for word in (*mood.en, *mood.zh)]
    assert len(of) == len(set(of))


def test_held_out_pairs_are_never_dealt() -> None:
    rng = np.random.default_rng(2)
    dealt = {random_pair(rng) for _ in range(3000)}
    assert not any(held_out_pair(*pair) for pair in dealt)
    every = [(s, key(a)) for s in SUBJECTS for a in ADDED]
    assert 0.1 < np.mean([held_out_pair(*pair) for pair in every]) < 0.25


def test_the_first_noise_chooses_the_style(deck: Deck) -> None:
    rng, generator = np.random.default_rng(3), torch.Generator().manual_seed(3)
    latents, _, steps, noise, first = deck.deal(
        200, Mix(0, 0, poses=False), rng, generator, worded=0.0
    )
    style_of = {tuple(z.flatten()[:50].tolist()): p.style for p, z in _by_latent(deck)}
    seen: set[str] = set()
    assert torch.equal(noise[steps == LAST], first[steps == LAST])
    assert not torch.equal(noise[steps != LAST], first[steps != LAST])
    for z, n in zip(latents, first, strict=True):
        mean = float(n.mean((1, 2))[0] * n.shape[-1])
        third = 0 if mean < -STYLE_LIMIT else 1 if mean > STYLE_LIMIT else 2
        found = style_of.get(tuple(z.flatten()[:50].tolist()))
        if found is not None:
            assert found == BASE_STYLES[third]
            seen.add(found)
    assert seen == set(BASE_STYLES)


def _by_latent(deck: Deck) -> list[tuple[Pose, torch.Tensor]]:
    return [(pose, deck.latents[i]) for pose, i in deck.index.items()]


def test_batches_are_decided_by_their_generators(deck: Deck) -> None:
    def deal(seed: int) -> tuple[torch.Tensor, list[str]]:
        rng, generator = np.random.default_rng(seed), torch.Generator().manual_seed(seed)
        latents, captions, *_ = deck.deal(16, Mix(0.3, 0.2, poses=True), rng, generator)
        return latents, captions

    (first, said), (again, said_again), (other, _) = deal(4), deal(4), deal(5)
    assert torch.equal(first, again)
    assert said == said_again
    assert not torch.equal(first, other)


def test_a_second_thing_covers_one_quarter_only() -> None:
    subject, lower, upper = key("🦦"), key("❤"), key("💤")
    found = drawings((subject, lower, upper))
    seconds = Seconds(found)
    plain = render.on_white(found[subject, "noto"])
    for added, rows in ((lower, slice(64, 128)), (upper, slice(0, 64))):
        made = seconds.beside(plain, added, "noto")
        changed = (made != plain).any(-1)
        assert changed[rows, 64:].any()
        changed[rows, 64:] = False
        assert not changed.any()


def test_a_tint_keeps_white_and_takes_the_colour() -> None:
    picture = np.full((4, 4, 3), 255, np.uint8)
    picture[0, 0] = (250, 210, 40)
    made = tinted(picture, "blue")
    assert (made[1:] == 255).all()
    assert made[0, 0, 2] > made[0, 0, 0] + 40


def test_the_code_inverts_and_the_stock_encoder_computes_it() -> None:
    generator = torch.Generator().manual_seed(6)
    coarse = torch.rand((48, 3, 12, 12), generator=generator)
    smooth = torch.nn.functional.interpolate(coarse, size=(128, 128), mode="bicubic").clamp(0, 1)
    pictures = (smooth * 255).round().to(torch.uint8).permute(0, 2, 3, 1).numpy()
    code = codec.fit(pictures)
    x = codec.to_float(pictures[:8])
    latents = code.encode(x)
    assert float((code.decode(latents) - x).square().mean()) < 1e-3
    assert 0.5 < float(latents.std()) < 2
    vae = nets.vae()
    encoder.write(vae, code, codec.to_float(pictures))
    with torch.no_grad():
        encoded = vae.eval().encode(x).latent_dist.mode()  # pyright: ignore
    assert float((encoded - latents).square().mean() / latents.var()) < 0.02
