"""Ways to redraw a picture that no art set has: what they make lies where the original lay."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageChops, ImageFilter

WASHES = ((170, 215), (100, 165))
"""Brightness, of 255, below which a pencil shades, and the grey it leaves there."""

RISO_INKS = ((27, 30, 100), (240, 60, 105), (255, 178, 90), (255, 255, 255))
"""Colours from dark to light, each a third of the way from the last: night blue, pink, peach and
the paper."""


def on_paper(page: Image.Image) -> Image.Image:
    """An RGBA page on white."""
    paper = Image.new("RGBA", page.size, "white")
    paper.alpha_composite(page.convert("RGBA"))
    return paper.convert("RGB")


def pencil(page: Image.Image) -> Image.Image:
    """Outlines and two greys on white; ``page`` is RGBA, 256 px wide or so."""
    grey = on_paper(page).convert("L").filter(ImageFilter.GaussianBlur(1.5))
    light, dark = grey.filter(ImageFilter.MaxFilter(3)), grey.filter(ImageFilter.MinFilter(3))
    edges = np.asarray(ImageChops.subtract(light, dark), np.uint16)
    lines = Image.fromarray((255 - (6 * edges).clip(0, 255)).astype(np.uint8))
    tone = np.asarray(grey)
    shade = np.full(tone.shape, 255, np.uint8)
    for below, left in WASHES:
        shade[tone < below] = left
    drawn = ImageChops.darker(lines, Image.fromarray(shade))
    return drawn.filter(ImageFilter.GaussianBlur(0.7)).convert("RGB")


def riso(page: Image.Image) -> Image.Image:
    """A print in few inks, from dark to light; ``page`` is RGBA."""
    grey = np.asarray(on_paper(page).convert("L"), np.float32)
    inks = np.array(RISO_INKS, np.float32)
    stops = np.linspace(0, 255, len(inks))
    channels = [np.interp(grey, stops, inks[:, c]) for c in range(3)]
    return Image.fromarray(np.stack(channels, -1).round().astype(np.uint8))
