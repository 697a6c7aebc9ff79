"""One slider moved, then so many passes: the stack alone, and with folding where it pays.

    python -m benchmarks.blend_fold [--rounds N] [--ranks R…]

Eight LoRAs over every layer of a UNet of the starter's size, over the passes without any. Then what
engine.fold_cost has in its table for this processor, measured anew.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file

from benchmarks import _blend_models as models
from stickerstudio.engine.blend import Blend
from stickerstudio.engine.fold_cost import COSTS, Work

LORAS, SIDE = 8, 8
ROOM = 10**9


def main() -> None:
    """CPU time of one thread, in turns."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--ranks", type=int, nargs="+", default=[4, 16])
    parser.add_argument("--passes", type=int, nargs="+", default=[1, 4, 16])
    chosen = parser.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(0)
    with torch.no_grad():
        for rank in chosen.ranks:
            _measure(rank, chosen.passes, chosen.rounds)
        _constants()


def _measure(rank: int, counts: list[int], rounds: int) -> None:
    bare, stacked, settled = (models.starter_size() for _ in range(3))
    stacked.load_state_dict(bare.state_dict())
    settled.load_state_dict(bare.state_dict())
    stack, fold = Blend({"unet": stacked}), Blend({"unet": settled}, fold_room=ROOM)
    with tempfile.TemporaryDirectory() as folder:
        for n in range(LORAS):
            tensors = models.random_lora(bare, n, rank)
            file = models.write_lora(tensors, Path(folder) / "lora.safetensors")
            stack.add(str(n), file)
            fold.add(str(n), file)
    given = models.unet_inputs(bare, SIDE)
    moves = iter(range(10**9))

    def moved(blend: Blend) -> None:
        blend.set_weights({**{str(n): 0.1 for n in range(LORAS)}, "0": next(moves) % 100 / 100})

    def passes(model: Any, count: int) -> None:
        for _ in range(count):
            model(**given)

    print(f"\n{LORAS} LoRAs of rank {rank}, starter size; every time one slider is moved first")
    print("  passes   stack/none   folded where it pays/none   layers folded")
    for count in counts:

        def with_stack(count: int = count) -> None:
            moved(stack)
            passes(stacked, count)

        def with_fold(count: int = count) -> None:
            moved(fold)
            fold.settle(Work(count, 1, SIDE, SIDE), exact=False)
            passes(settled, count)

        def without(count: int = count) -> None:
            passes(bare, count)

        ways: dict[str, Callable[[], None]] = {
            "none": without,
            "stack": with_stack,
            "fold": with_fold,
        }
        models.in_turns(ways, 1)
        seconds = models.in_turns(ways, rounds)
        print(
            f"  {count:6}   {seconds['stack'] / seconds['none']:10.2f}"
            f"   {seconds['fold'] / seconds['none']:25.2f}   {len(fold.folded):13}",
            flush=True,
        )
    same = {str(n): 0.1 for n in range(LORAS)}
    for blend in (stack, fold):
        blend.set_weights(same)
    fold.settle(Work(16, 1, SIDE, SIDE), exact=True)
    ours, beside = settled(**given)[0], stacked(**given)[0]
    print(f"  difference of the two: {((ours - beside).norm() / beside.norm()).item():.1e}")


def _constants() -> None:
    """Launches, arithmetic and memory of this processor, as engine.fold_cost counts them."""
    row = torch.randn(1, 8)
    weight, down, up = torch.randn(768, 768), torch.randn(128, 768), torch.randn(128, 768)
    large = torch.randn(24, 1024, 1024)
    copy = torch.empty_like(large)
    times = models.in_turns(
        {
            "flops": lambda: [weight.addmm_(up.t(), down) for _ in range(20)],
            "bytes": lambda: copy.copy_(large),
        },
        7,
    )
    tiny: Any = torch.nn.Linear(8, 8).requires_grad_(False)
    blend = Blend({"unet": torch.nn.ModuleDict({"mid_block": tiny})}, fold_room=ROOM)
    with tempfile.TemporaryDirectory() as folder:
        values = {f"unet.mid_block.lora_{x}.weight": torch.ones(8, 8) for x in "AB"}
        save_file(values, Path(folder) / "lora.safetensors")
        blend.add("tiny", Path(folder) / "lora.safetensors")

    def fold() -> None:
        for n in range(200):
            blend.set_weights({"tiny": 1 + n / 200})
            blend.settle(Work(10**9, 1, SIDE, SIDE), exact=False)

    def stack() -> None:
        for _ in range(1000):
            tiny(row)

    times |= models.in_turns({"fold": fold}, 5)
    blend.set_weights({"tiny": 0.0})
    without = models.in_turns({"bare": stack}, 7)["bare"]
    blend.set_weights({"tiny": 1.0})
    times |= models.in_turns({"stack": stack}, 7)
    found = {
        "launch": (times["stack"] - without) / 3000,  # of a layer's three
        "fold": times["fold"] / 200,
        "flops": 20 * 2 * 768 * 768 * 128 / times["flops"],
        "bytes": 2 * large.numel() * 4 / times["bytes"],
    }
    table = COSTS["cpu"]
    print("\n  one thread    measured now   in the table")
    for name, value in found.items():
        print(f"  {name:12}  {value:12.2g}   {getattr(table, name):12.2g}")


if __name__ == "__main__":
    main()
