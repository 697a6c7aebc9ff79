"""What the user marked, in a file of its own: `marks.jsonl`, one JSON object a line, only appended.

The index may be thrown away at any time, and rewriting a PNG to mark it would put the picture at
risk and cost a full write for each of a thousand selected stickers. A later line wins over an
earlier one; keys and lines that this version does not understand are passed over.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from stickerstudio.core.atomic import sync_folder


@dataclass(frozen=True, slots=True)
class Marks:
    """Marks read from a journal.

    Attributes:
        favourite: sticker id → whether it is a favourite, for every id that was ever marked.
        end: bytes of the journal that were read.
    """

    favourite: Mapping[str, bool]
    end: int


def read(path: Path, start: int = 0) -> Marks:
    """The marks written after byte `start`. No journal means no marks. Raises OSError."""
    try:
        with path.open("rb") as file:
            file.seek(start)
            data = file.read()
    except FileNotFoundError:
        return Marks({}, 0)
    favourite: dict[str, bool] = {}
    for line in data.splitlines():
        try:
            entry: Any = json.loads(line)
            marked: Any = entry["favourite"]
            ids = cast("list[object]", entry["ids"])
            if isinstance(marked, bool):
                favourite.update({item: marked for item in ids if isinstance(item, str)})
        except (ValueError, TypeError, KeyError, RecursionError):
            continue  # torn by a power cut, or of a newer version
    return Marks(favourite, start + len(data))


def append(path: Path, sticker_ids: Sequence[str], favourite: bool) -> int:
    """Write one change to disk; otherwise as `append_line`."""
    return append_line(path, {"favourite": favourite, "ids": list(sticker_ids)})


def append_line(path: Path, entry: Mapping[str, object]) -> int:
    """Write one line to disk; returns the journal's new length. Raises OSError, changing nothing.

    The caller holds the index's write lock, which keeps other windows out.
    """
    is_new = not path.exists()
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0), 0o666)
    try:
        length = os.lseek(descriptor, 0, os.SEEK_END)
        line = json.dumps(entry).encode() + b"\n"
        if length:
            os.lseek(descriptor, length - 1, os.SEEK_SET)
            if os.read(descriptor, 1) != b"\n":
                line = b"\n" + line  # the line before was torn: leave it behind
        try:
            rest = memoryview(line)
            while rest:
                rest = rest[os.write(descriptor, rest) :]
            os.fsync(descriptor)
        except OSError:
            os.ftruncate(descriptor, length)
            raise
    finally:
        os.close(descriptor)
    if is_new:
        sync_folder(path.parent)
    return length + len(line)


def size(path: Path) -> int:
    """Bytes in the journal; 0 where there is none. Raises OSError."""
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0
