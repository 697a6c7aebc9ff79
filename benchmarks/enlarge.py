"""Enlarging 128×128 four times: ncnn, the same network in torch, and Lanczos, interleaved.

The pictures of both networks must agree; ncnn is kept where it is no slower, for it loads in
milliseconds and needs no torch in the command line or beside the window.
"""

from __future__ import annotations

import os
import statistics
import time
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import nn

from stickerstudio.core.paths import Paths
from stickerstudio.finish.enlarge import enlarge

_HALF_PRECISION = 0x01306B47  # ncnn's mark before weights of 16 bits
_SIDE = 128
_ROUNDS = 7


class Ported(nn.Module):
    """The network of ncnn's .param and .bin files as torch modules."""

    def __init__(self, param: Path, weights: bytes) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        at = 0

        def floats(count: int, kind: type[np.floating] = np.float32) -> torch.Tensor:
            nonlocal at
            values = np.frombuffer(weights, kind, count, at).astype(np.float32)
            at += -(-values.size * np.dtype(kind).itemsize // 4) * 4
            return torch.from_numpy(values)

        for line in param.read_text("ascii").splitlines()[2:]:
            kind, *rest = line.split()
            size = dict(word.split("=") for word in rest if "=" in word)
            channels = int(size.get("0", 0))
            if kind == "Convolution":
                count = int(size["6"])
                made = nn.Conv2d(count // 9 // channels, channels, 3, padding=1)
                mark = int.from_bytes(weights[at : at + 4], "little")
                at += 4
                values = floats(count, np.float16 if mark == _HALF_PRECISION else np.float32)
                made.weight.data = values.view(made.weight.shape)
                made.bias = nn.Parameter(floats(channels))
                layers.append(made)
            elif kind == "PReLU":
                layers.append(nn.PReLU(channels))
                layers[-1].weight = nn.Parameter(floats(channels))
        if at != len(weights):
            raise ValueError(f"{len(weights) - at} bytes of weights are left over")
        self.layers = nn.Sequential(*layers, nn.PixelShuffle(4))

    def forward(self, pixels: torch.Tensor) -> torch.Tensor:
        return self.layers(pixels) + nn.functional.interpolate(pixels, scale_factor=4)


def picture() -> Image.Image:
    """A drawing with edges of every direction, and flat colour."""
    y, x = np.mgrid[:_SIDE, :_SIDE] - _SIDE / 2
    angle, radius = np.arctan2(y, x), np.hypot(x, y)
    inside = radius < _SIDE * (0.35 + 0.08 * np.cos(5 * angle))
    levels = np.where(inside[..., None], (240, 120, 60), (255, 255, 255))
    levels[radius < _SIDE / 8] = (40, 60, 160)
    return Image.fromarray(levels.astype(np.uint8))


def main() -> None:
    """Medians of alternating rounds, and the largest difference of the two pictures."""
    threads = os.cpu_count() or 1
    torch.set_num_threads(threads)
    folder = Paths.default().bundled_models / "upscale"
    weights = (folder / "realesr-animevideov3.bin").read_bytes()
    ported = Ported(folder / "realesr-animevideov3.param", weights).eval()
    given = picture()
    pixels = torch.from_numpy(np.asarray(given, np.float32) / 255).permute(2, 0, 1)[None]

    def in_torch() -> Image.Image:
        with torch.inference_mode():
            levels = (ported(pixels)[0].clamp(0, 1) * 255).round().to(torch.uint8)
        return Image.fromarray(levels.permute(1, 2, 0).numpy())

    ways = {
        "ncnn": lambda: enlarge(given, 4, threads=threads),
        "torch": in_torch,
        "Lanczos": lambda: given.resize((4 * _SIDE, 4 * _SIDE), Image.Resampling.LANCZOS),
    }
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    results = {name: np.asarray(way(), np.int16) for name, way in ways.items()}  # warm
    for _ in range(_ROUNDS):
        for name, way in ways.items():
            start = time.perf_counter()
            way()
            seconds[name].append(time.perf_counter() - start)
    for name, values in seconds.items():
        print(f"  {name:8} {1000 * statistics.median(values):8.1f} ms")
    ratio = statistics.median(seconds["torch"]) / statistics.median(seconds["ncnn"])
    print(f"  torch takes {ratio:.2f} times as long as ncnn ({threads} threads)")
    apart = np.abs(results["ncnn"] - results["torch"]).max()
    print(f"  largest difference of their pictures: {apart} of 255")


if __name__ == "__main__":
    main()
