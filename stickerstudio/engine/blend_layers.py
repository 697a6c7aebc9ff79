"""A linear or convolution layer with a stack of LoRAs beside its weight.

    y = W x + up · (s ⊙ (down · x))

`down` and `up` hold all LoRAs of the layer one below the other, `s` is the gate: one number per
rank, weight · scale of the LoRA that rank belongs to. Of that stack the layer runs the spans that
its owner chose: LoRAs at weight 0, and those that the weight holds already, are left out.

A layer is *adopted* by giving it a subclass of its own class. Nothing else about it changes: the
same object, the same parameters, `state_dict`, name and hooks; `.to()` moves the stack along,
because `down` and `up` are buffers outside `state_dict`; and compilers see an ordinary module
class. Replacing `forward` on the object would do neither; wrapping it in another module would
rename every weight.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any, Protocol, cast

import torch
from torch import nn
from torch.nn.functional import linear

Spans = tuple[tuple[int, int], ...]
"""Ranks of a stack, from … to (exclusive), in their order, none next to another."""


class Follower(Protocol):
    """Owns the gates; told when a layer went to another device or type."""

    def follow(self, layer: StackedLayer) -> None: ...


class StackedLayer(nn.Module):
    """What both kinds have in common. `blend_down` and `blend_up` are as wide as the stack.

    `blend_run` holds views of them and of the gate: the spans that run, none where nothing does.
    """

    weight: torch.Tensor
    blend_down: torch.Tensor
    blend_up: torch.Tensor
    blend_gate: torch.Tensor
    blend_run: tuple[tuple[torch.Tensor, torch.Tensor, torch.Tensor], ...]
    blend_name: str
    blend_owner: Follower
    blend_covered: torch.Tensor | None

    def _apply(self, fn: Callable[..., Any], recurse: bool = True) -> Any:
        uncover(self)
        super()._apply(fn, recurse)
        self.blend_owner.follow(self)
        return self


class StackedLinear(StackedLayer):
    """blend_down [R, in], blend_up [R, out], blend_gate [R]."""

    def forward(self, input: torch.Tensor) -> torch.Tensor:
        out: torch.Tensor = super().forward(input)
        if not self.blend_run:
            return out
        rows = input.flatten(0, -2)
        out = out.contiguous()
        for down, up, gate in self.blend_run:
            hidden = linear(rows, down).mul_(gate)
            out.flatten(0, -2).addmm_(hidden, up)  # contiguous: flatten is a view
        return out


class StackedConv2d(StackedLayer):
    """blend_down [R, in, kh, kw], blend_up [out, R], blend_gate [R, 1, 1]."""

    def forward(self, input: torch.Tensor) -> torch.Tensor:
        out: torch.Tensor = super().forward(input)
        if not self.blend_run:
            return out
        conv = cast("nn.Conv2d", self)
        out = out.contiguous()
        for down, up, gate in self.blend_run:
            hidden = conv._conv_forward(input, down, None).mul_(gate)
            up = up.expand(len(out), -1, -1)
            out.flatten(2).baddbmm_(up, hidden.flatten(2))  # contiguous: flatten is a view
        return out


@cache
def _stacked_class(kind: type[nn.Module]) -> type[StackedLayer]:
    base = StackedLinear if issubclass(kind, nn.Linear) else StackedConv2d
    return cast("type[StackedLayer]", type(f"Stacked{kind.__name__}", (base, kind), {}))


def can_adopt(module: nn.Module) -> bool:
    """Whether a LoRA can sit beside this layer: linear, or convolution in one group."""
    return isinstance(module, nn.Linear) or (isinstance(module, nn.Conv2d) and module.groups == 1)


def adopt(module: nn.Module, name: str, owner: Follower) -> StackedLayer:
    """Give `module` room for a stack, empty as yet; `name` is what its owner calls it."""
    if not isinstance(module, StackedLayer):
        module.__class__ = _stacked_class(type(module))
        layer = cast("StackedLayer", module)
        layer.register_buffer("blend_down", None, persistent=False)
        layer.register_buffer("blend_up", None, persistent=False)
        layer.blend_run = ()
        layer.blend_name = name
        layer.blend_owner = owner
        layer.blend_covered = None
        return layer
    return module


def release(layer: StackedLayer) -> None:
    """Make an adopted layer what it was before."""
    uncover(layer)
    del layer.blend_down, layer.blend_up, layer.blend_run, layer.blend_name, layer.blend_owner
    del layer.blend_covered
    if "blend_gate" in layer.__dict__:
        del layer.blend_gate
    layer.__class__ = type(layer).__bases__[1]


def set_stack(layer: StackedLayer, down: torch.Tensor, up: torch.Tensor) -> None:
    """Put `down` [R, in·kh·kw] and `up` [R, out] beside the weight, in its device and type."""
    if isinstance(layer, StackedConv2d):
        down = down.view(down.shape[0], *layer.weight.shape[1:])
        up = up.t().contiguous()
    layer.blend_down = down
    layer.blend_up = up


def flat_stack(layer: StackedLayer) -> tuple[torch.Tensor, torch.Tensor]:
    """What `set_stack` was given."""
    down, up = layer.blend_down, layer.blend_up
    if isinstance(layer, StackedConv2d):
        return down.flatten(1), up.t()
    return down, up


def set_gate(layer: StackedLayer, gate: torch.Tensor) -> None:
    """Let the layer read its gate from `gate` [R], a view of its owner's buffer."""
    layer.blend_gate = gate[:, None, None] if isinstance(layer, StackedConv2d) else gate


def run(layer: StackedLayer, spans: Spans) -> None:
    """Let the layer run these spans of its stack: views, nothing is copied."""
    down, up, gate = layer.blend_down, layer.blend_up, layer.blend_gate
    if isinstance(layer, StackedConv2d):
        layer.blend_run = tuple((down[a:b], up[:, a:b], gate[a:b]) for a, b in spans)
    else:
        layer.blend_run = tuple((down[a:b], up[a:b], gate[a:b]) for a, b in spans)


def factors(layer: StackedLayer, spans: Spans) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Down [r, in·kh·kw], up [r, out] and gate [r] of these spans; several are copied."""
    down, up = flat_stack(layer)
    every = (down, up, layer.blend_gate.flatten())
    if len(spans) == 1:
        ((a, b),) = spans
        return every[0][a:b], every[1][a:b], every[2][a:b]
    down, up, gate = (torch.cat([whole[a:b] for a, b in spans]) for whole in every)
    return down, up, gate


def cover(layer: StackedLayer, weight: torch.Tensor) -> None:
    """Let the layer run `weight`, which holds what LoRAs add; its own is laid aside."""
    layer.blend_covered = layer.weight.data
    layer.weight.data = weight


def uncover(layer: StackedLayer) -> None:
    """Put the layer's own weight back, if it is laid aside; not a bit of it was touched."""
    if layer.blend_covered is not None:
        layer.weight.data = layer.blend_covered
        layer.blend_covered = None
