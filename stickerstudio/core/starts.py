"""Pictures to start from: kept beside the library under the SHA-256 of their bytes.

A recipe names its start by that digest, so the same recipe always starts from the same pixels, and
a picture that was changed on disk is noticed instead of painted.
"""

from __future__ import annotations

import hashlib
import io
from pathlib import Path

from PIL import Image, ImageOps

from stickerstudio.core.atomic import write_bytes_atomic
from stickerstudio.core.errors import BadFileError, disk_errors
from stickerstudio.core.i18n import tr
from stickerstudio.core.pictures import open_picture
from stickerstudio.core.recipe import MAX_SIDE, check_digest

FOLDER = "starts"


def keep(folder: Path, image: Image.Image) -> str:
    """Keep `image` for recipes to start from; its digest. The same picture is kept once.

    Args:
        folder: the library's.
        image: any size and mode. Kept upright as RGBA without metadata, and no larger than a model
            paints: MAX_SIDE pixels on its longer side.

    Raises:
        BadFileError: the picture is damaged.
        DiskError: it cannot be written.
    """
    data = _encoded(image)
    digest = hashlib.sha256(data).hexdigest()
    target = path(folder, digest)
    with disk_errors(target):
        if target.is_file() and target.read_bytes() == data:
            return digest
        target.parent.mkdir(parents=True, exist_ok=True)
        write_bytes_atomic(target, data)
    return digest


def path(folder: Path, digest: str) -> Path:
    """Where the start named `digest` lies, whether it is there or not.

    Raises:
        BadInputError: `digest` is not one.
    """
    check_digest(digest)
    return folder / FOLDER / f"{digest}.png"


def load(folder: Path, digest: str) -> Image.Image:
    """The start named `digest`, as RGBA.

    Raises:
        NotFoundError: it is not there.
        BadFileError: it is damaged, or no longer the picture that was kept.
        BadInputError, DiskError: see `path`; it cannot be read.
    """
    file = path(folder, digest)
    with disk_errors(file), file.open("rb") as opened:
        is_kept = hashlib.file_digest(opened, "sha256").hexdigest() == digest
    if not is_kept:
        raise BadFileError(
            tr("The picture to start from is no longer the one that was kept."),
            tr("Something changed {path}.", path=file),
            tr("Choose the picture again."),
        )
    return open_picture(file)


def _encoded(image: Image.Image) -> bytes:
    try:
        upright = ImageOps.exif_transpose(image).convert("RGBA")
    except (OSError, SyntaxError, ValueError) as error:
        raise BadFileError(
            tr("The picture to start from cannot be read."),
            tr("The system said: {reason}.", reason=error),
            tr("Choose another picture."),
        ) from error
    upright.thumbnail((MAX_SIDE, MAX_SIDE), Image.Resampling.LANCZOS)
    upright.info.clear()
    buffer = io.BytesIO()
    upright.save(buffer, "PNG")
    return buffer.getvalue()
