"""Words on a sticker, as pixels: every script shaped and joined, emoji in colour, bent and turned.

HarfBuzz, through Pillow's raqm, shapes each part of a line; `finish.bidi` orders the parts and
`finish.fonts` finds a font for each. A bent or turned caption is drawn straight and larger, and
then every pixel of the result looks up where it came from, so that letters that are joined stay
joined. The rim is laid around the finished shape, letters and emoji alike.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageColor, ImageDraw

from stickerstudio.core.design import Caption
from stickerstudio.finish.caption_lines import Line, cleaned, lines
from stickerstudio.finish.distance import MAX_LIMIT, distance_outside

Floats = NDArray[np.float32]

_LEADING = 1.2  # from one line to the next, in ems
_ABOVE, _BELOW = 0.92, 0.28  # of a line's box, from the letters' foot, in ems
_MOST_TALL = 2.0  # pictures; words that would be taller are written smaller
_TIGHTEST = 0.7  # of the words' height: no circle is smaller, or their feet would meet
_FINE_PIXELS = 4_000_000  # of a straight caption drawn twice as large, to be bent or turned


@dataclass(frozen=True, slots=True)
class Placed:
    """A picture and where its upper left corner lies, in pixels.

    Attributes:
        image: RGBA.
        x, y: may be negative, or beyond the picture.
    """

    image: Image.Image
    x: int
    y: int


def render_caption(caption: Caption, side: int) -> Placed:
    """`caption` with its rim, for a picture whose longer side is `side` pixels.

    The middle of the image is the middle of the words (caption.x, caption.y), as if the picture
    were square. Short words bend less than `caption.arc` asks where the circle would be smaller
    than they are tall; words that would be more than two pictures tall are written smaller.

    Returns:
        One clear pixel where there is nothing to draw.
    """
    drawn = _drawn(caption, side)
    if drawn is None:
        image = Image.new("RGBA", (1, 1))
    else:
        rim = min(caption.outline_width * side, MAX_LIMIT - 2.0)
        room = math.ceil(rim) + 2
        image = _coloured(np.pad(drawn, ((room, room), (room, room), (0, 0))), caption, rim)
    x = round(caption.x * side - image.width / 2)
    y = round(caption.y * side - image.height / 2)
    return Placed(image, x, y)


def _drawn(caption: Caption, side: int) -> Floats | None:
    """The words without their rim, bent and turned: see `_straight`."""
    text = cleaned(caption.text)
    if not text.strip():
        return None
    pixels = max(1, round(caption.size * side))
    while True:
        found = lines(text, caption.font, pixels, caption.width * side)
        tall = len(found) * _LEADING * pixels
        if tall <= _MOST_TALL * side or pixels == 1:
            break
        pixels = max(1, int(pixels * min(0.9, math.sqrt(_MOST_TALL * side / tall))))
    if not caption.arc and not caption.rotation:
        return _straight(found, caption, pixels)
    wide = max(line.width for line in found)
    finer = 2 if 4 * wide * tall <= _FINE_PIXELS else 1
    if finer > 1:
        larger = [Line(line.runs, line.width * finer) for line in found]
        return _warped(_straight(larger, caption, pixels * finer), caption, finer)
    return _warped(_straight(found, caption, pixels), caption, finer)


def _straight(found: list[Line], caption: Caption, pixels: int) -> Floats:
    """The lines, drawn; what they mean to be their middle is the middle of the array.

    Returns:
        height × width × 5: red, green, blue and alpha, 0…1 and premultiplied; and coverage, which
        does not fade where the fill is translucent.
    """
    wide = math.ceil(max(line.width for line in found))
    tall = math.ceil(((len(found) - 1) * _LEADING + _ABOVE + _BELOW) * pixels)
    pad = math.ceil(0.6 * pixels)  # letters reach over their boxes: accents, swashes, vowel signs
    letters = Image.new("L", (wide + 2 * pad, tall + 2 * pad))
    # Pillow blends onto what is there, clear black: what it leaves is premultiplied.
    emoji = Image.new("RGBA", letters.size)
    on_letters, on_emoji = ImageDraw.Draw(letters), ImageDraw.Draw(emoji)
    share = {"left": 0.0, "center": 0.5, "right": 1.0}[caption.align]
    for number, line in enumerate(found):
        x = pad + (wide - line.width) * share
        y = pad + (_ABOVE + number * _LEADING) * pixels
        for run in line.runs:
            font = run.sized(pixels)
            if run.font.is_emoji:
                on_emoji.text((x, y), run.text, (0, 0, 0, 255), font, "ls", embedded_color=True)
            else:
                on_letters.text((x, y), run.text, 255, font, "ls", direction=run.direction)
            x += run.width(pixels)
    red, green, blue, alpha = _colour(caption.fill)
    mask = np.asarray(letters, np.float32)[..., None] / 255
    pictures = np.asarray(emoji, np.float32) / 255
    fill = np.array([red * alpha, green * alpha, blue * alpha, alpha], np.float32)
    over = pictures + fill * mask * (1 - pictures[..., 3:])
    coverage = np.maximum(mask, pictures[..., 3:])
    return _trimmed(np.concatenate([over, coverage], axis=2, dtype=np.float32))


def _trimmed(drawn: Floats) -> Floats:
    """Without clear pixels around it, cut evenly: the middle stays in the middle."""
    rows, columns = (np.flatnonzero(drawn[..., 4].any(axis=axis)) for axis in (1, 0))
    if not rows.size:
        return drawn[:1, :1]
    height, width = drawn.shape[:2]
    top = min(rows[0], height - 1 - rows[-1])
    left = min(columns[0], width - 1 - columns[-1])
    return drawn[top : height - top, left : width - left]


def _warped(source: Floats, caption: Caption, finer: int) -> Floats:
    """`source`, made `finer` times as large, bent and turned at the size it is wanted."""
    height, width = source.shape[0] / finer, source.shape[1] / finer
    arc = math.radians(caption.arc)
    radius = max(width / abs(arc), _TIGHTEST * height) if arc else math.inf
    bent_width, bent_height, middle = _bent_box(width, height, radius, math.copysign(1, arc))
    turn = math.radians(caption.rotation)
    cos, sin = abs(math.cos(turn)), abs(math.sin(turn))
    wide = math.ceil(bent_width * cos + bent_height * sin) + 2
    tall = math.ceil(bent_width * sin + bent_height * cos) + 2
    down, right = np.mgrid[:tall, :wide].astype(np.float32) + 0.5
    right, down = right - wide / 2, down - tall / 2
    # Turning back: clockwise with y pointing down is the rotation matrix itself, so its inverse.
    x = right * math.cos(turn) + down * math.sin(turn)
    y = down * math.cos(turn) - right * math.sin(turn) + middle
    if math.isfinite(radius):
        way = math.copysign(1, arc)
        above = radius - way * y  # from the circle's middle
        x, y = np.arctan2(x, above) * radius, way * (radius - np.hypot(x, above))
    return _trimmed(_looked_up(source, (x + width / 2) * finer, (y + height / 2) * finer))


def _bent_box(width: float, height: float, radius: float, way: float) -> tuple[float, float, float]:
    """Width and height of the bent words, and how far down its middle is from the line's own."""
    if not math.isfinite(radius):
        return width, height, 0.0
    half = min(width / radius / 2, math.pi)  # the angle from the top to either end
    outer, inner = radius + height / 2, max(0.0, radius - height / 2)
    wide = 2 * outer * math.sin(min(half, math.pi / 2))
    # The ends hang lowest: the inner edge's, or the outer's beyond a half circle.
    lowest = radius - math.cos(half) * (inner if half < math.pi / 2 else outer)
    top = -height / 2
    return wide, lowest - top, way * (top + lowest) / 2


def _looked_up(source: Floats, x: Floats, y: Floats) -> Floats:
    """`source` at x, y (pixels, 0.5 in a pixel's middle), between pixels; clear outside."""
    padded = np.pad(source, ((1, 1), (1, 1), (0, 0)))
    height, width = padded.shape[:2]
    x = np.clip(x + 0.5, 0, width - 1.001).astype(np.float32)
    y = np.clip(y + 0.5, 0, height - 1.001).astype(np.float32)
    left, top = x.astype(np.intp), y.astype(np.intp)
    right_share = (x - np.floor(x))[..., None]
    low_share = (y - np.floor(y))[..., None]
    above = padded[top, left] * (1 - right_share) + padded[top, left + 1] * right_share
    below = padded[top + 1, left] * (1 - right_share) + padded[top + 1, left + 1] * right_share
    return np.asarray(above * (1 - low_share) + below * low_share, np.float32)


def _coloured(drawn: Floats, caption: Caption, rim: float) -> Image.Image:
    """RGBA of the words over a rim `rim` pixels wide."""
    over, alpha = drawn[..., :4], drawn[..., 3:4]
    if rim:
        around = np.clip(rim + 0.5 - distance_outside(drawn[..., 4], rim + 1), 0, 1)
        red, green, blue, strength = _colour(caption.outline_colour)
        below = np.array([red, green, blue, 1], np.float32) * strength * around[..., None]
        over = over + below * (1 - alpha)
        alpha = over[..., 3:4]
    colours = over[..., :3] / np.maximum(alpha, 1e-6)
    levels = np.concatenate([colours, alpha], axis=2)
    return Image.fromarray(np.rint(np.clip(levels, 0, 1) * 255).astype(np.uint8))


def _colour(text: str) -> tuple[float, float, float, float]:
    """Of "#rrggbb" or "#rrggbbaa", 0…1 each."""
    red, green, blue, *alpha = (level / 255 for level in ImageColor.getrgb(text))
    return red, green, blue, alpha[0] if alpha else 1.0
