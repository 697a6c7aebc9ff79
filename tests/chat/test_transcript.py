"""The chat is on disk as it is said, and nothing done elsewhere takes a message away."""

from __future__ import annotations

import io
import multiprocessing
import os
import signal
import time
import zlib
from pathlib import Path

import pytest
from PIL import Image

from stickerstudio.chat.pictures import MAX_KEPT
from stickerstudio.chat.transcript import Transcript
from stickerstudio.core.errors import BadFileError, DiskError, NotFoundError


@pytest.fixture
def sticker(tmp_path: Path) -> Path:
    path = tmp_path / "library" / "otter.png"
    path.parent.mkdir()
    Image.new("RGBA", (64, 64), (200, 80, 20, 128)).save(path)
    return path


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "chat.jsonl"


def test_what_was_said_is_there_at_the_next_start(path: Path, sticker: Path) -> None:
    chat = Transcript(path)
    chat.add_text("me", "I love you 🦦\n第二行\u2028third")
    chat.add_sticker("me", sticker, "I love you, otter")
    chat.add_text("friend", "❤️")
    again = Transcript(path)
    assert again.messages == chat.messages
    assert [message.kind for message in again.messages] == ["text", "sticker", "text"]
    assert again.messages[0].text == "I love you 🦦\n第二行\u2028third"
    assert len({message.id for message in again.messages}) == 3


def test_deleting_the_sticker_leaves_the_chat_whole(path: Path, sticker: Path) -> None:
    Transcript(path).add_sticker("me", sticker, "otter")
    sticker.unlink()
    picture = Transcript(path).messages[0].picture
    assert picture is not None
    with Image.open(picture) as image:
        assert image.convert("RGBA").getpixel((5, 5)) == (200, 80, 20, 128)


def test_the_chat_can_be_moved_with_its_pictures(path: Path, sticker: Path, tmp_path: Path) -> None:
    Transcript(path).add_sticker("me", sticker, "otter")
    moved = path.parent.rename(tmp_path / "elsewhere")
    picture = Transcript(moved / path.name).messages[0].picture
    assert picture is not None
    assert picture.is_file()
    assert picture.is_relative_to(moved)


@pytest.mark.parametrize(
    "tail",
    [
        b'{"format": 1, "id": "x", "author": "me", "ki',
        b'{"format": 1, "id": "x", "author": "me", "kind": "text", "text": "a", "picture": null',
        b"\xff\xfe\x00garbage",
        b"[]",
        b'{"author": "eve", "kind": "text", "text": "", "picture": null, "id": "", "time": 0}',
        b'{"author": "me", "kind": "text", "text": "", "picture": null, "id": "", "time": NaN}',
        b"[" * 100_000,
    ],
)
def test_a_torn_or_foreign_last_line_costs_only_itself(path: Path, tail: bytes) -> None:
    Transcript(path).add_text("me", "before")
    with path.open("ab") as file:
        file.write(tail)
    Transcript(path).add_text("me", "after")
    assert [message.text for message in Transcript(path).messages] == ["before", "after"]


def test_a_picture_outside_its_folder_is_never_named(path: Path) -> None:
    path.parent.mkdir()
    path.write_text(
        '{"author": "me", "kind": "image", "text": "", "picture": "../../etc/passwd",'
        ' "id": "1", "time": 0}\n'
    )
    picture = Transcript(path).messages[0].picture
    assert picture is not None
    assert picture.parent.parent == path.parent
    assert ".." not in picture.parts


def _write_until_killed(path: Path) -> None:
    chat = Transcript(path)
    for number in range(100_000):
        chat.add_text("me", f"{number} " + "x" * 2000)


def test_killed_while_writing_loses_nothing_that_was_said(path: Path) -> None:
    process = multiprocessing.get_context("spawn").Process(target=_write_until_killed, args=(path,))
    process.start()
    deadline = time.monotonic() + 20
    while (not path.exists() or path.stat().st_size < 50_000) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert process.pid
    os.kill(process.pid, signal.SIGKILL)
    process.join()
    numbers = [int(message.text.split()[0]) for message in Transcript(path).messages]
    assert len(numbers) >= 20
    assert numbers == list(range(len(numbers)))


def test_two_windows_write_into_one_chat(path: Path) -> None:
    first, second = Transcript(path), Transcript(path)
    for number in range(20):
        (first if number % 2 else second).add_text("me", str(number))
    assert [message.text for message in Transcript(path).messages] == [str(n) for n in range(20)]


def test_ten_thousand_messages_open_quickly(path: Path) -> None:
    path.parent.mkdir()
    line = (
        '{{"format": 1, "id": "{}", "author": "me", "kind": "text", "text": "hello there", '
        '"picture": null, "time": 1.0}}\n'
    )
    path.write_text("".join(line.format(number) for number in range(10_000)))
    start = time.perf_counter()
    chat = Transcript(path)
    assert time.perf_counter() - start < 1.0
    assert len(chat) == 10_000


def test_what_could_not_be_written_is_not_said(path: Path) -> None:
    chat = Transcript(path)
    path.mkdir(parents=True)
    with pytest.raises(DiskError):
        chat.add_text("me", "hello")
    assert chat.messages == ()


def test_a_broken_surrogate_does_not_break_the_chat(path: Path) -> None:
    Transcript(path).add_text("me", "a\ud83db")
    assert Transcript(path).messages[0].text == "a?b"


# --- pictures from elsewhere ---


def _encoded(image: Image.Image, kind: str, **options: object) -> bytes:
    data = io.BytesIO()
    image.save(data, kind, **options)
    return data.getvalue()


def _kept(path: Path, source: Path | bytes) -> Image.Image:
    picture = Transcript(path).add_image("me", source).picture
    assert picture is not None
    with Image.open(picture) as image:
        image.load()
        return image


def test_a_dropped_file_is_copied(path: Path, tmp_path: Path) -> None:
    source = tmp_path / "holiday.jpg"
    Image.new("RGB", (300, 200), (10, 120, 240)).save(source)
    message = Transcript(path).add_image("me", source)
    source.unlink()
    assert (message.kind, message.text) == ("image", "holiday.jpg")
    assert message.picture is not None
    with Image.open(message.picture) as image:
        assert image.size == (300, 200)


def test_alpha_is_kept_and_metadata_is_not(path: Path) -> None:
    exif = Image.Exif()
    exif[0x010E] = "where I live"
    source = _encoded(Image.new("RGBA", (40, 40), (255, 0, 0, 77)), "PNG", exif=exif)
    image = _kept(path, source)
    assert image.convert("RGBA").getpixel((0, 0)) == (255, 0, 0, 77)
    assert not image.getexif()


def test_a_photograph_is_turned_upright(path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # held on its side
    assert _kept(path, _encoded(Image.new("RGB", (90, 40)), "JPEG", exif=exif)).size == (40, 90)


def test_a_large_picture_is_kept_smaller(path: Path) -> None:
    image = _kept(path, _encoded(Image.new("RGB", (5000, 2500), "white"), "JPEG"))
    assert max(image.size) == MAX_KEPT
    assert image.width == 2 * image.height


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "CMYK", "I;16", "I", "F", "YCbCr"])
def test_every_kind_of_pixel_is_shown(path: Path, mode: str) -> None:
    image = Image.new("L", (16, 16), 255)
    image = Image.new("I;16", (16, 16), 65535) if mode == "I;16" else image.convert(mode)
    kind = {"CMYK": "TIFF", "F": "TIFF", "I": "TIFF", "YCbCr": "JPEG"}.get(mode, "PNG")
    kept = _kept(path, _encoded(image, kind)).convert("RGB")
    pixel = kept.getpixel((8, 8))
    assert isinstance(pixel, tuple)
    assert min(pixel) > 250  # white stays white


def test_an_animation_is_shown_by_its_first_frame(path: Path) -> None:
    frames = [Image.new("RGB", (20, 20), colour) for colour in ("red", "blue")]
    data = _encoded(frames[0], "GIF", save_all=True, append_images=frames[1:])
    red, _, blue = _kept(path, data).convert("RGB").resize((1, 1)).tobytes()
    assert red > 250
    assert blue < 5


def _png_of(width: int, height: int) -> bytes:
    """A PNG that claims a size without having the pixels."""
    data = bytearray(_encoded(Image.new("L", (1, 1)), "PNG"))
    data[16:24] = width.to_bytes(4, "big") + height.to_bytes(4, "big")
    data[29:33] = zlib.crc32(data[12:29]).to_bytes(4, "big")
    return bytes(data)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "empty"),
        (b"hello, I am a text file", "not a picture"),
        (b"%PDF-1.7", "not a picture"),
        (_encoded(Image.effect_noise((200, 200), 90), "PNG")[:3000], "damaged"),
        (_encoded(Image.effect_noise((200, 200), 90), "JPEG")[:1500], "damaged"),
        (_png_of(10_000, 10_000), "million pixels"),
        (_png_of(60_000, 60_000), "million pixels"),
    ],
)
def test_hostile_pictures_give_a_sentence(path: Path, data: bytes, reason: str) -> None:
    chat = Transcript(path)
    with pytest.raises(BadFileError, match=reason):
        chat.add_image("me", data)
    assert chat.messages == ()
    assert not path.exists()


def test_a_file_that_is_gone_gives_a_sentence(path: Path, tmp_path: Path) -> None:
    with pytest.raises(NotFoundError):
        Transcript(path).add_image("me", tmp_path / "gone.png")
    with pytest.raises(DiskError):
        Transcript(path).add_image("me", tmp_path)  # a folder
