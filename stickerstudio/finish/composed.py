"""What finish.compose gives, and the way to ask a worker for it.

Light to import, unlike finish.compose: the window's process needs neither NumPy nor the fonts.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from PIL import Image

from stickerstudio.core.design import Cutout, Design


@dataclass(frozen=True, slots=True)
class Box:
    """Where a layer lies, for handles: middle as in the Design, size before it is turned.

    Attributes:
        x, y: fractions of the picture's width and height.
        width, height: fractions of its longer side.
        rotation: degrees, clockwise.
    """

    x: float
    y: float
    width: float
    height: float
    rotation: float


@dataclass(frozen=True, slots=True)
class Composed:
    """A finished sticker.

    Attributes:
        image: RGBA.
        left, top: pixels; where the painted picture's corner lies in `image`.
        boxes: one for each of the design's layers.
    """

    image: Image.Image
    left: int
    top: int
    boxes: tuple[Box, ...]


def assemble(
    painted: Image.Image,
    subject: Image.Image | None,
    design: Design,
    stamps: Mapping[str, Image.Image],
    mask: Image.Image | None = None,
) -> tuple[Image.Image, Composed]:
    """`compose` for an editor, which asks again and again: all of it can be sent to a worker.

    Args:
        painted: RGBA.
        subject: what `design.cutout.method` leaves of `painted`, before any stroke; None where it
            is not known.
        stamps: the picture of every stamp in `design`, by source.
        mask: "L", of the same size: the subject's alpha where that is known; the method is not used
            then.

    Returns:
        That subject, for the next time; and the sticker.
    """
    from stickerstudio.finish.compose import arrange
    from stickerstudio.finish.cutout import apply_cutout, brushed

    if subject is None:
        subject = apply_cutout(painted, Cutout(design.cutout.method), mask)
    shown = brushed(subject, painted, design.cutout.strokes)
    return subject, arrange(shown, design, stamp=stamps.__getitem__)
