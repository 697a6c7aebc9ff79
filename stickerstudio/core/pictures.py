"""Open a picture that may be anything: broken, hostile, or far too large."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path

from PIL import Image

from stickerstudio.core.errors import BadFileError, disk_errors
from stickerstudio.core.i18n import tr

MAX_PIXELS = 8192 * 8192  # a sticker of the largest size, enlarged four times; 256 MB as RGBA
DAMAGE = (SyntaxError, ValueError, EOFError, IndexError, KeyError, struct.error, zlib.error)
"""What Pillow raises over damaged pictures, beside OSError."""


def open_picture(path: Path, max_pixels: int = MAX_PIXELS) -> Image.Image:
    """The decoded first frame of `path`, as RGBA; the size is checked before any pixel is read.

    Raises:
        BadFileError: not a picture, damaged, or larger than `max_pixels`.
        DiskError, NotFoundError: the file cannot be read.
    """
    with disk_errors(path), path.open("rb") as file:
        try:
            with Image.open(file) as image:
                if image.width * image.height > max_pixels:
                    raise _too_large(path)
                return image.convert("RGBA")
        except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
            raise _too_large(path) from error
        except DAMAGE as error:
            raise broken(path.name, str(error)) from error
        except OSError as error:
            if error.errno is not None:  # the disk's fault; Pillow's own have no number
                raise
            raise broken(path.name, str(error)) from error


def _too_large(path: Path) -> BadFileError:
    return BadFileError(
        tr("{name} is too large to be opened.", name=path.name),
        tr("It has more pixels than a sticker can have."),
        tr("Make it smaller in another program."),
    )


def broken(name: str, reason: str) -> BadFileError:
    """For what is no picture, or a damaged one."""
    return BadFileError(
        tr("{name} cannot be read as a picture.", name=name),
        tr("The system said: {reason}.", reason=reason),
        tr("The file was left as it is."),
    )
