"""The style map's grid."""

from __future__ import annotations

import itertools
import math

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from stickerstudio.session.state import BlendEntry
from stickerstudio.session.style_map import Axis, Grid

weight = st.floats(-2, 2)


@given(weight, weight, st.integers(2, 9))
@example(0.0, 0.225, 4)
def test_an_axis_reaches_both_ends_in_even_steps(low: float, high: float, count: int):
    weights = Axis("ink", low, high).weights(count)
    assert len(weights) == count
    assert (weights[0], weights[-1]) == (round(low, 2), round(high, 2))
    steps = [b - a for a, b in itertools.pairwise(weights)]
    assert max(steps) - min(steps) <= 0.02 + 1e-9


def test_a_cell_changes_two_loras_and_no_other():
    grid = Grid(Axis("ink", 0.0, 1.0), Axis("gold", -1.0, 1.0), 5)
    blend = (BlendEntry("ink", 0.3), BlendEntry("neon", 0.7, True), BlendEntry("gold", 0.1, True))
    assert grid.blend((1, 4), blend) == (
        BlendEntry("ink", 0.25, True),
        BlendEntry("neon", 0.7, True),
        BlendEntry("gold", 1.0, True),
    )


@pytest.mark.parametrize("side", [3, 4, 5, 7])
def test_cells_come_from_the_centre_outwards_each_once(side: int):
    grid = Grid(Axis("ink", 0, 1), Axis("gold", 0, 1), side)
    cells = grid.cells()
    assert sorted(cells) == sorted((c, r) for c in range(side) for r in range(side))
    middle = (side - 1) / 2
    far = [math.dist(cell, (middle, middle)) for cell in cells]
    assert far == sorted(far)
    assert set(cells[-4:]) == {(0, 0), (0, side - 1), (side - 1, 0), (side - 1, side - 1)}


def test_with_one_axis_it_is_one_row():
    grid = Grid(Axis("ink", 0.0, 1.0), None, 5)
    assert grid.cells()[0] == (2, 0)
    assert len(grid.cells()) == 5
    assert grid.weights((4, 0)) == {"ink": 1.0}
