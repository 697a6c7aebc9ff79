"""A folder of files that is either whole or not there, and takes the place of its older self."""

from __future__ import annotations

import re
import shutil
import time
import uuid
from contextlib import suppress
from itertools import count
from pathlib import Path

from stickerstudio.core.atomic import STALE_SECONDS, sync_folder, write_bytes_atomic
from stickerstudio.core.errors import disk_errors
from stickerstudio.packs.platform import Files

_NEW, _OLD = ".sticker-new", ".sticker-old"


def replace_folder(target: Path, name: str, files: Files) -> Path:
    """Write `files` as the folder `target`/`name`; returns where it is.

    A folder of that name is replaced if it holds nothing but such files (their names may differ in
    their numbers); else the new one is called "name (2)", and so on. Until everything is on disk,
    what was there stays as it was, and where a crash fell between two renames, the next call puts
    it back.

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
    wanted = {_shape(relative) for relative in files}
    for number in count(1):
        place = target / (name if number == 1 else f"{name} ({number})")
        if not place.exists() and not place.is_symlink():
            return place
        if place.is_dir() and not place.is_symlink() and _shapes(place) <= wanted:
            return place
    raise RuntimeError("counting has ended")


def _shapes(folder: Path) -> set[str]:
    return {
        _shape(item.relative_to(folder).as_posix())
        for item in folder.rglob("*")
        if item.is_symlink() or not item.is_dir()
    }


def _shape(relative: str) -> str:
    """A file's name without what changes from one export of a pack to the next."""
    return re.sub("[0-9]+", "0", relative)
