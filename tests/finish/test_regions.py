"""Connected regions, against the plain way of finding them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stickerstudio.finish.regions import Mask, label, touching_border


def _flood(mask: Mask) -> list[frozenset[tuple[int, int]]]:
    """The regions of `mask`, pixel by pixel."""
    left = {(int(y), int(x)) for y, x in np.argwhere(mask)}
    regions: list[frozenset[tuple[int, int]]] = []
    while left:
        front, region = [left.pop()], set[tuple[int, int]]()
        while front:
            y, x = front.pop()
            region.add((y, x))
            for near in ((y - 1, x), (y + 1, x), (y, x - 1), (y, x + 1)):
                if near in left:
                    left.remove(near)
                    front.append(near)
        regions.append(frozenset(region))
    return regions


def _check(mask: Mask) -> None:
    labels, count = label(mask)
    found = {
        frozenset((int(y), int(x)) for y, x in np.argwhere(labels == number))
        for number in range(count)
    }
    plain = _flood(mask)
    assert found == set(plain)
    assert ((labels == -1) == ~mask).all()
    height, width = mask.shape
    for number, touches in enumerate(touching_border(labels, count)):
        y, x = np.nonzero(labels == number)
        on_border = (y == 0) | (x == 0) | (y == height - 1) | (x == width - 1)
        assert touches == on_border.any()


@settings(max_examples=150, deadline=None)
@given(st.integers(1, 14), st.integers(1, 14), st.integers(0, 2**32 - 1), st.floats(0.05, 0.95))
def test_any_mask(height: int, width: int, seed: int, share: float) -> None:
    _check(np.random.default_rng(seed).random((height, width)) < share)


@pytest.mark.parametrize("value", [True, False])
def test_all_or_nothing(value: bool) -> None:
    _check(np.full((5, 7), value))


def test_a_long_winding_way_is_one_region() -> None:
    mask = np.zeros((41, 41), np.bool_)
    mask[::2] = True
    mask[1::4, -1] = True
    mask[3::4, 0] = True

    _check(mask)
    assert label(mask)[1] == 1
    assert label(np.ascontiguousarray(mask.T))[1] == 1
