"""A folder of files that is either whole or not there, and takes the place of its older self."""

from __future__ import annotations

import json
import re
import shutil
import time
import uuid
from contextlib import suppress
from itertools import count
from pathlib import Path
from typing import Any, cast

from stickerstudio.core.atomic import STALE_SECONDS, sync_folder, write_bytes_atomic
from stickerstudio.core.errors import disk_errors
from stickerstudio.packs.layouts import EMOJI
from stickerstudio.packs.platform import Files

_MAX_LIST = 1_000_000  # bytes of emoji.txt; that of 200 stickers has 10 kB
_NEW, _OLD = ".sticker-new", ".sticker-old"


def replace_folder(target: Path, name: str, files: Files) -> Path:
    """Write `files` as the folder `target`/`name`; returns where it is.

    A folder of that name is replaced if it holds nothing but such files: their names may differ in
    their numbers, and as the list beside them says. Else the new one is called "name (2)", and so
    on. Until everything is on disk, what was there stays as it was, and where a crash fell between
    two renames, the next call puts it back.

    Raises:
        DiskError, NotFoundError: nothing half-written is left, and the old folder is whole.
    """
    with disk_errors(target):
        target.mkdir(parents=True, exist_ok=True)
        _recover(target)
        place = _place(target, name, files)
        temp = target / f".{uuid.uuid4().hex}{_NEW}"
        try:
            for relative, data in files.items():
                file = temp / relative
                file.parent.mkdir(parents=True, exist_ok=True)
                write_bytes_atomic(file, data)
            _swap(temp, place)
        except BaseException:
            shutil.rmtree(temp, ignore_errors=True)
            raise
        sync_folder(target)
    return place


def _swap(temp: Path, place: Path) -> None:
    old = place.with_name(f".{place.name}{_OLD}")
    if not place.exists():
        temp.rename(place)
        return
    place.rename(old)
    try:
        temp.rename(place)
    except BaseException:
        old.rename(place)
        raise
    shutil.rmtree(old, ignore_errors=True)


def _recover(target: Path) -> None:
    """Put right what a killed program left: an old folder without its successor, stale rests."""
    for item in target.iterdir():
        if item.name.startswith(".") and item.name.endswith(_OLD) and item.is_dir():
            place = item.with_name(item.name[1 : -len(_OLD)])
            if place.exists():
                shutil.rmtree(item, ignore_errors=True)
            else:
                item.rename(place)
        elif item.name.startswith(".") and item.name.endswith(_NEW) and item.is_dir():
            with suppress(OSError):
                _remove_stale(item)


def _remove_stale(folder: Path) -> None:
    """Another window may be at a young one."""
    if time.time() - folder.stat().st_mtime > STALE_SECONDS:
        shutil.rmtree(folder, ignore_errors=True)


def _place(target: Path, name: str, files: Files) -> Path:
    wanted = _shapes(files)
    for number in count(1):
        place = target / (name if number == 1 else f"{name} ({number})")
        if not place.exists() and not place.is_symlink():
            return place
        if place.is_dir() and not place.is_symlink() and _shapes(_below(place)) <= wanted:
            return place
    raise RuntimeError("counting has ended")


def _below(folder: Path) -> Files:
    """The files in `folder`, all but the lists without what is in them."""
    return {
        item.relative_to(folder).as_posix(): item.read_bytes()
        if item.name == EMOJI and item.is_file() and item.stat().st_size < _MAX_LIST
        else b""
        for item in folder.rglob("*")
        if item.is_symlink() or not item.is_dir()
    }


def _shapes(files: Files) -> set[str]:
    """The names without what changes from one export of a pack to the next.

    These are numbers, and the whole names of pictures that the list beside them names.
    """
    listed = {
        f"{name.removesuffix(EMOJI)}{stem}"
        for name, data in files.items()
        if name.rpartition("/")[2] == EMOJI
        for stem in _stems(data)
    }
    found: set[str] = set()
    for name in files:
        stem, dot, ending = name.rpartition(".")
        if stem in listed:
            name = f"{stem.rpartition('/')[0]}/*{dot}{ending}"
        found.add(re.sub("[0-9]+", "0", name))
    return found


def _stems(data: bytes) -> set[str]:
    try:
        listed: Any = json.loads(data)
    except (ValueError, RecursionError):
        return set()
    return set(map(str, cast("dict[str, Any]", listed))) if isinstance(listed, dict) else set()
