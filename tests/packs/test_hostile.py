"""Archives and pictures that mean harm, or are merely broken: a sentence, and nothing written."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from pathlib import Path

import pytest
from PIL import Image

from stickerstudio.core.errors import BadFileError, NotFoundError
from stickerstudio.finish.animation import Animation
from stickerstudio.packs import archive, pictures
from stickerstudio.packs.pictures import read_picture
from stickerstudio.packs.reading import read_any
from tests.packs import make

PICTURE = (make.ART / "cat.webp").read_bytes()


def zipped(path: Path, *entries: tuple[str | zipfile.ZipInfo, bytes]) -> Path:
    """An archive with exactly these entries."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as target:
        for name, data in entries:
            target.writestr(name, data)
    return path


def saved(image: Image.Image, format: str, **settings: object) -> bytes:
    """As a file."""
    buffer = io.BytesIO()
    image.save(buffer, format, **settings)  # pyright: ignore[reportArgumentType]
    return buffer.getvalue()


@pytest.mark.parametrize(
    "name",
    [
        "../cat.webp",
        "/etc/cat.webp",
        "a/../../cat.webp",
        "C:\\cat.webp",
        "c:cat.webp",
        "a\x01.webp",
    ],
)
def test_names_that_lead_elsewhere_are_refused(name: str, tmp_path: Path) -> None:
    path = zipped(tmp_path / "pack.zip", (name, PICTURE))
    with pytest.raises(BadFileError, match="leads out of the archive"):
        read_any(path)
    assert list(tmp_path.iterdir()) == [path]


def test_a_link_is_refused(tmp_path: Path) -> None:
    link = zipfile.ZipInfo("cat.webp")
    link.external_attr = 0o120777 << 16
    path = zipped(tmp_path / "pack.zip", (link, b"/etc/passwd"))
    with pytest.raises(BadFileError, match="is a link"):
        read_any(path)


def test_links_in_a_folder_are_passed_over(tmp_path: Path) -> None:
    (tmp_path / "secret.webp").write_bytes(PICTURE)
    folder = tmp_path / "pack"
    folder.mkdir()
    (folder / "cat.webp").write_bytes(PICTURE)
    (folder / "link.webp").symlink_to(tmp_path / "secret.webp")
    (folder / "loop").symlink_to(folder, target_is_directory=True)
    assert [sticker.name for sticker in read_any(folder).stickers] == ["cat.webp"]


def test_two_names_that_differ_by_case_are_refused(tmp_path: Path) -> None:
    path = zipped(tmp_path / "pack.zip", ("Cat.webp", PICTURE), ("cat.WEBP", PICTURE))
    with pytest.raises(BadFileError, match="Two files"):
        read_any(path)


def test_a_bomb_stops_at_the_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "MAX_FILE", 1_000_000)
    path = zipped(tmp_path / "bomb.zip", ("cat.png", bytes(50_000_000)))
    assert path.stat().st_size < 100_000
    with pytest.raises(BadFileError, match="too large"):
        read_any(path)


def test_many_files_that_are_too_much_together(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archive, "MAX_TOTAL", 1_000_000)
    path = zipped(tmp_path / "bomb.zip", *((f"{n}.png", bytes(200_000)) for n in range(9)))
    with pytest.raises(BadFileError, match="too large"):
        read_any(path)


def test_too_many_files_are_refused(tmp_path: Path) -> None:
    entries = ((f"{n}.txt", b"") for n in range(archive.MAX_FILES + 1))
    with pytest.raises(BadFileError, match="too many files"):
        read_any(zipped(tmp_path / "pack.zip", *entries))


def test_an_encrypted_archive_is_refused(tmp_path: Path) -> None:
    path = zipped(tmp_path / "pack.zip", ("cat.webp", PICTURE))
    data = bytearray(path.read_bytes())
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.find(signature) + offset] |= 1
    path.write_bytes(data)
    with pytest.raises(BadFileError, match="encrypted"):
        read_any(path)


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9, 0.99])
def test_a_truncated_archive_is_a_sentence(share: float, tmp_path: Path) -> None:
    path = zipped(tmp_path / "pack.zip", ("cat.webp", PICTURE), ("dog.webp", PICTURE))
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * share)])
    with pytest.raises(BadFileError):
        read_any(path)


@pytest.mark.parametrize("method", [zipfile.ZIP_DEFLATED, zipfile.ZIP_LZMA])
def test_damaged_contents_are_a_sentence(method: int, tmp_path: Path) -> None:
    path = tmp_path / "pack.zip"
    with zipfile.ZipFile(path, "w", method) as target:
        target.writestr("cat.webp", PICTURE)
    data = bytearray(path.read_bytes())
    data[60] ^= 0xFF
    path.write_bytes(data)
    with pytest.raises(BadFileError, match="damaged"):
        read_any(path)


def test_what_cannot_be_read_is_named_and_the_rest_taken(tmp_path: Path) -> None:
    path = zipped(
        tmp_path / "pack.zip",
        ("cat.webp", PICTURE),
        ("empty.png", b""),
        ("torn.webp", PICTURE[:2000]),
        ("words.png", b"no picture"),
        ("notes.txt", b"hello"),
    )
    found = read_any(path)
    assert [sticker.name for sticker in found.stickers] == ["cat.webp"]
    assert len(found.problems) == 3
    assert all(any(name in p for p in found.problems) for name in ("empty", "torn", "words"))


def test_an_empty_folder_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="no stickers"):
        read_any(tmp_path)
    with pytest.raises(NotFoundError):
        read_any(tmp_path / "nowhere")


@pytest.mark.parametrize("contents", [b"[]", b'{"sticker_packs": 3}', b"\xff", b"[" * 100_000])
def test_a_list_that_is_none_does_no_harm(contents: bytes, tmp_path: Path) -> None:
    path = zipped(tmp_path / "pack.zip", ("contents.json", contents), ("cat.webp", PICTURE))
    assert len(read_any(path).stickers) == 1


def test_a_listed_name_is_looked_up_and_never_opened(tmp_path: Path) -> None:
    (tmp_path / "outside.webp").write_bytes(PICTURE)
    listing = (
        b'{"sticker_packs": [{"identifier": "a", "name": 5, "emojis": 1, "stickers":'
        b' [{"image_file": "../../outside.webp", "emojis": 7}, {"image_file": "in.webp"}]}]}'
    )
    path = zipped(tmp_path / "p.zip", ("contents.json", listing), ("a/in.webp", PICTURE))
    assert [sticker.name for sticker in read_any(path).stickers] == ["in.webp"]


def test_a_picture_of_100_megapixels_is_refused_before_it_is_read() -> None:
    rows = zlib.compress(bytes(10_000))
    head = struct.pack(">IIBBBBB", 10_000, 10_000, 8, 6, 0, 0, 0)

    def chunk(kind: bytes, data: bytes) -> bytes:
        checksum = struct.pack(">I", zlib.crc32(kind + data))
        return struct.pack(">I", len(data)) + kind + data + checksum

    data = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")
    with pytest.raises(BadFileError, match="too large"):
        read_picture(data, "huge.png")


def test_an_animation_that_would_fill_the_memory_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    frames = [Image.new("RGBA", (64, 64), (n, 0, 0, 255)) for n in range(20)]
    data = saved(frames[0], "PNG", save_all=True, append_images=frames[1:])
    monkeypatch.setattr(pictures, "MAX_ALL_PIXELS", 64 * 64 * 10)
    with pytest.raises(BadFileError, match="too large"):
        read_picture(data, "long.png")


@pytest.mark.parametrize(
    ("image", "format", "expected"),
    [
        (Image.new("RGB", (1, 1), "red"), "PNG", (255, 0, 0, 255)),
        (Image.new("CMYK", (9, 9), (0, 255, 255, 0)), "TIFF", (255, 0, 0, 255)),
        (Image.new("P", (9, 9)), "PNG", (0, 0, 0, 255)),
        (Image.new("LA", (9, 9), (200, 100)), "PNG", (200, 200, 200, 100)),
        (Image.new("1", (9, 9), 1), "PNG", (255, 255, 255, 255)),
        (Image.new("I;16", (9, 9), 0x8000), "PNG", (127, 127, 127, 255)),
    ],
    ids=["1x1", "cmyk", "palette", "grey+alpha", "bits", "16-bit"],
)
def test_every_kind_of_pixel_becomes_rgba(
    image: Image.Image, format: str, expected: tuple[int, ...]
) -> None:
    picture = read_picture(saved(image, format), "x")
    assert isinstance(picture, Image.Image)
    assert picture.mode == "RGBA"
    pixel = picture.getpixel((0, 0))
    assert isinstance(pixel, tuple)
    assert all(abs(a - b) <= 1 for a, b in zip(pixel, expected, strict=True))


def test_a_gif_moves_and_a_camera_turned_on_its_side_does_not_lie() -> None:
    frames = [Image.new("RGB", (8, 4), colour) for colour in ("red", "lime")]
    moving = read_picture(
        saved(frames[0], "GIF", save_all=True, append_images=frames[1:], duration=120), "a.gif"
    )
    assert isinstance(moving, Animation)
    assert moving.durations_ms == (120, 120)
    exif = Image.Exif()
    exif[0x0112] = 6  # turned by a quarter
    photo = read_picture(saved(frames[0], "JPEG", exif=exif), "a.jpg")
    assert photo.size == (4, 8)
