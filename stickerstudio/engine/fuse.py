"""Save a blend as one LoRA file that any program loads.

    exact  the factors side by side: the ranks add up, nothing is lost
    svd    the best approximation of a chosen rank, from the factors (engine.fuse_merge)
    ties   sign conflicts between the LoRAs settled first (TIES, arXiv:2306.01708), then svd
    dare   a random part of every LoRA dropped and the rest enlarged (DARE, arXiv:2311.03099)

The file says what went into it, with which weights and under whose licences.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import nn

from stickerstudio.core.errors import BadInputError, Cancelled, DiskError, disk_errors
from stickerstudio.core.i18n import tr
from stickerstudio.core.recipe import BLOCKS, BlockWeight
from stickerstudio.engine.blend_blocks import block_of
from stickerstudio.engine.blend_places import Modules, Place, adoptable, find_places
from stickerstudio.engine.blend_read import Factors, read_factors, usable_config
from stickerstudio.engine.fuse_merge import Merged, concatenate, dare, ties, truncate
from stickerstudio.models.lora_keys import Component, LoraLayer, layers_per_block, to_ldm
from stickerstudio.models.lora_metadata import adapter_config
from stickerstudio.models.loras import LoraInfo
from stickerstudio.models.safetensors_header import read_header

Method = Literal["exact", "svd", "ties", "dare"]
KeyFormat = Literal["diffusers", "kohya"]


@dataclass(frozen=True, slots=True)
class Ingredient:
    """One LoRA of the blend, its weight, and what that is multiplied by in some blocks."""

    name: str
    path: Path
    weight: float
    licence: str = ""
    author: str = ""
    trigger_words: tuple[str, ...] = ()
    base_model: str = ""
    blocks: tuple[BlockWeight, ...] = ()

    @classmethod
    def of(cls, info: LoraInfo, weight: float, blocks: tuple[BlockWeight, ...] = ()) -> Ingredient:
        """A LoRA from the shelf."""
        return cls(
            info.name,
            info.path,
            weight,
            info.licence,
            info.author,
            info.trigger_words,
            info.base_model,
            blocks,
        )


@dataclass(frozen=True, slots=True)
class FuseReport:
    """What came of it.

    Attributes:
        layers: how many layers the file changes.
        rank: the largest rank of a layer.
        relative_error: ‖ΔW − ΔW'‖ / ‖ΔW‖ over all layers, before rounding to `dtype`; 0 is exact.
        worst_layer, worst_error: the same for the layer that lost most.
    """

    path: Path
    layers: int
    rank: int
    relative_error: float
    worst_layer: str
    worst_error: float
    size_bytes: int
    seconds: float


def fuse(
    ingredients: Sequence[Ingredient],
    components: Mapping[str, nn.Module],
    target: Path,
    *,
    method: Method = "svd",
    rank: int = 32,
    density: float = 0.5,
    seed: int = 0,
    key_format: KeyFormat = "diffusers",
    dtype: torch.dtype = torch.float16,
    title: str = "",
    overwrite: bool = False,
    progress: Callable[[int, int], None] | None = None,
    is_cancelled: Callable[[], bool] | None = None,
) -> FuseReport:
    """Fuse `ingredients` into the file `target`.

    Args:
        components: the model they are for, "unet", "text_encoder", "text_encoder_2"; only names and
            shapes are used, so modules on the "meta" device will do.
        rank: of each layer, for every method but "exact"; a layer that needs less gets less.
        density: the part of each LoRA that "ties" and "dare" keep, 0 < density ≤ 1.
        seed: of the dropping in "dare".
        progress: told the layers done and in all.
        is_cancelled: asked between layers.

    Raises:
        BadInputError: nothing to fuse, numbers out of range, or `target` exists.
        BadFileError, WrongModelError: an ingredient cannot be blended with this model.
        DiskError, NotFoundError: a file could not be read or written.
        Cancelled: `is_cancelled` said so; nothing was written.
    """
    started = time.perf_counter()
    used = [ingredient for ingredient in ingredients if _counts(ingredient)]
    _check(used, target, rank, density, overwrite=overwrite)
    modules = adoptable(components)
    with ExitStack() as files, torch.inference_mode():
        sources = [_Source(ingredient, modules, files) for ingredient in used]
        places = list(dict.fromkeys(place for source in sources for place in source.places))
        if not places:  # no LoRA has a layer in the blocks that it is weighted in
            raise _nothing()
        merged: dict[Place, Merged] = {}
        for index, place in enumerate(places):
            if is_cancelled is not None and is_cancelled():
                raise Cancelled
            parts = [source.factors(place) for source in sources if place in source.places]
            generator = torch.Generator().manual_seed(seed * len(places) + index)
            merged[place] = _merge(parts, method, rank, density, generator)
            if progress is not None:
                progress(index + 1, len(places))
        tensors = _tensors(merged, modules, key_format, dtype)
    _save(tensors, _metadata(used, merged, method, key_format, title or target.stem), target)
    worst = max(merged, key=lambda place: merged[place].error)
    lost = sum((m.error * m.norm) ** 2 for m in merged.values())
    whole = sum(m.norm**2 for m in merged.values())
    return FuseReport(
        path=target,
        layers=len(merged),
        rank=max(m.down.shape[0] for m in merged.values()),
        relative_error=(lost / whole) ** 0.5 if whole else 0.0,
        worst_layer=".".join(worst),
        worst_error=merged[worst].error,
        size_bytes=target.stat().st_size,
        seconds=time.perf_counter() - started,
    )


def _counts(ingredient: Ingredient) -> bool:
    """Whether its weight is other than 0, at least in some block."""
    somewhere = dict.fromkeys(BLOCKS, ingredient.weight)
    somewhere |= {block.block: ingredient.weight * block.weight for block in ingredient.blocks}
    return any(somewhere.values())


def _check(
    used: Sequence[Ingredient], target: Path, rank: int, density: float, *, overwrite: bool
) -> None:
    if not used:
        raise _nothing()
    if rank < 1 or not 0 < density <= 1:
        raise BadInputError(
            tr("These numbers cannot be used."),
            tr("The rank must be at least 1, the density above 0 and at most 1."),
            tr("Change them."),
        )
    if target.exists() and not overwrite:
        raise BadInputError(
            tr("{name} is already there.", name=target.name),
            "",
            tr("Choose another name."),
        )


def _nothing() -> BadInputError:
    return BadInputError(
        tr("There is nothing to save."),
        tr("Every LoRA of this blend has the weight 0."),
        tr("Move a slider first."),
    )


class _Source:
    """An open ingredient: reads one layer at a time, so that memory holds only the result."""

    def __init__(self, ingredient: Ingredient, modules: Modules, files: ExitStack) -> None:
        path = ingredient.path
        header = read_header(path)
        weights = {block.block: ingredient.weight * block.weight for block in ingredient.blocks}
        found = find_places(path, header, modules)
        self._weights = {place: weights.get(block_of(*place), ingredient.weight) for place in found}
        self.places: Mapping[Place, LoraLayer] = {
            place: layer for place, layer in found.items() if self._weights[place] != 0
        }
        self._config = usable_config(path, adapter_config(path, header.metadata))
        with disk_errors(path):
            self._file: Any = files.enter_context(safe_open(path, "pt"))

    def factors(self, place: Place) -> Factors:
        """The layer's factors, its weight in the blend included in `scale`."""
        found = read_factors(self.places[place], self._file.get_tensor, self._config, *place)
        return Factors(found.down, found.up, found.scale * self._weights[place])


def _merge(
    parts: list[Factors], method: Method, rank: int, density: float, generator: torch.Generator
) -> Merged:
    if method == "exact":
        return concatenate(parts)
    if method == "svd":
        return truncate(parts, rank)
    if method == "ties":
        return ties(parts, rank, density, generator)
    return dare(parts, rank, density, generator)


def _tensors(
    merged: Mapping[Place, Merged], modules: Modules, key_format: KeyFormat, dtype: torch.dtype
) -> dict[str, torch.Tensor]:
    """The tensors of the file, under the names and in the shapes of its format."""
    unet = modules.get("unet", {})
    depth = layers_per_block(unet)
    attention = {int(n.split(".")[1]) for n in unet if n.startswith("up_") and ".attentions." in n}
    # One alpha for the whole file, whatever a layer's rank: diffusers reads no other kind right.
    alpha = float(max(layer.down.shape[0] for layer in merged.values()))
    tensors: dict[str, torch.Tensor] = {}
    for (part, name), layer in merged.items():
        module: Any = modules[part][name]
        down = layer.down.view(-1, *module.weight.shape[1:]).to(dtype).contiguous()
        scale = alpha / layer.down.shape[0] if key_format == "kohya" else 1.0
        up = (layer.up / scale).to(dtype).contiguous()
        if down.dim() == 4:
            up = up[:, :, None, None]
        if key_format == "diffusers":
            stem = f"{part}.{_file_name(part, name)}"
            tensors[f"{stem}.lora_A.weight"], tensors[f"{stem}.lora_B.weight"] = down, up
        else:
            flat = _file_name(part, name).replace(".", "_")
            stem = _KOHYA[part] + (
                to_ldm(name, depth, attention_levels=attention) if part == "unet" else flat
            )
            tensors[f"{stem}.lora_down.weight"], tensors[f"{stem}.lora_up.weight"] = down, up
            tensors[f"{stem}.alpha"] = torch.tensor(alpha)
    return tensors


_KOHYA: Mapping[Component, str] = {
    "unet": "lora_unet_",
    "text_encoder": "lora_te1_",
    "text_encoder_2": "lora_te2_",
}


def _file_name(part: Component, name: str) -> str:
    """Files name CLIP's layers below text_model, which transformers 5 no longer does."""
    if part == "unet" or name.startswith("text_"):
        return name
    return f"text_model.{name}"


def _metadata(
    used: Sequence[Ingredient],
    merged: Mapping[Place, Merged],
    method: Method,
    key_format: KeyFormat,
    title: str,
) -> dict[str, str]:
    def all_of(values: list[str], joint: str) -> str:
        return joint.join(dict.fromkeys(value for value in values if value))

    ingredients = [
        {
            "name": i.name,
            "weight": i.weight,
            "licence": i.licence,
            "author": i.author,
            **({"blocks": {b.block: b.weight for b in i.blocks}} if i.blocks else {}),
        }
        for i in used
    ]
    rank = str(max(layer.down.shape[0] for layer in merged.values()))
    texts = {
        "format": "pt",
        "modelspec.sai_model_spec": "1.0.0",
        "modelspec.architecture": "stable-diffusion-xl-v1-base/lora",
        "modelspec.title": title,
        "modelspec.author": all_of([i.author for i in used], ", "),
        "modelspec.license": all_of([i.licence for i in used], " + "),
        "modelspec.trigger_phrase": all_of([w for i in used for w in i.trigger_words], ", "),
        "modelspec.merged_from": ", ".join(i.name for i in used),
        "stickerstudio.base_model": all_of([i.base_model for i in used], ", "),
        "stickerstudio.fusion": json.dumps(
            {"method": method, "ingredients": ingredients}, ensure_ascii=False
        ),
    }
    if key_format == "kohya":
        texts |= {
            "ss_network_module": "networks.lora",
            "ss_network_dim": rank,
            "ss_network_alpha": rank,
        }
    return {key: text for key, text in texts.items() if text}


def _save(tensors: dict[str, torch.Tensor], metadata: dict[str, str], target: Path) -> None:
    """Write so that `target` is either whole or not there."""
    half = target.with_name(target.name + ".part")
    try:
        with disk_errors(target):
            target.parent.mkdir(parents=True, exist_ok=True)
            save_file(tensors, half, metadata=metadata)
            with half.open("r+b") as file:
                os.fsync(file.fileno())
            half.replace(target)
    except SafetensorError as error:
        raise DiskError(
            tr("{path} could not be saved.", path=target),
            tr("The system said: {reason}.", reason=error),
            tr("Free some space or choose another disk. Nothing saved before was lost."),
        ) from error
    finally:
        half.unlink(missing_ok=True)
