"""What N LoRAs cost a forward pass: our stacked adapter, and diffusers' way (peft), over none.

No weight is 0 and nothing is folded: the stack itself; benchmarks.blend_fold has resting sliders.
Bar: 8 LoRAs of rank 16 at most 1.15 times the pass without at SDXL's width.
"""

from __future__ import annotations

import argparse
import gc
import tempfile
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import torch
from peft.tuners.lora import LoraLayer
from torch import nn

from benchmarks import _blend_models as models
from stickerstudio.engine.blend import Blend


def measure(
    title: str,
    make: Callable[[], nn.Module],
    call: Callable[[nn.Module], Any],
    counts: Sequence[int],
    rounds: int,
    rank: int = models.RANK,
) -> None:
    """Print one table."""
    torch.manual_seed(0)
    base, ours, theirs = make(), make(), make()
    ours.load_state_dict(base.state_dict())
    theirs.load_state_dict(base.state_dict())
    blend = Blend({"unet": ours})
    plain = models.launches(lambda: call(base))
    print(f"\n{title}: {len(models.adapted(base))} layers, rank {rank}")
    print("  LoRAs   ours/none  peft/none  peft/ours   launches: none   ours    peft   difference")
    loaded = 0
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # peft wonders about a second adapter
        for count in counts:
            while loaded < count:
                tensors = models.random_lora(base, loaded, rank)
                file = models.write_lora(tensors, Path(folder) / "lora.safetensors")
                blend.add(str(loaded), file)
                models.add_to_peft(theirs, str(loaded), tensors)
                loaded += 1
            blend.set_weights({str(n): 1 / count for n in range(count)})
            for module in theirs.modules():
                if isinstance(module, LoraLayer):
                    module.set_adapter([str(n) for n in range(count)])
                    for n in range(count):
                        module.set_scale(str(n), 1 / count)
            a, b = call(ours), call(theirs)
            gap = ((a - b).norm() / b.norm()).item()
            gc.collect()
            seconds = models.in_turns(
                {
                    "none": lambda: call(base),
                    "ours": lambda: call(ours),
                    "peft": lambda: call(theirs),
                },
                rounds,
            )
            print(
                f"  {count:5}   {seconds['ours'] / seconds['none']:9.2f}"
                f"  {seconds['peft'] / seconds['none']:9.2f}"
                f"  {seconds['peft'] / seconds['ours']:9.2f}   {plain:14}"
                f"  {models.launches(lambda: call(ours)):5}"
                f"  {models.launches(lambda: call(theirs)):6}   {gap:.1e}",
                flush=True,
            )


def main() -> None:
    """The starter's size and a slice at SDXL's width; "thin": SDXL's every layer made thin."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--counts", type=int, nargs="+", default=[1, 2, 4, 8, 16])
    parser.add_argument("--ranks", type=int, nargs="+", default=[models.RANK])
    parser.add_argument("--sizes", nargs="+", default=["starter", "wide"])
    chosen = parser.parse_args()
    torch.set_num_threads(1)
    with torch.inference_mode():
        if "starter" in chosen.sizes:
            given = models.unet_inputs(models.starter_size(), 8)
            for rank in chosen.ranks:
                measure(
                    "starter size",
                    models.starter_size,
                    lambda m: m(**given)[0],
                    chosen.counts,
                    chosen.rounds,
                    rank,
                )
        if "thin" in chosen.sizes:
            thin = models.unet_inputs(models.thin_sdxl(), 8)
            measure(
                "all of SDXL's layers, thin",
                models.thin_sdxl,
                lambda m: m(**thin)[0],
                chosen.counts,
                chosen.rounds // 3,
            )
        if "wide" in chosen.sizes:
            x, text = torch.randn(1, 1280, 16, 16), torch.randn(1, 77, 2048)
            measure(
                "2 of SDXL's 70 transformer layers, true width",
                models.WideSlice,
                lambda m: m(x, text),
                chosen.counts,
                chosen.rounds // 3,
            )


if __name__ == "__main__":
    main()
