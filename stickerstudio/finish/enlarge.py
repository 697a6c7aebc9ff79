"""Enlarge pictures two, three or four times with a network trained on drawings.

The network is realesr-animevideov3, the compact one of Real-ESRGAN (Wang and others, "Real-ESRGAN:
Training Real-World Blind Super-Resolution with Pure Synthetic Data", 2021): 18 convolutions of 3×3
and a pixel shuffle, always four times; two and three times are its result made smaller, as its
authors do. ncnn runs it.

Why this one, on a busy machine with two cores, 128×128 to 512×512 (`benchmarks/enlarge.py`):

    Lanczos                             4 ms    soft edges
    realesr-animevideov3, ncnn        450 ms    sharp edges; 1.25 MB
    realesr-animevideov3, torch       380 ms    the same picture within 1/255
    realesrgan-x4plus-anime, ncnn   5,200 ms    barely sharper, with dark rims; 8.9 MB

Torch is about as fast, takes seconds to import, and would have to be imported by the command line
and beside the window, where nothing else needs it.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from functools import lru_cache
from pathlib import Path
from types import ModuleType
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from stickerstudio.core.errors import BadInputError, Cancelled, FaultError
from stickerstudio.core.i18n import tr
from stickerstudio.core.paths import Paths
from stickerstudio.core.pictures import MAX_PIXELS

Floats = NDArray[np.float32]
Box = tuple[int, int, int, int]

FACTORS = (2, 3, 4)
_SCALE = 4  # of the network itself
_TILE = 192  # pixels; a tile is the longest one waits after cancelling
_FAINT = 4  # levels by which the network may miss what is fully clear or fully solid
_MARGIN = 18  # pixels: how far 18 convolutions of 3×3 see; tiles with it join without a seam


def enlarge(
    image: Image.Image,
    factor: int,
    progress: Callable[[float], None] | None = None,
    is_cancelled: Callable[[], bool] = lambda: False,
    *,
    threads: int | None = None,
) -> Image.Image:
    """`image`, `factor` times as wide and as high.

    Alpha goes through the network as a picture of its own, and colours are first carried outwards
    under the transparent pixels, so that neither softens the edge nor leaves a rim around it.

    Args:
        image: any mode; with transparent pixels it comes back as RGBA, without as RGB.
        factor: 2, 3 or 4.
        progress: hears the share that is done, above 0 and up to 1, after every tile.
        is_cancelled: asked before every tile.
        threads: of the processor; None uses all there are.

    Raises:
        BadInputError: the result would have more than `MAX_PIXELS` pixels.
        Cancelled: `is_cancelled` said so.
        FaultError: the network is missing or damaged.
    """
    if factor not in FACTORS:
        raise ValueError(f"factor {factor} is not one of {FACTORS}")
    if image.width * image.height * factor**2 > MAX_PIXELS:
        raise BadInputError(
            tr("The picture is too large to be enlarged {factor} times.", factor=factor),
            tr("It is {width}×{height} pixels already.", width=image.width, height=image.height),
            tr("Choose a smaller enlargement."),
        )
    count = threads or os.cpu_count() or 1
    size = (image.width * factor, image.height * factor)
    rgba = image.convert("RGBA")
    alpha = rgba.getchannel("A")
    if alpha.getextrema() == (255, 255):
        return _run(_levels(image.convert("RGB")), size, progress, is_cancelled, count)

    first, second = _halves(progress)
    colour = _run(_levels(_spread(rgba)), size, first, is_cancelled, count)
    coverage = _levels(Image.merge("RGB", (alpha, alpha, alpha)))
    colour.putalpha(_run(coverage, size, second, is_cancelled, count).getchannel("G"))
    return colour


def enlarge_both(
    painted: Image.Image,
    cut: Image.Image,
    factor: int,
    progress: Callable[[float], None] | None = None,
    is_cancelled: Callable[[], bool] = lambda: False,
) -> tuple[Image.Image, Image.Image]:
    """A picture, and the alpha of what was `cut` out of it, both `factor` times as large.

    To cut first and enlarge the alpha gives the clean edge of a drawing; to cut what was enlarged
    gives a jagged one, with crumbs of the background, as the network sharpens the edge's mixtures.

    Args:
        painted: any mode.
        cut: RGBA, of the same size.

    Returns:
        `painted` as `enlarge` gives it, and the alpha, "L".

    Raises: as `enlarge`.
    """
    first, second = _halves(progress)
    large = enlarge(painted, factor, first, is_cancelled)
    mask = enlarge(cut.getchannel("A"), factor, second, is_cancelled).getchannel("G")
    levels = np.asarray(mask).copy()
    levels[levels <= _FAINT] = 0
    levels[levels >= 255 - _FAINT] = 255
    return large, Image.fromarray(levels)


def _halves(
    progress: Callable[[float], None] | None,
) -> tuple[Callable[[float], None], Callable[[float], None]]:
    """Hear the first and the second half of `progress`, each from 0 to 1."""

    def half(start: float) -> Callable[[float], None]:
        return lambda share: progress(start + share / 2) if progress else None

    return half(0.0), half(0.5)


def _levels(image: Image.Image) -> Floats:
    """3 × height × width, 0…1."""
    return np.asarray(image, np.float32).transpose(2, 0, 1) / np.float32(255)


def _run(
    pixels: Floats,
    size: tuple[int, int],
    progress: Callable[[float], None] | None,
    is_cancelled: Callable[[], bool],
    threads: int,
) -> Image.Image:
    """`pixels` through the network, tile by tile, as RGB of `size`."""
    net = _network(threads)
    height, width = pixels.shape[1:]
    result = np.empty((height * _SCALE, width * _SCALE, 3), np.uint8)
    tiles = list(_tiles(width, height))
    for number, (left, top, right, bottom) in enumerate(tiles, 1):
        if is_cancelled():
            raise Cancelled
        x, y = max(0, left - _MARGIN), max(0, top - _MARGIN)
        seen = pixels[:, y : bottom + _MARGIN, x : right + _MARGIN]
        made = _four_times(net, np.ascontiguousarray(seen))
        made = made[
            :,
            (top - y) * _SCALE : (bottom - y) * _SCALE,
            (left - x) * _SCALE : (right - x) * _SCALE,
        ]
        place = result[top * _SCALE : bottom * _SCALE, left * _SCALE : right * _SCALE]
        place[:] = np.rint(np.clip(made, 0, 1) * 255).transpose(1, 2, 0)
        if progress:
            progress(number / len(tiles))
    image = Image.fromarray(result)
    return image if image.size == size else image.resize(size, Image.Resampling.BICUBIC)


def _tiles(width: int, height: int) -> Iterator[Box]:
    """Boxes that cover the picture once, none much smaller than the others."""
    columns, rows = -(-width // _TILE), -(-height // _TILE)
    for row in range(rows):
        top, bottom = row * height // rows, (row + 1) * height // rows
        for column in range(columns):
            yield column * width // columns, top, (column + 1) * width // columns, bottom


def _four_times(net: Any, pixels: Floats) -> Floats:
    extractor = net.create_extractor()
    extractor.input("data", _ncnn().Mat(pixels))
    status, made = extractor.extract("output")
    if status:
        raise _unusable()
    return np.array(made)


@lru_cache(maxsize=2)
def _network(threads: int) -> Any:
    folder = Paths.default().bundled_models / "upscale"
    net = _ncnn().Net()
    net.opt.num_threads = threads
    for load, name in (
        (net.load_param, "realesr-animevideov3.param"),
        (net.load_model, "realesr-animevideov3.bin"),
    ):
        path: Path = folder / name
        if not path.is_file() or load(str(path)):
            raise _unusable()
    return net


def _ncnn() -> Any:
    import ncnn  # pyright: ignore[reportMissingTypeStubs]

    return cast("ModuleType", ncnn)


def _unusable() -> FaultError:
    return FaultError(
        tr("The picture could not be enlarged."),
        tr("The network that enlarges is missing or damaged."),
        tr("Set the program up again, or choose no enlargement."),
    )


def _spread(image: Image.Image) -> Image.Image:
    """The colours of RGBA `image`, those of visible pixels carried outwards under the clear ones.

    Each round halves the picture, averages what is visible, and fills what is still clear from the
    result: the "push–pull" of Gortler and others, "The Lumigraph", SIGGRAPH 1996.
    """
    levels = [np.asarray(image, np.float32).copy()]
    levels[0][..., :3] *= levels[0][..., 3:] / 255  # premultiplied
    while max(levels[-1].shape[:2]) > 1:
        fine = levels[-1]
        padded = np.pad(fine, ((0, fine.shape[0] % 2), (0, fine.shape[1] % 2), (0, 0)))
        levels.append(
            padded.reshape(padded.shape[0] // 2, 2, padded.shape[1] // 2, 2, 4).sum((1, 3))
        )
    below = levels.pop()
    for fine in reversed(levels):
        above = below.repeat(2, 0).repeat(2, 1)[: fine.shape[0], : fine.shape[1]]
        weight = np.maximum(above[..., 3:], 1e-6)
        filled = above / weight * 255
        clear = 1 - np.minimum(fine[..., 3:], 255) / 255
        below = fine + filled * clear
    colours = below[..., :3] / np.maximum(below[..., 3:], 1e-6) * 255
    return Image.fromarray(np.rint(np.clip(colours, 0, 255)).astype(np.uint8))
