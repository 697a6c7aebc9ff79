"""Cut a subject out of its picture: by its flat background, by what a model sees, or by hand."""

from __future__ import annotations

from functools import cache

import numpy as np
from PIL import Image, ImageDraw

from stickerstudio.core.design import Cutout, CutoutMethod, Stroke
from stickerstudio.finish.cutout_flat import Colour, Floats, border_is_flat, cut_flat
from stickerstudio.finish.matting import foreground, refined, saliency

WHITE: Colour = (255, 255, 255)

_FINER = 4  # a brush's edge is drawn this many times as large, and averaged
_LEAST_SUBJECT = 1e-3  # of the picture; a model that sees less than that has seen nothing


def is_flat(image: Image.Image) -> bool:
    """Whether most of `image`'s border is one colour, so that `cut_out(image, None)` will do."""
    return border_is_flat(_pixels(image))


def cut_out(
    image: Image.Image, background: Colour | None = WHITE, method: CutoutMethod = "flat"
) -> Image.Image:
    """`image` with its background made transparent.

    "flat" needs no model and takes milliseconds; enclosed regions stay. "model" takes some tenths
    of a second. "auto" is "flat" where the border is of one colour, with the model asked only about
    what colour cannot tell (holes, pale smears), and "model" elsewhere.

    Where there is nothing to remove, or nothing would be left, the picture comes back whole: a
    sticker nobody can see helps nobody.

    Args:
        image: any size and mode; read as RGB, over white where it has alpha.
        background: 0…255 each; None takes the border's own colour if that is flat. Not used by
            "model".

    Returns:
        RGBA of the same size. Colours are not premultiplied; fully transparent pixels are 0, 0, 0.
    """
    pixels = _pixels(image)
    if method == "none":
        return image.convert("RGBA")
    if method == "flat":
        return cut_flat(pixels, background)
    opinion = cache(lambda: saliency(_picture(pixels)))
    if method == "auto" and border_is_flat(pixels):
        return cut_flat(pixels, background, opinion)
    return _cut_by(opinion(), pixels)


def apply_cutout(
    painted: Image.Image, cutout: Cutout, mask: Image.Image | None = None
) -> Image.Image:
    """What `cutout` shows of `painted`, the strokes of its brush included.

    A picture with transparent pixels has been cut out before: "auto" leaves it as it is.

    Args:
        painted: any mode.
        mask: "L", of the same size: the alpha where it is known; the method is not used then.

    Returns:
        RGBA of the same size; fully transparent pixels are 0, 0, 0.
    """
    if mask is not None:
        known = np.asarray(mask.convert("L"), np.float32) / np.float32(255)
        subject = _cut_with(known, _pixels(painted))
    elif cutout.method == "auto" and _is_cut(painted):
        subject = painted.convert("RGBA")
    else:
        subject = cut_out(painted, None, cutout.method)
    return brushed(subject, painted, cutout.strokes)


def brushed(subject: Image.Image, painted: Image.Image, strokes: tuple[Stroke, ...]) -> Image.Image:
    """`subject` (RGBA) after `strokes`: what is added shows `painted` again."""
    if not strokes:
        return subject
    source = painted.convert("RGBA")
    for stroke in strokes:
        cover, corner = _dab(stroke, subject.size)
        if cover is None:
            continue
        box = (*corner, corner[0] + cover.width, corner[1] + cover.height)
        part = subject.crop(box)
        if stroke.add:
            # Pixels that were partly the subject's keep its un-mixed colour as far as they did.
            changed = _premultiplied_mix(part, source.crop(box), cover)
        else:
            changed = _premultiplied_mix(part, Image.new("RGBA", part.size), cover)
        subject = subject.copy()
        subject.paste(changed, corner)
    return subject


def _dab(stroke: Stroke, size: tuple[int, int]) -> tuple[Image.Image | None, tuple[int, int]]:
    """The coverage ("L") of a stroke where it meets the picture, and that place's corner."""
    width, height = size
    radius = max(0.5, stroke.radius * max(size))
    points = [(x * width, y * height) for x, y in stroke.points]
    xs, ys = [x for x, _ in points], [y for _, y in points]
    left, top = max(0, int(min(xs) - radius) - 1), max(0, int(min(ys) - radius) - 1)
    right = min(width, int(max(xs) + radius) + 2)
    bottom = min(height, int(max(ys) + radius) + 2)
    if left >= right or top >= bottom:
        return None, (0, 0)
    large = Image.new("L", ((right - left) * _FINER, (bottom - top) * _FINER))
    pen = ImageDraw.Draw(large)
    spots = [((x - left) * _FINER, (y - top) * _FINER) for x, y in points]
    wide = radius * _FINER
    if len(spots) > 1:
        pen.line(spots, fill=255, width=round(2 * wide))
    for x, y in spots:  # round ends and joins
        pen.ellipse((x - wide, y - wide, x + wide, y + wide), fill=255)
    return large.reduce(_FINER), (left, top)


def _premultiplied_mix(below: Image.Image, above: Image.Image, cover: Image.Image) -> Image.Image:
    """From `below` to `above` by `cover`; transparent pixels lend no colour."""
    mixed = Image.composite(above.convert("RGBa"), below.convert("RGBa"), cover)
    return mixed.convert("RGBA")


def _cut_by(opinion: Floats, pixels: Floats) -> Image.Image:
    alpha = refined(pixels, opinion)
    if np.count_nonzero(alpha > 0.5) < _LEAST_SUBJECT * alpha.size:
        return _picture(pixels).convert("RGBA")
    return _cut_with(alpha, pixels)


def _cut_with(alpha: Floats, pixels: Floats) -> Image.Image:
    result = np.empty((*alpha.shape, 4), np.uint8)
    result[..., :3] = np.rint(foreground(pixels, alpha))
    result[..., 3] = np.rint(alpha * 255)
    result[result[..., 3] == 0] = 0
    return Image.fromarray(result)


def _is_cut(image: Image.Image) -> bool:
    low, _ = image.convert("RGBA").getchannel("A").getextrema()
    return isinstance(low, int) and low < 128


def _pixels(image: Image.Image) -> Floats:
    """Height × width × 3, levels 0…255."""
    if image.has_transparency_data:
        rgba = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", rgba.size, "white"), rgba)
    return np.asarray(image.convert("RGB"), np.float32)


def _picture(pixels: Floats) -> Image.Image:
    return Image.fromarray(pixels.astype(np.uint8))
