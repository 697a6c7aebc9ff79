"""What the judges say of a style's pictures, in figures, beside real drawings of the same things.

``style_judge`` says how likely a picture is in the style, ``subject_judge`` what it shows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from diffusers.models.autoencoders.autoencoder_kl import AutoencoderKL
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from recipes.starter import codec, poses, render, subject_judge, timed_training
from recipes.starter.captions import STYLE_WORDS
from recipes.starter.evaluate import Ranking
from recipes.starter.lora_art import known, pages
from recipes.starter.sources import BASE_STYLES
from recipes.starter.style_judge import StyleJudge
from recipes.starter.train_lora import Style, art_of
from recipes.starter.train_vae import decoded
from stickerstudio.training.measure import sharpness
from stickerstudio.training.settings import TrainingSettings

Pixels = NDArray[np.uint8]
Values = NDArray[np.float64]


@dataclass(frozen=True)
class Row:
    """What the judges say of some pictures. Shares and probabilities 0 … 1.

    ``style`` is the mean probability of the style. ``first`` and ``five`` are how often the
    concept is the first, or among five, of the judge that was taught the style; ``untaught`` is
    the first of the one that was not. ``sharpness`` is in shares of another row's.
    """

    what: str
    style: float
    first: float
    five: float
    untaught: float
    sharpness: float


@dataclass(frozen=True)
class Result:
    """One loss: what its training cost, the rows by weight, and Spearman's correlations."""

    loss: str
    prior_share: float
    steps: int
    best_step: int
    minutes: float
    cpu_minutes: float
    rows: tuple[Row, ...]
    of_samples: float
    of_means: float


def spearman(a: Values, b: Values) -> float:
    """Rank correlation, ties given their mean rank."""

    def ranks(values: Values) -> Values:
        _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
        ends = counts.cumsum()
        return (ends - (counts - 1) / 2)[inverse]

    return float(np.corrcoef(ranks(a), ranks(b))[0, 1])


def table(rows: Sequence[Row], style: str) -> str:
    """The rows as a Markdown table."""
    lines = [
        f"| | P({style}) | subject, top-1 | top-5 | top-1, untaught judge | sharpness |",
        "|---|---|---|---|---|---|",
    ]
    for row in rows:
        shares = " | ".join(f"{100 * v:.1f} %" for v in (row.first, row.five, row.untaught))
        lines.append(f"| {row.what} | {row.style:.3f} | {shares} | {100 * row.sharpness:.0f} % |")
    return "\n".join(lines)


def told(result: Result, style: str) -> str:
    """A result as Markdown."""
    rows = {row.what: row for row in result.rows}
    fall = 100 * (rows[f"weight {0:g}"].first - rows[f"weight {1:g}"].first)
    return "\n\n".join(
        (
            f"### Loss “{result.loss}”, prior share {result.prior_share:g}",
            f"{result.steps} steps in {result.minutes:.1f} minutes ({result.cpu_minutes:.1f} CPU "
            f"minutes); kept was step {result.best_step}.",
            table(result.rows, style),
            f"Spearman of weight and P({style}): {result.of_samples:.3f} over all samples (four "
            f"weights allow 0.968), {result.of_means:.3f} over the means. Subjects lost from "
            f"weight 0 to 1: {fall:.1f} points.",
        )
    )


class Examination:
    """Concepts, their drawings, and the judges.

    Args:
        model: folder of the model that paints.
        concepts: what is painted; those that some base style does not draw are left out of `held`.
    """

    def __init__(
        self, work: Path, style: Style, model: Path, concepts: Sequence[str], seed: int
    ) -> None:
        self.style = style
        art = art_of(style)
        chosen = known(work, art)
        own = {concept: _flat(page) for concept, page in pages(work, art, chosen)}
        base = poses.base_drawings(work, BASE_STYLES)
        self.like = next(s for s in BASE_STYLES if style.trigger in STYLE_WORDS[s])
        self.held = tuple(c for c in concepts if all((c, s) in base for s in BASE_STYLES))
        self.own = np.stack([own[concept] for concept in self.held])
        self.base = {
            s: np.stack([render.on_white(base[concept, s]) for concept in self.held])
            for s in BASE_STYLES
        }
        self.untaught = Ranking(work)
        flat = {where: render.on_white(rgba) for where, rgba in base.items()}
        self.subjects = subject_judge.taught(work, own, flat, seed)
        classes = codec.to_float(np.concatenate([*self.base.values(), self.own]))
        labels = np.repeat(np.arange(len(BASE_STYLES) + 1), len(self.held))
        # What comes through the decoder must not be the mark of any style.
        vae = AutoencoderKL.from_pretrained(model / "vae", torch_dtype=torch.float32)
        shows = [*self.held] * (2 * (len(BASE_STYLES) + 1))
        both = torch.cat([classes, _through(vae, classes)])
        self.judge = StyleJudge(both, np.tile(labels, 2), shows, seed)

    def chances(self, pictures: Pixels, concepts: Sequence[str]) -> Values:
        """How likely each picture is in the style, by the judge that knows no drawing of it."""
        return self.judge(codec.to_float(pictures), concepts)[:, len(BASE_STYLES)]

    def row(
        self, what: str, pictures: Pixels, concepts: Sequence[str], like: Pixels
    ) -> tuple[Row, Values]:
        """Figures of pictures, their sharpness in shares of that of ``like``, and the chances."""
        chances = self.chances(pictures, concepts)
        x = codec.to_float(pictures)
        ranked, untaught = self.subjects(x).five, self.untaught(x).five
        pairs = list(zip(ranked, concepts, strict=True))
        row = Row(
            what,
            float(chances.mean()),
            float(np.mean([five[0] == concept for five, concept in pairs])),
            float(np.mean([concept in five for five, concept in pairs])),
            float(np.mean([f[0] == c for f, c in zip(untaught, concepts, strict=True)])),
            _sharpness(pictures) / _sharpness(like),
        )
        return row, chances

    def result(
        self,
        settings: TrainingSettings,
        outcome: timed_training.Outcome,
        painted: dict[float, Pixels],
    ) -> Result:
        """What came of a training: the real drawings' figures around those of its pictures.

        ``painted``: by weight, all held concepts with one seed after the other.
        """
        concepts = [*self.held] * (len(painted[0.0]) // len(self.held))
        judged = [
            self.row(f"weight {weight:g}", pictures, concepts, painted[0.0])
            for weight, pictures in painted.items()
        ]
        like = self.base[self.like]
        plain, _ = self.row(f"drawings, {self.style.trigger}", like, self.held, like)
        own, _ = self.row(f"drawings, {self.style.name}", self.own, self.held, like)
        weights, chances = np.array([*painted]), np.array([each for _, each in judged])
        return Result(
            settings.loss,
            settings.prior_share,
            outcome.steps,
            outcome.best_step,
            outcome.minutes,
            outcome.cpu_minutes,
            (plain, *(row for row, _ in judged), own),
            spearman(weights.repeat(len(concepts)), chances.ravel()),
            spearman(weights, chances.mean(axis=1)),
        )


def _flat(page: Image.Image) -> Pixels:
    """A style's page as the base's drawings are: 128x128 on white; what is redrawn has no alpha."""
    small = page.convert("RGBA").resize((render.SIZE, render.SIZE), Image.Resampling.BOX)
    return poses.flat(small)


def _sharpness(pictures: Pixels) -> float:
    return float(np.mean([sharpness(each) for each in pictures]))


@torch.no_grad()
def _through(vae: Any, x: Tensor) -> Tensor:
    """Encoded and decoded."""
    parts = [decoded(vae, vae.encode(part).latent_dist.mode()) for part in x.split(16)]
    return torch.cat(parts).clamp(-1, 1)
