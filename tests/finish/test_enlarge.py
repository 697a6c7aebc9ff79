"""Enlarging: the size, the edges, the seams, and what can go wrong."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from stickerstudio.core.design import Cutout
from stickerstudio.core.errors import BadInputError, Cancelled, FaultError
from stickerstudio.core.paths import Paths
from stickerstudio.finish import enlarge as module
from stickerstudio.finish.cutout import apply_cutout, cut_out
from stickerstudio.finish.enlarge import FACTORS, enlarge, enlarge_both

_FINER = 8


def _drawing(side: int, mode: str = "RGB") -> Image.Image:
    """An orange disc with a brown mouth, anti-aliased; on white, or on nothing for RGBA."""
    fine = side * _FINER
    big = Image.new(mode, (fine, fine), "white" if mode == "RGB" else (255, 255, 255, 0))
    draw = ImageDraw.Draw(big)
    draw.ellipse((fine * 0.15, fine * 0.15, fine * 0.85, fine * 0.85), fill="#f07828")
    draw.ellipse((fine * 0.35, fine * 0.5, fine * 0.65, fine * 0.7), fill="#603018")
    premultiplied = big.convert("RGBa") if mode == "RGBA" else big
    return premultiplied.resize((side, side), Image.Resampling.BOX).convert(mode)


def _levels(image: Image.Image) -> NDArray[np.float64]:
    return np.asarray(image, np.float64)


def _sharpness(levels: NDArray[np.float64]) -> float:
    """Of the steepest hundredth of the picture, in levels a pixel."""
    down, right = np.gradient(levels[..., 2])
    return float(np.percentile(np.hypot(down, right), 99))


@pytest.mark.parametrize("factor", FACTORS)
def test_a_drawing_comes_out_larger_and_sharper_than_by_lanczos(factor: int) -> None:
    given, truth = _drawing(48), _levels(_drawing(48 * factor))
    made = enlarge(given, factor)
    assert made.size == (48 * factor, 48 * factor)
    assert made.mode == "RGB"
    plain = given.resize(made.size, Image.Resampling.LANCZOS)
    assert _sharpness(_levels(made)) > 1.1 * _sharpness(_levels(plain))
    assert np.abs(_levels(made) - truth).mean() < 6


def test_alpha_is_enlarged_sharply_and_no_white_shows_at_the_edge() -> None:
    made = _levels(enlarge(_drawing(48, "RGBA"), 4))
    truth = _levels(_drawing(192, "RGBA"))
    assert np.abs(made[..., 3] - truth[..., 3]).mean() < 2.0
    edge = (made[..., 3] > 30) & (made[..., 3] < 225)
    assert np.count_nonzero(edge) > 200
    assert made[edge][:, 2].max() < 90  # the disc's blue is 40, that of white 255


def _fringe(sticker: Image.Image) -> int:
    """Pixels with much of the white ground left in them, as seen on a dark one."""
    dark = Image.new("RGBA", sticker.size, "#18181c")
    shown = _levels(Image.alpha_composite(dark, sticker))[..., :3]
    return int(np.count_nonzero(shown.min(axis=2) > 120))  # of the drawing's own: 40 at most


def test_cut_out_before_it_is_enlarged_a_drawing_has_no_light_fringe_on_a_dark_ground() -> None:
    small, truth = _drawing(64), _drawing(256, "RGBA")
    cut = cut_out(small, None, "flat")
    painted, mask = enlarge_both(small, cut, 4)
    ours = apply_cutout(painted, Cutout("flat"), mask)
    old_order = cut_out(enlarge(small, 4), None, "flat")
    assert _fringe(old_order) > 100
    assert _fringe(ours) == 0
    difference = np.abs(_levels(mask) - _levels(truth.getchannel("A")))
    assert difference.mean() < 1.5


def test_what_is_clear_or_solid_stays_so_when_a_mask_is_enlarged() -> None:
    cut = _drawing(48, "RGBA")
    painted, mask = enlarge_both(_drawing(48), cut, 4)
    assert (painted.mode, painted.size, mask.mode, mask.size) == (
        "RGB",
        (192,) * 2,
        "L",
        (192,) * 2,
    )
    levels = _levels(mask)
    assert levels[:20].max() == 0
    assert levels[40:60, 80:112].min() == 255


def test_progress_of_a_picture_and_its_mask_is_one() -> None:
    heard: list[float] = []
    enlarge_both(_drawing(16), _drawing(16, "RGBA"), 2, heard.append)
    assert heard == pytest.approx([0.5, 1.0])


def test_tiles_join_without_a_seam(monkeypatch: pytest.MonkeyPatch) -> None:
    given = _drawing(96)
    whole = _levels(enlarge(given, 4))
    heard: list[float] = []
    monkeypatch.setattr(module, "_TILE", 40)
    tiled = _levels(enlarge(given, 4, heard.append))
    assert np.abs(tiled - whole).max() <= 1
    assert heard == pytest.approx([n / 9 for n in range(1, 10)])


def test_progress_ends_at_one_with_alpha_as_well() -> None:
    heard: list[float] = []
    enlarge(_drawing(16, "RGBA"), 2, heard.append)
    assert heard == pytest.approx([0.5, 1.0])


def test_cancelling_stops_before_the_next_tile(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_TILE", 16)
    done: list[float] = []
    with pytest.raises(Cancelled):
        enlarge(_drawing(48), 4, done.append, lambda: len(done) == 2)
    assert len(done) == 2


@pytest.mark.parametrize("size", [(1, 1), (1, 40), (37, 2)])
@pytest.mark.parametrize("mode", ["RGB", "RGBA", "P", "L", "CMYK", "I;16"])
def test_every_size_and_mode_works(mode: str, size: tuple[int, int]) -> None:
    given = Image.new("RGB", size, "#f07828").convert("L" if mode == "I;16" else mode)
    given = Image.new(mode, size) if mode == "I;16" else given
    made = enlarge(given, 3)
    assert made.size == (3 * size[0], 3 * size[1])


def test_a_clear_picture_stays_clear() -> None:
    made = enlarge(Image.new("RGBA", (20, 20)), 2)
    assert np.asarray(made.getchannel("A")).max() <= 2


def test_a_picture_that_would_not_fit_is_refused_in_words() -> None:
    with pytest.raises(BadInputError) as caught:
        enlarge(Image.new("L", (4096, 4096)), 4)
    assert "4096×4096" in str(caught.value)


def test_a_damaged_network_is_told_in_words(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    class Elsewhere:
        bundled_models = tmp_path

    monkeypatch.setattr(Paths, "default", Elsewhere)
    module._network.cache_clear()
    with pytest.raises(FaultError) as caught:
        enlarge(_drawing(16), 2)
    assert "Set the program up again" in str(caught.value)
    monkeypatch.undo()
    module._network.cache_clear()


def test_the_same_picture_gives_the_same_bytes() -> None:
    def encoded() -> bytes:
        buffer = io.BytesIO()
        enlarge(_drawing(32), 2).save(buffer, "PNG")
        return buffer.getvalue()

    assert encoded() == encoded()
