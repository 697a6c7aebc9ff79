"""Copies of stickers for other programs: a clean PNG under a name people can read.

The library keeps the recipe inside its PNGs. A file dragged into somebody else's chat must not
carry the prompt along, nor may a file manager be handed the library's own file to move away.
"""

from __future__ import annotations

import shutil
import struct
import time
from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QMimeData, QUrl

from stickerstudio.core.errors import disk_errors
from stickerstudio.core.save import suggested_name
from stickerstudio.core.sticker import Sticker

STICKER_MIME = "application/x-stickerstudio-ids"  # ids of library stickers, one a line
MOST_OUTGOING = 200  # stickers dragged or copied at once
_PICTURE_CHUNKS = frozenset(
    (b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS", b"cHRM", b"gAMA", b"iCCP", b"sBIT", b"sRGB")
)
_KEPT_SECONDS = 86_400.0  # another program may read a dropped file much later than it is dropped


def outgoing_mime(stickers: Sequence[Sticker], cache: Path) -> QMimeData:
    """`stickers` as other programs take them: their files and, of a single one, its picture.

    Raises:
        NotFoundError, DiskError: a sticker could not be read or its copy not written.
    """
    mime = QMimeData()
    files = [outgoing_file(sticker, cache) for sticker in stickers]
    mime.setUrls([QUrl.fromLocalFile(str(file)) for file in files])
    mime.setData(STICKER_MIME, "\n".join(sticker.id for sticker in stickers).encode())
    if len(files) == 1:
        mime.setData("image/png", files[0].read_bytes())
    return mime


def sticker_ids(mime: QMimeData) -> list[str]:
    """The ids that `outgoing_mime` put in, of this or another window of the program."""
    data = bytes(mime.data(STICKER_MIME).data())
    return [line for line in data.decode("ascii", "replace").splitlines() if line]


def outgoing_file(sticker: Sticker, cache: Path) -> Path:
    """A clean copy of the sticker's PNG, in a folder of its own below `cache`."""
    file = _folder(cache) / sticker.id / f"{suggested_name(sticker)}.png"
    if not file.is_file():
        with disk_errors(sticker.path):
            data = sticker.path.read_bytes()
        with disk_errors(file):
            file.parent.mkdir(parents=True, exist_ok=True)
            # Whole or not there, but not fsynced: after a power cut nobody waits for this copy.
            partial = file.with_suffix(".part")
            partial.write_bytes(without_metadata(data))
            partial.replace(file)
    return file


def without_metadata(png: bytes) -> bytes:
    """`png` with only the chunks that make its picture: no texts, times or EXIF."""
    kept, place = [png[:8]], 8
    while place + 8 <= len(png):
        length, kind = struct.unpack_from(">I4s", png, place)
        end = place + 12 + length
        if kind in _PICTURE_CHUNKS:
            kept.append(png[place:end])
        place = end
    return b"".join(kept)


def tidy(cache: Path) -> None:
    """Remove copies that were handed out long ago."""
    folder = _folder(cache)
    if folder.is_dir():
        for item in folder.iterdir():
            if item.stat().st_mtime < time.time() - _KEPT_SECONDS:
                shutil.rmtree(item, ignore_errors=True)


def _folder(cache: Path) -> Path:
    return cache / "outgoing"
