"""A picture of the LoRAs for the documentation: prompts across, weights down."""

from __future__ import annotations

from pathlib import Path

import torch
from diffusers.pipelines.stable_diffusion_xl.pipeline_stable_diffusion_xl import (
    StableDiffusionXLPipeline,
)
from torch import Tensor

from recipes.starter import sheet
from recipes.starter.painting import draw
from recipes.starter.train_lora import STYLES

GRID: tuple[str, ...] = (
    "grinning face",
    "crying face",
    "cat face",
    "red heart",
    "pizza",
    "hamburger",
    "rocket",
)
WEIGHTS = (0.0, 0.25, 0.5, 0.7, 0.85, 1.0)
SEED = 3


def _with_weight(pipe: StableDiffusionXLPipeline, name: str, weight: float) -> None:
    pipe.set_adapters([name], [weight])


def run(model: Path, loras: Path, target: Path) -> None:
    """Load each LoRA as the stock pipeline does; write the grid."""
    pipe = StableDiffusionXLPipeline.from_pretrained(model, torch_dtype=torch.float32)
    pipe.set_progress_bar_config(disable=True)
    pictures: list[Tensor] = []
    labels: list[str] = []
    for style in STYLES:
        file = loras / f"{style.name}.safetensors"
        if not file.exists():
            continue
        pipe.load_lora_weights(str(loras), weight_name=file.name, adapter_name=style.name)
        for prompt in GRID:
            for weight in WEIGHTS:
                _with_weight(pipe, style.name, weight)
                pictures += list(draw(pipe, [prompt], 4, [SEED]))
                labels.append(f"{style.name} {weight:g}")
        pipe.delete_adapters(style.name)
    if pictures:
        # Prompts across, weights down, one block of rows after another for the LoRAs.
        order: list[int] = []
        block = len(GRID) * len(WEIGHTS)
        for start in range(0, len(pictures), block):
            for w in range(len(WEIGHTS)):
                order += [start + p * len(WEIGHTS) + w for p in range(len(GRID))]
        sheet.save(
            [pictures[i] for i in order],
            len(GRID),
            target,
            [labels[i] for i in order],
            cell=96,
            quality=78,
        )
