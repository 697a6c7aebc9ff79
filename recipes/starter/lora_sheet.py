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
WEIGHTS = (0.0, 0.25, 0.5, 0.75, 1.0)
SEED = 3
BLENDED = ("ink", "glossy")
BLEND_PROMPT = "penguin, bright"


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
                asked = f"{prompt}, {style.trigger}"
                pictures += list(draw(pipe, [asked], 4, [SEED]))
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


def blends(model: Path, loras: Path, target: Path) -> None:
    """Two styles over a grid: one's weight to the right, the other's downwards."""
    files = [loras / f"{name}.safetensors" for name in BLENDED]
    if not all(file.exists() for file in files):
        return
    pipe = StableDiffusionXLPipeline.from_pretrained(model, torch_dtype=torch.float32)
    pipe.set_progress_bar_config(disable=True)
    for name, file in zip(BLENDED, files, strict=True):
        pipe.load_lora_weights(str(loras), weight_name=file.name, adapter_name=name)
    pictures: list[Tensor] = []
    labels: list[str] = []
    for down in WEIGHTS:
        for right in WEIGHTS:
            pipe.set_adapters(list(BLENDED), [right, down])
            pictures += list(draw(pipe, [BLEND_PROMPT], 4, [SEED]))
            labels.append(f"{BLENDED[0]} {right:g}, {BLENDED[1]} {down:g}")
    sheet.save(pictures, len(WEIGHTS), target, labels, quality=80)
