"""A blend by chance: a lead and, at times, quieter company."""

from __future__ import annotations

import random
from collections.abc import Mapping

VOICES = ((0.8, 1.1), (0.35, 0.6), (0.2, 0.4))
"""Of each LoRA's recommended weight, from the lead on. Together the middles are 1.7: three LoRAs
at full strength mostly give mud, which is why authors recommend weights for one alone."""

HOW_MANY = (0.35, 0.45, 0.2)
"""How often one, two or three LoRAs play."""

_GRID = 0.05  # the step of the sliders


def random_blend(recommended: Mapping[str, float], seed: int) -> dict[str, float]:
    """Weights for one to three of the LoRAs in `recommended`; the same seed gives the same.

    Args:
        recommended: the weight each LoRA's author recommends, by name; those of 0 never play.

    Returns:
        Weights that are multiples of 0.05 and not 0, the lead first; empty where nothing can play.
    """
    dice = random.Random(seed)
    names = sorted(name for name, weight in recommended.items() if weight)
    count = dice.choices(range(1, len(VOICES) + 1), HOW_MANY)[0]
    players = dice.sample(names, min(count, len(names)))
    blend: dict[str, float] = {}
    for name, (low, high) in zip(players, VOICES, strict=False):
        weight = recommended[name] * dice.uniform(low, high)
        steps = round(weight / _GRID) or (1 if weight > 0 else -1)
        blend[name] = round(steps * _GRID, 2)
    return blend
