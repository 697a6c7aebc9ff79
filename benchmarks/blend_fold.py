"""Eight LoRAs at starter size: a slider under the hand, and so many passes at one blend.

    python -m benchmarks.blend_fold [--rounds N] [--ranks R…] [--drags N] [--pictures N]

First one slider moves from picture to picture while the others rest, then another does; every
picture over the same passes of a model without LoRAs, in turns. Bar: at most 1.5 on average. Then
all sliders are moved before so many passes: the stack alone, and with folding where it pays. Then
what engine.fold_cost has in its table for this processor, measured anew.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
from collections.abc import Callable
from pathlib import Path
from time import process_time
from typing import Any

import torch
from safetensors.torch import save_file

from benchmarks import _blend_models as models
from stickerstudio.engine.blend import Blend
from stickerstudio.engine.fold_cost import COSTS, Work

LORAS, SIDE = 8, 8
ROOM = 10**9
BAR = 1.5


def main() -> None:
    """CPU time of one thread, in turns."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--ranks", type=int, nargs="+", default=[16])
    parser.add_argument("--passes", type=int, nargs="+", default=[1, 4, 16])
    parser.add_argument("--drags", type=int, default=2)
    parser.add_argument("--pictures", type=int, default=40)
    parser.add_argument("--steps", type=int, nargs="+", default=[1, 4])
    chosen = parser.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(0)
    with torch.no_grad():
        for steps in chosen.steps:
            _drag(models.RANK, steps, chosen.drags, max(6, chosen.pictures))
        for rank in chosen.ranks:
            _measure(rank, chosen.passes, chosen.rounds)
        _constants()


def _drag(rank: int, steps: int, drags: int, pictures: int) -> None:
    bare, model = models.starter_size(), models.starter_size()
    model.load_state_dict(bare.state_dict())
    blend = Blend({"unet": model}, fold_room=ROOM)
    with tempfile.TemporaryDirectory() as folder:
        for n in range(LORAS):
            tensors = models.random_lora(bare, n, rank)
            blend.add(str(n), models.write_lora(tensors, Path(folder) / "lora.safetensors"))
    given = models.unet_inputs(bare, SIDE)

    def paint(unet: Any) -> float:
        began = process_time()
        if unet is model:
            blend.settle(Work(steps, 1, SIDE, SIDE), exact=False)
        for _ in range(steps):
            unet(**given)
        return process_time() - began

    print(f"\none of {LORAS} sliders moves, rank {rank}, starter size, {steps} pass(es) a picture")
    print("  slider   first picture   2nd to 5th   the rest   average   layers folded")
    paint(bare)
    for slider in range(drags):
        times: list[tuple[float, float]] = []
        for turn in range(pictures):
            weights = {str(n): 0.1 for n in range(LORAS)} | {str(slider): (turn + 1) / pictures}
            began = process_time()
            blend.set_weights(weights)
            moved = process_time() - began
            times.append((moved + paint(model), paint(bare)))
        over = [ours / base for ours, base in times]
        average = sum(ours for ours, _ in times) / sum(base for _, base in times)
        verdict = "met" if average <= BAR else "MISSED"
        print(
            f"  {slider:6}   {over[0]:13.2f}   {statistics.median(over[1:5]):10.2f}"
            f"   {statistics.median(over[5:]):8.2f}   {average:7.2f}   {len(blend.folded):13}"
            f"   bar {BAR}: {verdict}",
            flush=True,
        )


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
        weight = 0.1 + next(moves) % 100 / 1000
        blend.set_weights({str(n): weight for n in range(LORAS)})

    def passes(model: Any, count: int) -> None:
        for _ in range(count):
            model(**given)

    print(f"\n{LORAS} LoRAs of rank {rank}, starter size; all sliders moved first")
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
