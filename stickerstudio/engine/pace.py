"""How long the rest of a job will take, from how long its parts took so far."""

from __future__ import annotations

from collections.abc import Hashable

DECODE_PER_STEP = 1.6
"""A decode's time over a step's before one was seen: SDXL's at one step, in float32 on a CPU."""

_NEWEST_SHARE = 0.5  # of the estimate: the first step of a model is slow and must be forgotten soon


class Pace:
    """Seconds per step and per finish (decode and cut-out), for each kind of picture.

    A kind is anything that sets the speed: the model, the size, whether there is guidance.
    """

    def __init__(self) -> None:
        self._steps: dict[Hashable, float] = {}
        self._finishes: dict[Hashable, float] = {}

    def step_took(self, kind: Hashable, seconds: float) -> None:
        """One denoising step of such a picture was measured."""
        _learn(self._steps, kind, seconds)

    def finish_took(self, kind: Hashable, seconds: float) -> None:
        """Everything after the last step was measured."""
        _learn(self._finishes, kind, seconds)

    def left(self, kind: Hashable, steps: int, finishes: float) -> float:
        """Seconds until `steps` more steps and `finishes` more finishes, or parts, are done."""
        step = self._steps.get(kind, 0.0)
        return steps * step + finishes * self._finishes.get(kind, DECODE_PER_STEP * step)


def _learn(known: dict[Hashable, float], kind: Hashable, seconds: float) -> None:
    before = known.get(kind, seconds)
    known[kind] = before + _NEWEST_SHARE * (seconds - before)
