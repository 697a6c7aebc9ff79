"""Step ``demonstrate``: what the program's trainer makes of a style, on concepts it was not shown.

Of what the style's art draws every eighth concept is held out: no drawing of it is trained on. For
each loss the trainer offers a LoRA is trained with the quick preset. Then the program's own loop
paints the held-out concepts at several weights, always with the trigger word, so that nothing but
the LoRA differs. ``style_judge`` says how likely each picture is in the style, ``subject_judge``
what it shows; how they judge the real drawings of the same concepts stands beside.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, get_args

import numpy as np
from PIL import Image

from recipes.starter import manifest, sheet, timed_training
from recipes.starter.captions import load_words
from recipes.starter.lora_art import known
from recipes.starter.style_examination import Examination, Pixels, Result, told
from recipes.starter.train_lora import Style, art_of, drawings, settings_of
from stickerstudio.core.paths import Paths
from stickerstudio.core.recipe import LoraWeight, Recipe
from stickerstudio.engine.device import choose, probe
from stickerstudio.engine.resident import ResidentModel
from stickerstudio.models.cards import ModelCard
from stickerstudio.models.catalogue import Catalogue
from stickerstudio.models.loras import LoraShelf
from stickerstudio.training.settings import Loss, TrainingSettings

HELD_OUT_EVERY = 8
WEIGHTS = (0.0, 0.5, 1.0, 1.5)
SEEDS = 1
"""Pictures of each held-out concept at each weight."""

SHOWN = 10
"""Concepts on the contact sheet, spread evenly over those held out."""

LOSSES: tuple[Loss, ...] = get_args(Loss)
PRIOR_SHARE = TrainingSettings("").prior_share
"""With the teacher's loss, which without the base's own pictures is the x0 loss."""


def held_out(concepts: Iterable[str]) -> tuple[str, ...]:
    """Every eighth by code point."""
    ordered = sorted(concepts, key=lambda c: [int(part, 16) for part in c.split("-")])
    return tuple(ordered[::HELD_OUT_EVERY])


def hold_out(work: Path, style: Style, folder: Path) -> tuple[str, ...]:
    """Write the drawings to train on, those of the held-out concepts left out; which these are."""
    out = held_out(known(work, art_of(style)))
    count = drawings(work, art_of(style), folder, without=out)
    print(f"demonstrate: {count} drawings, {len(out)} concepts held out", flush=True)
    return out


def shown(concepts: Sequence[str]) -> list[str]:
    """Ten of them, evenly spread."""
    return [concepts[i * len(concepts) // SHOWN] for i in range(SHOWN)]


class Painter:
    """Paints held-out concepts by the program's own loop."""

    def __init__(self, paths: Paths, card: ModelCard, device: str, prompts: Sequence[str]) -> None:
        machine = probe()
        shelf = LoraShelf(paths)
        chosen = choose("cuda" if device == "cuda" else "cpu", machine)
        self._model = ResidentModel(card, chosen, machine, shelf, paths.resources / "sdxl")
        self._card = card
        self._prompts = prompts

    def paint(self, lora: str, weight: float) -> Pixels:
        """All prompts with the first seed, then all with the next, (n, 128, 128, 3)."""
        return np.stack(
            [
                self._one(prompt, 1000 * turn + number, lora, weight)
                for turn in range(SEEDS)
                for number, prompt in enumerate(self._prompts)
            ]
        )

    def _one(self, prompt: str, seed: int, lora: str, weight: float) -> Pixels:
        width, height = self._card.size
        recipe = Recipe(
            prompt=prompt,
            seed=seed,
            num_inference_steps=self._card.default_steps,
            guidance_scale=self._card.guidance_scale,
            width=width,
            height=height,
            model=self._card.name,
            loras=(LoraWeight(lora, weight),) if weight else (),
            cutout=False,
        )
        image = self._model.paint(
            recipe,
            start=None,
            quick=False,
            on_step=lambda step, steps: None,
            is_cancelled=lambda: False,
        )
        return np.asarray(image)


def run(
    work: Path,
    style: Style,
    model: Path,
    steps: int,
    seed: int,
    device: str,
    target: Path,
    losses: Sequence[Loss] = LOSSES,
) -> None:
    """Train, paint, judge and tell; the sheet of the loss the recipe uses goes to ``target``.

    The tables go to ``demonstration-STYLE.md`` and ``.json`` in ``work``. ``steps`` of 0 are the
    quick preset's.
    """
    place = work / "demonstration"
    paths = Paths.under(place)
    card = Catalogue(paths).find(str(model))
    folder = place / "drawings" / style.name
    out = hold_out(work, style, folder)
    standard = replace(settings_of(style, "quick", steps, seed), model=card.name)
    drawn = sorted(path.stem for path in folder.glob("*.png"))
    wanted = trainings(standard, drawn, losses)
    outcomes = [timed_training.train(paths, each, folder, device) for each in wanted]
    examination = Examination(work, style, model, out, seed)
    words = load_words(manifest.load(work))
    names = {concept: words[concept].en[0] for concept in examination.held}
    prompts = [f"{name}, {style.trigger}" for name in names.values()]
    painter = Painter(paths, card, device, prompts)
    bare = painter.paint("", 0.0)
    results: list[Result] = []
    for settings, outcome in zip(wanted, outcomes, strict=True):
        painted = {w: painter.paint(settings.name, w) if w else bare for w in WEIGHTS}
        result = examination.result(settings, outcome, painted)
        print(told(result, style.name), flush=True)
        results.append(result)
        contact = place / f"{settings.name}.webp"
        _contact_sheet(contact, examination, painted, names)
        if settings.loss == standard.loss:
            shutil.copy(contact, target)
    _write(work, style, results, examination, names)


def trainings(
    standard: TrainingSettings, drawn: Sequence[str], losses: Sequence[Loss] = LOSSES
) -> list[TrainingSettings]:
    """One for each loss; what was drawn, and nothing held out, says which step is the best."""
    return [
        replace(
            standard,
            name=f"{standard.name}-{loss}",
            loss=loss,
            prior_share=PRIOR_SHARE if loss == "teacher" else 0.0,
            sample_prompts=tuple(shown(drawn)),
        )
        for loss in losses
    ]


def _write(
    work: Path,
    style: Style,
    results: Sequence[Result],
    examination: Examination,
    names: dict[str, str],
) -> None:
    judge = examination.judge
    text = "\n\n".join(
        (
            f"## “{style.name}” on {len(names)} concepts it was not trained on, pictures of "
            f"each at a weight: {SEEDS}",
            "The style judge finds the style of drawings of concepts it was not taught in "
            f"{100 * judge.accuracy:.1f} % of four styles, and whether it is this one in "
            f"{100 * judge.last_or_not:.1f} %.",
            *(told(result, style.name) for result in results),
            "Held out: " + ", ".join(names.values()) + ".",
        )
    )
    (work / f"demonstration-{style.name}.md").write_text(text + "\n", "utf-8")
    kept: dict[str, Any] = {
        "style": style.name,
        "held out": names,
        "style judge": {"of four": judge.accuracy, "this or not": judge.last_or_not},
        "losses": [asdict(result) for result in results],
    }
    text = json.dumps(kept, ensure_ascii=False, indent=1)
    (work / f"demonstration-{style.name}.json").write_text(text + "\n", "utf-8")


def _contact_sheet(
    target: Path, examination: Examination, painted: dict[float, Pixels], names: dict[str, str]
) -> None:
    """Weights downwards, then the real drawings; concepts across."""
    held = examination.held
    columns = [(held.index(concept), names[concept]) for concept in shown(held)]
    rows = [(f"{weight:g}", pictures) for weight, pictures in painted.items()]
    rows.append(("drawn", examination.own))
    sheet.save(
        [Image.fromarray(pictures[place]) for _, pictures in rows for place, _ in columns],
        len(columns),
        target,
        [f"{what} {name}" for what, _ in rows for _, name in columns],
    )
