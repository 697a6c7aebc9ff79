"""The distance transform against distances that are known in closed form."""

from __future__ import annotations

import numpy as np
import pytest

from stickerstudio.finish.distance import MAX_LIMIT, distance_outside


def _grid(side: int) -> tuple[np.ndarray, np.ndarray]:
    y, x = np.mgrid[:side, :side]
    return y.astype(np.float32), x.astype(np.float32)


@pytest.mark.parametrize("limit", [4, 16, 40])
def test_around_a_disc_it_is_the_distance_to_its_edge(limit: int) -> None:
    y, x = _grid(160)
    radius = np.hypot(x - 79.3, y - 80.8)
    coverage = np.clip(30.2 - radius + 0.5, 0, 1).astype(np.float32)

    found = distance_outside(coverage, limit)

    ring = (radius > 32) & (radius < 30.2 + limit)
    error = found[ring] - (radius[ring] - 30.2)
    assert np.abs(error).max() < 0.5
    assert abs(error.mean()) < 0.12
    assert found[radius < 29].max() <= 0
    assert found[radius > 30.2 + limit + 1].min() >= limit


@pytest.mark.parametrize("angle", [0.0, 0.3, 0.785, 1.2])
@pytest.mark.parametrize("shift", [0.0, 0.25, 0.5, 0.75])
def test_beside_an_edge_at_any_angle_and_place_between_pixels(angle: float, shift: float) -> None:
    y, x = _grid(120)
    across = (x - 60 - shift) * np.cos(angle) + (y - 60) * np.sin(angle)
    coverage = np.clip(0.5 - across, 0, 1).astype(np.float32)

    found = distance_outside(coverage, 12)

    band = (across > 1.5) & (across < 12) & (np.hypot(x - 60, y - 60) < 40)
    assert np.abs(found[band] - across[band]).max() < 0.35


def test_one_pixel_has_round_surroundings() -> None:
    coverage = np.zeros((41, 41), np.float32)
    coverage[20, 20] = 1

    found = distance_outside(coverage, 15)

    y, x = _grid(41)
    true = np.hypot(x - 20, y - 20) - 0.5
    near = (true > 1) & (true < 15)
    assert np.abs(found[near] - true[near]).max() < 0.2


def test_nothing_is_far_from_everything() -> None:
    assert distance_outside(np.zeros((9, 7), np.float32), 5).min() >= 5


def test_the_longest_distance_it_can_hold() -> None:
    coverage = np.zeros((3, 1200), np.float32)
    coverage[:, 600] = 1

    found = distance_outside(coverage, MAX_LIMIT)[1]

    near = np.abs(np.arange(1200) - 600)
    inside = (near > 2) & (near < MAX_LIMIT)
    assert np.abs(found[inside] - (near[inside] - 0.5)).max() < 0.01
    assert found[near > MAX_LIMIT + 2].min() >= MAX_LIMIT
