"""The pictures the UNet learns: drawings, also mirrored, recoloured, and with a second thing."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from recipes.starter import manifest, render
from recipes.starter.concepts import ADDED, CONCEPTS, TURNABLE, UPPER, key

ADDED_SIDE, HALO = 54, 3
"""Side in pixels of a second thing, and the width of the white line around it. With both it fills
a quarter of the picture, which is four by four whole patches of the code: the rest of the subject
is the same latents as without it, so combining is putting beside, not drawing anew."""

MIRROR_THRESHOLD = 0.02
"""Mean difference (of 1) below which a mirrored drawing is the same drawing."""

COLOURS: dict[str, tuple[int, int, int]] = {
    "red": (222, 42, 42),
    "orange": (245, 140, 30),
    "green": (64, 170, 70),
    "blue": (50, 120, 225),
    "purple": (140, 80, 200),
    "pink": (245, 120, 175),
}
"""What "a blue cat" means: a tint of the whole drawing."""


@dataclass(frozen=True)
class Pose:
    """One picture to learn."""

    concept: str
    style: str
    mirrored: bool = False


def flat(picture: Image.Image) -> NDArray[np.uint8]:
    """On white, (h, w, 3)."""
    return render.on_white(np.asarray(picture))


def tinted(picture: NDArray[np.uint8], colour: str) -> NDArray[np.uint8]:
    """A picture on white (h, w, 3) in shades of one colour, from white over it to near black."""
    light = picture.astype(np.float32) @ np.array([0.15, 0.35, 0.5], np.float32) / 255
    shades = np.array([np.array(COLOURS[colour]) * 0.22, COLOURS[colour], (255, 255, 255)])
    at = (0.0, 0.55, 1.0)
    out = np.stack([np.interp(light, at, shades[:, channel]) for channel in range(3)], -1)
    return out.round().astype(np.uint8)


class Seconds:
    """The small second things, with their white line, ready to be laid over a subject."""

    def __init__(self, drawings: dict[tuple[str, str], NDArray[np.uint8]]) -> None:
        self._things: dict[tuple[str, str], tuple[NDArray[np.float32], NDArray[np.float32]]] = {}
        wanted = {key(emoji) for emoji in ADDED}
        for (concept, style), rgba in drawings.items():
            if concept not in wanted:
                continue
            small = Image.fromarray(rgba).resize((ADDED_SIDE, ADDED_SIDE), Image.Resampling.LANCZOS)
            half = render.SIZE // 2
            page = Image.new("RGBA", (half, half))
            offset = (page.width - ADDED_SIDE) // 2
            page.paste(small, (offset, offset))
            cover = page.getchannel("A").filter(ImageFilter.MaxFilter(2 * HALO + 1))
            alpha = np.asarray(cover, np.float32)[..., None] / np.float32(255)
            self._things[concept, style] = flat(page).astype(np.float32), alpha

    def has(self, concept: str, style: str) -> bool:
        """Whether a style draws this second thing."""
        return (concept, style) in self._things

    def beside(self, subject: NDArray[np.uint8], added: str, style: str) -> NDArray[np.uint8]:
        """The subject on white (128, 128, 3), the thing over its right lower or upper quarter."""
        colour, alpha = self._things[added, style]
        half = len(colour)
        top = 0 if added in UPPER_KEYS else half
        page = subject.copy()
        part = page[top : top + half, half:].astype(np.float32)
        page[top : top + half, half:] = (part * (1 - alpha) + colour * alpha).round()
        return page


UPPER_KEYS = frozenset(key(emoji) for emoji in UPPER)


def base_drawings(work: Path, styles: tuple[str, ...]) -> dict[tuple[str, str], NDArray[np.uint8]]:
    """The RGBA drawing of every concept in every style; the first where a set has several."""
    wanted = set(CONCEPTS)
    pictures = np.load(work / "pictures.npy", mmap_mode="r")
    found: dict[tuple[str, str], NDArray[np.uint8]] = {}
    for index, drawing in enumerate(manifest.load(work)):
        place = drawing.concept, drawing.style
        if drawing.style in styles and drawing.concept in wanted and place not in found:
            found[place] = np.array(pictures[index])
    return found


def build(
    work: Path, styles: tuple[str, ...], everything: bool = True
) -> tuple[list[Pose], NDArray[np.uint8]]:
    """All poses and their pictures on white, (poses, 128, 128, 3)."""
    turnable = {key(emoji) for emoji in TURNABLE}
    poses: list[Pose] = []
    out: list[NDArray[np.uint8]] = []
    for (concept, style), rgba in base_drawings(work, styles).items():
        picture = render.on_white(rgba)
        poses.append(Pose(concept, style))
        out.append(picture)
        mirror = np.ascontiguousarray(picture[:, ::-1])
        difference = np.abs(picture.astype(np.float32) - mirror).mean() / 255
        if everything and concept in turnable and difference > MIRROR_THRESHOLD:
            poses.append(Pose(concept, style, mirrored=True))
            out.append(mirror)
    return poses, np.stack(out)
