"""The library: every sticker that was made, on disk before anyone sees it.

    FOLDER/2026-11/20261122-131501-123456-7f3a.png   the picture, its recipe inside; UTC
    FOLDER/painted/20261122-131501-123456-7f3a.webp  what was painted, before it was cut out
    FOLDER/painted/20261122-….mask.webp              what was cut out of it
    FOLDER/trash/….png                               deleted, until the trash is emptied
    FOLDER/marks.jsonl                               favourites (library_marks)
    FOLDER/collections.jsonl                         collections and tags (collections)
    FOLDER/index-2.1.sqlite                          made from the above, and made again at need

The files are the truth. The index only makes them quick to list and search, so no crash, full disk
or second window can lose more than an entry that the next open puts back.
"""

from __future__ import annotations

import logging
import secrets
import sqlite3
import threading
import time
from collections.abc import Generator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Literal, Self

from PIL import Image

from stickerstudio.core import (
    atomic,
    library_labels,
    library_marks,
    library_painted,
    library_scan,
    library_trash,
)
from stickerstudio.core.collections import Label
from stickerstudio.core.design import Cutout, Design
from stickerstudio.core.errors import DiskError, NotFoundError, UserSideError, disk_errors
from stickerstudio.core.i18n import tr, tr_n
from stickerstudio.core.library_index import Index, Row
from stickerstudio.core.library_labels import Labelling
from stickerstudio.core.library_painted import Painted
from stickerstudio.core.library_png import PngFacts, encode, read_facts, read_recipe
from stickerstudio.core.library_words import query
from stickerstudio.core.pictures import open_picture
from stickerstudio.core.recipe import Recipe
from stickerstudio.core.sticker import Sticker

__all__ = ["Library", "Skipped", "read_recipe"]

_SELECT = (
    "SELECT moment, id, file, json, width, height, seconds, favourite"
    " FROM sticker JOIN recipe USING (moment)"
)

Order = Literal["newest", "oldest", "prompt", "own"]

_FEW = 2000  # more matches than this are found faster by a look at every sticker's words
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Skipped:
    """A file in the library's folder that cannot be shown, and a sentence that says why."""

    path: Path
    reason: str


class Library(Labelling):
    """Stickers in a folder. Usable from several threads, and by several programs at once.

    Every method raises DiskError where the disk, the folder's permissions or another busy window
    stand in the way; what was saved before stays.
    """

    def __init__(self, folder: Path, patience: float | None = None) -> None:
        """Open the library in `folder`, making both at need, and catch up with its files.

        Args:
            patience: seconds to catch up within; what is left is for `catch_up`, and whoever else
                opens the library. None: until all is read.
        """
        self.folder = folder.absolute()
        self.is_behind = False  # whether there are files that were not read for want of patience
        self._last_moment = 0
        self._moment_lock = threading.Lock()
        with _is_folder(self.folder):
            self.folder.mkdir(parents=True, exist_ok=True)
            self._trash.mkdir(exist_ok=True)
            for item in self.folder.iterdir():
                if atomic.is_temp(item.name):
                    atomic.remove_if_stale(item)
        self._index = Index(self.folder, lambda: self.catch_up(patience))
        try:
            self.catch_up(patience)
        except DiskError as error:  # a full disk must not keep anyone from the stickers they have
            _log.warning("the library's index is not up to date: %s", error)
        except BaseException:
            self._index.close()
            raise

    def catch_up(self, seconds: float | None = None) -> bool:
        """Take in what changed in the folder, for so long; whether that was all."""
        done = library_scan.catch_up(self._index.write, self.folder, seconds)
        self.is_behind = not done
        return done

    def add(
        self,
        image: Image.Image,
        recipe: Recipe,
        seconds: float,
        *,
        painted: Painted | None = None,
        design: Design | None = None,
    ) -> Sticker:
        """Save `image` with `recipe` inside; when this returns, a power cut does not take it.

        Args:
            image: any size and mode; kept as RGBA.
            seconds: how long the making took.
            painted: what `image` was cut out of, where that is another picture.
            design: what made `image` of it.
        """
        moment = self._next_moment()
        created = moment / 1e6
        time_utc = datetime.fromtimestamp(created, UTC)
        sticker_id = f"{time_utc:%Y%m%d-%H%M%S-%f}-{secrets.token_hex(2)}"
        path = self.folder / f"{time_utc:%Y-%m}" / f"{sticker_id}.png"
        data = encode(image, recipe, created, seconds, design)
        if painted is not None:  # first: a sticker that is there must have its own
            library_painted.keep(self.folder, sticker_id, painted)
        self._write(path, data)
        facts = PngFacts(*image.size, recipe, recipe.to_json(), created, seconds)
        self._insert(path, facts, created, favourite=False)
        return Sticker(sticker_id, path, recipe, *image.size, created, seconds)

    def painted(self, sticker_id: str) -> Painted:
        """The picture under a sticker, RGBA; the sticker itself where none was kept.

        Raises:
            NotFoundError: there is no such sticker.
            BadFileError: the picture is damaged.
        """
        path = self.get(sticker_id).path
        return library_painted.read(self.folder, sticker_id) or Painted(open_picture(path))

    def design(self, sticker_id: str) -> Design:
        """What made the sticker of its painted picture.

        Raises:
            NotFoundError: there is no such sticker.
            BadFileError: its file is damaged.
            BadInputError: its design cannot be read.
        """
        text = read_facts(self.get(sticker_id).path).design
        return Design(Cutout("none")) if text is None else Design.from_json(text)

    def redesign(self, sticker_id: str, image: Image.Image, design: Design) -> Sticker:
        """Replace a sticker's picture by `image`, which `design` made of its painted one.

        A crash at any moment leaves the old picture with the old design, or the new with the new.
        The painted picture, recipe, time and marks stay. Where no painted picture was kept, the
        sticker as it is now is kept as such first.

        Raises:
            NotFoundError: there is no such sticker.
            BadFileError: its file is damaged.
        """
        before = self.get(sticker_id)
        facts = read_facts(before.path)
        if not library_painted.has(self.folder, sticker_id):
            library_painted.keep(self.folder, sticker_id, Painted(open_picture(before.path)))
        data = encode(image, facts.json, before.created, facts.seconds, design)
        self._set_size(sticker_id, 0, 0)  # unknown until the file is there: see _sticker
        with disk_errors(before.path):
            atomic.write_bytes_atomic(before.path, data)
        self._set_size(sticker_id, *image.size)
        return self.get(sticker_id)

    def get(self, sticker_id: str) -> Sticker:
        """One sticker by its id. Raises NotFoundError."""
        rows = self._index.rows(f"{_SELECT} WHERE id = ?", (sticker_id,))
        if not rows:
            raise _gone(sticker_id)
        return self._sticker(rows[0])

    def search(
        self,
        words: str = "",
        *,
        favourites: bool = False,
        label: Label | None = None,
        limit: int | None = None,
        offset: int = 0,
    ) -> list[Sticker]:
        """Stickers that hold every one of `words`, newest first; all of them for no words.

        A word matches anywhere in the prompt, an active LoRA's name or a tag, whatever its case.

        Args:
            label: only those in this collection, or with this tag.
            limit: how many at most; None for all.
            offset: how many of the newest to pass over.
        """
        where, values = self._where(words, favourites, label)
        rows = self._index.rows(
            f"{_SELECT} WHERE moment IN"
            f" (SELECT moment FROM sticker{where} ORDER BY moment DESC LIMIT ? OFFSET ?)"
            " ORDER BY moment DESC",
            (*values, -1 if limit is None else max(0, limit), max(0, offset)),
        )
        return [self._sticker(row) for row in rows]

    def ids(
        self,
        words: str = "",
        *,
        favourites: bool = False,
        label: Label | None = None,
        order: Order = "newest",
        limit: int | None = None,
    ) -> list[str]:
        """The ids of what `search` finds; cheap for 100,000 of them.

        Args:
            limit: how many at most; None for all.
            order: newest or oldest first; by the prompt's letters; or a label's own, in which
                stickers were put there.
        """
        where, values = self._where(words, favourites, label)
        by = {"newest": "moment DESC", "oldest": "moment", "prompt": "words, moment DESC"}
        if order == "own" and label is not None:
            by["own"] = f"(SELECT place FROM ({library_labels.PLACES}) WHERE sticker = id)"
            values += [label.kind, label.name]
        rows = self._index.rows(
            f"SELECT id FROM sticker{where} ORDER BY {by.get(order, by['newest'])} LIMIT ?",
            (*values, -1 if limit is None else max(0, limit)),
        )
        return [sticker_id for (sticker_id,) in rows]

    def count(
        self, words: str = "", *, favourites: bool = False, label: Label | None = None
    ) -> int:
        """How many stickers `search` finds."""
        where, values = self._where(words, favourites, label)
        return int(self._index.rows(f"SELECT count(*) FROM sticker{where}", values)[0][0])

    def set_favourite(self, sticker_ids: Sequence[str], favourite: bool) -> None:
        """Mark stickers, or take the mark away. Those that are gone by now are passed over."""

        def mark(index: sqlite3.Connection) -> None:
            marks = self.folder / library_scan.MARKS
            with disk_errors(marks):
                end = library_marks.append(marks, sticker_ids, favourite)
            index.executemany(
                "UPDATE sticker SET favourite = ? WHERE id = ?",
                [(favourite, sticker_id) for sticker_id in sticker_ids],
            )
            index.execute("UPDATE journal SET marks_bytes = ?", (end,))

        if sticker_ids:
            self._index.write(mark)

    def delete(self, sticker_ids: Sequence[str]) -> None:
        """Move stickers to the library's trash. Those that are gone by now are passed over."""
        library_trash.put(self._index.write, self.folder, sticker_ids)

    def restore(self, sticker_ids: Sequence[str]) -> list[Sticker]:
        """Take stickers back out of the trash, marks included; in the order given.

        Raises:
            NotFoundError: some are neither in the trash nor in the library; the others are back.
        """
        with disk_errors(self.folder):
            marks = library_marks.read(self.folder / library_scan.MARKS)
        restored: list[Sticker] = []
        missing: list[str] = []
        for sticker_id in sticker_ids:
            if taken := library_trash.take(self.folder, sticker_id):
                favourite = marks.favourite.get(sticker_id, False)
                self._insert(taken.path, taken.facts, taken.created, favourite=favourite)
            try:
                restored.append(self.get(sticker_id))
            except NotFoundError:
                missing.append(sticker_id)
        if missing:
            raise NotFoundError(
                tr_n(
                    "{n} sticker could not be restored.",
                    "{n} stickers could not be restored.",
                    len(missing),
                ),
                tr("It is no longer in the trash."),
            )
        return restored

    def trash(self) -> list[str]:
        """The ids of the stickers in the trash, those deleted last first."""
        return library_trash.ids(self.folder)

    def trashed(self, sticker_id: str) -> Sticker:
        """A sticker in the trash. Raises NotFoundError, BadFileError."""
        return library_trash.read(self.folder, sticker_id)

    def empty_trash(self, older_than_seconds: float = 0) -> int:
        """Delete for good what was put into the trash that long ago; how many that were."""
        with _is_folder(self._trash):
            return library_trash.empty(self.folder, older_than_seconds)

    def rebuild(self) -> int:
        """Make the index anew from the PNGs and marks; how many stickers there are."""
        self._index.write(library_scan.clear)
        self.catch_up()
        return self.count()

    def skipped(self) -> list[Skipped]:
        """Files that are in the way of nothing but cannot be shown: damaged, or not stickers."""
        rows = self._index.rows("SELECT file, reason FROM skipped ORDER BY file")
        return [Skipped(self.folder / file, reason) for file, reason in rows]

    def change_stamp(self) -> int:
        """A number that is another one whenever any program changed the library since.

        Only to be compared with an earlier one of this same object.
        """
        return self._index.change_stamp()

    def close(self) -> None:
        """Give back the index's files. Nothing else may be called afterwards."""
        self._index.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    @property
    def _trash(self) -> Path:
        return self.folder / library_scan.TRASH

    def _where(self, words: str, favourites: bool, label: Label | None) -> tuple[str, list[object]]:
        """The condition of a SELECT FROM sticker, and the values of its question marks.

        The full-text index is slow where much matches: each of its hits is checked one by one.
        """
        wanted = query(words)
        tests = ["favourite"] if favourites else []
        values: list[object] = []
        plain = wanted.words
        if wanted.match:
            matches = "SELECT rowid FROM sticker_words WHERE sticker_words MATCH ?"
            probe = f"SELECT count(*) FROM ({matches} LIMIT {_FEW})"
            if self._index.rows(probe, (wanted.match,))[0][0] < _FEW:
                tests.append(f"moment IN ({matches})")
                values.append(wanted.match)
                plain = wanted.short
        for word in plain:
            tests.append("(instr(words, ?) OR instr(tags, ?))")
            values += [word, word]
        if label is not None:
            tests.append(f"id IN ({library_labels.MEMBERS})")
            values += [label.kind, label.name]
        return " WHERE " + " AND ".join(tests) if tests else "", values

    def _next_moment(self) -> int:
        """Microseconds since the epoch; in this process always later than the last."""
        with self._moment_lock:
            self._last_moment = max(time.time_ns() // 1000, self._last_moment + 1)
            return self._last_moment

    def _write(self, path: Path, data: bytes) -> None:
        with disk_errors(path):
            if not path.parent.is_dir():
                path.parent.mkdir(exist_ok=True)
                atomic.sync_folder(self.folder)
            atomic.write_bytes_new(path, data)

    def _insert(self, path: Path, facts: PngFacts, created: float, *, favourite: bool) -> None:
        file = path.relative_to(self.folder).as_posix()
        self._index.write(lambda index: library_scan.insert(index, file, facts, created, favourite))

    def _set_size(self, sticker_id: str, width: int, height: int) -> None:
        self._index.write(
            lambda index: index.execute(
                "UPDATE sticker SET width = ?, height = ? WHERE id = ?", (width, height, sticker_id)
            )
        )

    def _sticker(self, row: Row) -> Sticker:
        moment, sticker_id, file, recipe, width, height, seconds, favourite = row
        if not width:  # `redesign` is at it, or was killed there: the file knows
            with suppress(UserSideError):
                facts = read_facts(self.folder / file)
                width, height = facts.width, facts.height
        return Sticker(
            sticker_id,
            self.folder / file,
            Recipe.from_json(recipe),
            width,
            height,
            moment / 1e6,
            seconds,
            bool(favourite),
        )


def _gone(sticker_id: str) -> NotFoundError:
    return NotFoundError(
        tr("The sticker {id} is not in the library.", id=sticker_id),
        tr("It may have been deleted in another window."),
        tr("Look for it in the library's trash."),
    )


@contextmanager
def _is_folder(folder: Path) -> Generator[None]:
    """`disk_errors`, with a plainer sentence where a file stands in a folder's place."""
    try:
        with disk_errors(folder):
            yield
    except DiskError as error:
        in_the_way = next((p for p in (folder, *folder.parents) if p.exists()), None)
        if in_the_way is None or in_the_way.is_dir():
            raise
        raise DiskError(
            tr("The sticker library in {path} could not be used.", path=folder),
            tr("{path} is a file, not a folder.", path=in_the_way),
            tr("Move the file away, or choose another folder for the library."),
        ) from error
