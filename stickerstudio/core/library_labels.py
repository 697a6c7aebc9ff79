"""Collections and tags in the library's index: what core.collections keeps, quick to ask."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from pathlib import Path

from stickerstudio.core import collections
from stickerstudio.core.collections import Change, Deed, Kind, Label
from stickerstudio.core.errors import disk_errors
from stickerstudio.core.library_index import Index
from stickerstudio.core.library_words import fold

_AT_ONCE = 1000  # stickers labelled in one transaction, about 0.1 s where the search must follow

# The ids under one label. Its values: kind, name.
MEMBERS = (
    "SELECT sticker FROM labelled JOIN label ON number = labelled.label WHERE kind = ? AND name = ?"
)
# The same with their place. Its values: kind, name.
PLACES = MEMBERS.replace("sticker", "sticker, place", 1)
# The labels of one sticker. Its value: id.
_OF_STICKER = (
    "SELECT kind, name FROM labelled JOIN label ON number = labelled.label WHERE sticker = ?"
    " ORDER BY name"
)
# Every label of a kind with how many stickers of the library are under it. Its value: kind.
_COUNTS = (
    "SELECT name, count(sticker.id) FROM label LEFT JOIN labelled ON labelled.label = number"
    " LEFT JOIN sticker ON sticker.id = labelled.sticker WHERE kind = ? GROUP BY number"
)

_OF = "label IN (SELECT number FROM label WHERE kind = ? AND name = ?)"


class Labelling:
    """The part of Library that knows collections and tags."""

    folder: Path
    _index: Index

    def labels(self, kind: Kind) -> dict[Label, int]:
        """Every collection, or every tag, by name, with how many stickers it holds."""
        rows: list[tuple[str, int]] = self._index.rows(_COUNTS, (kind,))
        rows.sort(key=lambda row: (row[0].casefold(), row[0]))
        return {Label(kind, name): count for name, count in rows}

    def labels_of(self, sticker_id: str) -> list[Label]:
        """The collections a sticker is in and its tags, by name."""
        rows = self._index.rows(_OF_STICKER, (sticker_id,))
        return [Label(kind, name) for kind, name in rows]

    def put(self, label: Label, sticker_ids: Sequence[str]) -> None:
        """Put stickers into a collection or give them a tag; it is made where it is new.

        Raises:
            BadInputError: the name cannot be used.
        """
        label = Label(label.kind, collections.checked_name(label.name))
        if not sticker_ids:
            self._label(Change("make", label.kind, label.name))
        self._label_many("put", label, sticker_ids)

    def take(self, label: Label, sticker_ids: Sequence[str]) -> None:
        """Take stickers out of a collection, or a tag from them."""
        self._label_many("take", label, sticker_ids)

    def rename(self, label: Label, name: str) -> Label:
        """Give a collection or tag another name; where that exists already the two become one.

        Raises:
            BadInputError: the name cannot be used.
        """
        renamed = Label(label.kind, collections.checked_name(name))
        if renamed != label:
            self._label(Change("rename", label.kind, label.name, to=renamed.name))
        return renamed

    def drop(self, label: Label) -> None:
        """Give up a collection or tag. Its stickers stay where they are."""
        self._label(Change("drop", label.kind, label.name))

    def _label_many(self, deed: Deed, label: Label, ids: Sequence[str]) -> None:
        for start in range(0, len(ids), _AT_ONCE):
            some = tuple(ids[start : start + _AT_ONCE])
            self._label(Change(deed, label.kind, label.name, some))

    def _label(self, change: Change) -> None:
        path = self.folder / collections.FILE

        def write(index: sqlite3.Connection) -> None:
            with disk_errors(path):
                end = collections.append(path, change)
            apply(index, change)
            index.execute("UPDATE journal SET labels_bytes = ?", (end,))

        self._index.write(write)


def tags_of(connection: sqlite3.Connection, sticker_id: str) -> str:
    """The tags of a sticker as the search looks for them."""
    rows = connection.execute(
        "SELECT name FROM labelled JOIN label ON number = labelled.label"
        " WHERE sticker = ? AND kind = 'tag' ORDER BY name",
        (sticker_id,),
    )
    return fold("\n".join(name for (name,) in rows))


def apply(connection: sqlite3.Connection, change: Change) -> None:
    """Bring one change of the journal into the index."""
    label = Label(change.kind, change.name)
    if change.deed in ("put", "make"):
        _put(connection, _number(connection, label), change.ids)
        touched: Iterable[str] = change.ids
    elif change.deed == "take":
        connection.executemany(
            f"DELETE FROM labelled WHERE {_OF} AND sticker = ?",
            [(change.kind, change.name, sticker_id) for sticker_id in change.ids],
        )
        touched = change.ids
    else:
        touched = _members(connection, label)
        _remove(connection, label)
        if change.deed == "rename":
            _put(connection, _number(connection, Label(change.kind, change.to)), touched)
    if change.kind == "tag":
        connection.executemany(
            "UPDATE sticker SET tags = ? WHERE id = ?",
            [(tags_of(connection, sticker_id), sticker_id) for sticker_id in touched],
        )


def clear(connection: sqlite3.Connection) -> None:
    """Forget every label."""
    connection.execute("DELETE FROM labelled")
    connection.execute("DELETE FROM label")
    connection.execute("UPDATE sticker SET tags = '' WHERE tags <> ''")


def _number(connection: sqlite3.Connection, label: Label) -> int:
    """The label's number; it is made where it is new."""
    values = (label.kind, label.name)
    connection.execute("INSERT OR IGNORE INTO label(kind, name) VALUES (?, ?)", values)
    row = connection.execute("SELECT number FROM label WHERE kind = ? AND name = ?", values)
    return int(row.fetchone()[0])


def _put(connection: sqlite3.Connection, number: int, ids: Iterable[str]) -> None:
    last = connection.execute(
        "SELECT coalesce(max(place), 0) FROM labelled WHERE label = ?", (number,)
    ).fetchone()[0]
    connection.executemany(
        "INSERT OR IGNORE INTO labelled VALUES (?, ?, ?)",
        [(number, sticker_id, place) for place, sticker_id in enumerate(ids, last + 1)],
    )


def _members(connection: sqlite3.Connection, label: Label) -> list[str]:
    rows = connection.execute(f"{MEMBERS} ORDER BY place", (label.kind, label.name))
    return [sticker_id for (sticker_id,) in rows]


def _remove(connection: sqlite3.Connection, label: Label) -> None:
    values = (label.kind, label.name)
    connection.execute(f"DELETE FROM labelled WHERE {_OF}", values)
    connection.execute("DELETE FROM label WHERE kind = ? AND name = ?", values)
