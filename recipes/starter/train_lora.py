"""Step ``lora``: the styles that come with the program, trained by the program's own trainer.

Their art is none of the base's. What a user does with a folder of drawings is done here: pictures
with captions beside them, a preset, the model in the box; the LoRA is taken from the shelf it lands
on, and its card gets the words a shipped style has.
"""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from PIL import Image

from recipes.starter import manifest
from recipes.starter.captions import load_words
from recipes.starter.concepts import CONCEPTS
from recipes.starter.sources import ART
from stickerstudio.core.paths import Paths
from stickerstudio.engine.train.run import Trainer
from stickerstudio.training import jobs
from stickerstudio.training.dataset import read_set
from stickerstudio.training.messages import TrainingOrder, TrainingResult, TrainingSample
from stickerstudio.training.settings import Preset, TrainingSettings, with_preset


@dataclass(frozen=True)
class Style:
    """One LoRA to make: the art it learns from and what its card says."""

    name: str
    art: str
    title: str
    title_zh_hant: str
    licence: str
    attribution: str


STYLES: tuple[Style, ...] = (
    Style(
        "blob",
        "noto-v1",
        "Blob",
        "軟糖",
        "Apache-2.0",
        "Trained on Noto Emoji of 2017 (the blobs) by Google, Apache-2.0",
    ),
)


def drawings(work: Path, style: Style, folder: Path) -> int:
    """Write the style's drawings of what the base knows, each with a caption file; how many."""
    rows = manifest.load(work)
    words = load_words(rows)
    pictures = np.load(work / "pictures.npy", mmap_mode="r")
    places: dict[str, int] = {}
    for index, row in enumerate(rows):
        if row.style == style.art and row.concept in CONCEPTS:
            places.setdefault(row.concept, index)
    folder.mkdir(parents=True, exist_ok=True)
    for concept, index in places.items():
        w = words[concept]
        stem = w.en[0].replace("/", " ")
        Image.fromarray(np.array(pictures[index])).save(folder / f"{stem}.png")
        captions = dict.fromkeys([*w.en, *w.en_tags[:1], *w.zh[:3]])
        (folder / f"{stem}.txt").write_text("\n".join(captions) + "\n", "utf-8")
    return len(places)


def run(
    work: Path, style: Style, target: Path, preset: Preset, steps: int, seed: int, device: str
) -> None:
    """Train, and write ``NAME.safetensors``, its card and its preview into ``target``.

    A training that was interrupted goes on. ``steps`` of 0 are the preset's.
    """
    assert any(art.style == style.art and art.licence == style.licence for art in ART)
    paths = Paths.under(work / "studio")
    job = next((job for job in jobs.unfinished(paths) if job.settings.name == style.name), None)
    if job is None:
        folder = work / "drawings" / style.name
        shutil.rmtree(folder, ignore_errors=True)
        print(f"lora: {style.name}: {drawings(work, style, folder)} drawings", flush=True)
        settings = TrainingSettings(
            name=style.name,
            trigger="",
            licence=style.licence,
            author=style.attribution,
            consent=True,
            seed=seed,
        )
        settings = with_preset(settings, preset)
        if steps:
            settings = replace(settings, steps=steps)
        job = jobs.create(paths, settings.checked(), read_set(folder))
    trainer = Trainer(paths)
    trainer.train(TrainingOrder(1, job.folder, "cuda" if device == "cuda" else "cpu"), _tell, _no)
    ship(paths.loras, style, target)


def _no() -> bool:
    return False


def _tell(event: object) -> None:
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
    text = json.dumps(card, ensure_ascii=False, indent=2)
    (target / f"{style.name}.json").write_text(text + "\n", "utf-8")
