"""Write a pipeline as a single checkpoint with the keys of Stability AI's own code.

The inverse of what diffusers reads, after the layouts of the original repositories
(https://github.com/Stability-AI/generative-models and https://github.com/mlfoundations/open_clip):
the UNet's blocks numbered through, attention of the VAE as 1×1 convolutions, the second text
encoder with query, key and value in one matrix.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file

Tensors = dict[str, torch.Tensor]

_RESNET = {
    "norm1": "in_layers.0",
    "conv1": "in_layers.2",
    "time_emb_proj": "emb_layers.1",
    "norm2": "out_layers.0",
    "conv2": "out_layers.3",
    "conv_shortcut": "skip_connection",
}
_UNET_ENDS = {
    "conv_in": "input_blocks.0.0",
    "time_embedding.linear_1": "time_embed.0",
    "time_embedding.linear_2": "time_embed.2",
    "add_embedding.linear_1": "label_emb.0.0",
    "add_embedding.linear_2": "label_emb.0.2",
    "conv_norm_out": "out.0",
    "conv_out": "out.2",
}
_OPEN_CLIP = {
    "layer_norm1": "ln_1",
    "layer_norm2": "ln_2",
    "mlp.fc1": "mlp.c_fc",
    "mlp.fc2": "mlp.c_proj",
    "self_attn.out_proj": "attn.out_proj",
}


def save_single_file(pipe: Any, path: Path, *marks: str) -> None:
    """Write `pipe`'s weights to `path`; `marks` are extra keys, such as "v_pred"."""
    tensors: Tensors = {}
    _put(tensors, "model.diffusion_model.", _unet(pipe.unet))
    _put(tensors, "first_stage_model.", _vae(pipe.vae))
    first = _with_text_model(pipe.text_encoder.state_dict())
    _put(tensors, "conditioner.embedders.0.transformer.", first)
    second = _with_text_model(pipe.text_encoder_2.state_dict())
    _put(tensors, "conditioner.embedders.1.model.", _open_clip(second))
    for mark in marks:
        tensors[mark] = torch.zeros(1)
    save_file({name: tensor.contiguous() for name, tensor in tensors.items()}, path)


def _put(tensors: Tensors, prefix: str, part: Mapping[str, torch.Tensor]) -> None:
    tensors.update({prefix + name: tensor for name, tensor in part.items()})


def _unet(unet: Any) -> Tensors:
    layers = unet.config.layers_per_block
    last = len(unet.config.block_out_channels) - 1
    found: Tensors = {}
    for name, tensor in unet.state_dict().items():
        ends = [end for end in _UNET_ENDS if name.startswith(f"{end}.")]
        if ends:
            found[_UNET_ENDS[ends[0]] + name.removeprefix(ends[0])] = tensor
            continue
        if name.startswith("mid_block."):
            _, kind, index, rest = name.split(".", 3)
            place = f"middle_block.{1 if kind == 'attentions' else 2 * int(index)}"
        else:
            side, level, kind, index, rest = name.split(".", 4)
            down = side == "down_blocks"
            size = layers + 1  # resnets and a sampler; going up there is one resnet more
            number = int(level) * size + (1 if down else 0)
            if kind in ("downsamplers", "upsamplers"):
                number += layers
                attention = f"{side}.{level}.attentions.0" in " ".join(unet.state_dict())
                place = f"output_blocks.{number}.{2 if attention else 1}"
                place = f"input_blocks.{number}.0" if down else place
                rest = rest.replace("conv.", "op." if down else "conv.")
            else:
                number += int(index)
                place = f"{'input' if down else 'output'}_blocks.{number}.{int(kind[0] == 'a')}"
            assert int(level) <= last
        if kind == "resnets":
            part = rest.rsplit(".", 1)[0]
            rest = rest.replace(part, _RESNET[part], 1)
        found[f"{place}.{rest}"] = tensor
    return found


def _vae(vae: Any) -> Tensors:
    levels = len(vae.config.block_out_channels)
    found: Tensors = {}
    for name, tensor in vae.state_dict().items():
        key = name.replace("mid_block.attentions.0", "mid.attn_1")
        key = re.sub(r"mid_block\.resnets\.(\d)", lambda m: f"mid.block_{int(m[1]) + 1}", key)
        key = re.sub(r"down_blocks\.(\d)\.resnets", r"down.\1.block", key)
        key = re.sub(r"down_blocks\.(\d)\.downsamplers\.0", r"down.\1.downsample", key)
        key = re.sub(
            r"up_blocks\.(\d)\.(resnets|upsamplers\.0)",
            lambda m: f"up.{levels - 1 - int(m[1])}." + {"r": "block", "u": "upsample"}[m[2][0]],
            key,
        )
        key = key.replace("conv_norm_out", "norm_out").replace("conv_shortcut", "nin_shortcut")
        if "attn_1" in key:
            for ours, theirs in (
                ("group_norm", "norm"), ("to_q", "q"), ("to_k", "k"), ("to_v", "v"),
                ("to_out.0", "proj_out"),
            ):  # fmt: skip
                key = key.replace(f"attn_1.{ours}.", f"attn_1.{theirs}.")
            if tensor.dim() == 2:
                tensor = tensor[:, :, None, None]
        found[key] = tensor
    return found


def _with_text_model(state: Mapping[str, torch.Tensor]) -> Tensors:
    """transformers 5 dropped a prefix that every file on disk has."""
    return {
        name if name.startswith(("text_model.", "text_projection")) else f"text_model.{name}": value
        for name, value in state.items()
    }


def _open_clip(state: Tensors) -> Tensors:
    found: Tensors = {
        "token_embedding.weight": state["text_model.embeddings.token_embedding.weight"],
        "positional_embedding": state["text_model.embeddings.position_embedding.weight"],
        "ln_final.weight": state["text_model.final_layer_norm.weight"],
        "ln_final.bias": state["text_model.final_layer_norm.bias"],
        "text_projection": state["text_projection.weight"].T,
    }
    for name, tensor in state.items():
        match = re.fullmatch(r"text_model\.encoder\.layers\.(\d+)\.(.+)\.(weight|bias)", name)
        if match is None:
            continue
        layer, part, end = match.groups()
        block = f"transformer.resblocks.{layer}."
        if part in _OPEN_CLIP:
            found[f"{block}{_OPEN_CLIP[part]}.{end}"] = tensor
        elif part == "self_attn.q_proj":
            stem = f"text_model.encoder.layers.{layer}.self_attn"
            parts = [state[f"{stem}.{letter}_proj.{end}"] for letter in "qkv"]
            found[f"{block}attn.in_proj_{end}"] = torch.cat(parts)
    return found
