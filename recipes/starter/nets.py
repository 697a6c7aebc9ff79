"""The shapes of the networks: SDXL's classes, in miniature."""

from __future__ import annotations

from typing import Any

from diffusers.models.attention_processor import Attention
from diffusers.models.autoencoders.autoencoder_kl import AutoencoderKL
from diffusers.models.resnet import ResnetBlock2D
from diffusers.models.unets.unet_2d_condition import UNet2DConditionModel
from torch import Tensor, nn
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTextModelWithProjection

LATENT_CHANNELS = 80
LATENT_SIDE = 8
"""128 px at a factor of 16: an 8x8 grid, which is what makes training on a CPU possible."""

VOCABULARY = 10_240
TOKENS = 88
"""Tokens the UNet reads: 24 for the prompt, and one for each place of the grid (``layout.py``). A
longer prompt writes over the first places."""

BOS, EOS = VOCABULARY - 2, VOCABULARY - 1
"""Ends of a prompt. Never 2: transformers then falls back to an older way of pooling."""

TEXT_WIDTHS = (128, 128)
TEXT_LAYERS = (6, 7)
TEXT_INNER = 640
"""Neurons between the two maps of a text layer: more than there are concepts (``recognise.py``)."""

MEMORY = 2
"""The layer, counted from 0, whose neurons stand for concepts (``recognise.py``)."""

POOLED = 128
TIME_IDS = 32


def vae() -> AutoencoderKL:
    """128x128x3 to 8x8x80; five levels make the factor 16. ``codec.py`` sets its encoder.

    Every residual branch starts at zero: the net begins as a plain pyramid of convolutions, which
    learns colours and shapes much sooner.
    """
    channels = (12, 24, 48, 96, 128)
    # diffusers annotates these three as tuples of length one.
    shape: dict[str, Any] = {
        "down_block_types": ("DownEncoderBlock2D",) * len(channels),
        "up_block_types": ("UpDecoderBlock2D",) * len(channels),
        "block_out_channels": channels,
    }
    model = AutoencoderKL(
        **shape,
        in_channels=3,
        out_channels=3,
        layers_per_block=1,
        latent_channels=LATENT_CHANNELS,
        norm_num_groups=4,
        sample_size=LATENT_SIDE * 16,
        scaling_factor=1.0,
        force_upcast=False,
    )
    for module in model.modules():
        last: Any = None
        if isinstance(module, ResnetBlock2D):
            last = module.conv2
        elif isinstance(module, Attention) and module.to_out is not None:
            last = module.to_out[0]
        if last is not None:
            nn.init.zeros_(last.weight)
            nn.init.zeros_(last.bias)
    return model


def unet() -> UNet2DConditionModel:
    """The denoiser on 8x8, 4x4 and 2x2 grids; text at 8x8 and 4x4.

    The 2x2 level is nearly free and is where a convolutional net learns layout fastest.
    """
    heads: Any = (3, 6, 6)
    return UNet2DConditionModel(
        sample_size=LATENT_SIDE,
        in_channels=LATENT_CHANNELS,
        out_channels=LATENT_CHANNELS,
        down_block_types=("CrossAttnDownBlock2D", "CrossAttnDownBlock2D", "DownBlock2D"),
        up_block_types=("UpBlock2D", "CrossAttnUpBlock2D", "CrossAttnUpBlock2D"),
        block_out_channels=(96, 192, 192),
        layers_per_block=1,
        attention_head_dim=heads,
        norm_num_groups=16,
        use_linear_projection=True,
        resnet_time_scale_shift="scale_shift",
        cross_attention_dim=sum(TEXT_WIDTHS),
        addition_embed_type="text_time",
        addition_time_embed_dim=TIME_IDS,
        projection_class_embeddings_input_dim=6 * TIME_IDS + POOLED,
    )


def _text_config(layers: int) -> CLIPTextConfig:
    return CLIPTextConfig(
        vocab_size=VOCABULARY,
        hidden_size=128,
        intermediate_size=TEXT_INNER,
        num_hidden_layers=layers,
        num_attention_heads=4,
        max_position_embeddings=TOKENS,
        projection_dim=POOLED,
        hidden_act="quick_gelu",
        bos_token_id=BOS,
        eos_token_id=EOS,
        pad_token_id=EOS,
    )


def layers(encoder: Any) -> Any:
    """The layers of a text encoder."""
    # transformers keeps those of the encoder without a projection one level higher
    return getattr(encoder, "text_model", encoder).encoder.layers


def hidden(encoder: Any, ids: Tensor, count: int) -> Tensor:
    """What a text encoder holds after its first ``count`` layers, without computing the others."""
    states = getattr(encoder, "text_model", encoder).embeddings(input_ids=ids)
    for layer in layers(encoder)[:count]:
        states = layer(states, None, is_causal=True)
    return states


def text_encoders() -> tuple[CLIPTextModel, CLIPTextModelWithProjection]:
    """Two small CLIP text encoders; the pipeline reads the layer before the last of each."""
    first, second = TEXT_LAYERS
    return CLIPTextModel(_text_config(first)), CLIPTextModelWithProjection(_text_config(second))
