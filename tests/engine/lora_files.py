"""LoRA files written key by key after each format's definition, for any SDXL-like model."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Literal

import torch
from safetensors.torch import save_file
from torch import nn

from stickerstudio.engine.blend import Blend
from stickerstudio.models.lora_keys import layers_per_block, to_ldm

Style = Literal["diffusers", "diffusers-old", "peft", "kohya-ldm", "kohya-diffusers", "dotted-ldm"]
Deltas = dict[tuple[str, str], torch.Tensor]


def targets(
    components: Mapping[str, nn.Module], *, convolutions: bool = False, text: bool = False
) -> list[tuple[str, str, nn.Module]]:
    """(component, name, module) of what trainers adapt: attention and feed-forward layers."""
    found: list[tuple[str, str, nn.Module]] = []
    for part, model in components.items():
        if part != "unet" and not text:
            continue
        for name, module in model.named_modules():
            if part == "unet":
                linear = isinstance(module, nn.Linear) and (
                    ".attentions." in name or (convolutions and "time_emb_proj" in name)
                )
                conv = convolutions and isinstance(module, nn.Conv2d) and "blocks" in name
                if linear or conv:
                    found.append((part, name, module))
            elif isinstance(module, nn.Linear) and ("self_attn" in name or "mlp" in name):
                found.append((part, name, module))
    return found


def stem(style: Style, part: str, name: str, unet_names: Iterable[str]) -> str:
    """What a file of this style calls the layer, without ".lora_down.weight" and the like."""
    on_disk = name
    if part != "unet" and not name.startswith("text_"):
        on_disk = f"text_model.{name}"  # as every format was fixed before transformers 5
    names = list(unet_names)
    attention = {int(n.split(".")[1]) for n in names if n.startswith("up_") and ".attentions." in n}
    ldm = to_ldm(name, layers_per_block(names), attention_levels=attention)
    kohya = {"unet": "lora_unet_", "text_encoder": "lora_te1_", "text_encoder_2": "lora_te2_"}[part]
    if style in ("diffusers", "diffusers-old"):
        return f"{part}.{on_disk}"
    if style == "peft":
        return f"base_model.model.{on_disk}"
    if part == "unet" and style == "kohya-ldm":
        return kohya + ldm
    return kohya + on_disk.replace(".", "_")


ROLES: Mapping[Style, tuple[str, str]] = {
    "diffusers": ("lora_A.weight", "lora_B.weight"),
    "diffusers-old": ("lora.down.weight", "lora.up.weight"),
    "peft": ("lora_A.weight", "lora_B.weight"),
    "kohya-ldm": ("lora_down.weight", "lora_up.weight"),
    "kohya-diffusers": ("lora_down.weight", "lora_up.weight"),
}
OLD_TEXT = ("lora_linear_layer.down.weight", "lora_linear_layer.up.weight")


def make_lora(
    path: Path,
    components: Mapping[str, nn.Module],
    *,
    style: Style = "diffusers",
    seed: int = 1,
    rank: int = 4,
    alpha: float | None = None,
    strength: float = 0.5,
    convolutions: bool = False,
    text: bool = False,
    dtype: torch.dtype = torch.float32,
    mixed_ranks: bool = False,
    metadata: Mapping[str, str] | None = None,
    only: Iterable[str] | None = None,
) -> Deltas:
    """Write a LoRA with random factors; returns the change of each weight it stands for.

    `alpha` is written where the style has it (kohya); `strength` is the size of ΔW next to W.
    """
    generator = torch.Generator().manual_seed(seed)
    tensors: dict[str, torch.Tensor] = {}
    deltas: Deltas = {}
    unet_names = [name for name, _ in components["unet"].named_modules()]
    for index, (part, name, module) in enumerate(
        targets(components, convolutions=convolutions, text=text)
    ):
        if only is not None and not any(word in name for word in only):
            continue
        weight: Any = module.weight
        r = rank + index % 3 if mixed_ranks else rank
        down = torch.randn(r, *weight.shape[1:], generator=generator)
        up = torch.randn(weight.shape[0], r, generator=generator)
        size = strength * weight.float().norm() / (up @ down.flatten(1)).norm()
        up = (up * size).to(dtype)
        down = down.to(dtype)
        base = stem(style, part, name, unet_names)
        roles = OLD_TEXT if style == "diffusers-old" and part != "unet" else ROLES[style]
        tensors[f"{base}.{roles[0]}"] = down.contiguous()
        tensors[f"{base}.{roles[1]}"] = up[(...,) + (None,) * (weight.dim() - 2)].contiguous()
        scale = 1.0
        if alpha is not None and style.startswith("kohya"):
            tensors[f"{base}.alpha"] = torch.tensor(alpha)
            scale = alpha / r
        deltas[part, name] = (scale * up.float() @ down.float().flatten(1)).view_as(weight)
    save_file(tensors, path, metadata=dict(metadata or {}))
    return deltas


def check_deltas(
    parts: Mapping[str, nn.Module],
    blend: Blend,
    name: str,
    deltas: Mapping[tuple[str, str], torch.Tensor],
) -> None:
    """Every adapted layer must act as W + weight · ΔW does."""
    for (part, layer), delta in deltas.items():
        module: Any = parts[part].get_submodule(layer)
        if isinstance(module, nn.Conv2d):
            x = torch.randn(1, module.in_channels, 6, 6)
            change = nn.functional.conv2d(x, delta, None, module.stride, module.padding)
        else:
            x = torch.randn(3, module.in_features)
            change = nn.functional.linear(x, delta.flatten(1))
        blend.set_weights({})
        base = module(x)
        blend.set_weights({name: 2.0})
        torch.testing.assert_close(module(x) - base, 2 * change, rtol=1e-3, atol=1e-3)
