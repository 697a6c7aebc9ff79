"""Which picture goes with which words and which noise: the UNet's training examples."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from recipes.starter.captions import Captioner
from recipes.starter.concepts import REFERENCE
from recipes.starter.poses import Pose

LAST = 999
"""The timestep of pure noise, where the sampler starts."""

TIMESTEPS = (999, 749, 499, 249, 874, 624, 374, 124)
"""Where four and eight trailing steps land; 999 and 499 are also the two-step sampler's."""

SHARES = (0.40, 0.17, 0.11, 0.10, 0.03, 0.03, 0.02, 0.02)
"""How often each is drawn; the rest of the draws are anywhere. The first step lays out the picture
and is by far the hardest to learn, so it gets most of them."""

STYLE_DROPPED = 0.4
REFERENCE_WEIGHT = 2.0
"""How much more often the concepts of the reference prompts are drawn than the others."""

MIRROR_LIMIT, TILT_LIMIT = 0.4, 0.8
"""Deviations of the noise's means beyond which a drawing is mirrored (one in three of those that
may be) or tilted (one in five to either side)."""


@dataclass(frozen=True)
class Mix:
    """How much of the harder material a batch holds."""

    pairs: float
    poses: bool


class Deck:
    """Deals batches of (latents, captions, timesteps, noise).

    At pure noise the picture is *chosen by the noise*: the means of its first three channels decide
    style (if no word does), side and tilt. Several pictures answer to one caption, and a net that
    has to guess among them would paint their average; this way it can read its answer off the
    noise, so one step is sharp and seeds differ. The noise is still exactly normal, and later steps
    start from fresh noise (Euler ancestral renews it all after the first), so they are trained
    without this.
    """

    def __init__(self, rows: list[Pose], latents: Tensor, captioner: Captioner) -> None:
        self.latents = latents
        self.captioner = captioner
        self.index = {pose: i for i, pose in enumerate(rows)}
        self.styles = tuple(dict.fromkeys(p.style for p in rows))
        self.concepts = tuple(dict.fromkeys(p.concept for p in rows))
        weights = np.array([REFERENCE_WEIGHT if c in REFERENCE else 1.0 for c in self.concepts])
        self.weights = weights / weights.sum()
        self.pairs = sorted({(p.concept, p.added) for p in rows if p.added})

    def by_noise(self, means: Tensor) -> str:
        """The style this noise stands for where no word names one."""
        return self.styles[int(means[0] > 0) % len(self.styles)]

    def pick(self, concept: str, style: str | None, means: Tensor, mix: Mix) -> Pose:
        """The pose that this noise stands for; ``means`` are in deviations."""
        if style is None:
            style = self.by_noise(means)
        plain = Pose(concept, style)
        if not mix.poses:
            return plain
        tilt = int(means[2] > TILT_LIMIT) - int(means[2] < -TILT_LIMIT)
        for pose in (
            Pose(concept, style, bool(means[1] > MIRROR_LIMIT), tilt),
            Pose(concept, style, tilt=tilt),
        ):
            if pose in self.index:
                return pose
        return plain

    def deal(
        self,
        size: int,
        mix: Mix,
        rng: np.random.Generator,
        generator: torch.Generator,
        worded: float = 1 - STYLE_DROPPED,
    ) -> tuple[Tensor, list[str], Tensor, Tensor]:
        """One batch: latents, captions, timesteps, noise; a share ``worded`` names its style."""
        noise = torch.randn((size, *self.latents.shape[1:]), generator=generator)
        means = noise.mean((2, 3)) * noise.shape[-1]
        draws = rng.choice(len(TIMESTEPS) + 1, size, p=[*SHARES, 1 - sum(SHARES)])
        steps = np.array([*TIMESTEPS, 0])[draws]
        steps = np.where(draws == len(TIMESTEPS), rng.integers(0, 1000, size), steps)
        chosen: list[int] = []
        captions: list[str] = []
        for i in range(size):
            style = self.styles[int(rng.integers(len(self.styles)))]
            style = style if rng.random() < worded else None
            if rng.random() < mix.pairs:
                subject, added = self.pairs[int(rng.integers(len(self.pairs)))]
                seen = style or self.by_noise(means[i])
                chosen.append(self.index[Pose(subject, seen, added=added)])
                captions.append(self.captioner.pair(subject, added, style, rng))
                continue
            concept = self.concepts[int(rng.choice(len(self.concepts), p=self.weights))]
            chosen.append(self.index[self.pick(concept, style, means[i], mix)])
            blank = rng.random() < 0.03
            captions.append("" if blank else self.captioner.single(concept, style, rng))
        timesteps = torch.from_numpy(steps)
        fresh = torch.randn(noise.shape, generator=generator)
        noise = torch.where((timesteps == LAST).view(-1, 1, 1, 1), noise, fresh)
        return self.latents[chosen], captions, timesteps, noise
