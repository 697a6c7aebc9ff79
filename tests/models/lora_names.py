"""SDXL's adapted layers with their true names and shapes, from the architecture's definition.

tests/engine/test_lora_shapes.py holds this list against the modules diffusers builds.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Iterator, Mapping
from math import prod
from pathlib import Path

WIDTHS = (320, 640, 1280)
DEPTHS = (0, 2, 10)  # transformer layers at each level
CONTEXT = 2048  # both text encoders' output side by side
BYTES = {"F16": 2, "F32": 4, "BF16": 2, "F8_E4M3": 1}


def attention_layers(block: str, width: int, depth: int) -> Iterator[tuple[str, int, int]]:
    """(name, out, in) of the linear layers of one SpatialTransformer."""
    yield f"{block}.proj_in", width, width
    for n in range(depth):
        layer = f"{block}.transformer_blocks.{n}"
        for attention, context in (("attn1", width), ("attn2", CONTEXT)):
            yield f"{layer}.{attention}.to_q", width, width
            yield f"{layer}.{attention}.to_k", width, context
            yield f"{layer}.{attention}.to_v", width, context
            yield f"{layer}.{attention}.to_out.0", width, width
        yield f"{layer}.ff.net.0.proj", 8 * width, width  # GEGLU: twice 4 × width
        yield f"{layer}.ff.net.2", width, 4 * width
    yield f"{block}.proj_out", width, width


def unet_linears() -> list[tuple[str, int, int]]:
    """Every linear layer of SDXL's transformers, in diffusers' names: 722 of them."""
    found: list[tuple[str, int, int]] = []
    for level in (1, 2):
        for n in range(2):
            block = f"down_blocks.{level}.attentions.{n}"
            found += attention_layers(block, WIDTHS[level], DEPTHS[level])
    found += attention_layers("mid_block.attentions.0", WIDTHS[2], DEPTHS[2])
    for level in (0, 1):
        for n in range(3):
            block = f"up_blocks.{level}.attentions.{n}"
            found += attention_layers(block, WIDTHS[2 - level], DEPTHS[2 - level])
    return found


def text_linears(encoder: int) -> list[tuple[str, int, int]]:
    """The linear layers of CLIP-L (1) or of OpenCLIP bigG (2), in transformers' names."""
    width, depth = ((768, 12), (1280, 32))[encoder - 1]
    found: list[tuple[str, int, int]] = []
    for n in range(depth):
        layer = f"text_model.encoder.layers.{n}"
        found += [(f"{layer}.self_attn.{q}_proj", width, width) for q in ("k", "v", "q", "out")]
        found += [(f"{layer}.mlp.fc1", 4 * width, width), (f"{layer}.mlp.fc2", width, 4 * width)]
    return found


def write_file(
    path: Path,
    shapes: Mapping[str, tuple[int, ...]],
    *,
    dtype: str = "F16",
    metadata: Mapping[str, str] | None = None,
    numbers: Mapping[str, float] | None = None,
) -> Path:
    """A .safetensors file of these shapes; sparse zeros but for the float32 `numbers`."""
    header: dict[str, object] = {"__metadata__": dict(metadata or {})}
    at = 0
    for name, value in (numbers or {}).items():
        header[name] = {"dtype": "F32", "shape": [], "data_offsets": [at, at + 4]}
        at += 4
        assert isinstance(value, float)
    for name, shape in shapes.items():
        end = at + prod(shape) * BYTES[dtype]
        header[name] = {"dtype": dtype, "shape": list(shape), "data_offsets": [at, end]}
        at = end
    text = json.dumps(header).encode()
    with path.open("wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        file.write(b"".join(struct.pack("<f", value) for value in (numbers or {}).values()))
        file.truncate(8 + len(text) + at)
    return path


def kohya_shapes(rank: int = 16, *, width: int = CONTEXT) -> dict[str, tuple[int, ...]]:
    """A kohya file over SDXL's transformers, in diffusers' block names."""
    shapes: dict[str, tuple[int, ...]] = {}
    for name, out, inner in unet_linears():
        stem = "lora_unet_" + name.replace(".", "_")
        inner = width if inner == CONTEXT else inner
        shapes[f"{stem}.lora_down.weight"] = (rank, inner)
        shapes[f"{stem}.lora_up.weight"] = (out, rank)
    return shapes
