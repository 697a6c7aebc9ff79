"""The index side of the library: one SQLite file that can be thrown away and filled again.

Its name is `index-FORMAT.GENERATION.sqlite`. A program of another format keeps its own index beside
ours, and a damaged file is never replaced but followed by the next generation: SQLite's companions
(-wal, -shm) are found by name, so reusing one under another window's feet would damage it as well.
"""

from __future__ import annotations

import re
import sqlite3
import threading
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, TypeVar

from stickerstudio.core.errors import DiskError, disk_errors
from stickerstudio.core.i18n import tr

T = TypeVar("T")
Row = tuple[Any, ...]

FORMAT = 1
BUSY_SECONDS = 60.0  # another window may be filling an index of 100,000

_NAME = re.compile(rf"index-{FORMAT}\.(\d{{1,9}})\.sqlite")

# `moment`, the time of making in microseconds, is the row id: full-text matches then come out
# newest first without sorting. `words` is folded text (library_words), hence case_sensitive.
# Recipes are long and only wanted for the few stickers on screen: apart, they slow no scan.
_SCHEMA = """
CREATE TABLE sticker(
    moment INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    file TEXT NOT NULL UNIQUE,
    width INTEGER NOT NULL,
    height INTEGER NOT NULL,
    seconds REAL NOT NULL,
    favourite INTEGER NOT NULL,
    words TEXT NOT NULL
);
CREATE TABLE recipe(moment INTEGER PRIMARY KEY, json TEXT NOT NULL);
CREATE INDEX sticker_favourite ON sticker(moment) WHERE favourite;
CREATE VIRTUAL TABLE sticker_words USING fts5(
    words, content='sticker', content_rowid='moment', tokenize='trigram case_sensitive 1'
);
CREATE TRIGGER sticker_added AFTER INSERT ON sticker BEGIN
    INSERT INTO sticker_words(rowid, words) VALUES (new.moment, new.words);
END;
CREATE TRIGGER sticker_gone AFTER DELETE ON sticker BEGIN
    DELETE FROM recipe WHERE moment = old.moment;
    INSERT INTO sticker_words(sticker_words, rowid, words) VALUES ('delete', old.moment, old.words);
END;
CREATE TABLE folder(name TEXT PRIMARY KEY, changed_ns INTEGER NOT NULL);
CREATE TABLE skipped(
    file TEXT PRIMARY KEY, size INTEGER NOT NULL, changed_ns INTEGER NOT NULL, reason TEXT NOT NULL
);
CREATE TABLE journal(read_bytes INTEGER NOT NULL);
INSERT INTO journal VALUES (0);
"""


class Index:
    """Two connections to the index: one reads while the other writes. Usable from any thread.

    `fill` is called inside the transaction that creates an index, and puts everything into it.
    Every method raises DiskError where the disk or another window is in the way.
    """

    def __init__(self, folder: Path, fill: Callable[[sqlite3.Connection], object]) -> None:
        self._folder = folder
        self._fill = fill
        self._read_lock = threading.RLock()
        self._write_lock = threading.RLock()
        self._opened = 0
        generations = self._generations()
        self._generation: int = max(generations, default=1)
        try:
            self._reader, self._writer = self._open()
        except sqlite3.DatabaseError as error:
            self._raise_unless_damaged(error)
            self._generation += 1
            with self._worded():
                self._reader, self._writer = self._open()
        self._remove_older()

    @property
    def path(self) -> Path:
        """The file that is in use now."""
        return self._folder / f"index-{FORMAT}.{self._generation}.sqlite"

    def rows(self, sql: str, values: Sequence[object] = ()) -> list[Row]:
        """The rows of a SELECT."""

        def read() -> list[Row]:
            with self._read_lock:
                return self._reader.execute(sql, values).fetchall()

        return self._run(read)

    def write(self, change: Callable[[sqlite3.Connection], T]) -> T:
        """Run `change` in one transaction that keeps other windows' writers out; all or nothing.

        It is run a second time when the index turns out to be damaged and was made anew.
        """

        def run() -> T:
            with self._write_lock, _transaction(self._writer):
                return change(self._writer)

        return self._run(run)

    def change_stamp(self) -> int:
        """A number that differs from the last one when any process changed the index since."""
        return (self._opened << 40) + int(self.rows("PRAGMA data_version")[0][0])

    def close(self) -> None:
        """Give back the files."""
        with self._write_lock, self._read_lock:
            self._reader.close()
            self._writer.close()

    def _run(self, action: Callable[[], T]) -> T:
        used = self._opened
        try:
            if not self.path.exists():  # another window found it damaged and moved on
                self._reopen(used)
                used = self._opened
            return action()
        except sqlite3.DatabaseError as error:
            self._raise_unless_damaged(error)
            self._reopen(used)
        with self._worded():
            return action()

    def _reopen(self, used: int) -> None:
        """Open the next generation, unless another thread did since `used`.

        Where that fails the old connections stay: an unplugged disk may be plugged in again.
        """
        with self._write_lock, self._read_lock:
            if self._opened != used:
                return
            before: int = self._generation
            self._generation = max(before + 1, *self._generations(), 1)
            try:
                with self._worded():
                    reader, writer = self._open()
            except BaseException:
                self._generation = before
                raise
            self._reader.close()
            self._writer.close()
            self._reader, self._writer = reader, writer
            self._remove_older()

    def _open(self) -> tuple[sqlite3.Connection, sqlite3.Connection]:
        writer = _connect(self.path)
        try:
            _use_wal(writer)
            if _format_of(writer) != FORMAT:
                with _transaction(writer):
                    if _format_of(writer) != FORMAT:  # no other window was faster
                        self._create(writer)
            for table in ("sticker", "recipe", "sticker_words", "folder", "skipped", "journal"):
                writer.execute(f"SELECT 1 FROM {table} LIMIT 1").fetchall()
            reader = _connect(self.path)
        except BaseException:
            writer.close()
            raise
        self._opened += 1
        return reader, writer

    def _create(self, connection: sqlite3.Connection) -> None:
        if _format_of(connection) or connection.execute("SELECT 1 FROM sqlite_schema").fetchone():
            raise _StrangeIndexError("not an index of this program")
        for statement in _statements(_SCHEMA):
            connection.execute(statement)
        self._fill(connection)
        connection.execute(f"PRAGMA user_version = {FORMAT}")

    def _generations(self) -> list[int]:
        with disk_errors(self._folder):
            names = [_NAME.fullmatch(entry.name) for entry in self._folder.iterdir()]
        return [int(name[1]) for name in names if name]

    def _remove_older(self) -> None:
        """Remove damaged indexes that were followed by this one; where not possible, next time."""
        for generation in self._generations():
            if generation < self._generation:
                for tail in ("-wal", "-shm", ""):
                    with suppress(OSError):
                        name = f"index-{FORMAT}.{generation}.sqlite{tail}"
                        (self._folder / name).unlink(missing_ok=True)

    @contextmanager
    def _worded(self) -> Generator[None]:
        try:
            yield
        except sqlite3.DatabaseError as error:
            raise self._sentence(error) from error

    def _raise_unless_damaged(self, error: sqlite3.DatabaseError) -> None:
        if isinstance(error, _StrangeIndexError) or _code(error) in _DAMAGE:
            return
        raise self._sentence(error) from error

    def _sentence(self, error: sqlite3.DatabaseError) -> Exception:
        if isinstance(error, sqlite3.ProgrammingError):
            return error  # used after close(): our bug, not the user's disk
        what = tr("The sticker library in {path} could not be used.", path=self._folder)
        if _code(error) in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
            return DiskError(
                what,
                tr("Another window is busy with it."),
                tr("Wait for the other window to finish, then try again."),
            )
        if _code(error) == sqlite3.SQLITE_FULL:
            return DiskError(
                what,
                tr("The disk is full."),
                tr("Free some space or choose another disk. Nothing saved before was lost."),
            )
        if _code(error) in (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM, sqlite3.SQLITE_CANTOPEN):
            return DiskError(
                what,
                tr("Your account has no permission to read or write there."),
                tr("Choose another folder, or change the folder's permissions."),
            )
        return DiskError(
            what,
            tr("The system said: {reason}.", reason=error),
            tr("Check the disk, then try again."),
        )


class _StrangeIndexError(sqlite3.DatabaseError):
    """A database under our name that we did not write, or that a newer program wrote."""


# SQLITE_ERROR is what a missing table or column gives; our own statements are covered by tests.
_DAMAGE = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_ERROR)


def _code(error: sqlite3.DatabaseError) -> int:
    return getattr(error, "sqlite_errorcode", 0) & 0xFF  # the primary code; the rest refines it


def _connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(
        path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False
    )
    connection.execute("PRAGMA synchronous = NORMAL")  # PNGs and marks are synced; this is a cache
    connection.execute("PRAGMA cache_size = -64000")  # kB; only a library of 100,000 fills it
    return connection


def _use_wal(connection: sqlite3.Connection) -> None:
    # Where shared memory is missing (some network disks) SQLite keeps its own safe, slower mode.
    connection.execute("PRAGMA journal_mode = WAL").fetchall()


def _format_of(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def _statements(script: str) -> Iterator[str]:
    """The statements of `script` one by one: executescript would end the transaction."""
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""


@contextmanager
def _transaction(connection: sqlite3.Connection) -> Generator[None]:
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        with suppress(sqlite3.Error):  # a full disk has rolled back already
            connection.execute("ROLLBACK")
        raise
