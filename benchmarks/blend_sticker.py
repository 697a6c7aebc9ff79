"""Prompt → picture with four LoRAs, each slider moved before: ours, and diffusers + peft.

    python -m benchmarks.blend_sticker [--model NAME|PATH] [--rounds N]

The same model, files, seeds and steps; the picture in memory, not cut out. Bar: at least 1.5 times
faster than diffusers' own pipeline with set_adapters.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import torch

from benchmarks import _blend_models as models
from benchmarks.warm_sticker import card_or_tiny, stock_pipeline
from stickerstudio.core.paths import Paths
from stickerstudio.engine.blend import Blend
from stickerstudio.engine.fold_cost import Work
from stickerstudio.engine.loop import Loop, Painting
from stickerstudio.engine.pipeline import examine, load
from stickerstudio.engine.placement import Placement
from stickerstudio.models.cards import ModelCard

LORAS, BAR, ROOM = 4, 1.5, 10**9
PROMPT = "I love you, otter, dm-sticker"


def main() -> None:
    """Wall seconds, in turns; both on torch's own number of threads."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default="starter")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--rank", type=int, default=models.RANK)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        paths = Paths.under(Path(scratch))
        card = card_or_tiny(paths, chosen.model, Path(scratch))
        for steps in sorted({1, card.default_steps}):
            _measure(paths, card, steps, chosen.rounds, chosen.rank, Path(scratch))


def _measure(
    paths: Paths, card: ModelCard, steps: int, rounds: int, rank: int, scratch: Path
) -> None:
    sdxl = paths.resources / "sdxl"
    checkpoint = examine(card.installed_at(), sdxl)
    mine, theirs = (load(checkpoint, "float32", sdxl) for _ in range(2))
    loop = Loop(mine, Placement(mine.modules, "cpu"))
    blend = Blend({"unet": mine.unet}, fold_room=ROOM)
    pipe = stock_pipeline(theirs)
    names = [f"style{n}" for n in range(LORAS)]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # peft wonders about a second adapter
        for seed, name in enumerate(names):
            tensors = models.random_lora(mine.unet, seed, rank)
            file = models.write_lora(tensors, scratch / f"{name}.safetensors")
            blend.add(name, file)
            pipe.load_lora_weights(str(scratch), weight_name=file.name, adapter_name=name)
    width, height = card.size
    factor = mine.scale_factor
    painting = Painting(PROMPT, (7,), steps, card.guidance_scale, width, height)
    work = Work(steps, 2 if card.guidance_scale > 1 else 1, height // factor, width // factor)

    def ours(weights: list[float]) -> np.ndarray:
        blend.set_weights(dict(zip(names, weights, strict=True)))
        blend.settle(work, exact=False)
        return loop.decode(loop.denoise(painting))[0]

    def stock(weights: list[float]) -> Any:
        pipe.set_adapters(names, weights)
        return pipe(
            PROMPT,
            num_inference_steps=steps,
            guidance_scale=card.guidance_scale,
            width=width,
            height=height,
            generator=torch.Generator("cpu").manual_seed(7),
        ).images[0]

    times: list[tuple[float, float]] = []
    apart = 0
    for turn in range(rounds + 1):
        weights = [0.1 * (1 + (turn + n) % 5) for n in range(LORAS)]
        began = time.perf_counter()
        one = ours(weights)
        between = time.perf_counter()
        other = np.asarray(stock(weights))
        ended = time.perf_counter()
        apart = max(apart, int(np.abs(one.astype(int) - other).max()))
        if turn > 0:
            times.append((between - began, ended - between))
    ratio = statistics.median(theirs / ours for ours, theirs in times)
    mine_ms, theirs_ms = (1000 * statistics.median(each) for each in zip(*times, strict=True))
    verdict = "met" if ratio >= BAR else "MISSED"
    print(
        f"\n{card.name}, {width}×{height}, {steps} step(s), {LORAS} LoRAs of rank {rank}:"
        f" ours {mine_ms:.0f} ms, diffusers + peft {theirs_ms:.0f} ms\n"
        f"  {ratio:.2f} times faster (bar {BAR}: {verdict}); pixels at most {apart}/255 apart",
        flush=True,
    )


if __name__ == "__main__":
    main()
