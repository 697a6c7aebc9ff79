"""One layer of several LoRAs into one: concatenated, truncated, or merged with TIES or DARE."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import torch

from stickerstudio.engine.blend_read import Factors

OVERSAMPLING: Final = 8  # extra directions of the randomised SVD, and its power iterations,
POWER_ITERATIONS: Final = 2  # both as Halko, Martinsson & Tropp (arXiv:0909.4061) advise


@dataclass(frozen=True, slots=True)
class Merged:
    """One layer of the result: `up` [out, r] · `down` [r, in·kh·kw] ≈ ΔW.

    `norm` is ‖ΔW‖ (Frobenius) and `error` ‖ΔW − up · down‖ / ‖ΔW‖.
    """

    down: torch.Tensor
    up: torch.Tensor
    norm: float
    error: float


def concatenate(parts: list[Factors]) -> Merged:
    """All factors side by side: exactly the sum, of the sum of the ranks."""
    down = torch.cat([part.down for part in parts])
    up = torch.cat([part.up * part.scale for part in parts], dim=1)
    # ‖U D‖² = ⟨UᵀU, DDᵀ⟩: needs no more than the two small squares
    norm = ((up.T @ up) * (down @ down.T)).sum().clamp(min=0).sqrt().item()
    return Merged(down, up, norm, 0.0)


def truncate(parts: list[Factors], rank: int) -> Merged:
    """The best approximation of `rank` (Eckart-Young), without ever forming ΔW.

    up = Q₁R₁ and downᵀ = Q₂R₂, so ΔW = Q₁ (R₁R₂ᵀ) Q₂ᵀ, and the SVD of the small middle is ΔW's own.
    """
    whole = concatenate(parts)
    q1, r1 = torch.linalg.qr(whole.up)
    q2, r2 = torch.linalg.qr(whole.down.T)
    u, s, vh = torch.linalg.svd(r1 @ r2.T, full_matrices=False)
    norm = s.square().sum().sqrt().item()
    keep = min(rank, len(s))
    root = s[:keep].sqrt()
    lost = s[keep:].square().sum().sqrt().item()
    return Merged(
        down=root[:, None] * (vh[:keep] @ q2.T),
        up=(q1 @ u[:, :keep]) * root,
        norm=norm,
        error=lost / norm if norm else 0.0,
    )


def ties(parts: list[Factors], rank: int, density: float, generator: torch.Generator) -> Merged:
    """Trim each ΔW to its `density` largest entries, elect a sign per entry, average who agrees."""
    deltas = torch.stack([_dense(part) for part in parts])
    for delta in deltas:
        keep = max(1, round(density * delta.numel()))
        threshold = delta.abs().flatten().kthvalue(delta.numel() - keep + 1).values
        delta[delta.abs() < threshold] = 0
    agrees = deltas.sign() == deltas.sum(0).sign()
    agrees &= deltas != 0
    merged = (deltas * agrees).sum(0) / agrees.sum(0).clamp(min=1)
    return _factorise(merged, rank, generator)


def dare(parts: list[Factors], rank: int, density: float, generator: torch.Generator) -> Merged:
    """Keep each entry of each ΔW with probability `density`, enlarged by its inverse; add up."""
    merged = torch.zeros(parts[0].up.shape[0], parts[0].down.shape[1])
    for part in parts:
        delta = _dense(part)
        kept = torch.empty_like(delta).bernoulli_(density, generator=generator)
        merged += delta * kept / density
    return _factorise(merged, rank, generator)


def _dense(part: Factors) -> torch.Tensor:
    return part.scale * (part.up @ part.down)


def _factorise(matrix: torch.Tensor, rank: int, generator: torch.Generator) -> Merged:
    """Randomised SVD of a whole matrix: passes over it instead of its full decomposition."""
    width = min(rank + OVERSAMPLING, *matrix.shape)
    basis = matrix @ torch.randn(matrix.shape[1], width, generator=generator)
    for _ in range(POWER_ITERATIONS):
        basis = matrix @ torch.linalg.qr(matrix.T @ torch.linalg.qr(basis).Q).Q
    q = torch.linalg.qr(basis).Q
    u, s, vh = torch.linalg.svd(q.T @ matrix, full_matrices=False)
    keep = min(rank, len(s))
    root = s[:keep].sqrt()
    up, down = (q @ u[:, :keep]) * root, root[:, None] * vh[:keep]
    norm = matrix.norm().item()
    lost = (matrix - up @ down).norm().item()
    return Merged(down, up, norm, lost / norm if norm else 0.0)
