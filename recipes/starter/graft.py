"""A new model that begins as an earlier one: a code and text encoders of its own, the same insides.

What a convolutional UNet learns slowest is how to lay out a picture at all. An earlier model knows
that, so its weights are carried over: its first and last convolution through the linear map
between the two codes, and what it reads from text through least squares between the two pairs of
text encoders on captions both know. The decoder's first convolution is carried over likewise.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch
from diffusers.models.autoencoders.autoencoder_kl import AutoencoderKL
from diffusers.pipelines.stable_diffusion_xl.pipeline_stable_diffusion_xl import (
    StableDiffusionXLPipeline,
)
from torch import Tensor

from recipes.starter import codec, manifest, nets, tokens
from recipes.starter.captions import Captioner, load_words

CAPTIONS = 2500
RIDGE = 1e-3
PADDED, EARLIER_PADDED = slice(24, None, 10), slice(12, None, 3)
"""Seven tokens that are mostly padding, of ours and of an earlier model's 32."""


def captions_both_know(work: Path, tags: tuple[str, ...]) -> list[str]:
    """Captions in the styles the earlier model knows."""
    captioner = Captioner(load_words(manifest.load(work)))
    rng = np.random.default_rng(11)
    concepts = list(captioner.words)
    texts: list[str] = []
    for index in range(CAPTIONS):
        style = (None, *tags)[int(rng.integers(1 + len(tags)))]
        texts.append(captioner.single(concepts[index % len(concepts)], style, rng))
    return texts


def ids_of(tokenizer: Any, texts: list[str]) -> Tensor:
    """Token ids, padded to the full length."""
    return tokenizer(texts, padding="max_length", truncation=True, return_tensors="pt").input_ids


def least_squares(inputs: Tensor, goals: Tensor, name: str) -> Tensor:
    """The matrix m of ``goals ~ inputs @ m``, with a little ridge; prints what it explains."""
    x, y = inputs.double(), goals.double()
    square = x.T @ x
    ridge = RIDGE * square.diagonal().mean() * torch.eye(len(square), dtype=torch.float64)
    found = torch.linalg.solve(square + ridge, x.T @ y)
    left = (y - x @ found).square().sum() / (y - y.mean(0)).square().sum()
    print(f"graft: {name}: {1 - float(left):.3f} explained", flush=True)
    return found.float()


def load_code(path: Path) -> codec.Codec:
    """The code in a ``codec.pt`` of any work folder."""
    return codec.Codec(**torch.load(path, weights_only=True))


@torch.no_grad()
def decoder(vae: Any, work: Path, earlier: Path, earlier_code: Path) -> None:
    """Set the decoder of ``vae`` from the ``vae`` of the model folder ``earlier``."""
    old: Any = AutoencoderKL.from_pretrained(earlier, subfolder="vae", torch_dtype=torch.float32)
    mine, theirs = codec.load(work), load_code(earlier_code)
    # Their latents as a function of ours; what ours hold beyond is not read at first.
    between = theirs.scale[:, None] * (theirs.basis.T @ mine.basis) / mine.scale
    shift = theirs.scale * ((mine.mean - theirs.mean) @ theirs.basis)
    back = old.post_quant_conv
    mixed = back.weight[:, :, 0, 0]
    first = old.decoder.conv_in
    weights = {k: v for k, v in old.decoder.state_dict().items() if not k.startswith("conv_in.")}
    weights["conv_in.weight"] = torch.einsum("okhw,kn->onhw", first.weight, mixed @ between)
    weights["conv_in.bias"] = first.bias + first.weight.sum((2, 3)) @ (mixed @ shift + back.bias)
    vae.decoder.load_state_dict(weights)
    vae.post_quant_conv.weight.copy_(torch.eye(nets.LATENT_CHANNELS)[:, :, None, None])
    vae.post_quant_conv.bias.zero_()


@torch.no_grad()
def run(painter: Any, work: Path, earlier: Path, earlier_code: Path) -> None:
    """Set the weights of ``painter`` from the model folder ``earlier`` and its ``codec.pt``."""
    old: Any = StableDiffusionXLPipeline.from_pretrained(earlier, torch_dtype=torch.float32)
    new: Any = painter.unet
    weights = old.unet.state_dict()
    mine = codec.load(work)
    theirs = load_code(earlier_code)
    between = theirs.basis.T @ mine.basis
    out = mine.scale[:, None] * between.T / theirs.scale
    into = theirs.scale[:, None] * between / mine.scale
    # Of the input what counts is that noise of deviation one stays so.
    into = into / into.norm(dim=1, keepdim=True)
    kernel = weights["conv_in.weight"]
    weights["conv_in.weight"] = torch.einsum("okhw,kn->onhw", kernel, into)
    weights["conv_out.weight"] = torch.einsum("no,okhw->nkhw", out, weights["conv_out.weight"])
    shift = (theirs.mean - mine.mean) @ mine.basis * mine.scale
    weights["conv_out.bias"] = out @ weights["conv_out.bias"] - shift

    texts = captions_both_know(work, ("noto", "twemoji"))
    mine_ids, their_ids = ids_of(tokens.load(work), texts), ids_of(old.tokenizer, texts)
    pooled: list[tuple[Tensor, Tensor]] = []
    sequences: list[tuple[Tensor, Tensor]] = []
    for i in range(0, len(texts), 200):
        sequence, vector = painter.embed(mine_ids[i : i + 200])
        first = old.text_encoder(their_ids[i : i + 200], output_hidden_states=True)
        second = old.text_encoder_2(their_ids[i : i + 200], output_hidden_states=True)
        theirs_seen = torch.cat([first.hidden_states[-2], second.hidden_states[-2]], -1)
        pooled.append((vector, second.text_embeds))
        sequences.append((sequence[:, PADDED], theirs_seen[:, EARLIER_PADDED]))
    inputs = torch.cat([a for a, _ in pooled])
    ones = torch.ones(len(inputs), 1)
    found = least_squares(
        torch.cat([inputs, ones], 1), torch.cat([b for _, b in pooled]), "pooled vector"
    )
    linear = weights["add_embedding.linear_1.weight"]
    text, rest = linear[:, : nets.POOLED], linear[:, nets.POOLED :]
    weights["add_embedding.linear_1.bias"] += text @ found[-1]
    weights["add_embedding.linear_1.weight"] = torch.cat([text @ found[:-1].T, rest], 1)
    read = least_squares(
        torch.cat([a.flatten(0, 1) for a, _ in sequences]),
        torch.cat([b.flatten(0, 1) for _, b in sequences]),
        "token vectors",
    )
    for name in list(weights):
        if "attn2.to_k" in name or "attn2.to_v" in name:
            weights[name] = weights[name] @ read.T
    new.load_state_dict(weights)
