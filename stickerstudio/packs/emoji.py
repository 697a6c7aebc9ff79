"""Emoji: which there are, what they are called, and which fit a prompt.

The names are Unicode CLDR's, English and Traditional Chinese (resources/emoji, Unicode-3.0; made by
scripts/emoji_names.py).
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections import defaultdict
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from stickerstudio.core.errors import disk_errors
from stickerstudio.core.paths import Paths

Language = Literal["en", "zh_Hant"]

_VARIATION = "\ufe0f"
_SKIN = re.compile("[\U0001f3fb-\U0001f3ff]")
_FLAG = re.compile("[\U0001f1e6-\U0001f1ff]{2}")
_WORD = re.compile(r"[a-z0-9']+")
_IDLE = re.compile(  # words that say nothing of what is to be seen
    "[a-z]|an|and|as|at|be|cute|dm|for|from|funny|in|is|it|its|my|of|on|or|stickers?|that|the|this"
    "|to|up|very|was|with"
)
_SYMBOLS = 8
_LONGEST = 10  # code points: a family of four with its joiners is 7, a kiss with skin tones 10


@dataclass(frozen=True, slots=True)
class Emoji:
    """One emoji.

    Attributes:
        text: what is sent, with the variation selectors that make it colourful.
        group: emojibase's number: 0 smileys, 1 people, 3 animals, …, 8 symbols, 9 flags.
        english, chinese: its name first, then keywords; Chinese ones may be missing.
    """

    text: str
    group: int
    english: tuple[str, ...]
    chinese: tuple[str, ...]


@lru_cache(maxsize=1)
def every() -> tuple[Emoji, ...]:
    """All of them, in Unicode's order. Raises DiskError, NotFoundError."""
    path = Paths.default().resources / "emoji" / "emoji.tsv"
    with disk_errors(path):
        lines = path.read_text(encoding="utf-8").splitlines()
    found: list[Emoji] = []
    for line in lines:
        text, group, english, chinese = line.split("\t")
        found.append(Emoji(text, int(group), _parts(english), _parts(chinese)))
    return tuple(found)


def names(emoji: str, language: Language) -> tuple[str, ...]:
    """The name of `emoji` and its keywords; nothing for what is not known."""
    known = _by_key().get(_key(emoji))
    if known is None:
        return ()
    return known.english if language == "en" else known.chinese


def split(text: str) -> tuple[str, ...]:
    """The emoji of `text` one by one, each once, in order; everything else is left out."""
    found: list[str] = []
    at = 0
    while at < len(text):
        for length in range(min(_LONGEST, len(text) - at), 0, -1):
            part = text[at : at + length]
            if is_emoji(part):
                found.append(part)
                at += length
                break
        else:
            at += 1
    return tuple(dict.fromkeys(found))


def is_emoji(text: str) -> bool:
    """Whether `text` is one emoji, in any skin tone; flags count."""
    return bool(_FLAG.fullmatch(text)) or _key(text) in _by_key()


def search(words: str, limit: int = 60) -> tuple[str, ...]:
    """Emoji whose names hold all of `words`, in either language: the one of that name
    first, the others in Unicode's order."""
    wanted = unicodedata.normalize("NFKC", words).lower().split()
    found = [
        emoji
        for emoji in every()
        if all(any(word in name for name in (*emoji.english, *emoji.chinese)) for word in wanted)
    ]
    found.sort(key=lambda emoji: not {emoji.english[0], *emoji.chinese[:1]} & {" ".join(wanted)})
    return tuple(emoji.text for emoji in found[:limit])


def suggest(prompt: str, limit: int = 3) -> tuple[str, ...]:
    """Emoji that fit `prompt`, the best first; none where nothing does.

    What is named in full counts most; a keyword counts the more, the fewer emoji share it.
    """
    given = split(prompt)  # "party 🎂" says it itself
    text = unicodedata.normalize("NFKC", prompt).lower()
    words = _WORD.findall(text)
    forms = {form for word in words if not _IDLE.fullmatch(word) for form in _forms(word)}
    spaced = f" {' '.join(words)} "
    index = _index()
    scores: defaultdict[str, float] = defaultdict(float)
    for form in forms:
        for emoji, rank in index.english.get(form, ()):
            scores[emoji] += _worth(rank, len(index.english[form]))
    for phrase in index.phrases:
        if f" {phrase} " in spaced:
            for emoji, rank in index.english[phrase]:
                scores[emoji] += 2 * _worth(rank, len(index.english[phrase]))
    for name, owners in index.chinese.items():
        if name in text:
            for emoji, rank in owners:
                scores[emoji] += len(name) * _worth(rank, len(owners))
    ranked = sorted(scores, key=lambda emoji: -scores[emoji])  # stable: Unicode's order
    return tuple(dict.fromkeys([*given, *ranked]))[:limit]


@dataclass(frozen=True, slots=True)
class _Index:
    """Names → (emoji, 0 for its name and 1 for a keyword)."""

    english: dict[str, list[tuple[str, int]]]
    phrases: tuple[str, ...]  # those of several words
    chinese: dict[str, list[tuple[str, int]]]


@lru_cache(maxsize=1)
def _index() -> _Index:
    english: defaultdict[str, list[tuple[str, int]]] = defaultdict(list)
    chinese: defaultdict[str, list[tuple[str, int]]] = defaultdict(list)
    for emoji in every():
        for rank, name in enumerate(emoji.english):
            english[name.lower()].append((emoji.text, min(rank, 1)))
        for rank, name in enumerate(emoji.chinese):
            # a single sign is in everything, and "P" in every English prompt
            if not name.isascii() and (len(name) > 1 or (rank == 0 and emoji.group != _SYMBOLS)):
                chinese[name].append((emoji.text, min(rank, 1)))
    return _Index(dict(english), tuple(name for name in english if " " in name), dict(chinese))


@lru_cache(maxsize=1)
def _by_key() -> dict[str, Emoji]:
    return {_key(emoji.text): emoji for emoji in every()}


def _worth(rank: int, sharers: int) -> float:
    return (4.0 if rank == 0 else 1.0) / (1 + math.log(sharers))


def _forms(word: str) -> tuple[str, ...]:
    """`word` and what it may be the plural or the doing of."""
    ends = (("ies", "y"), ("es", ""), ("s", ""), ("ing", ""), ("ing", "e"), ("y", "iness"))
    changed = (word.removesuffix(end) + new for end, new in ends if word.endswith(end))
    return (word, *(form for form in changed if len(form) > 2))


def _key(text: str) -> str:
    return _SKIN.sub("", text.replace(_VARIATION, ""))


def _parts(text: str) -> tuple[str, ...]:
    return tuple(text.split("|")) if text else ()
