"""Step ``lora``: the styles that come with the program, trained by the program's own trainer.

Their art is none of the base's, or redraws it. What a user does with a folder of drawings is done
here: pictures with captions beside them, a preset, the model in the box; the LoRA is taken from the
shelf it lands on, and its card gets the words a shipped style has.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Collection
from dataclasses import dataclass, replace
from pathlib import Path

from recipes.starter import manifest
from recipes.starter.captions import load_words
from recipes.starter.lora_art import known, pages
from recipes.starter.sources import LORA_ART, LoraArt
from stickerstudio.core.paths import Paths
from stickerstudio.engine.train.run import Trainer
from stickerstudio.training import jobs
from stickerstudio.training.dataset import read_set
from stickerstudio.training.messages import TrainingOrder, TrainingResult, TrainingSample
from stickerstudio.training.settings import Preset, TrainingSettings, with_preset

LEARNING_RATE = 2e-3
"""Twice the trainer's own, and without pictures of the base to keep: the drawings show six hundred
things, so there is no subject to be forgotten."""


@dataclass(frozen=True)
class Style:
    """One LoRA to make: the art it learns from and what its card says.

    ``trigger`` is the base's own word for the style whose drawings the art repeats: with it the
    base paints what the LoRA then draws in its way. ``weight`` is recommended, by eye, where it is
    not the sweep's.
    """

    name: str
    title: str
    title_zh_hant: str
    trigger: str
    attribution: str
    weight: float | None = None


STYLES: tuple[Style, ...] = (
    Style(
        "ink",
        "Ink",
        "墨線",
        "bright",
        "Trained on Fluent Emoji, high contrast, by Microsoft, MIT",
        weight=1.0,
    ),
    Style(
        "clay",
        "Clay",
        "黏土",
        "bright",
        "Trained on Fluent Emoji, 3D, by Microsoft, MIT",
        weight=1.0,
    ),
    Style(
        "pencil",
        "Pencil",
        "鉛筆",
        "soft",
        "Trained on Noto Emoji, by Google, Apache-2.0, redrawn in pencil by its recipe",
        weight=1.0,
    ),
    Style(
        "riso",
        "Riso print",
        "孔版印刷",
        "flat",
        "Trained on Twemoji, by Twitter and others, CC-BY-4.0, recoloured by its recipe",
        weight=1.0,
    ),
)


def drawings(work: Path, art: LoraArt, folder: Path, without: Collection[str] = ()) -> int:
    """Write the set's drawings of what the base knows, each with a caption file; how many.

    Concepts of ``without`` are left out. What was in the folder goes.
    """
    words = load_words(manifest.load(work))
    chosen = {c: slug for c, slug in known(work, art).items() if c not in without}
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for concept, page in pages(work, art, chosen):
        w = words[concept]
        stem = w.en[0].replace("/", " ")
        page.save(folder / f"{stem}.png")
        captions = dict.fromkeys([*w.en, *w.en_tags[:1], *w.zh[:3]])
        (folder / f"{stem}.txt").write_text("\n".join(captions) + "\n", "utf-8")
    return len(chosen)


def art_of(style: Style) -> LoraArt:
    """What it learns from."""
    return LORA_ART[style.name]


def settings_of(style: Style, preset: Preset, steps: int, seed: int) -> TrainingSettings:
    """How a style that comes with the program is trained; ``steps`` of 0 are the preset's."""
    settings = TrainingSettings(
        name=style.name,
        trigger=style.trigger,
        licence=art_of(style).drawings.licence,
        author=style.attribution,
        consent=True,
        targets=("attention", "feed-forward", "convolutions"),
        learning_rate=LEARNING_RATE,
        loss="x0",
        prior_share=0.0,
        keep_place=True,  # every line lies where the base puts it
        seed=seed,
    )
    settings = with_preset(settings, preset)
    return replace(settings, steps=steps) if steps else settings


def run(
    work: Path, style: Style, target: Path, preset: Preset, steps: int, seed: int, device: str
) -> None:
    """Train, and write ``NAME.safetensors``, its card and its preview into ``target``.

    A training that was interrupted goes on. ``steps`` of 0 are the preset's.
    """
    paths = Paths.under(work / "studio")
    job = next((job for job in jobs.unfinished(paths) if job.settings.name == style.name), None)
    if job is None:
        folder = work / "drawings" / style.name
        count = drawings(work, art_of(style), folder)
        print(f"lora: {style.name}: {count} drawings", flush=True)
        settings = settings_of(style, preset, steps, seed)
        job = jobs.create(paths, settings, read_set(folder))
    trainer = Trainer(paths)
    trainer.train(TrainingOrder(1, job.folder, "cuda" if device == "cuda" else "cpu"), tell, _no)
    ship(paths.loras, style, target)


def _no() -> bool:
    return False


def tell(event: object) -> None:
    """Print what is worth it of what a trainer says."""
    if isinstance(event, TrainingSample):
        print(
            f"lora: step {event.step}: style {event.style:.2f}, kept {event.kept:.2f}", flush=True
        )
    elif isinstance(event, TrainingResult):
        print(f"lora: recommended weight {event.recommended_weight}", flush=True)


def ship(shelf: Path, style: Style, target: Path) -> None:
    """Copy what the trainer wrote, with the titles of a style that comes with the program."""
    target.mkdir(parents=True, exist_ok=True)
    for suffix in (".safetensors", ".webp"):
        shutil.copy(shelf / f"{style.name}{suffix}", target)
    card = json.loads((shelf / f"{style.name}.json").read_text("utf-8"))
    card |= {
        "title": style.title,
        "title_zh_hant": style.title_zh_hant,
        "attribution": style.attribution,
    }
    if style.weight is not None:
        card["recommended_weight"] = style.weight
    text = json.dumps(card, ensure_ascii=False, indent=2)
    (target / f"{style.name}.json").write_text(text + "\n", "utf-8")
