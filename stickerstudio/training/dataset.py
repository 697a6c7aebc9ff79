"""TrainingSet: the drawings to learn from, what each shows, and what was left out and why."""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, cast

import numpy as np
import PIL.ImageOps
from numpy.typing import NDArray

from stickerstudio.core.errors import BadInputError, Cancelled, NotFoundError, StudioError
from stickerstudio.core.i18n import tr, tr_n
from stickerstudio.training import captions as words
from stickerstudio.training.captions import CaptionSource
from stickerstudio.training.pictures import (
    Fingerprint,
    doubles,
    fingerprint,
    laid_out,
    open_drawing,
)
from stickerstudio.training.source import Entry, entries

MIN_PICTURES = 5
"""Fewer teach a picture, not a style: everything comes out as one of them."""

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class TrainingPicture:
    """One drawing that will be learned from.

    Attributes:
        name: its path in the source, with forward slashes.
        sha256: of its file.
        size: of what is drawn, (width, height) in pixels.
        page: of all of it, with its empty edges, likewise.
        captions: what it shows; the trainer draws one each time; may be empty.
        captions_from: where they were found.
        flip: may be mirrored.
    """

    name: str
    sha256: str
    size: tuple[int, int]
    page: tuple[int, int]
    captions: tuple[str, ...]
    captions_from: CaptionSource
    flip: bool = True


@dataclass(frozen=True, slots=True)
class Refused:
    """A picture that is left out. `reason` is half a sentence; `like`: the one it doubles."""

    name: str
    reason: str
    like: str = ""


@dataclass(frozen=True, slots=True)
class TrainingSet:
    """Frozen: edits make a new one. Nothing in the source is ever changed."""

    source: Path
    pictures: tuple[TrainingPicture, ...]
    refused: tuple[Refused, ...] = ()

    @property
    def digest(self) -> str:
        """SHA-256 over all drawings and their captions: the same data, the same digest."""
        digest = hashlib.sha256()
        for picture in self.pictures:
            row = [picture.sha256, *picture.captions, picture.flip]
            digest.update(json.dumps(row, ensure_ascii=False).encode() + b"\n")
        return digest.hexdigest()

    def checked(self) -> TrainingSet:
        """This set, if a style can be learned from it.

        Raises:
            BadInputError: there are too few drawings; names what was wrong with the others.
        """
        if len(self.pictures) >= MIN_PICTURES:
            return self
        why = tr_n(
            "It has {n} that can be used.", "It has {n} that can be used.", len(self.pictures)
        )
        if self.refused:
            first = self.refused[0]
            why += " " + tr("{name} was left out: {reason}.", name=first.name, reason=first.reason)
        raise BadInputError(
            tr("There are too few pictures in {name}.", name=self.source.name),
            why,
            tr("Choose at least {n} drawings of one style; twenty are better.", n=MIN_PICTURES),
        )

    def with_captions(self, edits: dict[str, tuple[str, ...]]) -> TrainingSet:
        """This set with typed captions, by the names of pictures."""
        pictures = tuple(
            replace(picture, captions=edits[picture.name], captions_from="typed")
            if picture.name in edits
            else picture
            for picture in self.pictures
        )
        return replace(self, pictures=pictures)

    def without(self, names: set[str]) -> TrainingSet:
        """This set without some pictures."""
        kept = tuple(picture for picture in self.pictures if picture.name not in names)
        gone = tuple(
            Refused(picture.name, tr("you left it out"))
            for picture in self.pictures
            if picture.name in names
        )
        return replace(self, pictures=kept, refused=self.refused + gone)

    def pixels(
        self,
        picture: TrainingPicture,
        size: tuple[int, int],
        background: str,
        margin: float,
        *,
        flip: bool = False,
        keep_place: bool = False,
    ) -> NDArray[np.uint8]:
        """The drawing as the trainer sees it: (height, width, 3) bytes. See `laid_out`.

        Raises:
            NotFoundError: it is gone, or is another picture than when the set was read.
        """
        entry = self._entry(picture.name)
        try:
            data = entry.read()
            if hashlib.sha256(data).hexdigest() != picture.sha256:
                raise ValueError(tr("it has changed"))
            drawing = open_drawing(data)
        except (OSError, ValueError) as error:
            raise _gone(picture, error) from error
        return laid_out(drawing, size, background, margin, flip=flip, keep_place=keep_place)

    def thumbnail(self, name: str, side: int = 96) -> bytes:
        """The drawing in the middle of a clear square PNG; empty where it cannot be read."""
        try:
            image = open_drawing(self._entry(name).read()).image
        except (StudioError, OSError, ValueError):
            return b""
        square = PIL.ImageOps.pad(image, (side, side), color=(0, 0, 0, 0))
        stream = io.BytesIO()
        square.save(stream, "PNG")
        return stream.getvalue()

    def _entry(self, name: str) -> Entry:
        known = _ENTRIES.get(self.source)
        if known is None or name not in known:
            known = {entry.name: entry for entry in entries(self.source)}
            _ENTRIES.clear()  # one source at a time is worked on
            _ENTRIES[self.source] = known
        if name not in known:
            raise NotFoundError(
                tr("{name} could not be read.", name=name),
                tr("It is no longer in {folder}.", folder=self.source),
                tr("Put it back, or begin a new training."),
            )
        return known[name]

    def to_json(self) -> str:
        """As `set_from_json` reads it."""
        data = {
            "source": str(self.source),
            "pictures": [asdict(picture) for picture in self.pictures],
            "refused": [asdict(each) for each in self.refused],
        }
        return json.dumps(data, ensure_ascii=False, indent=1)


_ENTRIES: dict[Path, dict[str, Entry]] = {}
"""The listing of the source last read from: a zip's is slow to read again for each picture."""


def read_set(
    source: Path,
    *,
    on_progress: Progress = lambda done, total: None,
    is_cancelled: Callable[[], bool] = lambda: False,
) -> TrainingSet:
    """The drawings in a folder, a zip or a sticker pack. Broken ones are listed, not raised.

    Raises:
        NotFoundError, DiskError, BadFileError, BadInputError: the source itself cannot be used.
        Cancelled: `is_cancelled` said so.
    """
    source = source.absolute()
    found = entries(source)
    pictures: list[TrainingPicture] = []
    prints: list[Fingerprint] = []
    refused: list[Refused] = []
    for index, entry in enumerate(found):
        if is_cancelled():
            raise Cancelled
        try:
            picture, mark = _examine(entry)
        except (OSError, ValueError) as error:
            refused.append(Refused(entry.name, _reason(error)))
        else:
            pictures.append(picture)
            prints.append(mark)
        on_progress(index + 1, len(found))
    twins = doubles(prints)
    refused += [
        Refused(
            pictures[index].name,
            tr("it is the same drawing as {name}", name=pictures[first].name),
            pictures[first].name,
        )
        for index, first in twins.items()
    ]
    kept = tuple(picture for index, picture in enumerate(pictures) if index not in twins)
    return TrainingSet(source, kept, tuple(sorted(refused, key=lambda each: each.name)))


def set_from_json(text: str | bytes) -> TrainingSet:
    """What `to_json` wrote.

    Raises:
        ValueError, TypeError, KeyError: it is something else.
    """
    data = cast("dict[str, Any]", json.loads(text))
    pictures: list[TrainingPicture] = []
    for row in data["pictures"]:
        width, height = row["size"]
        page_width, page_height = row.get("page", row["size"])  # older sets know no page
        pictures.append(
            TrainingPicture(
                str(row["name"]),
                str(row["sha256"]),
                (int(width), int(height)),
                (int(page_width), int(page_height)),
                tuple(str(each) for each in row["captions"]),
                row["captions_from"],
                bool(row["flip"]),
            )
        )
    refused = tuple(Refused(**row) for row in data["refused"])
    return TrainingSet(Path(data["source"]), tuple(pictures), refused)


def _examine(entry: Entry) -> tuple[TrainingPicture, Fingerprint]:
    data = entry.read()
    drawing = open_drawing(data)
    said, source = _captions(entry)
    picture = TrainingPicture(
        entry.name,
        hashlib.sha256(data).hexdigest(),
        drawing.size,
        drawing.page.size,
        said,
        source,
        flip=not words.has_letters((*said, entry.name)),
    )
    return picture, fingerprint(drawing)


def _captions(entry: Entry) -> tuple[tuple[str, ...], CaptionSource]:
    """The first source that says something: side file, the pack's title, emoji, file name."""
    if said := words.from_text(entry.text):
        return said, "text file"
    if said := words.from_text(entry.title):
        return said, "title"
    if said := words.from_emoji(entry.emoji):
        return said, "emoji"
    if said := words.from_file_name(entry.name):
        return said, "file name"
    return (), "none"


def _reason(error: Exception) -> str:
    if isinstance(error, OSError):
        return tr("it could not be read ({reason})", reason=error.strerror or error)
    return str(error)


def _gone(picture: TrainingPicture, error: Exception) -> NotFoundError:
    return NotFoundError(
        tr("{name} could not be read.", name=picture.name),
        tr("It says: {reason}.", reason=_reason(error)),
        tr("Put it back, or begin a new training."),
    )
