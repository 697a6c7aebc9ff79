"""The finished LoRA: a .safetensors that every tool reads, with its card and preview beside it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors.torch import save as to_bytes
from torch import Tensor

from stickerstudio.core.atomic import write_bytes_atomic, write_text_atomic
from stickerstudio.core.errors import disk_errors
from stickerstudio.training.kohya import module_name


def kohya_tensors(tensors: Mapping[str, Tensor], alpha: int) -> dict[str, Tensor]:
    """peft's names and float32 in, kohya's names and float16 out, with alpha beside each pair.

    Args:
        tensors: "unet.….lora_A.weight", "text_encoder.….lora_B.weight"; see adapters.
    """
    made: dict[str, Tensor] = {}
    for key, value in tensors.items():
        layer, _, role = key.removesuffix(".weight").rpartition(".")
        name = module_name(layer)
        end = {"lora_A": "lora_down", "lora_B": "lora_up"}[role]
        made[f"{name}.{end}.weight"] = value.to(torch.float16).contiguous()
        made[f"{name}.alpha"] = torch.tensor(float(alpha), dtype=torch.float16)
    return made


def write_lora(
    target: Path,
    tensors: Mapping[str, Tensor],
    header: Mapping[str, str],
    card: Mapping[str, object],
    preview: bytes,
) -> None:
    """Write `target`, its card NAME.json and its preview NAME.webp, each whole or not at all.

    Raises:
        DiskError: there is no room, or the disk fails.
    """
    with disk_errors(target):
        target.parent.mkdir(parents=True, exist_ok=True)
        write_bytes_atomic(target.with_suffix(".webp"), preview)
        text = json.dumps(card, ensure_ascii=False, indent=2)
        write_text_atomic(target.with_suffix(".json"), text + "\n")
        # last: what is on the shelf is complete
        write_bytes_atomic(target, to_bytes(dict(tensors), dict(header)))
