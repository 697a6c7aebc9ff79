"""Where a picture goes on a platform's canvas, and how an animation is brought into its time."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal, TypeVar, cast

import numpy as np
from PIL import Image

from stickerstudio.core.errors import BadInputError
from stickerstudio.core.i18n import tr
from stickerstudio.finish import encode
from stickerstudio.finish.animation import Animation

Rule = Literal["exact", "within"]
P = TypeVar("P", Image.Image, Animation)

_FASTEST = 1.5  # an animation that is too long is played up to this much faster; the rest is cut


@dataclass(frozen=True, slots=True)
class Canvas:
    """How large a picture must be, in pixels.

    Attributes:
        width, height: the size of the file, or the most it may have.
        rule: "exact"; or "within": the picture fills one side, the other is as short as it can be.
        margin: kept free on each side.
        even: whether both sides must be even.
        min_longer: what the longer side must have at least; 0 where that does not matter.
    """

    width: int
    height: int
    rule: Rule = "exact"
    margin: int = 0
    even: bool = False
    min_longer: int = 0


@dataclass(frozen=True, slots=True)
class Timing:
    """How an animation may run.

    Attributes:
        max_ms: how long it may play, all its repetitions together where `loops` is not (0, 0).
        min_frames, max_frames: how many frames there may be.
        max_fps: how many a second.
        min_frame_ms: how long each is shown at least.
        loops: the fewest and the most repetitions; 0 is for ever.
        whole_seconds: whether one repetition must last 1, 2, 3, … seconds.
    """

    max_ms: int
    min_frames: int = 2
    max_frames: int | None = None
    max_fps: float | None = None
    min_frame_ms: int = 1
    loops: tuple[int, int] = (0, 0)
    whole_seconds: bool = False


def place(picture: P, canvas: Canvas) -> P:
    """`picture` with what is visible of it as large as `canvas` allows, in its middle.

    All frames of an animation are moved and scaled alike.

    Raises:
        BadInputError: nothing is visible.
    """
    if isinstance(picture, Animation):
        placing = _Placing(_visible_box(picture.frames), canvas)
        return picture.each(placing)
    image = encode.bare(picture)
    return _Placing(_visible_box([image]), canvas)(image)


def retimed(animation: Animation, timing: Timing) -> Animation:
    """`animation` within `timing`; unchanged where it already is."""
    lowest, highest = timing.loops
    total = animation.total_ms
    if total > timing.max_ms:
        faster = max(timing.max_ms, math.ceil(total / _FASTEST))
        animation = sampled(animation, len(animation.frames), total, faster)
        total = min(faster, timing.max_ms)
    if timing.whole_seconds:
        total = min(max(1000, round(total / 1000) * 1000), timing.max_ms // 1000 * 1000)
    shortest = max(timing.min_frame_ms, 1000 / timing.max_fps if timing.max_fps else 0.0)
    total = max(total, math.ceil(timing.min_frames * shortest))
    most = min(
        timing.max_frames or len(animation.frames),
        int(total / shortest),
    )
    count = max(timing.min_frames, min(most, len(animation.frames)))
    keeps = (
        count == len(animation.frames)
        and total == animation.total_ms
        and min(animation.durations_ms) >= shortest
    )
    if not keeps:
        animation = sampled(animation, count, min(total, animation.total_ms), total)
    if highest:
        loop = max(lowest, min(highest, timing.max_ms // total))
        return replace(animation, loop=loop)
    return replace(animation, loop=0)


class _Placing:
    """One way to crop, scale and centre, for a picture or for every frame alike."""

    def __init__(self, box: tuple[int, int, int, int], canvas: Canvas) -> None:
        step = 2 if canvas.even else 1
        most = (canvas.width // step * step, canvas.height // step * step)
        room = (most[0] - 2 * canvas.margin, most[1] - 2 * canvas.margin)
        size = (box[2] - box[0], box[3] - box[1])
        scale = min(room[0] / size[0], room[1] / size[1])
        self._box = box
        self._inner = tuple(
            max(1, min(limit, round(side * scale))) for side, limit in zip(size, room, strict=True)
        )
        outer = most
        if canvas.rule == "within":
            outer = tuple(
                min(limit, math.ceil((side + 2 * canvas.margin) / step) * step)
                for side, limit in zip(self._inner, most, strict=True)
            )
        self._outer = (outer[0], outer[1])

    def __call__(self, image: Image.Image) -> Image.Image:
        part = image.crop(self._box)
        if part.size != self._inner:
            part = part.resize((self._inner[0], self._inner[1]), Image.Resampling.LANCZOS)
        placed = Image.new("RGBA", self._outer)
        left = (self._outer[0] - part.width) // 2
        top = (self._outer[1] - part.height) // 2
        placed.paste(part, (left, top))
        return placed


def _visible_box(images: Sequence[Image.Image]) -> tuple[int, int, int, int]:
    boxes = [box for image in images if (box := image.getchannel("A").getbbox())]
    if not boxes:
        raise BadInputError(
            tr("There is nothing to see in this sticker."),
            tr("All of it is transparent."),
            tr("Choose another picture, or undo its cut-out."),
        )
    left, top, right, bottom = zip(*boxes, strict=True)
    return min(left), min(top), max(right), max(bottom)


def sampled(animation: Animation, count: int, span_ms: int, total_ms: int) -> Animation:
    """The first `span_ms` as `count` frames of equal length that play for `total_ms`."""
    ends = np.cumsum(animation.durations_ms)
    moments = (np.arange(count) + 0.5) * span_ms / count
    places = np.minimum(np.searchsorted(ends, moments, side="right"), len(ends) - 1)
    borders = np.rint(np.arange(count + 1) * total_ms / count).astype(int)
    return Animation(
        tuple(animation.frames[place] for place in cast("list[int]", places.tolist())),
        tuple(max(1, length) for length in cast("list[int]", np.diff(borders).tolist())),
        animation.loop,
    )
