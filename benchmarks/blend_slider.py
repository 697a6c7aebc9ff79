"""One slider moved, until the next picture may begin: our gate write against diffusers' ways.

On every adapted layer of SDXL, made thin, so that the cost of the bookkeeping is what is seen. A
fuse or unfuse at true width costs seconds on top. peft's add_weighted_adapter makes one adapter of
many: on a UNet of the starter's size, with two LoRAs. Bar: a gate write takes less than 1 ms.
"""

from __future__ import annotations

import tempfile
import warnings
from itertools import count
from pathlib import Path
from typing import Any

import torch
from peft import LoraConfig, PeftModel
from peft.tuners.lora import LoraLayer

from benchmarks import _blend_models as models
from stickerstudio.engine.blend import Blend

LORAS = 8


def main() -> None:
    """CPU milliseconds of one thread."""
    torch.set_num_threads(1)
    torch.manual_seed(0)
    ours: Any = models.thin_sdxl()
    theirs: Any = models.thin_sdxl()
    blend = Blend({"unet": ours})
    names = [f"style{n}" for n in range(LORAS)]
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # peft wonders about a second adapter
        for seed, name in enumerate(names):
            tensors = models.random_lora(ours, seed)
            blend.add(name, models.write_lora(tensors, Path(folder) / "lora.safetensors"))
            theirs.load_lora_adapter(tensors, prefix=None, adapter_name=name)
    weights = dict.fromkeys(names, 0.1)
    turn = count(1)
    given = models.unet_inputs(ours, 8)
    layers = [module for module in theirs.modules() if isinstance(module, LoraLayer)]

    def peft_scales() -> None:
        for layer in layers:
            for name in names:
                layer.set_scale(name, 0.1)

    def gate_write() -> None:
        weights[names[0]] = 0.1 + next(turn) / 1000
        blend.set_weights(weights)

    def fuse() -> None:
        theirs.fuse_lora()
        theirs.unfuse_lora()

    with torch.inference_mode():
        moves = models.in_turns(
            {
                "gate write (ours)": gate_write,
                "peft's scales, by hand": peft_scales,
                "set_adapters": lambda: theirs.set_adapters(names, list(weights.values())),
            },
            5,
        )
        moves |= models.in_turns({"fuse_lora + unfuse_lora": fuse}, 1)
        steps = models.in_turns({"ours": lambda: ours(**given), "peft": lambda: theirs(**given)}, 3)
    print(f"{len(layers)} layers, {LORAS} LoRAs of rank {models.RANK}; CPU ms of one thread")
    for name, seconds in moves.items():
        print(f"  {name:26}{seconds * 1e3:10.3f}")
    ours_next = moves["gate write (ours)"] + steps["ours"]
    theirs_next = moves["set_adapters"] + steps["peft"]
    print(
        f"  move + one UNet step: ours {ours_next * 1e3:.0f}, set_adapters"
        f" {theirs_next * 1e3:.0f} ({theirs_next / ours_next:.1f} times)"
    )
    _merging()


def _merging() -> None:
    """peft's merge of adapters into one, next to a gate write on the same layers."""
    ours, theirs = models.starter_size(), models.starter_size()
    blend = Blend({"unet": ours})
    names, turn = ["a", "b"], count(1)
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # peft wonders about a second adapter
        for seed, name in enumerate(names):
            tensors = models.random_lora(ours, seed)
            blend.add(name, models.write_lora(tensors, Path(folder) / "lora.safetensors"))
        targets = models.adapted(theirs)
        config = LoraConfig(r=models.RANK, lora_alpha=models.RANK, target_modules=targets)
        peft = PeftModel(theirs, config, adapter_name=names[0])
        peft.add_adapter(names[1], config)

    def merge(kind: str) -> None:
        peft.add_weighted_adapter(names, [0.1, 0.2], f"mix{next(turn)}", combination_type=kind)

    ways = {
        "gate write (ours)": lambda: blend.set_weights({"a": 0.1 + next(turn) / 1000, "b": 0.2}),
        "add_weighted_adapter, cat": lambda: merge("cat"),
        "add_weighted_adapter, linear": lambda: merge("linear"),
    }
    with torch.no_grad():
        seconds = models.in_turns(ways, 3)
    print(f"{len(models.adapted(ours))} layers of starter size, {len(names)} LoRAs")
    for name, taken in seconds.items():
        print(f"  {name:28}{taken * 1e3:8.3f}")


if __name__ == "__main__":
    main()
