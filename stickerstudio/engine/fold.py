"""Add the stacked LoRAs to the weights themselves, a group of equal layers at a time.

    W' = W + up · (s ⊙ down)

Always from the pristine W, which is laid aside untouched and put back as it was: nothing drifts,
however often a slider moves. On a GPU layers of one shape share one batched product, so that SDXL's
560 attention layers take a few dozen launches instead of 1,120.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import torch

from stickerstudio.engine import blend_layers as layers
from stickerstudio.engine.blend_layers import StackedLayer

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
        return frozenset(self._folded)

    @property
    def bytes(self) -> int:
        """What the second copies of the folded layers take."""
        weights = (layer.weight for layer in self._folded.values())
        return sum(weight.numel() * weight.element_size() for weight in weights)

    def fold(self, chosen: Mapping[str, StackedLayer]) -> None:
        """Add the blend, as the gates are now, to the weights of layers not folded yet."""
        groups: dict[object, list[str]] = {}
        for name, layer in chosen.items():
            weight = layer.weight
            key = (weight.shape, layer.blend_down.shape[0], weight.dtype, weight.device)
            groups.setdefault(key, []).append(name)
        parts = [part for names in groups.values() for part in _parts(names, chosen)]
        self._forget_rooms(keep=set(parts))
        for part in parts:
            group = [chosen[name] for name in part]
            for name, layer, values in zip(part, group, self._sum(part, group), strict=True):
                layers.cover(layer, values.view_as(layer.weight))
                self._folded[name] = layer

    def unfold(self) -> None:
        """Put every pristine weight back."""
        for layer in self._folded.values():
            layers.uncover(layer)
        self._folded.clear()

    def release(self) -> None:
        """Put every pristine weight back, and give the second copies' memory back as well."""
        self.unfold()
        self._rooms.clear()

    def _forget_rooms(self, keep: set[tuple[str, ...]]) -> None:
        """Give back the memory that neither a folded layer uses nor the next fold will."""
        for part in list(self._rooms):
            if part not in keep and self._folded.keys().isdisjoint(part):
                del self._rooms[part]

    def _sum(self, names: tuple[str, ...], group: Sequence[StackedLayer]) -> torch.Tensor:
        """W' of layers of one shape: (layers, out, in · kh · kw)."""
        pristine = _batch([layer.weight.detach().flatten(1) for layer in group])
        folded = self._rooms.get(names)
        if folded is None or folded.device != pristine.device or folded.dtype != pristine.dtype:
            folded = self._rooms[names] = torch.empty_like(pristine)
        factors = [layers.flat_stack(layer) for layer in group]
        down = _batch([down for down, _ in factors])
        up = _batch([up for _, up in factors])
        gated = up * _batch([layer.blend_gate.flatten() for layer in group])[..., None]
        return torch.baddbmm(pristine, gated.transpose(1, 2), down, out=folded)


def _batch(tensors: Sequence[torch.Tensor]) -> torch.Tensor:
    """`tensors` one behind the other; a single one is not copied."""
    return torch.stack(list(tensors)) if len(tensors) > 1 else tensors[0][None]


def _parts(names: list[str], chosen: Mapping[str, StackedLayer]) -> Iterator[tuple[str, ...]]:
    """Layers of one shape, as many as are folded at once."""
    step = _together(chosen[names[0]].weight)
    for start in range(0, len(names), step):
        yield tuple(names[start : start + step])


def _together(weight: torch.Tensor) -> int:
    """How many layers like this are folded at once."""
    if weight.device.type == "cpu":  # copying a group's factors takes longer than its launches
        return 1
    return max(1, GROUP_BYTES // (weight.numel() * weight.element_size()))
