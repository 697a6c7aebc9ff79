"""Take a flat background away: what is connected to the border, with soft edges and clean colours.

A pixel on an edge is a mixture C = α·F + (1 − α)·B of the sticker's colour F and the background's
B. B is known. F is found by climbing from the edge into the sticker for as long as the colour keeps
moving away from B along one line; α then follows by projection, and F by un-mixing, so that the
picture over B is what it was, and over anything else shows no rim of B. The mixture is that of
Porter and Duff, "Compositing Digital Images", SIGGRAPH 1984.

What colour alone cannot tell may be asked of a second opinion, the saliency of finish.matting:
whether an enclosed white is a hole or an eye, and whether a pale smear belongs to the subject.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from stickerstudio.finish.regions import Mask, label, touching_border

Colour = tuple[int, int, int]
Floats = NDArray[np.float32]
Opinion = Callable[[], Floats]  # height × width, 0…1: how likely a pixel is the subject's

_NEAR = 40.0  # levels a background may lie from the colour asked for: models paint white as 235 too
_FLAT_SHARE = 0.6  # of the border; a sticker may run over the edge on one side
_CLEAN_TOLERANCE = 5.0  # levels, where the border is one colour exactly: drawn, not painted
_LEAST_TOLERANCE, _MOST_TOLERANCE = 10.0, 28.0  # levels; ±4 of noise on top of a drift of a few
_RISE = 1.06  # a step that moves less than this away from B has reached the sticker's own shading
_OFF_LINE = 10.0  # levels a mixture may lie beside the line from B to F, on top of the noise
_SPECK_SHARE = 1e-3  # of the picture's area; faint regions below it are noise
_ISLAND_SHARE = 2e-3  # of the picture's area; pale regions that touch nothing, below it, are noise
_UNUSUAL = 40.0  # levels from white and from black: no eye or tooth has that colour by chance
_PINHOLE_SHARE = 2e-4  # of the picture's area; enclosed regions below it are part of the drawing
_HOLE_SHARE = 1.5e-3  # the same, where the opinion must decide: it is coarse
_DOUBT = 0.8  # mean opinion below which an enclosed region is a hole
_UNLIKELY = 0.1  # opinion below which a pale pixel is a smear
_SMEAR_SHARE = 5e-3  # of the sticker; less pale rim than that is an edge, not worth asking about
_MOST_SMEARED = 0.15  # of the sticker


def border_is_flat(pixels: Floats) -> bool:
    """Whether most of the border (of height × width × 3, levels 0…255) is one colour."""
    return _border_colour(pixels) is not None


def cut_flat(
    pixels: Floats, background: Colour | None, opinion: Opinion | None = None
) -> Image.Image:
    """The picture with its flat background made transparent.

    Where there is nothing to remove (no border pixel has the background's colour) or nothing would
    be left (a blank picture) the picture comes back whole: a sticker nobody can see helps nobody.

    Args:
        pixels: height × width × 3, levels 0…255.
        background: 0…255 each; None takes the border's own colour if that is flat.
        opinion: asked only where it matters, as it may take long. Without it everything that is
            enclosed stays, whatever its colour: the white of an eye, the hole of a ring.

    Returns:
        RGBA of the same size. Colours are not premultiplied; fully transparent pixels are 0, 0, 0.
    """
    found = _background(pixels, background)
    if found is None:
        return whole(pixels)
    base, tolerance = found
    away = pixels - base
    distance = np.abs(away).max(axis=2)
    outside = _outside(distance, tolerance)
    if not outside.any():
        return whole(pixels)
    if opinion is not None:
        outside = outside | _holes(distance, outside, tolerance, base, opinion)
    reach = min(8, max(3, math.ceil(min(outside.shape) / 128) + 2))
    edge = _edge(distance, outside, reach)
    alpha, strength = _coverage(away, distance, edge, tolerance, reach)
    alpha[outside] = 0.0
    grain = max(tolerance, _LEAST_TOLERANCE)  # what is faint is so whatever the background
    alpha[_specks(strength, outside, grain)] = 0.0
    if opinion is not None and tolerance >= _LEAST_TOLERANCE:  # a drawn picture has no smears
        alpha[_smears(strength, alpha, grain, opinion)] = 0.0
    alpha[_islands(strength, alpha, grain)] = 0.0
    if np.count_nonzero(alpha > 0.5) < 4:
        return whole(pixels)
    return _unmixed(pixels, base, alpha)


def _border(pixels: Floats) -> Floats:
    """The outermost two rings of pixels, n × 3."""
    inner = np.ones(pixels.shape[:2], np.bool_)
    inner[2:-2, 2:-2] = False
    return pixels[inner]


def _border_colour(pixels: Floats) -> Floats | None:
    border = _border(pixels)
    colour = np.median(border, axis=0).astype(np.float32)
    near = np.count_nonzero(np.abs(border - colour).max(axis=1) <= _LEAST_TOLERANCE)
    return colour if near >= _FLAT_SHARE * len(border) else None


def _background(pixels: Floats, wanted: Colour | None) -> tuple[Floats, float] | None:
    """The background's real colour, and how far its pixels stray from it in levels."""
    asked = _border_colour(pixels) if wanted is None else np.array(wanted, np.float32)
    if asked is None:
        return None
    border = _border(pixels)
    near = border[np.abs(border - asked).max(axis=1) <= _NEAR]
    if not near.size:
        return None
    base = np.median(near, axis=0).astype(np.float32)
    strays = np.abs(near - base).max(axis=1)
    quarter, most = (float(value) for value in np.percentile(strays, (75, 98)))
    spread = 2.5 * quarter + 4.0  # a sticker on the border hardly counts
    least = _LEAST_TOLERANCE if most > 0 else _CLEAN_TOLERANCE
    return base, min(_MOST_TOLERANCE, max(least, spread))


def _outside(distance: Floats, tolerance: float) -> Mask:
    """Pixels of the background's colour that are connected to the border."""
    labels, count = label(distance <= tolerance)
    return np.append(touching_border(labels, count), False)[labels]


def _holes(
    distance: Floats, outside: Mask, tolerance: float, base: Floats, opinion: Opinion
) -> Mask:
    """Enclosed regions of the background's colour through which the background is seen.

    White and black are the colours of eyes, teeth and pupils as well: there the opinion decides.
    """
    labels, count = label((distance <= tolerance) & ~outside)
    sizes = np.bincount(labels[labels >= 0], minlength=count)
    is_plain = min(float((255 - base).max()), float(base.max())) > _UNUSUAL
    holes = sizes > (_PINHOLE_SHARE if is_plain else _HOLE_SHARE) * outside.size
    if not is_plain and holes.any():
        subject = np.bincount(
            labels[labels >= 0], weights=opinion()[labels >= 0], minlength=count
        ) / np.maximum(sizes, 1)
        holes &= subject < _DOUBT
    return np.append(holes, False)[labels]


def _edge(distance: Floats, outside: Mask, reach: int) -> Mask:
    """Pixels at most `reach` steps from the outside on paths that lead away from its colour."""
    edge = np.zeros_like(outside)
    front = outside
    for _ in range(reach):
        highest = _around(np.where(front, distance, np.inf).astype(np.float32)).min(axis=0)
        front = ~outside & ~edge & (distance >= highest)
        edge |= front
    return edge


def _coverage(
    away: Floats, distance: Floats, edge: Mask, tolerance: float, reach: int
) -> tuple[Floats, Floats]:
    """α for every pixel, below 1 only where `edge` allows it; and how far its F lies from B."""
    height, width = distance.shape
    flat_away = away.reshape(-1, 3)
    flat_distance = distance.ravel()
    start = np.flatnonzero(edge)
    around = _around(distance).reshape(8, -1)[:, start]
    steps = np.array([y * width + x for y, x in _EIGHT])
    highest = around.argmax(axis=0)
    top = np.arange(distance.size)
    climbs = around.max(axis=0) > flat_distance[start] * _RISE + 2.0
    top[start[climbs]] += steps[highest[climbs]]

    here = flat_away[start]
    peak = start
    is_mixed = np.ones(start.size, np.bool_)
    for _ in range(reach):
        further = top[peak]
        line = flat_away[further]
        length = np.einsum("ij,ij->i", line, line) + 1e-6
        share = np.einsum("ij,ij->i", here, line) / length
        beside = np.abs(here - share[:, None] * line).max(axis=1)
        is_mixed &= beside <= _OFF_LINE + 0.5 * tolerance
        peak = np.where(is_mixed, further, peak)
    line = flat_away[peak]
    length = np.einsum("ij,ij->i", line, line) + 1e-6
    alpha = np.ones(height * width, np.float32)
    alpha[start] = np.clip(np.einsum("ij,ij->i", here, line) / length, 0.0, 1.0)
    strength = flat_distance.copy()
    strength[start] = flat_distance[peak]
    return alpha.reshape(height, width), strength.reshape(height, width)


def _specks(strength: Floats, outside: Mask, tolerance: float) -> Mask:
    """Faint, small regions beside the outside: compression noise, not parts of the sticker."""
    faint = ~outside & (strength <= 3 * tolerance)
    labels, count = label(faint)
    size = np.bincount(labels[faint], minlength=count)
    noise = size <= _SPECK_SHARE * outside.size
    beside = faint & (_around(outside.astype(np.float32)).max(axis=0) > 0)
    touches = np.zeros(count, np.bool_)
    touches[labels[beside]] = True
    return np.append(noise & touches, False)[labels]


def _islands(strength: Floats, alpha: Floats, tolerance: float) -> Mask:
    """Pale, small regions apart from the sticker: a model's crumbs, such as a grey corner pixel.

    What is small but strong in colour stays (a tear, a spark), and so does the largest region.
    """
    labels, count = label(alpha > 0)
    if count < 2:
        return np.zeros_like(alpha, np.bool_)
    inside = labels >= 0
    size = np.bincount(labels[inside], minlength=count)
    strongest = np.zeros(count, np.float32)
    np.maximum.at(strongest, labels[inside], strength[inside])
    crumbs = (size <= _ISLAND_SHARE * alpha.size) & (strongest <= 6 * tolerance)
    crumbs[size.argmax()] = False
    return np.append(crumbs, False)[labels]


def _smears(strength: Floats, alpha: Floats, tolerance: float, opinion: Opinion) -> Mask:
    """Pale parts that hang on the sticker and that the opinion does not count to it.

    Where that would take much of the sticker the opinion has not understood it, and nothing goes.
    """
    pale = (alpha > 0) & (strength <= 8 * tolerance)
    beside = _around((alpha == 0).astype(np.float32)).max(axis=0) > 0
    nothing = np.zeros_like(pale)
    seen = np.count_nonzero(alpha > 0.5)
    if np.count_nonzero(pale & beside) < _SMEAR_SHARE * seen:
        return nothing
    smears = pale & (opinion() < _UNLIKELY)
    return smears if np.count_nonzero(smears) <= _MOST_SMEARED * seen else nothing


def _unmixed(pixels: Floats, base: Floats, alpha: Floats) -> Image.Image:
    result = np.zeros((*alpha.shape, 4), np.uint8)
    some = np.maximum(alpha, 1 / 255)[..., None]
    colour = np.clip(base + (pixels - base) / some, 0, 255)
    result[..., :3] = np.where(alpha[..., None] > 0, np.rint(colour), 0)
    result[..., 3] = np.rint(alpha * 255)
    result[result[..., 3] == 0] = 0
    return Image.fromarray(result)


def whole(pixels: Floats) -> Image.Image:
    """The picture as it is, as RGBA."""
    return Image.fromarray(pixels.astype(np.uint8)).convert("RGBA")


_EIGHT = [(y, x) for y in (-1, 0, 1) for x in (-1, 0, 1) if (y, x) != (0, 0)]


def _around(values: Floats) -> Floats:
    """The eight neighbours of every pixel, 8 × height × width; the border repeats itself."""
    height, width = values.shape
    wide = np.pad(values, 1, mode="edge")
    return np.stack([wide[1 + y : 1 + y + height, 1 + x : 1 + x + width] for y, x in _EIGHT])
