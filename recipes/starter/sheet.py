"""Contact sheets: many small pictures in one file, to be looked at."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch
from PIL import Image, ImageDraw, ImageFont
from torch import Tensor

LABEL = 14
"""Height in pixels of the line of text over a picture."""

FONT = Path(__file__).resolve().parents[2] / "resources" / "fonts" / "round.otf"
"""Has Latin and Chinese letters."""


def to_image(picture: Tensor | Image.Image) -> Image.Image:
    """A tensor (3, h, w) in [-1, 1] as a picture; pictures pass."""
    if isinstance(picture, Image.Image):
        return picture.convert("RGB")
    values = picture.detach().float().cpu().clamp(-1, 1).add(1).mul(127.5).round()
    return Image.fromarray(values.to(torch.uint8).permute(1, 2, 0).numpy())


def save(
    pictures: Sequence[Tensor | Image.Image],
    columns: int,
    path: Path,
    labels: Sequence[str] = (),
    cell: int = 128,
    quality: int = 85,
) -> None:
    """Write a grid of pictures, each ``cell`` pixels wide, with a label over each if given."""
    top = LABEL if labels else 0
    rows = -(-len(pictures) // columns)
    page = Image.new("RGB", (columns * cell, rows * (cell + top)), "white")
    draw = ImageDraw.Draw(page)
    font = ImageFont.truetype(FONT, LABEL - 3)
    for index, picture in enumerate(pictures):
        x, y = index % columns * cell, index // columns * (cell + top)
        image = to_image(picture)
        if image.size != (cell, cell):
            image = image.resize((cell, cell), Image.Resampling.LANCZOS)
        page.paste(image, (x, y + top))
        if index < len(labels):
            text = labels[index]
            while font.getlength(text) > cell - 4:
                text = text[:-1]
            draw.text((x + 2, y + LABEL // 2), text, fill="black", font=font, anchor="lm")
    partial = path.with_name("partial-" + path.name)
    page.save(partial, quality=quality)
    partial.rename(path)
