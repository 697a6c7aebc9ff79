"""One character for a reader may be many for a program."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stickerstudio.core.graphemes import graphemes

WHOLE = [
    "a",
    "e\u0301",  # é in two parts
    "ก้",
    "कि",
    "愛",
    "한",
    "\u1112\u1161\u11ab",  # 한 in letters
    "❤️",
    "👍🏽",
    "👨‍👩‍👧",
    "🇹🇼",
    "1️⃣",
    "🏴󠁧󠁢󠁳󠁣󠁴󠁿",
]


def test_each_stays_whole_beside_the_others() -> None:
    assert list(graphemes("".join(WHOLE))) == WHOLE


def test_flags_go_by_twos() -> None:
    assert list(graphemes("🇹🇼🇯🇵🇫")) == ["🇹🇼", "🇯🇵", "🇫"]


@given(st.text(max_size=40))
def test_nothing_is_lost(text: str) -> None:
    parts = list(graphemes(text))
    assert "".join(parts) == text
    assert all(parts)


@pytest.mark.parametrize("text", ["", "\u0301", "\u200d"])
def test_pieces_without_a_letter_are_no_trouble(text: str) -> None:
    assert "".join(graphemes(text)) == text
