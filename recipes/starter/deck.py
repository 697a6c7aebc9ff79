"""Which picture goes with which words and which noise: the UNet's training examples."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from recipes.starter.captions import Captioner
from recipes.starter.codec import Codec, to_float
from recipes.starter.concepts import (
    ANIMALS,
    FIGURES,
    FOOD,
    HEARTS,
    REFERENCE,
    key,
    random_pair,
)
from recipes.starter.poses import COLOURS, Pose, Seconds, tinted

LAST = 999
"""The timestep of pure noise, where the sampler starts."""

TIMESTEPS = (999, 749, 499, 249, 874, 624, 374, 124)
"""Where four and eight trailing steps land; 999 and 499 are also the two-step sampler's."""

SHARES = (0.40, 0.15, 0.14, 0.13, 0.02, 0.02, 0.02, 0.02)
"""How often each is drawn; the rest of the draws are anywhere. The first step lays out the picture,
so it gets most of them; what the others leave of the noise shows as cobbles."""

STYLE_DROPPED = 0.2
REFERENCE_WEIGHT = 1.5
"""How much more often the concepts of the reference prompts are drawn than the others."""

STYLE_LIMIT = 0.4307
"""Deviations of the noise's first mean that cut a normal distribution in three."""

MIRROR_LIMIT = 0.4
"""Deviations of the second mean beyond which a drawing is mirrored: one in three of those that
may be."""

COLOURABLE = tuple(key(emoji) for emoji in ANIMALS + FIGURES + FOOD + HEARTS)


@dataclass(frozen=True)
class Mix:
    """The shares of the harder material in a batch; ``poses``: mirrored drawings too."""

    pairs: float
    colours: float
    poses: bool


class Deck:
    """Deals batches of (latents, captions, timesteps, noise).

    At pure noise the picture is *chosen by the noise*: the means of its first two channels decide
    style (if no word does) and side. Several pictures answer to one caption, and a net that has to
    guess among them would paint their average; this way it can read its answer off the noise, so
    one step is sharp and seeds differ. The noise is still exactly normal, and later steps start
    from fresh noise (Euler ancestral renews it all after the first), so they are trained without
    this.
    """

    def __init__(
        self,
        rows: list[Pose],
        latents: Tensor,
        pictures: NDArray[np.uint8],
        seconds: Seconds,
        code: Codec,
        captioner: Captioner,
    ) -> None:
        self.latents = latents
        self.pictures = pictures
        self.seconds = seconds
        self.code = code
        self.captioner = captioner
        self.index = {pose: i for i, pose in enumerate(rows)}
        self.styles = tuple(dict.fromkeys(p.style for p in rows))
        self.concepts = tuple(dict.fromkeys(p.concept for p in rows))
        weights = np.array([REFERENCE_WEIGHT if c in REFERENCE else 1.0 for c in self.concepts])
        self.weights = weights / weights.sum()

    def by_noise(self, means: Tensor) -> str:
        """The style this noise stands for."""
        first = float(means[0])
        third = 0 if first < -STYLE_LIMIT else 1 if first > STYLE_LIMIT else 2
        return self.styles[third % len(self.styles)]

    def pick(self, concept: str, style: str, means: Tensor, mix: Mix) -> int:
        """The picture that this noise stands for; ``means`` are in deviations."""
        turned = Pose(concept, style, mirrored=True)
        if mix.poses and means[1] > MIRROR_LIMIT and turned in self.index:
            return self.index[turned]
        return self.index[Pose(concept, style)]

    def deal(
        self,
        size: int,
        mix: Mix,
        rng: np.random.Generator,
        generator: torch.Generator,
        worded: float = 1 - STYLE_DROPPED,
    ) -> tuple[Tensor, list[str], Tensor, Tensor, Tensor]:
        """One batch: latents, captions, timesteps, noise and the noise that chose the pictures.

        A share ``worded`` of the captions names its style.
        """
        first = torch.randn((size, *self.latents.shape[1:]), generator=generator)
        means = first.mean((2, 3)) * first.shape[-1]
        draws = rng.choice(len(TIMESTEPS) + 1, size, p=[*SHARES, 1 - sum(SHARES)])
        steps = np.array([*TIMESTEPS, 0])[draws]
        steps = np.where(draws == len(TIMESTEPS), rng.integers(0, 1000, size), steps)
        chosen: list[int] = []
        made: dict[int, NDArray[np.uint8]] = {}
        captions: list[str] = []
        for i in range(size):
            named = self.styles[int(rng.integers(len(self.styles)))]
            word = named if rng.random() < worded else None
            seen = word or self.by_noise(means[i])
            kind = rng.random()
            colour = list(COLOURS)[int(rng.integers(len(COLOURS)))]
            if kind < mix.pairs:
                concept, added = random_pair(rng)
                captions.append(self.captioner.pair(concept, added, word, rng))
            elif kind < mix.pairs + mix.colours:
                concept, added = COLOURABLE[int(rng.integers(len(COLOURABLE)))], ""
                captions.append(self.captioner.coloured(concept, colour, word, rng))
            else:
                concept, added = (
                    self.concepts[int(rng.choice(len(self.concepts), p=self.weights))],
                    "",
                )
                blank = rng.random() < 0.02
                captions.append("" if blank else self.captioner.single(concept, word, rng))
            index = self.pick(concept, seen, means[i], mix)
            chosen.append(index)
            if kind < mix.pairs:
                made[i] = self.seconds.beside(self.pictures[index], added, seen)
            elif kind < mix.pairs + mix.colours:
                made[i] = tinted(self.pictures[index], colour)
        latents = self.latents[chosen].clone()
        if made:
            latents[list(made)] = self.code.encode(to_float(np.stack(list(made.values()))))
        timesteps = torch.from_numpy(steps)
        fresh = torch.randn(first.shape, generator=generator)
        noise = torch.where((timesteps == LAST).view(-1, 1, 1, 1), first, fresh)
        return latents, captions, timesteps, noise, first
