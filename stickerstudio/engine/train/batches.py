"""Which drawing, words, noise and timestep come in which step: decided by seed and step alone.

So a training that goes on after a power cut deals the same cards as one that was not interrupted,
and nothing about a random generator has to be kept.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from stickerstudio.engine.train.encode import Shown
from stickerstudio.engine.train.objective import Objective
from stickerstudio.training.captions import as_heard
from stickerstudio.training.settings import TrainingSettings


@dataclass(frozen=True, slots=True)
class Prior:
    """The base's own pictures: their size in pixels, prompts, and latents (count, channels, …)."""

    size: tuple[int, int]
    prompts: tuple[str, ...]
    latents: Tensor


@dataclass(frozen=True, slots=True)
class Batch:
    """One part of a step: latents, noise (count, channels, …), captions and timesteps.

    The last `prior` of them are the base's own pictures, of `prior_prompts`; every second one is
    asked for with the trigger.
    """

    size: tuple[int, int]
    latents: Tensor
    noise: Tensor
    timesteps: Tensor
    captions: list[str]
    prior: int
    prior_prompts: list[str]


class Deck:
    """Deals the parts of each step, on each of several processes its own.

    Args:
        accumulation: parts of a step, which the memory plan may have raised.
    """

    def __init__(
        self,
        shown: Sequence[Shown],
        prior: Prior | None,
        objective: Objective,
        settings: TrainingSettings,
        accumulation: int,
        process: int = 0,
    ) -> None:
        self._shown = shown
        self._prior = prior
        self._objective = objective
        self._settings = settings
        self._parts = accumulation
        self._process = process
        self._by_size: dict[tuple[int, int], list[int]] = {}
        for index, each in enumerate(shown):
            self._by_size.setdefault(each.size, []).append(index)
        self._sizes = sorted(self._by_size)
        counts = np.array([len(self._by_size[size]) for size in self._sizes])
        self._shares = counts / counts.sum()

    def deal(self, step: int) -> list[Batch]:
        """The parts of step `step`, from 0."""
        settings = self._settings
        rng = np.random.default_rng((settings.seed, self._process, step))
        generator = torch.Generator().manual_seed(int(rng.integers(2**62)))
        count = settings.batch // self._parts
        return [self._part(count, rng, generator) for _ in range(self._parts)]

    def _part(self, count: int, rng: np.random.Generator, generator: torch.Generator) -> Batch:
        settings = self._settings
        size = self._sizes[int(rng.choice(len(self._sizes), p=self._shares))]
        own = self._by_size[size]
        prior = 0
        if self._prior is not None and size == self._prior.size:
            # a share of less than one picture is dealt now and then
            prior = min(count - 1, int(settings.prior_share * count + rng.random()))
        latents: list[Tensor] = []
        captions: list[str] = []
        # every drawing once before any twice, as far as the part is long enough
        order = rng.permutation(len(own))
        for place in range(count - prior):
            if place and place % len(own) == 0:
                order = rng.permutation(len(own))
            each = self._shown[own[int(order[place % len(own)])]]
            latents.append(each.variants[int(rng.integers(len(each.variants)))])
            captions.append(
                as_heard(
                    each.captions,
                    settings.trigger,
                    rng,
                    dropout=settings.caption_dropout,
                    shuffle=settings.shuffle_tags,
                )
            )
        prompts: list[str] = []
        styled = int(rng.integers(2))
        for place in range(prior):
            assert self._prior is not None
            which = int(rng.integers(len(self._prior.prompts)))
            latents.append(self._prior.latents[which])
            prompts.append(self._prior.prompts[which])
            captions.append(prompts[-1])
            if self._objective.loss == "teacher" and (place + styled) % 2 and settings.trigger:
                captions[-1] += f", {settings.trigger}"
        x = torch.stack(latents)
        noise = torch.randn(x.shape, generator=generator)
        return Batch(size, x, noise, self._objective.draw(count, rng), captions, prior, prompts)
