"""Where the model runs: device and dtype, chosen by pure functions from the facts of a machine."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Literal

from stickerstudio.core.errors import BadInputError
from stickerstudio.core.i18n import tr, tr_n
from stickerstudio.core.messages import DeviceChoice

DeviceType = Literal["cpu", "cuda", "mps"]

CPU_FLOAT32_SHARE = 0.5
"""The share of all memory that a model in float32 may take before its own dtype is kept. Not of the
free memory: the same recipe gives the same bytes, whatever else is running.

float32 is 1.2 to 1.8 times as fast as bfloat16 on CPUs without matrix units, but SDXL then takes
14 GB instead of 7."""


@dataclass(frozen=True, slots=True)
class Gpu:
    """A graphics card that torch can use through CUDA. Memory in bytes."""

    name: str
    total_bytes: int
    free_bytes: int
    bfloat16: bool  # computes in bfloat16 natively


@dataclass(frozen=True, slots=True)
class Machine:
    """The facts a choice is made from.

    Attributes:
        cpu_cores: cores this process may use.
        total_bytes, free_bytes: memory; free is what can be had without swapping.
        gpu: the first CUDA device, if torch sees one.
        mps: whether Apple's GPU can be used.
        cuda_build: whether this torch was built for CUDA at all.
    """

    cpu_cores: int
    total_bytes: int
    free_bytes: int
    gpu: Gpu | None = None
    mps: bool = False
    cuda_build: bool = False


@dataclass(frozen=True, slots=True)
class Device:
    """What was chosen. `dtype` is torch's name of it; `reason` is a sentence for the user."""

    type: DeviceType
    name: str
    dtype: str
    reason: str


def probe() -> Machine:
    """The machine we are on. Imports torch."""
    import psutil
    import torch

    gpu = None
    if torch.cuda.is_available():
        free, total = torch.cuda.mem_get_info(0)
        name = torch.cuda.get_device_name(0)
        gpu = Gpu(name, total, free, torch.cuda.is_bf16_supported(including_emulation=False))
    memory = psutil.virtual_memory()
    return Machine(
        cpu_cores=_usable_cores(),
        total_bytes=memory.total,
        free_bytes=memory.available,
        gpu=gpu,
        mps=torch.backends.mps.is_available(),
        cuda_build=torch.version.cuda is not None,
    )


def choose(choice: DeviceChoice, machine: Machine) -> Device:
    """The device to run on: the user's, or for "auto" the fastest one there is.

    Raises:
        BadInputError: the user asked for a device that this machine does not offer.
    """
    if choice == "cuda" and machine.gpu is None:
        raise BadInputError(
            tr("CUDA cannot be used on this computer."),
            _why_no_cuda(machine),
            tr("Choose “automatic” or “CPU” in the settings."),
        )
    if choice == "mps" and not machine.mps:
        raise BadInputError(
            tr("Apple's graphics processor cannot be used on this computer."),
            tr("It needs a Mac with Apple silicon and macOS 14 or later."),
            tr("Choose “automatic” or “CPU” in the settings."),
        )
    asked = choice != "auto"
    if choice == "cuda" or (not asked and machine.gpu is not None):
        assert machine.gpu is not None
        found = tr("An NVIDIA graphics card was found; it is the fastest.")
        return Device("cuda", machine.gpu.name, "float16", _reason(asked, found))
    if choice == "mps" or (not asked and machine.mps):
        found = tr("The Mac's own graphics processor was found; it is the fastest here.")
        return Device("mps", tr("Apple graphics processor"), "float16", _reason(asked, found))
    name = tr_n("{n} CPU core", "{n} CPU cores", machine.cpu_cores)
    found = tr("No graphics card that can be used was found, so the processor does the work.")
    return Device("cpu", name, "float32", _reason(asked, found))


def model_dtype(device: Device, machine: Machine, file_dtype: str, parameters: int) -> str:
    """The dtype to hold a model of `parameters` numbers in, stored as `file_dtype`.

    A graphics card computes in the file's half precision where it can, so that nothing needs
    converting. A processor computes in float32 unless that would crowd the memory.
    """
    if device.type == "cuda":
        native = machine.gpu is not None and machine.gpu.bfloat16
        return "bfloat16" if file_dtype == "bfloat16" and native else "float16"
    if device.type == "mps":
        return "float16"
    fits = 4 * parameters <= CPU_FLOAT32_SHARE * machine.total_bytes
    return "float32" if fits or file_dtype == "float32" else file_dtype


def vae_dtype(dtype: str, force_upcast: bool) -> str:
    """The dtype to hold the VAE in for good, beside a model in `dtype`.

    SDXL's own VAE overflows in float16 and says so by `force_upcast`; the stock pipeline converts
    it to float32 and back at every call instead. bfloat16 has float32's range.
    """
    return "float32" if force_upcast and dtype == "float16" else dtype


def _reason(asked: bool, found: str) -> str:
    return tr("You chose it in the settings.") if asked else found


def _why_no_cuda(machine: Machine) -> str:
    if not machine.cuda_build:
        return tr("This installation of PyTorch was built without CUDA.")
    return tr("No NVIDIA graphics card with a working driver was found.")


def _usable_cores() -> int:
    if hasattr(os, "sched_getaffinity"):  # a container may have fewer than the machine
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
