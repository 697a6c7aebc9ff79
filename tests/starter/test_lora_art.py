"""What LoRAs learn from: redrawn pictures, and pictures named by code point."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw

from recipes.starter import filters, lora_art, sources, train_lora
from recipes.starter.concepts import CONCEPTS


@pytest.fixture
def page() -> Image.Image:
    """A red disc with a black eye, in the upper left of a clear page."""
    page = Image.new("RGBA", (256, 256))
    draw = ImageDraw.Draw(page)
    draw.ellipse((20, 20, 140, 140), fill=(220, 40, 30, 255))
    draw.ellipse((60, 60, 80, 80), fill=(0, 0, 0, 255))
    return page


def test_a_pencil_leaves_grey_lines_where_the_edges_were(page: Image.Image) -> None:
    drawn = np.asarray(filters.pencil(page)).astype(int)
    assert np.ptp(drawn, axis=2).max() == 0
    assert (drawn[160:] == 255).all()
    assert drawn[80, 20:24].min() < 100
    assert drawn[110, 110, 0] in range(150, 230)


def test_a_print_has_the_inks_colours_and_white_paper(page: Image.Image) -> None:
    drawn = np.asarray(filters.riso(page))
    assert (drawn[200, 200] == 255).all()
    assert tuple(drawn[70, 70]) == filters.RISO_INKS[0]
    red, green, blue = drawn[110, 110].astype(int)
    assert red > 150
    assert red > blue > green


def test_pictures_are_found_by_code_point(tmp_path: Path) -> None:
    art = sources.LORA_ART["clay"]
    package = tmp_path / "packages" / art.drawings.package.folder
    (package / art.pictures).mkdir(parents=True)
    (package / "package.json").write_text("{}")
    plain, varied = CONCEPTS[0], "2764"
    for name in (plain.lower(), f"{varied.lower()}-fe0f", "1f1e6-1f1e8"):
        Image.new("RGBA", (64, 64), "teal").save(package / art.pictures / f"{name}.webp")
    chosen = lora_art.known(tmp_path, art)
    assert set(chosen) == {plain, varied}
    drawn = dict(lora_art.pages(tmp_path, art, chosen))
    assert {page.size for page in drawn.values()} == {(256, 256)}
    assert drawn[plain].getbbox() == (12, 12, 244, 244)


def test_every_style_has_its_art_and_a_word_of_the_base() -> None:
    assert {style.name for style in train_lora.STYLES} == set(sources.LORA_ART)
    assert len(sources.LORA_ART) >= 4
