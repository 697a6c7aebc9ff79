"""The library's trash as something to look at: files beside the index, read one by one."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from stickerstudio.core.errors import NotFoundError, disk_errors
from stickerstudio.core.library_png import read_facts
from stickerstudio.core.sticker import Sticker


def ids(folder: Path) -> list[str]:
    """The ids of the stickers there, those deleted last first. Raises DiskError."""
    found: list[tuple[int, str]] = []
    with suppress(NotFoundError), disk_errors(folder), os.scandir(folder) as entries:
        for entry in entries:
            if entry.name.endswith(".png") and not entry.name.startswith("."):
                with suppress(FileNotFoundError):  # another window has just restored it
                    # `Library.delete` sets the file's time to the moment of deletion.
                    found.append((entry.stat().st_mtime_ns, entry.name.removesuffix(".png")))
    return [sticker_id for _, sticker_id in sorted(found, reverse=True)]


def read(folder: Path, sticker_id: str) -> Sticker:
    """The sticker there by its id.

    Raises:
        NotFoundError: it is not there, or not any more.
        BadFileError, DiskError: it cannot be read.
    """
    path = folder / f"{Path(sticker_id).name}.png"
    facts = read_facts(path)
    with disk_errors(path):
        created = path.stat().st_mtime if facts.created is None else facts.created
    return Sticker(
        sticker_id, path, facts.recipe, facts.width, facts.height, created, facts.seconds
    )
