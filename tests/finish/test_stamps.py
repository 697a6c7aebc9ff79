"""The shipped stamps: all there, drawn with alpha, and named."""

from __future__ import annotations

import numpy as np
import pytest

from stickerstudio.core.errors import NotFoundError
from stickerstudio.core.paths import Paths
from stickerstudio.finish import stamps


@pytest.mark.parametrize("source", stamps.shipped())
def test_each_is_a_drawing_on_nothing(source: str) -> None:
    image = stamps.load(source, 512)
    assert (image.mode, image.size) == ("RGBA", (512, 512))
    alpha = np.asarray(image.getchannel("A"))
    assert alpha[0].max() == alpha[-1].max() == alpha[:, 0].max() == alpha[:, -1].max() == 0
    assert 0.08 < (alpha == 255).mean() < 0.8
    assert stamps.title(source)
    svg = Paths.default().resources / "stamps" / f"{source.removeprefix(stamps.PREFIX)}.svg"
    assert svg.read_text("utf-8").startswith("<svg")


def test_a_small_one_has_no_dark_edge() -> None:
    levels = np.asarray(stamps.load("shipped:bubble", 40), np.int16)
    whole = np.asarray(stamps.load("shipped:bubble", 512), np.int16)
    darkest = whole[whole[..., 3] > 250][:, :3].min(axis=0)
    edge = levels[(levels[..., 3] > 30) & (levels[..., 3] < 200)]
    assert len(edge) > 20
    assert (edge[:, :3] >= darkest - 12).all()


def test_a_picture_may_be_changed_without_changing_the_next() -> None:
    stamps.load("shipped:heart", 512).paste("black", (0, 0, 512, 512))
    assert stamps.load("shipped:heart", 512).getpixel((0, 0)) == (0, 0, 0, 0)


@pytest.mark.parametrize("source", ["shipped:moustache", "heart", "shipped:../icons/app", ""])
def test_what_is_not_there_is_told_in_words(source: str) -> None:
    with pytest.raises(NotFoundError) as caught:
        stamps.load(source, 64)
    assert "party-hat" in str(caught.value)
