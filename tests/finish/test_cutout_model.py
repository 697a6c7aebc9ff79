"""The saliency model, its edges, and what "auto" asks it; and the brush."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from stickerstudio.core.design import Cutout, Stroke
from stickerstudio.core.errors import BadFileError
from stickerstudio.finish import cutout, matting
from stickerstudio.finish.cutout import apply_cutout, brushed, cut_out
from tests.finish.drawings import draw, picture

Floats = NDArray[np.float32]


def _busy(side: int) -> NDArray[np.float64]:
    """A ground without one colour: waves of three lengths."""
    y, x = np.mgrid[:side, :side] * (256 / side)
    waves = [np.sin(x / a + y / b) for a, b in ((9, 31), (-23, 13), (47, -19))]
    return 128 + 70 * np.stack(waves, -1)


def _on_busy(kind: str, side: int = 256) -> tuple[Image.Image, NDArray[np.float64]]:
    drawing = draw(kind, side)
    levels = 255 * drawing.colour + (1 - drawing.alpha[..., None]) * _busy(side)
    return picture(levels), drawing.alpha


def _iou(alpha: NDArray[np.float64], truth: NDArray[np.float64]) -> float:
    return float(np.minimum(alpha, truth).sum() / np.maximum(alpha, truth).sum())


def _alpha(image: Image.Image) -> NDArray[np.float64]:
    return np.asarray(image.getchannel("A"), np.float64) / 255


def test_the_model_cuts_a_face_out_of_a_busy_ground_with_better_edges_than_its_mask() -> None:
    image, truth = _on_busy("face")

    result = cut_out(image, None, "auto")

    plain = matting.saliency(image).astype(np.float64)
    edge = (truth > 0.02) & (truth < 0.98)
    assert _iou(_alpha(result), truth) > max(0.95, _iou(plain, truth))
    assert np.abs(_alpha(result) - truth)[edge].mean() < np.abs(plain - truth)[edge].mean()


def test_the_same_picture_gives_the_same_cut_out() -> None:
    image, _ = _on_busy("disc", 64)

    assert cut_out(image, None, "model").tobytes() == cut_out(image, None, "model").tobytes()


@pytest.mark.parametrize("size", [(1, 1), (3, 200), (200, 3)])
def test_pictures_of_any_shape_come_back_in_their_size(size: tuple[int, int]) -> None:
    image = Image.effect_noise(size, 90).convert("RGB")

    assert cut_out(image, None, "model").size == size


def _ask_nobody(_image: Image.Image) -> Floats:
    raise AssertionError("the model was asked")


def test_a_hole_is_seen_through_on_a_colour_no_eye_has(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cutout, "saliency", _ask_nobody)
    drawing = draw("ring", 128)
    image = picture(drawing.over((60, 160, 90)))

    auto, flat = (_alpha(cut_out(image, None, how)) for how in ("auto", "flat"))

    assert _iou(auto, drawing.alpha) > 0.98
    assert auto[64, 64] == 0
    assert flat[64, 64] == 1  # without an opinion, what is enclosed stays


@pytest.mark.parametrize("opinion", [0.1, 0.9])
def test_on_white_the_model_tells_holes_from_eyes(
    monkeypatch: pytest.MonkeyPatch, opinion: float
) -> None:
    monkeypatch.setattr(cutout, "saliency", lambda image: np.full(image.size[::-1], opinion))
    image = picture(draw("ring", 128).over((255, 255, 255)))

    assert _alpha(cut_out(image, None, "auto"))[64, 64] == (opinion > 0.5)


def _smeared() -> Image.Image:
    """A painted face: the ground is not quite of one colour, and a pale smear hangs on the side."""
    noise = np.random.default_rng(2).integers(-3, 4, (128, 128, 3))
    image = picture(draw("disc", 128).over((252, 252, 252)) + noise)
    ImageDraw.Draw(image).rectangle((104, 52, 118, 74), "#d8dcdc")
    return image


def test_a_pale_smear_goes_where_the_model_does_not_count_it_in(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    truth = draw("disc", 128).alpha.astype(np.float32)
    monkeypatch.setattr(cutout, "saliency", lambda _: truth)

    auto, flat = (_alpha(cut_out(_smeared(), None, how)) for how in ("auto", "flat"))

    assert flat[63, 114] == 1
    assert auto[63, 114] == 0
    assert _iou(auto, truth.astype(np.float64)) > 0.98


def test_a_model_that_has_understood_nothing_takes_nothing_away(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(cutout, "saliency", lambda image: np.zeros(image.size[::-1], np.float32))
    noise = np.random.default_rng(2).integers(-3, 4, (128, 128, 3))
    image = picture(draw("pale", 128).over((252, 252, 252)) + noise)

    assert _iou(_alpha(cut_out(image, None, "auto")), draw("pale", 128).alpha) > 0.98


def test_colours_at_the_edge_are_the_subjects_own() -> None:
    """Seen over black, nothing of the ground may shine through."""
    image, truth = _on_busy("disc")
    colour = 255 * draw("disc", 256).colour

    found = matting.foreground(np.asarray(image, np.float32), truth.astype(np.float32))

    edge = (truth > 0.2) & (truth < 0.8)
    left = np.asarray(image, np.float64) * truth[..., None] - colour
    unmixed = found * truth[..., None] - colour
    assert np.abs(unmixed[edge]).mean() < 0.5 * np.abs(left[edge]).mean()


def test_a_damaged_model_is_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Damaged:
        bundled_models = tmp_path

        @classmethod
        def default(cls) -> type[Damaged]:
            return cls

    (tmp_path / "u2netp").mkdir()
    (tmp_path / "u2netp" / "u2netp.onnx").write_bytes(b"not a model")
    monkeypatch.setattr(matting, "Paths", Damaged)
    matting._session.cache_clear()  # pyright: ignore[reportPrivateUsage]

    with pytest.raises(BadFileError, match="Install"):
        matting.saliency(Image.new("RGB", (8, 8)))
    matting._session.cache_clear()  # pyright: ignore[reportPrivateUsage]


def test_the_flat_way_and_the_import_leave_the_model_alone() -> None:
    code = (
        "import sys; from PIL import Image; from stickerstudio.finish.cutout import cut_out;"
        "cut_out(Image.new('RGB', (9, 9), 'white'), None, 'flat');"
        "sys.exit('onnxruntime' in sys.modules)"
    )

    root = Path(__file__).parents[2]
    assert subprocess.run([sys.executable, "-c", code], cwd=root, check=False).returncode == 0


# --- the brush ---


def _painted() -> Image.Image:
    return Image.new("RGB", (100, 80), "#40a060")


def test_a_brush_hides_and_shows_again_in_the_order_of_its_strokes() -> None:
    hide = Stroke(((0.2, 0.5), (0.8, 0.5)), 0.1, False)
    show = Stroke(((0.5, 0.5),), 0.05, True)

    result = apply_cutout(_painted(), Cutout("none", (hide, show)))

    assert result.getpixel((30, 40)) == (0, 0, 0, 0)
    assert result.getpixel((50, 40)) == (0x40, 0xA0, 0x60, 255)
    assert result.getpixel((50, 15)) == (0x40, 0xA0, 0x60, 255)
    assert apply_cutout(_painted(), Cutout("none", (show, hide))).getpixel((50, 40)) == (0, 0, 0, 0)


def test_a_strokes_edge_is_round_and_soft() -> None:
    result = _alpha(apply_cutout(_painted(), Cutout("none", (Stroke(((0.5, 0.5),), 0.2, False),))))

    hidden = float((1 - result).sum())
    assert abs(hidden - np.pi * 20**2) < 40
    assert np.count_nonzero((result > 0.05) & (result < 0.95)) > 60


def test_showing_keeps_the_colour_of_what_was_there() -> None:
    subject = Image.new("RGBA", (100, 80))  # all is cut away
    result = brushed(subject, _painted(), (Stroke(((0.5, 0.5),), 0.1, True),))

    pixels = np.asarray(result)
    seen = pixels[pixels[..., 3] > 20][:, :3].astype(int)
    assert np.abs(seen - (0x40, 0xA0, 0x60)).max() <= 4  # of rounding, at the faint edge


@pytest.mark.parametrize("place", [(-1.5, 0.5), (2.5, 2.5), (1.0, 1.0), (0.0, 0.0)])
def test_strokes_over_the_border_and_beyond_do_no_harm(place: tuple[float, float]) -> None:
    result = apply_cutout(_painted(), Cutout("none", (Stroke((place,), 0.1, False),)))

    assert result.size == (100, 80)
    assert result.getpixel((50, 40)) == (0x40, 0xA0, 0x60, 255)


def test_a_picture_that_was_cut_out_before_is_left_as_it_is_by_auto() -> None:
    image = Image.new("RGBA", (50, 50))
    image.paste("#f0f0f0", (10, 10, 40, 40))

    assert apply_cutout(image, Cutout("auto")).tobytes() == image.tobytes()
