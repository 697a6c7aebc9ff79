"""Which part of a model a layer belongs to, for weights per part (core.recipe.BLOCKS)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from stickerstudio.core.recipe import BLOCKS
from stickerstudio.models.lora_keys import Component

_INDEX: Mapping[str, int] = {block: index for index, block in enumerate(BLOCKS)}


def block_of(component: Component, name: str) -> str:
    """The one of BLOCKS that the layer `name` of diffusers' SDXL belongs to.

    Every layer belongs to one, so that a LoRA with 0 in all of them is out. What stands before the
    blocks (time and size embeddings, the first convolution) counts as down, the last convolution as
    up; a transformer's own projections are attention, all of a resnet is convolution.
    """
    if component != "unet":
        return "text"
    if name.startswith("mid_block."):
        part = "mid"
    elif name.startswith(("up_blocks.", "conv_out")):
        part = "up"
    else:
        part = "down"
    if ".ff." in name:
        return f"{part}.feed_forward"
    return f"{part}.attention" if ".attentions." in name else f"{part}.convolution"


def index_of(component: Component, name: str) -> int:
    """The place of that block in BLOCKS."""
    return _INDEX[block_of(component, name)]


def spread(weight: float, blocks: Mapping[str, float]) -> Sequence[float]:
    """`weight` in each of BLOCKS, multiplied by what `blocks` says of it."""
    return [weight * blocks.get(block, 1.0) for block in BLOCKS]
