"""Pictures of the chat: copies named by their content, made safe to show."""

from __future__ import annotations

import hashlib
import io
import os
import warnings
from pathlib import Path
from typing import cast

from PIL import Image, ImageOps, UnidentifiedImageError

from stickerstudio.core.errors import BadFileError, disk_errors
from stickerstudio.core.i18n import tr

MAX_BYTES = 64_000_000  # of a file; the largest photographs of telephones have about 30 million
MAX_PIXELS = 50_000_000  # opening more would take over 200 MB of memory
MAX_KEPT = 1600  # pixels a side; a chat shows a picture far smaller, even on a 4K screen


def keep_sticker(source: Path, folder: Path) -> Path:
    """Copy the sticker `source` into `folder`, byte for byte; the same sticker is kept once."""
    with disk_errors(source):
        data = source.read_bytes()
    return _keep(data, folder, ".png")


def keep_picture(source: Path | bytes, folder: Path) -> Path:
    """Decode the picture `source` and keep a clean copy of it in `folder`.

    Raises:
        BadFileError: it is no picture, broken, or too large to be opened safely.
        NotFoundError, DiskError: it could not be read, or its copy not written.
    """
    if isinstance(source, Path):
        with disk_errors(source):
            if source.stat().st_size > MAX_BYTES:
                raise _too_large()
            source = source.read_bytes()
    picture = _decode(source)
    data = io.BytesIO()
    if picture.has_transparency_data:
        picture.convert("RGBA").save(data, "PNG")
        return _keep(data.getvalue(), folder, ".png")
    picture.convert("RGB").save(data, "JPEG", quality=92, subsampling=0)
    return _keep(data.getvalue(), folder, ".jpg")


def _decode(data: bytes) -> Image.Image:
    """The first frame, upright, at most MAX_KEPT pixels a side."""
    if not data:
        raise BadFileError(
            tr("This file could not be shown."),
            tr("It is empty."),
            tr("Drop another picture."),
        )
    if len(data) > MAX_BYTES:
        raise _too_large()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # judged below
            with Image.open(io.BytesIO(data)) as image:
                if image.width * image.height > MAX_PIXELS:
                    raise _too_large()
                image.draft("RGB", (MAX_KEPT, MAX_KEPT))  # JPEG: decode small from the start
                upright = ImageOps.exif_transpose(image)
                if upright.mode in ("I;16", "I;16L", "I;16B", "I;16N", "I", "F"):
                    upright = _to_8_bit(upright)
                alpha = upright.has_transparency_data
                picture = upright.convert("RGBA" if alpha else "RGB")
    except Image.DecompressionBombError:
        raise _too_large() from None
    except UnidentifiedImageError:
        raise BadFileError(
            tr("This file could not be shown."),
            tr("It is not a picture of a kind that Sticker Studio knows."),
            tr("Drop a PNG, JPEG, WebP or GIF picture."),
        ) from None
    except (OSError, SyntaxError, ValueError, EOFError, IndexError, MemoryError) as error:
        raise BadFileError(
            tr("This picture could not be shown."),
            tr("The file is damaged: {reason}.", reason=error),
            tr("Drop another copy of it."),
        ) from error
    picture.thumbnail((MAX_KEPT, MAX_KEPT), Image.Resampling.LANCZOS)
    return picture


def _to_8_bit(image: Image.Image) -> Image.Image:
    """Grey of more than 8 bits, scaled by its brightest pixel: a plain convert would clip it."""
    grey = image.convert("F")
    brightest = max(
        1.0, *(float(value) for value in cast("tuple[float, float]", grey.getextrema()))
    )
    return grey.point(lambda value: value * (255.0 / brightest) + 0.0).convert("L")


def _too_large() -> BadFileError:
    return BadFileError(
        tr("This picture is too large for the chat."),
        tr("Up to {n} million pixels can be opened safely.", n=MAX_PIXELS // 1_000_000),
        tr("Make it smaller first."),
    )


def _keep(data: bytes, folder: Path, suffix: str) -> Path:
    """Write `data` under the name of its hash, whole or not at all."""
    target = folder / f"{hashlib.sha256(data).hexdigest()[:32]}{suffix}"
    if target.exists():
        return target
    with disk_errors(target):
        folder.mkdir(parents=True, exist_ok=True)
        partial = target.with_name(f"{target.name}.{os.getpid()}.part")
        with partial.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(target)
    return target
