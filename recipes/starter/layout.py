"""Step ``layout``: the text encoders also learn where what lies in a picture.

A UNet of convolutions is a slow pupil: it has to find out by itself which drawing a vector of words
stands for, and at 0.6 billion multiplications a picture. The padding after a prompt is sixteen
tokens or more that nothing is done with, though every one of them sees the whole prompt. Here they
are taught to hold the drawing: each of the last sixteen, read by one linear map, gives the latents
of its sixteenth of the picture. Measured on the same machine, the encoders reach in two minutes of
a core what the UNet alone needed an hour for; the UNet then only has to look up, place by place,
what is written there, which is the same for every drawing. The map is not shipped.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from recipes.starter import codec, nets, teach
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

PLACES = 16
"""Tokens at the end of a prompt that hold the picture, a sixteenth each."""

BATCH = 32
LEARNING_RATE = 2e-3

TAUGHT, TAUGHT_EVERY, TAUGHT_WEIGHT = 64, 8, 0.4
"""Texts of the teacher's, in every eighth batch, and what they weigh."""

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
        self.read = nn.Linear(sum(nets.TEXT_WIDTHS), 4 * nets.LATENT_CHANNELS)

    def forward(self, sequence: Tensor) -> Tensor:
        """Token vectors (n, 32, 256) to latents (n, 80, 8, 8)."""
        patches = self.read(sequence[:, -PLACES:]).unflatten(1, (4, 4)).unflatten(3, (2, 2, -1))
        return patches.permute(0, 5, 1, 3, 2, 4).flatten(4, 5).flatten(2, 3)

    @torch.no_grad()
    def completed(self, sequence: Tensor, latents: Tensor) -> Tensor:
        """``sequence``, its last tokens moved as little as needed for the map to read ``latents``.

        The map is not one to one, so a little is left over; ridge keeps the tokens plausible.
        """
        weight = self.read.weight.float()
        square = weight.T @ weight
        ridge = RIDGE * square.diagonal().mean() * torch.eye(len(square), device=weight.device)
        inverse = torch.linalg.solve(square + ridge, weight.T)
        missing = (latents - self(sequence.float())).unflatten(3, (4, 2)).unflatten(2, (4, 2))
        blocks = missing.permute(0, 2, 4, 3, 5, 1).flatten(3, 5).flatten(1, 2)
        moved = sequence.float().clone()
        moved[:, -PLACES:] += blocks @ inverse.T
        return moved.to(sequence.dtype)


def sequence_of(model: Any, ids: Tensor) -> Tensor:
    """What the UNet reads: the layer before the last of both encoders, (n, 32, 256)."""
    first = model.text_1(ids, output_hidden_states=True).hidden_states[-2]
    second = model.text_2(ids, output_hidden_states=True).hidden_states[-2]
    return torch.cat([first, second], -1)


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
    lessons = teach.Lessons(work, seed, torch.device("cpu"), pupils.head)
    weights = component_weights(batches.deck.code)
    both = nn.ModuleList([pupils, reader])
    optimiser = torch.optim.AdamW(
        both.parameters(), LEARNING_RATE, betas=(0.9, 0.99), weight_decay=0.01, fused=True
    )
    checkpoint = work / "layout.pt"
    state = load_state(checkpoint)
    if state is not None and "optimiser" in state:
        optimiser.load_state_dict(state["optimiser"])
    saved = clock.seconds()
    end = saved + piece if piece else float("inf")
    losses: list[float] = []

    def save() -> None:
        states = {"model": pupils.state_dict(), "reader": reader.state_dict()}
        save_training(checkpoint, optimiser, turns.peek(), clock, **states)

    while clock.seconds() < end and (step := turns.take()) is not None:
        for group in optimiser.param_groups:
            group["lr"] = LEARNING_RATE * cosine(step / turns.total)
        x, ids = batches.drawn(step)
        picture = ((reader(sequence_of(pupils, ids)) - x).square() * weights).mean()
        loss = picture
        if step % TAUGHT_EVERY == 0:
            meaning = lessons.loss(pupils, np.random.default_rng((seed, 10, step)), TAUGHT)
            loss = loss + TAUGHT_WEIGHT * meaning
        descend(loss, optimiser)
        if rank:
            continue
        losses.append(float(picture.detach()))
        if len(losses) == LOG_EVERY:
            mean = float(np.mean(losses))
            log(work / "layout.log", step=step, seconds=clock.seconds(), picture=mean)
            losses = []
        if clock.seconds() - saved > CHECKPOINT_SECONDS:
            save()
            saved = clock.seconds()
    if rank == 0:
        save()
