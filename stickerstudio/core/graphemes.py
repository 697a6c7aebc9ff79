"""What a reader takes for one character: an accented letter, a flag, a family of emoji.

The parts of Unicode Standard Annex #29, "Unicode Text Segmentation", that stickers meet: marks,
joiners, skin tones, flags, keycaps and Hangul written in letters. `unicodedata` knows the rest.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator

ZERO_WIDTH_JOINER = "\u200d"
_JOINERS = "\u200c\u200d\ufe0e\ufe0f\u20e3"
_SKIN = range(0x1F3FB, 0x1F400)
_FLAGS = range(0x1F1E6, 0x1F200)
_TAGS = range(0xE0020, 0xE0080)  # of flags such as Scotland's
_LEADING = range(0x1100, 0x1160)  # Hangul letters: a syllable is leading, vowel, trailing
_VOWEL = range(0x1160, 0x11A8)
_TRAILING = range(0x11A8, 0x1200)


def is_inside(text: str, at: int) -> bool:
    """Whether cutting `text` before index `at` would tear a character; 0 < at < len(text)."""
    before, after = text[at - 1], text[at]
    if after in _JOINERS or before == ZERO_WIDTH_JOINER or unicodedata.combining(after):
        return True
    code = ord(after)
    if code in _SKIN or code in _TAGS or unicodedata.category(after) in ("Mn", "Mc", "Me"):
        return True
    if code in _VOWEL:
        return ord(before) in _LEADING or ord(before) in _VOWEL
    if code in _TRAILING:
        return ord(before) in _VOWEL or ord(before) in _TRAILING
    flags = 0
    while flags < at and ord(text[at - 1 - flags]) in _FLAGS:
        flags += 1
    return code in _FLAGS and flags % 2 == 1


def graphemes(text: str) -> Iterator[str]:
    """The characters of `text`, in order; together they are `text`."""
    start = 0
    for at in range(1, len(text)):
        if not is_inside(text, at):
            yield text[start:at]
            start = at
    if text:
        yield text[start:]
