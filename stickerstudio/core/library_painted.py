"""The pictures under the stickers: what the model painted, before anything was cut out of it.

    FOLDER/painted/ID.webp      without loss
    FOLDER/painted/ID.mask.webp likewise: the subject's alpha, where it is known

They stay where they are while a sticker lies in the trash, and go for good together with it. One
that is missing (an old library, a file removed by hand) is no loss: the sticker itself stands in
for the picture, and a mask is found anew.
"""

from __future__ import annotations

import io
import logging
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from stickerstudio.core import atomic
from stickerstudio.core.design import Design
from stickerstudio.core.errors import BadFileError, NotFoundError, disk_errors
from stickerstudio.core.pictures import open_picture
from stickerstudio.core.recipe import Recipe

FOLDER = "painted"
_EFFORT = 2  # of 6; more takes seconds for a large picture and saves a few per cent
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Painted:
    """What a sticker was cut out of.

    Attributes:
        picture: any mode.
        mask: "L", of the same size: the alpha that the recipe's way to cut out gave where the
            picture was painted; None: it is to be found in `picture`.
    """

    picture: Image.Image
    mask: Image.Image | None = None

    def mask_for(self, design: Design, recipe: Recipe) -> Image.Image | None:
        """The mask, where `design` cuts out in the way of the `recipe`, whose sticker this is."""
        return self.mask if design.cutout.method == recipe.cutout_method else None


def keep(library: Path, sticker_id: str, painted: Painted) -> None:
    """Write `painted`, so that a power cut does not take it. Raises DiskError."""
    mode = "RGBA" if painted.picture.has_transparency_data else "RGB"
    _write(library, _path(library, sticker_id), painted.picture.convert(mode))
    if painted.mask is not None:
        _write(library, _mask_path(library, sticker_id), painted.mask.convert("RGB"))


def has(library: Path, sticker_id: str) -> bool:
    """Whether there is one."""
    return _path(library, sticker_id).exists()


def read(library: Path, sticker_id: str) -> Painted | None:
    """The painted picture, RGBA, and its mask; None where there is none.

    Raises:
        BadFileError: the picture is damaged; a mask that is so is as good as none.
        DiskError: it cannot be read.
    """
    try:
        picture = open_picture(_path(library, sticker_id))
    except NotFoundError:
        return None
    try:
        mask = open_picture(_mask_path(library, sticker_id)).getchannel("G")
    except NotFoundError:
        return Painted(picture)
    except BadFileError as error:
        _log.warning("a mask cannot be read: %s", error)
        return Painted(picture)
    return Painted(picture, mask if mask.size == picture.size else None)


def remove(library: Path, sticker_id: str) -> None:
    """Delete it for good; what resists only takes room."""
    for path in (_path(library, sticker_id), _mask_path(library, sticker_id)):
        with suppress(OSError):
            path.unlink(missing_ok=True)


def _write(library: Path, path: Path, image: Image.Image) -> None:
    buffer = io.BytesIO()
    image.save(buffer, "WEBP", lossless=True, method=_EFFORT, exact=True)
    with disk_errors(path):
        if not path.parent.is_dir():
            path.parent.mkdir(exist_ok=True)
            atomic.sync_folder(library)
        atomic.write_bytes_new(path, buffer.getvalue())


def _path(library: Path, sticker_id: str) -> Path:
    return library / FOLDER / f"{Path(sticker_id).name}.webp"


def _mask_path(library: Path, sticker_id: str) -> Path:
    return library / FOLDER / f"{Path(sticker_id).name}.mask.webp"
