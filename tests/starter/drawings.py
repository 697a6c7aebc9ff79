"""Made-up drawings of every concept: a disc of a colour of its own, a size of a style's own."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from recipes.starter.concepts import CONCEPTS
from recipes.starter.manifest import Drawing
from recipes.starter.render import SIZE
from recipes.starter.sources import BASE_STYLES


def manifest() -> list[Drawing]:
    """One line per concept, with a number for a name and nothing else."""
    return [
        Drawing(f"noto/{c}", "noto", "MIT", c, c, 0, f"thing {place}", f"圖{place}", (), ())
        for place, c in enumerate(CONCEPTS)
    ]


def drawing(place: int, style: int) -> NDArray[np.uint8]:
    """RGBA, (128, 128, 4): a disc left of the middle, so that its mirror image differs."""
    rng = np.random.default_rng((place, style))
    y, x = np.mgrid[:SIZE, :SIZE]
    inside = (x - 50 - 6 * style) ** 2 + (y - 64) ** 2 < (30 + 5 * style) ** 2
    picture = np.zeros((SIZE, SIZE, 4), np.uint8)
    picture[inside] = (*rng.integers(0, 200, 3), 255)
    return picture


def drawings(concepts: tuple[str, ...]) -> dict[tuple[str, str], NDArray[np.uint8]]:
    """A drawing of each of these concepts in every base style."""
    return {
        (concept, style): drawing(place, number)
        for place, concept in enumerate(concepts)
        for number, style in enumerate(BASE_STYLES)
    }
