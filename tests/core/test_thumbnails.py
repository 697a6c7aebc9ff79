"""Thumbnails: small, made once, and never the reason that something fails."""

from __future__ import annotations

import io
import os
import struct
import zlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image, ImageFile

from stickerstudio.core import thumbnails
from stickerstudio.core.errors import BadFileError, NotFoundError
from stickerstudio.core.library import Library
from stickerstudio.core.recipe import Recipe
from stickerstudio.core.sticker import Sticker
from stickerstudio.core.thumbnails import thumbnail
from tests.core.disks import FullDisk
from tests.core.stickers import picture


@pytest.fixture
def sticker(tmp_path: Path) -> Iterator[Sticker]:
    with Library(tmp_path / "library") as library:
        image = picture((300, 200))
        yield library.add(image, Recipe("otter"), 0)


def _open(data: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(data))
    image.load()
    return image


def test_the_thumbnail_fits_and_keeps_proportions_and_alpha(
    sticker: Sticker, tmp_path: Path
) -> None:
    image = _open(thumbnail(sticker, 96, tmp_path / "cache"))

    assert image.size == (96, 64)
    assert image.getpixel((0, 0)) != image.getpixel((95, 63))
    assert image.getchannel("A").getextrema() != (255, 255)


def test_small_stickers_are_not_enlarged(sticker: Sticker, tmp_path: Path) -> None:
    assert _open(thumbnail(sticker, 1000, tmp_path / "cache")).size == (300, 200)


def test_the_second_time_it_comes_from_the_cache(
    sticker: Sticker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = thumbnail(sticker, 96, tmp_path / "cache")
    monkeypatch.delattr(thumbnails, "_make")

    assert thumbnail(sticker, 96, tmp_path / "cache") == first


def test_another_size_or_a_changed_picture_is_made_anew(sticker: Sticker, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    first = thumbnail(sticker, 96, cache)

    assert _open(thumbnail(sticker, 48, cache)).size == (48, 32)
    Image.new("RGBA", (100, 100), "red").save(sticker.path)
    assert _open(thumbnail(sticker, 96, cache)).size == (96, 96)
    assert _open(first).size == (96, 64)


def test_a_torn_cache_file_is_made_anew(sticker: Sticker, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    whole = thumbnail(sticker, 96, cache)
    (file,) = cache.rglob("*.png")
    file.write_bytes(whole[:50])

    assert thumbnail(sticker, 96, cache) == whole
    assert file.read_bytes() == whole


def test_a_cache_that_cannot_be_written_is_no_matter(
    sticker: Sticker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    in_the_way = tmp_path / "file"
    in_the_way.touch()

    assert _open(thumbnail(sticker, 96, in_the_way)).size == (96, 64)
    FullDisk(monkeypatch).room = 10
    assert _open(thumbnail(sticker, 96, tmp_path / "cache")).size == (96, 64)


@pytest.mark.parametrize("side", [9_000, 10_000, 20_000])
def test_a_hundred_megapixels_are_refused_before_they_are_decoded(
    sticker: Sticker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, side: int
) -> None:
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 90_000_000)
    header = struct.pack(">4sIIBBBBB", b"IHDR", side, side, 8, 6, 0, 0, 0)
    data = bytearray(sticker.path.read_bytes())
    data[12:33] = header + struct.pack(">I", zlib.crc32(header))
    sticker.path.write_bytes(data)
    monkeypatch.delattr(ImageFile.ImageFile, "load")

    with pytest.raises(BadFileError, match="too large"):
        thumbnail(sticker, 96, tmp_path / "cache")


@pytest.mark.parametrize("data", [b"", b"GIF89a", b"\x89PNG\r\n\x1a\n", b"x" * 1000])
def test_a_damaged_sticker_is_a_sentence(sticker: Sticker, tmp_path: Path, data: bytes) -> None:
    sticker.path.write_bytes(data)

    with pytest.raises(BadFileError, match=sticker.id):
        thumbnail(sticker, 96, tmp_path / "cache")


def test_every_way_of_cutting_a_sticker_short_is_a_sentence(
    sticker: Sticker, tmp_path: Path
) -> None:
    data = sticker.path.read_bytes()
    for length in range(0, len(data) - 16, max(1, len(data) // 60)):
        sticker.path.write_bytes(data[:length])
        with pytest.raises(BadFileError):
            thumbnail(sticker, 96, tmp_path / "cache")


def test_a_missing_sticker_is_a_sentence(sticker: Sticker, tmp_path: Path) -> None:
    with pytest.raises(NotFoundError):
        thumbnail(replace(sticker, path=tmp_path / "gone.png"), 96, tmp_path / "cache")


def test_trim_removes_the_old_ones(sticker: Sticker, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    thumbnail(sticker, 96, cache)
    (old,) = cache.rglob("*.png")
    os.utime(old, (1e9, 1e9))
    thumbnail(sticker, 48, cache)

    assert thumbnails.trim(cache, 3600) == 1
    assert not old.exists()
    assert len(list(cache.rglob("*.png"))) == 1
    assert thumbnails.trim(tmp_path / "missing", 3600) == 0
