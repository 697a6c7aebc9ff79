"""The drawings that LoRAs learn from, laid where the base's own drawings lie."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from PIL import Image

from recipes.starter import manifest
from recipes.starter.captions import load_words
from recipes.starter.concepts import CONCEPTS
from recipes.starter.fetch import fetch_package
from recipes.starter.render import MARGIN, SIZE, paint, svg_of
from recipes.starter.sources import LoraArt

SIDE = 2 * (SIZE - 2 * MARGIN)
"""Pixels of a drawing: twice what the base's have."""


def as_in_the_base(drawing: Image.Image) -> Image.Image:
    """A transparent page with ``drawing`` where the base's own drawings are on theirs."""
    side = drawing.width + 4 * MARGIN
    page = Image.new("RGBA", (side, side))
    page.paste(drawing, (2 * MARGIN, 2 * MARGIN))
    return page


def known(work: Path, art: LoraArt) -> dict[str, str]:
    """Which of the set's pictures draws which concept of the base's; the first of several."""
    package = fetch_package(art.drawings.package, work)
    if art.pictures:
        files = {
            file.stem.replace("-fe0f", "").upper(): str(file.relative_to(package))
            for file in sorted((package / art.pictures).iterdir())
        }
        return {concept: files[concept] for concept in CONCEPTS if concept in files}
    words = load_words(manifest.load(work))
    slugs = manifest.match_slugs(art.drawings, work, manifest.load_words(work))
    found: dict[str, str] = {}
    for slug, concept in sorted(slugs.items()):
        if concept in words:
            found.setdefault(concept, slug)
    return found


def pages(work: Path, art: LoraArt, chosen: dict[str, str]) -> Iterator[tuple[str, Image.Image]]:
    """Each concept with its page, at twice the size of the base's."""
    package = fetch_package(art.drawings.package, work)
    icons = {} if art.pictures else json.loads((package / "icons.json").read_text("utf-8"))
    for concept, name in chosen.items():
        if art.pictures:
            with Image.open(package / name) as file:
                drawing = file.convert("RGBA").resize((SIDE, SIDE), Image.Resampling.LANCZOS)
        else:
            drawing = paint(svg_of(icons, name), SIDE)
        page = as_in_the_base(drawing)
        yield concept, art.redraw(page) if art.redraw else page
