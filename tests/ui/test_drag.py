"""What leaves the program by drag or clipboard: exactly this, and never the recipe."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image
from PySide6.QtCore import QUrl
from PySide6.QtGui import QColor, QGuiApplication, QImage, QPixmap
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from stickerstudio.core.errors import NotFoundError
from stickerstudio.core.library import Library, read_recipe
from stickerstudio.core.recipe import Recipe
from stickerstudio.core.sticker import Sticker
from stickerstudio.ui import drag
from stickerstudio.ui.clipboard import copy_stickers
from stickerstudio.ui.outgoing import (
    STICKER_MIME,
    outgoing_file,
    outgoing_mime,
    sticker_ids,
    tidy,
    without_metadata,
)


def picture(colour: tuple[int, int, int, int] = (250, 10, 20, 77)) -> Image.Image:
    image = Image.new("RGBA", (48, 40), (0, 0, 0, 0))
    image.paste(colour, (8, 8, 40, 32))
    return image


@pytest.fixture(autouse=True)
def leave_no_clipboard(qapp: QApplication) -> Iterator[None]:
    """Without a display Qt keeps the clipboard until after Python has ended, and crashes there."""
    yield
    qapp.clipboard().clear()


@pytest.fixture
def stickers(tmp_path: Path) -> list[Sticker]:
    with Library(tmp_path / "library") as library:
        return [
            library.add(picture(), Recipe(prompt, seed=4242), 0.5)
            for prompt in ("I love you, otter", "我愛你 🦦", "I love you, otter")
        ]


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "cache"


def test_one_sticker_is_a_file_a_picture_and_an_id(stickers: list[Sticker], cache: Path) -> None:
    mime = outgoing_mime(stickers[:1], cache)
    (url,) = mime.urls()
    file = Path(url.toLocalFile())
    assert file.name == "I love you, otter.png"
    assert bytes(mime.data("text/uri-list").data()).decode().strip() == url.toString(
        QUrl.ComponentFormattingOption.FullyEncoded
    )
    png = bytes(mime.data("image/png").data())
    assert png == file.read_bytes()
    with Image.open(io.BytesIO(png)) as image:
        assert image.mode == "RGBA"
        assert image.tobytes() == picture().tobytes()
    assert sticker_ids(mime) == [stickers[0].id]
    assert set(mime.formats()) == {"text/uri-list", "image/png", STICKER_MIME}


def test_several_are_several_files(stickers: list[Sticker], cache: Path) -> None:
    mime = outgoing_mime(stickers, cache)
    files = [Path(url.toLocalFile()) for url in mime.urls()]
    assert [file.name for file in files] == [
        "I love you, otter.png",
        "我愛你 🦦.png",
        "I love you, otter.png",
    ]
    assert len(set(files)) == 3
    assert all(file.is_file() for file in files)
    assert not mime.hasFormat("image/png")  # which of them would it be?
    assert sticker_ids(mime) == [sticker.id for sticker in stickers]


def test_the_prompt_does_not_travel_along(stickers: list[Sticker], cache: Path) -> None:
    assert read_recipe(stickers[0].path) is not None
    file = outgoing_file(stickers[0], cache)
    assert read_recipe(file) is None
    assert b"4242" not in file.read_bytes()
    with Image.open(file) as image:
        image.load()
        assert not image.info.keys() - {"srgb", "gamma"}


def test_taking_the_file_away_leaves_the_library_whole(
    stickers: list[Sticker], cache: Path
) -> None:
    file = outgoing_file(stickers[0], cache)
    file.unlink()  # a file manager moved it
    assert stickers[0].path.is_file()
    assert outgoing_file(stickers[0], cache).is_file()


def test_old_copies_are_removed_and_young_ones_stay(stickers: list[Sticker], cache: Path) -> None:
    import os

    old, young = (outgoing_file(sticker, cache) for sticker in stickers[:2])
    os.utime(old.parent, (0, 0))
    tidy(cache)
    assert not old.exists()
    assert young.exists()
    tidy(cache / "nothing here")


def test_a_sticker_that_is_gone_gives_a_sentence(stickers: list[Sticker], cache: Path) -> None:
    stickers[0].path.unlink()
    with pytest.raises(NotFoundError):
        outgoing_mime(stickers, cache)


@pytest.mark.parametrize("data", [b"", b"\x89PNG\r\n\x1a\n", b"\x89PNG\r\n\x1a\n\0\0\0\x05IDA"])
def test_scrubbing_survives_what_is_cut_short(data: bytes) -> None:
    assert len(without_metadata(data)) <= len(data)


def test_the_clipboard_serves_chats_bitmaps_and_file_managers(
    stickers: list[Sticker], cache: Path, qtbot: QtBot
) -> None:
    copy_stickers(stickers[:1], cache)
    mime = QGuiApplication.clipboard().mimeData()
    png = QImage.fromData(mime.data("image/png"))
    assert png.pixelColor(20, 20) == QColor(250, 10, 20, 77)
    assert png.pixelColor(0, 0).alpha() == 0
    bitmap = QImage(mime.imageData())
    assert bitmap.pixelColor(20, 20).alpha() == 77
    (url,) = mime.urls()
    assert Path(url.toLocalFile()).is_file()
    gnome = bytes(mime.data("x-special/gnome-copied-files").data()).decode()
    assert gnome == f"copy\n{url.toString(QUrl.ComponentFormattingOption.FullyEncoded)}"
    assert sticker_ids(mime) == [stickers[0].id]


def test_several_on_the_clipboard_are_files(
    stickers: list[Sticker], cache: Path, qtbot: QtBot
) -> None:
    copy_stickers(stickers, cache)
    mime = QGuiApplication.clipboard().mimeData()
    assert len(mime.urls()) == 3
    assert not mime.hasImage()


def test_the_picture_under_the_mouse_counts_them(qtbot: QtBot) -> None:
    plain = QPixmap(64, 32)
    plain.fill(QColor("red"))
    one, three = (drag.drag_pixmap(plain, number, 2.0).toImage() for number in (1, 3))
    assert one.width() == 2 * drag.SIDE
    corner = (2 * drag.SIDE - 24, 20)
    assert one.pixelColor(*corner).alpha() == 0
    assert three.pixelColor(*corner).alpha() == 255
    assert one.pixelColor(drag.SIDE, drag.SIDE).red() > 200
