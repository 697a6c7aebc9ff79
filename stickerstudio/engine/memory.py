"""How a model is held in memory, and what is tried when it does not fit.

The numbers are estimates on the safe side, for choosing; what the device really says is obeyed:
on out-of-memory the plan is stepped down once before the user is told.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import torch

from stickerstudio.engine.device import DeviceType

UNET_VALUES_PER_PIXEL = 600
"""Numbers a UNet step holds at once per painted pixel: about 1.3 GB at 1024² in half precision."""

VAE_VALUES_PER_PIXEL = 2_000
"""The same for decoding: about 4.2 GB at 1024² in half precision, as people report for SDXL."""

TILE = 256  # pixels: the side of a tile of the tiled VAE


class MemoryPlan(StrEnum):
    """From the fastest to the smallest.

    RESIDENT: every module on the device, the VAE in one piece.
    TILED: every module on the device, the VAE decodes tile by tile and picture by picture.
    OFFLOAD: only the module at work is on the device; implies TILED.
    """

    RESIDENT = "resident"
    TILED = "tiled"
    OFFLOAD = "offload"


@dataclass(frozen=True, slots=True)
class Need:
    """Bytes a model needs on its device: all its weights, its largest module, work space."""

    weights: int
    largest_module: int
    painting: int
    decoding: int
    decoding_tiled: int


def need(
    module_bytes: dict[str, int], width: int, height: int, *, value_bytes: int, vae_value_bytes: int
) -> Need:
    """What one picture of `width` × `height` pixels takes, given each module's weights in bytes."""
    pixels = width * height
    tile = min(pixels, TILE * TILE)
    return Need(
        weights=sum(module_bytes.values()),
        largest_module=max(module_bytes.values()),
        painting=UNET_VALUES_PER_PIXEL * pixels * value_bytes,
        decoding=VAE_VALUES_PER_PIXEL * pixels * vae_value_bytes,
        decoding_tiled=VAE_VALUES_PER_PIXEL * tile * vae_value_bytes,
    )


def choose_plan(device: DeviceType, need: Need, free_bytes: int) -> MemoryPlan:
    """The fastest plan that fits into `free_bytes` of the device.

    Where the device's memory is the computer's own (CPU, MPS), offloading gains nothing.
    """
    if need.weights + max(need.painting, need.decoding) <= free_bytes:
        return MemoryPlan.RESIDENT
    if device != "cuda" or need.weights + max(need.painting, need.decoding_tiled) <= free_bytes:
        return MemoryPlan.TILED
    return MemoryPlan.OFFLOAD


def fold_room(plan: MemoryPlan, need: Need, free_bytes: int) -> int:
    """Bytes for second copies of weights (engine.fold): half of what the model leaves free.

    Only where nothing had to be saved; the other half is for LoRAs and other programs.
    """
    if plan is not MemoryPlan.RESIDENT:
        return 0
    return max(0, free_bytes - need.weights - max(need.painting, need.decoding)) // 2


def step_down(plan: MemoryPlan, device: DeviceType, *, decoding: bool) -> MemoryPlan | None:
    """What to try after `plan` ran out of memory, or None when nothing smaller is left.

    Tiles only help where decoding ran out; otherwise modules must leave the device.
    """
    if plan is MemoryPlan.RESIDENT and (decoding or device != "cuda"):
        return MemoryPlan.TILED if decoding else None
    if plan is not MemoryPlan.OFFLOAD and device == "cuda":
        return MemoryPlan.OFFLOAD
    return None


def is_out_of_memory(error: BaseException) -> bool:
    """Whether `error` says that memory ran out, on whichever device.

    Only CUDA has a class for it; MPS and the CPU's allocator say it in words.
    """
    if isinstance(error, torch.OutOfMemoryError | MemoryError):
        return True
    text = str(error).lower()
    return isinstance(error, RuntimeError) and (
        "out of memory" in text or "can't allocate memory" in text or "not enough memory" in text
    )
