"""Step ``render``: every drawing as 128x128 pixels on white, in one uint8 array on disk."""

from __future__ import annotations

import io
import json
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from recipes.starter import manifest
from recipes.starter.sources import ART

SIZE = 128
"""Side of a training picture in pixels."""

MARGIN = 6
"""White border in pixels, so that nothing touches the edge and the cut-out finds a background."""


def svg_of(icons: dict[str, Any], slug: str) -> str:
    """A stand-alone SVG of one icon of an Iconify set."""
    icon = icons["icons"][slug]
    width = icon.get("width", icons.get("width", 16))
    height = icon.get("height", icons.get("height", 16))
    left, top = icon.get("left", 0), icon.get("top", 0)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" '
        f'viewBox="{left} {top} {width} {height}" width="{width}" height="{height}">'
        f"{icon['body']}</svg>"
    )


def paint(svg: str, side: int) -> Image.Image:
    """Rasterise to a transparent square of ``side`` pixels, the drawing centred, uncropped."""
    # Only this step needs the package.
    import resvg_py  # pyright: ignore[reportMissingImports]

    png = resvg_py.svg_to_bytes(svg_string=svg, width=side)
    picture = Image.open(io.BytesIO(bytes(png))).convert("RGBA")
    if picture.size != (side, side):
        picture.thumbnail((side, side), Image.Resampling.LANCZOS)
    square = Image.new("RGBA", (side, side))
    square.paste(picture, ((side - picture.width) // 2, (side - picture.height) // 2))
    return square


def _render_set(folder: str, slugs: list[str]) -> NDArray[np.uint8]:
    icons = json.loads((Path(folder) / "icons.json").read_text("utf-8"))
    pictures = np.full((len(slugs), SIZE, SIZE, 4), 0, np.uint8)
    inner = SIZE - 2 * MARGIN
    for index, slug in enumerate(slugs):
        # Rendered at double size and halved: thin outlines come out cleaner than at 1x.
        big = paint(svg_of(icons, slug), 2 * inner)
        small = big.resize((inner, inner), Image.Resampling.BOX)
        pictures[index, MARGIN : MARGIN + inner, MARGIN : MARGIN + inner] = np.asarray(small)
    return pictures


def run(work: Path) -> None:
    """Write ``pictures.npy`` (drawings, 128, 128, RGBA), in the manifest's order."""
    target = work / "pictures.npy"
    if target.exists():
        return
    drawings = manifest.load(work)
    jobs: list[tuple[str, list[str]]] = []
    for art in ART:
        slugs = [d.slug for d in drawings if d.style == art.style]
        folder = str(work / "packages" / art.package.folder)
        jobs += [(folder, slugs[i : i + 100]) for i in range(0, len(slugs), 100)]
    with ProcessPoolExecutor() as pool:
        parts = list(pool.map(_render_set, *zip(*jobs, strict=True)))
    partial = target.with_suffix(".partial.npy")
    np.save(partial, np.concatenate(parts))
    partial.rename(target)
    print(f"render: {len(drawings)} pictures", flush=True)


def load(work: Path) -> NDArray[np.uint8]:
    """The pictures with alpha, (drawings, 128, 128, 4)."""
    return np.load(work / "pictures.npy")


def on_white(pictures: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Flatten RGBA pictures onto white: (..., 4) to (..., 3)."""
    alpha = pictures[..., 3:].astype(np.uint16)
    colour = pictures[..., :3].astype(np.uint16)
    return ((colour * alpha + 255 * (255 - alpha) + 127) // 255).astype(np.uint8)


def load_white(work: Path) -> NDArray[np.uint8]:
    """The pictures on white, (drawings, 128, 128, 3), mapped from disk."""
    path = work / "pictures-white.npy"
    if not path.exists():
        partial = path.with_suffix(".partial.npy")
        np.save(partial, np.concatenate([on_white(p) for p in np.array_split(load(work), 32)]))
        partial.rename(path)
    return np.load(path, mmap_mode="r")
