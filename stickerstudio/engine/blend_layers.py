"""A linear or convolution layer with a stack of LoRAs beside its weight.

    y = W x + up · (s ⊙ (down · x))

`down` and `up` hold all LoRAs of the layer one below the other, `s` is the gate: one number per
rank, weight · scale of the LoRA that rank belongs to.

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


class Switch:
    """Whether any LoRA of some layers has a weight other than 0; shared by those layers."""

    __slots__ = ("on",)

    def __init__(self) -> None:
        self.on = False


class Follower(Protocol):
    """Owns the gates; told when a layer went to another device or type."""

    def follow(self, weight: torch.Tensor) -> None: ...


class StackedLayer(nn.Module):
    """What both kinds have in common. `blend_down` and `blend_up` are as wide as the stack."""

    weight: torch.Tensor
    blend_down: torch.Tensor
    blend_up: torch.Tensor
    blend_gate: torch.Tensor
    blend_switch: Switch
    blend_owner: Follower
    blend_covered: tuple[torch.Tensor, Switch] | None

    def _apply(self, fn: Callable[..., Any], recurse: bool = True) -> Any:
        uncover(self)
        super()._apply(fn, recurse)
        self.blend_owner.follow(self.weight)
        return self


class StackedLinear(StackedLayer):
    """blend_down [R, in], blend_up [R, out], blend_gate [R]."""

    def forward(self, input: torch.Tensor) -> torch.Tensor:
        out: torch.Tensor = super().forward(input)
        if not self.blend_switch.on:
            return out
        hidden = linear(input.flatten(0, -2), self.blend_down).mul_(self.blend_gate)
        out = out.contiguous()
        out.flatten(0, -2).addmm_(hidden, self.blend_up)  # contiguous: flatten is a view
        return out


class StackedConv2d(StackedLayer):
    """blend_down [R, in, kh, kw], blend_up [out, R], blend_gate [R, 1, 1]."""

    def forward(self, input: torch.Tensor) -> torch.Tensor:
        out: torch.Tensor = super().forward(input)
        if not self.blend_switch.on:
            return out
        conv = cast("nn.Conv2d", self)
        hidden = conv._conv_forward(input, self.blend_down, None).mul_(self.blend_gate)
        out = out.contiguous()
        up = self.blend_up.expand(len(out), -1, -1)
        out.flatten(2).baddbmm_(up, hidden.flatten(2))  # contiguous: flatten is a view
        return out


@cache
def _stacked_class(kind: type[nn.Module]) -> type[StackedLayer]:
    base = StackedLinear if issubclass(kind, nn.Linear) else StackedConv2d
    return cast("type[StackedLayer]", type(f"Stacked{kind.__name__}", (base, kind), {}))


def can_adopt(module: nn.Module) -> bool:
    """Whether a LoRA can sit beside this layer: linear, or convolution in one group."""
    return isinstance(module, nn.Linear) or (isinstance(module, nn.Conv2d) and module.groups == 1)


def adopt(module: nn.Module, switch: Switch, owner: Follower) -> StackedLayer:
    """Give `module` room for a stack, empty as yet."""
    if not isinstance(module, StackedLayer):
        module.__class__ = _stacked_class(type(module))
        layer = cast("StackedLayer", module)
        layer.register_buffer("blend_down", None, persistent=False)
        layer.register_buffer("blend_up", None, persistent=False)
    else:
        layer = module
    layer.blend_switch = switch
    layer.blend_owner = owner
    layer.blend_covered = None
    return layer


def release(layer: StackedLayer) -> None:
    """Make an adopted layer what it was before."""
    uncover(layer)
    del layer.blend_down, layer.blend_up, layer.blend_switch, layer.blend_owner
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


_FOLDED = Switch()  # never on: what the stack would add is in the weight


def cover(layer: StackedLayer, weight: torch.Tensor) -> None:
    """Let the layer run `weight`, which holds what its stack adds; its own is laid aside."""
    layer.blend_covered = layer.weight.data, layer.blend_switch
    layer.weight.data = weight
    layer.blend_switch = _FOLDED


def uncover(layer: StackedLayer) -> None:
    """Put the layer's own weight back, if it is laid aside; not a bit of it was touched."""
    if layer.blend_covered is not None:
        layer.weight.data, layer.blend_switch = layer.blend_covered
        layer.blend_covered = None
