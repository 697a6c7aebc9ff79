"""The pictures the UNet learns: drawings, also mirrored, tilted, and with a second thing."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from recipes.starter import manifest, render
from recipes.starter.concepts import CONCEPTS, SUBJECTS, TURNABLE, key

TILT_DEGREES = 9.0
ADDED = tuple(key(emoji) for emoji in "❤💤☀🌸🎂🎉🔥💧🎵✨🎈🎁")
"""The small second things."""

SUBJECT_SIDE, ADDED_SIDE = 108, 54
"""Sides in pixels of a subject and of the thing in its lower right corner."""

MIRROR_THRESHOLD = 0.02
"""Mean difference (of 1) below which a mirrored drawing is the same drawing."""


@dataclass(frozen=True)
class Pose:
    """One picture to learn; ``tilt`` is -1, 0 or 1, ``added`` a concept or empty."""

    concept: str
    style: str
    mirrored: bool = False
    tilt: int = 0
    added: str = ""


def tilted(picture: Image.Image, tilt: int) -> Image.Image:
    """Turned by a few degrees and a little smaller, so that nothing is cut off."""
    if tilt == 0:
        return picture
    turned = picture.rotate(tilt * TILT_DEGREES, Image.Resampling.BICUBIC, expand=False)
    side = picture.width - 8
    page = Image.new("RGBA", picture.size)
    page.paste(turned.resize((side, side), Image.Resampling.LANCZOS), (4, 4))
    return page


def composed(subject: Image.Image, added: Image.Image) -> Image.Image:
    """The subject to the upper left and, over its lower right corner, the small thing."""
    page = Image.new("RGBA", subject.size)
    big = subject.resize((SUBJECT_SIDE, SUBJECT_SIDE), Image.Resampling.LANCZOS)
    small = added.resize((ADDED_SIDE, ADDED_SIDE), Image.Resampling.LANCZOS)
    page.alpha_composite(big, (0, 0))
    offset = subject.width - ADDED_SIDE - 1
    page.alpha_composite(small, (offset, offset))
    return page


def flat(picture: Image.Image) -> NDArray[np.uint8]:
    """On white, (h, w, 3)."""
    return render.on_white(np.asarray(picture))


def build(
    work: Path, styles: tuple[str, ...], everything: bool = True
) -> tuple[list[Pose], NDArray[np.uint8]]:
    """All poses and their pictures on white, (poses, 128, 128, 3)."""
    drawings = manifest.load(work)
    pictures = render.load(work)
    wanted = set(CONCEPTS)
    turnable = {key(emoji) for emoji in TURNABLE}
    found: dict[tuple[str, str], Image.Image] = {}
    for drawing, picture in zip(drawings, pictures, strict=True):
        if drawing.style in styles and drawing.concept in wanted:
            found.setdefault((drawing.concept, drawing.style), Image.fromarray(picture))
    poses: list[Pose] = []
    out: list[NDArray[np.uint8]] = []
    for (concept, style), picture in found.items():
        mirror = picture.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
        difference = np.abs(flat(picture).astype(np.float32) - flat(mirror)).mean() / 255
        sides = [False]
        if concept in turnable and difference > MIRROR_THRESHOLD:
            sides.append(True)
        for mirrored in sides if everything else sides[:1]:
            for tilt in (0, -1, 1) if everything else (0,):
                poses.append(Pose(concept, style, mirrored, tilt))
                out.append(flat(tilted(mirror if mirrored else picture, tilt)))
    for style in styles if everything else ():
        for subject in SUBJECTS:
            for added in ADDED:
                if subject != added:
                    poses.append(Pose(subject, style, added=added))
                    out.append(flat(composed(found[subject, style], found[added, style])))
    return poses, np.stack(out)
