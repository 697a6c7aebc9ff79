"""Packs of real starter stickers, and of animations made from them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

from PIL import Image

from stickerstudio.finish import encode
from stickerstudio.finish.animation import Animation
from stickerstudio.packs.export import look, plan_export, run, write_export
from stickerstudio.packs.pack import Pack, PackSticker
from stickerstudio.packs.platforms import find

ART = Path(__file__).parent / "art"
NAMES = ("otter", "cat", "dog", "panda", "fox", "cake", "heart", "penguin")
EMOJI = ("🦦", "😺", "🐶", "🐼", "🦊", "🎂", "❤️", "🐧")


def drawing(name: str) -> Image.Image:
    """One of the starter's stickers, 128 × 128."""
    with Image.open(ART / f"{name}.webp") as image:
        return image.convert("RGBA")


def swinging(name: str, frames: int = 8, length_ms: int = 100) -> Animation:
    """It swings to and fro; no two frames are alike, which encoders would join."""
    image = drawing(name)
    turns = [12 * math.sin(math.tau * (i + 0.1) / frames) for i in range(frames)]
    pictures = tuple(image.rotate(turn, Image.Resampling.BICUBIC) for turn in turns)
    return Animation(pictures, (length_ms,) * frames)


def still_sources(count: int) -> list[Path]:
    """That many pictures, the eight again and again."""
    return [ART / f"{NAMES[i % len(NAMES)]}.webp" for i in range(count)]


def moving_sources(folder: Path, count: int, frames: int = 8, length_ms: int = 100) -> list[Path]:
    """That many animations, as APNG, in `folder`."""
    made: list[Path] = []
    for i in range(min(count, len(NAMES))):
        path = folder / f"{NAMES[i]}-{frames}-{length_ms}.png"
        path.write_bytes(encode.apng(swinging(NAMES[i], frames, length_ms)))
        made.append(path)
    return [made[i % len(made)] for i in range(count)]


def pack_of(sources: Sequence[Path], **values: object) -> Pack:
    """A pack with everything that any platform asks for."""
    stickers = tuple(
        PackSticker(source, (EMOJI[i % 8],), f"{NAMES[i % 8]} {i + 1}")
        for i, source in enumerate(sources)
    )
    pack = Pack("Starter 水獺", "Sticker Studio", "starter-1a2b3c4d", stickers)
    return Pack(**{**{name: getattr(pack, name) for name in Pack.__slots__}, **values})  # pyright: ignore[reportArgumentType]


def export(pack: Pack, key: str, target: Path) -> Path:
    """Export in this process; where it is."""
    platform = find(key)
    plan = plan_export(pack, platform, [look(sticker.source) for sticker in pack.stickers])
    return write_export(plan, [_run_once(replace(job, label="")) for job in plan.jobs], target)


_run_once = lru_cache(maxsize=None)(run)  # the eight drawings come again and again
