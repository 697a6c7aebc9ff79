"""The tiny model the other tests stand on is itself a working SDXL."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from diffusers.pipelines.stable_diffusion_xl.pipeline_stable_diffusion_xl import (
    StableDiffusionXLPipeline,
)

from tests.engine.tiny_sdxl import build_pipeline


def paint(pipe: StableDiffusionXLPipeline, prompt: str, seed: int = 0) -> np.ndarray:
    generator = torch.Generator("cpu").manual_seed(seed)
    output: Any = pipe(
        prompt,
        num_inference_steps=2,
        guidance_scale=0.0,
        height=64,
        width=64,
        generator=generator,
        output_type="np",
    )
    return np.asarray(output.images)[0]


@pytest.mark.parametrize("prediction", ["epsilon", "v_prediction"])
def test_picture_follows_prompt_and_seed(prediction: str) -> None:
    pipe = build_pipeline(prediction)  # pyright: ignore[reportArgumentType]
    heart = paint(pipe, "a red heart")
    assert heart.shape == (64, 64, 3)
    assert heart.std() > 0.05
    assert np.array_equal(heart, paint(pipe, "a red heart"))
    assert np.abs(heart - paint(pipe, "otter")).max() > 4 / 255
    assert np.abs(heart - paint(pipe, "a red heart", seed=1)).max() > 4 / 255


def test_saved_model_paints_the_same(tiny: StableDiffusionXLPipeline, tiny_folder: Path) -> None:
    again = StableDiffusionXLPipeline.from_pretrained(tiny_folder)
    again.set_progress_bar_config(disable=True)
    difference = np.abs(paint(tiny, "a red heart") - paint(again, "a red heart"))
    assert difference.max() < 1e-5  # not 0: memory-mapped weights are aligned otherwise
