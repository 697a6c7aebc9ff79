"""Disks that are too small, and folders that may not be used."""

from __future__ import annotations

import errno
import os
import subprocess
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import pytest


@contextmanager
def tiny_disk(folder: Path, kilobytes: int) -> Generator[Path]:
    """A file system of that size, in memory; skips the test where none may be mounted."""
    folder.mkdir()
    options = ["-t", "tmpfs", "-o", f"size={kilobytes}k", "tmpfs", str(folder)]
    try:
        subprocess.run(["mount", *options], check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("mounting a file system needs root")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True, capture_output=True)


class FullDisk:
    """Makes os.write fail as on a full disk, once `room` bytes were written."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.room: int | None = None
        self._write = os.write
        monkeypatch.setattr(os, "write", self._limited)

    def _limited(self, descriptor: int, data: bytes) -> int:
        if self.room is None:
            return self._write(descriptor, data)
        if self.room == 0:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        written = self._write(descriptor, bytes(data[: self.room]))
        self.room -= written
        return written


@contextmanager
def unprivileged() -> Generator[None]:
    """Without root's right to pass over permissions; files made before belong to root still."""
    if not hasattr(os, "seteuid") or os.geteuid() != 0:
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


@contextmanager
def read_only(folder: Path) -> Generator[None]:
    """`folder` and all in it readable by everyone, and writable by nobody."""
    everything = [folder, *folder.rglob("*")]
    modes = {path: path.stat().st_mode for path in [*everything, *folder.parents]}
    try:
        for path in everything:
            path.chmod(0o555 if path.is_dir() else 0o444)
        for path in folder.parents:
            if path.stat().st_uid == os.geteuid():
                path.chmod(path.stat().st_mode | 0o055)
        with unprivileged():
            yield
    finally:
        for path, mode in modes.items():
            if path.exists() and path.stat().st_uid == os.geteuid():
                path.chmod(mode)
