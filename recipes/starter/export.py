"""Step ``export``: the trained parts as a stock diffusers folder, with its card."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import torch
from diffusers.models.autoencoders.autoencoder_kl import AutoencoderKL
from diffusers.pipelines.stable_diffusion_xl.pipeline_stable_diffusion_xl import (
    StableDiffusionXLPipeline,
)
from diffusers.schedulers.scheduling_euler_ancestral_discrete import EulerAncestralDiscreteScheduler

from recipes.starter import manifest, nets, tokens
from recipes.starter.batches import SCHEDULE
from recipes.starter.captions import STYLE_WORDS, TRIGGER, load_words, moods
from recipes.starter.painting import STEPS
from recipes.starter.render import SIZE
from recipes.starter.train_unet import Painter, load_painter
from recipes.starter.train_vae import load_vae

EXAMPLES = (
    "otter",
    "I love you, otter, dm-sticker",
    "happy birthday",
    "pizza, flat",
    "cat face, soft",
    "rainbow",
    "晚安",
    "謝謝",
    "水獺",
    "生日快樂",
)

LICENCE_TEXT = (
    "MIT, like the program. The weights were trained from nothing by this project on openly "
    "licensed drawings: Noto Emoji (Apache-2.0) and Twemoji (CC-BY-4.0) for what it draws, and "
    "further sets under MIT, Apache-2.0 and CC-BY-4.0 for the image decoder. ATTRIBUTION.md names "
    "their authors. Drawings made with this model may resemble those sets."
)


def assemble(painter: Painter, vae: AutoencoderKL, work: Path) -> StableDiffusionXLPipeline:
    """The stock pipeline over our parts."""
    scheduler: Any = EulerAncestralDiscreteScheduler(**SCHEDULE)
    return StableDiffusionXLPipeline(
        vae=vae,
        text_encoder=painter.text_1,
        text_encoder_2=painter.text_2,
        tokenizer=tokens.load(work),
        tokenizer_2=tokens.load(work),
        unet=painter.unet,
        scheduler=scheduler,
        force_zeros_for_empty_prompt=False,
        add_watermarker=False,
    )


def load_pipeline(work: Path) -> StableDiffusionXLPipeline:
    """The pipeline of the newest checkpoints, in fp32 on the CPU."""
    pipe = assemble(load_painter(work), load_vae(work), work)
    pipe.set_progress_bar_config(disable=True)
    return pipe


def card(work: Path) -> dict[str, Any]:
    """What the program needs to know about the model."""
    words = load_words(manifest.load(work))
    concepts = [
        {
            "en": w.en[0],
            "zh_hant": w.zh[0],
            "words": list(dict.fromkeys([*w.en[1:], *w.zh[1:]])),
            "phrases": [*w.en_phrases, *w.zh_phrases],
        }
        for w in words.values()
    ]
    return {
        "format": 1,
        "name": "starter",
        "title": "Starter",
        "title_zh_hant": "入門模型",
        "architecture": "sdxl",
        "licence": "MIT",
        "licence_text": LICENCE_TEXT,
        "attribution": "ATTRIBUTION.md",
        "size": [SIZE, SIZE],
        "sizes": [[SIZE, SIZE]],
        "num_inference_steps": {"default": STEPS, "min": 1, "max": 8},
        "guidance_scale": 0.0,
        "background": "white",
        "trigger": TRIGGER,
        "trigger_required": False,
        "style_words": [names[0] for names in STYLE_WORDS.values()],
        "concept_layer": nets.MEMORY,
        "style_synonyms": [name for names in STYLE_WORDS.values() for name in names[1:]],
        "examples": list(EXAMPLES),
        "concepts": concepts,
        "moods": {
            word: words[thing].en[0]
            for thing, mood in moods().items()
            for word in (*mood.en, *mood.zh)
        },
        "preview_decoder": None,
    }


def run(work: Path, target: Path) -> None:
    """Write the model folder, fp16, replacing the one before only when it is whole."""
    pipe = load_pipeline(work)
    partial = target.with_name(target.name + ".partial")
    shutil.rmtree(partial, ignore_errors=True)
    pipe.to(torch.float16).save_pretrained(partial, safe_serialization=True)
    for name in ("tokenizer", "tokenizer_2"):
        # transformers 5 writes tokenizer.json alone; other loaders want these two.
        for file in ("vocab.json", "merges.txt"):
            shutil.copy(work / "tokenizer" / file, partial / name / file)
    for name in ("text_encoder", "text_encoder_2"):
        # The files are fp16; without this transformers would also compute in it, where the UNet
        # is loaded as fp32 unless told otherwise.
        path = partial / name / "config.json"
        config = json.loads(path.read_text("utf-8")) | {"dtype": "float32"}
        path.write_text(json.dumps(config, indent=2) + "\n", "utf-8")
    text = json.dumps(card(work), ensure_ascii=False, indent=2)
    (partial / "card.json").write_text(text + "\n", "utf-8")
    if target.exists():
        shutil.rmtree(target)
    target.parent.mkdir(parents=True, exist_ok=True)
    partial.rename(target)
    size = sum(f.stat().st_size for f in target.rglob("*") if f.is_file())
    print(f"export: {size / 1e6:.1f} MB in {target}", flush=True)
