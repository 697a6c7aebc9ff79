"""The library in foul weather: a sentence, and nothing lost."""

from __future__ import annotations

import os
import random
import shutil
import sqlite3
import struct
import time
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from stickerstudio.core.errors import DiskError, NotFoundError
from stickerstudio.core.library import Library, read_recipe
from stickerstudio.core.library_index import Index
from stickerstudio.core.recipe import Recipe
from tests.core.disks import FullDisk, read_only, tiny_disk
from tests.core.stickers import PROMPTS, add, indexes, picture


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def _huge(recipe: Recipe, width: int, height: int) -> bytes:
    """A PNG that says it is that large, with a recipe inside and hardly any pixels."""
    text = b"stickerstudio:recipe\0\0\0\0\0" + recipe.to_json().encode()
    header = struct.pack(">IIBBBBB", width, height, 8, 6, 0, 0, 0)
    chunks = [(b"IHDR", header), (b"iTXt", text), (b"IDAT", zlib.compress(b"\0" * 99))]
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(*each) for each in [*chunks, (b"IEND", b"")])


# --- the index ---


def _zeros(index: Path) -> None:
    index.write_bytes(bytes(index.stat().st_size))


def _empty(index: Path) -> None:
    index.write_bytes(b"")


def _half(index: Path) -> None:
    os.truncate(index, index.stat().st_size // 2)


def _text(index: Path) -> None:
    index.write_text("this is not a database\n" * 4000)


def _garbage_pages(index: Path) -> None:
    data = bytearray(index.read_bytes())
    data[4096:] = random.Random(1).randbytes(len(data) - 4096)
    index.write_bytes(data)


def _sql(*statements: str) -> Callable[[Path], None]:
    def change(index: Path) -> None:
        connection = sqlite3.connect(index)
        for statement in statements:
            connection.execute(statement)
        connection.commit()
        connection.close()

    return change


_DAMAGES = {
    "zeros": _zeros,
    "empty": _empty,
    "half": _half,
    "text": _text,
    "garbage pages": _garbage_pages,
    "newer format": _sql("PRAGMA user_version = 999"),
    "older format": _sql("PRAGMA user_version = 0"),
    "missing table": _sql("DROP TABLE recipe"),
    "missing column": _sql("ALTER TABLE sticker RENAME COLUMN id TO name"),
}


@pytest.mark.parametrize("damage", _DAMAGES.values(), ids=_DAMAGES.keys())
def test_a_damaged_index_is_made_anew_at_open(
    tmp_path: Path, damage: Callable[[Path], None]
) -> None:
    with Library(tmp_path) as library:
        stickers = [add(library, prompt) for prompt in PROMPTS]
        library.set_favourite([stickers[2].id], True)
        before = library.search()
    damage(indexes(tmp_path)[0])

    with Library(tmp_path) as library:
        assert library.search() == before
        assert library.ids("水獺") == [stickers[1].id]
        assert library.search(favourites=True) == [library.get(stickers[2].id)]
        assert add(library, "one more").id == library.ids()[0]
        assert library.count() == 5
    assert len([file for file in indexes(tmp_path) if file.suffix == ".sqlite"]) == 1


@pytest.mark.parametrize("name", ["text", "garbage pages", "missing table"])
def test_an_index_damaged_while_it_is_open_is_made_anew(tmp_path: Path, name: str) -> None:
    with Library(tmp_path) as first:
        stickers = [add(first, prompt) for prompt in PROMPTS]
    with Library(tmp_path) as library, Library(tmp_path) as other:
        _DAMAGES[name](indexes(tmp_path)[0])

        assert [library.get(sticker.id) for sticker in stickers] == stickers
        new = add(library, "new")
        assert library.ids() == [new.id, *(sticker.id for sticker in stickers[::-1])]
        assert other.get(new.id) == new  # the other window moves on with us
        newer = add(other, "newer")
        assert library.ids("new") == [newer.id, new.id]


def test_an_index_that_is_deleted_under_an_open_window_is_made_anew(tmp_path: Path) -> None:
    with Library(tmp_path) as library:
        sticker = add(library)
        for file in indexes(tmp_path):
            file.unlink()

        assert library.search() == [sticker]
        assert add(library, "next").id in library.ids()


def test_the_index_of_another_program_version_is_left_alone(tmp_path: Path) -> None:
    theirs = tmp_path / "index-9.1.sqlite"
    theirs.write_bytes(b"of a program yet to come")

    with Library(tmp_path) as library:
        add(library)

    assert theirs.read_bytes() == b"of a program yet to come"


# --- the files ---


def test_damaged_files_among_good_ones_cost_only_themselves(tmp_path: Path) -> None:
    with Library(tmp_path) as library:
        stickers = [add(library, prompt) for prompt in PROMPTS]
        month = stickers[0].path.parent
        whole = stickers[0].path.read_bytes()
    bad = {
        "cut.png": whole[: len(whole) // 2],
        "cut in the text.png": whole[:80],
        "empty.png": b"",
        "text.png": b"not a picture",
        "flipped.png": whole.replace(b"otter", b"OTTER"),
        "no recipe.png": b"".join(whole.partition(b"IEND")[1:]),
        "lying length.png": whole[:8] + b"\xff\xff\xff\xff" + whole[12:],
        "bad recipe.png": _huge(Recipe("x"), 4, 4).replace(b'"seed": 0', b'"seed": -'),
    }
    for name, data in bad.items():
        (month / name).write_bytes(data)
    picture().save(month / "foreign.png")
    (month / "folder.png").mkdir()
    (month / "notes.txt").write_text("mine")

    with Library(tmp_path) as library:
        assert library.rebuild() == 4
        assert library.search() == stickers[::-1]
        skipped = {item.path.name: item.reason for item in library.skipped()}
        assert skipped.keys() == {*bad, "foreign.png"}
        assert all(name in reason for name, reason in skipped.items())
        assert "damaged" in skipped["flipped.png"]
        assert "ends too soon" in skipped["cut.png"]
        assert "not a sticker" in skipped["foreign.png"]
    assert {name: (month / name).read_bytes() for name in bad} == bad


def test_a_file_that_was_repaired_is_taken_up(tmp_path: Path) -> None:
    with Library(tmp_path) as library:
        sticker = add(library)
    whole = sticker.path.read_bytes()
    sticker.path.unlink()
    damaged = sticker.path.with_name("again.png")
    damaged.write_bytes(whole[:-20])
    with Library(tmp_path) as library:
        assert library.search() == []
        assert len(library.skipped()) == 1

    damaged.write_bytes(whole)

    with Library(tmp_path) as library:
        assert library.ids() == ["again"]
        assert library.skipped() == []


def test_a_sticker_that_lies_there_twice_is_shown_once(tmp_path: Path) -> None:
    with Library(tmp_path) as library:
        sticker = add(library)
    copy = tmp_path / "2001-01" / sticker.path.name
    copy.parent.mkdir()
    shutil.copy(sticker.path, copy)

    with Library(tmp_path) as library:
        assert library.ids() == [sticker.id]
        assert [item.path for item in library.skipped()] == [copy]
        assert library.rebuild() == 1
    assert copy.exists()
    assert sticker.path.exists()


def test_a_hundred_megapixels_cost_no_memory_at_rebuild(tmp_path: Path) -> None:
    month = tmp_path / "2026-11"
    month.mkdir()
    (month / "huge.png").write_bytes(_huge(Recipe("huge"), 10_000, 10_000))

    with Library(tmp_path) as library:
        huge = library.get("huge")

    assert (huge.width, huge.height, huge.recipe.prompt) == (10_000, 10_000, "huge")


def test_a_picture_full_of_text_is_not_read_into_memory(tmp_path: Path) -> None:
    bomb = b"stickerstudio:recipe\0\1\0\0\0" + zlib.compress(bytes(20_000_000))
    data = _huge(Recipe("x"), 4, 4)
    file = tmp_path / "bomb.png"
    file.write_bytes(data[:33] + _chunk(b"iTXt", bomb) + data[33:])

    assert read_recipe(file) == Recipe("x")


def test_torn_and_strange_lines_among_the_marks_cost_only_themselves(tmp_path: Path) -> None:
    marks = tmp_path / "marks.jsonl"
    with Library(tmp_path) as library:
        first, second, third = add(library, "1"), add(library, "2"), add(library, "3")
        library.set_favourite([first.id], True)
        with marks.open("ab") as file:
            file.write(b'[1]\n{"favourite": 3, "ids": []}\n{"tags": ["x"], "ids": ["y"]}\n\xff\n')
            file.write(b'{"favourite": true, "ids": [7]}\n{"favourite": true, "ids": ["')
        library.set_favourite([second.id], True)
        library.set_favourite([third.id], True)
        library.rebuild()
        assert library.ids(favourites=True) == [third.id, second.id, first.id]


def test_marks_made_without_the_index_are_read_at_the_next_open(tmp_path: Path) -> None:
    """The index's last commits may be lost in a power cut; the journal is synced."""
    with Library(tmp_path) as library:
        first, second = add(library, "1"), add(library, "2")
        library.set_favourite([first.id], True)
    marks = tmp_path / "marks.jsonl"
    old = marks.read_text()
    marks.write_text(f'{old}{{"favourite": true, "ids": ["{second.id}"]}}\n')
    with Library(tmp_path) as library:
        assert library.ids(favourites=True) == [second.id, first.id]

    marks.unlink()

    with Library(tmp_path) as library:
        assert library.ids(favourites=True) == []


def test_unfinished_files_of_a_killed_program_are_swept_up(tmp_path: Path) -> None:
    with Library(tmp_path) as library:
        sticker = add(library)
    litter = [tmp_path / ".a.sticker-temp", sticker.path.parent / ".b.sticker-temp"]
    for file in litter:
        file.write_bytes(b"half a sticker")
    Library(tmp_path).close()
    assert all(file.exists() for file in litter)  # young: another window may be writing them

    for file in litter:
        an_hour_ago = time.time() - 3600
        os.utime(file, (an_hour_ago, an_hour_ago))
    Library(tmp_path).close()

    assert not any(file.exists() for file in litter)


# --- the disk ---


def test_a_full_disk_loses_nothing_and_says_so(tmp_path: Path) -> None:
    kept: list[str] = []
    rng = random.Random(3)

    def add_many(library: Library) -> None:
        for number in range(1000):
            noise = Image.frombytes("RGBA", (32, 32), rng.randbytes(4096))
            kept.append(library.add(noise, Recipe(f"otter {number}"), 0).id)

    def mark_many(library: Library) -> None:
        for number in range(1000):
            library.set_favourite([kept[number % len(kept)]] * 100, True)

    with tiny_disk(tmp_path / "disk", 6000) as disk:
        with Library(disk / "library") as library:
            trash = [add(library).id for _ in range(40)]
            library.delete(trash)
            with pytest.raises(DiskError, match="The disk is full"):
                add_many(library)
            assert library.ids() == kept[::-1]
            assert not list(disk.rglob(".*"))
            with pytest.raises(DiskError, match="The disk is full"):
                mark_many(library)

        with Library(disk / "library") as library:
            assert set(kept) <= set(library.ids())
            assert library.empty_trash() == 40
            library.delete(kept[:5])
            assert set(kept[5:]) <= set(library.ids())
            for sticker in library.search():
                with Image.open(sticker.path) as image:
                    image.load()


def test_what_cannot_be_noted_as_deleted_keeps_its_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = Index.write

    def write_on_a_full_disk(index: Index, change: Callable[[sqlite3.Connection], None]) -> None:
        def fail_at_the_end(connection: sqlite3.Connection) -> None:
            change(connection)
            raise DiskError("The disk is full.")

        write(index, fail_at_the_end)

    with Library(tmp_path) as library:
        stickers = [add(library, str(number)) for number in range(3)]
        with monkeypatch.context() as patch:
            patch.setattr(Index, "write", write_on_a_full_disk)
            with pytest.raises(DiskError):
                library.delete([sticker.id for sticker in stickers])

        assert library.search() == stickers[::-1]
        assert all(sticker.path.exists() for sticker in stickers)


@pytest.mark.parametrize("room", [0, 1, 100])
def test_a_disk_that_fills_in_the_middle_of_a_sticker(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, room: int
) -> None:
    disk = FullDisk(monkeypatch)
    with Library(tmp_path) as library:
        kept = add(library, "kept")
        disk.room = room
        with pytest.raises(DiskError, match="The disk is full"):
            add(library, "lost")
        assert library.search() == [kept]
        assert [file.name for file in kept.path.parent.iterdir()] == [kept.path.name]

        disk.room = None
        assert add(library, "after").id == library.ids()[0]


def test_a_disk_that_fills_in_the_middle_of_a_mark(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk = FullDisk(monkeypatch)
    with Library(tmp_path) as library:
        sticker = add(library)
        library.set_favourite([sticker.id], True)
        before = (tmp_path / "marks.jsonl").read_bytes()
        disk.room = 10
        with pytest.raises(DiskError, match="The disk is full"):
            library.set_favourite([sticker.id], False)
        assert (tmp_path / "marks.jsonl").read_bytes() == before
        assert library.get(sticker.id).favourite


def test_a_folder_without_permission_is_a_sentence(tmp_path: Path) -> None:
    folder = tmp_path / "library"
    with Library(folder) as library:
        sticker = add(library)
    with read_only(folder):
        with pytest.raises(DiskError, match="no permission"):
            Library(folder)
        with pytest.raises(DiskError, match="no permission"):
            Library(folder / "deeper")
    with Library(folder) as library:
        assert library.search() == [sticker]


def test_a_folder_that_loses_its_permission_while_open(tmp_path: Path) -> None:
    folder = tmp_path / "library"
    with Library(folder) as library:
        sticker = add(library)
        with read_only(folder):
            with pytest.raises(DiskError, match="no permission"):
                add(library, "next")
            with pytest.raises(DiskError, match="no permission"):
                library.delete([sticker.id])
            with pytest.raises(DiskError, match="no permission"):
                library.set_favourite([sticker.id], True)
        assert library.search() == [sticker]
        assert sticker.path.exists()


@pytest.mark.parametrize("below", ["", "deeper"])
def test_a_file_in_the_librarys_place_is_a_sentence(tmp_path: Path, below: str) -> None:
    (tmp_path / "library").write_text("mine")

    with pytest.raises(DiskError, match="is a file, not a folder"):
        Library(tmp_path / "library" / below)

    assert (tmp_path / "library").read_text() == "mine"


def test_a_file_in_the_months_place_is_a_sentence(tmp_path: Path) -> None:
    with Library(tmp_path) as library:
        sticker = add(library)
        shutil.rmtree(sticker.path.parent)
        sticker.path.parent.write_text("mine")

        with pytest.raises(DiskError):
            add(library)


def test_a_library_that_vanishes_is_a_sentence(tmp_path: Path) -> None:
    folder = tmp_path / "library"
    with Library(folder) as library:
        sticker = add(library)
        folder.rename(tmp_path / "elsewhere")

        with pytest.raises((NotFoundError, DiskError)):
            add(library)
        with pytest.raises((NotFoundError, DiskError)):
            library.search()
        assert not folder.exists()  # a disk that was unplugged is not written beside

        (tmp_path / "elsewhere").rename(folder)
        assert library.search() == [sticker]
        assert add(library, "next").id == library.ids()[0]


def test_a_picture_removed_by_hand_can_still_be_deleted(tmp_path: Path) -> None:
    with Library(tmp_path) as library:
        sticker = add(library)
        sticker.path.unlink()

        library.delete([sticker.id])

        assert library.search() == []
