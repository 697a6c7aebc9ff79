"""Models and LoRAs the blend benchmarks share: true layers, random weights."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from statistics import median
from time import process_time
from typing import Any

import torch
from diffusers.models.transformers.transformer_2d import Transformer2DModel
from diffusers.models.unets.unet_2d_condition import UNet2DConditionModel
from peft import LoraConfig, inject_adapter_in_model, set_peft_model_state_dict
from safetensors.torch import save_file
from torch import nn
from torch.utils._python_dispatch import TorchDispatchMode

RANK = 16
STARTER: Mapping[str, Any] = {
    "sample_size": 8,
    "in_channels": 32,
    "out_channels": 32,
    "down_block_types": ("CrossAttnDownBlock2D", "CrossAttnDownBlock2D", "DownBlock2D"),
    "up_block_types": ("UpBlock2D", "CrossAttnUpBlock2D", "CrossAttnUpBlock2D"),
    "block_out_channels": (96, 192, 192),
    "layers_per_block": 1,
    "attention_head_dim": (3, 6, 6),
    "norm_num_groups": 16,
    "use_linear_projection": True,
    "cross_attention_dim": 256,
    "addition_embed_type": "text_time",
    "addition_time_embed_dim": 32,
    "projection_class_embeddings_input_dim": 320,
}


def sdxl_config() -> dict[str, Any]:
    """The UNet of SDXL, as it comes with the program."""
    path = Path(__file__).parents[1] / "resources" / "sdxl" / "unet" / "config.json"
    return json.loads(path.read_text("utf-8"))


def starter_size() -> UNet2DConditionModel:
    """The size of the bundled model."""
    return UNet2DConditionModel(**STARTER).eval().requires_grad_(False)


def thin_sdxl() -> UNet2DConditionModel:
    """SDXL's every layer at a tenth of its width: all launches, hardly any arithmetic."""
    narrow = {
        "block_out_channels": (32, 64, 128),
        "attention_head_dim": (1, 2, 4),
        "cross_attention_dim": 64,
        "norm_num_groups": 16,
        "addition_time_embed_dim": 8,
        "projection_class_embeddings_input_dim": 80,
        "sample_size": 8,
    }
    config = {k: v for k, v in sdxl_config().items() if not k.startswith("_")}
    return UNet2DConditionModel(**{**config, **narrow}).eval().requires_grad_(False)


class WideSlice(nn.Module):
    """Two of SDXL's seventy transformer layers at their true width, named as in the UNet."""

    def __init__(self) -> None:
        super().__init__()
        self.mid_block = nn.Module()
        layer = Transformer2DModel(
            num_attention_heads=20,
            attention_head_dim=64,
            in_channels=1280,
            num_layers=2,
            cross_attention_dim=2048,
            use_linear_projection=True,
        )
        self.mid_block.add_module("attentions", nn.ModuleList([layer]))
        self.eval().requires_grad_(False)

    def forward(self, x: torch.Tensor, text: torch.Tensor) -> torch.Tensor:
        """x [1, 1280, 16, 16], as at 512 × 512 pixels; text [1, 77, 2048]."""
        attentions: Any = self.mid_block.attentions
        return attentions[0](x, encoder_hidden_states=text, return_dict=False)[0]


def unet_inputs(unet: UNet2DConditionModel, side: int) -> dict[str, Any]:
    """One denoising step on `side` × `side` latents."""
    config: Any = unet.config
    pooled = config.projection_class_embeddings_input_dim - 6 * config.addition_time_embed_dim
    return {
        "sample": torch.randn(1, config.in_channels, side, side),
        "timestep": 999,
        "encoder_hidden_states": torch.randn(1, 77, config.cross_attention_dim),
        "added_cond_kwargs": {
            "text_embeds": torch.randn(1, pooled),
            "time_ids": torch.zeros(1, 6),
        },
        "return_dict": False,
    }


def adapted(model: nn.Module) -> list[str]:
    """The layers kohya's trainer adapts: all linear and convolution layers of the blocks."""
    return [
        name
        for name, module in model.named_modules()
        if isinstance(module, (nn.Linear, nn.Conv2d)) and "block" in name
    ]


def random_lora(model: nn.Module, seed: int, rank: int = RANK) -> dict[str, torch.Tensor]:
    """{"<module>.lora_A.weight": …} of small random factors."""
    generator = torch.Generator().manual_seed(seed)
    tensors: dict[str, torch.Tensor] = {}
    for name in adapted(model):
        module: Any = model.get_submodule(name)
        inner = module.weight.shape[1:]
        scale = 0.1 / (rank * inner.numel()) ** 0.5
        a = torch.randn(rank, *inner, generator=generator)
        b = torch.randn(module.weight.shape[0], rank, generator=generator) * scale
        tensors[f"{name}.lora_A.weight"] = a
        tensors[f"{name}.lora_B.weight"] = b[(...,) + (None,) * (len(inner) - 1)].contiguous()
    return tensors


def write_lora(tensors: Mapping[str, torch.Tensor], path: Path) -> Path:
    """As a diffusers file for the UNet."""
    save_file({f"unet.{name}": tensor for name, tensor in tensors.items()}, path)
    return path


def add_to_peft(model: nn.Module, name: str, tensors: Mapping[str, torch.Tensor]) -> None:
    """Load the same factors with peft, as diffusers' load_lora_weights does inside."""
    targets = [key.removesuffix(".lora_A.weight") for key in tensors if "lora_A" in key]
    rank = tensors[f"{targets[0]}.lora_A.weight"].shape[0]
    config = LoraConfig(r=rank, lora_alpha=rank, target_modules=targets)
    inject_adapter_in_model(config, model, adapter_name=name)
    set_peft_model_state_dict(model, dict(tensors), adapter_name=name)


class _Launches(TorchDispatchMode):
    count = 0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if not func.is_view and func._schema.name not in ("aten::detach", "aten::empty"):
            self.count += 1
        return func(*args, **(kwargs or {}))


def launches(run: Callable[[], object]) -> int:
    """Operators that compute something: on a GPU each is at least one kernel launch."""
    with _Launches() as mode:
        run()
    return mode.count


def in_turns(runs: Mapping[str, Callable[[], object]], rounds: int) -> dict[str, float]:
    """Median CPU seconds of each on one thread, in turns: other programs hardly touch them."""
    times: dict[str, list[float]] = {name: [] for name in runs}
    for _ in range(rounds):
        for name, run in runs.items():
            start = process_time()
            run()
            times[name].append(process_time() - start)
    return {name: median(seconds) for name, seconds in times.items()}
