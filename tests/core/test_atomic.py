"""Files are whole or not there."""

from __future__ import annotations

import os
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from stickerstudio.core import atomic
from tests.core.disks import FullDisk


def test_writes_and_replaces(tmp_path: Path) -> None:
    file = tmp_path / "settings.json"

    atomic.write_bytes_atomic(file, b"old")
    atomic.write_text_atomic(file, "新的\n")

    assert file.read_bytes() == "新的\n".encode()
    assert list(tmp_path.iterdir()) == [file]


@pytest.mark.parametrize("room", [0, 3])
def test_a_full_disk_leaves_the_old_file_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, room: int
) -> None:
    file = tmp_path / "settings.json"
    atomic.write_bytes_atomic(file, b"old and whole")
    FullDisk(monkeypatch).room = room

    with pytest.raises(OSError, match="No space"):
        atomic.write_bytes_atomic(file, b"new and longer than the room")

    assert file.read_bytes() == b"old and whole"
    assert list(tmp_path.iterdir()) == [file]


def test_a_rename_that_fails_leaves_nothing_behind(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()

    with pytest.raises(IsADirectoryError):
        atomic.write_bytes_atomic(tmp_path / "folder", b"data")

    assert list(tmp_path.iterdir()) == [tmp_path / "folder"]


def test_the_data_is_on_disk_before_the_name_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[str] = []
    fsync = os.fsync

    def watch(descriptor: int) -> None:
        synced.append("file" if os.fstat(descriptor).st_size == 4 else "folder")
        assert (tmp_path / "new").exists() == (len(synced) == 2)
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", watch)
    atomic.write_bytes_atomic(tmp_path / "new", b"data")

    assert synced == ["file", "folder"]


def test_a_new_file_never_replaces_another(tmp_path: Path) -> None:
    file = tmp_path / "otter.png"
    atomic.write_bytes_new(file, b"first")

    with pytest.raises(FileExistsError):
        atomic.write_bytes_new(file, b"second")

    assert file.read_bytes() == b"first"
    assert list(tmp_path.iterdir()) == [file]


def _no_links(*_args: object) -> None:
    raise OSError(1, "Operation not permitted")


def test_a_disk_without_hard_links_gets_new_files_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "link", _no_links)
    file = tmp_path / "otter.png"
    atomic.write_bytes_new(file, b"first")

    with pytest.raises(FileExistsError):
        atomic.write_bytes_new(file, b"second")

    assert file.read_bytes() == b"first"
    assert list(tmp_path.iterdir()) == [file]


def test_of_many_writers_of_one_new_name_one_wins(tmp_path: Path) -> None:
    def write(number: int) -> int | None:
        try:
            atomic.write_bytes_new(tmp_path / "name", bytes([number]) * 1000)
        except FileExistsError:
            return None
        return number

    with ThreadPoolExecutor(8) as pool:
        winners = [number for number in pool.map(write, range(8)) if number is not None]

    assert len(winners) == 1
    assert (tmp_path / "name").read_bytes() == bytes(winners) * 1000


def test_only_old_unfinished_files_are_removed(tmp_path: Path) -> None:
    temp = tmp_path / ".x.sticker-temp"
    temp.touch()

    assert atomic.is_temp(temp.name)
    assert not atomic.is_temp("otter.png")
    assert not atomic.remove_if_stale(temp)
    long_ago = time.time() - 2 * atomic.STALE_SECONDS
    os.utime(temp, (long_ago, long_ago))
    assert atomic.remove_if_stale(temp)
    assert atomic.remove_if_stale(temp)
    assert not temp.exists()
