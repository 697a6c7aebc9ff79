"""What is done to a painted picture before it is a sticker: cut out, then enlarged."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import PIL.Image
import PIL.ImageColor
import PIL.ImageOps

from stickerstudio.core.design import Cutout, Design
from stickerstudio.core.library_painted import Painted
from stickerstudio.core.messages import IsCancelled
from stickerstudio.core.recipe import Recipe
from stickerstudio.finish.cutout import apply_cutout, cut_out, is_flat
from stickerstudio.finish.enlarge import enlarge, enlarge_both


@dataclass(frozen=True, slots=True)
class Finished:
    """A sticker's picture, and what it was made of, so that it can be finished anew.

    Attributes:
        painted: what `image` was cut out of, or None where nothing was cut.
        design: what made `image` of it, likewise.
    """

    image: PIL.Image.Image
    painted: Painted | None
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
    if not recipe.cutout:
        return Finished(_larger(image, recipe, quick, progress, is_cancelled), None, None)
    method = recipe.cutout_method
    if quick and method == "auto" and is_flat(image):
        method = "flat"
    colour = None if background is None else PIL.ImageColor.getrgb(background)[:3]
    cut = cut_out(image, colour, method)
    design = Design(Cutout(recipe.cutout_method))
    if recipe.upscale == 1 or quick:
        return Finished(_larger(cut, recipe, quick, progress, is_cancelled), Painted(image), design)
    painted = Painted(*enlarge_both(image, cut, recipe.upscale, progress, is_cancelled))
    # As the editor does it, so that a sticker saved there unchanged stays what it was.
    return Finished(apply_cutout(painted.picture, design.cutout, painted.mask), painted, design)


def _larger(
    image: PIL.Image.Image,
    recipe: Recipe,
    quick: bool,
    progress: Callable[[float], None],
    is_cancelled: IsCancelled,
) -> PIL.Image.Image:
    """`image` enlarged as `recipe` says."""
    if recipe.upscale == 1:
        return image
    if quick:
        return PIL.ImageOps.scale(image, recipe.upscale, PIL.Image.Resampling.LANCZOS)
    return enlarge(image, recipe.upscale, progress, is_cancelled)
