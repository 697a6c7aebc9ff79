"""Small pictures and recipes for the library's tests."""

from __future__ import annotations

from pathlib import Path

from PIL import Image

from stickerstudio.core.library import Library
from stickerstudio.core.recipe import LoraWeight, Recipe
from stickerstudio.core.sticker import Sticker

PROMPTS = ("I love you, otter", "一隻水獺抱著紅心", "Café party 🎂", "ملصق قطة سعيدة")


def picture(size: tuple[int, int] = (6, 4), alpha: int = 90) -> Image.Image:
    """A picture whose every pixel differs from its neighbours, half transparent on the left."""
    image = Image.new("RGBA", size)
    for x in range(size[0]):
        for y in range(size[1]):
            image.putpixel((x, y), (x * 40 % 256, y * 60 % 256, 7, alpha if x < 3 else 255))
    return image


def add(library: Library, prompt: str = "otter", **values: object) -> Sticker:
    """A sticker of `prompt`; `values` are the recipe's others."""
    loras = (LoraWeight("pixel-art", 0.75),)
    return library.add(picture(), Recipe(prompt, **{"loras": loras, **values}), 1.25)  # pyright: ignore[reportArgumentType]


def indexes(folder: Path) -> list[Path]:
    """The index files in a library's folder, with their companions."""
    return sorted(folder.glob("index-*"))


def remove_index(folder: Path) -> None:
    """Throw the index away, as a user with a broom would."""
    for file in indexes(folder):
        file.unlink()
