"""Seconds per step and seconds left, without what is done between the steps."""

from __future__ import annotations

import time
from collections.abc import Generator
from contextlib import contextmanager

MEASURED_STEPS = 8
"""Steps that are timed before a time left is told; the first ones are slower."""


class Timer:
    """Seconds per step, the median of the last ones, and what is left."""

    def __init__(self, step: int, steps: int) -> None:
        self._first, self._steps = step, steps
        self._times: list[float] = []
        self._last = time.perf_counter()

    def done(self) -> None:
        """A step has ended."""
        now = time.perf_counter()
        self._times = [*self._times[-31:], now - self._last]
        self._last = now

    @property
    def per_step(self) -> float:
        """Seconds; 0 before the first."""
        return sorted(self._times)[len(self._times) // 2] if self._times else 0.0

    def left(self, step: int) -> float:
        """Seconds from step `step` on; 0 while too few were timed."""
        if step - self._first < min(MEASURED_STEPS, self._steps):
            return 0.0
        return self.per_step * (self._steps - step)

    @contextmanager
    def paused(self) -> Generator[None]:
        """In here no step is timed."""
        try:
            yield
        finally:
            self._last = time.perf_counter()
