"""Cut-out: ours and the plain model's mask against alpha that is known, side by side.

    python -m benchmarks.cutout [--pictures N]

The drawings are the program's own emoji font, so that a bare clone can run this; their alpha is
known exactly from two renderings, over black and over white. Each stands on one of three grounds in
turn: white, one flat colour, and a busy one (noise at many scales, shapes and lines over it). The
plain mask is what U²-Netp says, enlarged: how most tools use it. Both see the same answer of the
model, which takes nearly all of the time.
"""

from __future__ import annotations

import argparse
import csv
import math
import sys
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter, ImageFont

from stickerstudio.core.paths import Paths
from stickerstudio.finish import cutout

Floats = NDArray[np.float64]
Mask = NDArray[np.float32]

SIDE = 256  # pixels
BARS = {"white": 0.985, "flat": 0.98, "busy": 0.77}  # mean IoU, at least
_TRANSLUCENT = 0.12  # of a drawing; more of it half seen-through is glass, which has no one answer
_GROUPS = frozenset("0134567")  # of emojibase; signs and flags have no subject


def drawings(count: int) -> list[tuple[Floats, Floats]]:
    """Emoji as premultiplied colour (height × width × 3, levels) and alpha (0…1)."""
    resources = Paths.default().resources
    font = ImageFont.truetype(resources / "fonts" / "emoji.ttf", round(SIDE * 0.78))
    emoji = _emoji(resources / "emoji" / "emoji.tsv")
    np.random.default_rng(20).shuffle(emoji)
    found: list[tuple[Floats, Floats]] = []
    for character in emoji:
        black, white = (_drawn(character, font, ground) for ground in ("black", "white"))
        alpha = 1 - (white - black).mean(axis=2) / 255
        seen = np.count_nonzero(alpha > 0.03)
        mixed = np.count_nonzero((alpha > 0.03) & (alpha < 0.97))
        if seen > 0.05 * alpha.size and mixed < _TRANSLUCENT * seen:
            found.append((black, alpha))
        if len(found) == count:
            break
    return found


def ground(kind: str, rng: np.random.Generator) -> Floats:
    """A background, height × width × 3, levels."""
    if kind == "white":
        return np.full((SIDE, SIDE, 3), 255.0)
    if kind == "flat":
        return np.broadcast_to(rng.integers(0, 256, 3).astype(np.float64), (SIDE, SIDE, 3))
    noise = np.zeros((SIDE, SIDE, 3))
    for cells in (2, 4, 8, 16, 32):
        coarse = rng.normal(0, 1, (3, cells + 1, cells + 1)).astype(np.float32)
        planes = [Image.fromarray(p).resize((SIDE, SIDE), Image.Resampling.BICUBIC) for p in coarse]
        noise += np.stack([np.asarray(plane) for plane in planes], -1) / cells**0.6
    noise = (noise - noise.min()) / np.ptp(noise) * 255
    image = Image.fromarray(noise.astype(np.uint8))
    pen = ImageDraw.Draw(image)
    for _ in range(rng.integers(0, 24)):
        colour = tuple(int(level) for level in rng.integers(0, 256, 3))
        x, y = rng.uniform(-0.1, 1.1, 2) * SIDE
        size, angle = rng.uniform(0.04, 0.25) * SIDE, rng.uniform(0, 2 * math.pi)
        shape = rng.integers(3)
        if shape == 0:
            pen.ellipse((x - size, y - size, x + size, y + size), fill=colour)
        elif shape == 1:
            pen.rectangle((x - size, y - size / 2, x + size, y + size / 2), fill=colour)
        else:
            dx, dy = 3 * size * math.cos(angle), 3 * size * math.sin(angle)
            pen.line((x - dx, y - dy, x + dx, y + dy), colour, int(rng.integers(2, 14)))
    if rng.integers(2):
        image = image.filter(ImageFilter.GaussianBlur(float(rng.uniform(0, 4))))
    return np.clip(np.asarray(image, np.float64) + rng.normal(0, 4, (SIDE, SIDE, 3)), 0, 255)


def iou(alpha: Floats, truth: Floats) -> float:
    """Soft intersection over union."""
    return float(np.minimum(alpha, truth).sum() / np.maximum(alpha, truth).sum())


def edge_error(alpha: Floats, truth: Floats) -> float:
    """Mean difference of alpha up to two pixels from the true edge."""
    mixed = ((truth > 0.03) & (truth < 0.97)).astype(np.uint8) * 255
    near = np.asarray(Image.fromarray(mixed).filter(ImageFilter.MaxFilter(5))) > 0
    return float(np.abs(alpha - truth)[near].mean())


def measure(count: int) -> dict[str, dict[str, list[tuple[float, float]]]]:
    """IoU and edge error of every picture, by ground and by who cut it out."""
    rng = np.random.default_rng(1)
    results: dict[str, dict[str, list[tuple[float, float]]]] = defaultdict(
        lambda: defaultdict(list)
    )
    for number, (colour, truth) in enumerate(drawings(count)):
        kind = list(BARS)[number % len(BARS)]
        levels = colour + (1 - truth[..., None]) * ground(kind, rng)
        picture = Image.fromarray(np.rint(levels).astype(np.uint8))
        ours = np.asarray(cutout.cut_out(picture, None, "auto").getchannel("A"), np.float64) / 255
        plain = cutout.saliency(picture).astype(np.float64)
        for name, alpha in (("plain model", plain), ("ours", ours)):
            results[kind][name].append((iou(alpha, truth), edge_error(alpha, truth)))
    return results


def _remembering(saliency: Callable[[Image.Image], Mask]) -> Callable[[Image.Image], Mask]:
    """`saliency` that is not computed twice for the same picture: both sides ask."""
    last: dict[bytes, Mask] = {}

    def remembered(image: Image.Image) -> Mask:
        key = image.tobytes()
        if key not in last:
            last.clear()
            last[key] = saliency(image)
        return last[key]

    return remembered


def _emoji(path: Path) -> list[str]:
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    return [row[0] for row in rows if row[1] in _GROUPS]


def _drawn(character: str, font: ImageFont.FreeTypeFont, ground: str) -> Floats:
    image = Image.new("RGB", (SIDE, SIDE), ground)
    middle = (SIDE / 2, SIDE / 2)
    ImageDraw.Draw(image).text(middle, character, "black", font, "mm", embedded_color=True)
    return np.asarray(image, np.float64)


def main() -> int:
    """Print the table; 1 where a bar is missed or the plain model is better."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pictures", type=int, default=200)
    count = parser.parse_args().pictures
    cutout.saliency = _remembering(cutout.saliency)
    missed = 0
    print(f"cut-out, {count} pictures of {SIDE} × {SIDE}: mean IoU, mean edge error of alpha")
    for kind, sides in measure(count).items():
        means = {name: np.mean(found, axis=0) for name, found in sides.items()}
        ours, plain = means["ours"], means["plain model"]
        bad = bool(ours[0] < max(BARS[kind], plain[0]) or ours[1] >= plain[1])
        missed += bad
        line = "   ".join(f"{name} {m[0]:.4f} {m[1]:.4f}" for name, m in means.items())
        number = len(sides["ours"])
        print(f"  {kind:6} ({number:3}) {line}   (≥ {BARS[kind]}){' MISSED' * bad}")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
