"""The fitter: how much of a byte limit it uses, what is left of the picture, and how fast.

    python -m benchmarks.fitter [--stickers N] [PICTURE…]

Without pictures the starter's eight drawings of tests/packs/art are turned, mirrored and coloured
until there are N. Beside ours, in the same run: what other pack tools do, which is to step the
quality down (95, 90, 85, … for WebP; 256, 128, 64, … colours for PNG) until a file fits; and plain
Pillow that is told beforehand which settings our search will find.
"""

from __future__ import annotations

import argparse
import io
import itertools
import statistics
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

import numpy as np
from PIL import Image

from stickerstudio.finish.fit import Fitted, fit
from stickerstudio.finish.fit_place import place
from stickerstudio.packs.platform import FileRule
from stickerstudio.packs.platforms import find

ART = Path(__file__).parents[1] / "tests" / "packs" / "art"
TARGETS = ("whatsapp", "kakaotalk")
CORES = 2
CHUNK = 10  # stickers before the other side has its turn: a loaded machine slows both alike


@dataclass(frozen=True)
class Result:
    """One sticker, fitted one way."""

    size: int
    ssim: float


def stickers(paths: Sequence[Path], count: int) -> list[Image.Image]:
    """That many pictures, none twice."""
    drawings = [Image.open(path).convert("RGBA") for path in paths]
    if len(drawings) >= count:
        return drawings[:count]
    return list(itertools.islice(_variants(drawings), count))


def _variants(drawings: Sequence[Image.Image]) -> Iterator[Image.Image]:
    for number in itertools.count():
        image = drawings[number % len(drawings)]
        turn = number // len(drawings)
        if turn:
            image = image.rotate(7 * turn, Image.Resampling.BICUBIC, expand=True)
            red, green, blue, alpha = image.split()
            bands = [(red, green, blue), (green, blue, red), (blue, red, green)][turn % 3]
            image = Image.merge("RGBA", (*bands, alpha))
        yield image


def ours(image: Image.Image, rule: FileRule) -> Fitted:
    """What an export does."""
    return fit(image, rule.canvas, rule.format, rule.max_bytes)


def stepped(image: Image.Image, rule: FileRule) -> bytes:
    """What other tools do: one coarse step after the other."""
    assert rule.max_bytes is not None
    placed = place(image, rule.canvas)
    data = b""
    for step in range(95, 0, -5) if rule.format == "webp" else (256, 128, 64, 32, 16, 8):
        buffer = io.BytesIO()
        if rule.format == "webp":
            placed.save(buffer, "WEBP", quality=step)
        else:
            placed.quantize(step, Image.Quantize.FASTOCTREE).save(buffer, "PNG", optimize=True)
        data = buffer.getvalue()
        if len(data) <= rule.max_bytes:
            break
    return data


def told(image: Image.Image, rule: FileRule, found: Fitted) -> int:
    """Plain Pillow with the settings that our search has found; bytes."""
    placed = place(image, rule.canvas)
    buffer = io.BytesIO()
    if rule.format == "webp" and found.quality is not None:
        placed.save(buffer, "WEBP", quality=found.quality, method=4, use_sharp_yuv=True)
    elif rule.format == "webp":
        placed.save(buffer, "WEBP", lossless=True, quality=75, method=4)
    elif found.colours is not None:
        colours = Image.Quantize.FASTOCTREE
        placed.quantize(found.colours, colours).save(buffer, "PNG", optimize=True)
    else:
        placed.save(buffer, "PNG", optimize=True)
    return len(buffer.getvalue())


def ssim(one: Image.Image, other: Image.Image) -> float:
    """Structural similarity of the luminance, the worse one of over white and over black.

    Wang, Bovik, Sheikh and Simoncelli, "Image quality assessment", IEEE TIP 13(4), 2004: Gaussian
    windows of σ = 1.5, K₁ = 0.01, K₂ = 0.03.
    """
    return min(_ssim(_over(one, ground), _over(other, ground)) for ground in ("white", "black"))


def _over(image: Image.Image, ground: str) -> np.ndarray:
    flat = Image.alpha_composite(Image.new("RGBA", image.size, ground), image.convert("RGBA"))
    return np.asarray(flat.convert("L"), np.float64)


def _ssim(a: np.ndarray, b: np.ndarray) -> float:
    c1, c2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
    mean_a, mean_b = _blurred(a), _blurred(b)
    variance_a = _blurred(a * a) - mean_a**2
    variance_b = _blurred(b * b) - mean_b**2
    covariance = _blurred(a * b) - mean_a * mean_b
    top = (2 * mean_a * mean_b + c1) * (2 * covariance + c2)
    bottom = (mean_a**2 + mean_b**2 + c1) * (variance_a + variance_b + c2)
    return float((top / bottom).mean())


def _blurred(values: np.ndarray) -> np.ndarray:
    kernel = np.exp(-((np.arange(11) - 5) ** 2) / (2 * 1.5**2))
    kernel /= kernel.sum()
    rows = sum(w * values[i : values.shape[0] - 10 + i] for i, w in enumerate(kernel))
    assert isinstance(rows, np.ndarray)
    both = sum(w * rows[:, i : rows.shape[1] - 10 + i] for i, w in enumerate(kernel))
    assert isinstance(both, np.ndarray)
    return both


def compare(images: Sequence[Image.Image], key: str, pool: ProcessPoolExecutor) -> None:
    """Print one platform's figures."""
    rule = find(key).still
    assert rule is not None
    assert rule.max_bytes is not None
    rules = [rule] * CHUNK
    fitted: list[Fitted] = []
    other: list[bytes] = []
    seconds = {"ours": 0.0, "stepped": 0.0, "told": 0.0}
    list(pool.map(told, images[:2], rules, map(ours, images[:2], rules)))  # imports are over
    for start in range(0, len(images), CHUNK):
        chunk = images[start : start + CHUNK]
        clock = time.perf_counter()
        made = list(pool.map(ours, chunk, rules))
        seconds["ours"] += time.perf_counter() - clock
        clock = time.perf_counter()
        other += pool.map(stepped, chunk, rules)
        seconds["stepped"] += time.perf_counter() - clock
        clock = time.perf_counter()
        list(pool.map(told, chunk, rules, made))
        seconds["told"] += time.perf_counter() - clock
        fitted += made
    results: dict[str, list[Result]] = {"ours": [], "stepped": []}
    for image, mine, theirs in zip(images, fitted, other, strict=True):
        placed = place(image, rule.canvas)
        for name, data in (("ours", mine.data), ("stepped", theirs)):
            with Image.open(io.BytesIO(data)) as decoded:
                results[name].append(Result(len(data), ssim(placed, decoded)))
    size = f"{rule.canvas.width}², {rule.format.upper()} ≤ {rule.max_bytes:,} bytes"
    print(f"{key}: {len(images)} stickers at {size}")
    for name, found in results.items():
        used = statistics.mean(one.size for one in found) / rule.max_bytes
        over = sum(one.size > rule.max_bytes for one in found)
        print(
            f"  {name:8} {used:6.1%} of the limit used, {over} over it;"
            f" SSIM {statistics.mean(one.ssim for one in found):.4f},"
            f" worst {min(one.ssim for one in found):.4f};"
            f" {len(images) / seconds[name]:6.2f} stickers/s on {CORES} cores"
        )
    whole = sum(one.is_lossless for one in fitted)
    lossy = len(fitted) - whole - sum(bool(one.rounding) for one in fitted)
    print(f"  ours: {whole} without any loss, {lossy} with more than rounded colours")
    print(
        f"  plain Pillow, told our settings: {len(images) / seconds['told']:.2f} stickers/s;"
        f" ours takes {seconds['ours'] / seconds['told']:.2f} times as long,"
        f" {seconds['ours'] / seconds['stepped']:.2f} times as long as stepping"
    )


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.fitter")
    parser.add_argument("--stickers", type=int, default=100)
    parser.add_argument("pictures", nargs="*", type=Path)
    arguments = parser.parse_args()
    paths = arguments.pictures or sorted(ART.glob("*.webp"))
    images = stickers(paths, arguments.stickers)
    with ProcessPoolExecutor(CORES, mp_context=get_context("spawn")) as pool:
        for key in TARGETS:
            compare(images, key, pool)


if __name__ == "__main__":
    main()
