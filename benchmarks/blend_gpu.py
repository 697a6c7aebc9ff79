"""SDXL's UNet in float16 on a GPU with 0, 1 and 8 LoRAs: eager, and as a recorded CUDA graph.

    python -m benchmarks.blend_gpu [--rounds N] [--compile]

Sliders move between the passes. The graph is recorded once: gates are written into memory that
stays where it is, so what it paints follows the sliders without being recorded again; --compile
does the same with torch.compile and fails on any recompilation. Where there is no CUDA device it
says so and ends. Bar: 8 LoRAs at most 1.15 times the pass without.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from diffusers.models.unets.unet_2d_condition import UNet2DConditionModel

from benchmarks import _blend_models as models
from stickerstudio.engine.blend import Blend

COUNTS = (1, 8)
SIDE = 64  # latents of 512 pixels


def main() -> None:
    """Median milliseconds between CUDA events."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--compile", action="store_true")
    chosen = parser.parse_args()
    if not torch.cuda.is_available():
        print("There is no CUDA device here: nothing was measured.")
        return
    print(f"SDXL's UNet, {SIDE * 8} px, float16, {torch.cuda.get_device_name()}")
    torch.manual_seed(0)
    config = {k: v for k, v in models.sdxl_config().items() if not k.startswith("_")}
    with torch.device("cuda"):
        unet: Any = UNet2DConditionModel(**config).half().eval().requires_grad_(False)
    given = _on_gpu(models.unet_inputs(unet, SIDE))
    with torch.no_grad(), tempfile.TemporaryDirectory() as folder:
        bare = _report("none, eager", lambda: unet(**given)[0], chosen.rounds, None)
        _report("none, CUDA graph", _graph(unet, given), chosen.rounds, None)
        for count in COUNTS:
            blend = Blend({"unet": unet}, always_on=True)
            for n in range(count):
                tensors = models.random_lora(unet, n)
                file = models.write_lora(tensors, Path(folder) / "lora.safetensors")
                blend.add(str(n), file)
            _with_sliders(unet, given, blend, count, bare, chosen.rounds, compiled=chosen.compile)
            blend.clear()


def _with_sliders(
    unet: Any,
    given: dict[str, Any],
    blend: Blend,
    count: int,
    bare: float,
    rounds: int,
    *,
    compiled: bool,
) -> None:
    turn = iter(range(10**9))

    def move() -> None:
        blend.set_weights({str(n): 0.05 * (next(turn) % 7) for n in range(count)})

    _report(f"{count} LoRAs, eager", lambda: unet(**given)[0], rounds, move, bare)
    graph = _graph(unet, given)
    _report(f"{count} LoRAs, CUDA graph", graph, rounds, move, bare)
    blend.set_weights({str(n): 0.1 for n in range(count)})
    gap = (graph() - unet(**given)[0]).abs().max().item()
    print(f"    the graph after its sliders moved is {gap:.1e} from the eager pass")
    if compiled:
        fast = torch.compile(unet, mode="max-autotune-no-cudagraphs")
        fast(**given)
        with torch.compiler.set_stance("fail_on_recompile"):
            _report(f"{count} LoRAs, compiled", lambda: fast(**given)[0], rounds, move, bare)
        torch.compiler.reset()


def _on_gpu(given: dict[str, Any]) -> dict[str, Any]:
    def moved(value: Any) -> Any:
        if isinstance(value, dict):
            return _on_gpu(value)
        return value.cuda().half() if isinstance(value, torch.Tensor) else value

    there = {name: moved(value) for name, value in given.items()}
    if "timestep" in there:
        there["timestep"] = torch.tensor(there["timestep"], device="cuda")
    return there


def _graph(unet: Any, given: dict[str, Any]) -> Callable[[], torch.Tensor]:
    """One recorded pass; every call runs it again and gives the same memory."""
    side = torch.cuda.Stream()
    side.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(side):
        for _ in range(3):
            unet(**given)
    torch.cuda.current_stream().wait_stream(side)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        out = unet(**given)[0]

    def replay() -> torch.Tensor:
        graph.replay()
        return out

    return replay


def _report(
    title: str,
    run: Callable[[], torch.Tensor],
    rounds: int,
    before: Callable[[], None] | None,
    bare: float | None = None,
) -> float:
    times: list[float] = []
    for turn in range(rounds + 2):
        if before is not None:
            before()
        start, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))
        start.record()
        run()
        end.record()
        torch.cuda.synchronize()
        if turn > 1:
            times.append(start.elapsed_time(end))
    taken = statistics.median(times)
    ratio = f"   {taken / bare:5.2f} × none, eager" if bare else ""
    print(f"  {title:24} {taken:8.2f} ms{ratio}", flush=True)
    return taken


if __name__ == "__main__":
    main()
