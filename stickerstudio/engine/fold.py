"""Add the stacked LoRAs to the weights themselves, a group of equal layers at a time.

    W' = W + up · (s ⊙ down)

of all its LoRAs, or of those that rest while others move. Always from the pristine W, which is
laid aside untouched and put back as it was: nothing drifts, however often a slider moves. On a GPU
layers of one shape share one batched product, so that SDXL's 560 attention layers take a few dozen
launches instead of 1,120.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import torch

from stickerstudio.engine import blend_layers as layers
from stickerstudio.engine.blend_layers import Spans, StackedLayer

GROUP_BYTES = 256_000_000
"""Weights folded at once: they and their factors are copied for it."""


class Fold:
    """The layers of one model whose weights hold the blend at the moment.

    The memory for the second copies is kept for the next fold, until `release`.
    """

    def __init__(self) -> None:
        self._folded: dict[str, StackedLayer] = {}
        self._rooms: dict[tuple[str, ...], torch.Tensor] = {}

    @property
    def names(self) -> frozenset[str]:
        """The folded layers."""
        held = self._folded.items()
        return frozenset(name for name, layer in held if layer.blend_covered is not None)

    @property
    def bytes(self) -> int:
        """What the second copies of the folded layers take."""
        names = self.names
        rooms = (room for part, room in self._rooms.items() if not names.isdisjoint(part))
        return sum(room.numel() * room.element_size() for room in rooms)

    def has_room(self, name: str) -> bool:
        """Whether folding the layer `name` anew takes no more memory."""
        return (name,) in self._rooms and name in self.names

    def fold(self, chosen: Mapping[str, tuple[StackedLayer, Spans]]) -> None:
        """Add these spans of their stacks, as the gates are now, to the weights of layers."""
        groups: dict[object, list[str]] = {}
        for name, (layer, spans) in chosen.items():
            layers.uncover(layer)
            weight, rank = layer.weight, sum(b - a for a, b in spans)
            key = (weight.shape, rank, weight.dtype, weight.device)
            groups.setdefault(key, []).append(name)
        parts = [
            part for names in groups.values() for part in _parts(names, chosen[names[0]][0].weight)
        ]
        self._forget_rooms(keep=set(parts))
        for part in parts:
            group = [chosen[name] for name in part]
            for name, (layer, _), values in zip(part, group, self._sum(part, group), strict=True):
                layers.cover(layer, values.view_as(layer.weight))
                self._folded[name] = layer

    def release(self) -> None:
        """Give the second copies' memory back, after every pristine weight has been put back."""
        self._folded.clear()
        self._rooms.clear()

    def _forget_rooms(self, keep: set[tuple[str, ...]]) -> None:
        """Give back the memory that neither a folded layer uses nor the next fold will."""
        folded = self.names
        for part in list(self._rooms):
            if part not in keep and folded.isdisjoint(part):
                del self._rooms[part]

    def _sum(
        self, names: tuple[str, ...], group: Sequence[tuple[StackedLayer, Spans]]
    ) -> torch.Tensor:
        """W' of layers of one shape: (layers, out, in · kh · kw)."""
        pristine = _batch([layer.weight.detach().flatten(1) for layer, _ in group])
        folded = self._rooms.get(names)
        if folded is None or folded.device != pristine.device or folded.dtype != pristine.dtype:
            folded = self._rooms[names] = torch.empty_like(pristine)
        factors = [layers.factors(layer, spans) for layer, spans in group]
        down, up, gate = (_batch(list(each)) for each in zip(*factors, strict=True))
        gated = up * gate[..., None]
        return torch.baddbmm(pristine, gated.transpose(1, 2), down, out=folded)


def _batch(tensors: Sequence[torch.Tensor]) -> torch.Tensor:
    """`tensors` one behind the other; a single one is not copied."""
    return torch.stack(list(tensors)) if len(tensors) > 1 else tensors[0][None]


def _parts(names: list[str], weight: torch.Tensor) -> Iterator[tuple[str, ...]]:
    """Layers with weights like this, as many as are folded at once."""
    step = _together(weight)
    for start in range(0, len(names), step):
        yield tuple(names[start : start + step])


def _together(weight: torch.Tensor) -> int:
    """How many layers like this are folded at once."""
    if weight.device.type == "cpu":  # copying a group's factors takes longer than its launches
        return 1
    return max(1, GROUP_BYTES // (weight.numel() * weight.element_size()))
