"""Any number of LoRAs over one pipeline, as one stacked adapter whose sliders cost nothing.

All loaded LoRAs lie stacked beside the layers they touch (engine.blend_layers). A slider writes
numbers into one gate buffer per component: no tensor is made, moved or changed in shape, so the
next image shows it, CUDA graphs and compiled code stay valid, and nothing drifts, because the
model's own weights are never written to.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field, replace
from itertools import count
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, cast

import torch
from safetensors import SafetensorError, safe_open
from torch import nn
from torch.nn.functional import pad

from stickerstudio.core.errors import BadFileError, BadInputError, disk_errors
from stickerstudio.core.i18n import tr
from stickerstudio.core.recipe import BLOCKS
from stickerstudio.engine import blend_layers as layers
from stickerstudio.engine.blend_blocks import index_of, spread
from stickerstudio.engine.blend_places import Place, adoptable, find_places
from stickerstudio.engine.blend_read import Factors, read_factors, usable_config
from stickerstudio.engine.fold import Fold
from stickerstudio.engine.fold_cost import COSTS, FOLDABLE, Work, choose, gain
from stickerstudio.models.lora_keys import Component, LoraLayer
from stickerstudio.models.lora_metadata import adapter_config
from stickerstudio.models.safetensors_header import Header, read_header

RANK_STEP: Final = 8  # stacks are padded to this: half-precision matrix units work in eights
_NOBODY: Final = 0  # the slot of padding, whose weight is always 0

_Group = tuple[int, frozenset[str]]
"""A block and the LoRAs of a layer: layers of one group are switched on and off together."""


@dataclass(slots=True)
class _Part:
    """One LoRA's ranks in a layer's stack."""

    name: str
    rank: int
    scale: float


@dataclass(slots=True)
class _Stack:
    """One component: its adopted layers and the buffer all their gates are views of."""

    component: Component
    modules: Mapping[str, nn.Module]
    parts: dict[str, list[_Part]] = field(default_factory=dict[str, list[_Part]])
    switches: dict[_Group, layers.Switch] = field(default_factory=dict[_Group, layers.Switch])
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
        switch = self.switches.setdefault(self._group(name, parts), layers.Switch())
        layer = layers.adopt(self.modules[name], switch, self)
        layers.set_stack(layer, down, up)
        self.parts[name] = parts

    def _group(self, name: str, parts: list[_Part]) -> _Group:
        return index_of(self.component, name), frozenset(part.name for part in parts)

    def is_on(self, name: str) -> bool:
        """Whether some LoRA of the layer `name` has a weight other than 0."""
        return self.switches[self._group(name, self.parts[name])].on

    def rebuild_gates(self, slots: Mapping[str, int]) -> None:
        """Make the gate buffer anew, after layers changed; the gates start at 0."""
        groups = {self._group(name, parts) for name, parts in self.parts.items()}
        self.switches = {group: self.switches[group] for group in groups}
        ranks: list[int] = []
        scales: list[float] = []
        owners: list[int] = []
        for name, parts in self.parts.items():
            block = index_of(self.component, name)
            ranks += [part.rank for part in parts]
            ranks.append(-sum(part.rank for part in parts) % RANK_STEP)
            scales += [*(part.scale for part in parts), 0.0]
            owners += [*(slots[part.name] * len(BLOCKS) + block for part in parts), _NOBODY]
        lengths = torch.tensor(ranks, dtype=torch.long)
        self.scales = torch.tensor(scales).repeat_interleave(lengths)
        self.slots = torch.tensor(owners, dtype=torch.long).repeat_interleave(lengths)
        self.gates = torch.zeros_like(self.scales)
        if self.parts:
            self.follow(self.layer(next(iter(self.parts))).weight)
        self._hand_out()

    def _hand_out(self) -> None:
        start = 0
        for name in self.parts:
            layer = self.layer(name)
            end = start + layer.blend_down.shape[0]
            layers.set_gate(layer, self.gates[start:end])
            start = end

    def write(self, weights: torch.Tensor) -> None:
        """Set every gate from `weights`, by slot and block, flat: one gather, one copy in all."""
        if len(self.gates):
            weights = weights.to(self.scales.device, non_blocking=True)
            self.gates.copy_(weights.index_select(0, self.slots).mul_(self.scales))

    def follow(self, weight: torch.Tensor) -> None:
        """A layer was moved to where `weight` is now: bring the gates there."""
        if weight.device == self.gates.device and weight.dtype == self.gates.dtype:
            return
        with torch.inference_mode(mode=False):
            self.gates = self.gates.to(weight)
            self.scales = self.scales.to(weight.device)
            self.slots = self.slots.to(weight.device)
        self._hand_out()


class Blend:
    """The stacked adapters over the modules of one pipeline.

    Weight 0 for every LoRA of a layer means that the layer runs its own code path and nothing else.
    With `always_on` the adapter runs then too, multiplied by 0: for CUDA graphs, which would have
    recorded one of the two paths.

    Not for several threads at once: it belongs to whoever runs the pipeline.

    Args:
        fold_room: bytes of second copies of weights that `settle` may make; 0: it never folds.
    """

    def __init__(
        self,
        components: Mapping[str, nn.Module],
        *,
        always_on: bool = False,
        fold_room: int = 0,
    ) -> None:
        self._stacks: dict[Component, _Stack] = {
            part: _Stack(part, modules) for part, modules in adoptable(components).items()
        }
        self._always_on = always_on
        self._places: dict[str, tuple[Place, ...]] = {}
        self._weights: dict[str, float] = {}
        self._blocks: Mapping[str, Mapping[str, float]] = {}
        self._slots: dict[str, int] = {}
        self._serials: dict[str, int] = {}
        self._next_serial = 0
        self._fold_room = 0 if always_on else fold_room
        self._fold = Fold()
        self._folded_exactly = False
        self._last_choice: tuple[object, list[str]] = (None, [])
        self._passes = 0  # run or promised since a weight changed

    @property
    def names(self) -> tuple[str, ...]:
        """The loaded LoRAs, in the order they came."""
        return tuple(self._places)

    @property
    def weights(self) -> dict[str, float]:
        """The weight of every loaded LoRA."""
        return dict(self._weights)

    def add(self, name: str, path: Path) -> None:
        """Load the LoRA at `path` as `name`, with weight 0.

        Every layer has its place before the first one is touched; should a tensor turn out bad or
        memory run out on the way, the blend is as it was before.

        Raises:
            ValueError: `name` is taken.
            WrongModelError: it is for another architecture, or its layers do not fit this model;
                says which.
            UnsafeFileError, BadFileError: it is broken, or of a kind that cannot be blended.
            NotFoundError, DiskError: it could not be read.
        """
        if name in self._places:
            raise ValueError(f"{name!r} is already in the blend")
        self._changed()
        with torch.inference_mode(mode=False), torch.no_grad():
            header = read_header(path)
            found = find_places(path, header, {p: s.modules for p, s in self._stacks.items()})
            self._places[name] = tuple(found)
            self._weights[name] = 0.0
            self._slots[name] = next(n for n in count(_NOBODY + 1) if n not in self._slots.values())
            self._serials[name] = self._next_serial
            self._next_serial += 1
            try:
                self._stack_up(name, path, header, found)
            except BaseException:  # a bad tensor, no memory: leave nothing half done
                self.remove(name)
                raise
            self._rebuild({part for part, _ in found})

    def remove(self, name: str) -> None:
        """Take the LoRA `name` out again. Unknown names are ignored."""
        self._changed()
        places = self._places.pop(name, ())
        self._weights.pop(name, None)
        self._serials.pop(name, None)
        self._slots.pop(name, None)
        with torch.inference_mode(mode=False), torch.no_grad():
            for part, module in places:
                stack = self._stacks[part]
                if any(p.name == name for p in stack.parts.get(module, ())):
                    stack.drop(module, name)
            self._rebuild({part for part, _ in places})

    def clear(self) -> None:
        """Take every LoRA out: the modules are what they were before."""
        for name in self.names:
            self.remove(name)

    def set_weights(
        self,
        weights: Mapping[str, float],
        blocks: Mapping[str, Mapping[str, float]] = MappingProxyType({}),
    ) -> None:
        """Move the sliders: loaded LoRAs that `weights` does not name get 0.

        Args:
            blocks: by LoRA, what its weight is multiplied by in some of core.recipe.BLOCKS.

        Raises:
            ValueError: it names a LoRA that is not loaded, or a block that there is not.
            BadInputError: a weight is not a finite number.
        """
        unknown = set(weights) - set(self._places)
        unknown.update(block for named in blocks.values() for block in named if block not in BLOCKS)
        if unknown:
            raise ValueError(f"not in the blend: {', '.join(sorted(unknown))}")
        for name, weight in weights.items():
            if not all(map(math.isfinite, spread(weight, blocks.get(name, {})))):
                raise BadInputError(
                    tr("The weight of {name} is not a number.", name=name),
                    "",
                    tr("Move its slider."),
                )
        moved = {name: float(weights.get(name, 0.0)) for name in self._places}
        if moved == self._weights and blocks == self._blocks:
            return
        self._weights = moved
        self._blocks = {name: dict(multipliers) for name, multipliers in blocks.items()}
        self._passes = 0
        with torch.inference_mode(mode=False), torch.no_grad():
            self._fold.unfold()
        with torch.inference_mode(mode=False), torch.no_grad():
            self._write()

    def settle(self, work: Work, *, exact: bool) -> None:
        """The weights will stay as they are for `work`: fold the layers where that saves time.

        Args:
            exact: decide by `work` alone, so that the same work gives the same rounding; otherwise
                a layer is also folded once its stack has run for as long as a fold takes.
        """
        stack = self._stacks.get("unet")
        if stack is None or not stack.parts or not self._fold_room:
            return
        self._passes += work.passes
        with torch.inference_mode(mode=False), torch.no_grad():
            if exact:
                wanted = self._worth_folding(stack, work, self._fold_room)
                if not (self._folded_exactly and self._fold.names == wanted.keys()):
                    self._fold.unfold()
                    self._fold.fold(wanted)
                    self._folded_exactly = True
                return
            room = self._fold_room - self._fold.bytes
            so_far = replace(work, passes=self._passes)
            more = self._worth_folding(stack, so_far, room, but=self._fold.names)
            if more:
                self._fold.fold(more)
                self._folded_exactly = False

    @property
    def folded(self) -> frozenset[str]:
        """The UNet's layers whose weights hold the blend at the moment."""
        return self._fold.names

    def text_key(self) -> Hashable:
        """Changes only when what the text encoders give for a prompt changes."""
        found: list[tuple[str, int, float]] = []
        for name, places in self._places.items():
            weight = self._weights[name] * self._blocks.get(name, {}).get("text", 1.0)
            if weight != 0 and any(part != "unet" for part, _ in places):
                found.append((name, self._serials[name], weight))
        return tuple(found)

    def _stack_up(
        self, name: str, path: Path, header: Header, found: Mapping[Place, LoraLayer]
    ) -> None:
        config: Mapping[str, Any] = usable_config(path, adapter_config(path, header.metadata))
        try:
            with disk_errors(path), safe_open(path, "pt") as file:
                for (part, module), layer in found.items():
                    factors = read_factors(layer, file.get_tensor, config, part, module)
                    self._stacks[part].put(module, name, factors)
        except SafetensorError as error:
            raise BadFileError(
                tr("{name} is damaged.", name=path.name),
                tr("Its tensors could not be read: {reason}.", reason=error),
                tr("Download it again, or choose another file."),
            ) from error

    def _worth_folding(
        self, stack: _Stack, work: Work, room: int, but: frozenset[str] = frozenset()
    ) -> dict[str, layers.StackedLayer]:
        weight = stack.layer(next(iter(stack.parts))).weight
        costs = COSTS.get(weight.device.type)
        if costs is None or weight.dtype not in FOLDABLE or weight.is_inference():
            return {}  # the last: torch lets nobody exchange what such a parameter holds
        switched = tuple(switch.on for switch in stack.switches.values())
        key = (work, room, but, switched, weight.device, weight.dtype)
        if self._last_choice[0] != key:  # under a moving slider it is the same again and again
            active = (name for name in stack.parts if name not in but and stack.is_on(name))
            levels = 1 + max(
                (int(n.split(".")[1]) for n in stack.modules if n.startswith("down_blocks.")),
                default=0,
            )
            gains = {name: gain(name, stack.layer(name), levels, work, costs) for name in active}
            self._last_choice = key, choose(gains, room)
        return {name: stack.layer(name) for name in self._last_choice[1]}

    def _changed(self) -> None:
        """Stacks are about to change: what is folded of them no longer holds."""
        with torch.inference_mode(mode=False), torch.no_grad():
            self._fold.release()
        self._passes = 0
        self._last_choice = None, []

    def _rebuild(self, parts: set[Component]) -> None:
        for part in parts:
            self._stacks[part].rebuild_gates(self._slots)
        self._write()

    def _write(self) -> None:
        rows = [[0.0] * len(BLOCKS)] * (max(self._slots.values(), default=_NOBODY) + 1)
        for name, slot in self._slots.items():
            rows[slot] = [*spread(self._weights[name], self._blocks.get(name, {}))]
        values = torch.tensor(rows).flatten()
        for stack in self._stacks.values():
            stack.write(values)
            for (block, group), switch in stack.switches.items():
                switch.on = self._always_on or any(rows[self._slots[n]][block] != 0 for n in group)
