"""SDXL-Turbo's true size on this machine: one 512×512 sticker through the program's own Studio.

    python -m benchmarks.true_size FOLDER [--steps N] [--device auto|cpu|cuda|mps]

Writes SDXL-Turbo's layout into FOLDER, about 7 GB, unless it is there: the real configurations and
tokenizer, and random weights in bfloat16. What is painted is noise; what is measured is whether
the program carries a model of that size: seconds, and memory at its peak.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

NEEDED = 8 * 10**9  # bytes of free disk
PROMPT = "I love you, otter, dm-sticker"
WEIGHTS = {
    "unet": "diffusion_pytorch_model",
    "vae": "diffusion_pytorch_model",
    "text_encoder": "model",
    "text_encoder_2": "model",
}
SCHEDULER = {
    "_class_name": "EulerAncestralDiscreteScheduler",
    "beta_end": 0.012,
    "beta_schedule": "scaled_linear",
    "beta_start": 0.00085,
    "num_train_timesteps": 1000,
    "prediction_type": "epsilon",
    "timestep_spacing": "trailing",
}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--steps", type=int, default=1)
    parser.add_argument("--device", default="auto", choices=["auto", "cpu", "cuda", "mps"])
    parser.add_argument("--only-run", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    folder = arguments.folder.absolute()
    if arguments.only_run:
        return _run(folder, arguments.steps, arguments.device)
    if not (folder / "model_index.json").exists():
        folder.mkdir(parents=True, exist_ok=True)
        if shutil.disk_usage(folder).free < NEEDED:
            print(f"{folder} has less than {NEEDED / 1e9:.0f} GB free.")
            return 1
        began = time.perf_counter()
        _write(folder)
        print(f"written in {time.perf_counter() - began:.0f} s")
    # in a process of its own, so that the peak is the program's and not the writing's
    return subprocess.run(
        [sys.executable, "-m", "benchmarks.true_size", *sys.argv[1:], "--only-run"], check=False
    ).returncode


def _write(folder: Path) -> None:
    import torch
    from accelerate import init_empty_weights
    from diffusers.models.autoencoders.autoencoder_kl import AutoencoderKL
    from diffusers.models.unets.unet_2d_condition import UNet2DConditionModel
    from safetensors.torch import save_file
    from transformers import CLIPTextConfig, CLIPTextModel, CLIPTextModelWithProjection

    from stickerstudio.core.paths import Paths

    sdxl = Paths.default().resources / "sdxl"
    # drawn once and repeated: nobody looks at the picture, and 3.5 billion draws take minutes
    pool = torch.randn(2**24, generator=torch.Generator().manual_seed(0)).bfloat16()
    classes: dict[str, Any] = {
        "unet": UNet2DConditionModel,
        "vae": AutoencoderKL,
        "text_encoder": CLIPTextModel,
        "text_encoder_2": CLIPTextModelWithProjection,
    }
    for part, cls in classes.items():
        shutil.copytree(sdxl / part, folder / part)
        config = json.loads((sdxl / part / "config.json").read_text(encoding="utf-8"))
        with init_empty_weights():
            text = part.startswith("text")
            module = cls(CLIPTextConfig(**config)) if text else cls.from_config(config)
        tensors = {name: _random(name, t, pool) for name, t in module.state_dict().items()}
        if part == "text_encoder":  # files on disk keep the prefix that transformers 5 dropped
            tensors = {
                f"text_model.{key.removeprefix('text_model.')}": tensors[key] for key in tensors
            }
        save_file(
            tensors, folder / part / f"{WEIGHTS[part]}.safetensors", metadata={"format": "pt"}
        )
        size = sum(tensor.numel() for tensor in tensors.values())
        print(f"  {part}: {size / 1e6:,.1f} million parameters", flush=True)
    _write_tokenizer(folder / "tokenizer", sdxl, "<|endoftext|>")
    _write_tokenizer(folder / "tokenizer_2", sdxl, "!")
    (folder / "scheduler").mkdir()
    _write_json(folder / "scheduler/scheduler_config.json", SCHEDULER)
    index = json.loads((sdxl / "model_index.json").read_text(encoding="utf-8"))
    index["scheduler"] = ["diffusers", SCHEDULER["_class_name"]]
    _write_json(folder / "model_index.json", index)  # last: it says that the rest is there


def _random(name: str, like: Any, pool: Any) -> Any:
    """Weights that keep the size of what passes through them: 1/√fan-in; norms 1, biases 0."""
    import torch

    if not like.dtype.is_floating_point:
        return torch.arange(like.numel()).view(like.shape)  # position ids
    if like.dim() < 2:
        value = 0.0 if name.endswith("bias") else 1.0
        return torch.full(like.shape, value, dtype=torch.bfloat16)
    copies = math.ceil(like.numel() / pool.numel())
    values = pool.repeat(copies)[: like.numel()].view(like.shape)
    return values * (1 / math.sqrt(like[0].numel()))


def _write_tokenizer(folder: Path, sdxl: Path, pad_token: str) -> None:
    """The files that SDXL's repositories have."""
    from stickerstudio.engine.clip_vocabulary import BEGIN, END, POSITIONS, read_tokenizer

    folder.mkdir()
    vocabulary = read_tokenizer(sdxl, "tokenizer").get_vocab()
    _write_json(folder / "vocab.json", vocabulary)
    shutil.copy(sdxl / "merges.txt", folder / "merges.txt")
    tokens = {"bos_token": BEGIN, "eos_token": END, "unk_token": END, "pad_token": pad_token}
    _write_json(folder / "special_tokens_map.json", tokens)
    config = {"tokenizer_class": "CLIPTokenizer", "model_max_length": POSITIONS, **tokens}
    _write_json(folder / "tokenizer_config.json", config)


def _write_json(file: Path, data: object) -> None:
    file.write_text(json.dumps(data, ensure_ascii=False), encoding="utf-8")


def _run(folder: Path, steps: int, device: Any) -> int:
    from stickerstudio.core.messages import (
        Event,
        JobDone,
        JobFailed,
        ModelLoaded,
        Order,
        StickerReady,
    )
    from stickerstudio.core.paths import Paths
    from stickerstudio.core.recipe import Recipe
    from stickerstudio.engine.studio import Studio

    began = time.perf_counter()

    def tell(event: Event) -> None:
        seconds = time.perf_counter() - began
        if isinstance(event, ModelLoaded):
            print(f"{seconds:7.1f} s  loaded in {event.seconds:.1f} s, {event.memory_plan}")
        elif isinstance(event, StickerReady):
            print(f"{seconds:7.1f} s  sticker {event.index + 1} took {event.sticker.seconds:.1f} s")
        elif isinstance(event, JobFailed):
            print(f"{seconds:7.1f} s  {event.error.to_error()}\n{event.error.details}")
        elif not isinstance(event, JobDone):
            print(f"{seconds:7.1f} s  {type(event).__name__}", flush=True)

    with tempfile.TemporaryDirectory() as scratch:
        studio = Studio(Paths.under(Path(scratch)), device)
        ready = studio.start()
        print(f"{ready.seconds:7.1f} s  imports; {ready.device_name}: {ready.reason}")
        recipe = Recipe(PROMPT, num_inference_steps=steps, width=512, height=512, model=str(folder))
        studio.run(Order(1, recipe), tell, lambda: False)
        _print_memory()
        studio.close()
    return 0


def _print_memory() -> None:
    """The peak so far; on Linux also how much of it is not the model's own file, mapped."""
    import resource

    unit = 1 if platform.system() == "Darwin" else 1024
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
    text = f"peak resident {peak / 1e9:.1f} GB"
    status = Path(f"/proc/{os.getpid()}/status")
    if status.exists():
        lines = dict(line.split(":", 1) for line in status.read_text().splitlines())
        own, mapped = (int(lines[key].split()[0]) * 1024 / 1e9 for key in ("RssAnon", "RssFile"))
        text += f"; now {own:.1f} GB of its own and {mapped:.1f} GB mapped from files"
    print(f"           {text}", flush=True)


if __name__ == "__main__":
    raise SystemExit(main())
