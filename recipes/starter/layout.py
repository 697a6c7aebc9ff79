"""Step ``layout``: the text encoders learn what lies where in the picture a prompt stands for.

A UNet of convolutions is a slow pupil: it has to find out by itself which drawing a vector of words
stands for, at many times the cost. The padding behind a prompt is tokens that nothing is done with,
though every one of them sees the whole prompt. Here they are taught to hold the drawing: one token
for each place of the latents' grid, which one linear map reads. Measured on one core, 6,500
captions brought the share of the drawings' variance that it explains from nothing to 0.38; the UNet
alone needed an hour for that. The UNet then only has to look up, place by place, what is written
there (``lookup.py``), which is the same for every drawing. The map is not shipped.

A token also says which place it holds, in its last numbers: those are not learned, but kept free
for that.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from recipes.starter import codec, nets, recognise, teach
from recipes.starter.batches import Batches
from recipes.starter.common import (
    Clock,
    Turns,
    cosine,
    descend,
    load_state,
    log,
    save_training,
    side_by_side,
)
from recipes.starter.muon import MuonAdamW

SIDE = nets.LATENT_SIDE
PLACES = SIDE * SIDE
"""Tokens at the end of a prompt that hold the picture, one for each place of the latents' grid."""

MARKED = 2 * SIDE
"""Of a token's vector, the last numbers, which say its row and its column."""

BATCH = 32
LEARNING_RATE = 2.5e-3
FLOOR = 0.05

TAUGHT, TAUGHT_EVERY, TAUGHT_WEIGHT = 64, 4, 0.3
"""Texts of the teacher's, in every fourth batch, and what they weigh."""

NAMED, NAMED_WEIGHT = 128, 0.05
"""Texts of each batch whose concept is asked for (``recognise.py``), and what they weigh."""

READ_UNTIL = 2000
"""Batches after which the map that reads the tokens is held: a UNet that knows it then still
understands the tokens of encoders that were trained on."""

LOG_EVERY = 50
CHECKPOINT_SECONDS = 90.0

RIDGE = 0.02

COARSE = 0.8
"""Power of a component's deviation by which its error weighs more: layout and large areas of colour
are learned first, and pixels count a little more than the whitened code alone would have it."""


def component_weights(code: codec.Codec) -> Tensor:
    """What each component's squared error weighs, (1, 80, 1, 1); pure noise costs 1 altogether."""
    deviation = code.scale ** (-1 / codec.WHITENING)
    variance = (deviation * code.scale).square()
    weights = deviation**COARSE
    weights = weights * variance.sum() / (weights * variance).sum()
    return weights.view(1, -1, 1, 1)


class Reader(nn.Module):
    """The linear map from the last tokens' vectors to latents."""

    def __init__(self) -> None:
        super().__init__()
        self.read = nn.Linear(sum(nets.TEXT_WIDTHS) - MARKED, nets.LATENT_CHANNELS)

    def forward(self, sequence: Tensor) -> Tensor:
        """Token vectors (n, 88, 256) to latents (n, 80, 8, 8)."""
        patches = self.read(sequence[:, -PLACES:, :-MARKED])
        return patches.mT.unflatten(2, (SIDE, SIDE))

    @torch.no_grad()
    def completed(self, sequence: Tensor, latents: Tensor) -> Tensor:
        """``sequence``, its last tokens moved as little as the map needs to read ``latents``."""
        weight = self.read.weight.float()
        square = weight @ weight.T
        ridge = RIDGE * square.diagonal().mean() * torch.eye(len(square), device=weight.device)
        missing = (latents - self(sequence.float())).flatten(2).mT
        moved = sequence.float().clone()
        moved[:, -PLACES:, :-MARKED] += missing @ torch.linalg.solve(square + ridge, weight)
        return moved.to(sequence.dtype)


def marks() -> Tensor:
    """What the last numbers of all tokens should be, (88, 16): zeros where no place is."""
    eye = torch.eye(SIDE)
    places = torch.cat([eye.repeat_interleave(SIDE, 0), eye.repeat(SIDE, 1)], 1)
    return torch.cat([torch.zeros(nets.TOKENS - PLACES, MARKED), places])


@torch.no_grad()
def hold_marks(pupils: teach.Pupils) -> None:
    """Keep the second encoder's last numbers for the marks: its table alone writes them."""
    body: Any = pupils.text_2.text_model
    body.embeddings.token_embedding.weight[:, -MARKED:] = 0
    body.embeddings.position_embedding.weight[:, -MARKED:] = marks()
    for layer in body.encoder.layers[:-1]:
        for last in (layer.self_attn.out_proj, layer.mlp.fc2):
            last.weight[-MARKED:] = 0
            last.bias[-MARKED:] = 0


def sequence_of(model: Any, ids: Tensor) -> Tensor:
    """What the UNet reads: the layer before the last of both encoders, (n, 88, 256)."""
    encoders = zip((model.text_1, model.text_2), nets.TEXT_LAYERS, strict=True)
    return torch.cat([nets.hidden(encoder, ids, n - 1) for encoder, n in encoders], -1)


def load(work: Path) -> tuple[teach.Pupils, Reader]:
    """The text encoders and the map that reads them."""
    state = torch.load(work / "layout.pt", weights_only=True)
    pupils, reader = teach.Pupils(), Reader()
    pupils.load_state_dict(state["model"])
    reader.load_state_dict(state["reader"])
    return pupils, reader


def run(work: Path, steps: int, seed: int, workers: int = 1, piece: float = 0.0) -> None:
    """Train up to ``steps`` batches in total into ``layout.pt``; it begins as ``text.pt``."""
    torch.manual_seed(seed)
    state = load_state(work / "layout.pt")
    if state is None:
        state, pupils, reader = {"step": 0, "seconds": 0.0}, teach.load(work), Reader()
        recognise.begin(pupils)
    else:
        pupils, reader = load(work)
    for module in (pupils, reader):
        if workers > 1:
            module.share_memory()
    turns = Turns(state["step"], steps)
    clock = Clock(state["seconds"])
    side_by_side(_train, workers, pupils, reader, turns, work, seed, clock, piece)


def _train(
    rank: int,
    pupils: teach.Pupils,
    reader: Reader,
    turns: Turns,
    work: Path,
    seed: int,
    clock: Clock,
    piece: float,
) -> None:
    if rank:
        received, pupils = pupils, teach.Pupils()
        pupils.load_state_dict(received.state_dict(), assign=True)
    batches = Batches(work, BATCH, seed + 1)
    lessons, namings = teach.Lessons(work, seed), recognise.Namings.load(work)
    weights = component_weights(batches.deck.code)
    optimiser = MuonAdamW(nn.ModuleList([pupils, reader]), LEARNING_RATE)
    checkpoint = work / "layout.pt"
    state = load_state(checkpoint)
    if state is not None and "optimiser" in state:
        optimiser.load_state_dict(state["optimiser"])
    saved = clock.seconds()
    end = saved + piece if piece else float("inf")
    losses: list[tuple[float, float]] = []
    hold_marks(pupils)

    def save() -> None:
        states = {"model": pupils.state_dict(), "reader": reader.state_dict()}
        save_training(checkpoint, optimiser, turns.peek(), clock, **states)

    while clock.seconds() < end and (step := turns.take()) is not None:
        for group in optimiser.param_groups:
            group["lr"] = LEARNING_RATE * cosine(step / turns.total, floor=FLOOR)
        reader.requires_grad_(step < READ_UNTIL)
        x, ids = batches.drawn(step)
        picture = ((reader(sequence_of(pupils, ids)) - x).square() * weights).mean()
        rng = np.random.default_rng((seed, 10, step))
        texts, shares = namings.deal(NAMED, rng)
        named = recognise.loss(pupils, batches.ids(texts, "longest"), shares)
        loss = picture + NAMED_WEIGHT * named
        if step % TAUGHT_EVERY == 0:
            loss = loss + TAUGHT_WEIGHT * lessons.loss(pupils, rng, TAUGHT)
        descend(loss, optimiser)
        hold_marks(pupils)
        if rank:
            continue
        losses.append((float(picture.detach()), float(named.detach())))
        if len(losses) == LOG_EVERY:
            picture, named = map(float, np.mean(losses, 0))
            log(
                work / "layout.log",
                step=step,
                seconds=clock.seconds(),
                picture=picture,
                named=named,
            )
            losses = []
        if clock.seconds() - saved > CHECKPOINT_SECONDS:
            save()
            saved = clock.seconds()
    if rank == 0:
        save()
