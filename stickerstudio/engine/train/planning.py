"""What one training needs of this machine: precision, memory, room on the disk."""

from __future__ import annotations

import importlib.util
import math
import shutil
from pathlib import Path

import torch

from stickerstudio.core.errors import DiskError
from stickerstudio.core.i18n import tr
from stickerstudio.engine.device import Device, Machine, model_dtype
from stickerstudio.engine.pipeline import Model
from stickerstudio.engine.train import memory
from stickerstudio.training.settings import TrainingSettings

NEEDED_DISK = 4  # times the learning weights' bytes: weights, two moments, best so far

_PRECISION = {"float16": "fp16", "bfloat16": "bf16"}


def training_dtype(device: Device, machine: Machine, file_dtype: str) -> str:
    """bfloat16 or float16 on CUDA, float32 elsewhere, where half precision is no faster."""
    if device.type != "cuda":
        return "float32"
    native = machine.gpu is not None and machine.gpu.bfloat16
    return "bfloat16" if native else model_dtype(device, machine, file_dtype, 0)


def mixed_precision(device: Device, dtype: str) -> str:
    """What `accelerate` calls computing in `dtype`."""
    return _PRECISION.get(dtype, "no") if device.type == "cuda" else "no"


def wanted(
    model: Model, settings: TrainingSettings, size: tuple[int, int], learning: int, dtype: str
) -> memory.Wanted:
    """What is to be held.

    Args:
        size: (width, height) of one picture in pixels.
        learning: numbers that learn.
    """
    numbers = {
        name: sum(p.numel() for p in module.parameters()) for name, module in model.modules.items()
    }
    return memory.Wanted(
        unet=numbers["unet"],
        text=numbers["text_encoder"] + numbers["text_encoder_2"],
        vae=numbers["vae"],
        value_bytes=2 if dtype in _PRECISION else 4,
        learning=learning,
        pixels=size[0] * size[1],
        text_learns=settings.text_encoders,
    )


def free_bytes(device: Device, machine: Machine, wanted: memory.Wanted) -> int:
    """What is free for it all, the model included, which is loaded by now."""
    if device.type == "cuda":
        free, _ = torch.cuda.mem_get_info()
        return free + (wanted.unet + wanted.text + wanted.vae) * wanted.value_bytes
    return machine.free_bytes  # probed before it was loaded


def choose(
    wanted: memory.Wanted, settings: TrainingSettings, device: Device, free: int
) -> memory.Plan:
    """The plan that fits, the one asked for if it does.

    Raises:
        MemoryShortError: none does.
    """
    eight_bit = (
        settings.optimiser in ("adamw8bit", "auto")
        and device.type == "cuda"
        and importlib.util.find_spec("bitsandbytes") is not None
    )
    return memory.choose(
        wanted,
        device.type,
        free,
        batch=settings.batch,
        accumulation=settings.accumulation,
        checkpointing=settings.checkpointing,
        eight_bit=eight_bit,
    )


def asked(settings: TrainingSettings) -> memory.Plan:
    """The plan as the settings have it, whether it fits or not."""
    return memory.Plan(
        settings.batch // settings.accumulation,
        settings.accumulation,
        bool(settings.checkpointing),
        eight_bit=False,
        text_aside=False,
    )


def check_disk(folder: Path, learning: int) -> None:
    """See that the state of `learning` numbers finds room in `folder`.

    Raises:
        DiskError: it does not, with the figures.
    """
    free = shutil.disk_usage(folder).free
    needed = NEEDED_DISK * 4 * learning
    if free < needed:
        raise DiskError(
            tr("There is not enough room on the disk for this training."),
            tr(
                "Its state needs {needed} MB in {folder}; {free} MB are free.",
                needed=math.ceil(needed / 10**6),
                folder=folder,
                free=free // 10**6,
            ),
            tr("Free some space, then go on. Nothing saved before was lost."),
        )
