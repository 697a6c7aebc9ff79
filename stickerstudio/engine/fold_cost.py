"""Whether to add a blend to a layer's weight once, or to run it beside the layer in every pass.

    beside  3 · t + 2 · positions · R · (in + out) / F + R · (in + out) · b / B   every pass
    folded  u + 2 · in · out · R / F + 3 · in · out · b / B                       once

with R ranks in all, b bytes a number, and a device that needs t seconds for a launch and u for a
fold of nothing, does F floating-point operations and moves B bytes a second. Few positions and wide
layers favour the stack, many ranks and many passes the fold; so it is decided layer by layer.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import torch

from stickerstudio.engine.blend_layers import StackedLayer

TEXT_TOKENS = 77  # of CLIP, which SDXL's cross-attention reads
_LAUNCHES = 3  # of a layer's stack
_POSITIONS = 256  # where the work is not known: what most of SDXL's layers see at 512 pixels


@dataclass(frozen=True, slots=True)
class Costs:
    """What a device takes.

    Attributes:
        launch: seconds from one operator to the next, with its share of Python.
        fold: seconds for folding one layer, however small; most of it is Python.
        flops: per second, on a CPU per thread.
        bytes: moved per second, reading and writing together.
    """

    launch: float
    fold: float
    flops: float
    bytes: float


COSTS: Mapping[str, Costs] = {
    # measured by benchmarks.blend_fold on a server CPU with AVX-512, one thread. A launch alone
    # takes 3 µs there; 15 make the choice that is best for whole passes, whose caches are cold
    "cpu": Costs(launch=15e-6, fold=60e-6, flops=85e9, bytes=12e9),
    # not measured: a small laptop GPU by its data sheet, so that a fold is rather thought too dear
    "cuda": Costs(launch=5e-6, fold=10e-6, flops=30e12, bytes=250e9),
}
"""Devices that are not here always run the stack."""

FOLDABLE = (torch.float32, torch.float16)
"""In bfloat16 a fold rounds 3 % of what the LoRAs change away (float16: 0.4 %, float32: 0)."""


@dataclass(frozen=True, slots=True)
class Work:
    """What is about to be painted with the weights as they are.

    Attributes:
        passes: through the UNet.
        batch: pictures in one pass; guidance doubles them.
        height, width: of the latents.
    """

    passes: int
    batch: int
    height: int
    width: int


@dataclass(frozen=True, slots=True)
class Gain:
    """What folding one layer saves.

    Attributes:
        seconds: over all passes, the fold paid for.
        bytes: of the second copy of the weight that it takes; 0 where there is one already.
    """

    seconds: float
    bytes: int


@dataclass(frozen=True, slots=True)
class Prices:
    """What one layer takes, in seconds.

    Attributes:
        launches: of its stack, in every pass.
        rank: for each rank beside it, in every pass.
        fold: once, for a fold of nothing.
        fold_rank: once, for each rank folded.
        bytes: of a second copy of its weight.
    """

    launches: float
    rank: float
    fold: float
    fold_rank: float
    bytes: int

    def beside(self, rank: int) -> float:
        """One pass with so many ranks beside it."""
        return self.launches + rank * self.rank if rank else 0.0

    def folding(self, rank: int) -> float:
        """Folding so many ranks, once."""
        return self.fold + rank * self.fold_rank

    def gain(self, passes: int, *, running: int, then: int, folded: int) -> Gain:
        """What is saved when `folded` ranks are folded and, of `running` ones, `then` are left."""
        saved = self.beside(running) - self.beside(then)
        return Gain(passes * saved - self.folding(folded), self.bytes)


def prices(name: str, layer: StackedLayer, levels: int, work: Work, costs: Costs) -> Prices:
    """What the UNet's `layer` takes at the size and batch of `work`.

    Args:
        levels: of the UNet, each half as large as the one before.
    """
    out, inner = layer.weight.shape[0], layer.weight[0].numel()
    number = layer.weight.element_size()
    flops = costs.flops
    if layer.weight.device.type == "cpu":
        flops *= torch.get_num_threads()
    every = 2 * positions(name, levels, work) / flops + number / costs.bytes
    return Prices(
        launches=_LAUNCHES * costs.launch,
        rank=(inner + out) * every,
        fold=costs.fold + 3 * inner * out * number / costs.bytes,
        fold_rank=2 * inner * out / flops,
        bytes=inner * out * number,
    )


def run_along(gap: int, width: int, weight: torch.Tensor) -> bool:
    """Whether `gap` idle ranks between two that run are cheaper run along than left out.

    Args:
        width: in + out of the layer.
    """
    costs = COSTS.get(weight.device.type)
    if costs is None:
        return True
    return 2 * _POSITIONS * gap * width / costs.flops < _LAUNCHES * costs.launch


def positions(name: str, levels: int, work: Work) -> int:
    """How many vectors the layer `name` of diffusers' SDXL UNet sees in one pass."""
    if ".attn2.to_k" in name or ".attn2.to_v" in name:
        return work.batch * TEXT_TOKENS
    if "time_emb" in name or "add_embedding" in name:
        return work.batch
    level = _level(name, levels)
    return work.batch * max(1, work.height >> level) * max(1, work.width >> level)


def _level(name: str, levels: int) -> int:
    found = re.match(r"(down|up)_blocks\.(\d+)\.(\w+)", name)
    if found is None:
        return levels - 1 if name.startswith("mid_block.") else 0
    side, index, kind = found[1], int(found[2]), found[3]
    level = index if side == "down" else levels - 1 - index
    return level + (kind == "downsamplers") - (kind == "upsamplers")


def choose(gains: Mapping[str, Gain], room: int) -> list[str]:
    """The layers worth folding, in the order given, at most `room` bytes of them.

    Where the room is too small, those that save most per byte are taken.
    """
    worth = [name for name in gains if gains[name].seconds > 0]
    taken = set(_that_fit(worth, gains, room))
    return [name for name in worth if name in taken]


def _that_fit(names: Iterable[str], gains: Mapping[str, Gain], room: int) -> Iterable[str]:
    for name in sorted(names, key=lambda name: -gains[name].seconds / max(1, gains[name].bytes)):
        if gains[name].bytes <= room:
            room -= gains[name].bytes
            yield name
