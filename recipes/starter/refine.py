"""Step ``refine``: let the decoder see what the UNet really paints.

Few sampling steps leave a little noise in the latents, which a decoder that only ever saw clean
ones renders as cobblestones. Here half of each batch are latents the finished UNet painted, with
the drawing it was asked for as the goal; the rest is art as before, with more noise. Samples whose
nearest drawing is not the one asked for are left out: the decoder must not learn to correct *what*
is drawn.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from recipes.starter import codec, export, manifest, nets, poses
from recipes.starter.captions import STYLE_WORDS, load_words
from recipes.starter.common import (
    Clock,
    cosine,
    descend,
    load_state,
    log,
    save_atomic,
    save_training,
)
from recipes.starter.lpips import Lpips
from recipes.starter.sources import BASE_STYLES
from recipes.starter.train_vae import (
    CHECKPOINT_SECONDS,
    LOG_EVERY,
    augment,
    distances,
    measure,
    optimiser_of,
    split,
)

LEARNING_RATE = 8e-4
LATENT_NOISE = 0.25
STEPS = (4, 1)
"""Sampling steps of the painted examples, one round over all drawings each."""


@torch.no_grad()
def paint(
    work: Path, device: torch.device, painter: int, batch: int = 60
) -> tuple[Tensor, NDArray[np.uint8]]:
    """Latents of the pipeline's own pictures (n, 80, 8, 8) and the drawings (n, 128, 128, 3).

    They are kept for as long as ``painter``, the batches that the UNet has seen, is the same.
    """
    cache = work / "painted.pt"
    rows, pictures = poses.build(work, BASE_STYLES, everything=False)
    state = load_state(cache)
    if state is None or state.get("painter") != painter:
        pipe: Any = export.load_pipeline(work).to(device)
        words = load_words(manifest.load(work))
        known = codec.load(work).encode_bytes(pictures).flatten(1)
        found: list[Tensor] = []
        index: list[int] = []
        for turn, steps in enumerate(STEPS):
            for i in range(0, len(rows), batch):
                prompts = [
                    f"{words[p.concept].en[0]}, {STYLE_WORDS[p.style][0]}"
                    for p in rows[i : i + batch]
                ]
                seeds = [100_000 * (turn + 1) + i + k for k in range(len(prompts))]
                out: Any = pipe(
                    prompt=prompts,
                    num_inference_steps=steps,
                    guidance_scale=0.0,
                    height=128,
                    width=128,
                    generator=[torch.Generator().manual_seed(s) for s in seeds],
                    output_type="latent",
                )
                made = out.images.float().cpu()
                nearest = torch.cdist(made.flatten(1), known).argmin(1)
                for k, near in enumerate(nearest.tolist()):
                    if rows[near] == rows[i + k]:
                        found.append(made[k])
                        index.append(i + k)
        state = {"latents": torch.stack(found), "index": torch.tensor(index), "painter": painter}
        save_atomic(state, cache)
        print(f"refine: {len(found)} of {len(STEPS) * len(rows)} samples are right", flush=True)
    return state["latents"], pictures[state["index"].numpy()]


def run(work: Path, steps: int, seed: int, device: torch.device, minutes: float = 0.0) -> None:
    """Train the decoder ``steps`` more batches of four into ``vae-refined.pt``.

    Where the UNet has been trained on since, it begins anew with what it has. With ``minutes``
    the run also ends, its learning rate spent, after that long.
    """
    painter = int(torch.load(work / "unet.pt", weights_only=True, mmap=True)["step"])
    painted, goals = paint(work, device, painter)
    pictures, base, other, held = split(work)
    code = codec.load(work).to(device)
    model = nets.vae()
    first = load_state(work / "vae.pt")
    checkpoint = work / "vae-refined.pt"
    state = load_state(checkpoint)
    source = state or first
    if source is None:
        raise RuntimeError("train the decoder first: python -m recipes.starter vae")
    model.load_state_dict(source["model"])
    model.to(device, memory_format=torch.channels_last)  # pyright: ignore
    optimiser = optimiser_of(model)
    if "optimiser" in source:
        optimiser.load_state_dict(source["optimiser"])
    clock = Clock(state["seconds"] if state else 0.0)
    step = state["step"] if state and state.get("painter") == painter else 0
    perceptual = Lpips().to(device)
    held_pictures = codec.to_float(pictures[held[::8]]).to(device)
    base_pictures = codec.to_float(pictures[base[:: len(base) // 24]]).to(device)
    saved, sums, count = clock.seconds(), torch.zeros(2), 0

    def save() -> None:
        states = {"model": model.state_dict(), "painter": painter}
        save_training(checkpoint, optimiser, step, clock, **states)

    deadline = time.monotonic() + minutes * 60
    began = time.monotonic()
    while step < steps:
        progress = step / steps
        if minutes:
            progress = max(progress, (time.monotonic() - began) / (deadline - began))
            if progress >= 1:
                break
        rng = np.random.default_rng((seed, 4, step))
        for group in optimiser.param_groups:
            group["lr"] = LEARNING_RATE * cosine(progress, warmup=0.03)
        own = rng.choice(len(painted), 2)
        art = np.array([rng.choice(base), rng.choice(other)])
        drawn = augment(codec.to_float(pictures[art]).to(device), rng)
        level = torch.from_numpy(rng.random((2, 1, 1, 1), np.float32)).to(device) * LATENT_NOISE
        clean = code.encode(drawn)
        z = torch.cat([painted[own].to(device), clean + torch.randn_like(clean) * level])
        x = torch.cat([codec.to_float(goals[own]).to(device), drawn])
        x = x.contiguous(memory_format=torch.channels_last)
        loss, l1, distance = distances(model, perceptual, z, x, rng)
        descend(loss, optimiser)
        step += 1
        sums += torch.stack([l1, distance]).detach().cpu()
        count += 1
        if count == LOG_EVERY:
            mean = (sums / count).tolist()
            log(work / "refine.log", step=step, seconds=clock.seconds(), l1=mean[0], lpips=mean[1])
            sums, count = torch.zeros(2), 0
        if clock.seconds() - saved > CHECKPOINT_SECONDS:
            save()
            saved = clock.seconds()
    save()
    unseen, own_value = measure(model, code, held_pictures, base_pictures, work)
    log(work / "refine.log", step=step, psnr_held_out=unseen, psnr_base=own_value)
