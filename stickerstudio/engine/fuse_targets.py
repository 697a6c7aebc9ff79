"""The layers of a model from its configuration alone: for fusing without loading gigabytes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from diffusers.models.unets.unet_2d_condition import UNet2DConditionModel
from torch import nn
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTextModelWithProjection

from stickerstudio.core.errors import disk_errors


def shapes_of(folder: Path) -> dict[str, nn.Module]:
    """UNet and text encoders of the model in `folder` (diffusers' layout), without their weights.

    For a single-file checkpoint give resources/sdxl, whose configurations are SDXL's.

    Raises:
        NotFoundError, DiskError: a configuration could not be read.
    """
    with disk_errors(folder), torch.device("meta"):
        config: Any = UNet2DConditionModel.load_config(folder / "unet", local_files_only=True)
        texts = [
            CLIPTextConfig.from_pretrained(folder / part, local_files_only=True)
            for part in ("text_encoder", "text_encoder_2")
        ]
        unet: Any = UNet2DConditionModel.from_config(config)
        return {
            "unet": unet,
            "text_encoder": CLIPTextModel(texts[0]),
            "text_encoder_2": CLIPTextModelWithProjection(texts[1]),
        }
