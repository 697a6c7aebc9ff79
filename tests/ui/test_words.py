"""Words in a prompt are found, put in and taken out as words."""

from __future__ import annotations

import pytest

from stickerstudio.models.cards import Concept
from stickerstudio.ui.words import (
    has_word,
    nearest_concepts,
    replace_word,
    with_word,
    without_word,
)

OTTER = Concept("otter", "水獺", ("otter",))
CAT = Concept("cat face", "貓臉", ("cat", "kitty"))


@pytest.mark.parametrize(
    ("prompt", "found"),
    [
        ("a pixel cat", True),
        ("PIXEL", True),
        ("pixel, cat", True),
        ("pixels", False),
        ("sub-pixel", False),
        ("", False),
    ],
)
def test_a_word_is_found_only_as_a_word_of_its_own(prompt: str, found: bool) -> None:
    assert has_word(prompt, "pixel") is found


@pytest.mark.parametrize("prompt", ["", "otter", "I love you, otter", "水獺"])
def test_what_is_put_in_is_there_and_comes_out_again(prompt: str) -> None:
    longer = with_word(prompt, "dm-sticker")
    assert has_word(longer, "dm-sticker")
    assert without_word(longer, "dm-sticker") == prompt


def test_a_trailing_comma_is_not_doubled() -> None:
    assert with_word("otter, ", "flat") == "otter, flat"


def test_a_word_in_the_middle_leaves_no_hole() -> None:
    assert without_word("otter, flat, happy", "flat") == "otter, happy"
    assert without_word("flat, happy", "flat") == "happy"


def test_signs_with_a_meaning_in_patterns_are_plain_here() -> None:
    assert with_word("a", "(c++)") == "a, (c++)"
    assert replace_word("ottr", "ottr", r"\1 otter") == r"\1 otter"


def test_the_nearest_concept_is_found_by_any_of_its_names() -> None:
    assert nearest_concepts(["ottr"], [CAT, OTTER]) == [("ottr", OTTER)]
    assert nearest_concepts(["kity"], [CAT, OTTER]) == [("kity", CAT)]
    assert nearest_concepts(["xyzzy"], [CAT, OTTER]) == []
