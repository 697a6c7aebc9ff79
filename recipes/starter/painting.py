"""Painting by the stock pipeline, many prompts at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import torch
from diffusers.pipelines.stable_diffusion_xl.pipeline_stable_diffusion_xl import (
    StableDiffusionXLPipeline,
)
from torch import Tensor

from recipes.starter import nets
from recipes.starter.captions import STYLE_WORDS
from stickerstudio.engine.moods import Moods
from stickerstudio.engine.placement import Placement
from stickerstudio.engine.reading import ConceptReader
from stickerstudio.engine.styling import with_style
from stickerstudio.models.cards import ModelCard

Reads = Callable[[str], str]
"""A prompt as typed to the prompt that is painted."""

STEPS = 1
"""Recommended: later steps leave mottled what the first one paints cleanly."""


def reader(pipe: StableDiffusionXLPipeline, card: ModelCard) -> Reads:
    """What the studio makes of a prompt, for the pipeline's text encoders."""
    parts: Any = pipe
    encoders = {"text_encoder": parts.text_encoder, "text_encoder_2": parts.text_encoder_2}
    tokenizers = (parts.tokenizer, parts.tokenizer_2)
    both = tuple(zip(tokenizers, encoders.values(), strict=True))
    concepts = ConceptReader(both, Placement(encoders, parts.device.type), card, nets.MEMORY)
    moods = Moods(card)
    return lambda prompt: concepts.reworded(moods.spelled_out(prompt)[0], None)[0]


@torch.no_grad()
def draw(
    pipe: StableDiffusionXLPipeline,
    prompts: list[str],
    steps: int,
    seeds: Iterable[int],
    batch: int = 40,
    reads: Reads | None = None,
) -> Tensor:
    """Pictures in [-1, 1], (n, 3, 128, 128), by the stock pipeline without guidance.

    A prompt without a style word gets one by its seed, as in the studio; with ``reads``, what has
    to be read is.
    """
    if reads is not None:
        prompts = [reads(prompt) for prompt in prompts]
    numbers = list(seeds)
    words = [names[0] for names in STYLE_WORDS.values()]
    others = [name for names in STYLE_WORDS.values() for name in names[1:]]
    prompts = [
        with_style(prompt, seed, words, others)
        for prompt, seed in zip(prompts, numbers, strict=True)
    ]
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
