"""One drawing: opened safely, trimmed, laid on a flat colour, and hashed to find its doubles."""

from __future__ import annotations

import io
import warnings
from dataclasses import dataclass

import numpy as np
import PIL.Image
import PIL.ImageColor
import PIL.ImageOps
from numpy.typing import NDArray

from stickerstudio.core.i18n import tr

MIN_SIDE = 48  # pixels of the drawing itself, once its empty edges are gone
MAX_PIXELS = 64_000_000
HASH_SIDE = 16
"""Side of the difference hash: 256 bits, quick to compare with 10,000 others; finds candidates."""

NEAR_BITS = 40
"""Bits by which two hashes of one drawing may differ. Of 190 drawings scaled to 300 px and packed
as WebP of quality 70, none differed by more than 36."""

SAME_BLOCK = 64
"""The largest difference (of 255) of a 1/16 × 1/16 block between two copies of one drawing; it
decides. The hash alone sees shapes: a red and a blue heart have the same one, and round faces that
differ in a mouth are nearer to each other than to their own copies. Measured on four sets of emoji:
copies (as above) up to 62, but for 2 of 190; the nearest two different drawings 68, the next 74."""

_VISIBLE = 8  # alpha of 255 below which a pixel counts as empty
_NEAR_EDGE_COLOUR = 12  # of 255: an opaque picture's own flat border is empty, too


@dataclass(frozen=True, slots=True)
class Drawing:
    """A drawing as it was opened.

    Attributes:
        page: all of it, RGBA.
        box: left, top, right and bottom of what is visible, in pixels of the page.
    """

    page: PIL.Image.Image
    box: tuple[int, int, int, int]

    @property
    def image(self) -> PIL.Image.Image:
        """The page without its empty edges; cut anew each time."""
        return self.page.crop(self.box)

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of what is visible, in pixels."""
        left, top, right, bottom = self.box
        return right - left, bottom - top


def open_drawing(data: bytes) -> Drawing:
    """The picture in `data`, its first frame, and where its empty edges end.

    Raises:
        ValueError: it cannot be used; the text says why, for the list of refused pictures.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", PIL.Image.DecompressionBombWarning)
            with PIL.Image.open(io.BytesIO(data)) as opened:
                if opened.width * opened.height > MAX_PIXELS:
                    raise ValueError(tr("it is too large to be a sticker"))
                image = PIL.ImageOps.exif_transpose(opened).convert("RGBA")
    except ValueError:
        raise
    except (PIL.Image.DecompressionBombError, PIL.Image.DecompressionBombWarning) as error:
        raise ValueError(tr("it is too large to be a sticker")) from error
    except (OSError, SyntaxError, EOFError, MemoryError, OverflowError) as error:
        raise ValueError(tr("the file is damaged, or no picture")) from error
    _check_size(image.size)
    box = _visible_box(np.asarray(image))
    if box is None:
        raise ValueError(tr("it is empty"))
    drawing = Drawing(image, box)
    _check_size(drawing.size)
    return drawing


def laid_out(
    drawing: Drawing,
    size: tuple[int, int],
    background: str,
    margin: float,
    *,
    flip: bool = False,
    keep_place: bool = False,
) -> NDArray[np.uint8]:
    """`drawing` as large as fits into `size`, centred on `background`: (height, width, 3) bytes.

    Args:
        size: width and height in pixels.
        background: "#rrggbb".
        margin: empty edge, as a share of the shorter side of `size`.
        keep_place: fit and centre the whole page instead, without a margin: nothing on it moves.
    """
    width, height = size
    whole = drawing.page if keep_place else drawing.image
    edge = 0 if keep_place else round(min(size) * margin)
    room = max(1, width - 2 * edge), max(1, height - 2 * edge)
    scale = min(room[0] / whole.width, room[1] / whole.height)
    fitted = max(1, round(whole.width * scale)), max(1, round(whole.height * scale))
    image = whole.resize(fitted, PIL.Image.Resampling.LANCZOS)
    if flip:
        image = PIL.ImageOps.mirror(image)
    page = PIL.Image.new("RGBA", size, PIL.ImageColor.getrgb(background))
    page.alpha_composite(image, ((width - fitted[0]) // 2, (height - fitted[1]) // 2))
    return np.array(page.convert("RGB"))


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """What finds doubles: a difference hash as four 64-bit words, and a 16 × 16 thumbnail."""

    words: tuple[int, int, int, int]
    thumbnail: bytes  # 16 × 16 × 3


def fingerprint(drawing: Drawing) -> Fingerprint:
    """The difference hash (whether each pixel is brighter than its right neighbour) on white."""
    square = PIL.Image.fromarray(laid_out(drawing, (64, 64), "#ffffff", 0.0))
    grey = square.convert("L").resize((HASH_SIDE + 1, HASH_SIDE), PIL.Image.Resampling.BOX)
    values = np.asarray(grey, dtype=np.int16)
    words = np.packbits(values[:, 1:] > values[:, :-1]).view(">u8")
    thumbnail = square.resize((HASH_SIDE, HASH_SIDE), PIL.Image.Resampling.BOX)
    first, second, third, fourth = (int(word) for word in words)
    return Fingerprint((first, second, third, fourth), thumbnail.tobytes())


def doubles(prints: list[Fingerprint]) -> dict[int, int]:
    """For each drawing that repeats an earlier one: its index → the index of the first.

    About 2 s for 10,000 drawings; memory grows with their number only.
    """
    if not prints:
        return {}
    words = np.array([each.words for each in prints], dtype=np.uint64)
    colours = np.array([np.frombuffer(each.thumbnail, np.uint8) for each in prints], np.int16)
    found: dict[int, int] = {}
    for index in range(1, len(prints)):
        apart = np.bitwise_count(words[:index] ^ words[index]).sum(axis=1)
        for near in np.flatnonzero(apart <= NEAR_BITS):
            if np.abs(colours[near] - colours[index]).max() <= SAME_BLOCK:
                found[index] = found.get(int(near), int(near))
                break
    return found


def _check_size(size: tuple[int, int]) -> None:
    width, height = size
    if max(width, height) < MIN_SIDE:
        raise ValueError(
            tr("it is too small: {w} × {h} pixels, {n} are needed", w=width, h=height, n=MIN_SIDE)
        )


def _visible_box(pixels: NDArray[np.uint8]) -> tuple[int, int, int, int] | None:
    """Left, top, right, bottom of what is drawn: by alpha, or by a flat border's colour."""
    alpha = pixels[..., 3]
    if alpha.min() > _VISIBLE:
        border = np.concatenate([pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]])[:, :3]
        ground = border[0].astype(np.int16)
        if np.abs(border - ground).max() > _NEAR_EDGE_COLOUR:
            return 0, 0, pixels.shape[1], pixels.shape[0]
        drawn = np.abs(pixels[..., :3] - ground).max(axis=2) > _NEAR_EDGE_COLOUR
    else:
        drawn = alpha > _VISIBLE
    columns, rows = np.flatnonzero(drawn.any(axis=0)), np.flatnonzero(drawn.any(axis=1))
    if not len(columns):
        return None
    return int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1
