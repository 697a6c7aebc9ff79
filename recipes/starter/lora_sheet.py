"""A picture of the LoRAs for the documentation: prompts across, weights down."""

from __future__ import annotations

from pathlib import Path

from diffusers.pipelines.stable_diffusion_xl.pipeline_stable_diffusion_xl import (
    StableDiffusionXLPipeline,
)
from torch import Tensor

from recipes.starter import sheet
from recipes.starter.painting import STEPS, draw
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
BLENDED = ("ink", "clay")
BLEND_PROMPT = "penguin, bright"


def run(pipe: StableDiffusionXLPipeline, loras: Path, target: Path) -> None:
    """Load each LoRA as the stock pipeline does; write the grid."""
    pictures: list[Tensor] = []
    labels: list[str] = []
    for style in STYLES:
        file = loras / f"{style.name}.safetensors"
        if not file.exists():
            continue
        pipe.load_lora_weights(str(loras), weight_name=file.name, adapter_name=style.name)
        prompts = [f"{prompt}, {style.trigger}" for prompt in GRID]
        for weight in WEIGHTS:
            pipe.set_adapters([style.name], [weight])
            pictures += list(draw(pipe, prompts, STEPS, [SEED] * len(prompts)))
            labels += [f"{style.name} {weight:g}"] * len(prompts)
        pipe.delete_adapters(style.name)
    if pictures:
        sheet.save(pictures, len(GRID), target, labels, cell=96, quality=78)


def blends(pipe: StableDiffusionXLPipeline, loras: Path, target: Path) -> None:
    """Two styles over a grid: one's weight to the right, the other's downwards."""
    files = [loras / f"{name}.safetensors" for name in BLENDED]
    if not all(file.exists() for file in files):
        return
    for name, file in zip(BLENDED, files, strict=True):
        pipe.load_lora_weights(str(loras), weight_name=file.name, adapter_name=name)
    pictures: list[Tensor] = []
    labels: list[str] = []
    for down in WEIGHTS:
        for right in WEIGHTS:
            pipe.set_adapters(list(BLENDED), [right, down])
            pictures += list(draw(pipe, [BLEND_PROMPT], STEPS, [SEED]))
            labels.append(f"{BLENDED[0]} {right:g}, {BLENDED[1]} {down:g}")
    sheet.save(pictures, len(WEIGHTS), target, labels, quality=80)
