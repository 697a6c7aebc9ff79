"""Collections and tags: what the user put together, in a file of its own.

`collections.jsonl` in the library's folder, one JSON object a line, only appended, like the marks
(library_marks). The index repeats it (library_labels) and can be filled from it again.
"""

from __future__ import annotations

import json
import unicodedata
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal, cast

from stickerstudio.core.errors import BadInputError
from stickerstudio.core.i18n import tr
from stickerstudio.core.library_marks import append_line

Kind = Literal["collection", "tag"]
Deed = Literal["put", "take", "make", "rename", "drop"]

FILE = "collections.jsonl"  # in the library's folder
MAX_NAME = 80  # characters; more does not fit a menu
_JOINERS = "\u200c\u200d\ufe0e\ufe0f"  # hold emoji and some scripts' words together


@dataclass(frozen=True, slots=True)
class Label:
    """A collection or a tag, by its name."""

    kind: Kind
    name: str


@dataclass(frozen=True, slots=True)
class Change:
    """One line of the journal.

    Attributes:
        deed: "put" `ids` under the label, making it at need; "take" them away; "make" it, empty;
            "rename" it to `to`, joining one of that name; "drop" it. Stickers themselves stay.
    """

    deed: Deed
    kind: Kind
    name: str
    ids: tuple[str, ...] = ()
    to: str = ""


def checked_name(name: str) -> str:
    """`name` as it is kept: composed, on one line, without what cannot be seen.

    Raises:
        BadInputError: nothing is left, or it is longer than MAX_NAME characters.
    """
    composed = unicodedata.normalize("NFC", name)
    visible = "".join(
        char if char in _JOINERS or not unicodedata.category(char).startswith("C") else " "
        for char in composed
    )
    plain = " ".join(visible.split()).lstrip("#").strip(f" {_JOINERS}")
    if not plain or len(plain) > MAX_NAME:
        why = (
            tr("It has {n} characters; {limit} is the most.", n=len(plain), limit=MAX_NAME)
            if plain
            else tr("There is nothing in it that can be seen.")
        )
        raise BadInputError(tr("This name cannot be used."), why, tr("Choose another name."))
    return plain


def append(path: Path, change: Change) -> int:
    """Write `change` to disk; returns the journal's new length. Raises OSError, changing nothing.

    The caller holds the index's write lock, which keeps other windows out.
    """
    return append_line(path, {key: value for key, value in asdict(change).items() if value})


def read(path: Path, start: int = 0) -> tuple[list[Change], int]:
    """The changes written after byte `start`, and where they end. Raises OSError.

    No journal means no changes. What this version does not understand is passed over.
    """
    try:
        with path.open("rb") as file:
            file.seek(start)
            data = file.read()
    except FileNotFoundError:
        return [], 0
    changes = [change for line in data.splitlines() if (change := _read_line(line))]
    return changes, start + len(data)


def _read_line(line: bytes) -> Change | None:
    try:
        entry: Any = json.loads(line)
    except (ValueError, RecursionError):
        return None  # torn by a power cut
    match entry:
        case {
            "deed": "put" | "take" | "make" | "rename" | "drop" as deed,
            "kind": "collection" | "tag" as kind,
            "name": str(name),
        }:
            rest = cast("dict[str, object]", entry)
            ids, to = rest.get("ids", []), rest.get("to", "")
        case _:
            return None
    if (
        not name
        or not isinstance(ids, list)
        or not isinstance(to, str)
        or (deed == "rename") > bool(to)
    ):
        return None
    known = tuple(item for item in cast("list[object]", ids) if isinstance(item, str))
    return Change(deed, kind, name, known, to)
