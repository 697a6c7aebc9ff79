"""Stickers that move without a model: a cut-out picture, bounced, wiggled or spun, as frames.

Every motion is a function of the phase, 0 … 1, that ends where it began, so that the loop has no
seam. Frames are drawn by one affine map each, in premultiplied colour and between pixels; the
picture is first made small enough that no frame leaves the box.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, cast, get_args

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from stickerstudio.core.i18n import tr
from stickerstudio.finish.animation import Animation

Motion = Literal["bounce", "wiggle", "pop", "pulse", "shake", "spin"]
MOTIONS = cast("tuple[Motion, ...]", get_args(Motion))

MAX_FPS = 50  # a GIF's shortest frame is 20 ms
MAX_SECONDS = 10.0  # the longest that a platform takes (Telegram 3, LINE 4, Discord 5, Signal 3)
_FINER = 2  # the box is drawn twice as large and averaged, against stair steps
_Points = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class _Pose:
    """How the picture stands in a frame; lengths in its own longer sides, the ground at its foot.

    `turn` is in radians, clockwise, about the middle, or the foot where `on_foot`.
    """

    dx: float = 0.0
    dy: float = 0.0
    wide: float = 1.0
    high: float = 1.0
    turn: float = 0.0
    on_foot: bool = False


def title(motion: Motion) -> str:
    """What a motion is called in the window."""
    return {
        "bounce": tr("Bounce"),
        "wiggle": tr("Wiggle"),
        "pop": tr("Pop"),
        "pulse": tr("Pulse"),
        "shake": tr("Shake"),
        "spin": tr("Spin"),
    }[motion]


def animate(
    image: Image.Image,
    motion: Motion,
    *,
    side: int,
    fps: int = 20,
    seconds: float = 1.0,
    amount: float = 0.5,
) -> Animation:
    """`image` in motion, once around; the last frame leads into the first.

    Args:
        image: with alpha; what is clear around it is left out.
        side: pixels, width and height of every frame.
        fps: frames a second, 1 … MAX_FPS.
        seconds: how long one round takes, up to MAX_SECONDS.
        amount: how strong, 0 (still) … 1.
    """
    if not (1 <= fps <= MAX_FPS and 0 < seconds <= MAX_SECONDS and 0 <= amount <= 1 and side >= 1):
        raise ValueError(f"fps {fps}, seconds {seconds}, amount {amount}, side {side}")
    count = max(1, round(fps * seconds))
    move = _MOVES[motion]
    poses = [move(number / count, amount) for number in range(count)]
    subject = image.convert("RGBA")
    subject = subject.crop(subject.getchannel("A").getbbox() or (0, 0, 1, 1))
    fit, middle = _fit(subject.size, [move(i / 96, amount) for i in range(96)] + poses, side)
    drawn = _at_most(subject, fit)
    frames = [_frame(drawn, pose, fit, middle, side) for pose in poses]
    return Animation(tuple(frames), even_durations(count, seconds))


def even_durations(count: int, seconds: float) -> tuple[int, ...]:
    """`seconds` shared among `count` frames, in whole milliseconds that add up."""
    ends = [round(1000 * seconds * number / count) for number in range(count + 1)]
    return tuple(max(1, end - start) for start, end in itertools.pairwise(ends))


# --- the motions ---


def _bounce(phase: float, amount: float) -> _Pose:
    """Up and down under gravity, squashed where it lands and stretched where it is fast."""
    landing = 0.24  # of the round, spent on the ground
    if phase < landing:
        squash = 0.32 * amount * math.sin(math.pi * phase / landing)
        return _Pose(wide=1 + 0.6 * squash, high=1 - squash, on_foot=True)
    flight = (phase - landing) / (1 - landing)
    height = 4 * flight * (1 - flight)
    stretch = 0.12 * amount * (1 - height) * math.sin(math.pi * flight) * 2
    return _Pose(dy=-0.45 * amount * height, wide=1 - 0.6 * stretch, high=1 + stretch, on_foot=True)


def _wiggle(phase: float, amount: float) -> _Pose:
    """From side to side about the foot, as a plant in the wind."""
    return _Pose(turn=math.radians(24) * amount * math.sin(math.tau * phase), on_foot=True)


def _pop(phase: float, amount: float) -> _Pose:
    """Out of nothing, a little too large, then still, and away: a damped spring and back."""
    small = 1 - amount
    if phase < 0.5:
        t = phase / 0.5
        size = 1 - (1 - small) * math.exp(-6 * t) * math.cos(2.5 * math.pi * t)
        settled = 1 - (1 - small) * math.exp(-6) * math.cos(2.5 * math.pi)
        size += (1 - settled) * t
    elif phase < 0.85:
        size = 1.0
    else:
        t = (phase - 0.85) / 0.15
        size = 1 - (1 - small) * t * t
    return _Pose(wide=size, high=size)


def _pulse(phase: float, amount: float) -> _Pose:
    """A heart's beat: two swellings, the second weaker, and a rest."""
    beat = math.exp(-(((phase - 0.2) / 0.09) ** 2)) + 0.6 * math.exp(
        -(((phase - 0.46) / 0.09) ** 2)
    )
    size = 1 + 0.28 * amount * beat
    return _Pose(wide=size, high=size)


def _shake(phase: float, amount: float) -> _Pose:
    """Trembling: quick, to the sides more than up and down."""
    return _Pose(
        dx=0.07 * amount * math.sin(3 * math.tau * phase),
        dy=0.025 * amount * math.sin(5 * math.tau * phase),
        turn=math.radians(7) * amount * math.sin(4 * math.tau * phase),
    )


def _spin(phase: float, amount: float) -> _Pose:
    """Once around, clockwise, however strong; stronger ones gather speed and lose it again."""
    eased = phase - amount * math.sin(math.tau * phase) / math.tau
    return _Pose(turn=math.tau * eased)


_MOVES: dict[Motion, Callable[[float, float], _Pose]] = {
    "bounce": _bounce,
    "wiggle": _wiggle,
    "pop": _pop,
    "pulse": _pulse,
    "shake": _shake,
    "spin": _spin,
}


# --- drawing ---


def _matrix(pose: _Pose, size: tuple[int, int]) -> _Points:
    """2 × 3: from the picture (longer side 1, its middle at 0, 0) to the box, in the same unit."""
    longer = max(size)
    foot = size[1] / longer / 2 if pose.on_foot else 0.0
    cos, sin = math.cos(pose.turn), math.sin(pose.turn)
    turn = np.array([[cos, -sin], [sin, cos]])
    scale = turn @ np.diag([pose.wide, pose.high])
    shift = np.array([pose.dx, pose.dy + foot]) - scale @ np.array([0.0, foot])
    return np.column_stack([scale, shift])


def _fit(size: tuple[int, int], poses: list[_Pose], side: int) -> tuple[float, _Points]:
    """How large the picture's longer side may be in pixels, and what lies in the box's middle."""
    longer = max(size)
    corners = np.array([[x, y, 2.0] for x in (-1, 1) for y in (-1, 1)]) / 2
    corners[:, :2] *= np.array(size) / longer
    reached = np.concatenate([corners @ _matrix(pose, size).T for pose in poses])
    low, high = reached.min(axis=0), reached.max(axis=0)
    room = max(1.0, side - 2.0)  # a pixel on each side for soft edges
    return room / float((high - low).max()), (low + high) / 2


def _at_most(image: Image.Image, longer: float) -> Image.Image:
    """`image`, premultiplied, no more than about twice as large as it will be drawn."""
    ready = image.convert("RGBa")
    factor = longer * _FINER / max(image.size)
    if factor >= 1:
        return ready
    size = (max(1, round(image.width * factor)), max(1, round(image.height * factor)))
    return ready.resize(size, Image.Resampling.LANCZOS)


def _frame(image: Image.Image, pose: _Pose, fit: float, middle: _Points, side: int) -> Image.Image:
    """`image` (premultiplied) as it stands in one frame."""
    forward = _matrix(pose, image.size)
    scale = forward[:, :2] * fit * _FINER / max(image.size)
    if abs(np.linalg.det(scale)) < 1e-9:
        return Image.new("RGBA", (side, side))
    shift = (forward[:, 2] - middle) * fit * _FINER + side * _FINER / 2
    back = np.linalg.inv(scale)
    from_box = np.array(image.size) / 2 - back @ shift
    coefficients = (*back[0], from_box[0], *back[1], from_box[1])
    clear = Image.new("RGBa", (image.width + 4, image.height + 4))
    clear.paste(image, (2, 2))  # so that edges fade into nothing instead of stopping
    values = [float(value) for value in coefficients]
    values[2] += 2
    values[5] += 2
    large = clear.transform(
        (side * _FINER, side * _FINER),
        Image.Transform.AFFINE,
        values,
        Image.Resampling.BILINEAR,
    )
    return large.resize((side, side), Image.Resampling.BOX).convert("RGBA")
