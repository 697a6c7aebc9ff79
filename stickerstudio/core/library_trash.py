"""The library's trash: a folder of PNGs beside the index, each dated to when it was deleted."""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from stickerstudio.core import atomic, library_painted
from stickerstudio.core.errors import NotFoundError, disk_errors
from stickerstudio.core.library_png import PngFacts, read_facts
from stickerstudio.core.library_scan import TRASH, Write
from stickerstudio.core.sticker import Sticker


@dataclass(frozen=True, slots=True)
class Taken:
    """A file that is back among the library's: where, what it says, and when it was made."""

    path: Path
    facts: PngFacts
    created: float


def put(write: Write, library: Path, sticker_ids: Sequence[str]) -> None:
    """Move stickers here and take them out of the index: all of them or, with DiskError, none.

    Those that are gone by now are passed over.
    """
    moved: list[Path] = []

    def move(index: sqlite3.Connection) -> None:
        for sticker_id in sticker_ids:
            row = index.execute("SELECT file FROM sticker WHERE id = ?", (sticker_id,))
            for (file,) in row.fetchall():
                moved.extend(_put_file(library, library / file))
                index.execute("DELETE FROM sticker WHERE id = ?", (sticker_id,))

    try:
        write(move)
    except BaseException:
        for path in moved:  # what stays in the gallery must have its file
            with suppress(OSError):
                (library / TRASH / path.name).replace(path)
        raise
    for folder in {library / TRASH, *(path.parent for path in moved)}:
        with disk_errors(folder):
            atomic.sync_folder(folder)


def take(library: Path, sticker_id: str) -> Taken | None:
    """Move a sticker's file back to its month; None where it is not here.

    Raises:
        BadFileError, DiskError: it cannot be read or moved.
    """
    trashed = library / TRASH / f"{sticker_id}.png"
    if not _is_name(sticker_id) or not trashed.is_file():
        return None
    facts = read_facts(trashed)
    created = _created(trashed, facts)
    path = library / f"{datetime.fromtimestamp(created, UTC):%Y-%m}" / trashed.name
    with disk_errors(path):
        path.parent.mkdir(exist_ok=True)
        trashed.replace(path)
        atomic.sync_folder(path.parent)
    return Taken(path, facts, created)


def empty(library: Path, older_than_seconds: float) -> int:
    """Delete for good what was put here that long ago; how many that were. Raises OSError."""
    removed = 0
    for item in sorted((library / TRASH).iterdir()):
        if item.is_file() and item.stat().st_mtime <= time.time() - older_than_seconds:
            item.unlink(missing_ok=True)
            library_painted.remove(library, item.stem)
            removed += not atomic.is_temp(item.name)
    return removed


def ids(library: Path) -> list[str]:
    """The ids of the stickers here, those deleted last first. Raises DiskError."""
    folder = library / TRASH
    found: list[tuple[int, str]] = []
    with suppress(NotFoundError), disk_errors(folder), os.scandir(folder) as entries:
        for entry in entries:
            if entry.name.endswith(".png") and not entry.name.startswith("."):
                with suppress(FileNotFoundError):  # another window has just restored it
                    found.append((entry.stat().st_mtime_ns, entry.name.removesuffix(".png")))
    return [sticker_id for _, sticker_id in sorted(found, reverse=True)]


def read(library: Path, sticker_id: str) -> Sticker:
    """The sticker here by its id.

    Raises:
        NotFoundError: it is not here, or not any more.
        BadFileError, DiskError: it cannot be read.
    """
    path = library / TRASH / f"{Path(sticker_id).name}.png"
    facts = read_facts(path)
    return Sticker(
        sticker_id,
        path,
        facts.recipe,
        facts.width,
        facts.height,
        _created(path, facts),
        facts.seconds,
    )


def _put_file(library: Path, path: Path) -> list[Path]:
    """Move one file; nothing was moved where it had been removed by hand."""
    folder = library / TRASH
    try:
        with disk_errors(path):
            folder.mkdir(exist_ok=True)
            path.replace(folder / path.name).touch()  # the file's time: when it was deleted
    except NotFoundError:
        return []
    return [path]


def _created(path: Path, facts: PngFacts) -> float:
    with disk_errors(path):
        return path.stat().st_mtime if facts.created is None else facts.created


def _is_name(sticker_id: str) -> bool:
    """Whether `sticker_id` can be a file's name, and not a path to somewhere else."""
    return Path(sticker_id).name == sticker_id and "\0" not in sticker_id
