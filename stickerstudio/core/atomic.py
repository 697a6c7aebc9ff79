"""Files that are either whole or not there: temp file, fsync, rename, fsync of the folder.

Every function raises OSError; callers word it with `core.errors.disk_errors`.
"""

from __future__ import annotations

import os
import time
import uuid
from contextlib import suppress
from pathlib import Path

_PREFIX, _SUFFIX = ".", ".sticker-temp"
STALE_SECONDS = 600.0  # a write takes well under a second: older ones were left by a killed program


def write_bytes_atomic(path: Path, data: bytes, *, durable: bool = True) -> None:
    """Write `data` to `path`; what was there before stays whole until the new file is on disk.

    Args:
        durable: wait until a power cut would not take it. A cache need not.
    """
    temp = _write_temp(path.parent, data, durable)
    try:
        temp.replace(path)
    except BaseException:
        temp.unlink(missing_ok=True)
        raise
    if durable:
        sync_folder(path.parent)


def write_text_atomic(path: Path, text: str) -> None:
    """Like `write_bytes_atomic`, as UTF-8 with the line ends that `text` has."""
    write_bytes_atomic(path, text.encode())


def write_bytes_new(path: Path, data: bytes) -> None:
    """Write `data` to `path` unless something is there: then FileExistsError, and nothing changes.

    Two programs that choose the same name at the same moment do not overwrite each other.
    """
    temp = _write_temp(path.parent, data, durable=True)
    try:
        try:
            path.hardlink_to(temp)
        except FileExistsError:
            raise
        except OSError:  # FAT and some network disks have no hard links: claim the name first
            path.touch(exist_ok=False)
            temp.replace(path)
    finally:
        temp.unlink(missing_ok=True)
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Make a rename in `folder` survive a power cut, where the system has a way to ask for it."""
    if os.name != "posix":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        with suppress(OSError):  # some network disks refuse it for folders; the file itself is safe
            os.fsync(descriptor)
    finally:
        os.close(descriptor)


def is_temp(name: str) -> bool:
    """Whether `name` is one that this module gives to unfinished files."""
    return name.startswith(_PREFIX) and name.endswith(_SUFFIX)


def remove_if_stale(temp: Path) -> bool:
    """Remove an unfinished file that no running program can still be writing; whether it is gone.

    Young ones may belong to another window and stay.
    """
    try:
        if time.time() - temp.stat().st_mtime < STALE_SECONDS:
            return False
        temp.unlink()
    except FileNotFoundError:
        return True
    except OSError:
        return False
    return True


def _write_temp(folder: Path, data: bytes, durable: bool) -> Path:
    temp = folder / f"{_PREFIX}{uuid.uuid4().hex}{_SUFFIX}"  # short: `path` may use the whole limit
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
    descriptor = os.open(temp, flags, 0o666)
    try:
        try:
            rest = memoryview(data)
            while rest:
                rest = rest[os.write(descriptor, rest) :]
            if durable:
                os.fsync(descriptor)
        finally:
            os.close(descriptor)
    except BaseException:
        temp.unlink(missing_ok=True)
        raise
    return temp
