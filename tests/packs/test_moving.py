"""Animations of one sticker: there and back without a seam, and within each target's limits."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw

from stickerstudio.core.errors import BadFileError, BadInputError, NotFoundError
from stickerstudio.packs.moving import (
    Movement,
    between,
    find_target,
    fit_between,
    fit_moved,
    moved,
    targets,
)

MOVEMENT = Movement("shake", fps=6, seconds=1.0)


def _ball(colour: str = "#f07828", side: int = 64) -> Image.Image:
    image = Image.new("RGBA", (side, side))
    ImageDraw.Draw(image).ellipse((4, 4, side - 5, side - 5), fill=colour)
    return image


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A ball on nothing."""
    path = tmp_path / "ball.png"
    _ball().save(path)
    return path


def test_there_and_back_shows_neither_end_twice() -> None:
    frames = [_ball(colour) for colour in ("red", "green", "blue", "white")]
    made = between(frames, Movement("spin", seconds=0.5))
    assert [frame.getpixel((32, 32)) for frame in made.frames] == [
        frame.getpixel((32, 32)) for frame in (*frames, frames[2], frames[1])
    ]
    assert made.total_ms == 500


def test_every_target_that_moves_is_offered_once() -> None:
    keys = [target.key for target in targets()]
    assert len(set(keys)) == len(keys)
    assert keys[:4] == ["webp", "apng", "gif", "webm"]
    assert {"telegram", "whatsapp", "line-animated"} <= set(keys)
    assert all(target.rule.timing is not None for target in targets())
    with pytest.raises(NotFoundError, match="telegram"):
        find_target("icq")


@pytest.mark.parametrize("key", ["whatsapp", "line-animated", "discord", "signal"])
def test_a_moving_sticker_keeps_the_platforms_limits(file: Path, key: str) -> None:
    rule = find_target(key).rule
    fitted = fit_moved(file, MOVEMENT, key)
    assert rule.max_bytes is not None
    assert len(fitted.data) <= rule.max_bytes
    assert rule.timing is not None
    with Image.open(io.BytesIO(fitted.data)) as image:
        assert max(image.size) <= max(rule.canvas.width, rule.canvas.height)
        assert rule.timing.min_frames <= getattr(image, "n_frames", 1)


def test_small_frames_of_a_passage_are_enlarged_sharply() -> None:
    fitted = fit_between([_ball(), _ball("#2848c0")], MOVEMENT, "webp")
    with Image.open(io.BytesIO(fitted.data)) as image:
        assert max(image.size) == 512
        alpha = np.asarray(image.convert("RGBA"))[..., 3]
    partly = np.count_nonzero((alpha > 20) & (alpha < 235))
    assert 0 < partly < 7_000  # Lanczos from 64 pixels leaves 9,488


def test_what_cannot_be_read_or_seen_is_told(tmp_path: Path) -> None:
    broken = tmp_path / "broken.png"
    broken.write_bytes(b"\x89PNG\r\n\x1a\nno")
    with pytest.raises(BadFileError):
        moved(broken, MOVEMENT, 64)
    clear = tmp_path / "clear.png"
    Image.new("RGBA", (8, 8)).save(clear)
    with pytest.raises(BadInputError):
        fit_moved(clear, MOVEMENT, "webp")
