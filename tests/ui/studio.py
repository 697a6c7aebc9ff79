"""A studio for the window's tests: a little model, two LoRA files, and a scripted engine."""

from __future__ import annotations

import json
import struct
from dataclasses import replace
from pathlib import Path

from stickerstudio.core.paths import Paths

CARD = {
    "format": 1,
    "name": "starter",
    "title": "Starter",
    "title_zh_hant": "入門模型",
    "architecture": "sdxl",
    "licence": "CC-BY-SA-4.0",
    "size": [128, 128],
    "num_inference_steps": {"default": 4, "min": 1, "max": 8},
    "guidance_scale": 0.0,
    "trigger": "dm-sticker",
    "style_words": ["flat", "pixel"],
    "examples": ["I love you, otter", "sleepy cat"],
    "concepts": [
        {"en": "otter", "zh_hant": "水獺", "words": ["otter"]},
        {"en": "cat face", "zh_hant": "貓臉", "words": ["cat", "kitty"]},
    ],
}


def furnish(paths: Paths, root: Path) -> Paths:
    """`paths` with the little model and no LoRAs bundled; the program's own texts and art stay."""
    resources = root / "resources"
    model = resources / "models" / "starter"
    model.mkdir(parents=True)
    (model / "card.json").write_text(json.dumps(CARD), encoding="utf-8")
    (model / "model_index.json").write_text("{}", encoding="utf-8")
    turbo = resources / "models" / "sdxl-turbo"
    turbo.symlink_to(paths.bundled_models / "sdxl-turbo", target_is_directory=True)
    (resources / "locales").symlink_to(paths.locales, target_is_directory=True)
    loras = root / "loras"
    loras.mkdir()
    return replace(paths, resources=resources, bundled_loras=loras)


def write_lora(path: Path, *, trigger: str = "", title: str = "") -> Path:
    """A LoRA of rank 1 for one layer of SDXL, with a card beside it."""
    layer = "unet.down_blocks.1.attentions.0.transformer_blocks.0.attn2.to_k"
    header = json.dumps(
        {
            f"{layer}.lora_A.weight": {
                "dtype": "F16",
                "shape": [1, 2048],
                "data_offsets": [0, 4096],
            },
            f"{layer}.lora_B.weight": {
                "dtype": "F16",
                "shape": [640, 1],
                "data_offsets": [4096, 5376],
            },
        }
    ).encode()
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(struct.pack("<Q", len(header)) + header + bytes(5376))
    card = {"name": path.stem, "title": title or path.stem, "trigger": trigger}
    path.with_suffix(".json").write_text(json.dumps(card), encoding="utf-8")
    return path
