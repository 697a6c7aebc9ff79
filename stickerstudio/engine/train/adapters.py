"""The layers that learn: peft LoRA adapters on the UNet and, if wanted, both text encoders."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from contextlib import contextmanager
from typing import Any

import torch
from peft import LoraConfig, get_peft_model_state_dict, set_peft_model_state_dict
from peft.tuners.lora import LoraLayer
from torch import Tensor

from stickerstudio.engine.pipeline import Model
from stickerstudio.training.settings import TrainingSettings

NAME = "default"
PARTS = ("unet", "text_encoder", "text_encoder_2")

UNET_TARGETS = {
    "attention": ("to_q", "to_k", "to_v", "to_out.0", "proj_in", "proj_out"),
    "feed-forward": ("ff.net.0.proj", "ff.net.2"),
    "convolutions": ("conv1", "conv2", "conv_shortcut", "time_emb_proj"),
}
TEXT_TARGETS = ("q_proj", "k_proj", "v_proj", "out_proj", "fc1", "fc2")


class Adapters:
    """The adapters of one model. Their weights are float32 whatever the model computes in.

    Made from the seed alone: the same settings start from the same weights.
    """

    def __init__(self, model: Model, settings: TrainingSettings) -> None:
        self._modules: dict[str, Any] = {"unet": model.unet}
        if settings.text_encoders:
            self._modules |= {
                "text_encoder": model.text_encoder,
                "text_encoder_2": model.text_encoder_2,
            }
        targets = [name for group in settings.targets for name in UNET_TARGETS[group]]
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(settings.seed)
            for part, module in self._modules.items():
                module.add_adapter(
                    LoraConfig(
                        r=settings.rank,
                        lora_alpha=settings.alpha,
                        lora_dropout=settings.lora_dropout,
                        target_modules=targets if part == "unet" else list(TEXT_TARGETS),
                    ),
                    adapter_name=NAME,
                )
        for parameter in self.parameters():
            parameter.data = parameter.data.float()
        self._layers = [
            layer
            for module in self._modules.values()
            for layer in module.modules()
            if isinstance(layer, LoraLayer)
        ]
        self._scale = settings.alpha / settings.rank

    @property
    def count(self) -> int:
        """How many numbers learn."""
        return sum(parameter.numel() for parameter in self.parameters())

    def parameters(self, *parts: str) -> list[torch.nn.Parameter]:
        """What learns, in a fixed order; of `parts` or of all."""
        return [
            parameter
            for part, module in self._modules.items()
            if not parts or part in parts
            for parameter in module.parameters()
            if parameter.requires_grad
        ]

    def tensors(self) -> dict[str, Tensor]:
        """A copy of all weights in the computer's memory: "unet.….lora_A.weight" and so on."""
        return {
            f"{part}.{key}": value.detach().to("cpu", copy=True).contiguous()
            for part, module in self._modules.items()
            for key, value in get_peft_model_state_dict(module, adapter_name=NAME).items()
        }

    def load(self, tensors: dict[str, Tensor]) -> None:
        """Put weights back that `tensors` took."""
        for part, module in self._modules.items():
            own = {
                key.removeprefix(f"{part}."): value
                for key, value in tensors.items()
                if key.startswith(f"{part}.")
            }
            set_peft_model_state_dict(module, own, adapter_name=NAME)

    def set_weight(self, weight: float) -> None:
        """Let them count `weight` times from now on; 1 while they learn."""
        for layer in self._layers:
            layer.scaling[NAME] = self._scale * weight

    @contextmanager
    def off(self) -> Generator[None]:
        """In here the model is the frozen base."""
        for layer in self._layers:
            layer.enable_adapters(False)
        try:
            yield
        finally:
            for layer in self._layers:
                layer.enable_adapters(True)
            for parameter in (p for layer in self._layers for p in _weights(layer)):
                parameter.requires_grad_(True)


def _weights(layer: LoraLayer) -> Iterator[torch.nn.Parameter]:
    for role in ("lora_A", "lora_B"):
        yield from getattr(layer, role)[NAME].parameters()
