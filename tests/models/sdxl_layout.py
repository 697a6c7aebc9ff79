"""SDXL's layouts on disk in miniature, written without torch: right names and shapes, no sense."""

from __future__ import annotations

import json
import math
import struct
from collections.abc import Mapping, Sequence
from pathlib import Path

SINGLE_FILE_KEYS = (
    "conditioner.embedders.0.transformer.text_model.embeddings.position_embedding.weight",
    "conditioner.embedders.1.model.positional_embedding",
    "first_stage_model.decoder.conv_in.weight",
    "model.diffusion_model.input_blocks.0.0.weight",
)


def write_safetensors(path: Path, names: Sequence[str], shape: tuple[int, ...] = (4, 4)) -> Path:
    """A .safetensors file with a float16 tensor of `shape` for each of `names`."""
    size = 2 * math.prod(shape)
    header = json.dumps(
        {
            name: {
                "dtype": "F16",
                "shape": list(shape),
                "data_offsets": [i * size, (i + 1) * size],
            }
            for i, name in enumerate(names)
        }
    ).encode()
    path.parent.mkdir(parents=True, exist_ok=True)
    body = bytes(i % 251 for i in range(len(names) * size))
    path.write_bytes(struct.pack("<Q", len(header)) + header + body)
    return path


def write_json(path: Path, data: Mapping[str, object]) -> Path:
    """`data` at `path`, whose folders are made."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(data))
    return path


def write_folder(folder: Path, variant: str = "") -> Path:
    """A diffusers folder of the SDXL architecture, painting 16 × 16 pixels."""
    write_json(
        folder / "model_index.json",
        {
            "_class_name": "StableDiffusionXLPipeline",
            "scheduler": ["diffusers", "EulerAncestralDiscreteScheduler"],
            "text_encoder": ["transformers", "CLIPTextModel"],
            "text_encoder_2": ["transformers", "CLIPTextModelWithProjection"],
            "tokenizer": ["transformers", "CLIPTokenizer"],
            "tokenizer_2": ["transformers", "CLIPTokenizer"],
            "unet": ["diffusers", "UNet2DConditionModel"],
            "vae": ["diffusers", "AutoencoderKL"],
        },
    )
    unet = {"addition_embed_type": "text_time", "in_channels": 4, "sample_size": 8}
    write_json(folder / "unet" / "config.json", unet)
    write_json(folder / "vae" / "config.json", {"block_out_channels": [4, 8]})
    write_json(
        folder / "scheduler" / "scheduler_config.json",
        {"_class_name": "EulerAncestralDiscreteScheduler", "timestep_spacing": "trailing"},
    )
    ending = f".{variant}.safetensors" if variant else ".safetensors"
    for part in ("unet", "vae"):
        write_safetensors(
            folder / part / f"diffusion_pytorch_model{ending}", [f"{part}.weight"], (64, 64)
        )
    for part in ("text_encoder", "text_encoder_2"):
        write_json(folder / part / "config.json", {"hidden_size": 4})
        write_safetensors(folder / part / f"model{ending}", [f"{part}.weight"], (64, 64))
    for part in ("tokenizer", "tokenizer_2"):
        write_json(folder / part / "vocab.json", {"a": 0})
        (folder / part / "merges.txt").write_text("#version: 0.2\n")
    return folder
