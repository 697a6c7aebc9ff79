"""Small pictures for the gallery, made once and kept where they may be deleted at any time."""

from __future__ import annotations

import hashlib
import io
import time
from contextlib import suppress
from pathlib import Path

from PIL import Image

from stickerstudio.core.atomic import write_bytes_atomic
from stickerstudio.core.errors import disk_errors
from stickerstudio.core.pictures import open_picture
from stickerstudio.core.sticker import Sticker

_END = b"IEND\xaeB`\x82"  # how every whole PNG ends


def thumbnail(sticker: Sticker, size: int, cache_folder: Path) -> bytes:
    """A PNG of `sticker`, at most `size` pixels wide and high, its proportions and alpha kept.

    Smaller stickers are not enlarged. A cache that cannot be written only makes it slower. Safe to
    call from any thread.

    Raises:
        BadFileError: the sticker's file is damaged or far too large.
        DiskError, NotFoundError: the sticker's file cannot be read.
    """
    with disk_errors(sticker.path):
        status = sticker.path.stat()
    key = f"{sticker.path}\n{status.st_mtime_ns}\n{status.st_size}\n{size}"
    name = hashlib.sha256(key.encode("utf-8", "surrogateescape")).hexdigest()
    cached = cache_folder / name[:2] / f"{name[2:34]}.png"
    with suppress(OSError):
        data = cached.read_bytes()
        if data.endswith(_END):  # not torn by a power cut
            return data
    data = _make(sticker.path, size)
    with suppress(OSError):
        cached.parent.mkdir(parents=True, exist_ok=True)
        write_bytes_atomic(cached, data, durable=False)
    return data


def trim(cache_folder: Path, unused_seconds: float) -> int:
    """Remove thumbnails made longer ago than that; how many. Files that resist are passed over."""
    removed = 0
    limit = time.time() - unused_seconds
    for file in cache_folder.glob("??/*"):
        with suppress(OSError):
            if file.stat().st_mtime < limit:
                file.unlink()
                removed += 1
    return removed


def _make(path: Path, size: int) -> bytes:
    image = open_picture(path)
    image.thumbnail((size, size), Image.Resampling.LANCZOS, reducing_gap=3.0)
    buffer = io.BytesIO()
    image.save(buffer, "PNG", compress_level=1)
    return buffer.getvalue()
