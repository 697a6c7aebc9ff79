"""Step ``vae``: train the decoder on all the art, the base model's own drawings most of all.

The encoder is not trained: ``encoder.py`` sets it so that it computes the code of ``codec.py``.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import torch
from diffusers.models.autoencoders.autoencoder_kl import AutoencoderKL
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from recipes.starter import codec, encoder, graft, manifest, nets, render, sheet
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
from recipes.starter.concepts import CONCEPTS
from recipes.starter.lpips import Lpips
from recipes.starter.sources import BASE_STYLES

BATCH = 4
"""Small: with so few steps to spend, more of them teach more than larger ones."""
LEARNING_RATE = 2e-3
EDGE_WEIGHT = 0.5
LPIPS_WEIGHT, LPIPS_SHARE = 0.24, 0.33
"""Weight of the perceptual distance, and in which share of the steps it is computed."""

LATENT_NOISE = 0.12
"""Largest noise added to the latents (deviation 1): the UNet's errors should not show."""

BASE_SHARE = 0.75
"""Share of each batch drawn from the base model's own drawings."""

REFINED = 0.75
"""How far the shipped decoder goes from the one trained on drawings to the one refined on what the
UNet paints: all the way costs 1.0 dB on drawings, three quarters 0.6, and look the same."""

HELD_OUT_EVERY = 40
"""Of the drawings outside the base, each fortieth is never trained on and measures the PSNR."""

LOG_EVERY = 40
CHECKPOINT_SECONDS = 150.0


def augment(pictures: Tensor, rng: np.random.Generator) -> Tensor:
    """Mirror, tilt, scale and move pictures in [-1, 1] a little; what comes in is white.

    The work is done where the pictures are.
    """
    n = len(pictures)
    angle = rng.normal(0, 0.12, n) * (rng.random(n) < 0.2)
    scale = np.exp(rng.normal(0, 0.15, n) * (rng.random(n) < 0.2))
    mirror = np.where(rng.random(n) < 0.5, -1.0, 1.0)
    theta = np.zeros((n, 2, 3), np.float32)
    theta[:, 0, 0] = np.cos(angle) * scale * mirror
    theta[:, 0, 1] = -np.sin(angle) * scale
    theta[:, 1, 0] = np.sin(angle) * scale * mirror
    theta[:, 1, 1] = np.cos(angle) * scale
    theta[:, :, 2] = rng.normal(0, 0.05, (n, 2)) * (rng.random((n, 1)) < 0.2)
    grid = functional.affine_grid(
        torch.from_numpy(theta).to(pictures.device), list(pictures.shape), align_corners=False
    )
    # Shifted so that the sampler's zero padding is white.
    return (
        functional.grid_sample(pictures - 1, grid, mode="bicubic", align_corners=False).clamp(-2, 0)
        + 1
    )


def edges(x: Tensor) -> tuple[Tensor, Tensor]:
    """Differences to the right and lower neighbour."""
    return x[..., :, 1:] - x[..., :, :-1], x[..., 1:, :] - x[..., :-1, :]


def decoded(model: Any, latents: Tensor) -> Tensor:
    """Latents (n, 80, 8, 8) to pictures (n, 3, 128, 128)."""
    return model.decode(latents).sample


def optimiser_of(model: Any) -> torch.optim.Optimizer:
    """Of the decoder alone; every step says its learning rate."""
    trained = [*model.post_quant_conv.parameters(), *model.decoder.parameters()]
    return torch.optim.AdamW(
        trained, LEARNING_RATE, betas=(0.9, 0.99), weight_decay=1e-3, fused=True
    )


def distances(
    model: Any, perceptual: Lpips, latents: Tensor, goals: Tensor, rng: np.random.Generator
) -> tuple[Tensor, Tensor, Tensor]:
    """How far the decoded ``latents`` are from the pictures ``goals``.

    Returns:
        The loss, and of what makes it up the mean absolute difference and the perceptual distance,
        which is computed in LPIPS_SHARE of the steps and 0 in the others.
    """
    with torch.autocast(goals.device.type, torch.bfloat16):
        made = decoded(model, latents)
        seen = rng.random() < LPIPS_SHARE
        perceived = perceptual(made, goals).float() if seen else goals.new_zeros(())
    made = made.float()
    l1 = (made - goals).abs().mean()
    edge = sum((a - b).abs().mean() for a, b in zip(edges(made), edges(goals), strict=True))
    return l1 + EDGE_WEIGHT * edge + LPIPS_WEIGHT * perceived, l1, perceived


def psnr(a: Tensor, b: Tensor) -> float:
    """Decibels over pictures in [-1, 1], each picture's own value averaged."""
    mse = ((a.clamp(-1, 1) - b) / 2).square().flatten(1).mean(1)
    return float((-10 * torch.log10(mse + 1e-10)).mean())


@torch.no_grad()
def measure(
    model: AutoencoderKL, code: codec.Codec, held: Tensor, base: Tensor, out: Path
) -> tuple[float, float]:
    """PSNR on unseen and on base drawings; a sheet of originals over reconstructions."""
    model.eval()
    values: list[float] = []
    for pictures, name in ((held, "held"), (base, "base")):
        again = torch.cat([decoded(model, code.encode(p)) for p in pictures.split(16)])
        values.append(psnr(again, pictures))
        sheet.save([*pictures[:12], *again[:12]], 12, out / f"vae-{name}.webp")
    model.train()
    return values[0], values[1]


def split(work: Path) -> tuple[NDArray[np.uint8], NDArray[np.int64], list[int], list[int]]:
    """Pictures on white, and the indices of base, other and held-out drawings."""
    drawings = manifest.load(work)
    pictures = render.load_white(work)
    wanted = set(CONCEPTS)
    base = [i for i, d in enumerate(drawings) if d.style in BASE_STYLES and d.concept in wanted]
    rest = sorted(set(range(len(drawings))) - set(base))
    held = rest[::HELD_OUT_EVERY]
    other = sorted(set(rest) - set(held))
    return pictures, np.array(base), other, held


def run(
    work: Path,
    steps: int,
    seed: int,
    device: torch.device,
    workers: int = 1,
    earlier: tuple[Path, Path] | None = None,
    batch: int = BATCH,
    piece: float = 0.0,
) -> None:
    """Train up to ``steps`` batches in total, going on from the last checkpoint.

    ``earlier`` is a model folder and its ``codec.pt`` whose decoder a new run begins as. The run
    ends after ``piece`` seconds (0: no limit).
    """
    torch.manual_seed(seed)
    model = nets.vae().to(device, memory_format=torch.channels_last)  # pyright: ignore
    state = load_state(work / "vae.pt") or {"step": 0, "seconds": 0.0}
    if "model" in state:
        model.load_state_dict(state["model"])
    elif earlier:
        graft.decoder(model, work, *earlier)
    if workers > 1:
        model.share_memory()
    turns = Turns(state["step"], steps)
    side_by_side(_train, workers, model, turns, work, seed, Clock(state["seconds"]), batch, piece)


def _train(
    rank: int,
    model: AutoencoderKL,
    turns: Turns,
    work: Path,
    seed: int,
    clock: Clock,
    batch: int,
    piece: float,
) -> None:
    device = model.device
    pictures, base, other, held = split(work)
    code = codec.load(work).to(device)
    perceptual = Lpips().to(device)
    optimiser = optimiser_of(model)
    checkpoint = work / "vae.pt"
    state = load_state(checkpoint)
    if state is not None and "optimiser" in state:
        optimiser.load_state_dict(state["optimiser"])
    saved = clock.seconds()
    end = saved + piece if piece else math.inf
    held_pictures = codec.to_float(pictures[held[::8]]).to(device)
    base_pictures = codec.to_float(pictures[base[:: len(base) // 24]]).to(device)
    sums, count = torch.zeros(2), 0
    while clock.seconds() < end and (step := turns.take()) is not None:
        rng = np.random.default_rng((seed, 1, step))
        for group in optimiser.param_groups:
            group["lr"] = LEARNING_RATE * cosine(step / turns.total)
        own = round(batch * BASE_SHARE)
        chosen = np.concatenate([rng.choice(base, own), rng.choice(other, batch - own)])
        x = augment(codec.to_float(pictures[chosen]).to(device), rng)
        x = x.contiguous(memory_format=torch.channels_last)
        z = code.encode(x)
        level = torch.from_numpy(rng.random((batch, 1, 1, 1), np.float32)).to(device)
        z = z + torch.randn_like(z) * level * LATENT_NOISE
        loss, l1, distance = distances(model, perceptual, z, x, rng)
        descend(loss, optimiser)
        if rank:
            continue
        sums += torch.stack([l1, distance]).detach().cpu()
        count += 1
        if count == LOG_EVERY:
            mean = (sums / count).tolist()
            sums.zero_()
            count = 0
            log(
                work / "vae.log",
                step=step,
                seconds=clock.seconds(),
                l1=mean[0],
                lpips=mean[1] / LPIPS_SHARE,
            )
            if math.isnan(mean[0]):
                raise RuntimeError("the loss is not a number any more")
        if clock.seconds() - saved > CHECKPOINT_SECONDS:
            save_training(checkpoint, optimiser, step + 1, clock, model=model.state_dict())
            unseen, own_value = measure(model, code, held_pictures, base_pictures, work)
            log(work / "vae.log", step=step, psnr_held_out=unseen, psnr_base=own_value)
            saved = clock.seconds()
    if rank == 0:
        step = turns.peek()
        save_training(checkpoint, optimiser, step, clock, model=model.state_dict())
        unseen, own_value = measure(model, code, held_pictures, base_pictures, work)
        log(work / "vae.log", step=step, psnr_held_out=unseen, psnr_base=own_value)


def load_vae(work: Path) -> AutoencoderKL:
    """The decoder, refined where it has been, with the encoder worked out for it."""
    model = nets.vae()
    weights = torch.load(work / "vae.pt", weights_only=True)["model"]
    if (work / "vae-refined.pt").exists():
        refined = torch.load(work / "vae-refined.pt", weights_only=True)["model"]
        weights = {name: torch.lerp(weights[name], refined[name], REFINED) for name in weights}
    model.load_state_dict(weights)
    pictures, base, _, _ = split(work)
    encoder.write(model, codec.load(work), codec.to_float(pictures[base]))
    return model.eval().requires_grad_(False)
