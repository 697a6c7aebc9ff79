"""Step ``judge``: train the judge on all the art, and state how good it is itself.

Of every fourth concept one drawing outside the base styles is never trained on: how often the judge
knows those says what its scores are worth for drawings it has not seen. Of the base styles it has
seen every drawing, as the model it judges has; its score on those, changed by random views, is the
"art" column of the evaluation.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from recipes.starter import poses, render
from recipes.starter.codec import to_float
from recipes.starter.common import Clock, cosine, load_state, log, save_training
from recipes.starter.concepts import ADDED, CONCEPTS, SUBJECTS, key
from recipes.starter.judge.net import Judge, halve
from recipes.starter.sources import ART, BASE_STYLES
from recipes.starter.train_vae import augment

BATCH = 64
LEARNING_RATE = 2e-3
BASE_SHARE = 0.5
PAIR_SHARE = 0.5
"""Of the pictures of a subject, those that get a second thing."""
BLUR_SHARE = 0.3
HELD_OUT_EVERY = 4
LOG_EVERY = 50
CHECKPOINT_SECONDS = 60.0


@dataclass(frozen=True)
class Art:
    """Every drawing of the concepts: 128x128 on white, its concept's and its style's number."""

    pictures: NDArray[np.uint8]
    concepts: NDArray[np.int64]
    styles: NDArray[np.int64]
    held: NDArray[np.bool_]

    def places(self) -> dict[tuple[int, int], int]:
        """Where the drawing of a concept in a style is."""
        found: dict[tuple[int, int], int] = {}
        for index in range(len(self.concepts)):
            found.setdefault((int(self.concepts[index]), int(self.styles[index])), index)
        return found


def styles_in_order() -> list[str]:
    """The base styles first."""
    rest = [art.style for art in ART if art.style not in BASE_STYLES]
    return [*BASE_STYLES, *rest]


def load_art(work: Path) -> tuple[Art, poses.Seconds]:
    """All drawings of our concepts in all styles, and the small second things."""
    order = styles_in_order()
    drawings = poses.base_drawings(work, tuple(order))
    number = {concept: i for i, concept in enumerate(CONCEPTS)}
    pictures, concepts, styles = [], [], []
    for (concept, style), rgba in drawings.items():
        pictures.append(render.on_white(rgba))
        concepts.append(number[concept])
        styles.append(order.index(style))
    held = np.zeros(len(concepts), bool)
    by_concept: dict[int, list[int]] = {}
    for i, (concept, style) in enumerate(zip(concepts, styles, strict=True)):
        if style >= len(BASE_STYLES):
            by_concept.setdefault(concept, []).append(i)
    for concept, places in by_concept.items():
        if concept % HELD_OUT_EVERY == 0 and len(places) > 1:
            held[places[(concept // HELD_OUT_EVERY) % len(places)]] = True
    art = Art(np.stack(pictures), np.array(concepts), np.array(styles), held)
    return art, poses.Seconds(drawings)


def roughen(x: Tensor, rng: np.random.Generator) -> Tensor:
    """Now and then a blur or noise, so that what matters is what is drawn and not how cleanly."""
    if rng.random() < BLUR_SHARE:
        x = functional.avg_pool2d(x, 3, 1, 1, count_include_pad=False)
    if rng.random() < BLUR_SHARE:
        x = x + torch.randn_like(x) * float(rng.uniform(0, 0.12))
    return x.clamp(-1, 1)


class Views:
    """Random views of the art with their labels."""

    def __init__(self, art: Art, seconds: poses.Seconds) -> None:
        self.art = art
        self.seconds = seconds
        self.places = art.places()
        self.order = styles_in_order()
        base = art.styles < len(BASE_STYLES)
        self.base = np.flatnonzero(base)
        self.other = np.flatnonzero(~base & ~art.held)
        self.subjects = {CONCEPTS.index(concept) for concept in SUBJECTS}
        self.added = [key(emoji) for emoji in ADDED]

    def batch(self, size: int, rng: np.random.Generator) -> tuple[Tensor, Tensor, Tensor]:
        """Pictures (n, 3, 64, 64), shares of the concepts (n, c), styles (n,)."""
        own = round(size * BASE_SHARE)
        chosen = np.concatenate([rng.choice(self.base, own), rng.choice(self.other, size - own)])
        pictures = self.art.pictures[chosen]
        goals = torch.zeros(size, len(CONCEPTS))
        for row, index in enumerate(chosen):
            concept, style = int(self.art.concepts[index]), self.order[int(self.art.styles[index])]
            goals[row, concept] = 1
            if concept not in self.subjects or rng.random() > PAIR_SHARE:
                continue
            second = self.added[int(rng.integers(len(self.added)))]
            place = CONCEPTS.index(second)
            if place != concept and self.seconds.has(second, style):
                pictures[row] = self.seconds.beside(pictures[row], second, style)
                goals[row, concept] = goals[row, place] = 0.5
        x = roughen(augment(to_float(pictures), rng), rng)
        return halve(x), goals, torch.from_numpy(self.art.styles[chosen])


@torch.no_grad()
def accuracy(model: Judge, art: Art, chosen: NDArray[np.int64]) -> dict[str, float]:
    """Shares of drawings whose concept comes first, or among five, and whose style comes first."""
    model.eval()
    first = five = style = 0
    for part in np.array_split(chosen, max(1, len(chosen) // 128)):
        concepts, styles = model(halve(to_float(art.pictures[part])))
        ranked = concepts.topk(5, 1).indices
        wanted = torch.from_numpy(art.concepts[part])[:, None]
        first += int((ranked[:, :1] == wanted).sum())
        five += int((ranked == wanted).sum())
        style += int((styles.argmax(1) == torch.from_numpy(art.styles[part])).sum())
    model.train()
    n = len(chosen)
    return {"top-1": first / n, "top-5": five / n, "style": style / n, "drawings": n}


def run(work: Path, minutes: float, seed: int, device: torch.device, piece: float = 0.0) -> None:
    """Train for ``minutes`` altogether into ``judge.pt``; its accuracy goes to ``judge.json``.

    At most ``piece`` seconds of them pass now (0: all).
    """
    torch.manual_seed(seed)
    art, seconds = load_art(work)
    views = Views(art, seconds)
    order = styles_in_order()
    model = Judge(len(CONCEPTS), len(order)).to(device)
    optimiser = torch.optim.AdamW(model.parameters(), LEARNING_RATE, weight_decay=0.02, fused=True)
    checkpoint = work / "judge.pt"
    state: dict[str, Any] = load_state(checkpoint) or {"step": 0, "seconds": 0.0}
    if "model" in state:
        model.load_state_dict(state["model"])
        if "optimiser" in state:
            optimiser.load_state_dict(state["optimiser"])
    step, clock = state["step"], Clock(state["seconds"])
    saved, losses = clock.seconds(), []

    def save() -> None:
        weights = {k: v.cpu() for k, v in model.state_dict().items()}
        named = {"concepts": list(CONCEPTS), "styles": order}
        save_training(checkpoint, optimiser, step, clock, model=weights, **named)

    model.train()
    end = saved + piece if piece else minutes * 60
    while clock.seconds() < end and (progress := clock.seconds() / (minutes * 60)) < 1:
        rng = np.random.default_rng((seed, 8, step))
        for group in optimiser.param_groups:
            group["lr"] = LEARNING_RATE * cosine(progress)
        x, goals, styles = views.batch(BATCH, rng)
        with torch.autocast(device.type, torch.bfloat16, enabled=device.type == "cuda"):
            concept, style = model(x.to(device))
        loss = functional.cross_entropy(concept.float(), goals.to(device), label_smoothing=0.05)
        loss = loss + 0.3 * functional.cross_entropy(style.float(), styles.to(device))
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        optimiser.step()
        step += 1
        losses.append(float(loss.detach()))
        if len(losses) == LOG_EVERY:
            log(work / "judge.log", step=step, seconds=clock.seconds(), loss=float(np.mean(losses)))
            losses = []
        if clock.seconds() - saved > CHECKPOINT_SECONDS:
            save()
            saved = clock.seconds()
    save()
    model.cpu()
    figures = {
        "held-out drawings of other styles": accuracy(model, art, np.flatnonzero(art.held)),
        "base drawings": accuracy(model, art, views.base),
    }
    (work / "judge.json").write_text(json.dumps(figures, indent=1), "utf-8")
    print(json.dumps(figures, indent=1), flush=True)
