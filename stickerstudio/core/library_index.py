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

FORMAT = 2
BUSY_SECONDS = 60.0  # another program may be slow to let go of the disk
READERS = 3  # a long search, what is on screen, and one more

_NAME = re.compile(rf"index-{FORMAT}\.(\d{{1,9}})\.sqlite")

# `moment`, the time of making in microseconds, is the row id: full-text matches then come out
# newest first without sorting. `words` and `tags` are folded text (library_words), hence
# case_sensitive. Recipes are long and only wanted for the few stickers on screen: apart, they slow
# no scan. Labels go by the sticker's id, so that one comes back from the trash with its own.
_SCHEMA = """
CREATE TABLE sticker(
    moment INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    file TEXT NOT NULL UNIQUE,
    width INTEGER NOT NULL,
    height INTEGER NOT NULL,
    seconds REAL NOT NULL,
    favourite INTEGER NOT NULL,
    words TEXT NOT NULL,
    tags TEXT NOT NULL
);
CREATE TABLE recipe(moment INTEGER PRIMARY KEY, json TEXT NOT NULL);
CREATE INDEX sticker_favourite ON sticker(moment) WHERE favourite;
CREATE VIRTUAL TABLE sticker_words USING fts5(
    words, tags, content='sticker', content_rowid='moment', tokenize='trigram case_sensitive 1'
);
CREATE TRIGGER sticker_added AFTER INSERT ON sticker BEGIN
    INSERT INTO sticker_words(rowid, words, tags) VALUES (new.moment, new.words, new.tags);
END;
CREATE TRIGGER sticker_gone AFTER DELETE ON sticker BEGIN
    DELETE FROM recipe WHERE moment = old.moment;
    INSERT INTO sticker_words(sticker_words, rowid, words, tags)
        VALUES ('delete', old.moment, old.words, old.tags);
END;
CREATE TRIGGER sticker_tagged AFTER UPDATE OF tags ON sticker WHEN new.tags <> old.tags BEGIN
    INSERT INTO sticker_words(sticker_words, rowid, words, tags)
        VALUES ('delete', old.moment, old.words, old.tags);
    INSERT INTO sticker_words(rowid, words, tags) VALUES (new.moment, new.words, new.tags);
END;
CREATE TABLE label(
    number INTEGER PRIMARY KEY, kind TEXT NOT NULL, name TEXT NOT NULL, UNIQUE(kind, name)
);
CREATE TABLE labelled(
    label INTEGER NOT NULL, sticker TEXT NOT NULL, place INTEGER NOT NULL,
    PRIMARY KEY(label, sticker)
) WITHOUT ROWID;
CREATE INDEX labelled_sticker ON labelled(sticker);
CREATE TABLE folder(name TEXT PRIMARY KEY, changed_ns INTEGER NOT NULL);
CREATE TABLE skipped(
    file TEXT PRIMARY KEY, size INTEGER NOT NULL, changed_ns INTEGER NOT NULL, reason TEXT NOT NULL
);
CREATE TABLE journal(marks_bytes INTEGER NOT NULL, labels_bytes INTEGER NOT NULL);
INSERT INTO journal VALUES (0, 0);
"""

_TABLES = (
    "sticker",
    "recipe",
    "sticker_words",
    "label",
    "labelled",
    "folder",
    "skipped",
    "journal",
)


class _Readers:
    """Connections to read with, each used by one thread at a time; made as they are needed."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Condition()
        self._free: list[sqlite3.Connection] = []
        self._out = 0
        self._closed = False

    @contextmanager
    def one(self) -> Generator[sqlite3.Connection | None]:
        """A connection, when one is free; None where they are closed."""
        with self._lock:
            self._lock.wait_for(lambda: self._closed or self._free or self._out < READERS)
            if self._closed:
                yield None
                return
            self._out += 1
            reader = self._free.pop() if self._free else None
        try:
            if reader is None:
                reader = _connect(self._path)
            yield reader
        finally:
            with self._lock:
                self._out -= 1
                if reader is not None:
                    self._free.append(reader)
                self._lock.notify_all()

    def close(self) -> None:
        """Give back the files, once nobody reads any more."""
        with self._lock:
            self._closed = True
            self._lock.notify_all()
            self._lock.wait_for(lambda: not self._out)
            while self._free:
                self._free.pop().close()


class Index:
    """Connections to the index: several read while one writes. Usable from any thread.

    A new index is empty. `emptied` is called when one was made in the place of a damaged one that
    was in use; whoever opens an Index fills it otherwise.
    Every method raises DiskError where the disk or another window is in the way.
    """

    def __init__(self, folder: Path, emptied: Callable[[], object]) -> None:
        self._folder = folder
        self._emptied = emptied
        self._watch_lock = threading.RLock()
        self._write_lock = threading.RLock()
        self._opened = 0
        generations = self._generations()
        self._generation: int = max(generations, default=1)
        try:
            self._open()
        except sqlite3.DatabaseError as error:
            self._raise_unless_damaged(error)
            self._generation += 1
            with self._worded():
                self._open()
        self._remove_older()

    @property
    def path(self) -> Path:
        """The file that is in use now."""
        return self._folder / f"index-{FORMAT}.{self._generation}.sqlite"

    def rows(self, sql: str, values: Sequence[object] = ()) -> list[Row]:
        """The rows of a SELECT."""

        def read() -> list[Row]:
            while True:
                readers = self._readers
                with readers.one() as reader:
                    if reader is not None:
                        return reader.execute(sql, values).fetchall()
                if readers is self._readers:  # closed, and not followed by others
                    raise sqlite3.ProgrammingError("the library is closed")

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

        def read() -> int:
            with self._watch_lock:  # one and the same connection: each counts for itself
                return int(self._watcher.execute("PRAGMA data_version").fetchone()[0])

        return (self._opened << 40) + self._run(read)

    def close(self) -> None:
        """Give back the files."""
        with self._write_lock, self._watch_lock:
            self._readers.close()
            self._watcher.close()
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
        with self._write_lock, self._watch_lock:
            if self._opened != used:
                return
            before: int = self._generation
            self._generation = max(before + 1, *self._generations(), 1)
            old = (self._readers, self._watcher, self._writer)
            try:
                with self._worded():
                    self._open()
            except BaseException:
                self._generation = before
                raise
            for connection in old:
                connection.close()
            self._remove_older()
        self._emptied()

    def _open(self) -> None:
        writer = _connect(self.path)
        try:
            _use_wal(writer)
            if _format_of(writer) != FORMAT:
                with _transaction(writer):
                    if _format_of(writer) != FORMAT:  # no other window was faster
                        self._create(writer)
            for table in _TABLES:
                writer.execute(f"SELECT 1 FROM {table} LIMIT 1").fetchall()
            watcher = _connect(self.path)
        except BaseException:
            writer.close()
            raise
        self._readers = _Readers(self.path)
        self._watcher, self._writer = watcher, writer
        self._opened += 1

    def _create(self, connection: sqlite3.Connection) -> None:
        if _format_of(connection) or connection.execute("SELECT 1 FROM sqlite_schema").fetchone():
            raise _StrangeIndexError("not an index of this program")
        for statement in _statements(_SCHEMA):
            connection.execute(statement)
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
