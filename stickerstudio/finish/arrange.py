"""Several drawings laid out on one page."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from PIL import Image, ImageChops, ImageColor

_SHOWN = 12  # levels by which a pixel must differ from the background to be part of a drawing
_GAP = 0.03  # of the page's width, between drawings and around them


def arrange(pictures: Sequence[Image.Image], background: str) -> Image.Image:
    """A page of `pictures` beside and below each other, all made smaller by the same factor.

    Args:
        pictures: two or more of one size, RGB, each a drawing on `background`.
        background: a colour as PIL.ImageColor reads it.

    Returns:
        RGB, as large as one of them.
    """
    page = Image.new("RGB", pictures[0].size, background)
    drawings = [_trimmed(picture, background) for picture in pictures]
    count = len(drawings)
    rows = round(count**0.5) if count > 2 else 1
    # the longer rows stand below, so that an odd one sits on top of the others
    ends = [count * row // rows for row in range(rows + 1)]
    lines = [drawings[begin:end] for begin, end in pairwise(ends)]
    gap = max(1, round(page.width * _GAP))
    factor = min(
        1.0,
        (page.height - gap * (rows + 1)) / sum(max(d.height for d in line) for line in lines),
        *(
            (page.width - gap * (len(line) + 1)) / sum(drawing.width for drawing in line)
            for line in lines
        ),
    )
    lines = [[_smaller(drawing, factor) for drawing in line] for line in lines]
    heights = [max(drawing.height for drawing in line) for line in lines]
    bottom = (page.height - sum(heights) - gap * (rows - 1)) // 2
    for line, height in zip(lines, heights, strict=True):
        bottom += height
        left = (page.width - sum(d.width for d in line) - gap * (len(line) - 1)) // 2
        for drawing in line:
            page.paste(drawing, (left, bottom - drawing.height))
            left += drawing.width + gap
        bottom += gap
    return page


def _trimmed(picture: Image.Image, background: str) -> Image.Image:
    """The part of `picture` that is not background, or all of it where everything is."""
    plain = Image.new("RGB", picture.size, ImageColor.getrgb(background)[:3])
    bands = ImageChops.difference(picture.convert("RGB"), plain).split()
    strongest = ImageChops.lighter(ImageChops.lighter(bands[0], bands[1]), bands[2])
    box = strongest.point([255 if level > _SHOWN else 0 for level in range(256)]).getbbox()
    return picture.crop(box) if box else picture


def _smaller(drawing: Image.Image, factor: float) -> Image.Image:
    size = (max(1, int(drawing.width * factor)), max(1, int(drawing.height * factor)))
    return drawing.resize(size, Image.Resampling.LANCZOS)
