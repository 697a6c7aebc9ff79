"""The encoder's weights, worked out rather than trained: they compute the code of ``codec.py``.

A convolution of stride two sees whole 2x2 blocks, so a pyramid of them can keep the leading
principal components of 2x2, 4x4, 8x8 and 16x16 patches in turn; with every residual branch at zero
nothing else happens on the way. Two tricks make the last, non-linear stage of the stock encoder
(group norm, SiLU, convolution) linear again:

* every latent is lifted by ``LIFT`` before the SiLU and lowered after, because ``silu(x) = x`` but
  for a thousandth where ``x`` is large;
* every group also holds constants far larger than any ``z``, so that what it is divided by is the
  same for every picture.
"""

from __future__ import annotations

from typing import Any

import torch
from diffusers.models.autoencoders.autoencoder_kl import AutoencoderKL
from torch import Tensor
from torch.nn import functional

from recipes.starter.codec import Codec

LIFT = 12.0
"""At the least latent that occurs, about -4, ``silu(8)`` is 7.997."""

CONSTANT = 300.0
"""Size of the constants, in latent deviations; the error they leave is of the order of 1e-4."""


def _components(features: Tensor, count: int) -> tuple[Tensor, Tensor, Tensor]:
    """Mean and leading directions of 2x2 blocks of feature maps, and the blocks' new maps.

    ``features`` is (n, c, h, w); the directions are (4c, count) over (c, 2, 2).
    """
    blocks = functional.unfold(features, 2, stride=2).transpose(1, 2)
    flat = blocks.reshape(-1, blocks.shape[-1]).double()
    mean = flat.mean(0)
    _, vectors = torch.linalg.eigh((flat - mean).T @ (flat - mean) / len(flat))
    kept = vectors.flip(1)[:, : min(count, vectors.shape[1])]
    size = features.shape[-1] // 2
    maps = ((flat - mean) @ kept).float().reshape(len(features), size * size, -1)
    return mean, kept, maps.transpose(1, 2).reshape(len(features), -1, size, size)


@torch.no_grad()
def write(vae: AutoencoderKL, code: Codec, pictures: Tensor) -> None:
    """Set the encoder and the first 1x1 convolution.

    ``pictures`` (n, 3, 128, 128) in [-1, 1] are what the pyramid is fitted to.
    """
    encoder: Any = vae.encoder
    for name, parameter in encoder.named_parameters():
        if "norm" not in name:
            parameter.zero_()
    for channel in range(3):
        encoder.conv_in.weight[channel, channel, 1, 1] = 1
    features = pictures
    for index, block in enumerate(encoder.down_blocks):
        resnet = block.resnets[0]
        if resnet.conv_shortcut is not None and index < len(encoder.down_blocks) - 1:
            same = min(resnet.conv_shortcut.weight.shape[:2])
            for channel in range(same):
                resnet.conv_shortcut.weight[channel, channel, 0, 0] = 1
        if not block.downsamplers:
            continue
        conv = block.downsamplers[0].conv
        # The block's own width limits what is kept here; the next shortcut only widens.
        mean, kept, maps = _components(features, conv.weight.shape[0])
        count, channels = kept.shape[1], features.shape[1]
        kernel = kept.T.float().reshape(count, channels, 2, 2)
        conv.weight[:count, :channels, :2, :2] = kernel
        conv.bias[:count] = -(mean @ kept).float()
        features = maps
    _write_end(vae, code, pictures, features)


def _write_end(vae: AutoencoderKL, code: Codec, pictures: Tensor, features: Tensor) -> None:
    """Read the code off the last maps by least squares, through the linearised last stage."""
    encoder: Any = vae.encoder
    target = code.encode(pictures).transpose(0, 1).flatten(1).T.double()
    inputs = features.transpose(0, 1).flatten(1).T.double()
    inputs = torch.cat([inputs, inputs.new_ones(len(inputs), 1)], 1)
    solution = torch.linalg.lstsq(inputs, target).solution
    weight, bias = solution[:-1].T, solution[-1]
    latents, channels = weight.shape
    norm = encoder.conv_norm_out
    groups, width = norm.num_groups, norm.num_channels // norm.num_groups
    each = latents // groups
    shortcut = encoder.down_blocks[-1].resnets[0].conv_shortcut
    conv, norm_weight = encoder.conv_out, norm.weight
    norm.bias.zero_()
    conv.bias.zero_()
    for group in range(groups):
        constants = width - each
        constants -= constants % 2
        scale = CONSTANT * (constants / width) ** 0.5
        for item in range(each):
            latent = group * each + item
            place = group * width + item
            shortcut.weight[place, :channels, 0, 0] = weight[latent].float()
            shortcut.bias[place] = float(bias[latent])
            norm_weight[place] = scale
            norm.bias[place] = LIFT
            conv.weight[latent, place, 1, 1] = 1
            conv.bias[latent] = -LIFT
        for item in range(constants):
            place = group * width + each + item
            shortcut.bias[place] = CONSTANT if item % 2 else -CONSTANT
            norm_weight[place] = 0
    out: Any = vae.quant_conv
    out.weight.zero_()
    out.bias.zero_()
    for latent in range(latents):
        out.weight[latent, latent, 0, 0] = 1
    # Of the variance nothing is known; e^-9 makes a sample as good as the mean.
    out.bias[latents:] = -9
