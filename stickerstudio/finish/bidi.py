"""Which parts of a line run from right to left, and in what order the parts stand.

The Unicode Bidirectional Algorithm (Unicode Standard Annex #9) as far as captions need it: base
direction from the first strong letter, strong letters, numbers and what stands between them, with
no explicit embeddings. Shaping inside each part is HarfBuzz's work, which wants to be told its
direction.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")

_RIGHT = ("R", "AL")
_NUMBERS = ("EN", "AN")


def base_level(characters: Sequence[str]) -> int:
    """1 for a paragraph that runs from right to left, 0 for all others (rules P2 and P3)."""
    for character in characters:
        kind = unicodedata.bidirectional(character[0])
        if kind == "L":
            return 0
        if kind in _RIGHT:
            return 1
    return 0


def levels(characters: Sequence[str]) -> list[int]:
    """The embedding level of each of a paragraph's characters: odd ones run to the left.

    Args:
        characters: graphemes, in the order they are typed.
    """
    base = base_level(characters)
    kinds = _with_numbers([_kind(character) for character in characters], base)
    _fill_neutral(kinds, "R" if base else "L")
    return [{"L": 2 * base, "R": 1, "N": 2}[kind] for kind in kinds]


def visual_order(parts: Sequence[T], levels: Sequence[int]) -> list[T]:
    """`parts` of one line from left to right (rule L2)."""
    ordered = list(parts)
    ranks = list(levels)
    for level in range(max(ranks, default=0), 0, -1):
        start = 0
        while start < len(ranks):
            end = start
            while end < len(ranks) and ranks[end] >= level:
                end += 1
            ordered[start:end] = ordered[start:end][::-1]
            ranks[start:end] = ranks[start:end][::-1]
            start = max(end, start + 1)
    return ordered


def _kind(character: str) -> str:
    """L, R, N for a number, "." for what joins two numbers, "%" for what clings to one, or ""."""
    kind = unicodedata.bidirectional(character[0])
    if kind in _RIGHT:
        return "R"
    if kind in _NUMBERS:
        return "N"
    return {"L": "L", "CS": ".", "ES": ".", "ET": "%"}.get(kind, "")


def _with_numbers(kinds: list[str], base: int) -> list[str]:
    """Rules W4 to W7: separators and signs join their numbers; numbers after L are L."""
    for i, kind in enumerate(kinds):
        if kind == "." and 0 < i < len(kinds) - 1 and kinds[i - 1] == kinds[i + 1] == "N":
            kinds[i] = "N"
    for order in (range(1, len(kinds)), range(len(kinds) - 2, -1, -1)):
        step = 1 if order.step > 0 else -1
        for i in order:
            if kinds[i] == "%" and kinds[i - step] == "N":
                kinds[i] = "N"
    strong = "R" if base else "L"
    for i, kind in enumerate(kinds):
        if kind in ("L", "R"):
            strong = kind
        elif kind == "N" and strong == "L":
            kinds[i] = "L"
        elif kind in (".", "%"):
            kinds[i] = ""
    return kinds


def _fill_neutral(kinds: list[str], base: str) -> None:
    """Rules N1 and N2: between two of one direction that direction, elsewhere the paragraph's."""
    i = 0
    while i < len(kinds):
        if kinds[i]:
            i += 1
            continue
        end = i
        while end < len(kinds) and not kinds[end]:
            end += 1
        before = _direction(kinds[i - 1]) if i else base
        after = _direction(kinds[end]) if end < len(kinds) else base
        kinds[i:end] = [before if before == after else base] * (end - i)
        i = end


def _direction(kind: str) -> str:
    return "R" if kind == "N" else kind
