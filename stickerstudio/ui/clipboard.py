"""Copying stickers, so that every program finds a form it understands.

A chat takes the PNG with its alpha, Windows programs a bitmap, a file manager the file.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QMimeData, QUrl
from PySide6.QtGui import QGuiApplication, QImage

from stickerstudio.core.sticker import Sticker
from stickerstudio.ui.outgoing import outgoing_mime, without_metadata


def copy_stickers(stickers: Sequence[Sticker], cache: Path) -> None:
    """Put `stickers` on the clipboard.

    Raises:
        NotFoundError, DiskError: a sticker could not be read or its copy not written.
    """
    mime = outgoing_mime(stickers, cache)
    if len(stickers) == 1:
        # Beside image/png: Qt makes the platform's own bitmap formats of it.
        mime.setImageData(QImage.fromData(mime.data("image/png")))
    urls = "\n".join(
        url.toString(QUrl.ComponentFormattingOption.FullyEncoded) for url in mime.urls()
    )
    mime.setData("x-special/gnome-copied-files", f"copy\n{urls}".encode())  # Nautilus, Thunar
    QGuiApplication.clipboard().setMimeData(mime)


def copy_picture(path: Path) -> None:
    """Put a picture of the chat on the clipboard; nothing where it cannot be read."""
    image = QImage(str(path))
    if image.isNull():
        return
    mime = QMimeData()
    mime.setImageData(image)
    if path.suffix == ".png":
        mime.setData("image/png", without_metadata(path.read_bytes()))
    QGuiApplication.clipboard().setMimeData(mime)
