"""The friend fits the mood, speaks the language spoken to, and does not repeat itself."""

from __future__ import annotations

import itertools
import random
import re
import string

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from stickerstudio.chat import script
from stickerstudio.chat.friend import find_mood, find_subject, opening, replies
from stickerstudio.chat.transcript import Kind, Message

CJK = re.compile(r"[\u3400-\u9fff]")


def message(text: str, kind: Kind = "text") -> Message:
    return Message("1", "me", kind, text, None, 0.0)


def texts(answer: list[tuple[float, Message]]) -> list[str]:
    return [reply.text for _, reply in answer]


@pytest.mark.parametrize(
    ("text", "mood"),
    [
        ("I love you, otter, dm-sticker", "love"),
        ("red heart", "love"),
        ("❤️", "love"),
        ("水獺 我愛你", "love"),
        ("crying face", "sad"),
        ("好難過", "sad"),
        ("😭😭", "sad"),
        ("angry face", "angry"),
        ("生氣的貓", "angry"),
        ("sleeping face", "night"),
        ("晚安", "night"),
        ("GOOD NIGHT!", "night"),
        ("birthday cake", "birthday"),
        ("生日快樂", "birthday"),
        ("thank you so much", "thanks"),
        ("謝謝你", "thanks"),
        ("hahahaha", "laugh"),
        ("thumbs up", "agree"),
        ("pizza", "hungry"),
        ("grinning face", "happy"),
        ("hi", "hello"),
        ("rocket", "cool"),
        # a word inside another is not that word
        ("a ship in a chimney", None),
        ("glove", None),
        ("teapot", None),
        ("", None),
    ],
)
def test_moods_are_read_from_words_and_emoji(text: str, mood: str | None) -> None:
    found = find_mood(text)
    assert (found.name if found else None) == mood


def test_things_are_called_by_their_name() -> None:
    subject = find_subject("a happy otter on a surfboard")
    assert subject is not None
    assert subject.names == {"en": "an otter", "zh_TW": "水獺"}
    assert find_subject("catalogue of dogma") is None


@pytest.mark.parametrize("seed", range(20))
def test_answers_fit_the_mood(seed: int) -> None:
    answer = texts(replies(message("I'm so sad"), "en", random.Random(seed)))
    sad = find_mood("sad")
    assert sad is not None
    assert answer[0] in sad.replies["en"]


def test_stickers_of_something_known_are_called_by_name() -> None:
    said: list[str] = []
    for seed in range(30):
        said += texts(replies(message("robot", "sticker"), "en", random.Random(seed)))
    assert all("🤖" in line for line in said)
    assert any("a robot" in line for line in said)


@pytest.mark.parametrize("kind", ["text", "sticker", "image"])
@pytest.mark.parametrize("text", ["teapot", "what is it?", "happy cat", "sad", "thanks"])
def test_both_languages(kind: Kind, text: str) -> None:
    for seed in range(10):
        for line in texts(replies(message(text, kind), "en", random.Random(seed))):
            assert not CJK.search(line)
        for line in texts(replies(message(text, kind), "zh_TW", random.Random(seed))):
            assert CJK.search(line) or not set(line) & set(string.ascii_letters)


def test_chinese_is_answered_in_chinese_in_an_english_window() -> None:
    for seed in range(10):
        assert CJK.search(texts(replies(message("你在做什麼"), "en", random.Random(seed)))[0])


def test_the_same_state_gives_the_same_answer() -> None:
    def say() -> list[tuple[float, str]]:
        rng = random.Random(7)
        return [
            (seconds, reply.text)
            for text in ("hello", "otter", "I love pizza", "hm")
            for seconds, reply in replies(message(text, "sticker"), "en", rng)
        ]

    assert say() == say()


@example([("sorry", "text")] * 4, 2200)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["hi", "sorry", "no", "bye", "teapot", "otter", "wow?", "謝謝", "貓"]),
            st.sampled_from(["text", "sticker", "image"]),
        ),
        max_size=40,
    ),
    st.integers(0, 2**32),
)
def test_never_the_same_twice_in_a_row(said_to: list[tuple[str, Kind]], seed: int) -> None:
    rng = random.Random(seed)
    said: list[str] = []
    for text, kind in said_to:
        said += texts(replies(message(text, kind), "en", rng, said))
    assert all(one != next_ for one, next_ in itertools.pairwise(said))


@given(st.text(max_size=300), st.sampled_from(["text", "sticker", "image"]))
def test_anything_is_answered(text: str, kind: Kind) -> None:
    answer = replies(message(text, kind), "en", random.Random(1))
    assert 1 <= len(answer) <= 2
    for seconds, reply in answer:
        assert 0 < seconds < 3
        assert (reply.author, reply.kind) == ("friend", "text")
        assert reply.text.strip()


def test_ten_thousand_characters_are_answered_at_once() -> None:
    assert replies(message("h" * 10_000), "en", random.Random(1))


def test_the_first_message_says_what_to_do() -> None:
    assert "Make" in opening("en").text
    assert "製作" in opening("zh_TW").text


def test_every_table_has_enough_to_vary_in_both_languages() -> None:
    tables = [mood.replies for mood in script.MOODS] + [
        script.SUBJECT_REPLIES,
        script.STICKER_REPLIES,
        script.PICTURE_REPLIES,
        script.QUESTION_REPLIES,
        script.TEXT_REPLIES,
    ]
    for table in tables:
        assert len(table["en"]) == len(table["zh_TW"]) >= 3
        assert len(set(table["en"])) == len(table["en"])
        assert len(set(table["zh_TW"])) == len(table["zh_TW"])
