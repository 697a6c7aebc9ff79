"""Drawings whose true alpha and colours are known, because we drew them several times as large."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

Floats = NDArray[np.float64]

KINDS = ("disc", "pale", "face", "rabbit", "thin", "border", "star", "ring", "letters", "sparks")
_FINER = 6


@dataclass(frozen=True)
class Drawing:
    """A sticker on nothing. `colour` is premultiplied by `alpha`; both 0…1, height × width (× 3).

    `kept` are pixels that stay although they have the background's colour: they are enclosed.
    """

    colour: Floats
    alpha: Floats
    kept: NDArray[np.bool_]

    def over(self, background: tuple[int, int, int]) -> Floats:
        """The levels 0…255 a camera would see, height × width × 3."""
        return 255 * self.colour + (1 - self.alpha[..., None]) * np.array(background)

    def expected(self, background: tuple[int, int, int]) -> tuple[Floats, Floats]:
        """Alpha, and the levels over black, of a perfect cut-out."""
        enclosed = self.over(background)
        alpha = np.where(self.kept, 1.0, self.alpha)
        return alpha, np.where(self.kept[..., None], enclosed, 255 * self.colour)


@cache
def draw(kind: str, size: int) -> Drawing:
    """One of KINDS, `size` pixels wide and high."""
    unit = size * _FINER / 128
    image = Image.new("RGBA", (size * _FINER, size * _FINER))
    pen = ImageDraw.Draw(image)

    def oval(box: tuple[float, ...], fill: str | None = None, line: str = "", width: float = 0):
        pixels = [side * unit for side in box]
        pen.ellipse(pixels, fill=fill, outline=line or None, width=max(1, round(width * unit)))

    if kind == "disc":
        oval((20, 20, 108, 108), "#e6332a")
    elif kind == "pale":
        oval((20, 20, 108, 108), "#ffe9b0")
    elif kind == "face":  # white eyes with dark pupils, and a dark ear over the edge
        oval((14, 18, 114, 112), "#ffcc22")
        for left in (36, 68):
            oval((left, 40, left + 24, 70), "white")
            oval((left + 8, 50, left + 18, 64), "#222222")
        oval((6, 54, 30, 78), "#222222")
    elif kind == "rabbit":  # white to the very outline
        oval((30, 30, 98, 110), "white", "#332211", 4)
        oval((50, 60, 58, 68), "#222222")
        oval((70, 60, 78, 68), "#222222")
    elif kind == "thin":
        oval((30, 30, 98, 110), "white", "#332211", 2)
        oval((60, 18, 90, 48), "#88ccff", "black", 1.5)
    elif kind == "border":  # runs over two sides of the picture
        oval((-30, 40, 90, 140), "#2a8f4a")
        oval((22, 70, 52, 100), "white")
    elif kind == "star":
        points = [
            (64 + radius * math.sin(angle), 66 - radius * math.cos(angle))
            for angle, radius in ((i * math.pi / 5, 22 if i % 2 else 55) for i in range(10))
        ]
        scaled = [(x * unit, y * unit) for x, y in points]
        pen.polygon(scaled, fill="#ffb000", outline="#7a4a00", width=round(3 * unit))
    elif kind == "ring":  # its hole is enclosed
        oval((15, 15, 113, 113), None, "#8844cc", 20)
    elif kind == "letters":  # narrow bays, open to the border
        for left in range(16, 112, 16):
            box = [side * unit for side in (left, 30, left + 9, 90)]
            pen.rectangle(box, fill="#c02060")
        pen.rectangle([side * unit for side in (16, 90, 105, 100)], fill="#c02060")
    elif kind == "sparks":  # small things that stand alone
        oval((40, 40, 88, 88), "#3366cc")
        for x, y in ((14, 14), (108, 20), (20, 104), (100, 108)):
            oval((x, y, x + 6, y + 6), "#ffaa00")

    # "RGBa" is premultiplied: the mean of its pixels is what a camera would see.
    coarse = np.asarray(image.convert("RGBa").reduce(_FINER), np.float64) / 255
    y, x = np.mgrid[:size, :size] + 0.5
    hole = (y - size / 2) ** 2 + (x - size / 2) ** 2 < (size * 36 / 128) ** 2
    kept = hole if kind == "ring" else np.zeros_like(hole)
    return Drawing(coarse[..., :3], coarse[..., 3], kept)


def picture(levels: Floats) -> Image.Image:
    """Levels 0…255 as an RGB image."""
    return Image.fromarray(np.clip(np.rint(levels), 0, 255).astype(np.uint8))
