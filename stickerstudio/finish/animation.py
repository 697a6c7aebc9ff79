"""Animation: frames and how long each is shown."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from PIL import Image


@dataclass(frozen=True, slots=True)
class Animation:
    """Pictures shown one after the other.

    Attributes:
        frames: RGBA, all of one size; at least one.
        durations_ms: how long each is shown, one for each frame, 1 or more.
        loop: how often it plays; 0 for ever.

    Raises:
        ValueError: the frames and durations do not fit together.
    """

    frames: tuple[Image.Image, ...]
    durations_ms: tuple[int, ...]
    loop: int = 0

    def __post_init__(self) -> None:
        if not self.frames or len(self.frames) != len(self.durations_ms):
            raise ValueError(f"{len(self.frames)} frames, {len(self.durations_ms)} durations")
        if any(frame.size != self.size or frame.mode != "RGBA" for frame in self.frames):
            raise ValueError("the frames are not all RGBA of one size")
        if min(self.durations_ms) < 1 or self.loop < 0:
            raise ValueError("a frame needs a millisecond at least, and a loop no less than 0")

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels."""
        return self.frames[0].size

    @property
    def total_ms(self) -> int:
        """How long it plays once."""
        return sum(self.durations_ms)

    def each(self, change: Callable[[Image.Image], Image.Image]) -> Animation:
        """The same with every frame changed."""
        return replace(self, frames=tuple(map(change, self.frames)))
