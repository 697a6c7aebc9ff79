"""The friend on the other end: reads moods and answers, in English and 繁體中文."""

from __future__ import annotations

import random
import re
import time as clock
import uuid
from collections.abc import Callable, Sequence
from typing import TypeVar

from stickerstudio.chat import script
from stickerstudio.chat.script import Language, Mood, Subject
from stickerstudio.chat.transcript import Message

NAMES = {"en": "Momo", "zh_TW": "小桃"}

_CJK = re.compile(r"[\u3400-\u9fff\uf900-\ufaff]")
_READ = 2_000  # characters of a message the friend looks at

_Cued = TypeVar("_Cued", Mood, Subject)


def opening(language: str) -> Message:
    """What the friend says in an empty chat: who is here, and what to do first."""
    return _message(script.OPENING[_spoken(language)])


def replies(
    message: Message, language: str, rng: random.Random, said: Sequence[str] = ()
) -> list[tuple[float, Message]]:
    """The friend's answer to `message`: one or two texts, each with the seconds it takes to type.

    Args:
        message: what was said, text, sticker or image; the mood is read from its `text`.
        language: a key of core.i18n.LANGUAGES; a message in Chinese is answered in Chinese anyway.
        rng: chooses among fitting answers; the same state gives the same answer.
        said: the friend's texts before, oldest first; the last few are not said again.
    """
    tongue: Language = "zh_TW" if _CJK.search(message.text[:_READ]) else _spoken(language)
    recent = list(said[-3:])
    mood, subject = find_mood(message.text), find_subject(message.text)

    tables: list[Sequence[str]] = []
    if message.kind == "image":  # its text is a file name, which says nothing of a mood
        tables.append(script.PICTURE_REPLIES[tongue])
    elif mood is not None:
        tables.append(mood.replies[tongue])
    if message.kind == "sticker" and subject is not None and (not tables or rng.random() < 0.5):
        name, emoji = subject.names[tongue], subject.emoji
        lines = script.SUBJECT_REPLIES[tongue]
        tables.append([line.format(name=name, emoji=emoji) for line in lines])
    if not tables:
        if message.kind == "sticker":
            tables.append(script.STICKER_REPLIES[tongue])
        elif message.text.rstrip().endswith(("?", "？")):
            tables.append(script.QUESTION_REPLIES[tongue])
        else:
            tables.append(script.TEXT_REPLIES[tongue])

    answer: list[tuple[float, Message]] = []
    for lines in tables:
        fresh = [line for line in lines if line not in recent]
        # With every line said of late, the one said longest ago: never the same twice in a row.
        text = rng.choice(fresh) if fresh else min(lines, key=_last_said(recent))
        recent.append(text)
        answer.append((typing_seconds(text), _message(text)))
    return answer


def _last_said(recent: Sequence[str]) -> Callable[[str], int]:
    return lambda line: max(place for place, said in enumerate(recent) if said == line)


def typing_seconds(text: str) -> float:
    """How long the friend seems to type `text`: lively, and never long enough to wait for."""
    return min(0.7 + 0.03 * len(text), 2.2)


def find_mood(text: str) -> Mood | None:
    """The mood whose words or emoji come first in `text`."""
    return _first(text, script.MOODS)


def find_subject(text: str) -> Subject | None:
    """The thing named first in `text`, among those the friend has a word for."""
    return _first(text, script.SUBJECTS)


def _first(text: str, table: Sequence[_Cued]) -> _Cued | None:
    text = text[:_READ].lower()
    found = [(match.start(), entry) for entry in table if (match := entry.cue.pattern.search(text))]
    return min(found, key=lambda pair: pair[0])[1] if found else None


def _spoken(language: str) -> Language:
    return "zh_TW" if language == "zh_TW" else "en"


def _message(text: str) -> Message:
    return Message(uuid.uuid4().hex, "friend", "text", text, None, clock.time())
