"""Contact sheets of a model: what it draws, to be opened and judged by eye."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from diffusers.pipelines.stable_diffusion_xl.pipeline_stable_diffusion_xl import (
    StableDiffusionXLPipeline,
)
from torch import Tensor

from recipes.starter import sheet
from recipes.starter.captions import HELD_OUT_LISTS, STYLE_WORDS, Words, held_out_list, phrases
from recipes.starter.painting import STEPS, draw, reader
from recipes.starter.sources import BASE_STYLES
from stickerstudio.engine.counting import Counting
from stickerstudio.finish.arrange import arrange
from stickerstudio.models.cards import ModelCard

REFERENCE = (
    "red heart",
    "otter",
    "cat face",
    "dog face",
    "grinning face",
    "crying face",
    "angry face",
    "sleeping face",
    "face with heart eyes",
    "thumbs up",
    "fire",
    "pizza",
    "rainbow",
    "sun",
    "birthday cake",
    "ghost",
    "robot",
    "penguin",
    "rocket",
    "hamburger",
)
"""The prompts the first milestone is judged by."""

PAIRS = (
    "otter with a red heart",
    "penguin with a pizza",
    "cat and balloon",
    "bear with a birthday cake",
    "robot with a star",
    "ghost with a jack-o-lantern",
    "panda with a flower",
    "sleepy penguin",
    "angry robot",
    "birthday cat",
    "愛睏的貓",
    "two pizzas",
    "three cats",
    "兩隻水獺",
    "five red hearts",
    "four ducks with a party popper",
    "I love you, otter, dm-sticker",
    "good night, bear",
    "水獺和愛心",
    "blue cat",
    "pink dog",
    "green heart",
    "purple octopus",
)
"""Two things, moods, several of a thing, things said to someone, and colours."""


def reference_sheet(
    pipe: StableDiffusionXLPipeline, path: Path, steps: int = 4, quality: int = 80
) -> None:
    """The 20 prompts: a row in each style, and one without a style word."""
    pictures: list[Tensor] = []
    labels: list[str] = []
    styles = [STYLE_WORDS[style][0] for style in BASE_STYLES]
    for half in (REFERENCE[:10], REFERENCE[10:]):
        for seed, style in enumerate([*styles, ""]):
            prompts = [f"{p}, {style}" if style else p for p in half]
            pictures += list(draw(pipe, prompts, steps, [seed + 100 * i for i in range(10)]))
            labels += [p if seed == 0 else style for p in half]
    sheet.save(pictures, 10, path, labels, quality=quality)


def prompt_sheet(
    pipe: StableDiffusionXLPipeline,
    prompts: list[str],
    path: Path,
    card: ModelCard,
    columns: int = 10,
) -> None:
    """A page for each prompt, labelled with it, as the studio paints it: one thing, or several."""
    counting = Counting(card)
    asked = [counting.counted(prompt) for prompt in prompts]
    each = [one for count, one in asked for _ in range(count)]
    # where the seed chooses a style, it is one style on a page
    apart = len(STYLE_WORDS) * len(prompts)
    seeds = [place + apart * n for place, (count, _) in enumerate(asked) for n in range(count)]
    drawn = map(sheet.to_image, draw(pipe, each, STEPS, seeds, reads=reader(pipe, card)))
    pages = [[next(drawn) for _ in range(count)] for count, _ in asked]
    background = card.background or "white"
    made = [page[0] if len(page) == 1 else arrange(page, background) for page in pages]
    sheet.save(made, columns, path, prompts, quality=80)


def sheets(
    pipe: StableDiffusionXLPipeline, words: dict[str, Words], work: Path, card: ModelCard
) -> None:
    """Every sheet, as ``sheet-*.webp``."""
    for steps in (1, 4):
        reference_sheet(pipe, work / f"sheet-reference-{steps}.webp", steps)
    rng = np.random.default_rng(5)
    concepts = list(words)
    hundred = [words[concepts[i]].en[0] for i in rng.permutation(len(concepts))[:100]]
    prompt_sheet(pipe, hundred, work / "sheet-concepts.webp", card)
    otters = ["I love you, otter, dm-sticker"] * 16
    prompt_sheet(pipe, otters, work / "sheet-otter.webp", card, 8)
    said = [row.en[0] for row in phrases() if row.en] + [row.zh[0] for row in phrases() if row.zh]
    prompt_sheet(pipe, said[:100], work / "sheet-phrases.webp", card)
    unseen = [text for name in HELD_OUT_LISTS for text, _ in held_out_list(name)[::4]]
    prompt_sheet(pipe, unseen, work / "sheet-unseen.webp", card)
    pairs = [f"{p}, {STYLE_WORDS[s][0]}" for s in BASE_STYLES for p in PAIRS]
    prompt_sheet(pipe, pairs, work / "sheet-pairs.webp", card, 8)
