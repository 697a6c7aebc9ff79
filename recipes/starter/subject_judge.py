"""The recipe's judge, taught to read one more style.

Of line drawings it has seen none, and of 77 real ones in ink it knows one: that would be held
against a LoRA that draws well. So it is shown the style's drawings of everything, as it was those
of the base.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional

from recipes.starter import codec
from recipes.starter.common import cosine, descend
from recipes.starter.evaluate import Ranking
from recipes.starter.judge.net import Judge, halve
from recipes.starter.judge.train import roughen
from recipes.starter.train_vae import augment

STEPS, BATCH, LEARNING_RATE = 600, 64, 1e-3


def taught(
    work: Path,
    own: dict[str, NDArray[np.uint8]],
    base: dict[tuple[str, str], NDArray[np.uint8]],
    seed: int,
) -> Ranking:
    """The judge after a few hundred batches, half of the new style and half of the base's.

    Args:
        work: where the judge is.
        own: the style's drawing of each concept, on white, (128, 128, 3).
        base: the base's, by concept and style.
    """
    ranking = Ranking(work)
    number = {concept: i for i, concept in enumerate(ranking.concepts)}
    halves = [
        (np.stack([*drawings.values()]), np.array([number[concept] for concept in concepts]))
        for drawings, concepts in ((own, [*own]), (base, [concept for concept, _ in base]))
    ]
    _teach(ranking.model, halves, seed)
    return ranking


def _teach(
    model: Judge, parts: list[tuple[NDArray[np.uint8], NDArray[np.int64]]], seed: int
) -> None:
    rng = np.random.default_rng((seed, 9))
    torch.manual_seed(seed)
    model.train().requires_grad_(True)
    optimiser = torch.optim.AdamW(model.parameters(), LEARNING_RATE, weight_decay=0.02)
    for step in range(STEPS):
        for group in optimiser.param_groups:
            group["lr"] = LEARNING_RATE * cosine(step / STEPS)
        chosen = [rng.choice(len(pictures), BATCH // len(parts)) for pictures, _ in parts]
        x = np.concatenate([p[i] for (p, _), i in zip(parts, chosen, strict=True)])
        y = np.concatenate([c[i] for (_, c), i in zip(parts, chosen, strict=True)])
        concept, _ = model(halve(roughen(augment(codec.to_float(x), rng), rng)))
        goal = torch.from_numpy(y)
        descend(functional.cross_entropy(concept, goal, label_smoothing=0.05), optimiser)
    model.eval().requires_grad_(False)
