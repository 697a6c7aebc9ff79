"""What a platform's limits are made of. Each file of `platforms` fills one of these in."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from stickerstudio.finish.encode import Format
from stickerstudio.finish.fit_place import Canvas, Timing

KB = 1_000  # bytes. Validators that count 1,024 pass files that the import refuses (WhatsApp#746)


@dataclass(frozen=True, slots=True)
class FileRule:
    """What one file must be.

    Attributes:
        format: what is written.
        canvas: its pixels.
        max_bytes: of the file; None where no limit is known.
        timing: of an animation; None for a still picture.
        accepts: formats that are taken besides `format`.
        background: the colour under it, "#rrggbb"; None: transparent.
        is_transparent: whether something of it must be.
    """

    format: Format
    canvas: Canvas
    max_bytes: int | None
    timing: Timing | None = None
    accepts: tuple[Format, ...] = ()
    background: str | None = None
    is_transparent: bool = False


@dataclass(frozen=True, slots=True)
class Counts:
    """How many stickers a pack has: `least` … `most`, and of these only multiples of `step`."""

    least: int
    most: int
    step: int = 1

    def deal(self, number: int) -> tuple[int, ...] | None:
        """`number` stickers as the fewest packs, as even as can be; None where that is impossible.

        The first packs are the larger ones.
        """
        if number % self.step or number == 0:
            return None
        units, most = number // self.step, self.most // self.step
        packs = -(-units // most)
        sizes = [(units // packs + (i < units % packs)) * self.step for i in range(packs)]
        return tuple(sizes) if sizes[-1] >= self.least else None

    def allows(self, number: int) -> bool:
        """Whether one pack may have that many."""
        return self.least <= number <= self.most and number % self.step == 0


@dataclass(frozen=True, slots=True)
class TextRule:
    """How long a text may be.

    Attributes:
        most: characters.
        is_required: whether it may not be empty.
        wide: whether a Chinese, Japanese or Korean character counts as two.
    """

    most: int
    is_required: bool = False
    wide: bool = False

    def length(self, text: str) -> int:
        """Of `text`, as this platform counts."""
        if not self.wide:
            return len(text)
        return sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text)

    def shortened(self, text: str) -> str:
        """As much of `text` as is allowed, with an ellipsis where something is missing."""
        if self.length(text) <= self.most:
            return text
        while text and self.length(text) >= self.most:
            text = text[:-1].rstrip("\u200d ")
        return f"{text}…"


@dataclass(frozen=True, slots=True)
class Item:
    """One finished file of a pack, with what is known of it."""

    name: str  # the file's, with its extension
    data: bytes
    emoji: tuple[str, ...] = ()
    text: str = ""
    thumbnail: bytes | None = None


@dataclass(frozen=True, slots=True)
class Finished:
    """A pack whose files are made, or were read.

    Attributes:
        covers: by their names: "tray", "main", "tab", "thumbnail", "cover".
    """

    title: str
    author: str
    identifier: str
    items: tuple[Item, ...]
    covers: Mapping[str, bytes]
    is_animated: bool


Files = dict[str, bytes]  # relative names with "/" → contents


@dataclass(frozen=True, slots=True)
class Platform:
    """One place that takes packs, and all that it asks for.

    Attributes:
        key: for the command line and for files.
        title: its name; names are not translated.
        sources: where the limits are written down.
        write: lays out one pack as files.
        still, moving: a still and an animated sticker; None where there are none.
        counts: stickers of a pack.
        moving_share: how many of a pack's stickers move; None: as many as one likes.
        is_mixed: whether still and animated stickers may be in one pack.
        covers: by name; made from the pack's cover sticker.
        thumbnail: a small picture beside every sticker.
        emoji: the fewest and the most of a sticker.
        title_rule, author_rule: None where there is no such thing.
        name: makes a sticker's file name without extension from its number, 0 …, and its text.
        max_bytes: of all a pack's files together.
    """

    key: str
    title: str
    sources: tuple[str, ...]
    write: Callable[[Finished], Files]
    still: FileRule | None
    moving: FileRule | None
    counts: Counts
    moving_share: int | None = None
    is_mixed: bool = True
    covers: Mapping[str, FileRule] = field(default_factory=dict[str, FileRule])
    thumbnail: FileRule | None = None
    emoji: tuple[int, int] = (0, 1_000)
    title_rule: TextRule | None = None
    author_rule: TextRule | None = None
    name: Callable[[int, str], str] = lambda number, text: f"{number + 1:02}"
    max_bytes: int | None = None

    def rule_for(self, *, animated: bool) -> FileRule | None:
        """What a sticker becomes; None where it can only become something else."""
        return self.moving if animated else self.still

    @property
    def rules(self) -> Sequence[FileRule]:
        """Those there are."""
        return [rule for rule in (self.still, self.moving) if rule is not None]
