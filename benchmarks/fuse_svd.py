"""Four LoRAs of rank 16 over SDXL's 560 attention layers into one of rank 32, by SVD.

Bar: at most 30 s of two cores. Its error next to the best possible one, from the full SVD of the
whole matrix, on a few layers.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path
from time import perf_counter, process_time
from typing import Any

import torch
from diffusers.models.unets.unet_2d_condition import UNet2DConditionModel
from safetensors import safe_open
from safetensors.torch import save_file
from torch import nn

from benchmarks import _blend_models as models
from stickerstudio.engine.fuse import Ingredient, fuse

LORAS, RANK, TARGET = 4, 16, 32


def write(unet: nn.Module, names: list[str], path: Path, seed: int) -> None:
    """A LoRA over the attention layers, with singular values that fall off as trained ones do."""
    generator = torch.Generator().manual_seed(seed)
    fall = torch.linspace(0, -3, RANK).exp()
    tensors: dict[str, torch.Tensor] = {}
    for name in names:
        module: Any = unet.get_submodule(name)
        down = torch.randn(RANK, module.in_features, generator=generator)
        up = torch.randn(module.out_features, RANK, generator=generator) * fall
        tensors[f"unet.{name}.lora_A.weight"] = down.half()
        tensors[f"unet.{name}.lora_B.weight"] = up.half()
    save_file(tensors, path)


def main() -> None:
    """Print the time, the error and the best possible error."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--layers", type=int, default=560)
    parser.add_argument("--sampled", type=int, default=3, help="layers to decompose in full")
    chosen = parser.parse_args()
    config = {k: v for k, v in models.sdxl_config().items() if not k.startswith("_")}
    with torch.device("meta"):
        unet = UNet2DConditionModel(**config)
    names = [
        name
        for name, module in unet.named_modules()
        if isinstance(module, nn.Linear) and (".attn1." in name or ".attn2." in name)
    ][: chosen.layers]
    with tempfile.TemporaryDirectory() as folder:
        paths = [Path(folder) / f"{n}.safetensors" for n in range(LORAS)]
        for n, path in enumerate(paths):
            write(unet, names, path, n)
        ingredients = [Ingredient(path.stem, path, 0.4 + 0.2 * n) for n, path in enumerate(paths)]
        wall, cpu = perf_counter(), process_time()
        report = fuse(ingredients, {"unet": unet}, Path(folder) / "mix.safetensors", rank=TARGET)
        wall, cpu = perf_counter() - wall, process_time() - cpu
        print(f"{LORAS} × rank {RANK} over {len(names)} layers → rank {report.rank}:"
              f" {wall:.1f} s, {cpu:.1f} CPU seconds, {report.size_bytes / 1e6:.0f} MB,"
              f" error {report.relative_error:.3f}")  # fmt: skip
        for name in names[:: max(1, len(names) // chosen.sampled)][: chosen.sampled]:
            whole = torch.zeros(())
            for ingredient in ingredients:
                whole = whole + ingredient.weight * _product(ingredient.path, name)
            start = process_time()
            values = torch.linalg.svdvals(whole)
            full = process_time() - start
            best = (values[TARGET:].norm() / values.norm()).item()
            ours = ((whole - _product(report.path, name)).norm() / whole.norm()).item()
            print(f"  {name}: error {ours:.5f}, best possible {best:.5f} (full SVD: {full:.1f} s)")


def _product(path: Path, name: str) -> torch.Tensor:
    with safe_open(path, "pt") as file:
        up = file.get_tensor(f"unet.{name}.lora_B.weight").float()
        return up @ file.get_tensor(f"unet.{name}.lora_A.weight").float()


if __name__ == "__main__":
    main()
