"""Captions suggested from a prompt."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stickerstudio.finish.caption_words import SAYINGS, suggest


def test_what_the_prompt_says_comes_first_then_what_people_send() -> None:
    assert suggest("I love you, otter") == ("I love you", "❤️", "愛你")


def test_chinese_first_where_it_is_the_users() -> None:
    assert suggest("水獺，生日快樂", chinese_first=True)[0] == "生日快樂"


def test_a_thing_alone_says_nothing() -> None:
    assert suggest("a red teapot") == ()
    assert suggest("notebook") == ()  # "no" is only a part of it


def test_several_occasions_keep_to_the_limit_and_say_nothing_twice() -> None:
    found = suggest("happy birthday, I love you, hug, kiss", limit=7)
    assert len(found) == 7
    assert len({text.casefold() for text in found}) == 7


@pytest.mark.parametrize("saying", SAYINGS, ids=lambda saying: saying.english)
def test_each_is_found_by_its_own_chinese_word(saying: object) -> None:
    assert isinstance(saying, type(SAYINGS[0]))
    word = saying.words.split("|")[-1]
    assert saying.chinese in suggest(f"水獺{word}", limit=30)


@given(st.text(max_size=60))
def test_any_prompt_is_read(prompt: str) -> None:
    assert len(suggest(prompt)) <= 6
