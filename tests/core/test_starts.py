"""Start pictures are kept under the digest of their bytes, and nothing else is taken for one."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from PIL import Image

from stickerstudio.core import starts
from stickerstudio.core.errors import BadFileError, BadInputError, DiskError, NotFoundError
from stickerstudio.core.recipe import MAX_SIDE, Recipe
from tests.core.disks import FullDisk


def picture(width: int = 40, height: int = 24) -> Image.Image:
    return Image.linear_gradient("L").resize((width, height)).convert("RGBA")


def test_a_picture_comes_back_pixel_for_pixel(tmp_path: Path) -> None:
    image = picture()
    image.putalpha(Image.radial_gradient("L").resize(image.size))

    digest = starts.keep(tmp_path, image)

    back = starts.load(tmp_path, digest)
    assert back.mode == "RGBA"
    assert back.tobytes() == image.tobytes()
    file = starts.path(tmp_path, digest)
    assert file == tmp_path / "starts" / f"{digest}.png"
    assert hashlib.sha256(file.read_bytes()).hexdigest() == digest
    assert Recipe("otter", start=digest).start == digest


def test_the_same_picture_is_kept_once(tmp_path: Path) -> None:
    first = starts.keep(tmp_path, picture())
    changed = starts.path(tmp_path, first).stat().st_mtime_ns

    assert starts.keep(tmp_path, picture()) == first
    assert starts.keep(tmp_path, picture(48)) != first
    assert starts.path(tmp_path, first).stat().st_mtime_ns == changed
    assert len(list((tmp_path / "starts").iterdir())) == 2


def test_a_damaged_copy_is_written_anew(tmp_path: Path) -> None:
    digest = starts.keep(tmp_path, picture())
    starts.path(tmp_path, digest).write_bytes(b"half")

    assert starts.keep(tmp_path, picture()) == digest
    assert starts.load(tmp_path, digest).size == (40, 24)


def test_a_photo_is_turned_upright_made_smaller_and_rid_of_what_it_says(tmp_path: Path) -> None:
    photo = Image.new("RGB", (6000, 3000), "red")
    exif = photo.getexif()
    exif[0x0112] = 6  # held sideways
    exif[0x010E] = "at home, 25.03 N 121.56 E"
    photo.save(tmp_path / "photo.jpg", exif=exif)

    with Image.open(tmp_path / "photo.jpg") as opened:
        digest = starts.keep(tmp_path, opened)

    assert starts.load(tmp_path, digest).size == (MAX_SIDE // 2, MAX_SIDE)
    assert b"at home" not in starts.path(tmp_path, digest).read_bytes()


def test_a_torn_photo_is_a_sentence(tmp_path: Path) -> None:
    torn = tmp_path / "torn.png"
    Image.effect_noise((64, 64), 90).save(torn)
    torn.write_bytes(torn.read_bytes()[:500])

    with Image.open(torn) as opened, pytest.raises(BadFileError, match="start from"):
        starts.keep(tmp_path, opened)
    assert not (tmp_path / "starts").exists()


@pytest.mark.parametrize(
    "digest", ["", "../trash/x", "a" * 63, "A" * 64, "a" * 64 + "/..", "a" * 64 + "\n", "é" * 64]
)
def test_what_is_no_digest_is_never_a_path(tmp_path: Path, digest: str) -> None:
    with pytest.raises(BadInputError):
        starts.path(tmp_path, digest)


def test_a_start_that_is_gone_or_was_changed_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError):
        starts.load(tmp_path, "0" * 64)
    digest = starts.keep(tmp_path, picture())
    picture(48).save(starts.path(tmp_path, digest))

    with pytest.raises(BadFileError, match="no longer"):
        starts.load(tmp_path, digest)


def test_a_full_disk_is_a_sentence_and_leaves_nothing_half(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    FullDisk(monkeypatch).room = 50

    with pytest.raises(DiskError, match="full"):
        starts.keep(tmp_path, picture())
    assert not any((tmp_path / "starts").iterdir())


def test_a_file_in_the_folders_place_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "starts").write_text("mine")

    with pytest.raises(DiskError):
        starts.keep(tmp_path, picture())
