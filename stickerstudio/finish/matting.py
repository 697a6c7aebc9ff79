"""What a picture is of, by a saliency model; and edges made of it that are as sharp as the picture.

The model is U²-Netp (Qin and others, "U²-Net: Going Deeper with Nested U-Structure for Salient
Object Detection", Pattern Recognition 2020): 320 × 320 pixels in, a probability for each out. Its
mask is soft and a few pixels off; a guided filter with the picture as guide (He, Sun and Tang,
"Guided Image Filtering", PAMI 2013) brings it to the picture's own edges, at full resolution.
"""

from __future__ import annotations

import os
import threading
from functools import cache
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from stickerstudio.core.errors import BadFileError
from stickerstudio.core.i18n import tr
from stickerstudio.core.paths import Paths

Floats = NDArray[np.float32]

_SIDE = 320  # pixels; the model takes no other size
_MEAN = np.array([0.485, 0.456, 0.406], np.float32)  # of ImageNet, as in the model's training
_SPREAD = np.array([0.229, 0.224, 0.225], np.float32)
_THREADS = 2  # more gain little on 320 × 320 and take the window's processor time
_WORKED = 256  # pixels of the longer side on which the guided filter's lines are found
_RADIUS = 0.02  # of the picture's longer side: how far off a mask may be
_SMOOTHNESS = 1e-4  # He's ε, for colours of 0…1: steps of a hundredth are edges
_VEIL = 0.1  # the filter leaves as much on both sides of an edge
_lock = threading.Lock()  # one session is enough, and made once


def saliency(image: Image.Image) -> Floats:
    """How likely each pixel of `image` (RGB) is part of its subject: height × width, 0…1.

    Takes some tenths of a second. Safe to call from any thread.

    Raises:
        BadFileError: the program's model file is damaged or missing.
    """
    small = image.convert("RGB").resize((_SIDE, _SIDE), Image.Resampling.LANCZOS)
    levels = np.asarray(small, np.float32)
    levels = (levels / max(float(levels.max()), 1.0) - _MEAN) / _SPREAD
    with _lock:
        session = _session()
        name = session.get_inputs()[0].name
        (found,) = session.run(
            [session.get_outputs()[0].name], {name: levels.transpose(2, 0, 1)[None]}
        )
    low, high = float(found.min()), float(found.max())
    mask = (found[0, 0] - low) / max(high - low, 1e-6)
    full = Image.fromarray(mask).resize(image.size, Image.Resampling.BICUBIC)
    return np.clip(np.asarray(full, np.float32), 0, 1)


def refined(pixels: Floats, mask: Floats) -> Floats:
    """`mask` with its edges moved to those of the picture.

    Args:
        pixels: height × width × 3, levels 0…255.
        mask: height × width, 0…1, right but for a few pixels.

    Returns:
        height × width, 0…1.
    """
    guide = pixels / np.float32(255)
    small = tuple(
        max(1, round(length * min(1.0, _WORKED / max(mask.shape)))) for length in mask.shape
    )
    radius = max(2, round(max(small) * _RADIUS))
    slope, offset = _lines(resized(guide, small), resized(mask, small), radius)
    alpha = (resized(slope, mask.shape) * guide).sum(axis=-1) + resized(offset, mask.shape)
    scaled: Floats = (alpha - np.float32(_VEIL)) / np.float32(1 - 2 * _VEIL)
    return scaled.clip(0, 1)


def foreground(pixels: Floats, alpha: Floats) -> Floats:
    """The subject's own colours, also where a pixel is partly background.

    Blur fusion, twice, first wide and then narrow (Forte, "Approximate Fast Foreground Colour
    Estimation", ICIP 2021).

    Args:
        pixels: height × width × 3, levels 0…255.
        alpha: height × width, 0…1.

    Returns:
        height × width × 3, levels 0…255.
    """
    side = max(alpha.shape)
    inside, covered = pixels, alpha[..., None]
    behind = pixels
    for radius in (max(4, round(side * 0.09)), max(2, round(side * 0.006))):
        weight = box_mean(covered, radius)
        front = box_mean(inside * covered, radius) / (weight + 1e-5)
        behind = box_mean(behind * (1 - covered), radius) / (1 - weight + 1e-5)
        inside = front + covered * (pixels - covered * front - (1 - covered) * behind)
        inside = np.clip(inside, 0, 255).astype(np.float32)
    return inside


def box_mean(values: Floats, radius: int) -> Floats:
    """The mean over squares of 2·radius + 1 pixels, cut off at the border, for every channel."""
    for axis in (0, 1):
        values = _running_mean(values, radius, axis)
    return values


def resized(values: Floats, shape: tuple[int, ...]) -> Floats:
    """`values` with other height and width, by bilinear interpolation (means where it shrinks)."""
    if values.shape[:2] == tuple(shape):
        return values
    size = (shape[1], shape[0])
    planes = values.reshape(*values.shape[:2], -1).transpose(2, 0, 1)
    made = [
        np.asarray(Image.fromarray(plane).resize(size, Image.Resampling.BILINEAR))
        for plane in np.ascontiguousarray(planes, np.float32)
    ]
    return np.stack(made, axis=-1).reshape(*shape, *values.shape[2:])


def _lines(guide: Floats, mask: Floats, radius: int) -> tuple[Floats, Floats]:
    """He's filter with a colour guide, equations 19 to 21: α = slope · colour + offset nearby.

    They vary slowly and may be found on a smaller picture (He and Sun, "Fast Guided Filter", 2015).
    """
    mean_guide = box_mean(guide, radius)
    mean_mask = box_mean(mask, radius)
    covariance = box_mean(guide * mask[..., None], radius) - mean_guide * mean_mask[..., None]
    products = guide[..., :, None] * guide[..., None, :]
    spread = box_mean(products, radius) - mean_guide[..., :, None] * mean_guide[..., None, :]
    spread += _SMOOTHNESS * np.eye(3, dtype=np.float32)
    slope = np.linalg.solve(spread, covariance[..., None])[..., 0].astype(np.float32)
    offset = mean_mask - (slope * mean_guide).sum(axis=-1)
    return box_mean(slope, radius), box_mean(offset, radius)


def _running_mean(values: Floats, radius: int, axis: int) -> Floats:
    length = values.shape[axis]
    sums = np.cumsum(values, axis=axis, dtype=np.float64)
    sums = np.concatenate([np.zeros_like(np.take(sums, [0], axis)), sums], axis)
    here = np.arange(length, dtype=np.intp)
    first, last = np.maximum(here - radius, 0), np.minimum(here + radius + 1, length)
    counts = (last - first).reshape([-1 if i == axis else 1 for i in range(values.ndim)])
    return ((np.take(sums, last, axis) - np.take(sums, first, axis)) / counts).astype(np.float32)


@cache
def _session() -> Any:
    """Loaded when first needed: onnxruntime takes a tenth of a second and 60 MB."""
    import onnxruntime  # pyright: ignore[reportMissingTypeStubs]

    runtime = cast(Any, onnxruntime)
    options = runtime.SessionOptions()
    options.intra_op_num_threads = min(_THREADS, os.cpu_count() or 1)
    options.inter_op_num_threads = 1
    options.log_severity_level = 3  # errors only; they are raised as well
    path = Paths.default().bundled_models / "u2netp" / "u2netp.onnx"
    try:
        return runtime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # onnxruntime has a class for each reason, none public
        raise BadFileError(
            tr("The model that finds a picture's subject could not be read."),
            str(error).split("\n")[0],
            tr("Install Sticker Studio again."),
        ) from error
