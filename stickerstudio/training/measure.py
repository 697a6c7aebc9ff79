"""Figures of pictures that need no network: sharpness, style, subject, and what is copied.

All take (height, width, 3) bytes on a light ground and work at any size.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import PIL.Image
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]
Values = NDArray[np.float64]

_LUMA = np.array([0.299, 0.587, 0.114])  # ITU-R BT.601
_SIDE = 128  # pixels: everything is measured at this size


def sharpness(pixels: Pixels) -> float:
    """High-frequency energy: the share of a picture's contrast that a small blur takes away.

    Luminance Y at 128 px, blurred with the binomial kernel (1 4 6 4 1)/16 in both directions:
    std(Y − blur(Y)) / std(Y). About 0 for a blob of fog, 0.2 … 0.4 for drawings. Divided by the
    contrast, so that paler colours do not count as blur.
    """
    luma = _luma(pixels)
    spread = luma.std()
    if spread < 1e-3:
        return 0.0
    return float((luma - _blur(luma)).std() / spread)


def style_features(pixels: Pixels) -> Values:
    """How it is drawn, not what: colours, darkness, edges and grain, (67,).

    Of what differs from white only: histograms of luminance (16), saturation (8) and hue weighted
    by saturation (12) with colour's mean and deviation (6); the share of dark outline; gradient
    magnitudes (8 bins) and fine grain at two scales (2 × 8).
    """
    small = _resized(pixels)
    rgb = small.astype(np.float64) / 255
    luma = _luma(small) / 255
    drawn = (1 - rgb).max(axis=2) > 0.06
    if drawn.sum() < 16:
        drawn = np.ones_like(drawn)
    high, low = rgb.max(axis=2), rgb.min(axis=2)
    saturation = (high - low) / np.maximum(high, 1e-6)
    inside = rgb[drawn]
    parts: list[Values] = [
        _histogram(luma[drawn], 16, 0, 1),
        _histogram(saturation[drawn], 8, 0, 1),
        _histogram(_hue(inside), 12, 0, 1, weights=(high - low)[drawn]),
        inside.mean(axis=0),
        inside.std(axis=0),
        np.array([((luma < 0.3) & drawn).sum() / drawn.sum()]),
        _histogram(_gradient(luma)[drawn], 8, 0, 0.5),
    ]
    grain = luma
    for _ in range(2):
        smooth = _blur(grain)
        parts.append(_histogram((grain - smooth)[drawn], 8, -0.15, 0.15))
        grain = smooth
    return np.concatenate(parts)


def structure_features(pixels: Pixels) -> Values:
    """What it shows, roughly: shapes and colours at 16 × 16 and edges at 32 × 32; length 1.

    For comparing pictures with each other by their inner product.
    """
    image = PIL.Image.fromarray(_resized(pixels))
    coarse = np.asarray(image.resize((16, 16), PIL.Image.Resampling.BOX), np.float64) / 255
    edges = _gradient(_luma(np.asarray(image)) / 255)
    edges = edges.reshape(32, _SIDE // 32, 32, _SIDE // 32).mean(axis=(1, 3))
    parts = [(coarse - coarse.mean()).ravel(), 4 * (edges - edges.mean()).ravel()]
    vector = np.concatenate(parts)
    return vector / max(float(np.linalg.norm(vector)), 1e-9)


class Judge:
    """Judges samples against the drawings and the base's own pictures of the same prompts.

    Args:
        drawings: the training pictures as the trainer sees them.
        base: the base's pictures of the sample prompts, one each, painted with other seeds than
            the samples: a subject counts as kept when its own is the nearest.
    """

    def __init__(self, drawings: Sequence[Pixels], base: Sequence[Pixels]) -> None:
        features = np.array([style_features(each) for each in drawings])
        own = np.array([style_features(each) for each in base])
        self._spread = np.concatenate([features, own]).std(axis=0) + 1e-3
        self._drawn = features.mean(axis=0)
        self._axis = (self._drawn - own.mean(axis=0)) / self._spread
        self._own = own.mean(axis=0)
        self._drawings = np.array([structure_features(each) for each in drawings])
        self._base = np.array([structure_features(each) for each in base])

    def style(self, samples: Sequence[Pixels]) -> float:
        """How far they have come from the base's style (0) to the drawings' (1), cut to 0 … 1.

        The samples' mean features are projected on the line between both means, each feature in
        units of its own deviation.
        """
        mean = np.mean([style_features(each) for each in samples], axis=0)
        length = float(self._axis @ self._axis)
        if length < 1e-9:
            return 0.0
        moved = float(((mean - self._own) / self._spread) @ self._axis) / length
        return min(max(moved, 0.0), 1.0)

    def kept(self, samples: Sequence[Pixels]) -> float:
        """The share of samples whose nearest picture of the base's shows the same prompt."""
        nearness = np.array([structure_features(each) for each in samples]) @ self._base.T
        wanted = np.arange(len(samples)) % len(self._base)
        return float((nearness.argmax(axis=1) == wanted).mean())

    def nearest(self, sample: Pixels) -> tuple[int, float]:
        """The drawing most like `sample`, by its index, and how like: 1 is the same picture."""
        nearness = self._drawings @ structure_features(sample)
        index = int(nearness.argmax())
        return index, float(nearness[index])


def _resized(pixels: Pixels) -> Pixels:
    if pixels.shape[:2] == (_SIDE, _SIDE):
        return pixels
    image = PIL.Image.fromarray(pixels).resize((_SIDE, _SIDE), PIL.Image.Resampling.BOX)
    return np.asarray(image)


def _luma(pixels: Pixels) -> Values:
    return _resized(pixels).astype(np.float64) @ _LUMA


def _blur(values: Values) -> Values:
    for axis in (0, 1):
        edge = [(2, 2) if each == axis else (0, 0) for each in (0, 1)]
        padded = np.pad(values, edge, mode="edge")
        size = values.shape[axis]
        taps = [np.take(padded, range(i, i + size), axis=axis) for i in range(5)]
        values = (taps[0] + 4 * taps[1] + 6 * taps[2] + 4 * taps[3] + taps[4]) / 16
    return values


def _gradient(luma: Values) -> Values:
    down, across = np.gradient(luma)
    return np.hypot(down, across)


def _hue(rgb: Values) -> Values:
    """Hue of (n, 3) colours, 0 … 1; 0 for greys."""
    spread = np.maximum(rgb.max(axis=1) - rgb.min(axis=1), 1e-9)
    red, green, blue = rgb.T
    sector = np.stack(
        [(green - blue) / spread % 6, (blue - red) / spread + 2, (red - green) / spread + 4]
    )
    largest = rgb.argmax(axis=1)
    return sector[largest, np.arange(len(rgb))] / 6


def _histogram(
    values: Values, bins: int, low: float, high: float, weights: Values | None = None
) -> Values:
    counts, _ = np.histogram(values.clip(low, high), bins, (low, high), weights=weights)
    return counts / max(float(counts.sum()), 1e-9)
