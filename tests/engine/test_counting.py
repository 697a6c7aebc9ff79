"""A prompt for several of a thing is read as a number and a prompt for one of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from stickerstudio.engine.counting import MOST, Counting
from stickerstudio.models.cards import read_card

STARTER = Path(__file__).parents[2] / "resources" / "models" / "starter" / "card.json"


@pytest.fixture(scope="module")
def counting() -> Counting:
    return Counting(read_card(STARTER)[0])


@pytest.mark.parametrize(
    ("prompt", "count", "one"),
    [
        ("two pizzas", 2, "pizza"),
        ("Three CATS", 3, "CAT"),
        ("2 foxes", 2, "fox"),
        ("four butterflies", 4, "butterfly"),
        ("a pair of glasses", 2, "glasses"),
        ("two red hearts, flat, dm-sticker", 2, "red heart, flat, dm-sticker"),
        ("I love you, two otters", 2, "I love you, otter"),
        ("three cats with red hearts", 3, "cat with red hearts"),
        ("five kitties", 5, "kitties"),
        ("三隻貓", 3, "貓"),
        ("兩個披薩，扁平", 2, "披薩，扁平"),
        ("2隻水獺", 2, "水獺"),
        ("一對企鵝", 2, "企鵝"),
    ],
)
def test_a_number_before_a_thing_is_how_many(
    counting: Counting, prompt: str, count: int, one: str
) -> None:
    assert counting.counted(prompt) == (count, one)


@pytest.mark.parametrize(
    "prompt",
    [
        "",
        "two",
        "2",
        "otter",
        "two hearts",
        "Two Hearts, flat",
        "兩顆心",
        "三明治",
        "四葉草",
        "100",
        "four leaf clover",
        "two-hump camel",
        "two to tango",
        "4ever",
        "cat and two dogs",
        f"{MOST + 1} cats",
        "😀 two",
    ],
)
def test_a_number_that_counts_nothing_stays(counting: Counting, prompt: str) -> None:
    assert counting.counted(prompt) == (1, prompt)
