"""What a LoRA file says about itself: in its header, and in a card beside it.

The header keys are those of Stability's ModelSpec (modelspec.*) and of kohya's trainer (ss_*). A
card NAME.json beside the file wins over the header; A1111's own cards ("activation text",
"preferred weight") are read too. Nothing here is trusted: texts are cut and cleaned.
"""

from __future__ import annotations

import base64
import binascii
import io
import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, cast

from PIL import Image

from stickerstudio.core.errors import disk_errors
from stickerstudio.models.lora_keys import LoraKeys
from stickerstudio.models.safetensors_header import Header, read_number

MAX_TEXT: Final = 500  # characters shown of any text of a file
MAX_TRIGGERS: Final = 5
MAX_CARD: Final = 2**20  # bytes
MAX_PICTURE: Final = 8 * 2**20  # bytes of a picture inside a header
THUMBNAIL_SIDE: Final = 256
PICTURES: Final = (".png", ".jpg", ".jpeg", ".webp")
DEFAULT_WEIGHT: Final = 1.0
WEIGHT_RANGE: Final = (-2.0, 2.0)


@dataclass(frozen=True, slots=True)
class Card:
    """The texts of NAME.json, or none."""

    values: Mapping[str, Any] = field(default_factory=dict[str, Any])

    def text(self, *keys: str) -> str:
        """The first of `keys` that is a text."""
        return next((clean(v) for key in keys if isinstance(v := self.values.get(key), str)), "")


def read_card(path: Path) -> Card:
    """The card beside the LoRA at `path`; an empty one where it is missing or unreadable."""
    card = path.with_suffix(".json")
    try:
        if card.stat().st_size > MAX_CARD:
            return Card()
        data: Any = json.loads(card.read_text("utf-8"))
    except (OSError, ValueError, RecursionError):
        return Card()
    return Card(cast("dict[str, Any]", data)) if isinstance(data, dict) else Card()


def clean(text: str) -> str:
    """One line, printable, at most MAX_TEXT characters."""
    line = "".join(char if char.isprintable() else " " for char in text[: 4 * MAX_TEXT])
    return " ".join(line.split())[:MAX_TEXT]


def trigger_words(metadata: Mapping[str, str], card: Card) -> tuple[str, ...]:
    """The words that call the style up, the likeliest first; at most MAX_TRIGGERS.

    From the card, else modelspec.trigger_phrase, instance_prompt, or the tags most of the training
    pictures had (ss_tag_frequency), else the name of the training folder ("10_otter": "otter").
    """
    said: Any = card.values.get("trigger", card.values.get("activation text"))
    if isinstance(said, list):
        said = ", ".join(word for word in cast("list[object]", said) if isinstance(word, str))
    if isinstance(said, str):
        return _split(said)
    for key in ("modelspec.trigger_phrase", "trigger_phrase", "trigger", "instance_prompt"):
        if metadata.get(key, "").strip():
            return _split(metadata[key])
    tags: dict[str, int] = {}
    folders: list[str] = []
    for folder, counts in _mapping(metadata.get("ss_tag_frequency")).items():
        folders.append(folder)
        if isinstance(counts, dict):
            for tag, count in cast("dict[str, object]", counts).items():
                if isinstance(count, int):
                    tags[tag.strip()] = tags.get(tag.strip(), 0) + count
    most = max(tags.values(), default=0)
    common = sorted((tag for tag in tags if tag and 2 * tags[tag] >= most), key=lambda t: -tags[t])
    if common:
        return tuple(clean(tag) for tag in common[:MAX_TRIGGERS])
    folders += _mapping(metadata.get("ss_dataset_dirs"))
    named = (re.fullmatch(r"\d+_(.+)", folder) for folder in folders)
    return tuple(dict.fromkeys(clean(name[1]) for name in named if name))[:MAX_TRIGGERS]


def _split(text: str) -> tuple[str, ...]:
    words = (clean(word) for word in re.split(r"[,\n]", text[: 4 * MAX_TEXT]))
    return tuple(dict.fromkeys(word for word in words if word))[:MAX_TRIGGERS]


def _mapping(text: str | None) -> dict[str, Any]:
    """A JSON object out of a metadata text; empty where it is none."""
    try:
        data: Any = json.loads(text or "{}")
    except (ValueError, RecursionError):
        return {}
    return cast("dict[str, Any]", data) if isinstance(data, dict) else {}


def first(metadata: Mapping[str, str], *keys: str) -> str:
    """The first of `keys` with a text, cleaned."""
    return next((clean(metadata[key]) for key in keys if metadata.get(key, "").strip()), "")


def recommended_weight(metadata: Mapping[str, str], card: Card) -> float:
    """The weight its author recommends, kept within the sliders' range; DEFAULT_WEIGHT if none."""
    candidates: tuple[object, ...] = (
        card.values.get("recommended_weight"),
        card.values.get("preferred weight"),
        metadata.get("recommended_weight"),
        metadata.get("stickerstudio.recommended_weight"),
    )
    for said in candidates:
        try:
            weight = float(cast("Any", said))
        except (TypeError, ValueError):
            continue
        if math.isfinite(weight) and weight != 0:  # A1111 writes 0 for "not set"
            return min(max(weight, WEIGHT_RANGE[0]), WEIGHT_RANGE[1])
    return DEFAULT_WEIGHT


def max_rank(header: Header, keys: LoraKeys) -> int:
    """The largest rank of any layer; 0 where the kind of LoRA has none."""
    ranks = [0]
    for layer in keys.layers:
        for role in ("down", "hada_w1_b", "lokr_w1_b", "lokr_w2_b"):
            if role in layer.tensors:
                ranks += header.tensors[layer.tensors[role]].shape[:1]
    return max(ranks)


def alpha(path: Path, header: Header, keys: LoraKeys) -> float | None:
    """The alpha of the file (of its first layer that has one); None where it does not say."""
    for layer in keys.layers:
        if "alpha" in layer.tensors:
            return read_number(path, header.tensors[layer.tensors["alpha"]])
    config = adapter_config(path, header.metadata)
    said: Any = config.get("lora_alpha", config.get("unet.lora_alpha"))
    said = header.metadata.get("ss_network_alpha") if said is None else said
    try:
        return float(said)
    except (TypeError, ValueError):
        return None


def adapter_config(path: Path, metadata: Mapping[str, str]) -> Mapping[str, Any]:
    """peft's settings of the adapter: alpha, rank-stabilised scaling, patterns per layer.

    From the header, where diffusers puts them with the component before each key ("unet.r"); else
    from NAME.adapter_config.json or, for peft's own folder layout, adapter_config.json beside it.
    """
    if "lora_adapter_metadata" in metadata:
        return _mapping(metadata["lora_adapter_metadata"])
    beside = adapter_config_file(path)
    try:
        if beside is None or beside.stat().st_size > MAX_CARD:
            return {}
        return _mapping(beside.read_text("utf-8"))
    except (OSError, UnicodeDecodeError):
        return {}


def adapter_config_file(path: Path) -> Path | None:
    """The peft settings that belong to the file at `path`."""
    own = path.with_suffix(".adapter_config.json")
    if own.is_file():
        return own
    folder = path.with_name("adapter_config.json")
    if path.stem == "adapter_model" and folder.is_file():
        return folder
    return None


def preview_beside(path: Path, card: Card) -> Path | None:
    """A picture of what the LoRA does: named by the card, or of the same name beside it."""
    named = card.text("preview")
    candidates = [path.with_name(Path(named).name)] if named else []
    candidates += [path.with_suffix(suffix) for suffix in PICTURES]
    candidates += [path.with_suffix(f".preview{suffix}") for suffix in PICTURES]
    return next((picture for picture in candidates if picture.is_file()), None)


def unpack_thumbnail(metadata: Mapping[str, str], target: Path) -> Path | None:
    """Write the picture inside the header (modelspec.thumbnail, a data URL) to `target`, as PNG.

    None where there is none or it is no picture. At most THUMBNAIL_SIDE pixels a side.
    """
    url = metadata.get("modelspec.thumbnail", "")
    match = re.match(r"data:image/[a-z]+;base64,", url[:64])
    if match is None or len(url) > MAX_PICTURE:
        return None
    try:
        picture = Image.open(io.BytesIO(base64.b64decode(url[match.end() :], validate=True)))
        if max(picture.size) > 4096:
            return None
        picture.thumbnail((THUMBNAIL_SIDE, THUMBNAIL_SIDE))
        picture = picture.convert("RGBA")
    except (binascii.Error, OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return None
    with disk_errors(target):
        target.parent.mkdir(parents=True, exist_ok=True)
        half = target.with_suffix(".part")
        picture.save(half, "PNG")
        half.replace(target)
    return target
