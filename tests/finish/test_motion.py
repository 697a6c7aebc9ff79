"""Motions: the time asked for, no seam, inside the box, clean edges, and each what it is called."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from stickerstudio.finish.animation import Animation
from stickerstudio.finish.motion import MOTIONS, Motion, animate, title

SIDE = 96


def _subject(width: int = 120, height: int = 200) -> Image.Image:
    """Orange above, blue below, on nothing."""
    image = Image.new("RGBA", (300, 300), (255, 255, 255, 0))
    draw = ImageDraw.Draw(image)
    draw.rectangle((40, 30, 40 + width, 30 + height), fill="#f07828")
    draw.rectangle((40, 30 + height // 2, 40 + width, 30 + height), fill="#2848c0")
    return image


def _moved(motion: Motion, amount: float = 0.7, fps: int = 24, **given: float) -> Animation:
    return animate(_subject(), motion, side=SIDE, fps=fps, amount=amount, **given)


def _levels(image: Image.Image) -> NDArray[np.float64]:
    return np.asarray(image.convert("RGBa"), np.float64)  # premultiplied


def _boxes(animation: Animation) -> NDArray[np.int64]:
    boxes = [frame.getchannel("A").point(lambda a: 255 * (a > 127)) for frame in animation.frames]  # type: ignore[operator]
    return np.array([box.getbbox() for box in boxes])


@pytest.mark.parametrize("motion", MOTIONS)
def test_it_takes_the_time_asked_for_and_stays_inside_the_box(motion: Motion) -> None:
    made = _moved(motion, 1.0, fps=12, seconds=1.25)
    assert len(made.frames) == 15
    assert made.total_ms == 1250
    assert max(made.durations_ms) - min(made.durations_ms) <= 1
    assert made.size == (SIDE, SIDE)
    seen = np.zeros((SIDE, SIDE))
    for frame in made.frames:
        seen = np.maximum(seen, np.asarray(frame.getchannel("A")))
    assert max(seen[0].max(), seen[-1].max(), seen[:, 0].max(), seen[:, -1].max()) < 40
    rows, columns = (np.flatnonzero((seen > 127).any(axis=axis)) for axis in (1, 0))
    assert max(np.ptp(rows), np.ptp(columns)) > SIDE - 8, "smaller than it could be"
    assert title(motion)


@pytest.mark.parametrize("motion", MOTIONS)
def test_the_last_frame_leads_into_the_first(motion: Motion) -> None:
    frames = [_levels(frame) for frame in _moved(motion, 0.6, fps=48).frames]
    steps = [
        np.abs(one - other).mean()
        for one, other in zip(frames, [*frames[1:], frames[0]], strict=True)
    ]
    assert max(steps) > 0.5, "nothing moves"
    assert steps[-1] <= 1.3 * max(steps[:-1])


@pytest.mark.parametrize("motion", [motion for motion in MOTIONS if motion != "spin"])
def test_an_amount_of_nothing_is_still(motion: Motion) -> None:
    frames = [_levels(frame) for frame in _moved(motion, 0.0, fps=8).frames]
    assert all(np.abs(frame - frames[0]).max() < 3 for frame in frames)


def test_bouncing_goes_up_and_squashes_where_it_lands() -> None:
    boxes = _boxes(_moved("bounce", 0.8))
    foot = boxes[:, 3]
    assert foot.max() - foot.min() > 12
    heights, widths = boxes[:, 3] - boxes[:, 1], boxes[:, 2] - boxes[:, 0]
    landed = foot >= foot.max() - 1
    assert heights[landed].min() < 0.85 * heights[~landed].max()
    assert widths[heights.argmin()] > widths[foot.argmin()]


def test_pulsing_and_popping_change_the_size_about_the_middle() -> None:
    for motion, least in (("pulse", 1.1), ("pop", 2.0)):
        boxes = _boxes(_moved(motion, 0.8))  # type: ignore[arg-type]
        heights = boxes[:, 3] - boxes[:, 1]
        assert heights.max() > least * heights.min()
        assert np.ptp(boxes[:, 1] + boxes[:, 3]) <= 3


def test_wiggling_leans_both_ways_and_stands_on_its_foot() -> None:
    heads, feet = [], []
    for frame in _moved("wiggle", 1.0).frames:
        red, _, _, alpha = np.moveaxis(_levels(frame), 2, 0)
        heads.append(np.argwhere((alpha > 200) & (red > 200)).mean(axis=0)[1])
        feet.append(np.argwhere((alpha > 200) & (red < 100)).mean(axis=0)[1])
    assert np.ptp(heads) > 2 * np.ptp(feet)
    assert max(heads) > heads[0] > min(heads)


def test_spinning_turns_clockwise_once() -> None:
    frames = _moved("spin", 0.0, fps=8).frames
    blue = []
    for frame in frames:
        red, _, _, alpha = np.moveaxis(_levels(frame), 2, 0)
        where = np.argwhere((alpha > 200) & (red < 100))
        blue.append(where.mean(axis=0) - SIDE / 2)
    angles = np.unwrap([np.arctan2(y, x) for y, x in blue])
    assert np.diff(angles) == pytest.approx([np.pi / 4] * 7, abs=0.1)


def test_shaking_goes_to_both_sides() -> None:
    boxes = _boxes(_moved("shake", 1.0, fps=48))
    middles = (boxes[:, 0] + boxes[:, 2]) / 2
    assert middles.max() > middles[0] + 1.5
    assert middles.min() < middles[0] - 1.5


def test_edges_have_the_subjects_colour_only() -> None:
    for motion in MOTIONS:
        levels = np.asarray(_moved(motion, fps=6).frames[1], np.int16)
        edge = levels[(levels[..., 3] > 30) & (levels[..., 3] < 225)]
        assert len(edge) > 10
        distance = [
            np.abs(edge[:, :3] - np.array(c)).max(axis=1) for c in ((240, 120, 40), (40, 72, 192))
        ]
        between = np.linspace((240, 120, 40), (40, 72, 192), 21)
        distance += [np.abs(edge[:, :3] - colour).max(axis=1) for colour in between]
        assert np.min(distance, axis=0).max() < 14, motion


@given(
    st.sampled_from(MOTIONS),
    st.integers(1, 60),
    st.integers(1, 60),
    st.floats(0, 1),
    st.integers(1, 40),
)
@settings(max_examples=25, deadline=None)
def test_any_picture_moves(
    motion: Motion, width: int, height: int, amount: float, side: int
) -> None:
    image = Image.new("RGBA", (width, height), "#f07828")
    made = animate(image, motion, side=side, fps=3, amount=amount)
    assert len(made.frames) == 3
    assert made.size == (side, side)


def test_a_clear_picture_and_another_mode_are_no_trouble() -> None:
    assert animate(Image.new("RGBA", (9, 9)), "spin", side=16, fps=4).frames[0].getbbox() is None
    assert animate(Image.new("P", (9, 9)), "pop", side=16, fps=4).size == (16, 16)


@pytest.mark.parametrize("wrong", [{"fps": 0}, {"fps": 51}, {"seconds": 0}, {"amount": 1.1}])
def test_numbers_out_of_range_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="fps"):
        animate(_subject(), "spin", **{"side": 8, **wrong})  # type: ignore[arg-type]
