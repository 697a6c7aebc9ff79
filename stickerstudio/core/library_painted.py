"""The pictures under the stickers: what the model painted, before anything was cut out of it.

    FOLDER/painted/ID.webp      without loss

They stay where they are while a sticker lies in the trash, and go for good together with it. One
that is missing (an old library, a file removed by hand) is no loss: the sticker itself stands in.
"""

from __future__ import annotations

import io
from contextlib import suppress
from pathlib import Path

from PIL import Image

from stickerstudio.core import atomic
from stickerstudio.core.errors import NotFoundError, disk_errors
from stickerstudio.core.pictures import open_picture

FOLDER = "painted"
_EFFORT = 2  # of 6; more takes seconds for a large picture and saves a few per cent


def keep(library: Path, sticker_id: str, painted: Image.Image) -> None:
    """Write `painted`, so that a power cut does not take it. Raises DiskError."""
    path = _path(library, sticker_id)
    mode = "RGBA" if painted.has_transparency_data else "RGB"
    buffer = io.BytesIO()
    painted.convert(mode).save(buffer, "WEBP", lossless=True, method=_EFFORT, exact=True)
    with disk_errors(path):
        if not path.parent.is_dir():
            path.parent.mkdir(exist_ok=True)
            atomic.sync_folder(library)
        atomic.write_bytes_new(path, buffer.getvalue())


def has(library: Path, sticker_id: str) -> bool:
    """Whether there is one."""
    return _path(library, sticker_id).exists()


def read(library: Path, sticker_id: str) -> Image.Image | None:
    """The painted picture, RGBA; None where there is none.

    Raises:
        BadFileError: it is damaged.
        DiskError: it cannot be read.
    """
    try:
        return open_picture(_path(library, sticker_id))
    except NotFoundError:
        return None


def remove(library: Path, sticker_id: str) -> None:
    """Delete it for good; what resists only takes room."""
    with suppress(OSError):
        _path(library, sticker_id).unlink(missing_ok=True)


def _path(library: Path, sticker_id: str) -> Path:
    return library / FOLDER / f"{Path(sticker_id).name}.webp"
