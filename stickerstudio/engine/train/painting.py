"""Painting with a model that is being trained: samples, and the base's own pictures."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import PIL.Image
import torch
from numpy.typing import NDArray

from stickerstudio.core.messages import IsCancelled
from stickerstudio.engine.loop import Loop, Painting
from stickerstudio.engine.pipeline import Model
from stickerstudio.engine.placement import Placement
from stickerstudio.engine.train.batches import Prior
from stickerstudio.models.cards import ModelCard

Pixels = NDArray[np.uint8]


class Painter:
    """Paints with the model as its card says, one picture at a time, as the studio does."""

    def __init__(self, model: Model, card: ModelCard, device: str) -> None:
        placement = Placement(model.modules, device)  # pyright: ignore[reportArgumentType]
        placement.device = torch.device(device)
        self._loop = Loop(model, placement)
        self._card = card
        self._model = model

    def paint(
        self,
        prompts: Sequence[str],
        seeds: Sequence[int],
        *,
        text_key: object = None,
        is_cancelled: IsCancelled = lambda: False,
    ) -> list[Pixels]:
        """One picture for each prompt and seed, (height, width, 3) bytes.

        Args:
            text_key: changes when the text encoders do.

        Raises:
            Cancelled: `is_cancelled` said so.
        """
        painted: list[Pixels] = []
        for prompt, seed in zip(prompts, seeds, strict=True):
            latents = self._latents(prompt, seed, text_key, is_cancelled)
            painted.append(self._loop.decode(latents, is_cancelled=is_cancelled)[0])
        return painted

    def prior(
        self,
        prompts: Sequence[str],
        seed: int,
        on_progress: Callable[[int, int], None],
        is_cancelled: IsCancelled,
    ) -> Prior:
        """The base's own pictures of `prompts`, as latents: nothing is decoded.

        Raises:
            Cancelled: `is_cancelled` said so.
        """
        latents: list[torch.Tensor] = []
        for index, prompt in enumerate(prompts):
            made = self._latents(prompt, seed + index, None, is_cancelled)
            latents.append(made[0].float().cpu())
            on_progress(index + 1, len(prompts))
        return Prior(self._card.size, tuple(prompts), torch.stack(latents))

    def _latents(
        self, prompt: str, seed: int, text_key: Any, is_cancelled: IsCancelled
    ) -> torch.Tensor:
        card = self._card
        painting = Painting(
            prompt=prompt,
            seeds=(seed,),
            num_inference_steps=card.default_steps,
            guidance_scale=card.guidance_scale,
            width=card.size[0],
            height=card.size[1],
        )
        return self._loop.denoise(painting, text_key=text_key, is_cancelled=is_cancelled)


def to_webp(pixels: Pixels, side: int | None = None) -> bytes:
    """A picture as WebP, at most `side` pixels a side."""
    image = PIL.Image.fromarray(pixels)
    if side is not None:
        image.thumbnail((side, side))
    stream = io.BytesIO()
    image.save(stream, "WEBP", quality=90)
    return stream.getvalue()


def sheet(pictures: Sequence[Pixels], columns: int) -> Pixels:
    """Pictures of one size side by side, row by row."""
    rows = [
        np.concatenate(pictures[i : i + columns], axis=1) for i in range(0, len(pictures), columns)
    ]
    return np.concatenate([row for row in rows if row.shape == rows[0].shape], axis=0)
