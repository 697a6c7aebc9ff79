"""Weights per block of the model do what changing the LoRA's tensors by hand does."""

from __future__ import annotations

import re
import warnings
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import torch
from diffusers.models.unets.unet_2d_condition import UNet2DConditionModel
from diffusers.pipelines.stable_diffusion_xl.pipeline_stable_diffusion_xl import (
    StableDiffusionXLPipeline,
)
from safetensors.torch import load_file, save_file

from stickerstudio.core.recipe import BLOCKS
from stickerstudio.engine.blend import Blend
from stickerstudio.engine.blend_blocks import block_of
from stickerstudio.engine.blend_layers import StackedLayer
from tests.engine.lora_files import make_lora
from tests.engine.pictures import parts_of, picture
from tests.engine.test_blend_formats import SDXL
from tests.engine.tiny_sdxl import build_pipeline

# Written out by hand from the names of diffusers' layers.
PATTERNS = {
    "down.attention": r"unet\.down_blocks\.\d+\.attentions\..*(attn[12]|proj_(in|out))",
    "down.feed_forward": r"unet\.down_blocks\.\d+\.attentions\..*\.ff\.",
    "down.convolution": r"unet\.down_blocks\.\d+\.(resnets|downsamplers)\.",
    "mid.attention": r"unet\.mid_block\.attentions\..*(attn[12]|proj_(in|out))",
    "mid.feed_forward": r"unet\.mid_block\.attentions\..*\.ff\.",
    "mid.convolution": r"unet\.mid_block\.resnets\.",
    "up.attention": r"unet\.up_blocks\.\d+\.attentions\..*(attn[12]|proj_(in|out))",
    "up.feed_forward": r"unet\.up_blocks\.\d+\.attentions\..*\.ff\.",
    "up.convolution": r"unet\.up_blocks\.\d+\.(resnets|upsamplers)\.",
    "text": r"text_encoder(_2)?\.",
}


@pytest.fixture(scope="module")
def lora(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A LoRA with layers in every block, in diffusers' names."""
    path = tmp_path_factory.mktemp("loras") / "whole.safetensors"
    make_lora(path, parts_of(build_pipeline()), text=True, convolutions=True)
    return path


def by_hand(lora: Path, blocks: dict[str, float], target: Path) -> Path:
    """The same LoRA with its tensors multiplied instead."""
    tensors = load_file(lora)
    for name in tensors:
        for block, weight in blocks.items():
            if "lora_B" in name and re.match(PATTERNS[block], name):
                tensors[name] *= weight
    save_file(tensors, target)
    return target


def stock_picture(lora: Path, weight: float) -> np.ndarray:
    pipe = build_pipeline()
    pipe.load_lora_weights(str(lora.parent), weight_name=lora.name, adapter_name="a")
    pipe.set_adapters(["a"], [weight])
    return picture(pipe)


@pytest.mark.parametrize(
    "blocks",
    [
        *({block: 0.0} for block in BLOCKS),
        {"down.attention": 1.5, "mid.feed_forward": -1.0, "up.convolution": 0.25, "text": 0.5},
    ],
    ids=lambda blocks: "+".join(blocks),
)
def test_a_weight_per_block_is_stock_diffusers_with_changed_tensors(
    tiny: StableDiffusionXLPipeline, lora: Path, tmp_path: Path, blocks: dict[str, float]
) -> None:
    blend = Blend(parts_of(tiny))
    blend.add("a", lora)
    blend.set_weights({"a": 0.7})
    whole = picture(tiny)
    blend.set_weights({"a": 0.7}, {"a": blocks})
    ours = picture(tiny)
    assert np.abs(ours - whole).max() > 1  # the block does something
    theirs = stock_picture(by_hand(lora, blocks, tmp_path / "changed.safetensors"), 0.7)
    assert np.abs(ours - theirs).max() < 0.05


def test_all_blocks_at_zero_are_the_model_itself(
    tiny: StableDiffusionXLPipeline, lora: Path
) -> None:
    plain = picture(tiny)
    blend = Blend(parts_of(tiny))
    blend.add("a", lora)
    blend.set_weights({"a": 1.0}, {"a": dict.fromkeys(BLOCKS, 0.0)})
    assert np.array_equal(picture(tiny), plain)


def test_a_block_at_zero_runs_none_of_its_layers(
    tiny: StableDiffusionXLPipeline, lora: Path
) -> None:
    blend = Blend(parts_of(tiny))
    blend.add("a", lora)
    blend.set_weights({"a": 1.0}, {"a": {"mid.attention": 0.0}})
    on = {
        name: bool(module.blend_run)
        for name, module in tiny.unet.named_modules()
        if isinstance(module, StackedLayer)
    }
    off = {name for name, running in on.items() if not running}
    assert off == {name for name in on if re.match(PATTERNS["mid.attention"], f"unet.{name}")}


def test_one_lora_per_block(tiny: StableDiffusionXLPipeline, lora: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.safetensors"
    make_lora(other, parts_of(tiny), seed=9, convolutions=True)
    only = {"up.attention": 1.0, "up.feed_forward": 1.0, "up.convolution": 1.0}
    rest = dict.fromkeys(BLOCKS, 0.0) | only
    blend = Blend(parts_of(tiny))
    blend.add("a", lora)
    blend.add("b", other)
    blend.set_weights({"a": 1.0, "b": 0.8}, {"a": dict.fromkeys(only, 0.0), "b": rest})
    ours = picture(tiny)
    pipe = build_pipeline()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # peft wonders about a second adapter
        for name, path, blocks in (("a", lora, dict.fromkeys(only, 0.0)), ("b", other, rest)):
            changed = by_hand(path, blocks, tmp_path / f"{name}.safetensors")
            pipe.load_lora_weights(str(tmp_path), weight_name=changed.name, adapter_name=name)
    pipe.set_adapters(["a", "b"], [1.0, 0.8])
    assert np.abs(ours - picture(pipe)).max() < 0.05


def test_the_text_key_knows_the_text_blocks_weight(
    tiny: StableDiffusionXLPipeline, lora: Path
) -> None:
    blend = Blend(parts_of(tiny))
    blend.add("a", lora)
    blend.set_weights({"a": 1.0})
    whole = blend.text_key()
    blend.set_weights({"a": 1.0}, {"a": {"up.attention": 0.0}})
    assert blend.text_key() == whole
    blend.set_weights({"a": 1.0}, {"a": {"text": 0.5}})
    assert blend.text_key() not in (whole, ())
    blend.set_weights({"a": 1.0}, {"a": {"text": 0.0}})
    assert blend.text_key() == ()


def test_a_block_that_there_is_not_is_refused(tiny: StableDiffusionXLPipeline, lora: Path) -> None:
    blend = Blend(parts_of(tiny))
    blend.add("a", lora)
    with pytest.raises(ValueError, match="left"):
        blend.set_weights({"a": 1.0}, {"a": {"left.attention": 0.0}})


def test_every_layer_of_sdxl_has_its_block() -> None:
    with torch.device("meta"):
        unet = UNet2DConditionModel(**SDXL)
    layers = [
        name
        for name, module in unet.named_modules()
        if isinstance(module, torch.nn.Linear | torch.nn.Conv2d)
    ]
    for name in layers:
        wanted = [block for block, pattern in PATTERNS.items() if re.match(pattern, f"unet.{name}")]
        if not wanted:  # outside of the blocks
            wanted = ["up.convolution" if name == "conv_out" else "down.convolution"]
        assert [block_of("unet", name)] == wanted, name
    count = Counter(block_of("unet", name) for name in layers)
    assert count["mid.attention"] == 10 * 8 + 2
    assert count["mid.feed_forward"] == 10 * 2
