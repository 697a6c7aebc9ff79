"""Emoji: the right ones for a prompt, in both languages, and what counts as one."""

from __future__ import annotations

import pytest

from stickerstudio.packs import emoji


@pytest.mark.parametrize(
    ("prompt", "expected"),
    [
        ("I love you, otter, dm-sticker", "🦦"),
        ("sleepy cats", "🐈️"),
        ("party 🎂", "🎂"),
        ("thumbs up", "👍️"),
        ("一隻水獺抱著紅心", "🦦"),
        ("生日快樂", "🎂"),
    ],
)
def test_the_best_suggestion_is_what_the_prompt_names(prompt: str, expected: str) -> None:
    found = emoji.suggest(prompt)
    assert found[0] == expected
    assert len(found) <= 3
    assert all(map(emoji.is_emoji, found))


@pytest.mark.parametrize("prompt", ["", "qwertz", "a dm-sticker", "I", "\x00\ud800"])
def test_nothing_is_suggested_for_nothing(prompt: str) -> None:
    assert emoji.suggest(prompt) == ()


def test_names_come_in_both_languages() -> None:
    assert emoji.names("🦦", "en")[0] == "otter"
    assert emoji.names("🦦", "zh_Hant")[0] == "水獺"
    assert emoji.names("❤", "en") == emoji.names("❤️", "en")
    assert emoji.names("x", "en") == ()


def test_text_is_split_into_whole_emoji() -> None:
    assert emoji.split("a👍🏽🇹🇼❤️ x🦦🦦 1") == ("👍🏽", "🇹🇼", "❤️", "🦦")
    assert emoji.split("👩🏽‍🚀") == ("👩🏽‍🚀",)


def test_search_finds_by_either_name() -> None:
    assert "🦦" in emoji.search("水獺")
    assert emoji.search("red heart")[0] == "❤️"
    assert len(emoji.search("", limit=10)) == 10
