"""What is refused, and how the sentence puts it."""

from __future__ import annotations

import math

import pytest

from stickerstudio.core.checks import check_range, check_text
from stickerstudio.core.design import Outline
from stickerstudio.core.errors import BadInputError
from stickerstudio.core.recipe import MAX_PROMPT, MAX_SEED, Recipe


@pytest.mark.parametrize("value", [-1, 1.5, math.nan, math.inf])
def test_numbers_outside_are_refused(value: float) -> None:
    with pytest.raises(BadInputError, match=r"^The size is out of range"):
        check_range("The size", value, 0, 1)
    check_range("The size", 0, 0, 1)
    check_range("The size", 1, 0, 1)


def test_a_seed_is_told_in_full_and_a_width_shortly() -> None:
    with pytest.raises(BadInputError, match="It is 4294967296; from 0 to 4294967295 is"):
        Recipe("a cat", seed=MAX_SEED + 1)
    with pytest.raises(BadInputError, match=r"It is 1\.33333; from 0\.0 to 0\.25 is"):
        Outline(4 / 3)


def test_long_and_broken_texts_are_refused() -> None:
    with pytest.raises(BadInputError, match=r"^The name holds a broken character"):
        check_text("The name", "\ud800", 5)
    with pytest.raises(BadInputError, match=r"It has 6 characters; 5 is the most\. Shorten it\.$"):
        check_text("The name", "abcdef", 5)
    with pytest.raises(BadInputError, match="Shorten it: the model reads only"):
        Recipe("x" * (MAX_PROMPT + 1))
    check_text("The name", "🐱" * 5, 5)
