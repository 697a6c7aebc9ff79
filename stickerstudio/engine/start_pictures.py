"""The picture a recipe starts from, laid out as the model paints: whole, centred, on its ground."""

from __future__ import annotations

from pathlib import Path

import PIL.Image
import PIL.ImageColor
import PIL.ImageOps

from stickerstudio.core import starts
from stickerstudio.core.recipe import Recipe
from stickerstudio.models.cards import ModelCard


class StartPictures:
    """Reads start pictures; the last is kept, since a slider asks for the same one again and again.

    Args:
        folder: the library's (core.starts).
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._last: tuple[object, PIL.Image.Image | None] = (None, None)

    def fitted(self, recipe: Recipe, card: ModelCard) -> PIL.Image.Image | None:
        """What `recipe` starts from in its size, RGB, or None where it starts from noise.

        Raises:
            NotFoundError, BadFileError, DiskError: see core.starts.load.
        """
        if recipe.start is None:
            return None
        background = card.background or "white"
        key = (recipe.start, recipe.width, recipe.height, background)
        if self._last[0] != key:
            image = starts.load(self._folder, recipe.start)
            self._last = key, lay_out(image, recipe.width, recipe.height, background)
        return self._last[1]


def lay_out(
    image: PIL.Image.Image, width: int, height: int, background: str = "white"
) -> PIL.Image.Image:
    """`image` as large as fits into `width` × `height`, in the middle of `background`; RGB."""
    ground = PIL.Image.new("RGBA", (width, height), PIL.ImageColor.getrgb(background))
    resampling = PIL.Image.Resampling.LANCZOS
    fitted = PIL.ImageOps.contain(image.convert("RGBA"), (width, height), resampling)
    corner = ((width - fitted.width) // 2, (height - fitted.height) // 2)
    ground.alpha_composite(fitted, corner)
    return ground.convert("RGB")
