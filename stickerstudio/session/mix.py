"""The mix of several LoRAs that a point on a pad stands for.

Every LoRA has a pin, the hand has a point, and nearer means more. The share of pin i at distance
dᵢ is inverse-distance weighting with power 2:

    shareᵢ = dᵢ⁻² / Σⱼ dⱼ⁻²        (D. Shepard, “A two-dimensional interpolation function for
                                    irregularly-spaced data”, ACM National Conference 1968)

It works for any number of pins anywhere, is smooth, adds up to 1, and gives a pin all of it where
the point lies upon it. Barycentric coordinates do so inside a triangle only. A LoRA's weight is its
share of the weight its author recommends, times `strength`.

With one pin alone every share would be 1: then it falls from 1 at the pin to 0 one pad's side away.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

Place = tuple[float, float]
"""Of a pin or the point on the pad: (0, 0) is its upper left corner, (1, 1) its lower right."""

_ON_THE_PIN = 1e-6  # pad sides; nearer than any pixel


def shares(pins: Mapping[str, Place], point: Place) -> dict[str, float]:
    """What part of the mix each pin has at `point`, 0 … 1; see the module."""
    distances = {name: math.dist(place, point) for name, place in pins.items()}
    if len(distances) == 1:
        return {name: max(0.0, 1.0 - distance) for name, distance in distances.items()}
    upon = [name for name, distance in distances.items() if distance < _ON_THE_PIN]
    if upon:
        return {name: (name in upon) / len(upon) for name in distances}
    pulls = {name: distance**-2 for name, distance in distances.items()}
    total = sum(pulls.values())
    return {name: pull / total for name, pull in pulls.items()}


def mixed_weights(
    pins: Mapping[str, Place],
    point: Place,
    recommended: Mapping[str, float],
    strength: float = 1.0,
) -> dict[str, float]:
    """The weight of each pinned LoRA at `point`, to a hundredth.

    Args:
        recommended: the weight of each LoRA where its pin is; 1 where it says nothing.
        strength: 1 for a mix as strong as one LoRA at its recommended weight.
    """
    return {
        name: round(share * recommended.get(name, 1.0) * strength, 2)
        for name, share in shares(pins, point).items()
    }


def starting_places(names: Sequence[str]) -> dict[str, Place]:
    """Pins spread over the rim: one at the top, two at the sides, four in the corners, and so on.

    Args:
        names: in the order in which they go round, clockwise.
    """
    corners: dict[int, tuple[Place, ...]] = {
        1: ((0.5, 0.0),),
        2: ((0.0, 0.5), (1.0, 0.5)),
        3: ((0.5, 0.0), (1.0, 1.0), (0.0, 1.0)),
        4: ((0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0)),
    }
    places = corners.get(len(names)) or tuple(
        (0.5 + 0.5 * math.sin(angle), 0.5 - 0.5 * math.cos(angle))
        for angle in (math.tau * n / len(names) for n in range(len(names)))
    )
    return dict(zip(names, places, strict=True))


def free_place(taken: Sequence[Place]) -> Place:
    """The corner or middle of a side that is farthest from all pins."""
    rim = [(x, y) for x in (0.0, 1.0, 0.5) for y in (0.0, 1.0, 0.5) if (x, y) != (0.5, 0.5)]
    return max(rim, key=lambda place: min((math.dist(place, pin) for pin in taken), default=0.0))


def starting_point(pins: Mapping[str, Place], weights: Mapping[str, float]) -> Place:
    """Where the point lies for weights that were set otherwise: the pins' centre of gravity.

    A guess, since more blends exist than the pad has points.
    """
    total = sum(abs(weights.get(name, 0.0)) for name in pins)
    if not total:
        return (0.5, 0.5)
    parts = [(abs(weights.get(name, 0.0)) / total, place) for name, place in pins.items()]
    return (
        sum(part * place[0] for part, place in parts),
        sum(part * place[1] for part, place in parts),
    )
