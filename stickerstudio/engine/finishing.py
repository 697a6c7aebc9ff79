"""What is done to a painted picture before it is a sticker: enlarged, then cut out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import PIL.Image
import PIL.ImageColor

from stickerstudio.core.design import Cutout, Design
from stickerstudio.core.messages import IsCancelled
from stickerstudio.core.recipe import Recipe
from stickerstudio.finish.cutout import cut_out, is_flat
from stickerstudio.finish.enlarge import enlarge


@dataclass(frozen=True, slots=True)
class Finished:
    """A sticker's picture, and what it was made of, so that it can be finished anew.

    Attributes:
        painted: the picture that `image` was cut out of, or None where nothing was cut.
        design: what made `image` of it, likewise.
    """

    image: PIL.Image.Image
    painted: PIL.Image.Image | None
    design: Design | None


def finish(
    image: PIL.Image.Image,
    recipe: Recipe,
    background: str | None,
    *,
    quick: bool,
    progress: Callable[[float], None],
    is_cancelled: IsCancelled,
) -> Finished:
    """Make a sticker of the painted `image` as `recipe` says.

    Args:
        background: the colour that the model paints on; None: anything.
        quick: for a look under a moving slider: enlarged by Lanczos, and where colour is enough to
            cut it out, the matting model is not asked for its opinion.
        progress: hears the share of the enlarging that is done, up to 1.

    Raises:
        Cancelled: `is_cancelled` said so.
        BadInputError: it would become too large.
    """
    if recipe.upscale > 1 and quick:
        size = (image.width * recipe.upscale, image.height * recipe.upscale)
        image = image.resize(size, PIL.Image.Resampling.LANCZOS)
    elif recipe.upscale > 1:
        image = enlarge(image, recipe.upscale, progress, is_cancelled)
    if not recipe.cutout:
        return Finished(image, None, None)
    method = recipe.cutout_method
    if quick and method == "auto" and is_flat(image):
        method = "flat"
    colour = None if background is None else PIL.ImageColor.getrgb(background)[:3]
    cut = cut_out(image, colour, method)
    return Finished(cut, image, Design(Cutout(recipe.cutout_method)))
