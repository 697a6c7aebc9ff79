"""The style map's grid: what each of its pictures is made of, and which come first."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace

from stickerstudio.session.state import BlendEntry

Cell = tuple[int, int]
"""(column, row) of the grid: columns from the left, rows from the bottom."""


@dataclass(frozen=True, slots=True)
class Axis:
    """One LoRA's weight, from `low` at the left or the bottom to `high`."""

    name: str
    low: float
    high: float

    def weights(self, count: int) -> tuple[float, ...]:
        """`count` weights, evenly spaced, to a hundredth; the middle one where count is 1."""
        if count == 1:
            return (round((self.low + self.high) / 2, 2),)
        shares = (n / (count - 1) for n in range(count))  # the last is 1: no rounding at the end
        return tuple(round(self.low * (1 - share) + self.high * share, 2) for share in shares)


@dataclass(frozen=True, slots=True)
class Grid:
    """Pictures over two axes, or over one where `up` is None.

    Attributes:
        side: pictures in a row, and in a column.
    """

    across: Axis
    up: Axis | None
    side: int

    @property
    def rows(self) -> int:
        """How many rows there are."""
        return 1 if self.up is None else self.side

    def weights(self, cell: Cell) -> dict[str, float]:
        """The weights that `cell` stands for."""
        column, row = cell
        made = {self.across.name: self.across.weights(self.side)[column]}
        if self.up is not None:
            made[self.up.name] = self.up.weights(self.side)[row]
        return made

    def blend(self, cell: Cell, blend: Iterable[BlendEntry]) -> tuple[BlendEntry, ...]:
        """`blend` with the weights of `cell`; every other LoRA as it is."""
        weights = self.weights(cell)
        return tuple(
            replace(entry, weight=weights[entry.name], enabled=True)
            if entry.name in weights
            else entry
            for entry in blend
        )

    def cells(self) -> list[Cell]:
        """Every cell, from the centre outwards: the map says something from the first picture on.

        Of equally far ones the order is that of the clock.
        """
        middle = ((self.side - 1) / 2, (self.rows - 1) / 2)

        def key(cell: Cell) -> tuple[float, float]:
            right, up = cell[0] - middle[0], cell[1] - middle[1]
            return math.hypot(right, up), math.atan2(right, up) % math.tau

        return sorted(((c, r) for c in range(self.side) for r in range(self.rows)), key=key)
