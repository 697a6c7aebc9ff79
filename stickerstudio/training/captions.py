"""What a drawing shows, in words: found beside it or typed; and how the trainer hears it.

The subject's words stay and the trigger comes last, because that is how the style will be asked
for: "pizza" and, to have it in the style, "pizza, my-sticker". A trigger at the front, or one that
replaces the subject, teaches the style to paint its own drawings again whatever is asked.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import PurePosixPath
from typing import Literal

import numpy as np

from stickerstudio.packs.emoji import names, split

CaptionSource = Literal["typed", "text file", "title", "emoji", "file name", "none"]

MAX_CAPTION = 500  # characters; CLIP reads 75 tokens
_MEANINGLESS = re.compile(
    r"(?:img|image|dsc|dscn|photo|pic|picture|sticker|untitled|screenshot|scan|file|frame|new|copy|"
    r"of|final|\d+|[0-9a-f]{6,}|[a-z]?\d[\w]*)",
    re.IGNORECASE,
)
_LETTERS = re.compile(
    r"[\"“”「」]|\b(?:text|letters?|words?|numbers?|digits?|sign|logo|alphabet|abc|zzz|ok|lol|hundred|"
    r"clock|calendar|input|button|keycap)\b|文字|字母|數字|時鐘|日曆|一百|按鈕",
    re.IGNORECASE,
)


def clean_caption(text: str) -> str:
    """One line of printable characters, at most MAX_CAPTION."""
    line = "".join(char if char.isprintable() else " " for char in text[: 4 * MAX_CAPTION])
    return " ".join(line.split())[:MAX_CAPTION].strip(" ,")


def from_text(text: str) -> tuple[str, ...]:
    """The captions in a .txt file: one a line; the trainer draws one of them each time."""
    lines = (clean_caption(line) for line in text.splitlines()[:100])
    return tuple(dict.fromkeys(line for line in lines if line))


def from_file_name(name: str) -> tuple[str, ...]:
    """From "red-heart_02.png" "red heart", from "🦦.png" its names; from IMG_0042 nothing."""
    if emoji := split(PurePosixPath(name).stem):
        return from_emoji(emoji)
    stem = re.sub(r"[_\-.+~]+", " ", PurePosixPath(name).stem)
    stem = re.sub(r"\(\d+\)|(?<=[a-z])(?=[A-Z])", " ", stem)
    words = stem.split()
    while words and _MEANINGLESS.fullmatch(words[-1]):
        words.pop()
    while words and _MEANINGLESS.fullmatch(words[0]):
        words.pop(0)
    caption = clean_caption(" ".join(words))
    return (caption.lower() if caption.isascii() else caption,) if caption else ()


def has_letters(captions: Sequence[str]) -> bool:
    """Whether a caption speaks of writing, which must not be mirrored."""
    return any(_LETTERS.search(caption) for caption in captions)


def as_heard(
    captions: Sequence[str],
    trigger: str,
    rng: np.random.Generator,
    *,
    dropout: float = 0.0,
    shuffle: bool = False,
) -> str:
    """The caption of one training example: drawn, perhaps shuffled or left out, trigger last.

    Args:
        captions: the picture's; may be empty.
        dropout: the chance that only the trigger is left.
        shuffle: draw the order of all parts but the first anew.
    """
    caption = captions[int(rng.integers(len(captions)))] if captions else ""
    if rng.random() < dropout:
        caption = ""
    parts = tags(caption)
    if shuffle and len(parts) > 2:
        rest = parts[1:]
        parts = [parts[0], *(rest[int(i)] for i in rng.permutation(len(rest)))]
    return ", ".join([*parts, trigger] if trigger else parts)


def tags(caption: str) -> list[str]:
    """The comma-separated parts of `caption`, English and Chinese commas alike."""
    return [part for part in (each.strip() for each in re.split(r"[,，、]", caption)) if part]


def frequencies(captions: Iterable[Sequence[str]], trigger: str) -> dict[str, int]:
    """How many pictures have each tag, the commonest first; the trigger is on all of them."""
    counts: Counter[str] = Counter()
    pictures = 0
    for each in captions:
        pictures += 1
        counts.update({tag for caption in each for tag in tags(caption)})
    if trigger:
        counts[trigger] = pictures
    return dict(counts.most_common())


def from_emoji(emoji: Iterable[str]) -> tuple[str, ...]:
    """What emoji are called, in English and 繁體中文 (CLDR)."""
    found = (names(each, language)[:1] for each in emoji for language in ("en", "zh_Hant"))
    return tuple(dict.fromkeys(clean_caption(name) for each in found for name in each))
