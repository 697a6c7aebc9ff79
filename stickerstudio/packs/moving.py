"""One sticker in motion, for one platform or for none: what the animation window and `finish` make.

Everything here can run in a worker: it takes and gives what can be pickled.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from stickerstudio.core.errors import NotFoundError
from stickerstudio.core.i18n import tr
from stickerstudio.core.pictures import open_picture
from stickerstudio.finish.animation import Animation
from stickerstudio.finish.encode import Format
from stickerstudio.finish.enlarge import FACTORS, enlarge
from stickerstudio.finish.fit import Fitted, fit
from stickerstudio.finish.fit_place import Canvas, Timing
from stickerstudio.finish.motion import MAX_SECONDS, Motion, animate, even_durations
from stickerstudio.packs.platform import FileRule
from stickerstudio.packs.platforms import PLATFORMS

SIDE = 512  # pixels: what most platforms take, and the most any of them asks for
SUFFIXES: dict[Format, str] = {"apng": ".png", "webp": ".webp", "gif": ".gif", "webm": ".webm"}
_PLAIN: tuple[tuple[Format, str], ...] = (
    ("webp", "WebP"),
    ("apng", "APNG"),
    ("gif", "GIF"),
    ("webm", "WebM"),
)


@dataclass(frozen=True, slots=True)
class Target:
    """Where an animation goes. `key` is a format's, or a platform's."""

    key: str
    title: str
    rule: FileRule

    @property
    def suffix(self) -> str:
        """Of the file, with its dot."""
        return SUFFIXES[self.rule.format]


@dataclass(frozen=True, slots=True)
class Movement:
    """How a still sticker moves; see `finish.motion.animate`."""

    motion: Motion
    fps: int = 20
    seconds: float = 1.0
    amount: float = 0.5


def targets() -> tuple[Target, ...]:
    """The plain formats, then every platform that takes animations."""
    timing = Timing(round(1000 * MAX_SECONDS))
    plain = [
        Target(format, title, FileRule(format, Canvas(SIDE, SIDE, "within"), None, timing))
        for format, title in _PLAIN
    ]
    platforms = [
        Target(each.key, each.title, each.moving)
        for each in PLATFORMS
        if each.moving and each.moving.max_bytes  # those without a limit are folders and archives
    ]
    return (*plain, *platforms)


def find_target(key: str) -> Target:
    """The target of that key. Raises NotFoundError."""
    for target in targets():
        if target.key == key:
            return target
    raise NotFoundError(
        tr("There is nothing called {name} to animate for.", name=key),
        "",
        tr("Choose one of: {names}.", names=", ".join(target.key for target in targets())),
    )


def moved(path: Path, movement: Movement, side: int) -> Animation:
    """The picture at `path` in motion, `side` pixels wide and high.

    Raises:
        BadFileError, DiskError, NotFoundError: it cannot be read.
    """
    return _animated(open_picture(path), movement, side)


def between(frames: Sequence[Image.Image], movement: Movement) -> Animation:
    """`frames` there and back again in the time of `movement`, without a seam.

    Each is shown as long as the others; the two ends are not shown twice.
    """
    there_and_back = [*frames, *reversed(frames[1:-1])]
    durations = even_durations(len(there_and_back), movement.seconds)
    return Animation(tuple(frame.convert("RGBA") for frame in there_and_back), durations)


def fit_moved(path: Path, movement: Movement, key: str) -> Fitted:
    """The picture at `path` in motion as a file for the target `key`, as good as its limits allow.

    Raises:
        BadFileError, DiskError, NotFoundError: it cannot be read, or there is no such target.
        BadInputError: nothing is to be seen, or it cannot be made small enough.
    """
    target = find_target(key)
    canvas = target.rule.canvas
    side = min(SIDE, max(canvas.width, canvas.height))
    return fit_for(_animated(open_picture(path), movement, side), key)


def fit_between(frames: Sequence[Image.Image], movement: Movement, key: str) -> Fitted:
    """`between` as a file for the target `key`; small pictures are enlarged by the network first.

    Raises what `fit_moved` raises.
    """
    canvas = find_target(key).rule.canvas
    side = min(SIDE, max(canvas.width, canvas.height))
    factor = min(max(FACTORS), math.ceil(side / max(frames[0].size)))
    larger = [enlarge(frame, factor) for frame in frames] if factor in FACTORS else frames
    return fit_for(between(larger, movement), key)


def fit_for(animation: Animation, key: str) -> Fitted:
    """`animation` as a file for the target `key`; raises what `fit_moved` raises."""
    rule = find_target(key).rule
    return fit(animation, rule.canvas, rule.format, rule.max_bytes, rule.timing, rule.background)


def _animated(image: Image.Image, movement: Movement, side: int) -> Animation:
    return animate(
        image,
        movement.motion,
        side=side,
        fps=movement.fps,
        seconds=movement.seconds,
        amount=movement.amount,
    )
