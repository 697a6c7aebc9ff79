"""The best file that keeps within a platform's limits: size in pixels, bytes, frames, time.

Nothing is fixed beforehand: the quality is searched for, so that the limit is used and not merely
kept. A picture that fits without any loss is never made worse.
"""

from __future__ import annotations

import functools
import io
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from PIL import Image

from stickerstudio.core.errors import BadInputError
from stickerstudio.core.i18n import tr
from stickerstudio.finish import encode
from stickerstudio.finish.animation import Animation
from stickerstudio.finish.encode import Format
from stickerstudio.finish.fit_place import Canvas, Timing, place, retimed, sampled
from stickerstudio.finish.palette import reduced

Picture = Image.Image | Animation

_NEAR = 0.97  # of the limit: what is nearer is not worth another try
_ENOUGH = 0.5  # quality steps nobody can tell apart
_ROUNDINGS = (0, 1, 2)  # levels; 4 and more show as steps in soft shades
_PALETTES = (2, 4, 8, 12, 16, 24, 32, 48, 64, 96, 128, 192, 256)
# An animation that would need less than this gives frames away first: what flickers or blurs is
# worse than what moves less smoothly.
_GOOD_QUALITY = 55.0
_GOOD_COLOURS = 48
_GOOD_CRF = 44


@dataclass(frozen=True, slots=True)
class Fitted:
    """A file that keeps the limits, and what it cost.

    Attributes:
        data: the file.
        quality: of the colours, 0 … 100, where they were kept by and large; None elsewhere.
        rounding: by how many levels of 255 a colour may be off where they were rounded; else 0.
        colours: how many different ones are left at most; None where all are.
        crf: libvpx's constant quality, of a video.
        frames: how many there are, 1 for a picture.
        frames_before: how many the animation had.
    """

    data: bytes
    format: Format
    size: tuple[int, int]
    quality: float | None = None
    rounding: int = 0
    colours: int | None = None
    crf: int | None = None
    frames: int = 1
    frames_before: int = 1

    @property
    def is_lossless(self) -> bool:
        """Whether every pixel of the placed picture is in the file as it was."""
        changed = (self.quality, self.colours, self.crf)
        return not self.rounding and all(value is None for value in changed)


def fit(
    picture: Picture,
    canvas: Canvas,
    format: Format,
    max_bytes: int | None = None,
    timing: Timing | None = None,
    background: str | None = None,
) -> Fitted:
    """Place `picture` on `canvas` and write it as well as `max_bytes` allows.

    Args:
        picture: of any size; an animation for the formats "apng", "gif", "webm" and, with `timing`,
            "webp". A picture given to these is shown as an animation of equal frames.
        timing: what an animation must keep; None for still pictures.
        background: painted under it, "#rrggbb"; None keeps it transparent.

    Raises:
        BadInputError: nothing of it is visible, or it stays too large at the worst quality.
        NotFoundError: the format's encoder is not installed.
    """
    if timing is None:
        still = picture.frames[0] if isinstance(picture, Animation) else picture
        image = _over(place(still, canvas), background)
        fitted = _fit_still(image, format, max_bytes)
        return replace(fitted, frames_before=1)
    animation = picture if isinstance(picture, Animation) else Animation((picture,), (1000,))
    timed = retimed(place(animation, canvas), timing)
    fitted = _fit_animation(timed, format, max_bytes, timing, background)
    return replace(fitted, frames_before=len(animation.frames))


def _over(image: Image.Image, background: str | None) -> Image.Image:
    if background is None:
        return image
    return Image.alpha_composite(Image.new("RGBA", image.size, background), image)


def _largest(
    write: Callable[[float], bytes],
    low: float,
    high: float,
    limit: int,
    step: float,
) -> tuple[float, bytes] | None:
    """The greatest value whose file keeps `limit`, and the file; None where none does.

    The size grows with the value, by and large; the logarithm of it nearly linearly, which is where
    the next try comes from.
    """
    best: tuple[float, bytes] | None = None
    tried: list[tuple[float, float]] = []  # (value, log of the size), below and above the limit
    bottom, top = low, high
    value = low + (high - low) * 0.8
    while True:
        data = write(value)
        tried.append((value, math.log(len(data))))
        if len(data) <= limit:
            if best is None or value >= best[0]:
                best = (value, data)
            bottom = value
            if len(data) >= _NEAR * limit or value >= high:
                return best
        else:
            top = value
            if value <= low:
                return None
        if best is None and top - low <= step:
            value = low
            continue
        if best is not None and top - bottom <= step:
            return best
        value = _next_try(tried, bottom, top, math.log(limit * (1 + _NEAR) / 2))
        value = min(max(value, bottom + (top - bottom) * 0.1), bottom + (top - bottom) * 0.9)


def _next_try(
    tried: Sequence[tuple[float, float]], bottom: float, top: float, wanted: float
) -> float:
    """Where the line through the two latest tries meets `wanted`; else the middle."""
    if len(tried) >= 2 and len(tried) % 3:  # every third one halves, so that it ends
        (x0, y0), (x1, y1) = tried[-2:]
        if y0 != y1:
            return x1 + (wanted - y1) * (x1 - x0) / (y1 - y0)
    return (bottom + top) / 2


def _fit_still(image: Image.Image, format: Format, limit: int | None) -> Fitted:
    if format not in ("webp", "png"):
        return _fit_animation(Animation((image,), (1000,)), format, limit, Timing(1000, 1), None)
    write = encode.webp if format == "webp" else encode.png
    for rounding in _ROUNDINGS if format == "png" else _ROUNDINGS[:2]:
        data = write(rounded(image, rounding))
        if limit is None or len(data) <= limit:
            return Fitted(data, format, image.size, rounding=rounding)
        if len(data) > 2 * limit:
            break  # a level more takes about a fifth away
    assert limit is not None  # without one the first try fits
    if format == "webp":
        return _fit_lossy_webp(image, limit)
    found = _fewest_lost(lambda colours: encode.png(image, colours), limit)
    if found is not None:
        return Fitted(found[1], format, image.size, colours=found[0])
    raise _too_large(len(encode.png(image, _PALETTES[0])), limit)


def _fit_lossy_webp(image: Image.Image, limit: int) -> Fitted:
    found = _largest(lambda quality: encode.webp(image, quality), 0, 100, limit, _ENOUGH)
    few = reduced(image, _PALETTES[-1])
    flat = encode.webp(few)
    choices: list[tuple[float, Fitted]] = []
    if found is not None:
        with Image.open(io.BytesIO(found[1])) as decoded:
            lost = difference(image, decoded)
        choices.append((lost, Fitted(found[1], "webp", image.size, quality=found[0])))
    if len(flat) <= limit:
        fitted = Fitted(flat, "webp", image.size, colours=_PALETTES[-1])
        choices.append((difference(image, few), fitted))
    steps = rounded(image, _ROUNDINGS[-1])
    if len(data := encode.webp(steps)) <= limit:
        fitted = Fitted(data, "webp", image.size, rounding=_ROUNDINGS[-1])
        choices.append((difference(image, steps), fitted))
    if not choices:
        raise _too_large(len(encode.webp(image, 0)), limit)
    return min(choices, key=lambda choice: choice[0])[1]


def rounded(image: Image.Image, most: int) -> Image.Image:
    """`image` with its colours, not its alpha, off by at most `most` (0, 1, 2, 4) levels of 255.

    What nobody sees, and what lossless formats need a fifth fewer bytes for at each step.
    """
    if not most:
        return image
    step = 2 * most
    table = [min(255, (level + most) // step * step) for level in range(256)]
    red, green, blue, alpha = image.split()
    return Image.merge("RGBA", [*(band.point(table) for band in (red, green, blue)), alpha])


def difference(one: Image.Image, other: Image.Image) -> float:
    """The mean squared difference of premultiplied colours and alpha, 0 … 65025."""
    a, b = (np.asarray(image.convert("RGBA").convert("RGBa"), np.float32) for image in (one, other))
    return float(np.square(a - b).mean())


def _fewest_lost(write: Callable[[int], bytes], limit: int) -> tuple[int, bytes] | None:
    """The largest palette whose file keeps `limit`."""
    low, high = 0, len(_PALETTES) - 1
    best: tuple[int, bytes] | None = None
    middle = high
    while low <= high:
        data = write(_PALETTES[middle])
        if len(data) <= limit:
            best = (_PALETTES[middle], data)
            low = middle + 1
        else:
            high = middle - 1
        middle = (low + high) // 2
    return best


def _fit_animation(
    animation: Animation,
    format: Format,
    limit: int | None,
    timing: Timing,
    background: str | None,
) -> Fitted:
    searches: dict[Format, Callable[[Animation, int | None, bool], Fitted | None]] = {
        "webp": _search_webp,
        "apng": _search_apng,
        "gif": functools.partial(_search_gif, background),
        "webm": _search_webm,
    }
    search = searches[format]
    if background is not None:
        animation = animation.each(lambda frame: _over(frame, background))
    last: Animation = animation
    for fewer in _with_fewer_frames(animation, timing):
        last = fewer
        fitted = search(fewer, limit, False)
        if fitted is not None:
            return fitted
    assert limit is not None  # without one the first try fits
    fitted = search(last, limit, True)
    if fitted is None:
        raise _too_large(None, limit)
    return fitted


def _with_fewer_frames(animation: Animation, timing: Timing) -> Iterator[Animation]:
    """`animation`, then half of its frames, and half of those, down to the fewest there may be."""
    count = len(animation.frames)
    lowest = max(2, timing.min_frames)
    yield animation
    while count > lowest:
        count = max(lowest, count // 2)
        yield sampled(animation, count, animation.total_ms, animation.total_ms)


def _search_webp(animation: Animation, limit: int | None, worst: bool) -> Fitted | None:
    data = encode.animated_webp(animation)
    if limit is None or len(data) <= limit:
        return _fitted(data, "webp", animation)
    found = _largest(
        lambda quality: encode.animated_webp(animation, quality),
        0 if worst else _GOOD_QUALITY,
        100,
        limit,
        4 * _ENOUGH,
    )
    return found and _fitted(found[1], "webp", animation, quality=found[0])


def _search_apng(animation: Animation, limit: int | None, worst: bool) -> Fitted | None:
    for rounding in _ROUNDINGS:
        data = encode.apng(animation.each(functools.partial(rounded, most=rounding)))
        if limit is None or len(data) <= limit:
            return _fitted(data, "apng", animation, rounding=rounding)
        if len(data) > 2 * limit:
            break
    assert limit is not None  # without one the first try fits
    found = _fewest_lost(lambda colours: encode.apng(animation, colours), limit)
    if found is None or not (worst or found[0] >= _GOOD_COLOURS):
        return None
    return _fitted(found[1], "apng", animation, colours=found[0])


def _search_gif(
    background: str | None, animation: Animation, limit: int | None, worst: bool
) -> Fitted | None:
    def write(colours: int) -> bytes:
        return encode.gif(animation, colours, background=background)

    if limit is None:
        return _fitted(write(256), "gif", animation, colours=256)
    found = _fewest_lost(write, limit)
    if found is None or not (worst or found[0] >= _GOOD_COLOURS):
        return None
    return _fitted(found[1], "gif", animation, colours=found[0])


def _search_webm(animation: Animation, limit: int | None, worst: bool) -> Fitted | None:
    best = 4.0  # nobody sees the difference to 0
    data = encode.webm_vp9(animation, int(best))
    if limit is None or len(data) <= limit:
        return _fitted(data, "webm", animation, crf=int(best))
    found = _largest(
        lambda quality: encode.webm_vp9(animation, round(encode.MAX_CRF - quality)),
        0 if worst else encode.MAX_CRF - _GOOD_CRF,
        encode.MAX_CRF - best,
        limit,
        1,
    )
    return found and _fitted(found[1], "webm", animation, crf=round(encode.MAX_CRF - found[0]))


def _fitted(
    data: bytes,
    format: Format,
    animation: Animation,
    *,
    quality: float | None = None,
    rounding: int = 0,
    colours: int | None = None,
    crf: int | None = None,
) -> Fitted:
    frames = len(animation.frames)
    return Fitted(data, format, animation.size, quality, rounding, colours, crf, frames)


def _too_large(smallest: int | None, limit: int) -> BadInputError:
    return BadInputError(
        tr("This sticker cannot be made small enough."),
        tr("Even at the lowest quality it is over {limit} bytes.", limit=f"{limit:,}")
        if smallest is None
        else tr(
            "Even at the lowest quality it has {size} bytes; {limit} are allowed.",
            size=f"{smallest:,}",
            limit=f"{limit:,}",
        ),
        tr("Leave it out, or make it simpler or shorter."),
    )
