"""A real SDXL pipeline in miniature: every module is diffusers' or transformers' own, only small.

After diffusers' own tests, where a mock "can only confirm the pipeline against itself". The
tokenizers are real CLIP byte-pair tokenizers whose merges are made here from a short word list.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Literal

import torch
from diffusers.models.autoencoders.autoencoder_kl import AutoencoderKL
from diffusers.models.unets.unet_2d_condition import UNet2DConditionModel
from diffusers.pipelines.stable_diffusion_xl.pipeline_stable_diffusion_xl import (
    StableDiffusionXLPipeline,
)
from diffusers.schedulers.scheduling_euler_ancestral_discrete import (
    EulerAncestralDiscreteScheduler,
)
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTextModelWithProjection

from stickerstudio.engine.clip_vocabulary import Merge, build_tokenizer

Prediction = Literal["epsilon", "v_prediction"]

WORDS = ("a", "red", "blue", "heart", "otter", "cat", "dog", "face", "sticker", "love", "you", "dm")


def merges_for(words: Iterable[str]) -> list[Merge]:
    """Merges by which each of `words` becomes one token, letter by letter from the left."""
    merges: dict[Merge, None] = {}
    for word in words:
        pieces = [*word[:-1], word[-1] + "</w>"]
        while len(pieces) > 1:
            merges[pieces[0], pieces[1]] = None
            pieces[:2] = [pieces[0] + pieces[1]]
    return list(merges)


def build_pipeline(
    prediction: Prediction = "epsilon",
    *,
    seed: int = 0,
    second_width: int = 32,
    unet: Mapping[str, Any] | None = None,
    force_zeros_for_empty_prompt: bool = True,
) -> StableDiffusionXLPipeline:
    """A StableDiffusionXLPipeline in float32 with weights drawn from `seed`.

    It paints 64×64 by default (latents 32×32, factor 2), with Euler ancestral and trailing
    timesteps like SDXL-Turbo; "v_prediction" adds the zero-terminal schedule that goes with it.
    `second_width` is the second text encoder's; in a true SDXL it is wider than the first.
    """
    merges = merges_for(WORDS)
    tokenizer, tokenizer_2 = build_tokenizer(merges), build_tokenizer(merges, pad_token="!")
    special: Any = tokenizer  # its token ids are declared as if there could be several
    text_config: dict[str, Any] = {
        "vocab_size": len(tokenizer),
        "bos_token_id": special.bos_token_id,
        "eos_token_id": special.eos_token_id,
        "pad_token_id": special.pad_token_id,
        "hidden_size": 32,
        "intermediate_size": 37,
        "num_attention_heads": 4,
        "num_hidden_layers": 3,
        "hidden_act": "gelu",
        "projection_dim": 32,
    }
    unet_config: dict[str, Any] = {
        "block_out_channels": (32, 64),
        "layers_per_block": 2,
        "sample_size": 32,
        "in_channels": 4,
        "out_channels": 4,
        "down_block_types": ("DownBlock2D", "CrossAttnDownBlock2D"),
        "up_block_types": ("CrossAttnUpBlock2D", "UpBlock2D"),
        "attention_head_dim": (2, 4),
        "use_linear_projection": True,
        "addition_embed_type": "text_time",
        "addition_time_embed_dim": 8,
        "transformer_layers_per_block": (1, 2),
        "projection_class_embeddings_input_dim": 80,  # 6 × 8 + 32
        "cross_attention_dim": 32 + second_width,
        "norm_num_groups": 8,
    }
    vae_config: dict[str, Any] = {
        "block_out_channels": (16, 32),
        "down_block_types": ("DownEncoderBlock2D", "DownEncoderBlock2D"),
        "up_block_types": ("UpDecoderBlock2D", "UpDecoderBlock2D"),
        "latent_channels": 4,
        "norm_num_groups": 8,
        "sample_size": 64,
    }
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        vae = AutoencoderKL(**vae_config)
        parts = {
            "unet": UNet2DConditionModel(**{**unet_config, **(unet or {})}),
            "vae": vae,
            "text_encoder": CLIPTextModel(CLIPTextConfig(**text_config)),
            "text_encoder_2": CLIPTextModelWithProjection(
                CLIPTextConfig(**{**text_config, "hidden_size": second_width})
            ),
        }
    with torch.no_grad():  # random decoders paint near grey: stretch, so that pixels tell apart
        vae.decoder.conv_out.weight.mul_(8)
    for module in parts.values():
        module.eval().requires_grad_(False)
    scheduler: Any = EulerAncestralDiscreteScheduler(
        beta_schedule="scaled_linear",
        beta_start=0.00085,
        beta_end=0.012,
        timestep_spacing="trailing",
        prediction_type=prediction,
        rescale_betas_zero_snr=prediction == "v_prediction",
    )
    pipe = StableDiffusionXLPipeline(
        **parts,
        tokenizer=tokenizer,
        tokenizer_2=tokenizer_2,
        scheduler=scheduler,
        force_zeros_for_empty_prompt=force_zeros_for_empty_prompt,
        add_watermarker=False,
    )
    pipe.set_progress_bar_config(disable=True)
    return pipe
