"""Every kind of LoRA file changes each weight by exactly the ΔW its format defines."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import torch
from diffusers.models.unets.unet_2d_condition import UNet2DConditionModel
from diffusers.pipelines.stable_diffusion_xl.pipeline_stable_diffusion_xl import (
    StableDiffusionXLPipeline,
)
from safetensors.torch import save_file
from torch import nn

from stickerstudio.core.errors import BadFileError
from stickerstudio.engine.blend import Blend
from stickerstudio.models.lora_keys import match, read_keys
from tests.engine.lora_files import Deltas, Style, check_deltas, make_lora
from tests.models.lora_names import kohya_shapes, unet_linears

LINEAR = "mid_block.attentions.0.transformer_blocks.0.ff.net.0.proj"  # 64 → 512
CONV = "down_blocks.1.resnets.0.conv1"  # 32 → 64, 3 × 3
FLAT = {name: "lora_unet_" + name.replace(".", "_") for name in (LINEAR, CONV)}

SDXL: dict[str, Any] = {
    "block_out_channels": (320, 640, 1280),
    "down_block_types": ("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
    "up_block_types": ("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"),
    "transformer_layers_per_block": (1, 2, 10),
    "attention_head_dim": (5, 10, 20),
    "cross_attention_dim": 2048,
    "use_linear_projection": True,
    "addition_embed_type": "text_time",
    "addition_time_embed_dim": 256,
    "projection_class_embeddings_input_dim": 2816,
}


@pytest.fixture
def parts(tiny: StableDiffusionXLPipeline) -> dict[str, nn.Module]:
    return {part: getattr(tiny, part) for part in ("unet", "text_encoder", "text_encoder_2")}


def check(
    parts: Mapping[str, nn.Module], path: Path, tensors: dict[str, torch.Tensor], deltas: Deltas
) -> None:
    save_file({name: tensor.contiguous() for name, tensor in tensors.items()}, path)
    blend = Blend(parts)
    blend.add("a", path)
    check_deltas(parts, blend, "a", deltas)


def noise(*shape: int) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(sum(shape)))


@pytest.mark.parametrize("style", ["diffusers", "peft", "kohya-ldm", "kohya-diffusers"])
@pytest.mark.parametrize(
    "dtype", [torch.float32, torch.float16, torch.bfloat16, torch.float8_e4m3fn]
)
def test_every_format_and_number_type(
    parts: dict[str, nn.Module], tmp_path: Path, style: Style, dtype: torch.dtype
) -> None:
    if style == "peft":  # its names do not say which part they belong to
        parts = {"unet": parts["unet"]}
    deltas = make_lora(
        tmp_path / "a.safetensors",
        parts,
        style=style,
        dtype=dtype,
        convolutions=True,
        text=True,
        alpha=3.0,
        strength=1.0,
        mixed_ranks=True,
    )
    blend = Blend(parts)
    blend.add("a", tmp_path / "a.safetensors")
    check_deltas(parts, blend, "a", deltas)


def test_locon_in_two_convolutions(parts: dict[str, nn.Module], tmp_path: Path) -> None:
    down, mid, up = noise(4, 32, 1, 1), noise(4, 4, 3, 3), noise(64, 4, 1, 1)
    delta = torch.einsum("or,rskl,si->oikl", up[..., 0, 0], mid, down[..., 0, 0]) * 0.5
    stem = FLAT[CONV]
    tensors = {f"{stem}.lora_down.weight": down, f"{stem}.lora_mid.weight": mid,
               f"{stem}.lora_up.weight": up, f"{stem}.alpha": torch.tensor(2.0)}  # fmt: skip
    check(parts, tmp_path / "a.safetensors", tensors, {("unet", CONV): delta})


def test_a_linear_layer_written_as_a_convolution(
    parts: dict[str, nn.Module], tmp_path: Path
) -> None:
    down, up = noise(4, 64, 1, 1), noise(512, 4, 1, 1)
    stem = FLAT[LINEAR]
    tensors = {f"{stem}.lora_down.weight": down, f"{stem}.lora_up.weight": up}
    delta = up[..., 0, 0] @ down[..., 0, 0]
    check(parts, tmp_path / "a.safetensors", tensors, {("unet", LINEAR): delta})


def test_loha(parts: dict[str, nn.Module], tmp_path: Path) -> None:
    tensors: dict[str, torch.Tensor] = {}
    deltas: Deltas = {}
    for name, inner in ((LINEAR, 64), (CONV, 32 * 9)):
        out = 512 if name == LINEAR else 64
        w = [noise(out, 3), noise(3, inner), noise(out, 3) + 1, noise(3, inner) - 1]
        for role, tensor in zip(("w1_a", "w1_b", "w2_a", "w2_b"), w, strict=True):
            tensors[f"{FLAT[name]}.hada_{role}"] = tensor
        tensors[f"{FLAT[name]}.alpha"] = torch.tensor(1.5)
        delta = (w[0] @ w[1]) * (w[2] @ w[3]) * (1.5 / 3)
        deltas["unet", name] = delta if name == LINEAR else delta.view(64, 32, 3, 3)
    check(parts, tmp_path / "a.safetensors", tensors, deltas)


@pytest.mark.parametrize("split", ["both", "first", "second", "none"])
def test_lokr(parts: dict[str, nn.Module], tmp_path: Path, split: str) -> None:
    def side(name: str, out: int, inner: int, *, factored: bool) -> torch.Tensor:
        if not factored:
            tensors[f"{FLAT[LINEAR]}.{name}"] = whole = noise(out, inner)
            return whole
        a, b = noise(out, 2), noise(2, inner)
        tensors[f"{FLAT[LINEAR]}.{name}_a"], tensors[f"{FLAT[LINEAR]}.{name}_b"] = a, b
        return a @ b

    tensors: dict[str, torch.Tensor] = {f"{FLAT[LINEAR]}.alpha": torch.tensor(3.0)}
    w1 = side("lokr_w1", 16, 8, factored=split in ("both", "first"))
    w2 = side("lokr_w2", 32, 8, factored=split in ("both", "second"))
    scale = 1.0 if split == "none" else 3.0 / 2
    deltas: Deltas = {("unet", LINEAR): torch.kron(w1, w2) * scale}
    check(parts, tmp_path / "a.safetensors", tensors, deltas)


def test_lokr_of_a_convolution(parts: dict[str, nn.Module], tmp_path: Path) -> None:
    w1, w2_a, w2_b = noise(8, 4), noise(8, 2), noise(2, 8 * 9)
    stem = FLAT[CONV]
    tensors = {f"{stem}.lokr_w1": w1, f"{stem}.lokr_w2_a": w2_a, f"{stem}.lokr_w2_b": w2_b}
    w2 = (w2_a @ w2_b).view(8, 8, 3, 3)
    delta = torch.kron(w1[:, :, None, None], w2)
    check(parts, tmp_path / "a.safetensors", tensors, {("unet", CONV): delta})


def test_products_of_a_huge_rank_are_refused_by_name(
    parts: dict[str, nn.Module], tmp_path: Path
) -> None:
    stem = FLAT[LINEAR]
    shapes = {"w1_a": (512, 32), "w1_b": (32, 64), "w2_a": (512, 32), "w2_b": (32, 64)}
    tensors = {f"{stem}.hada_{role}": torch.zeros(shape) for role, shape in shapes.items()}
    save_file(tensors, tmp_path / "a.safetensors")
    with pytest.raises(BadFileError, match="LoHa of rank 1024"):
        Blend(parts).add("a", tmp_path / "a.safetensors")


@pytest.mark.parametrize("where", ["beside", "named", "header"])
def test_peft_settings(parts: dict[str, nn.Module], tmp_path: Path, where: str) -> None:
    config: dict[str, Any] = {
        "r": 4,
        "lora_alpha": 12,
        "use_rslora": True,
        "rank_pattern": {},
        "alpha_pattern": {"ff.net.0.proj": 6},
    }
    other = LINEAR.replace("ff.net.0.proj", "attn1.to_q")
    tensors: dict[str, torch.Tensor] = {}
    deltas: Deltas = {}
    prefix = "unet." if where == "header" else "base_model.model."
    for name, out, alpha in ((LINEAR, 512, 6), (other, 64, 12)):
        down, up = noise(4, 64), noise(out, 4)
        tensors[f"{prefix}{name}.lora_A.weight"] = down
        tensors[f"{prefix}{name}.lora_B.weight"] = up
        deltas["unet", name] = up @ down * (alpha / 2)  # √4
    path, metadata = tmp_path / "a.safetensors", None
    if where == "header":
        said = {f"unet.{key}": value for key, value in config.items()}
        metadata = {"lora_adapter_metadata": json.dumps(said)}
    elif where == "named":
        path.with_suffix(".adapter_config.json").write_text(json.dumps(config))
    else:
        path = tmp_path / "adapter_model.safetensors"
        path.with_name("adapter_config.json").write_text(json.dumps(config))
    save_file(tensors, path, metadata=metadata)
    blend = Blend(parts)
    blend.add("a", path)
    check_deltas(parts, blend, "a", deltas)


def test_adapters_that_change_the_model_itself_are_refused(
    parts: dict[str, nn.Module], tmp_path: Path
) -> None:
    make_lora(tmp_path / "a.safetensors", {"unet": parts["unet"]}, style="peft")
    settings = tmp_path / "a.adapter_config.json"
    settings.write_text('{"init_lora_weights": "pissa_niter_4"}')
    with pytest.raises(BadFileError, match="pissa"):
        Blend(parts).add("a", tmp_path / "a.safetensors")


def test_a_text_encoder_left_open_by_peft_is_told_by_its_width(
    parts: dict[str, nn.Module], tmp_path: Path
) -> None:
    wide = nn.Module()  # the second encoder of SDXL is wider than the first
    wide.add_module("encoder", nn.ModuleDict({"fc1": nn.Linear(48, 96)}))
    narrow = nn.Module()
    narrow.add_module("encoder", nn.ModuleDict({"fc1": nn.Linear(32, 96)}))
    stem = "base_model.model.text_model.encoder.fc1"
    down, up = noise(4, 48), noise(96, 4)
    tensors = {f"{stem}.lora_A.weight": down, f"{stem}.lora_B.weight": up}
    both = {"unet": parts["unet"], "text_encoder": narrow, "text_encoder_2": wide}
    deltas: Deltas = {("text_encoder_2", "encoder.fc1"): up @ down}
    check(both, tmp_path / "a.safetensors", tensors, deltas)


@pytest.mark.parametrize("missing", ["lora_up.weight", "lora_down.weight"])
def test_half_a_layer_is_named(parts: dict[str, nn.Module], tmp_path: Path, missing: str) -> None:
    stem = FLAT[LINEAR]
    tensors = {f"{stem}.lora_down.weight": noise(4, 64), f"{stem}.lora_up.weight": noise(512, 4)}
    del tensors[f"{stem}.{missing}"]
    save_file(tensors, tmp_path / "a.safetensors")
    with pytest.raises(BadFileError, match="ff_net_0_proj"):
        Blend(parts).add("a", tmp_path / "a.safetensors")


def test_the_list_of_sdxls_layers_is_what_diffusers_builds() -> None:
    with torch.device("meta"):
        unet = UNet2DConditionModel(**SDXL)
    built = {
        name: (module.out_features, module.in_features)
        for name, module in unet.named_modules()
        if isinstance(module, nn.Linear) and ".attentions." in name
    }
    assert {name: (out, inner) for name, out, inner in unet_linears()} == built
    found = match(read_keys(kohya_shapes()).layers, {"unet": list(built)})
    assert (len(found.found), found.missing) == (722, ())
