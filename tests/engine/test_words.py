"""Unknown words are exactly the ones that the model's card does not list."""

from __future__ import annotations

from dataclasses import replace

import pytest

from stickerstudio.engine.words import KnownWords
from stickerstudio.models.cards import Concept, ModelCard

CARD = ModelCard(
    name="starter",
    title="Starter",
    title_zh_hant="入門",
    licence="",
    licence_text="",
    size=(128, 128),
    sizes=((128, 128),),
    default_steps=4,
    min_steps=1,
    max_steps=8,
    guidance_scale=0.0,
    trigger="dm-sticker",
    style_words=("flat", "watercolour"),
    moods=(("sleepy", "zzz"), ("愛睏的", "zzz")),
    concepts=(
        Concept("otter", "水獺", ("otter", "river otter")),
        Concept("red heart", "愛心", ("love", "紅心")),
        Concept("t-shirt", "T恤", ()),
    ),
)


@pytest.mark.parametrize(
    ("prompt", "unknown"),
    [
        ("I love you, otter, dm-sticker", ()),
        ("two OTTERS in watercolour", ("two",)),
        ("a Zebra and a zebra, River", ("Zebra",)),
        ("the otter's heart, 3 hearts", ()),
        ("T-shirt; t-rocket", ("t-rocket",)),
        ("愛心和水獺", ()),
        ("sleepy otter, 愛睏的水獺", ()),
        ("一隻斑馬和紅心", ("斑馬",)),
        ("❤️ 🦦 !!!", ()),
        ("قلب", ("قلب",)),
        ("", ()),
    ],
)
def test_unknown_words(prompt: str, unknown: tuple[str, ...]) -> None:
    assert KnownWords(CARD).unknown(prompt) == unknown


def test_a_model_without_a_list_knows_the_language() -> None:
    assert KnownWords(replace(CARD, concepts=())).unknown("zebra 斑馬") == ()
