"""Few colours that stand for many, with alpha: for PNG and GIF, and for WebP without loss.

Distances are measured between premultiplied colours, so that what nobody can see costs nothing.
Boxes are split at their mean along the axis of the largest variance until there are enough (after
Wan, Wong and Prusinkiewicz, "An algorithm for multidimensional data clustering", ACM TOMS 14(2),
1988), then moved to where they serve best (Lloyd, "Least squares quantization in PCM", 1982).
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Palette = NDArray[np.uint8]  # n × 4, RGBA, the most transparent first

_ROUNDS = 4  # of Lloyd's: later ones change a colour by less than a level
_MANY = 4096  # different colours in a picture; drawings have fewer
_CHUNK = 4096  # colours compared at a time with the whole palette: 4 MB
_BITS = np.uint32(0xFCFCFCFC)  # colours nearer to each other than 4 levels are counted as one


def palette_of(images: Iterable[Image.Image], colours: int) -> Palette:
    """At most `colours` (2 … 256) that serve all of `images`, which are RGBA.

    Where something is fully transparent, so is one of them.
    """
    keys, weights = _histogram(images)
    seen = keys != 0
    if not seen.all():  # nothing must shine through where nothing was
        clear = np.zeros((1, 4), np.uint8)
        return np.concatenate([clear, _serving(keys[seen], weights[seen], colours - 1)])
    return _serving(keys, weights, colours)


def _serving(keys: NDArray[np.uint32], weights: NDArray[np.float32], colours: int) -> Palette:
    if not keys.size:
        return np.zeros((0, 4), np.uint8)
    points = _features(_unpacked(keys))
    labels = _split(points, weights, colours)
    for _ in range(_ROUNDS):
        centres = _means(points, weights, labels)
        labels = _nearest(points, centres)
    found = _colours(_means(points, weights, labels))
    return found[np.argsort(found[:, 3], kind="stable")]


def with_palette(image: Image.Image, palette: Palette) -> Image.Image:
    """`image` as mode P: the nearest colour for every pixel, no dithering.

    `info["transparency"]` holds the alphas, as Pillow's writers want them.
    """
    packed = np.ascontiguousarray(_visible(image)).view(np.uint32).ravel()
    keys, place = np.unique(packed, return_inverse=True)
    nearest = _nearest(_features(_unpacked(keys)), _features(palette)).astype(np.uint8)
    result = Image.fromarray(nearest[place].reshape(image.height, image.width)).convert("P")
    result.putpalette(palette[:, :3].tobytes())
    alphas = palette[:, 3]
    result.info["transparency"] = alphas[: np.count_nonzero(alphas < 255)].tobytes()
    return result


def reduced(image: Image.Image, colours: int) -> Image.Image:
    """`image` as RGBA, with at most `colours` different ones."""
    palette = palette_of([image], colours)
    indices = np.asarray(with_palette(image, palette))
    return Image.fromarray(palette[indices])


def _visible(image: Image.Image) -> NDArray[np.uint8]:
    """Height × width × 4; what is fully transparent is 0."""
    pixels = np.array(image.convert("RGBA"))
    pixels[pixels[..., 3] == 0] = 0
    return pixels


def _histogram(images: Iterable[Image.Image]) -> tuple[NDArray[np.uint32], NDArray[np.float32]]:
    """The colours, packed, and how many pixels have each."""
    counted: dict[int, int] = {}
    for image in images:
        packed = np.ascontiguousarray(_visible(image)).view(np.uint32).ravel()
        keys, numbers = np.unique(packed, return_counts=True)
        if keys.size > _MANY:  # a photograph: near colours may stand for each other
            keys, numbers = np.unique(packed & _BITS | (packed >> 6) & ~_BITS, return_counts=True)
        for key, number in zip(keys.tolist(), numbers.tolist(), strict=True):
            counted[key] = counted.get(key, 0) + number
    return (
        np.fromiter(counted.keys(), np.uint32, len(counted)),
        np.fromiter(counted.values(), np.float32, len(counted)),
    )


def _unpacked(keys: NDArray[np.uint32]) -> NDArray[np.uint8]:
    return np.ascontiguousarray(keys).view(np.uint8).reshape(-1, 4)


def _features(colours: NDArray[np.uint8]) -> NDArray[np.float32]:
    """n × 4: premultiplied red, green, blue, and alpha, 0 … 255."""
    features = colours.astype(np.float32)
    features[:, :3] *= features[:, 3:] / 255
    return features


def _colours(features: NDArray[np.float32]) -> Palette:
    alpha = np.maximum(features[:, 3:], 1e-3) / 255
    straight = np.concatenate([features[:, :3] / alpha, features[:, 3:]], axis=1)
    return np.unique(np.clip(np.rint(straight), 0, 255).astype(np.uint8), axis=0)


def _split(
    points: NDArray[np.float32], weights: NDArray[np.float32], colours: int
) -> NDArray[np.intp]:
    labels = np.zeros(len(points), np.intp)
    boxes = [np.arange(len(points))]
    spreads = [_spread(points, weights)]
    while len(boxes) < colours:
        worst = int(np.argmax([spread for spread, _axis, _mean in spreads]))
        spread, axis, mean = spreads[worst]
        if spread <= 0:
            break
        box = boxes[worst]
        low = points[box, axis] <= mean
        boxes[worst], new = box[low], box[~low]
        labels[new] = len(boxes)
        boxes.append(new)
        spreads[worst] = _spread(points[boxes[worst]], weights[boxes[worst]])
        spreads.append(_spread(points[new], weights[new]))
    return labels


def _spread(points: NDArray[np.float32], weights: NDArray[np.float32]) -> tuple[float, int, float]:
    """How far a box is from one colour, along which axis, and its mean there."""
    if len(points) < 2:
        return 0.0, 0, 0.0
    mean = np.average(points, axis=0, weights=weights)
    squares = weights @ np.square(points - mean)
    axis = int(squares.argmax())
    low, high = points[:, axis].min(), points[:, axis].max()
    middle = float(np.clip(mean[axis], low, np.nextafter(high, low)))  # both sides get a point
    return float(squares[axis]) if high > low else 0.0, axis, middle


def _means(
    points: NDArray[np.float32], weights: NDArray[np.float32], labels: NDArray[np.intp]
) -> NDArray[np.float32]:
    total = np.bincount(labels, weights)
    used = total > 0
    sums = [np.bincount(labels, weights * points[:, axis]) for axis in range(4)]
    return (np.stack(sums, axis=1)[used] / total[used, None]).astype(np.float32)


def _nearest(points: NDArray[np.float32], centres: NDArray[np.float32]) -> NDArray[np.intp]:
    squares = np.square(centres).sum(axis=1)
    parts = [
        (squares - 2 * points[start : start + _CHUNK] @ centres.T).argmin(axis=1)
        for start in range(0, len(points), _CHUNK)
    ]
    return np.concatenate(parts)
