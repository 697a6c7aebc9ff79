"""Words in lines: where they may be broken, and what draws each part of a line.

Lines break at spaces and hyphens, between Han characters and kana, and beside emoji; never before
closing punctuation or after an opening one (the basics of JIS X 4051's and CLREQ's rules). A word
that is too long is broken between characters. Lines are made about equally long.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from PIL import ImageFont

from stickerstudio.core.graphemes import graphemes
from stickerstudio.finish.bidi import levels, visual_order
from stickerstudio.finish.fonts import Font, font_for, is_emoji, is_seen

_NOT_FIRST = frozenset(
    "、。，．・：；？！）」』】〉》〕〗〙〛｝］’”…‥〜～ー々ゝゞヽヾ％℃"
    "ぁぃぅぇぉっゃゅょゎゕゖァィゥェォッャュョヮヵヶㇰㇱㇲㇳㇴㇵㇶㇷㇸㇹㇺㇻㇼㇽㇾㇿ"
    "!?,.:;)]}%»›"
)
_NOT_LAST = frozenset("（「『【〈《〔〖〘〚｛［‘“([{«‹$¥＄￥")
_INVISIBLE_CONTROLS = frozenset(
    "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff\ufffe\uffff"
)


@dataclass(frozen=True, slots=True)
class Run:
    """A part of a line that one font draws in one direction."""

    text: str
    font: Font
    level: int

    @property
    def direction(self) -> str:
        """As raqm calls it."""
        return "rtl" if self.level % 2 else "ltr"

    def sized(self, pixels: int) -> ImageFont.FreeTypeFont:
        """The run's font, `pixels` to the em."""
        return self.font.sized(pixels)

    def width(self, pixels: int) -> float:
        """The run's advance in pixels."""
        return self.sized(pixels).getlength(self.text, direction=self.direction)


@dataclass(frozen=True, slots=True)
class Line:
    """One line, its runs from left to right."""

    runs: tuple[Run, ...]
    width: float


def cleaned(text: str) -> str:
    """`text` as it can be drawn: composed, with "\\n" between lines and no control characters."""
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\u2028", "\n")
    text = unicodedata.normalize("NFC", text.replace("\u2029", "\n").replace("\t", " "))
    kept = (
        char
        for char in text
        if char == "\n" or not (unicodedata.category(char) == "Cc" or char in _INVISIBLE_CONTROLS)
    )
    return "".join(kept).strip("\n")


def lines(text: str, font: str, pixels: int, width: float) -> list[Line]:
    """`text`, broken into lines at most `width` pixels wide where a character's width allows it.

    Args:
        text: cleaned.
        font: a Caption's `font`.
        pixels: the size of the em.
    """
    made: list[Line] = []
    for paragraph in text.split("\n"):
        letters = list(filter(is_seen, graphemes(paragraph)))
        parts = _Letters(letters, [font_for(each, font) for each in letters], levels(letters))
        made += (parts.line(start, end, pixels) for start, end in _breaks(parts, pixels, width))
    return made


@dataclass(frozen=True, slots=True)
class _Letters:
    """A paragraph: its graphemes, what draws each, and each one's level."""

    letters: list[str]
    fonts: list[Font]
    levels: list[int]

    def line(self, start: int, end: int, pixels: int) -> Line:
        """The line of the letters from `start` to `end`, without spaces at its ends."""
        while start < end and self.letters[end - 1].isspace():
            end -= 1
        while start < end and self.letters[start].isspace():
            start += 1
        runs = self._runs(start, end)
        ordered = visual_order(runs, [run.level for run in runs])
        return Line(tuple(ordered), sum(run.width(pixels) for run in ordered))

    def _runs(self, start: int, end: int) -> list[Run]:
        runs: list[Run] = []
        for letter, font, level in zip(
            self.letters[start:end], self.fonts[start:end], self.levels[start:end], strict=True
        ):
            before = runs[-1] if runs else None
            if letter.isspace() and before and before.level == level and before.font.covers(letter):
                font = before.font  # a space belongs to the word before it; emoji have none
            if runs and (runs[-1].font, runs[-1].level) == (font, level):
                letter = runs.pop().text + letter
            runs.append(Run(letter, font, level))
        return runs


def _breaks(parts: _Letters, pixels: int, width: float) -> list[tuple[int, int]]:
    """From where to where each line goes."""
    units = [
        piece for unit in _units(parts.letters) for piece in _fitting(parts, unit, pixels, width)
    ]
    widths = [parts.line(start, end, pixels).width for start, end in units]
    space = font_for(" ", "").sized(pixels).getlength(" ")
    gaps = [space if parts.letters[start:end][-1:] == [" "] else 0.0 for start, end in units]
    count = len(_fill(widths, gaps, width))
    low, high = max(widths, default=0.0), width
    for _ in range(12):  # the least width that needs no more lines makes them about equally long
        middle = (low + high) / 2
        if len(_fill(widths, gaps, middle)) > count:
            low = middle
        else:
            high = middle
    return [(units[first][0], units[last - 1][1]) for first, last in _fill(widths, gaps, high)]


def _units(letters: Sequence[str]) -> list[tuple[int, int]]:
    """The pieces between places where a line may be broken; spaces end a piece."""
    cuts = [i for i in range(1, len(letters)) if _may_break(letters, i)]
    return list(zip([0, *cuts], [*cuts, len(letters)], strict=True))


def _may_break(letters: Sequence[str], at: int) -> bool:
    before, after = letters[at - 1], letters[at]
    if after.isspace() or before == "\u00a0":
        return False
    if before.isspace():
        return True
    if before in _NOT_LAST or after in _NOT_FIRST:
        return False
    if before in ("-", "\u2010", "\u2013", "\u2014", "\u00ad", "\u200b"):
        return after.isalpha()
    return _stands_alone(before) or _stands_alone(after)


def _stands_alone(letter: str) -> bool:
    """Whether lines may break on both sides of it: Han, kana, full-width forms and emoji."""
    if is_emoji(letter):
        return True
    name = unicodedata.name(letter[0], "")
    return name.startswith(("CJK", "HIRAGANA", "KATAKANA", "BOPOMOFO", "FULLWIDTH", "IDEOGRAPHIC"))


def _fitting(
    parts: _Letters, unit: tuple[int, int], pixels: int, width: float
) -> list[tuple[int, int]]:
    """`unit`, cut between characters where it is too wide for a line of its own."""
    pieces: list[tuple[int, int]] = []
    start, end = unit
    while end - start > 1 and parts.line(start, end, pixels).width > width:
        low, high = start + 1, end - 1  # the most letters that fit, one at least
        while low < high:
            middle = (low + high + 1) // 2
            if parts.line(start, middle, pixels).width <= width:
                low = middle
            else:
                high = middle - 1
        pieces.append((start, low))
        start = low
    return [*pieces, (start, end)]


def _fill(widths: Sequence[float], gaps: Sequence[float], width: float) -> list[tuple[int, int]]:
    """Which units go onto each line, as many as fit."""
    made: list[tuple[int, int]] = []
    first, used = 0, 0.0
    for i, each in enumerate(widths):
        more = used + (gaps[i - 1] if i > first else 0.0) + each
        if i > first and more > width:
            made.append((first, i))
            first, more = i, each
        used = more
    return [*made, (first, len(widths))]
