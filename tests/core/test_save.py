"""Copies for the world outside: same pixels, no metadata, nothing overwritten, names for all."""

from __future__ import annotations

import os
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from stickerstudio.core.errors import BadFileError, DiskError, NotFoundError
from stickerstudio.core.library import Library, read_recipe
from stickerstudio.core.recipe import Recipe
from stickerstudio.core.save import CopyFormat, safe_name, save_copy, suggested_name
from stickerstudio.core.sticker import Sticker
from tests.core.disks import FullDisk, read_only
from tests.core.stickers import add, picture


@pytest.fixture
def sticker(tmp_path: Path) -> Iterator[Sticker]:
    with Library(tmp_path / "library") as library:
        yield add(library, "I love you, 水獺 ❤️", seed=424242)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "saved"
    folder.mkdir()
    return folder


@pytest.mark.parametrize("format", ["png", "webp"])
def test_a_copy_has_the_pixels_and_no_metadata(
    sticker: Sticker, folder: Path, format: CopyFormat
) -> None:
    copy = save_copy(sticker, folder, format)

    assert copy == folder / f"I love you, 水獺 ❤️.{format}"
    with Image.open(copy) as image:
        assert image.format == format.upper()
        assert image.mode == "RGBA"
        assert image.convert("RGBA").tobytes() == picture().tobytes()
        assert not image.getexif()
        assert image.info.keys() <= {"loop", "background", "timestamp", "duration"}
    data = copy.read_bytes()
    for secret in (b"424242", b"stickerstudio", b"pixel-art", b"EXIF", b"XMP ", b"iTXt", b"tIME"):
        assert secret not in data
    assert read_recipe(copy) is None


@pytest.mark.parametrize("format", ["png", "webp"])
def test_the_same_sticker_gives_the_same_bytes(
    sticker: Sticker, folder: Path, format: CopyFormat, tmp_path: Path
) -> None:
    with Library(tmp_path / "other") as library:
        again = add(library, sticker.recipe.prompt, seed=424242)

    one, two = (save_copy(each, folder, format) for each in (sticker, again))

    assert one != two
    assert one.read_bytes() == two.read_bytes()


def test_nothing_is_overwritten(sticker: Sticker, folder: Path) -> None:
    (folder / "otter.png").write_text("mine")
    (folder / "otter (3).png").mkdir()

    copies = [save_copy(sticker, folder / "otter.png", "png").name for _ in range(3)]

    assert copies == ["otter (2).png", "otter (4).png", "otter (5).png"]
    assert (folder / "otter.png").read_text() == "mine"


@pytest.mark.parametrize(
    ("asked", "format", "given"),
    [
        ("otter", "png", "otter.png"),
        ("otter.PNG", "png", "otter.png"),
        ("otter.png", "webp", "otter.webp"),
        ("otter v1.5", "png", "otter v1.5.png"),
        (".png", "png", ".png.png"),
    ],
)
def test_the_extension_follows_the_format(
    sticker: Sticker, folder: Path, asked: str, format: CopyFormat, given: str
) -> None:
    assert save_copy(sticker, folder / asked, format) == folder / given


def test_a_full_disk_leaves_nothing_half_written(
    sticker: Sticker, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    FullDisk(monkeypatch).room = 20

    with pytest.raises(DiskError, match="The disk is full"):
        save_copy(sticker, folder, "png")

    assert list(folder.iterdir()) == []


def test_a_folder_that_may_not_be_written_is_a_sentence(sticker: Sticker, folder: Path) -> None:
    data = sticker.path.read_bytes()
    with read_only(folder), pytest.raises(DiskError, match="no permission"):
        save_copy(sticker, folder, "webp")
    assert sticker.path.read_bytes() == data


def test_a_missing_folder_or_sticker_is_a_sentence(sticker: Sticker, folder: Path) -> None:
    with pytest.raises(NotFoundError):
        save_copy(sticker, folder / "missing" / "otter.png", "png")
    with pytest.raises(NotFoundError):
        save_copy(replace(sticker, path=folder / "gone.png"), folder, "png")


def test_a_damaged_sticker_is_a_sentence(sticker: Sticker, folder: Path) -> None:
    os.truncate(sticker.path, sticker.path.stat().st_size - 40)

    with pytest.raises(BadFileError, match="cannot be read as a picture"):
        save_copy(sticker, folder, "png")

    assert list(folder.iterdir()) == []


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("happy otter", "happy otter"),
        ("一隻水獺 🦦", "一隻水獺 🦦"),
        ("مرحبا", "مرحبا"),
        ('a/b\\c:d*e?f"g<h>i|j', "a b c d e f g h i j"),
        ("  .hidden.  ", "hidden"),
        ("line\nbreak\tand\0nul", "line break and nul"),
        ("\u202egnp.exe", "gnp.exe"),
        ("e\u0301", "é"),
        ("", "sticker"),
        ("...", "sticker"),
        ("\u200d\ufe0f", "sticker"),
        ("?!", "sticker"),
        ("con", "sticker con"),
        ("LPT1.txt", "sticker LPT1.txt"),
        ("Com²", "sticker Com²"),
        ("console", "console"),
        ("100% love", "100% love"),
    ],
)
def test_names(text: str, name: str) -> None:
    assert safe_name(text) == name


@pytest.mark.parametrize(
    "whole", ["👨‍👩‍👧‍👦", "👍🏽", "🇹🇼", "1️⃣", "❤️‍🔥", "水", "e\u0301\u0302\u0303", "กี"]
)
def test_long_names_are_cut_between_characters_a_reader_sees(whole: str) -> None:
    for start in ("", "x", "xy", "xyz"):
        name = safe_name(start + whole * 100)

        seen = unicodedata.normalize("NFC", whole)
        assert 100 - len(seen.encode()) - 3 <= len(name.encode()) <= 100
        assert name == start + seen * ((len(name) - len(start)) // len(seen))


@settings(max_examples=500, deadline=None)
@given(st.text(max_size=300))
def test_every_text_becomes_a_name_that_all_systems_take(text: str) -> None:
    name = safe_name(text)

    assert 1 <= len(name.encode()) <= 100
    assert not re.search(r'[<>:"/\\|?*\x00-\x1f\x7f]', name)
    assert name == name.strip(" .")
    assert not re.fullmatch(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", name.casefold())
    assert safe_name(name) == name
    assert not any(unicodedata.bidirectional(char) in {"RLO", "LRO", "RLI", "PDF"} for char in name)


def test_a_prompt_of_any_length_gives_a_file(sticker: Sticker, folder: Path) -> None:
    long = replace(sticker, recipe=Recipe("水獺🦦" * 2500))

    assert suggested_name(long).startswith("水獺🦦水獺")
    assert save_copy(long, folder, "png").exists()
