"""How good a trained style is: samples at several weights, figures, and what they resemble."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, cast

import numpy as np

from stickerstudio.core.atomic import write_text_atomic
from stickerstudio.core.errors import BadFileError, disk_errors
from stickerstudio.core.i18n import tr
from stickerstudio.models.cards import ModelCard
from stickerstudio.training.captions import tags
from stickerstudio.training.dataset import TrainingSet

SWEEP = (0.0, 0.25, 0.5, 0.75, 1.0, 1.25, 1.5)
SHOWN = (0.0, 0.5, 1.0, 1.5)
_TOLD = 0.05  # of style, that a weight must gain over the base to be told from it
COPIED = 0.97
"""Likeness to a training picture (measure.structure_features) from which a sample is called a copy:
drawings of one subject by two hands stay below, the same drawing scaled stays above."""

_ANYTHING = (
    "otter",
    "pizza",
    "rocket",
    "sleeping cat",
    "red heart",
    "ghost",
    "birthday cake",
    "penguin",
    "rainbow",
    "thumbs up",
    "cup of coffee",
    "robot",
    "flower",
    "house",
    "crying face",
    "guitar",
    "umbrella",
    "bicycle",
    "star",
    "fox",
)


@dataclass(frozen=True, slots=True)
class AtWeight:
    """What the style does at one weight. `files`: a picture for each prompt.

    style 0 … 1 and kept 0 … 1 as in measure.Judge; sharpness as a share of the base's.
    """

    weight: float
    files: tuple[str, ...]
    style: float
    kept: float
    sharpness: float


@dataclass(frozen=True, slots=True)
class Nearest:
    """The training picture most like a sample: its name, its thumbnail, how like, 1 the same."""

    name: str
    file: str
    likeness: float


@dataclass(frozen=True, slots=True)
class TrainingReport:
    """All file names are relative to the training's folder.

    Attributes:
        unseen: no caption names what the prompts ask for.
    """

    name: str
    trigger: str
    model: str
    step: int
    pictures: int
    seconds: float
    prompts: tuple[str, ...]
    weights: tuple[AtWeight, ...]
    nearest: tuple[Nearest, ...]
    recommended_weight: float
    lora: str
    losses: tuple[tuple[int, float], ...] = ()
    unseen: bool = True

    @property
    def recommended(self) -> AtWeight:
        """The figures at the recommended weight."""
        return min(self.weights, key=lambda row: abs(row.weight - self.recommended_weight))

    def save(self, path: Path) -> None:
        """Write it.

        Raises:
            DiskError: there is no room.
        """
        with disk_errors(path):
            write_text_atomic(path, json.dumps(asdict(self), ensure_ascii=False, indent=1))


def load_report(path: Path) -> TrainingReport:
    """What `TrainingReport.save` wrote.

    Raises:
        NotFoundError, DiskError: it cannot be read.
        BadFileError: it is something else.
    """
    with disk_errors(path):
        raw = path.read_bytes()
    try:
        data = cast("dict[str, Any]", json.loads(raw))
        data["prompts"] = tuple(data["prompts"])
        data["weights"] = tuple(
            replace(AtWeight(**row), files=tuple(row["files"])) for row in data["weights"]
        )
        data["nearest"] = tuple(Nearest(**row) for row in data["nearest"])
        data["losses"] = tuple((int(step), float(loss)) for step, loss in data["losses"])
        return TrainingReport(**data)
    except (ValueError, TypeError, KeyError) as error:
        raise BadFileError(
            tr("The report in {path} cannot be shown.", path=path),
            tr("It says: {reason}.", reason=error),
            tr("The style itself is not touched."),
        ) from error


def recommended_weight(
    weights: Sequence[float], style: Sequence[float], kept: Sequence[float]
) -> float:
    """The weight with the most style that still shows the subject: the largest style × kept².

    Style is what is gained over the smallest weight, which is the base and never recommended. kept
    counts twice: a sticker of the wrong thing is worse than a pale style. Of weights within 3 % of
    the best, the smallest; 1, at which it was trained, where no weight gains what can be told.
    """
    gained = np.array(style[1:]) - style[0]
    if gained.max(initial=0.0) < _TOLD:
        return 1.0
    scores = np.array([score(s, k) for s, k in zip(gained, kept[1:], strict=True)])
    best = scores.max()
    if best <= 0:
        return 1.0
    good = np.flatnonzero(scores >= 0.97 * best)
    return float(weights[1:][int(good[0])])


def score(style: float, kept: float) -> float:
    """How good a row of samples is; for choosing the best."""
    return style * kept**2


def unseen_prompts(card: ModelCard, data: TrainingSet, count: int) -> tuple[str, ...]:
    """Prompts that the model knows and no caption names, spread over its list."""
    said = _said(data)
    known = [concept.en for concept in card.concepts] or list(_ANYTHING)
    own_words = {concept.en: (concept.en, *concept.words) for concept in card.concepts}
    new = [
        name
        for name in known
        if not any(word.casefold() in said for word in own_words.get(name, (name,)))
    ]
    if len(new) < count:  # everything was drawn: then what was drawn, asked for in other noise
        new += [name for name in known if name not in new]
    picked = np.linspace(0, len(new) - 1, min(count, len(new))).round().astype(int)
    return tuple(new[int(index)] for index in picked)


def are_unseen(prompts: Sequence[str], data: TrainingSet) -> bool:
    """Whether no caption names any of `prompts`."""
    return _said(data).isdisjoint(prompt.casefold() for prompt in prompts)


def _said(data: TrainingSet) -> set[str]:
    """Everything that captions name."""
    return {
        tag.casefold()
        for picture in data.pictures
        for each in picture.captions
        for tag in tags(each)
    }
