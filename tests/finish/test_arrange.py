"""Several drawings on one page: all there, apart, equally reduced, none cut off."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image, ImageDraw

from stickerstudio.finish.arrange import arrange
from stickerstudio.finish.regions import label

SIDE = 128


def drawing(box: tuple[int, int, int, int], background: str = "white") -> Image.Image:
    page = Image.new("RGB", (SIDE, SIDE), background)
    ImageDraw.Draw(page).rectangle(box, "crimson")
    return page


def boxes(page: Image.Image, background: int = 255) -> list[tuple[int, int, int, int]]:
    """(left, top, right, bottom) of everything that is drawn, from the top down."""
    far = np.abs(np.asarray(page, np.int16) - background).max(-1) > 60
    labels, _ = label(far)
    found = []
    for number in set(labels[far].tolist()):
        rows, columns = np.nonzero(labels == number)
        found.append((columns.min(), rows.min(), columns.max() + 1, rows.max() + 1))
    return sorted(found, key=lambda box: (box[3], box[0]))


@pytest.mark.parametrize(("count", "rows"), [(2, 1), (3, 2), (4, 2), (5, 2), (6, 2)])
def test_every_drawing_is_there_once_and_whole(count: int, rows: int) -> None:
    page = arrange([drawing((20, 30, 99, 109))] * count, "white")
    found = boxes(page)
    assert page.size == (SIDE, SIDE)
    assert len(found) == count
    assert len({bottom for *_, bottom in found}) == rows
    assert all(min(box) > 0 and max(box) < SIDE for box in found)
    assert all(abs((right - left) - (bottom - top)) <= 2 for left, top, right, bottom in found)


def test_the_upper_row_is_the_shorter_one() -> None:
    bottoms = [box[3] for box in boxes(arrange([drawing((20, 30, 99, 109))] * 5, "white"))]
    assert [bottoms.count(bottom) for bottom in sorted(set(bottoms))] == [2, 3]


def test_a_small_thing_stays_smaller_and_stands_on_the_same_line() -> None:
    small, large = boxes(arrange([drawing((0, 0, 29, 29)), drawing((4, 4, 123, 123))], "white"))
    assert small[3] == large[3]
    assert 3.6 < (large[2] - large[0]) / (small[2] - small[0]) < 4.4


def test_small_things_are_not_enlarged() -> None:
    found = boxes(arrange([drawing((50, 50, 59, 59))] * 2, "white"))
    assert all(right - left <= 10 for left, _, right, _ in found)


def test_on_a_coloured_background() -> None:
    page = arrange([drawing((20, 30, 99, 109), "navy")] * 2, "navy")
    assert page.getpixel((0, 0)) == (0, 0, 128)
    assert page.getpixel((SIDE // 2, SIDE // 2)) == (0, 0, 128)


def test_empty_pages_are_laid_out_too() -> None:
    blank = Image.new("RGB", (SIDE, SIDE), "white")
    assert arrange([blank, blank], "white").getextrema() == ((255, 255),) * 3
