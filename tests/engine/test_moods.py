"""A mood before a subject is painted as the thing that shows it, by name."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from stickerstudio.engine.moods import Moods
from stickerstudio.models.cards import read_card

CARD = Path(__file__).parents[2] / "resources" / "models" / "starter" / "card.json"
MOODS = (("sleepy", "zzz"), ("birthday", "birthday cake"), ("sad", "droplet"), ("愛睏的", "zzz"))


@pytest.fixture(scope="module")
def moods() -> Moods:
    return Moods(replace(read_card(CARD)[0], moods=MOODS))


@pytest.mark.parametrize(
    ("prompt", "painted"),
    [
        ("sleepy penguin", "penguin with zzz"),
        ("A cute Sleepy otter, flat, dm-sticker", "A cute otter with zzz, flat, dm-sticker"),
        ("sleepy flat penguin", "penguin with zzz, flat"),
        ("birthday cat", "cat with birthday cake"),
        ("sleepy blue cat", "blue cat with zzz"),
        ("愛睏的企鵝", "企鵝和睡覺符號"),
        ("一隻愛睏的企鵝，扁平", "一隻企鵝和睡覺符號，扁平"),
    ],
)
def test_a_mood_becomes_the_thing_that_shows_it(moods: Moods, prompt: str, painted: str) -> None:
    text, changed = moods.spelled_out(prompt)
    assert text == painted
    assert [thing for _, thing in changed] == ["birthday cake" if "birthday" in prompt else "zzz"]


@pytest.mark.parametrize(
    "prompt",
    [
        "",
        "otter",
        "sleepy",
        "sleepy, flat",
        "birthday cake",  # a concept
        "sleepy face",  # likewise
        "happy birthday",
        "sleeping like an angel",
        "sleepy zorblax",  # left to be read whole
        "sleepy penguin with a pizza",  # a third thing would be too many
        "I love you, sleepy otter",  # likewise: love is a heart
        "sad day",
    ],
)
def test_what_is_no_mood_of_a_subject_stays(moods: Moods, prompt: str) -> None:
    assert moods.spelled_out(prompt) == (prompt, ())


def test_a_mood_of_a_thing_that_the_model_lacks_stays() -> None:
    card = replace(read_card(CARD)[0], moods=(("dizzy", "carousel of doom"),))
    assert Moods(card).spelled_out("dizzy otter") == ("dizzy otter", ())
