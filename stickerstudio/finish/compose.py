"""A Design over a painted picture: the one place where a sticker's parts are put together.

    shadow, below everything
    rim, around the subject and what is joined to it
    subject: the painted picture, cut out
    layers, bottom to top

The canvas grows where a part lies beyond the picture, up to one picture on each side.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from PIL import Image

from stickerstudio.core.design import Caption, Design, Layer, Stamp
from stickerstudio.finish.captions import render_caption
from stickerstudio.finish.composed import Box, Composed
from stickerstudio.finish.cutout import apply_cutout
from stickerstudio.finish.distance import MAX_LIMIT
from stickerstudio.finish.outline import rim, shadow_of, tinted

LoadStamp = Callable[[str], Image.Image]  # a Stamp's source as RGBA, of any size


def compose(
    painted: Image.Image, design: Design, *, stamp: LoadStamp, mask: Image.Image | None = None
) -> Image.Image:
    """The sticker that `design` makes of `painted`.

    Args:
        painted: what the model painted, any mode.
        stamp: loads a Stamp's source; what it raises is passed on.
        mask: "L", the subject's alpha where it is known already; `design.cutout` finds it else.

    Returns:
        RGBA, as large as `painted` or larger.
    """
    return arrange(apply_cutout(painted, design.cutout, mask), design, stamp=stamp).image


def arrange(subject: Image.Image, design: Design, *, stamp: LoadStamp) -> Composed:
    """`compose`, from a subject that is cut out already (RGBA, as large as the painted picture)."""
    size = subject.size
    side = max(size)
    placed = [_render(layer, size, stamp) for layer in design.layers]
    width = min(design.outline.width * side, MAX_LIMIT - 1.0) if design.outline else 0.0
    left, top, canvas = _canvas(size, placed, _margin(design, side, width))
    result = Image.new("RGBA", canvas)
    joined = [part for part in placed if part.joined]
    if design.outline and width > 0:
        shape = Image.new("RGBA", canvas)
        for image, x, y in ((subject, 0, 0), *((part.image, part.x, part.y) for part in joined)):
            _lay(shape, image, x + left, y + top)
        coverage = np.asarray(shape.getchannel("A"), np.float32) / np.float32(255)
        covered = rim(coverage, width, fill_holes=design.outline.fill_holes)
        result = tinted(covered, design.outline.colour)
    _lay(result, subject, left, top)
    for part in placed:
        _lay(result, part.image, part.x + left, part.y + top)
    if design.shadow:
        cast = design.shadow
        under = shadow_of(result, cast.dx * side, cast.dy * side, cast.blur * side, cast.colour)
        result = Image.alpha_composite(under, result)
    seen = result.getchannel("A").getbbox() or (left, top, left, top)
    box = (
        min(left, seen[0]),
        min(top, seen[1]),
        max(left + size[0], seen[2]),
        max(top + size[1], seen[3]),
    )
    boxes = tuple(part.box for part in placed)
    return Composed(result.crop(box), left - box[0], top - box[1], boxes)


@dataclass(frozen=True, slots=True)
class _Part:
    """A layer as pixels; x, y is its corner, seen from the painted picture's."""

    image: Image.Image
    x: int
    y: int
    box: Box
    joined: bool


def _render(layer: Layer, size: tuple[int, int], stamp: LoadStamp) -> _Part:
    return _caption(layer, size) if isinstance(layer, Caption) else _stamp(layer, size, stamp)


def _caption(caption: Caption, size: tuple[int, int]) -> _Part:
    side = max(size)
    placed = render_caption(caption, side)
    straight = placed.image
    if caption.rotation:
        straight = render_caption(replace(caption, rotation=0.0), side).image
    wide, high = straight.size
    box = Box(caption.x, caption.y, wide / side, high / side, caption.rotation)
    # The caption is laid out in a square of `side`; the picture may be narrower one way.
    x = placed.x + round(caption.x * (size[0] - side))
    y = placed.y + round(caption.y * (size[1] - side))
    return _Part(placed.image, x, y, box, joined=False)


def _stamp(stamp: Stamp, size: tuple[int, int], load: LoadStamp) -> _Part:
    side = max(size)
    source = load(stamp.source).convert("RGBA")
    factor = stamp.scale * side / max(source.size)
    wide, high = (max(1, round(length * factor)) for length in source.size)
    # "RGBa" is premultiplied: transparent pixels lend their neighbours no colour.
    image = source.convert("RGBa").resize((wide, high), Image.Resampling.LANCZOS)
    if stamp.rotation:
        image = image.rotate(-stamp.rotation, Image.Resampling.BICUBIC, expand=True)
    x = round(stamp.x * size[0] - image.width / 2)
    y = round(stamp.y * size[1] - image.height / 2)
    box = Box(stamp.x, stamp.y, wide / side, high / side, stamp.rotation)
    return _Part(image.convert("RGBA"), x, y, box, stamp.joined)


def _margin(design: Design, side: int, width: float) -> int:
    """Pixels that rim and shadow may need around everything."""
    margin = width + 2 if width else 0.0
    if design.shadow:
        cast = design.shadow
        margin += (3 * cast.blur + max(abs(cast.dx), abs(cast.dy))) * side + 1
    return math.ceil(margin)


def _canvas(
    size: tuple[int, int], parts: list[_Part], margin: int
) -> tuple[int, int, tuple[int, int]]:
    """Where the picture's corner lies on a canvas that holds everything, and the canvas's size."""
    left = min([0, *(part.x for part in parts)]) - margin
    top = min([0, *(part.y for part in parts)]) - margin
    right = max([size[0], *(part.x + part.image.width for part in parts)]) + margin
    bottom = max([size[1], *(part.y + part.image.height for part in parts)]) + margin
    left, top = max(left, -size[0]), max(top, -size[1])
    right, bottom = min(right, 2 * size[0]), min(bottom, 2 * size[1])
    return -left, -top, (right - left, bottom - top)


def _lay(ground: Image.Image, image: Image.Image, x: int, y: int) -> None:
    """Put `image` over `ground`; what lies beyond is cut off."""
    seen = (
        max(0, -x),
        max(0, -y),
        min(image.width, ground.width - x),
        min(image.height, ground.height - y),
    )
    if seen[0] < seen[2] and seen[1] < seen[3]:
        ground.alpha_composite(image, (max(0, x), max(0, y)), seen)
