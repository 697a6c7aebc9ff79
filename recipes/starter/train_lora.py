"""Step ``lora``: teach the finished base model one more style, as a small file of its own."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from peft import LoraConfig, get_peft_model_state_dict, set_peft_model_state_dict
from safetensors.torch import save_file

from recipes.starter import codec, manifest, poses, tokens
from recipes.starter.batches import signal_and_noise
from recipes.starter.captions import Captioner, load_words
from recipes.starter.common import Clock, cosine, descend, load_state, log, save_training
from recipes.starter.deck import Deck, Mix
from recipes.starter.poses import Seconds
from recipes.starter.sources import ART
from recipes.starter.train_unet import load_painter

RANK = 16
BATCH = 32
LEARNING_RATE = 2e-3
TARGETS = (
    "to_q",
    "to_k",
    "to_v",
    "to_out.0",
    "ff.net.0.proj",
    "ff.net.2",
    "proj_in",
    "proj_out",
)
"""The linear layers of every transformer block; convolutions stay as they are."""

CHECKPOINT_SECONDS = 90.0


@dataclass(frozen=True)
class Style:
    """One LoRA to make: the art it learns from and what its card says."""

    name: str
    art: str
    title: str
    title_zh_hant: str
    trigger: str
    licence: str
    attribution: str
    weight: float = 1.0


STYLES: tuple[Style, ...] = (
    Style(
        "blob",
        "noto-v1",
        "Blob",
        "軟糖",
        "blob style",
        "Apache-2.0",
        "Trained on Noto Emoji of 2017 (the blobs) by Google, Apache-2.0",
        weight=0.7,
    ),
)


def header(style: Style, steps: int) -> dict[str, str]:
    """What the file says about itself, in the names other tools read."""
    return {
        "format": "pt",
        "modelspec.sai_model_spec": "1.0.0",
        "modelspec.architecture": "stable-diffusion-xl-v1-base/lora",
        "modelspec.title": style.title,
        "modelspec.trigger_phrase": style.trigger,
        "modelspec.license": style.licence,
        "modelspec.description": style.attribution,
        "ss_network_module": "networks.lora",
        "ss_network_dim": str(RANK),
        "ss_network_alpha": str(RANK),
        "ss_base_model_version": "starter",
        "ss_sd_model_name": "starter",
        "ss_steps": str(steps),
    }


def card(style: Style) -> dict[str, object]:
    """The LoRA's card, beside its file."""
    return {
        "name": style.name,
        "title": style.title,
        "title_zh_hant": style.title_zh_hant,
        "base_model": "starter",
        "trigger": style.trigger,
        "licence": style.licence,
        "attribution": style.attribution,
        "recommended_weight": style.weight,
        "preview": f"{style.name}.webp",
    }


def run(
    work: Path, style: Style, target: Path, steps: int, seed: int, device: torch.device
) -> None:
    """Train ``steps`` batches and write ``NAME.safetensors`` and ``NAME.json`` into ``target``."""
    assert any(art.style == style.art and art.licence == style.licence for art in ART)
    rows, pictures = poses.build(work, (style.art,), everything=False)
    code = codec.load(work)
    seconds = Seconds(poses.base_drawings(work, (style.art,)))
    words = Captioner(load_words(manifest.load(work)))
    deck = Deck(rows, code.encode_bytes(pictures), pictures, seconds, code, words)
    tokenizer = tokens.load(work)
    torch.manual_seed(seed)
    painter = load_painter(work).to(device)
    painter.unet.add_adapter(
        LoraConfig(r=RANK, lora_alpha=RANK, target_modules=list(TARGETS), init_lora_weights=True)
    )
    parameters = [p for p in painter.unet.parameters() if p.requires_grad]
    optimiser = torch.optim.AdamW(parameters, LEARNING_RATE, betas=(0.9, 0.99), weight_decay=0.0)
    checkpoint = work / f"lora-{style.name}.pt"
    step, before = 0, 0.0
    state = load_state(checkpoint)
    if state is not None:
        set_peft_model_state_dict(painter.unet, state["lora"])
        optimiser.load_state_dict(state["optimiser"])
        step, before = state["step"], state["seconds"]
    clock = Clock(before)
    saved = clock.seconds()
    signal, noise_level = signal_and_noise()
    losses: list[float] = []
    while step < steps:
        rng = np.random.default_rng((seed, 3, step))
        generator = torch.Generator().manual_seed(seed * 1_000_003 + step)
        for group in optimiser.param_groups:
            group["lr"] = LEARNING_RATE * cosine(step / steps)
        x, captions, t, noise = deck.deal(
            BATCH, Mix(0.0, 0.0, poses=False), rng, generator, worded=0.0
        )
        captions = [
            f"{caption}, {style.trigger}" if rng.random() < 0.5 else caption for caption in captions
        ]
        ids = tokenizer(
            captions, padding="max_length", truncation=True, return_tensors="pt"
        ).input_ids
        a, s = signal[t].view(-1, 1, 1, 1), noise_level[t].view(-1, 1, 1, 1)
        noisy, target_v = (a * x + s * noise).to(device), (a * noise - s * x).to(device)
        loss = (painter(noisy, t.to(device), ids.to(device)) - target_v).square().mean()
        descend(loss, optimiser)
        step += 1
        losses.append(float(loss.detach()))
        if step % 25 == 0:
            mean = float(np.mean(losses))
            log(work / "lora.log", lora=style.name, step=step, seconds=clock.seconds(), loss=mean)
            losses.clear()
        if step == steps or clock.seconds() - saved > CHECKPOINT_SECONDS:
            lora = get_peft_model_state_dict(painter.unet)
            save_training(checkpoint, optimiser, step, clock, lora=lora)
            saved = clock.seconds()
    save(painter.unet, style, target, steps)


def save(unet: torch.nn.Module, style: Style, target: Path, steps: int) -> None:
    """Write the file stock ``load_lora_weights`` reads, fp16, and the card."""
    target.mkdir(parents=True, exist_ok=True)
    weights = {
        f"unet.{key}": value.detach().to(torch.float16).contiguous().cpu()
        for key, value in get_peft_model_state_dict(unet).items()
    }
    partial = target / f"{style.name}.safetensors.partial"
    save_file(weights, partial, metadata=header(style, steps))
    partial.rename(target / f"{style.name}.safetensors")
    text = json.dumps(card(style), ensure_ascii=False, indent=2)
    (target / f"{style.name}.json").write_text(text + "\n", "utf-8")
