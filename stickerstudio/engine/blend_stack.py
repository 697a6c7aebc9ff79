"""The stacks of one component of a pipeline: which LoRAs each layer has, and which of them it runs.

A layer runs those of its LoRAs whose weight there is not 0, less those that its weight holds
(engine.fold). Layers that agree in all of this share a Role, so that a slider's move looks at a few
roles instead of hundreds of layers.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple, cast

import torch
from torch import nn
from torch.nn.functional import pad

from stickerstudio.core.recipe import BLOCKS
from stickerstudio.engine import blend_layers as layers
from stickerstudio.engine.blend_blocks import index_of
from stickerstudio.engine.blend_read import Factors
from stickerstudio.engine.fold_cost import run_along
from stickerstudio.models.lora_keys import Component

RANK_STEP: Final = 8  # stacks are padded to this: half-precision matrix units work in eights
NOBODY: Final = 0  # the slot of padding, whose weight is always 0
_NONE: Final[frozenset[str]] = frozenset()


class Role(NamedTuple):
    """What layers may have in common.

    Attributes:
        block: the index in core.recipe.BLOCKS.
        loras: in the stack.
        running: those of them that the stack adds in every pass.
        folded: those of them that the weight holds.
    """

    block: int
    loras: frozenset[str]
    running: frozenset[str]
    folded: frozenset[str]


@dataclass(slots=True)
class _Part:
    """One LoRA's ranks in a layer's stack."""

    name: str
    rank: int
    scale: float


@dataclass(slots=True)
class Stack:
    """One component: its adopted layers and the buffer all their gates are views of.

    Attributes:
        always_on: every LoRA runs whatever its weight.
        active: by block, the LoRAs whose weight there is not 0.
        roles: by layer.
    """

    component: Component
    modules: Mapping[str, nn.Module]
    always_on: bool
    parts: dict[str, list[_Part]] = field(default_factory=dict[str, list[_Part]])
    active: Sequence[frozenset[str]] = (_NONE,) * len(BLOCKS)
    roles: dict[str, Role] = field(default_factory=dict[str, Role])
    members: dict[Role, dict[str, None]] = field(default_factory=dict[Role, dict[str, None]])
    gates: torch.Tensor = field(default_factory=lambda: torch.zeros(0))
    scales: torch.Tensor = field(default_factory=lambda: torch.zeros(0))
    slots: torch.Tensor = field(default_factory=lambda: torch.zeros(0, dtype=torch.long))

    def layer(self, name: str) -> layers.StackedLayer:
        return cast("layers.StackedLayer", self.modules[name])

    def put(self, name: str, lora: str, factors: Factors) -> None:
        """Stack `factors` below what the layer `name` already has."""
        module = self.modules[name]
        weight = cast("torch.Tensor", module.weight)
        parts = self.parts.get(name, [])
        down = factors.down.to(weight)
        up = factors.up.t().to(weight)
        kept = sum(part.rank for part in parts)
        if parts:
            old_down, old_up = layers.flat_stack(self.layer(name))
            down, up = torch.cat((old_down[:kept], down)), torch.cat((old_up[:kept], up))
        self._set(name, down, up, [*parts, _Part(lora, factors.rank, factors.scale)])

    def drop(self, name: str, lora: str) -> None:
        """Take the ranks of `lora` out of the layer `name`."""
        parts, start = self.parts[name], 0
        keep: list[torch.Tensor] = []
        for part in parts:
            if part.name != lora:
                keep.append(torch.arange(start, start + part.rank))
            start += part.rank
        if not keep:
            layers.release(self.layer(name))
            del self.parts[name]
            return
        down, up = layers.flat_stack(self.layer(name))
        rows = torch.cat(keep).to(down.device)
        self._set(name, down[rows], up[rows], [part for part in parts if part.name != lora])

    def _set(self, name: str, down: torch.Tensor, up: torch.Tensor, parts: list[_Part]) -> None:
        padding = (0, 0, 0, -down.shape[0] % RANK_STEP)
        down, up = pad(down, padding).contiguous(), pad(up, padding).contiguous()
        layers.set_stack(layers.adopt(self.modules[name], name, self), down, up)
        self.parts[name] = parts

    def rank(self, name: str, loras: Collection[str]) -> int:
        """The ranks of `loras` in the layer `name`, together."""
        return sum(part.rank for part in self.parts[name] if part.name in loras)

    def spans(self, name: str, loras: Collection[str]) -> layers.Spans:
        """Where these of its LoRAs lie in the stack of the layer `name`."""
        return self._spans(name, loras, frozenset())

    def _spans(self, name: str, loras: Collection[str], idle: frozenset[str]) -> layers.Spans:
        """The same; of the `idle` ones what is not worth a gap is taken along."""
        weight = self.layer(name).weight
        found: list[tuple[int, int]] = []
        start, bridge = 0, True
        for part in self.parts[name]:
            end = start + part.rank
            if part.name in loras:
                gap = start - found[-1][1] if found else 0
                if found and (
                    not gap or (bridge and run_along(gap, weight[0].numel() + len(weight), weight))
                ):
                    found[-1] = found[-1][0], end
                else:
                    found.append((start, end))
                bridge = True
            else:
                bridge = bridge and part.name in idle
            start = end
        if found and found[-1][1] == start:  # the padding, whose gate is 0
            found[-1] = found[-1][0], start + -start % RANK_STEP
        return tuple(found)

    def rebuild_gates(self, slots: Mapping[str, int]) -> None:
        """Make the gate buffer anew, after layers changed; the gates start at 0."""
        ranks: list[int] = []
        scales: list[float] = []
        owners: list[int] = []
        for name, parts in self.parts.items():
            block = index_of(self.component, name)
            ranks += [part.rank for part in parts]
            ranks.append(-sum(part.rank for part in parts) % RANK_STEP)
            scales += [*(part.scale for part in parts), 0.0]
            owners += [*(slots[part.name] * len(BLOCKS) + block for part in parts), NOBODY]
        lengths = torch.tensor(ranks, dtype=torch.long)
        self.scales = torch.tensor(scales).repeat_interleave(lengths)
        self.slots = torch.tensor(owners, dtype=torch.long).repeat_interleave(lengths)
        self.gates = torch.zeros_like(self.scales)
        if self.parts:
            self._bring_gates(self.layer(next(iter(self.parts))).weight)
        self._hand_out()

    def _bring_gates(self, weight: torch.Tensor) -> None:
        self.gates = self.gates.to(weight)
        self.scales = self.scales.to(weight.device)
        self.slots = self.slots.to(weight.device)

    def _hand_out(self) -> None:
        self.roles.clear()
        self.members.clear()
        start = 0
        for name in self.parts:
            layer = self.layer(name)
            end = start + layer.blend_down.shape[0]
            layers.set_gate(layer, self.gates[start:end])
            self._run_all(name)
            start = end

    def _run_all(self, name: str) -> None:
        """Let the layer's own weight run, and its stack beside it."""
        layers.uncover(self.layer(name))
        block = index_of(self.component, name)
        loras = frozenset(part.name for part in self.parts[name])
        running = loras if self.always_on else loras & self.active[block]
        self._assign(name, Role(block, loras, running, _NONE))

    def _assign(self, name: str, role: Role) -> None:
        old = self.roles.get(name)
        if old is not None:
            del self.members[old][name]
            if not self.members[old]:
                del self.members[old]
        self.roles[name] = role
        self.members.setdefault(role, {})[name] = None
        idle = role.loras - role.running - role.folded
        layers.run(self.layer(name), self._spans(name, role.running, idle))

    def write(self, weights: torch.Tensor) -> None:
        """Set every gate from `weights`, by slot and block, flat: one gather, one copy in all."""
        if len(self.gates):
            weights = weights.to(self.scales.device, non_blocking=True)
            self.gates.copy_(weights.index_select(0, self.slots).mul_(self.scales))

    def arrange(self, active: Sequence[frozenset[str]], changed: Sequence[frozenset[str]]) -> None:
        """After sliders moved: what is folded and changed runs again, what is at 0 no longer does.

        Args:
            active: by block, the LoRAs whose weight there is not 0.
            changed: by block, those whose weight there is another than before.
        """
        self.active = active
        if self.always_on:
            return
        for role, names in list(self.members.items()):
            folded = _NONE if role.folded & changed[role.block] else role.folded
            running = (active[role.block] & role.loras) - folded
            if (running, folded) == (role.running, role.folded):
                continue
            for name in list(names):
                if not folded:
                    layers.uncover(self.layer(name))
                self._assign(name, role._replace(running=running, folded=folded))

    def folded(self, name: str, loras: frozenset[str]) -> None:
        """The weight of the layer `name` holds `loras` from now on: only the others run."""
        role = self.roles[name]
        running = (self.active[role.block] & role.loras) - loras
        self._assign(name, role._replace(running=running, folded=loras))

    def unfold(self) -> None:
        """Put every pristine weight back."""
        for name, role in list(self.roles.items()):
            if role.folded:
                self._run_all(name)

    def follow(self, layer: layers.StackedLayer) -> None:
        """`layer` was moved, with its stack: bring its gate there."""
        weight = layer.weight
        with torch.inference_mode(mode=False):
            if weight.device == self.gates.device and weight.dtype == self.gates.dtype:
                self._run_all(layer.blend_name)
            else:
                self._bring_gates(weight)
                self._hand_out()
