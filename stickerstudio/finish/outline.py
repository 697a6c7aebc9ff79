"""The die-cut look: a rim of one colour around whatever is there, and a shadow below it."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageColor, ImageFilter

from stickerstudio.finish.distance import SEED, Floats, distance_outside
from stickerstudio.finish.regions import Mask, label, touching_border

_OPEN_SHARE = 0.3  # a hole of which less would be left beside the rim gets no rim at all
_DUST_SHARE = 2e-4  # of the picture's area; smaller holes are flaws of a cut-out, not drawn


def rim(coverage: Floats, width: float, *, fill_holes: bool = False) -> Floats:
    """The coverage of a rim around a shape, with round joins; it lies below the shape as well.

    What the shape encloses stays open: a hole wide enough gets a rim along its inside, a narrower
    one (the inside of a letter) none.

    Args:
        coverage: of the shape, height × width, 0…1, with at least `width` + 1 pixels around it.
        width: pixels, up to distance.MAX_LIMIT − 1.
        fill_holes: cover what is enclosed altogether.

    Returns:
        height × width, 0…1.
    """
    distance = distance_outside(coverage, width + 1)
    covered = np.clip(width + 0.5 - distance, 0, 1)
    regions, count = label(coverage < SEED)
    enclosed = np.append(~touching_border(regions, count), False)
    holes = regions[enclosed[regions]]  # the region's number, once for each of its pixels
    if not holes.size:
        return covered
    sizes = np.bincount(holes, minlength=count + 1)
    enclosed &= sizes > _DUST_SHARE * coverage.size
    if fill_holes:
        covered[enclosed[regions]] = 1.0
        return covered
    free = np.bincount(regions[enclosed[regions] & (covered == 0)], minlength=count + 1)
    narrow = enclosed & (free < _OPEN_SHARE * sizes)
    if narrow.any():
        covered[_with_edge(narrow[regions]) & (coverage < 1)] = 0.0
    return covered


def tinted(coverage: Floats | Image.Image, colour: str) -> Image.Image:
    """`coverage` (0…1, or an "L" image) in `colour` ("#rrggbb" or "#rrggbbaa"), as RGBA."""
    red, green, blue, alpha = (*ImageColor.getrgb(colour), 255)[:4]
    if not isinstance(coverage, Image.Image):
        coverage = Image.fromarray(np.rint(coverage * 255).astype(np.uint8))
    if alpha < 255:
        coverage = coverage.point([level * alpha // 255 for level in range(256)])
    image = Image.new("RGBA", coverage.size, (red, green, blue, 0))
    image.putalpha(coverage)
    return image


def shadow_of(image: Image.Image, dx: float, dy: float, blur: float, colour: str) -> Image.Image:
    """The shadow `image` casts, as RGBA of the same size; what falls beside it is lost.

    Args:
        dx, dy: pixels to the right and down.
        blur: standard deviation in pixels.
    """
    cast = Image.new("L", image.size)
    cast.paste(image.getchannel("A"), (round(dx), round(dy)))
    if blur > 0:
        cast = cast.filter(ImageFilter.GaussianBlur(blur))
    return tinted(cast, colour)


def _with_edge(mask: Mask) -> Mask:
    """`mask` and two pixels more: an edge's partly covered pixels."""
    image = Image.fromarray(mask.astype(np.uint8) * 255)
    left, top, right, bottom = image.getbbox() or (0, 0, 0, 0)
    box = (left - 2, top - 2, right + 2, bottom + 2)  # the filter is slow: only where it matters
    image.paste(image.crop(box).filter(ImageFilter.MaxFilter(5)), box)
    return np.asarray(image) > 0
