r"""Wildcards: one prompt that stands for many, such as `{happy|sad} {otter|{big|small} cat}`.

A choice is written in braces, its options between bars; options may hold choices themselves and may
be empty. `\{`, `\|`, `\}` and `\\` are the characters themselves. Braces without a bar, and braces
that are not closed, are plain text, so that nothing is an error while one types.
"""

from __future__ import annotations

import itertools
import math
import random
from dataclasses import dataclass

MOST = 1_000  # prompts that are ever written out at once
_MARKS = "{|}\\"
_DEEPEST = 50  # braces within braces; a prompt with more of them is plain text


@dataclass(frozen=True, slots=True)
class _Choice:
    options: tuple[_Text, ...]

    @property
    def count(self) -> int:
        return sum(option.count for option in self.options)

    def number(self, number: int) -> str:
        for option in self.options:
            if number < option.count:
                return option.number(number)
            number -= option.count
        raise IndexError(number)


@dataclass(frozen=True, slots=True)
class _Text:
    parts: tuple[str | _Choice, ...]

    @property
    def count(self) -> int:
        return math.prod(part.count for part in self.parts if isinstance(part, _Choice))

    def number(self, number: int) -> str:
        """Combination `number`; the last choice changes fastest."""
        written: list[str] = []
        for part in reversed(self.parts):
            if isinstance(part, _Choice):
                number, digit = divmod(number, part.count)
                written.append(part.number(digit))
            else:
                written.append(part)
        return "".join(reversed(written))


def count(prompt: str) -> int:
    """How many prompts `prompt` stands for; 1 where there is no choice in it."""
    return _read(prompt).count


def all_of(prompt: str, limit: int = MOST) -> list[str]:
    """The prompts it stands for, in their order, the first `limit` of them."""
    text = _read(prompt)
    return [_written(text, number) for number in range(min(text.count, limit))]


def sampled(prompt: str, seed: int, n: int) -> list[str]:
    """`n` prompts; the same seed gives the same ones, and fewer of them the first of more.

    None comes twice before each has come once.
    """
    text = _read(prompt)
    total, dice = text.count, random.Random(seed)
    if total <= MOST:
        order = dice.sample(range(total), total)
        return [_written(text, order[index % total]) for index in range(n)]
    chosen: dict[int, None] = {}
    while len(chosen) < min(n, total):
        chosen[dice.randrange(total)] = None  # `sample` refuses numbers beyond 64 bits
    return [_written(text, number) for number in itertools.islice(itertools.cycle(chosen), n)]


def _written(text: _Text, number: int) -> str:
    """One prompt, without the gaps that an empty option leaves."""
    prompt = text.number(number)
    if text.count == 1:
        return prompt
    return " ".join(word for word in prompt.split(" ") if word)


def _read(prompt: str) -> _Text:
    text, _ = _Reader(prompt).text(0, len(prompt), is_option=False)
    return text


class _Reader:
    """Reads by descent, knowing beforehand which braces are choices."""

    def __init__(self, prompt: str) -> None:
        self._prompt = prompt
        self._closing = _pairs(prompt)

    def text(self, at: int, stop: int, *, is_option: bool) -> tuple[_Text, int]:
        """The text from `at` to `stop`, or to the bar that ends an option; and where that is."""
        prompt = self._prompt
        parts: list[str | _Choice] = []
        plain: list[str] = []
        while at < stop:
            char = prompt[at]
            if char == "\\" and at + 1 < stop and prompt[at + 1] in _MARKS:
                plain.append(prompt[at + 1])
                at += 2
            elif char == "|" and is_option:
                break
            elif char == "{" and at in self._closing:
                parts.append("".join(plain))
                plain.clear()
                parts.append(self._choice(at + 1, self._closing[at]))
                at = self._closing[at] + 1
            else:
                plain.append(char)
                at += 1
        parts.append("".join(plain))
        return _Text(tuple(part for part in parts if part != "")), at

    def _choice(self, at: int, end: int) -> _Choice:
        options: list[_Text] = []
        while True:
            option, at = self.text(at, end, is_option=True)
            options.append(option)
            if at >= end:
                return _Choice(tuple(options))
            at += 1  # the bar


def _pairs(prompt: str) -> dict[int, int]:
    """Each brace that opens a choice, with the one that closes it."""
    opened: list[list[int]] = []  # place, and how many bars so far
    pairs: dict[int, int] = {}
    at = 0
    while at < len(prompt):
        char = prompt[at]
        if char == "\\":
            at += 1
        elif char == "{":
            if len(opened) == _DEEPEST:
                return {}
            opened.append([at, 0])
        elif char == "|" and opened:
            opened[-1][1] += 1
        elif char == "}" and opened:
            place, bars = opened.pop()
            if bars:
                pairs[place] = at
        at += 1
    return pairs
