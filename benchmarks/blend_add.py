"""Adding the eighth LoRA to a UNet of SDXL's size: seconds and memory, ours and diffusers'.

    python -m benchmarks.blend_add [--loras N]

The weights themselves are never touched, so they need not be there: the UNet is laid out in memory
that is asked for and not used. LoRAs are kohya-sized: rank 16 over 788 layers, 99 MB each in
half precision. Memory is counted by the system (resident set, Linux), the file's own pages apart.
"""

from __future__ import annotations

import argparse
import gc
import os
import subprocess
import sys
import tempfile
import threading
import time
import warnings
from pathlib import Path
from typing import Any

import torch
from diffusers.models.unets.unet_2d_condition import UNet2DConditionModel
from safetensors.torch import save_file

from benchmarks import _blend_models as models
from stickerstudio.engine.blend import Blend


def main() -> int:
    """Each way in a process of its own, so that neither sees the other's memory."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--loras", type=int, default=8)
    parser.add_argument("--way", choices=["ours", "diffusers"], help=argparse.SUPPRESS)
    parser.add_argument("--file", type=Path, help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.way:
        _add(chosen.way, chosen.file, chosen.loras)
        return 0
    if not Path("/proc/self/status").exists():
        print("The memory is read from /proc, which this system does not have.")
        return 0
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "lora.safetensors"
        _write(file)
        print(f"one LoRA: {file.stat().st_size / 1e6:.0f} MB; the last of {chosen.loras} added")
        for way in ("ours", "diffusers"):
            arguments = ["--way", way, "--file", str(file), "--loras", str(chosen.loras)]
            subprocess.run([sys.executable, "-m", "benchmarks.blend_add", *arguments], check=True)
    return 0


def _unet() -> Any:
    config = {k: v for k, v in models.sdxl_config().items() if not k.startswith("_")}
    with torch.device("meta"):
        unet = UNet2DConditionModel(**config)
    return unet.half().to_empty(device="cpu").eval().requires_grad_(False)


def _write(file: Path) -> None:
    unet = _unet()
    tensors: dict[str, torch.Tensor] = {}
    for name in models.adapted(unet):
        weight: Any = unet.get_submodule(name).weight
        down = torch.full((models.RANK, *weight.shape[1:]), 0.01).half()
        up = torch.full((weight.shape[0], models.RANK), 0.01).half()
        tensors[f"unet.{name}.lora_A.weight"] = down
        up = up[(...,) + (None,) * (weight.dim() - 2)]
        tensors[f"unet.{name}.lora_B.weight"] = up.contiguous()
    save_file(tensors, file)


def _add(way: str, file: Path, count: int) -> None:
    torch.set_num_threads(1)
    unet = _unet()
    blend = Blend({"unet": unet})

    def add(name: str) -> None:
        if way == "ours":
            blend.add(name, file)
        else:
            unet.load_lora_adapter(file, prefix="unet", adapter_name=name)

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # peft wonders about a second adapter
        for n in range(count - 1):
            add(str(n))
        gc.collect()
        before = _resident()
        peak = _Peak()
        wall, cpu = time.perf_counter(), time.process_time()
        add(str(count - 1))
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
        highest = peak.stop()
    gc.collect()
    print(
        f"  {way:10} {wall:6.2f} s, {cpu:6.2f} CPU seconds;"
        f" memory +{_resident() - before:.0f} MB, at its peak +{highest - before:.0f} MB,"
        f" {before:.0f} MB before",
        flush=True,
    )


def _resident() -> float:
    """Megabytes of this process's own, files mapped into it apart."""
    lines = Path(f"/proc/{os.getpid()}/status").read_text("ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("RssAnon")) / 1e3


class _Peak:
    """The most memory since it was made."""

    def __init__(self) -> None:
        self._highest = _resident()
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._watch)
        self._thread.start()

    def _watch(self) -> None:
        while not self._done.wait(0.005):
            self._highest = max(self._highest, _resident())

    def stop(self) -> float:
        self._done.set()
        self._thread.join()
        return max(self._highest, _resident())


if __name__ == "__main__":
    raise SystemExit(main())
