"""Step ``unet``: train the denoiser and both text encoders, from scratch, together."""

from __future__ import annotations

from copy import deepcopy
from pathlib import Path
from typing import Any

import numpy as np
import torch
from diffusers.schedulers.scheduling_ddpm import DDPMScheduler
from torch import Tensor, nn

from recipes.starter import latents, manifest, nets, tokens
from recipes.starter.captions import Captioner, load_words
from recipes.starter.common import Clock, Turns, cosine, load_state, log, save_atomic, side_by_side
from recipes.starter.deck import LAST, Deck, Mix
from recipes.starter.render import SIZE

BATCH = 32
LEARNING_RATE = 1e-3
EMA = 0.996
POSES_FROM = 2.0
"""Progress at which mirrored and tilted drawings join. Beyond 1: never. Tried late in the
first run they cost more sharpness than the time left could win back; plain recall comes first."""

PAIRS_FROM, PAIRS = 2.0, 0.08
"""Progress at which two-thing pictures join, and their share; off for the same reason."""

LOG_EVERY = 25
CHECKPOINT_SECONDS = 120.0

SHARED_RATE = 0.6
"""Learning-rate factor of each worker where several update the same weights."""

SCHEDULE: dict[str, Any] = {
    "num_train_timesteps": 1000,
    "beta_start": 0.00085,
    "beta_end": 0.012,
    "beta_schedule": "scaled_linear",
    "prediction_type": "v_prediction",
    "timestep_spacing": "trailing",
    "rescale_betas_zero_snr": True,
}
"""SDXL's noise schedule, made to end in pure noise so that one step can start from it."""


class Painter(nn.Module):
    """The UNet with both text encoders, called the way the SDXL pipeline calls them."""

    def __init__(self) -> None:
        super().__init__()
        self.unet = nets.unet()
        self.text_1, self.text_2 = nets.text_encoders()

    def embed(self, ids: Tensor) -> tuple[Tensor, Tensor]:
        """Token ids (n, 32) to the sequence (n, 32, 256) and the pooled vector (n, 128)."""
        first = self.text_1(ids, output_hidden_states=True).hidden_states[-2]
        second = self.text_2(ids, output_hidden_states=True)
        return torch.cat([first, second.hidden_states[-2]], -1), second.text_embeds

    def forward(self, noisy: Tensor, timesteps: Tensor, ids: Tensor) -> Tensor:
        """The predicted velocity, shaped as ``noisy``."""
        sequence, pooled = self.embed(ids)
        time_ids = noisy.new_tensor([SIZE, SIZE, 0, 0, SIZE, SIZE]).expand(len(noisy), 6)
        added = {"text_embeds": pooled, "time_ids": time_ids}
        return self.unet(noisy, timesteps, sequence, added_cond_kwargs=added).sample


def signal_and_noise() -> tuple[Tensor, Tensor]:
    """Square roots of the schedule's cumulative alphas and their complements, (1000,)."""
    cumulative = DDPMScheduler(**SCHEDULE).alphas_cumprod.double()
    return cumulative.sqrt().float(), (1 - cumulative).sqrt().float()


def mix_at(progress: float) -> Mix:
    """What the batches hold at this point of the run."""
    return Mix(PAIRS if progress >= PAIRS_FROM else 0.0, progress >= POSES_FROM)


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


def run(work: Path, steps: int, seed: int, device: torch.device, workers: int = 1) -> None:
    """Train up to ``steps`` batches in total, going on from the last checkpoint."""
    torch.manual_seed(seed)
    model = Painter().to(device)
    state = load_state(work / "unet.pt") or {"step": 0, "seconds": 0.0}
    if "model" in state:
        model.load_state_dict(state["model"])
    if workers > 1:
        model.share_memory()
    turns = Turns(state["step"], steps)
    side_by_side(_train, workers, model, turns, work, seed, Clock(state["seconds"]), workers > 1)


def _train(
    rank: int,
    model: Painter,
    turns: Turns,
    work: Path,
    seed: int,
    clock: Clock,
    shared: bool,
) -> None:
    if rank:
        # transformers records hidden states by hooks that do not survive the way to a process.
        received, model = model, Painter()
        model.load_state_dict(received.state_dict(), assign=True)
    device = next(model.parameters()).device
    rows, data = latents.load(work)
    tokenizer = tokens.load(work)
    deck = Deck(rows, data, Captioner(load_words(manifest.load(work))))
    average = deepcopy(model).requires_grad_(False)
    optimiser = torch.optim.AdamW(
        model.parameters(), LEARNING_RATE, betas=(0.9, 0.99), weight_decay=0.01, fused=True
    )
    checkpoint = work / "unet.pt"
    state = load_state(checkpoint)
    if state is not None:
        average.load_state_dict(state["average"])
        optimiser.load_state_dict(state["optimiser"])
    saved = clock.seconds()
    signal, noise_level = signal_and_noise()
    sums, count = np.zeros(4), 0
    rate = LEARNING_RATE * (SHARED_RATE if shared else 1.0)
    model.train()
    while (step := turns.take()) is not None:
        progress = step / turns.total
        rng = np.random.default_rng((seed, 2, step))
        generator = torch.Generator().manual_seed(seed * 1_000_003 + step)
        for group in optimiser.param_groups:
            group["lr"] = rate * cosine(progress)
        x, captions, t, noise = deck.deal(BATCH, mix_at(progress), rng, generator)
        ids = tokenizer(
            captions, padding="max_length", truncation=True, return_tensors="pt"
        ).input_ids
        a, s = signal[t].view(-1, 1, 1, 1), noise_level[t].view(-1, 1, 1, 1)
        noisy, target = (a * x + s * noise).to(device), (a * noise - s * x).to(device)
        with torch.autocast(device.type, torch.bfloat16, enabled=device.type == "cuda"):
            predicted = model(noisy, t.to(device), ids.to(device))
        each = (predicted.float() - target).square().mean((1, 2, 3))
        optimiser.zero_grad(set_to_none=True)
        each.mean().backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()
        if rank:
            continue
        follow(average, model, step)
        first = (t == LAST).numpy()
        values = each.detach().cpu().numpy()
        sums += [values[first].sum(), first.sum(), values[~first].sum(), (~first).sum()]
        count += 1
        if count == LOG_EVERY:
            log(
                work / "unet.log",
                step=step,
                seconds=clock.seconds(),
                loss_at_noise=sums[0] / max(sums[1], 1),
                loss_later=sums[2] / max(sums[3], 1),
            )
            sums[:], count = 0, 0
        if clock.seconds() - saved > CHECKPOINT_SECONDS:
            _save(model, average, optimiser, step + 1, clock, checkpoint)
            saved = clock.seconds()
    if rank == 0:
        _save(model, average, optimiser, turns.total, clock, checkpoint)


def _save(
    model: Painter,
    average: Painter,
    optimiser: torch.optim.Optimizer,
    step: int,
    clock: Clock,
    path: Path,
) -> None:
    state = {
        "model": model.state_dict(),
        "average": average.state_dict(),
        "optimiser": optimiser.state_dict(),
        "step": step,
        "seconds": clock.seconds(),
    }
    save_atomic(state, path)
