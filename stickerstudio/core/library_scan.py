"""Bring the index in line with the files: at every open, and when it is filled from nothing.

Only folders that changed since they were last read are read again, so that opening a library of
100,000 stickers costs a look at this month's folder.
"""

from __future__ import annotations

import os
import re
import sqlite3
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path, PurePosixPath

from stickerstudio.core import atomic, library_marks
from stickerstudio.core.errors import DiskError, NotFoundError, UserSideError, disk_errors
from stickerstudio.core.i18n import tr
from stickerstudio.core.library_png import PngFacts, read_facts
from stickerstudio.core.library_words import words_of

MARKS = "marks.jsonl"
TRASH = "trash"
_MONTH = re.compile(r"\d{4}-\d{2}")
_SETTLING_NS = 3_000_000_000  # FAT rounds times to 2 s: a folder just changed may change unseen


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
        "INSERT INTO sticker VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (
            moment,
            sticker_id,
            file,
            facts.width,
            facts.height,
            facts.seconds,
            favourite,
            words_of(facts.recipe),
        ),
    )
    connection.execute("INSERT INTO recipe VALUES (?, ?)", (moment, facts.json))
    return True


def fill(connection: sqlite3.Connection, folder: Path) -> None:
    """Put every sticker of `folder` into an index that is empty, or is emptied here."""
    for table in ("sticker", "folder", "skipped"):
        connection.execute(f"DELETE FROM {table}")
    with disk_errors(folder / MARKS):
        marks = library_marks.read(folder / MARKS)
    connection.execute("UPDATE journal SET read_bytes = ?", (marks.end,))
    for name in _months(folder):
        _read_folder(connection, folder, name, marks)


def catch_up(connection: sqlite3.Connection, folder: Path) -> None:
    """Index what came, drop what went, and read marks made since the last time."""
    with disk_errors(folder / MARKS):
        read_bytes = int(connection.execute("SELECT read_bytes FROM journal").fetchone()[0])
        length = library_marks.size(folder / MARKS)
        if length != read_bytes:
            fresh = library_marks.read(folder / MARKS, read_bytes if length > read_bytes else 0)
            if length < read_bytes:  # cut or replaced: what it no longer says does not hold
                connection.execute("UPDATE sticker SET favourite = 0 WHERE favourite")
            connection.executemany(
                "UPDATE sticker SET favourite = ? WHERE id = ?",
                [(marked, sticker_id) for sticker_id, marked in fresh.favourite.items()],
            )
            connection.execute("UPDATE journal SET read_bytes = ?", (fresh.end,))
    known = dict(connection.execute("SELECT name, changed_ns FROM folder").fetchall())
    months = list(_months(folder))
    changed = [name for name in months if known.get(name) != _changed_ns(folder / name)]
    marks = library_marks.Marks({}, 0)
    if changed:
        with disk_errors(folder / MARKS):
            marks = library_marks.read(folder / MARKS)
    for name in changed:
        _read_folder(connection, folder, name, marks)
    for name in set(known) - set(months):
        _forget(connection, name)


def _read_folder(
    connection: sqlite3.Connection, folder: Path, name: str, marks: library_marks.Marks
) -> None:
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
    rows = connection.execute("SELECT * FROM skipped WHERE file > ? AND file < ?", below)
    skipped = {file: (size, changed) for file, size, changed, _reason in rows.fetchall()}
    connection.executemany(
        "DELETE FROM skipped WHERE file = ?", [(file,) for file in skipped.keys() - found.keys()]
    )
    for file in sorted(found.keys() - known):
        with suppress(FileNotFoundError):  # another window has just put it into the trash
            status = found[file].stat()
            if skipped.get(file) != (status.st_size, status.st_mtime_ns):
                settled &= _read_file(connection, folder / file, file, status, marks)
    connection.execute(
        "INSERT OR REPLACE INTO folder VALUES (?, ?)", (name, changed_ns if settled else 0)
    )


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
        names = [item.name for item in entries if _MONTH.fullmatch(item.name) and item.is_dir()]
    yield from sorted(names)


def _changed_ns(folder: Path) -> int:
    with disk_errors(folder):
        return folder.stat().st_mtime_ns
