"""The rim against shapes whose rim is known, and the shadow."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from stickerstudio.finish.outline import rim, shadow_of, tinted

Floats = NDArray[np.float32]


def _radius(side: int) -> Floats:
    y, x = np.mgrid[:side, :side]
    return np.hypot(x - side / 2 + 0.5, y - side / 2 + 0.5).astype(np.float32)


def _disc(radius: Floats, size: float) -> Floats:
    return np.clip(size - radius + 0.5, 0, 1).astype(np.float32)


@pytest.mark.parametrize("width", [1.0, 6.5, 20.0])
def test_the_rim_of_a_disc_is_a_larger_disc(width: float) -> None:
    radius = _radius(160)

    covered = rim(_disc(radius, 40), width)

    assert np.abs(covered - _disc(radius, 40 + width)).mean() < 0.004
    assert covered[radius < 39].min() == 1  # below the shape as well
    assert covered[radius > 41.5 + width].max() == 0


def test_joins_are_round() -> None:
    square = np.zeros((100, 100), np.float32)
    square[40:60, 40:60] = 1

    covered = rim(square, 15)

    assert covered[50, 26] == 1
    assert covered[30, 30] > 0.9  # 13.4 pixels from the corner
    assert covered[26, 26] == 0  # 19 pixels away, though only 14 along each axis


def test_edges_are_anti_aliased() -> None:
    covered = rim(_disc(_radius(160), 40), 10)

    partly = np.count_nonzero((covered > 0.02) & (covered < 0.98))
    assert partly > 2 * np.pi * 50 * 0.8  # about one pixel all along


def _ring(radius: Floats, outer: float, inner: float) -> Floats:
    return _disc(radius, outer) - _disc(radius, inner)


def test_a_narrow_hole_stays_open() -> None:
    radius = _radius(160)
    ring = _ring(radius, 50, 9)

    covered = rim(ring, 10)

    assert covered[radius < 7].max() == 0
    assert covered[(radius < 10) & (ring < 1)].max() == 0  # no line of the rim's colour inside it
    assert covered[np.abs(radius - 55) < 2].min() == 1


def test_a_wide_hole_gets_a_rim_along_its_inside() -> None:
    radius = _radius(200)

    covered = rim(_ring(radius, 80, 50), 10)

    assert covered[np.abs(radius - 45) < 2].min() == 1
    assert covered[radius < 37].max() == 0


def test_holes_are_filled_by_choice() -> None:
    radius = _radius(200)

    covered = rim(_ring(radius, 80, 50), 10, fill_holes=True)

    assert covered[radius < 80].min() == 1


def test_a_bay_is_not_a_hole() -> None:
    shape = np.zeros((100, 100), np.float32)
    shape[20:80, 20:80] = 1
    shape[20:70, 45:55] = 0  # open above

    covered = rim(shape, 2, fill_holes=True)

    assert covered[30, 50] == 0


def test_a_flaw_of_the_cut_out_is_no_hole() -> None:
    shape = np.zeros((200, 200), np.float32)
    shape[20:180, 20:180] = 1
    shape[100:102, 100:102] = 0

    assert rim(shape, 8)[101, 101] == 1


def test_tinted_takes_the_colours_own_alpha() -> None:
    image = tinted(np.array([[0.0, 0.5, 1.0]], np.float32), "#ff880080")

    assert [image.getpixel((x, 0)) for x in range(3)] == [
        (255, 136, 0, 0),
        (255, 136, 0, 64),
        (255, 136, 0, 128),
    ]


def test_a_shadow_lies_where_it_is_sent_and_is_soft() -> None:
    image = Image.new("RGBA", (60, 60))
    image.paste("red", (20, 20, 30, 30))

    hard = np.asarray(shadow_of(image, 7, -3, 0, "#000000"))
    soft = np.asarray(shadow_of(image, 7, -3, 3, "#000000"))

    assert hard[17:27, 27:37, 3].min() == 255
    assert np.count_nonzero(hard[..., 3]) == 100
    assert soft[22, 32, 3] > soft[22, 38, 3] > soft[22, 41, 3] > 0
    assert abs(int(soft[..., 3].sum()) - int(hard[..., 3].sum())) < 0.03 * hard[..., 3].sum()
