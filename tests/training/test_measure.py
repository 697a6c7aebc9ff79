"""The figures: each must move with what it claims to measure."""

from __future__ import annotations

import numpy as np
import PIL.Image
import PIL.ImageFilter
import pytest

from stickerstudio.training.measure import Judge, sharpness, structure_features, style_features
from stickerstudio.training.report import recommended_weight
from tests.training.drawings import drawing


def _on_white(index: int) -> PIL.Image.Image:
    image = drawing(index * 37 + 5, 128)
    page = PIL.Image.new("RGBA", image.size, "white")
    page.alpha_composite(image)
    return page.convert("RGB")


def _greyed(image: PIL.Image.Image) -> PIL.Image.Image:
    return image.convert("L").convert("RGB")


def test_sharpness_falls_with_blur_and_not_with_contrast() -> None:
    image = _on_white(3)
    sharp = sharpness(np.asarray(image))
    blurred = sharpness(np.asarray(image.filter(PIL.ImageFilter.GaussianBlur(2))))
    pale = sharpness(np.asarray(PIL.Image.blend(image, PIL.Image.new("RGB", image.size), 0.5)))
    assert blurred < 0.6 * sharp
    assert abs(pale - sharp) < 0.05 * sharp


def test_style_rises_as_the_drawings_are_approached() -> None:
    base = [np.asarray(_on_white(i)) for i in range(6)]
    drawings = [np.asarray(_greyed(_on_white(i))) for i in range(6)]
    judge = Judge(drawings, base)
    mixed = [
        np.asarray(PIL.Image.blend(image, _greyed(image), 0.5))
        for image in (_on_white(i) for i in range(6))
    ]
    same = [np.asarray(_greyed(_on_white(i))) for i in range(6)]
    assert judge.style(base) < 0.05
    assert judge.style(base) < judge.style(mixed) < judge.style(same)
    assert judge.style(same) > 0.99


def test_kept_counts_the_subjects_that_stay() -> None:
    base = [np.asarray(_on_white(i)) for i in range(6)]
    judge = Judge(base, base)
    assert judge.kept(base) == 1
    assert judge.kept([base[1], base[0], *base[2:]]) == pytest.approx(4 / 6)


def test_nearest_finds_the_copy() -> None:
    drawings = [np.asarray(_on_white(i)) for i in range(6)]
    index, likeness = Judge(drawings, drawings).nearest(drawings[4])
    assert (index, round(likeness, 3)) == (4, 1.0)


def test_any_size_and_a_blank_page() -> None:
    blank = np.full((40, 60, 3), 255, np.uint8)
    assert sharpness(blank) == 0
    assert np.isfinite(style_features(blank)).all()
    assert np.isfinite(structure_features(blank)).all()


def test_recommended_weight_prefers_the_subject() -> None:
    weights = [0.0, 0.5, 1.0, 1.5]
    assert recommended_weight(weights, [0, 0.4, 0.8, 1.0], [1, 1, 1, 0.4]) == 1.0
    assert recommended_weight(weights, [0, 0.0, 0.0, 0.0], [1, 1, 1, 1]) == 1.0


def test_recommended_weight_is_never_the_base() -> None:
    """A style so near the base's that the figures cannot tell them apart is used as trained."""
    weights = [0.0, 0.5, 1.0, 1.5]
    assert recommended_weight(weights, [0.38, 0.33, 0.31, 0.3], [0.9, 1, 1, 1]) == 1.0
    assert recommended_weight(weights, [0.1, 0.1, 0.12, 0.13], [1, 0.4, 0.3, 0.3]) == 1.0
    # what the base has of it already is no gain
    assert recommended_weight(weights, [0.3, 0.5, 0.8, 0.8], [1, 0.9, 0.7, 0.3]) == 1.0
    assert recommended_weight(weights, [0.3, 0.7, 0.8, 0.8], [1, 0.9, 0.7, 0.3]) == 0.5
