"""Which module of a pipeline each layer of a LoRA file belongs to, checked shape by shape."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import cast

import torch
from torch import nn

from stickerstudio.core.errors import BadFileError, WrongModelError
from stickerstudio.core.i18n import tr
from stickerstudio.engine.blend_layers import can_adopt
from stickerstudio.engine.blend_read import delta_shape
from stickerstudio.models.lora_family import check_usable
from stickerstudio.models.lora_keys import COMPONENTS, Component, LoraLayer, match, read_keys
from stickerstudio.models.safetensors_header import Header

Place = tuple[Component, str]
Modules = Mapping[Component, Mapping[str, nn.Module]]


def adoptable(components: Mapping[str, nn.Module]) -> dict[Component, dict[str, nn.Module]]:
    """The layers of a pipeline that can have LoRAs beside them, by component and name."""
    return {
        part: {
            name: module for name, module in components[part].named_modules() if can_adopt(module)
        }
        for part in COMPONENTS
        if part in components
    }


def find_places(path: Path, header: Header, modules: Modules) -> dict[Place, LoraLayer]:
    """Where each layer of the file at `path` goes; shapes only, the modules may be "meta" ones.

    Raises:
        WrongModelError: it is for another architecture, or a layer has no module of its size.
        BadFileError: it cannot be blended, or the parts of a layer do not belong together.
    """
    keys = read_keys(header.tensors)
    check_usable(path, header, keys)
    shapes = {id(layer): delta_shape(layer, header.tensors) for layer in keys.layers}
    for layer in keys.layers:
        if shapes[id(layer)] is None:
            raise BadFileError(
                tr("{name} is damaged.", name=path.name),
                tr("The parts of its layer {layer} do not belong together.", layer=layer.name),
                tr("Download it again, or choose another file."),
            )
    matched = match(keys.layers, modules)
    found: dict[Place, LoraLayer] = {}
    misfits = [str(layer) for layer in matched.missing]
    for place, layer in matched.found.items():
        for candidate in _candidates(place, layer, modules):
            weight = cast("torch.Tensor", modules[candidate[0]][candidate[1]].weight)
            size = (weight.shape[0], weight[0].numel())
            if shapes[id(layer)] == size and candidate not in found:
                found[candidate] = layer
                break
        else:
            misfits.append(str(layer))
    if misfits:
        raise WrongModelError(
            tr("{name} does not fit this model.", name=path.name),
            tr(
                "{n} of its {total} layers have no counterpart of their size, for example"
                " {examples}.",
                n=len(misfits),
                total=len(keys.layers),
                examples=", ".join(layer[:120] for layer in misfits[:3]),
            ),
            tr("Choose a LoRA that was made for this model."),
        )
    return found


def _candidates(place: Place, layer: LoraLayer, modules: Modules) -> list[Place]:
    """`place`, or both text encoders' layers of that name where the file leaves it open."""
    if layer.component is not None or place[0] == "unet":
        return [place]
    return [(part, place[1]) for part in modules if part != "unet" and place[1] in modules[part]]
