"""What a pipeline paints, to compare one way of blending with another."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from diffusers.pipelines.stable_diffusion_xl.pipeline_stable_diffusion_xl import (
    StableDiffusionXLPipeline,
)
from numpy.typing import NDArray
from torch import nn

PARTS = ("unet", "text_encoder", "text_encoder_2")


def parts_of(pipe: StableDiffusionXLPipeline) -> dict[str, nn.Module]:
    return {part: getattr(pipe, part) for part in PARTS}


def picture(pipe: StableDiffusionXLPipeline, prompt: str = "red heart") -> NDArray[np.float64]:
    """One picture in units of 1/255, unrounded, so that rounding cannot hide or make a step."""
    call: Any = pipe
    result = call(
        prompt,
        num_inference_steps=2,
        guidance_scale=0.0,
        generator=torch.Generator().manual_seed(3),
        output_type="np",
    )
    return result.images[0].astype(np.float64) * 255
