"""Words in a prompt: is one there, put it in, take it out, and what is nearest to one unknown."""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence

from stickerstudio.models.cards import Concept


def has_word(prompt: str, word: str) -> bool:
    """Whether `word` stands in `prompt` as a word of its own."""
    return _pattern(word).search(prompt) is not None


def with_word(prompt: str, word: str) -> str:
    """`prompt` with `word` at its end, as one more phrase."""
    start = prompt.rstrip().rstrip(",，").rstrip()
    return f"{start}, {word}" if start else word


def without_word(prompt: str, word: str) -> str:
    """`prompt` without `word`, and without the comma that led to it."""
    bare = _pattern(word, lead=r"(?:\s*[,，]\s*|\s+|^)").sub("", prompt)
    return bare.lstrip(" ,，")


def replace_word(prompt: str, word: str, better: str) -> str:
    """`prompt` with `better` in the place of `word`."""
    return _pattern(word).sub(lambda _: better, prompt)


def nearest_concepts(
    unknown: Sequence[str], concepts: Sequence[Concept], limit: int = 4
) -> list[tuple[str, Concept]]:
    """Up to `limit` pairs (unknown word, a concept the model knows), the most alike first."""
    names: dict[str, Concept] = {}
    for concept in concepts:
        for name in concept.names:
            names.setdefault(name.lower(), concept)
    found: list[tuple[str, Concept]] = []
    for word in unknown:
        for name in difflib.get_close_matches(word.lower(), names, n=limit, cutoff=0.6):
            pair = (word, names[name])
            if pair not in found:
                found.append(pair)
    return found[:limit]


def _pattern(word: str, lead: str = "") -> re.Pattern[str]:
    return re.compile(rf"{lead}(?<![\w-]){re.escape(word)}(?![\w-])", re.IGNORECASE)
