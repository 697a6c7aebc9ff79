"""Step ``unet``: train the denoiser; the text encoders stay as ``layout.py`` left them."""

from __future__ import annotations

import time
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from recipes.starter import codec, graft, layout, lookup, nets, teach
from recipes.starter.batches import Batches, stream
from recipes.starter.common import (
    Clock,
    Turns,
    descend,
    load_state,
    log,
    save_training,
    side_by_side,
)
from recipes.starter.deck import LAST
from recipes.starter.render import SIZE
from recipes.starter.train_vae import augment

LEARNING_RATE = 1e-3
EMA = 0.996

TOLD = 0.5
"""Share of pictures whose tokens are completed so that they hold the picture whole: where to look
what up is learned from these, whether or not the text encoders know the drawing yet."""

REDRAWN = 0.5
"""Of those, the share mirrored, turned or moved: then there is nothing to learn by heart."""

OWN = 0.5
"""Share of the later steps' examples that the UNet lays out itself, as it does when it samples.
From a drawing under noise it learns to keep what it sees; what it sees there is its own first step,
whose errors it kept and added to: four steps were more mottled than one."""

OWN_FROM = 100
"""Timestep from which they are; below it, no sampler of a few steps comes by."""

PLACES_WEIGHT = 0.1
"""Of the compass (``lookup.py``), which is what makes looking up possible."""

PLANTED_AT = 300
"""The batch before which the lookup is set: the features know their places by then."""

DECAY_FROM = 0.55
"""Progress from which the learning rate falls, linearly, to ``FLOOR`` of itself."""
WARMUP_STEPS = 60
FLOOR = 0.03

LOG_EVERY = 25
CHECKPOINT_SECONDS = 120.0

SHARED_RATE = 0.6
"""Learning-rate factor of each worker where several update the same weights."""


@dataclass(frozen=True)
class Plan:
    """How a run goes.

    ``seconds`` is the training time altogether, over which the learning rate is spread; a piece of
    it ends after ``piece`` seconds (0: no limit). ``loaders`` processes make batches of ``batch``
    pictures. ``earlier`` is a model folder and its ``codec.pt`` that a new run begins as.
    """

    seconds: float
    piece: float = 0.0
    batch: int = 32
    workers: int = 1
    loaders: int = 0
    compiled: bool = False
    earlier: tuple[Path, Path] | None = None

    def rate(self) -> float:
        """The highest learning rate."""
        shared = SHARED_RATE if self.workers > 1 else 1.0
        return LEARNING_RATE * shared * (self.batch / 32) ** 0.25


class Painter(nn.Module):
    """The UNet with both text encoders, called the way the SDXL pipeline calls them."""

    def __init__(self) -> None:
        super().__init__()
        self.unet = nets.unet()
        self.text_1, self.text_2 = nets.text_encoders()

    def embed(self, ids: Tensor) -> tuple[Tensor, Tensor]:
        """Token ids (n, 88) to the sequence (n, 88, 256) and the pooled vector (n, 128)."""
        first = self.text_1(ids, output_hidden_states=True).hidden_states[-2]
        second = self.text_2(ids, output_hidden_states=True)
        return torch.cat([first, second.hidden_states[-2]], -1), second.text_embeds

    def forward(self, noisy: Tensor, timesteps: Tensor, ids: Tensor) -> Tensor:
        """The predicted velocity, shaped as ``noisy``."""
        return self.paint(noisy, timesteps, *self.embed(ids))

    def paint(self, noisy: Tensor, timesteps: Tensor, sequence: Tensor, pooled: Tensor) -> Tensor:
        """The same, from what the text encoders say."""
        time_ids = noisy.new_tensor([SIZE, SIZE, 0, 0, SIZE, SIZE]).expand(len(noisy), 6)
        added = {"text_embeds": pooled, "time_ids": time_ids}
        return self.unet(noisy, timesteps, sequence, added_cond_kwargs=added).sample


def rate_at(step: int, progress: float) -> float:
    """Learning-rate factor: a short rise, a plateau, a linear fall."""
    if progress > DECAY_FROM:
        fall = min((progress - DECAY_FROM) / (1 - DECAY_FROM), 1.0)
        return 1 - (1 - FLOOR) * fall
    return min((step + 1) / WARMUP_STEPS, 1.0)


@torch.no_grad()
def follow(average: nn.Module, model: nn.Module, step: int) -> None:
    """Move the running average of the weights towards the model's."""
    rate = 1 - min(EMA, (1 + step) / (10 + step))
    torch._foreach_lerp_(list(average.parameters()), list(model.parameters()), rate)  # pyright: ignore


def load_painter(work: Path, name: str = "unet.pt") -> Painter:
    """The averaged weights of a checkpoint, in evaluation mode."""
    painter = Painter()
    painter.load_state_dict(torch.load(work / name, weights_only=True)["average"])
    return painter.eval().requires_grad_(False)


def read_words(painter: Painter, words: teach.Pupils) -> None:
    """Take the text encoders as ``layout.py`` left them; the UNet's training leaves them alone."""
    for mine, theirs in ((painter.text_1, words.text_1), (painter.text_2, words.text_2)):
        mine.load_state_dict(theirs.state_dict())
        mine.requires_grad_(False)


def begin(work: Path, plan: Plan) -> Painter:
    """A painter that draws as an earlier model did where there is one."""
    model = Painter()
    if plan.earlier:
        read_words(model, layout.load(work)[0])  # what both read is compared
        graft.run(model, work, *plan.earlier)
    # Once called, transformers' models hold hooks that cannot be sent to a process.
    fresh = Painter()
    fresh.load_state_dict(model.state_dict())
    return fresh


def run(work: Path, plan: Plan, seed: int, device: torch.device) -> None:
    """Train from the last checkpoint on until the plan, or a piece of it, is done."""
    torch.manual_seed(seed)
    state = load_state(work / "unet.pt")
    if state is None:
        state, model = {"step": 0, "seconds": 0.0}, begin(work, plan)
    else:
        model = Painter()
        model.load_state_dict(state["model"])
    model.to(device)
    if plan.workers > 1:
        model.share_memory()
    turns = Turns(state["step"], 10**9)
    clock = Clock(state["seconds"])
    side_by_side(_train, plan.workers, model, turns, work, plan, seed, clock)


def _train(
    rank: int, model: Painter, turns: Turns, work: Path, plan: Plan, seed: int, clock: Clock
) -> None:
    if rank:
        # transformers records hidden states by hooks that do not survive the way to a process.
        received, model = model, Painter()
        model.load_state_dict(received.state_dict(), assign=True)
    device = next(model.parameters()).device
    batches = Batches(work, plan.batch, seed)
    code = batches.deck.code.to(device)
    words, reader = layout.load(work)
    reader.to(device).requires_grad_(False)
    read_words(model, words)
    compass = lookup.Compass(model.unet).to(device)
    average = deepcopy(model).requires_grad_(False)
    learning = [*model.unet.parameters(), *compass.parameters()]
    optimiser = torch.optim.AdamW(
        learning, plan.rate(), betas=(0.9, 0.99), weight_decay=0.01, fused=True
    )
    checkpoint = work / "unet.pt"
    state = load_state(checkpoint)
    first = 0
    if state is not None:
        first = state["step"]
        average.load_state_dict(state["average"])
        read_words(average, words)
        if "optimiser" in state:
            compass.load_state_dict(state["compass"])
            optimiser.load_state_dict(state["optimiser"])
    if plan.compiled:
        model.unet.compile()
    weights = layout.component_weights(code)
    levels = [level.to(device) for level in (batches.signal, batches.noise)]
    tally = Tally(work, clock)
    saved = clock.seconds()
    began = time.monotonic()

    def save(step: int) -> None:
        save_training(
            checkpoint,
            optimiser,
            step,
            clock,
            model=model.state_dict(),
            average=average.state_dict(),
            compass=compass.state_dict(),
        )

    model.train()
    for step, batch in stream(batches, turns, first, plan.loaders):
        progress = clock.seconds() / plan.seconds
        if progress >= 1 or (plan.piece and time.monotonic() - began > plan.piece):
            break
        for group in optimiser.param_groups:
            group["lr"] = plan.rate() * rate_at(step, progress)
        x, t, noise, start, ids = (part.to(device, non_blocking=True) for part in batch)
        told = round(TOLD * len(x))
        rng = np.random.default_rng((seed, 9, step))
        x = redrawn(x, round(REDRAWN * told), code, rng)
        own = torch.from_numpy(rng.random(len(x)) < OWN).to(device) & (t < LAST) & (t >= OWN_FROM)
        with torch.autocast(device.type, torch.bfloat16, enabled=device.type == "cuda"):
            with torch.no_grad():
                sequence, pooled = model.embed(ids)
                sequence[:told] = reader.completed(sequence[:told], x[:told])
                shown = x.clone()
                if own.any():
                    begun = (start[own], torch.full_like(t[own], LAST))
                    # Of pure noise, the velocity is the picture's negative.
                    shown[own] = -model.paint(*begun, sequence[own], pooled[own]).float()
            noisy, target, weight = noised(x, shown, noise, t, *levels)
            if step == PLANTED_AT and rank == 0:
                seen = (noisy, t, sequence, pooled)
                lookup.plant(model.unet, reader, lambda seen=seen: model.paint(*seen))
            predicted = model.paint(noisy, t, sequence, pooled)
        each = ((predicted.float() - target).square() * weights).mean((1, 2, 3)) * weight
        loss = each.mean() + PLACES_WEIGHT * compass.loss()
        descend(loss, optimiser)
        if rank:
            continue
        follow(average, model, step)
        tally.add(step, each.detach(), t)
        if clock.seconds() - saved > CHECKPOINT_SECONDS:
            save(step + 1)
            saved = clock.seconds()
    if rank == 0:
        save(turns.peek())


@torch.no_grad()
def redrawn(x: Tensor, count: int, code: codec.Codec, rng: np.random.Generator) -> Tensor:
    """``x`` with its first ``count`` pictures mirrored, turned or moved."""
    if not count:
        return x
    other = code.encode(augment(code.decode(x[:count]).clamp(-1, 1), rng))
    return torch.cat([other, x[count:]])


def noised(
    x: Tensor, shown: Tensor, noise: Tensor, timesteps: Tensor, signal: Tensor, level: Tensor
) -> tuple[Tensor, Tensor, Tensor]:
    """What the UNet sees, ``shown`` under noise, and the velocity from there to ``x``.

    Also what each example's squared error weighs, (n,): where ``shown`` is not ``x``, the share of
    the noise, since the velocity to another picture grows without bound as that falls.
    """
    a, s = signal[timesteps].view(-1, 1, 1, 1), level[timesteps].view(-1, 1, 1, 1)
    noisy = a * shown + s * noise
    other = (shown != x).flatten(1).any(1)
    weight = torch.where(other, level[timesteps].square(), 1.0)
    velocity = torch.where(other.view(-1, 1, 1, 1), (a * noisy - x) / s, a * noise - s * x)
    return noisy, velocity, weight


class Tally:
    """Logs the mean losses, at pure noise and later, of every few batches."""

    def __init__(self, work: Path, clock: Clock) -> None:
        self._path = work / "unet.log"
        self._clock = clock
        self._losses: list[Tensor] = []
        self._first: list[Tensor] = []

    def add(self, step: int, losses: Tensor, timesteps: Tensor) -> None:
        """Count one batch's losses (n,); nothing waits for the device but the logging itself."""
        self._losses.append(losses)
        self._first.append(timesteps == LAST)
        if len(self._losses) < LOG_EVERY:
            return
        losses, first = torch.cat(self._losses), torch.cat(self._first)
        log(
            self._path,
            step=step,
            seconds=self._clock.seconds(),
            loss_at_noise=float(losses[first].mean()),
            loss_later=float(losses[~first].mean()),
        )
        self._losses, self._first = [], []
