"""Bring the index in line with the files: at every open, and when it is filled from nothing.

Only folders that changed since they were last read are read again, so that opening a library of
100,000 stickers costs a look at this month's folder. A long catching up is many short transactions,
the newest month first: stickers can be seen and made meanwhile, and one that is broken off is gone
on with at the next open.
"""

from __future__ import annotations

import os
import re
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Protocol, TypeVar

from stickerstudio.core import atomic, collections, library_labels, library_marks
from stickerstudio.core.errors import DiskError, NotFoundError, UserSideError, disk_errors
from stickerstudio.core.i18n import tr
from stickerstudio.core.library_png import PngFacts, read_facts
from stickerstudio.core.library_words import words_of

MARKS = "marks.jsonl"
TRASH = "trash"
MONTH = re.compile(r"\d{4}-\d{2}")
_BATCH = 400  # files read in one transaction, about 0.1 s: so long may another window have to wait
_SETTLING_NS = 3_000_000_000  # FAT rounds times to 2 s: a folder just changed may change unseen

T = TypeVar("T")


class Write(Protocol):
    """Runs a change of the index in a transaction, and gives what it gave."""

    def __call__(self, change: Callable[[sqlite3.Connection], T], /) -> T: ...


def insert(
    connection: sqlite3.Connection, file: str, facts: PngFacts, created: float, favourite: bool
) -> bool:
    """Add one sticker unless its file or id is there already; whether `file` is there afterwards.

    Args:
        file: path below the library's folder, with forward slashes: "2026-11/NAME.png".
    """
    sticker_id = PurePosixPath(file).stem
    there = connection.execute(
        "SELECT file FROM sticker WHERE file = ? OR id = ?", (file, sticker_id)
    ).fetchone()
    if there:
        return there == (file,)
    moment = round(created * 1e6)
    while connection.execute("SELECT 1 FROM sticker WHERE moment = ?", (moment,)).fetchone():
        moment += 1
    connection.execute(
        "INSERT INTO sticker VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            moment,
            sticker_id,
            file,
            facts.width,
            facts.height,
            facts.seconds,
            favourite,
            words_of(facts.recipe),
            library_labels.tags_of(connection, sticker_id),
        ),
    )
    connection.execute("INSERT INTO recipe VALUES (?, ?)", (moment, facts.json))
    return True


def clear(connection: sqlite3.Connection) -> None:
    """Forget everything, so that `catch_up` reads it anew."""
    for table in ("sticker", "folder", "skipped", "labelled", "label"):
        connection.execute(f"DELETE FROM {table}")
    connection.execute("UPDATE journal SET marks_bytes = 0, labels_bytes = 0")


def catch_up(write: Write, folder: Path, seconds: float | None = None) -> bool:
    """Index what came, drop what went, and read marks and labels made since the last time.

    Args:
        write: runs a change of the index in a transaction of its own.
        seconds: after which no further files are read; None: all are.

    Returns whether all was read.
    """
    end = None if seconds is None else time.monotonic() + seconds
    write(lambda index: _read_marks(index, folder))
    write(lambda index: _read_labels(index, folder))
    known = write(lambda index: dict(index.execute("SELECT name, changed_ns FROM folder")))
    months = list(_months(folder))
    for name in set(known) - set(months):
        write(lambda index, name=name: _forget(index, name))
    changed = [name for name in reversed(months) if known.get(name) != _changed_ns(folder / name)]
    if not changed:
        return True
    with disk_errors(folder / MARKS):
        marks = library_marks.read(folder / MARKS)
    return all(_read_folder(write, folder, name, marks, end) for name in changed)


def _read_marks(connection: sqlite3.Connection, folder: Path) -> None:
    with disk_errors(folder / MARKS):
        read_bytes = int(connection.execute("SELECT marks_bytes FROM journal").fetchone()[0])
        length = library_marks.size(folder / MARKS)
        if length == read_bytes:
            return
        fresh = library_marks.read(folder / MARKS, read_bytes if length > read_bytes else 0)
    if length < read_bytes:  # cut or replaced: what it no longer says does not hold
        connection.execute("UPDATE sticker SET favourite = 0 WHERE favourite")
    connection.executemany(
        "UPDATE sticker SET favourite = ? WHERE id = ?",
        [(marked, sticker_id) for sticker_id, marked in fresh.favourite.items()],
    )
    connection.execute("UPDATE journal SET marks_bytes = ?", (fresh.end,))


def _read_labels(connection: sqlite3.Connection, folder: Path) -> None:
    path = folder / collections.FILE
    with disk_errors(path):
        read_bytes = int(connection.execute("SELECT labels_bytes FROM journal").fetchone()[0])
        length = library_marks.size(path)
        if length == read_bytes:
            return
        changes, end = collections.read(path, read_bytes if length > read_bytes else 0)
    if length < read_bytes:
        library_labels.clear(connection)
    for change in changes:
        library_labels.apply(connection, change)
    connection.execute("UPDATE journal SET labels_bytes = ?", (end,))


@dataclass(slots=True)
class _Listing:
    """One look at a month's folder: when it had changed last, and what is there to be read."""

    changed_ns: int
    settled: bool
    new: dict[str, Path]


def _read_folder(
    write: Write, folder: Path, name: str, marks: library_marks.Marks, end: float | None
) -> bool:
    """Read one month, or as much of it as time allows; whether that was all."""
    listing = write(lambda index: _list_folder(index, folder, name))
    files = sorted(listing.new, reverse=True)  # a name begins with the time: the newest first
    for start in range(0, len(files), _BATCH):
        if end is not None and time.monotonic() > end:
            return False
        batch = {file: listing.new[file] for file in files[start : start + _BATCH]}
        listing.settled &= write(lambda index, batch=batch: _read_files(index, batch, marks))
    noted = (name, listing.changed_ns if listing.settled else 0)
    write(lambda index: index.execute("INSERT OR REPLACE INTO folder VALUES (?, ?)", noted))
    return True


def _list_folder(connection: sqlite3.Connection, folder: Path, name: str) -> _Listing:
    changed_ns = _changed_ns(folder / name)
    settled = time.time_ns() - changed_ns > _SETTLING_NS
    found: dict[str, os.DirEntry[str]] = {}
    with disk_errors(folder / name), os.scandir(folder / name) as entries:
        for entry in entries:
            if atomic.is_temp(entry.name):
                settled &= atomic.remove_if_stale(Path(entry.path))
            elif entry.name.lower().endswith(".png") and entry.is_file():
                found[f"{name}/{entry.name}"] = entry
    below = (f"{name}/", f"{name}0")  # "0" follows "/": everything that begins with "NAME/"
    rows = connection.execute("SELECT file FROM sticker WHERE file > ? AND file < ?", below)
    known = {file for (file,) in rows.fetchall()}
    connection.executemany(
        "DELETE FROM sticker WHERE file = ?", [(file,) for file in known - found.keys()]
    )
    rows = connection.execute("SELECT file FROM skipped WHERE file > ? AND file < ?", below)
    skipped = {file for (file,) in rows.fetchall()}
    connection.executemany(
        "DELETE FROM skipped WHERE file = ?", [(file,) for file in skipped - found.keys()]
    )
    return _Listing(
        changed_ns, settled, {file: Path(found[file].path) for file in found.keys() - known}
    )


def _read_files(
    connection: sqlite3.Connection, files: dict[str, Path], marks: library_marks.Marks
) -> bool:
    """Index files; False where one should be tried again next time."""
    settled = True
    for file, path in files.items():
        with suppress(FileNotFoundError):  # another window has just put it into the trash
            status = path.stat()
            row = connection.execute("SELECT size, changed_ns FROM skipped WHERE file = ?", (file,))
            if row.fetchone() != (status.st_size, status.st_mtime_ns):
                settled &= _read_file(connection, path, file, status, marks)
    return settled


def _read_file(
    connection: sqlite3.Connection,
    path: Path,
    file: str,
    status: os.stat_result,
    marks: library_marks.Marks,
) -> bool:
    """Index one file, or note why not; False where it should be tried again next time."""
    try:
        facts = read_facts(path)
        reason = tr("{name} is in the library twice.", name=path.name)
        created = status.st_mtime if facts.created is None else facts.created
        marked = marks.favourite.get(path.stem, False)
        if insert(connection, file, facts, created, marked):
            connection.execute("DELETE FROM skipped WHERE file = ?", (file,))
            return True
        can_change = False
    except NotFoundError:
        return True
    except UserSideError as error:
        reason, can_change = str(error), isinstance(error, DiskError)
    connection.execute(
        "INSERT OR REPLACE INTO skipped VALUES (?, ?, ?, ?)",
        (file, -1 if can_change else status.st_size, status.st_mtime_ns, reason),
    )
    return not can_change


def _forget(connection: sqlite3.Connection, name: str) -> None:
    below = (f"{name}/", f"{name}0")
    connection.execute("DELETE FROM sticker WHERE file > ? AND file < ?", below)
    connection.execute("DELETE FROM skipped WHERE file > ? AND file < ?", below)
    connection.execute("DELETE FROM folder WHERE name = ?", (name,))


def _months(folder: Path) -> Iterator[str]:
    """The folders that hold stickers. Others are not ours: the user may keep what he likes here."""
    with disk_errors(folder), os.scandir(folder) as entries:
        names = [item.name for item in entries if MONTH.fullmatch(item.name) and item.is_dir()]
    yield from sorted(names)


def _changed_ns(folder: Path) -> int:
    with disk_errors(folder):
        return folder.stat().st_mtime_ns
