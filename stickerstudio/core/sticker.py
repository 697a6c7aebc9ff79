"""A sticker that has been made: a PNG in the library, and the recipe it was made from."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from stickerstudio.core.recipe import Recipe


@dataclass(frozen=True, slots=True)
class Sticker:
    """One picture in the library.

    Attributes:
        id: unique in its library, sorts by time of making.
        path: the PNG, with alpha and the recipe inside.
        recipe: what it was made from.
        width, height: pixels of the finished picture, after cut-out and enlargement.
        created: seconds since the epoch, UTC.
        seconds: how long the making took.
        favourite: marked by the user.
    """

    id: str
    path: Path
    recipe: Recipe
    width: int
    height: int
    created: float
    seconds: float
    favourite: bool = False
