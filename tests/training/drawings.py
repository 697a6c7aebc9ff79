"""Little drawings on disk, and sets of them."""

from __future__ import annotations

from pathlib import Path

import PIL.Image
import PIL.ImageDraw

SHAPES = ("heart", "otter", "cat", "dog", "face", "sticker", "love", "you")
COLOURS = ("red", "blue", "green", "orange", "purple", "black", "brown", "teal")


def drawing(index: int = 0, side: int = 96) -> PIL.Image.Image:
    """One of many different pictures on a transparent ground, off centre."""
    image = PIL.Image.new("RGBA", (side, side))
    pen = PIL.ImageDraw.Draw(image)
    step = side // 8
    colour = COLOURS[index % len(COLOURS)]
    pen.ellipse((step, step, side - 3 * step, side - 3 * step), fill=colour)
    for bit in range(12):
        if index >> bit & 1:
            x, y = bit % 4 * step + step, bit // 4 * step + step
            pen.rectangle((x, y, x + step, y + step), fill="white")
    return image


def fill(folder: Path, count: int = 8, side: int = 96) -> Path:
    """`count` drawings in `folder`, named after words that the tiny model knows."""
    folder.mkdir(parents=True, exist_ok=True)
    for index in range(count):
        name = SHAPES[index % len(SHAPES)]
        drawing(index * 37 + 1, side).save(folder / f"{name}_{index:05}.png")
    return folder
