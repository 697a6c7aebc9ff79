"""Which architecture a LoRA file was made for, told from the names and shapes of its tensors."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Literal

from stickerstudio.core.errors import BadFileError, WrongModelError
from stickerstudio.core.i18n import tr
from stickerstudio.models.lora_keys import LoraKeys, LoraLayer
from stickerstudio.models.safetensors_header import Header

Family = Literal["sdxl", "sd15", "sd2", "sd3", "flux", "other", "unknown"]

FAMILY_NAMES: Mapping[Family, str] = {
    "sdxl": "SDXL",
    "sd15": "Stable Diffusion 1.5",
    "sd2": "Stable Diffusion 2",
    "sd3": "Stable Diffusion 3",
    "flux": "Flux",
}

APPLIED_METHODS = frozenset({"LoRA", "LoHa", "LoKr"})

# Width of what the cross attention reads: the text encoders' output. That is the one number that
# tells the UNets of Stable Diffusion apart whatever layers a file adapts.
_CROSS_ATTENTION: Mapping[int, Family] = {768: "sd15", 1024: "sd2", 2048: "sdxl"}

_WHOLE_MODEL = ("model.diffusion_model.", "first_stage_model.", "conditioner.", "cond_stage_model.")
_EMBEDDING = frozenset({"emb_params", "clip_l", "clip_g", "string_to_param", "t5"})


def family(header: Header, keys: LoraKeys) -> Family:
    """The architecture the file is for. "unknown" where neither names nor shapes tell."""
    names = header.tensors
    if any(re.search(r"single_transformer_blocks|(double|single)_blocks", name) for name in names):
        return "flux"
    if any("joint_blocks" in name for name in names):
        return "sd3"
    declared = _declared(header.metadata)
    if declared == "sdxl":
        return declared
    attention = _cross_attention_width(header, keys.layers)
    if attention in _CROSS_ATTENTION:
        return _CROSS_ATTENTION[attention]
    if any(layer.component == "text_encoder_2" for layer in keys.layers):
        return "sdxl"
    if declared is not None or attention:  # a width nobody else has: a miniature, perhaps ours
        return declared or "unknown"
    unet = [layer.name for layer in keys.layers if layer.component == "unet"]
    if any(re.search(r"transformer_blocks_[1-9]", name) for name in unet):
        return "sdxl"
    if any(re.match(r"down_blocks_0_attentions|input_blocks_[12]_1_", name) for name in unet):
        return "sd15"
    if any(_is_transformer(name) for name in names):
        return "other"
    return "unknown"


def _is_transformer(name: str) -> bool:
    return re.match(r"(transformer|lora_transformer|diffusion_model)[._]", name) is not None and (
        re.search(r"(input|output|middle|down|up|mid)_blocks?[._]", name) is None
    )


def _declared(metadata: Mapping[str, str]) -> Family | None:
    said = " ".join(
        metadata.get(key, "")[:200].lower()
        for key in ("modelspec.architecture", "ss_base_model_version", "stickerstudio.family")
    )
    tests: Iterable[tuple[str, Family]] = (
        (r"sdxl|stable-diffusion-xl", "sdxl"),
        (r"flux", "flux"),
        (r"sd3|stable-diffusion-3", "sd3"),
        (r"sd_v2|sd_2|stable-diffusion-v2|768-v", "sd2"),
        (r"sd_v1|sd_1|stable-diffusion-v1", "sd15"),
    )
    return next((found for pattern, found in tests if re.search(pattern, said)), None)


def _cross_attention_width(header: Header, layers: Iterable[LoraLayer]) -> int:
    """Inputs of the first adapted attn2.to_k or to_v; 0 where the file adapts none."""
    for layer in layers:
        if re.search(r"attn2_to_[kv]$", layer.name) and "down" in layer.tensors:
            shape = header.tensors[layer.tensors["down"]].shape
            return shape[1] if len(shape) > 1 else 0
        if re.search(r"attn2_to_[kv]$", layer.name) and "hada_w1_b" in layer.tensors:
            shape = header.tensors[layer.tensors["hada_w1_b"]].shape
            return shape[1] if len(shape) > 1 else 0
    return 0


def check_usable(path: Path, header: Header, keys: LoraKeys) -> Family:
    """The family of a file we can blend.

    Raises:
        WrongModelError: it is for an architecture that is not SDXL's; the sentence names it.
        BadFileError: it is no LoRA, or one of a kind that cannot be blended; the sentence names it.
    """
    names = header.tensors
    if any(name.startswith(_WHOLE_MODEL) for name in names):
        raise BadFileError(
            tr("{name} is a whole model, not a LoRA.", name=path.name),
            "",
            tr("Add it as a model instead."),
        )
    if names and _EMBEDDING.issuperset(names):
        raise BadFileError(
            tr("{name} is a textual inversion, not a LoRA.", name=path.name),
            tr("It teaches a new word to the text encoders; Sticker Studio blends LoRAs only."),
            tr("Choose a LoRA file."),
        )
    kind = family(header, keys)
    if kind not in ("sdxl", "unknown"):
        raise wrong_family(path, kind)
    if not keys.layers:
        raise BadFileError(
            tr("{name} is not a LoRA.", name=path.name),
            tr("None of its {n} tensors belongs to one.", n=len(names)),
            tr("Choose a LoRA file."),
        )
    for layer in keys.layers:
        if layer.method not in APPLIED_METHODS:
            raise BadFileError(
                tr("{name} cannot be blended.", name=path.name),
                tr(
                    "It is of the kind “{method}”, which changes the model's own weights in a way"
                    " that has no slider.",
                    method=layer.method,
                ),
                tr("Look for a version of it as LoRA, LoCon, LoHa or LoKr."),
            )
    if keys.leftover:
        raise BadFileError(
            tr("{name} cannot be blended.", name=path.name),
            tr(
                "It holds tensors we do not know ({first}), {n} in all.",
                first=keys.leftover[0][:120],
                n=len(keys.leftover),
            ),
            tr("Look for a version of it as LoRA, LoCon, LoHa or LoKr."),
        )
    return kind


def wrong_family(path: Path, kind: Family) -> WrongModelError:
    """The refusal of a LoRA for another architecture."""
    other = FAMILY_NAMES.get(kind)
    return WrongModelError(
        tr("{name} is a LoRA for {family}.", name=path.name, family=other)
        if other
        else tr("{name} is a LoRA for another kind of model.", name=path.name),
        tr("Sticker Studio paints with SDXL models, which have other layers."),
        tr("Look for its SDXL version."),
    )
