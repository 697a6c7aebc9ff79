"""The noise a picture begins with: that of its seed, or turned some way towards another seed's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from diffusers.utils.torch_utils import randn_tensor

_PARALLEL = 1e-6  # radians; below it the two noises are the same and sin(angle) would divide by 0


@dataclass(frozen=True, slots=True)
class Variation:
    """How far the first noise is turned towards that of other seeds.

    Only the first: what a sampler adds between its steps stays that of the picture's own seed, as
    in every program that has variation seeds.

    Attributes:
        seeds: one per picture.
        strength: 0 (the picture's own noise) … 1 (the other's).
    """

    seeds: Sequence[int]
    strength: float


def draw(
    shape: tuple[int, int, int],
    generators: Sequence[torch.Generator],
    variation: Variation | None,
    device: torch.device,
    dtype: torch.dtype,
) -> torch.Tensor:
    """Normal noise (len(generators), *shape), picture i from generator i alone."""
    size = (len(generators), *shape)
    noise = randn_tensor(size, generator=list(generators), device=device, dtype=dtype)
    if variation is None or variation.strength == 0:
        return noise
    others = [torch.Generator("cpu").manual_seed(seed) for seed in variation.seeds]
    other = randn_tensor(size, generator=others, device=device, dtype=dtype)
    return slerp(noise, other, variation.strength)


def slerp(start: torch.Tensor, end: torch.Tensor, share: float) -> torch.Tensor:
    """From `start` to `end` on the arc between them, picture by picture (first dimension).

    Unlike a straight mixture it stays as long as noise is, which a model expects of it. Shoemake,
    "Animating rotation with quaternion curves", SIGGRAPH 1985.
    """
    one, other = start.float().flatten(1), end.float().flatten(1)
    angle = torch.acos(torch.cosine_similarity(one, other, dim=1).clamp(-1, 1))[:, None]
    turned = (torch.sin((1 - share) * angle) * one + torch.sin(share * angle) * other) / torch.sin(
        angle
    )
    mixed = torch.where(angle < _PARALLEL, one, turned)
    return mixed.view_as(start).to(start.dtype)
