"""Painting by the stock pipeline, many prompts at a time."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import torch
from diffusers.pipelines.stable_diffusion_xl.pipeline_stable_diffusion_xl import (
    StableDiffusionXLPipeline,
)
from torch import Tensor


@torch.no_grad()
def draw(
    pipe: StableDiffusionXLPipeline,
    prompts: list[str],
    steps: int,
    seeds: Iterable[int],
    batch: int = 40,
) -> Tensor:
    """Pictures in [-1, 1], (n, 3, 128, 128), by the stock pipeline without guidance."""
    numbers = list(seeds)
    parts: list[Tensor] = []
    for i in range(0, len(prompts), batch):
        generators = [torch.Generator().manual_seed(s) for s in numbers[i : i + batch]]
        out: Any = pipe(
            prompt=prompts[i : i + batch],
            num_inference_steps=steps,
            guidance_scale=0.0,
            height=128,
            width=128,
            generator=generators,
            output_type="pt",
        )
        parts.append((out.images * 2 - 1).float().cpu())
    return torch.cat(parts)
