"""The UNet's batches, each decided by its number alone, made beside the training where it is fast.

Two processor cores keep up with themselves; a graphics card needs several processes that deal cards
for it, so there the same batches come through a ``DataLoader``.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from diffusers.schedulers.scheduling_ddpm import DDPMScheduler
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from recipes.starter import codec, latents, manifest, neighbours, poses, tokens
from recipes.starter.captions import Captioner, load_words
from recipes.starter.common import Turns
from recipes.starter.deck import Deck, Mix
from recipes.starter.poses import Seconds
from recipes.starter.sources import BASE_STYLES

PAIRS, COLOURS = 0.15, 0.03
"""Shares of pictures with a second thing and of recoloured ones, from the first batch on."""

POSES_FROM = 500_000
"""Samples after which mirrored drawings join."""

SCHEDULE: dict[str, Any] = {
    "num_train_timesteps": 1000,
    "beta_start": 0.00085,
    "beta_end": 0.012,
    "beta_schedule": "scaled_linear",
    "prediction_type": "v_prediction",
    "timestep_spacing": "trailing",
    "rescale_betas_zero_snr": True,
}
"""SDXL's noise schedule, made to end in pure noise so that one step can start from it."""


def signal_and_noise() -> tuple[Tensor, Tensor]:
    """Square roots of the schedule's cumulative alphas and their complements, (1000,)."""
    cumulative = DDPMScheduler(**SCHEDULE).alphas_cumprod.double()
    return cumulative.sqrt().float(), (1 - cumulative).sqrt().float()


def load_deck(work: Path) -> Deck:
    """The training material."""
    rows, data = latents.load(work)
    found, pictures = poses.build(work, BASE_STYLES)
    if found != rows:
        raise RuntimeError("latents.pt is of other drawings; delete it and run the step latents")
    return Deck(
        rows,
        data,
        pictures,
        Seconds(poses.base_drawings(work, BASE_STYLES)),
        codec.load(work),
        Captioner(load_words(manifest.load(work)), neighbours.load(work)),
    )


Batch = tuple[Tensor, Tensor, Tensor, Tensor, Tensor]


class Batches(Dataset[Batch]):
    """Batch ``n``: clean latents, timesteps, noise, the first step's noise, token ids."""

    def __init__(self, work: Path, size: int, seed: int) -> None:
        self.deck = load_deck(work)
        self.tokenizer = tokens.load(work)
        self.size = size
        self.seed = seed
        self.signal, self.noise = signal_and_noise()

    def drawn(self, step: int) -> tuple[Tensor, Tensor]:
        """Latents and token ids of batch ``n``, without noise; nearly all name their style."""
        rng = np.random.default_rng((self.seed, 4, step))
        generator = torch.Generator().manual_seed(self.seed * 1_000_003 + step)
        mix = Mix(PAIRS, COLOURS, poses=False)
        x, captions, *_ = self.deck.deal(self.size, mix, rng, generator, worded=0.9)
        return x, self.ids(captions)

    def ids(self, captions: list[str], padding: str = "max_length") -> Tensor:
        """Token ids, (n, 88); padded to the "longest" of them, (n, its length)."""
        return self.tokenizer(
            captions, padding=padding, truncation=True, return_tensors="pt"
        ).input_ids

    def __getitem__(self, step: int) -> Batch:
        rng = np.random.default_rng((self.seed, 2, step))
        generator = torch.Generator().manual_seed(self.seed * 1_000_003 + step)
        mix = Mix(PAIRS, COLOURS, step * self.size >= POSES_FROM)
        x, captions, t, noise, first = self.deck.deal(self.size, mix, rng, generator)
        return x, t, noise, first, self.ids(captions)


def stream(batches: Batches, turns: Turns, first: int, loaders: int) -> Iterator[tuple[int, Batch]]:
    """Numbers and batches, without end; ``loaders`` processes make them, or this one (0)."""
    if not loaders:
        while (step := turns.take()) is not None:
            yield step, batches[step]
        return
    loader: DataLoader[Any] = DataLoader(
        batches,
        batch_size=None,
        sampler=range(first, turns.total),
        num_workers=loaders,
        prefetch_factor=4,
        pin_memory=torch.cuda.is_available(),
    )
    for batch in loader:
        step = turns.take()
        if step is None:
            return
        yield step, tuple(batch)
