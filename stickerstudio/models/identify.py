"""What kind of model a folder or file is, from its configuration and headers. No tensor is read.

Two layouts hold the SDXL architecture: a diffusers folder (model_index.json and one folder for each
part) and a single .safetensors file with the keys of Stability AI's own code. Everything else is
refused by its name, so that the user knows what it is that they have.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

from stickerstudio.core.errors import (
    BadFileError,
    NotFoundError,
    StudioError,
    UnsafeFileError,
    WrongModelError,
    disk_errors,
)
from stickerstudio.core.i18n import tr
from stickerstudio.models.cards import ModelCard, read_card
from stickerstudio.models.safetensors_header import read_header

_MAX_CONFIG = 20_000_000  # bytes; the index of a sharded SDXL is 0.2 MB
_WEIGHTS = {
    "unet": "diffusion_pytorch_model",
    "vae": "diffusion_pytorch_model",
    "text_encoder": "model",
    "text_encoder_2": "model",
}
_PICKLES = (".bin", ".ckpt", ".pt", ".pth", ".pkl")
_DISTILLED = re.compile(r"turbo|lightning|hyper|lcm|dmd|schnell")

# Class names of diffusers, and what people call what they load.
_PIPELINES = {
    "StableDiffusionPipeline": "Stable Diffusion 1 or 2",
    "StableDiffusion3Pipeline": "Stable Diffusion 3",
    "FluxPipeline": "Flux",
    "PixArtSigmaPipeline": "PixArt-Sigma",
    "KandinskyV22Pipeline": "Kandinsky",
    "StableCascadeCombinedPipeline": "Stable Cascade",
    "AuraFlowPipeline": "AuraFlow",
    "SanaPipeline": "Sana",
    "QwenImagePipeline": "Qwen-Image",
}


def identify(path: Path) -> ModelCard:
    """A card for the model at `path`: a diffusers folder or a .safetensors file of SDXL.

    A folder may bring a card.json of its own. Otherwise name and title come from the path, size and
    steps from what the files say.

    Raises:
        NotFoundError, DiskError: there is nothing there, or it cannot be read.
        WrongModelError: it is of another architecture, or a LoRA; the sentence names which.
        UnsafeFileError: it is a pickle.
        BadFileError: it is damaged, cut off or not a model at all.
    """
    with disk_errors(path):
        is_folder = path.is_dir()
        if not is_folder:
            path.stat()
    return _folder(path) if is_folder else _single_file(path)


def weight_files(folder: Path, part: str) -> list[Path]:
    """The .safetensors files that hold `part` ("unet", "vae", "text_encoder", …) of `folder`.

    Of several variants the plain one is taken, else the first in the order of the alphabet.

    Raises:
        NotFoundError: there are none.
        UnsafeFileError: there are only pickles.
        BadFileError: the index of a split model is damaged.
    """
    stem = _WEIGHTS[part]
    home = folder / part
    names = sorted(each.name for each in home.iterdir()) if home.is_dir() else []
    whole = [name for name in names if re.fullmatch(rf"{stem}(\.\w+)?\.safetensors", name)]
    if whole:
        return [home / min(whole, key=len)]
    indexes = [n for n in names if re.fullmatch(rf"{stem}\.safetensors\.index(\.\w+)?\.json", n)]
    if indexes:
        index = home / min(indexes, key=len)
        parts = _mapping(_config(index).get("weight_map"), index)
        return [home / Path(str(name)).name for name in sorted(set(parts.values()), key=str)]
    if any(name.endswith(_PICKLES) for name in names):
        raise _pickle(home)
    raise _incomplete(folder, f"{part}/{stem}.safetensors")


def _folder(path: Path) -> ModelCard:
    index_file = path / "model_index.json"
    if not index_file.is_file():
        raise _no_model_folder(path)
    index = _config(index_file)
    kind = str(index.get("_class_name", ""))
    if not kind.startswith("StableDiffusionXL"):
        raise _other_architecture(path, _pipeline_name(path, kind))
    if _part_missing(index, "text_encoder"):
        raise _other_architecture(path, tr("the SDXL refiner"))
    unet = _config(path / "unet" / "config.json")
    if unet.get("addition_embed_type") != "text_time":
        raise _other_architecture(path, tr("another architecture that calls itself SDXL"))
    vae = _config(path / "vae" / "config.json")
    if unet.get("in_channels", 4) != vae.get("latent_channels", 4):
        raise _other_architecture(path, tr("SDXL for inpainting or editing"))
    for part in ("text_encoder", "text_encoder_2"):
        _config(path / part / "config.json")
    scheduler = _config(path / "scheduler" / "scheduler_config.json")
    for part in ("tokenizer", "tokenizer_2"):
        if not (path / part).is_dir():
            raise _incomplete(path, part)
    for part in _WEIGHTS:
        for file in weight_files(path, part):
            read_header(file)
    with suppress(StudioError):  # without a card, or with a broken one, it is a model all the same
        card, _ = read_card(path / "card.json")
        return replace(card, location=path, hub=None)
    name = _folder_name(path)
    turbo = (  # SDXL-Turbo's own schedule; with v-prediction, "trailing" says nothing about steps
        scheduler.get("_class_name") == "EulerAncestralDiscreteScheduler"
        and scheduler.get("timestep_spacing") == "trailing"
        and scheduler.get("prediction_type", "epsilon") == "epsilon"
    )
    distilled = turbo or _is_distilled(name)
    return _card(name, path, _trained_size(unet, vae), distilled=distilled)


def _single_file(path: Path) -> ModelCard:
    if path.suffix.lower() in _PICKLES:
        raise _pickle(path)
    tensors = read_header(path).tensors
    keys = tensors.keys()
    other = _other_layout(keys)
    if other is not None:
        raise _other_architecture(path, other)
    missing = [
        what
        for what, prefix in (
            ("UNet", "model.diffusion_model."),
            ("VAE", "first_stage_model."),
            (tr("first text encoder"), "conditioner.embedders.0."),
            (tr("second text encoder"), "conditioner.embedders.1."),
        )
        if not any(key.startswith(prefix) for key in keys)
    ]
    if missing:
        raise WrongModelError(
            tr("{name} cannot be used as a model.", name=path.name),
            tr("It lacks: {parts}.", parts=", ".join(missing)),
            tr("Look for the complete checkpoint; it is about 7 GB."),
        )
    first_layer = tensors.get("model.diffusion_model.input_blocks.0.0.weight")
    if first_layer is not None and first_layer.shape[1:2] != (4,):
        raise _other_architecture(path, tr("SDXL for inpainting or editing"))
    name = path.stem
    side = 512 if "turbo" in name.lower() else 1024  # SDXL-Turbo's size and SDXL's
    return _card(name, path, (side, side), distilled=_is_distilled(name))


def _other_layout(keys: Any) -> str | None:
    """The name of an architecture that is not a whole SDXL, known by its keys."""

    def has(*prefixes: str) -> bool:
        return any(key.startswith(prefixes) for key in keys)

    if has("lora_", "unet.up_blocks", "base_model.model.") or any(
        ".lora_" in key or key.endswith((".lora_down.weight", ".lora_A.weight")) for key in keys
    ):
        return tr("a LoRA, not a model")
    if has("double_blocks.", "model.diffusion_model.double_blocks.", "single_transformer_blocks."):
        return "Flux"
    if has("joint_blocks.", "model.diffusion_model.joint_blocks."):
        return "Stable Diffusion 3"
    if has("cond_stage_model.transformer."):
        return "Stable Diffusion 1"
    if has("cond_stage_model.model."):
        return "Stable Diffusion 2"
    if has("conditioner.embedders.0.model."):
        return tr("the SDXL refiner")
    if has("control_model.", "controlnet_"):
        return "ControlNet"
    if has("conditioner.", "model.diffusion_model.", "first_stage_model."):
        return None
    return tr("an unknown architecture")


def _pipeline_name(path: Path, kind: str) -> str:
    if kind == "StableDiffusionPipeline":
        width = _config(path / "unet" / "config.json").get("cross_attention_dim")
        return {768: "Stable Diffusion 1", 1024: "Stable Diffusion 2"}.get(
            width if isinstance(width, int) else 0, _PIPELINES[kind]
        )
    return _PIPELINES.get(kind, kind.removesuffix("Pipeline") or tr("an unknown architecture"))


def _card(name: str, path: Path, size: tuple[int, int], *, distilled: bool) -> ModelCard:
    return ModelCard(
        name=slug(name),
        title=name,
        title_zh_hant=name,
        licence="unknown",
        licence_text=tr("Ask whoever made this model what it may be used for."),
        size=size,
        sizes=(size,),
        # What diffusers' own pages recommend for SDXL-Turbo, and its defaults for SDXL.
        default_steps=4 if distilled else 30,
        min_steps=1,
        max_steps=100,
        guidance_scale=0.0 if distilled else 5.0,
        location=path,
    )


def slug(text: str) -> str:
    """`text` as a name for the catalogue."""
    name = re.sub(r"[^a-z0-9._-]+", "-", text.lower()).strip("-._")
    return name[:60].rstrip("-._") or "model"


def _folder_name(path: Path) -> str:
    """The folder's own name, or the repository's for a snapshot in the hub's cache."""
    if path.parent.name == "snapshots" and path.parent.parent.name.startswith("models--"):
        return path.parent.parent.name.split("--")[-1]
    return path.resolve().name


def _is_distilled(name: str) -> bool:
    return _DISTILLED.search(name.lower()) is not None


def _trained_size(unet: Mapping[str, Any], vae: Mapping[str, Any]) -> tuple[int, int]:
    """Pixels: the UNet's side in latents times what the VAE enlarges by."""
    latents, blocks = unet.get("sample_size"), vae.get("block_out_channels")
    if type(latents) is not int or not isinstance(blocks, list):
        return 1024, 1024
    side = latents * 2 ** (len(cast("list[object]", blocks)) - 1)
    side = min(max(side // 8 * 8, 8), 2048)
    return side, side


def _part_missing(index: Mapping[str, Any], part: str) -> bool:
    entry = index.get(part)
    return not isinstance(entry, list) or cast("list[object]", entry)[:1] == [None]


def _config(file: Path) -> Mapping[str, Any]:
    if not file.is_file():
        raise _incomplete(file.parent.parent, f"{file.parent.name}/{file.name}")
    with disk_errors(file), file.open("rb") as handle:
        raw = handle.read(_MAX_CONFIG + 1)
    try:
        if len(raw) > _MAX_CONFIG:
            raise ValueError("too long")
        return _mapping(json.loads(raw), file)
    except (ValueError, RecursionError) as error:
        raise _damaged(file) from error


def _mapping(value: object, file: Path) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise _damaged(file)
    return cast("Mapping[str, Any]", value)


def _no_model_folder(path: Path) -> BadFileError:
    names = {each.name for each in path.iterdir()}
    if names & {"adapter_config.json", "pytorch_lora_weights.safetensors"}:
        return _other_architecture(path, tr("a LoRA, not a model"))
    files = sorted(name for name in names if name.endswith(".safetensors"))
    return BadFileError(
        tr("{name} is not a model folder.", name=path.name),
        tr("It has no model_index.json."),
        tr("Choose the file {file} in it.", file=files[0])
        if files
        else tr("Choose a diffusers folder or a .safetensors file."),
    )


def _other_architecture(path: Path, name: str) -> WrongModelError:
    return WrongModelError(
        tr("{name} cannot be used as a model.", name=path.name),
        tr("It is {kind}; Sticker Studio runs models of the SDXL architecture.", kind=name),
        tr("Choose an SDXL or SDXL-Turbo model. A LoRA is added as a LoRA."),
    )


def _pickle(path: Path) -> UnsafeFileError:
    return UnsafeFileError(
        tr("{name} was not opened.", name=path.name),
        tr("It is a pickle (.ckpt, .pt, .bin), which can run any program when opened."),
        tr("Look for the .safetensors version of it."),
    )


def _incomplete(folder: Path, what: str) -> NotFoundError:
    return NotFoundError(
        tr("The model in {folder} is not complete.", folder=folder),
        tr("{what} is missing.", what=what),
        tr("Copy or download it again."),
    )


def _damaged(file: Path) -> BadFileError:
    return BadFileError(
        tr("The model in {folder} is damaged.", folder=file.parent),
        tr("{name} cannot be read.", name=file.name),
        tr("Copy or download it again."),
    )
