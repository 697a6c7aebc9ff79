"""Any number of LoRAs over one pipeline, as one stacked adapter whose sliders cost nothing.

All loaded LoRAs lie stacked beside the layers they touch (engine.blend_layers). A slider writes
numbers into one gate buffer per component: no tensor is made, moved or changed in shape, so the
next image shows it, CUDA graphs and compiled code stay valid, and nothing drifts, because the
model's own weights are never written to. Where that saves time, `settle` folds LoRAs whose sliders
rest into second copies of the weights, so that the stack runs those that move.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping
from itertools import count
from pathlib import Path
from types import MappingProxyType
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from torch import nn

from stickerstudio.core.errors import BadFileError, BadInputError, disk_errors
from stickerstudio.core.i18n import tr
from stickerstudio.core.recipe import BLOCKS
from stickerstudio.engine.blend_blocks import spread
from stickerstudio.engine.blend_places import Place, adoptable, find_places
from stickerstudio.engine.blend_read import read_factors, usable_config
from stickerstudio.engine.blend_stack import NOBODY, Stack
from stickerstudio.engine.fold import Fold
from stickerstudio.engine.fold_choice import Choice, FoldChoice
from stickerstudio.engine.fold_cost import Work
from stickerstudio.models.lora_keys import Component, LoraLayer
from stickerstudio.models.lora_metadata import adapter_config
from stickerstudio.models.safetensors_header import Header, read_header


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
        self._stacks: dict[Component, Stack] = {
            part: Stack(part, modules, always_on) for part, modules in adoptable(components).items()
        }
        self._places: dict[str, tuple[Place, ...]] = {}
        self._weights: dict[str, float] = {}
        self._blocks: Mapping[str, Mapping[str, float]] = {}
        self._slots: dict[str, int] = {}
        self._serials: dict[str, int] = {}
        self._next_serial = 0
        self._spread: dict[str, tuple[float, ...]] = {}
        self._fold = Fold()
        self._folded_exactly = False
        self._choice: FoldChoice | None = None
        if fold_room and not always_on and "unet" in self._stacks:
            self._choice = FoldChoice(self._stacks["unet"], self._fold, fold_room)
        self._rested: dict[str, int] = {}  # passes run since a slider moved

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
            self._slots[name] = next(n for n in count(NOBODY + 1) if n not in self._slots.values())
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
        self._rested.pop(name, None)
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
        with torch.inference_mode(mode=False), torch.no_grad():
            self._write()

    def settle(self, work: Work, *, exact: bool) -> None:
        """The weights will stay as they are for `work`: fold where that saves time.

        Args:
            exact: decide by `work` alone, so that the same work gives the same rounding; otherwise
                by how long each slider has rested, too: see engine.fold_choice.
        """
        stack = self._stacks.get("unet")
        if self._choice is not None and stack is not None and stack.parts:
            with torch.inference_mode(mode=False), torch.no_grad():
                self._settle(stack, self._choice, work, exact=exact)
        for name in self._rested:
            self._rested[name] += work.passes

    def _settle(self, stack: Stack, choice: FoldChoice, work: Work, *, exact: bool) -> None:
        if not exact:
            more = choice.for_rest(work, self._rested)
            if more:
                self._fold_in(stack, more)
                self._folded_exactly = False
            return
        wanted = choice.for_work(work)
        held = {name: role.folded for name, role in stack.roles.items() if role.folded}
        if not (self._folded_exactly and held == wanted):
            stack.unfold()
            self._fold_in(stack, wanted)
            self._folded_exactly = True

    def _fold_in(self, stack: Stack, chosen: Choice) -> None:
        places = {name: stack.spans(name, loras) for name, loras in chosen.items()}
        self._fold.fold({name: (stack.layer(name), places[name]) for name in chosen})
        for name, loras in chosen.items():
            stack.folded(name, loras)

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

    def _changed(self) -> None:
        """Stacks are about to change: what is folded of them no longer holds."""
        if self._choice is None:
            return
        with torch.inference_mode(mode=False), torch.no_grad():
            self._stacks["unet"].unfold()
            self._fold.release()
        self._choice.forget()

    def _rebuild(self, parts: set[Component]) -> None:
        for part in parts:
            self._stacks[part].rebuild_gates(self._slots)
        self._write()

    def _write(self) -> None:
        rows = [(0.0,) * len(BLOCKS)] * (max(self._slots.values(), default=NOBODY) + 1)
        old, self._spread = self._spread, {}
        for name, slot in self._slots.items():
            row = tuple(spread(self._weights[name], self._blocks.get(name, {})))
            rows[slot] = self._spread[name] = row
            if old.get(name) != row:
                self._rested[name] = 0
        values = torch.tensor(rows).flatten()
        nothing = rows[NOBODY]
        active: list[frozenset[str]] = []
        changed: list[frozenset[str]] = []
        for block in range(len(BLOCKS)):
            now = {name: row[block] for name, row in self._spread.items()}
            active.append(frozenset(name for name in now if now[name] != 0))
            moved = (n for n in now if old.get(n, nothing)[block] != now[n])
            changed.append(frozenset(moved))
        for stack in self._stacks.values():
            stack.write(values)
            stack.arrange(active, changed)
