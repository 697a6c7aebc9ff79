"""What the window sees: small frozen records, and the draft's way to a Recipe and to disk."""

from __future__ import annotations

import json
import math
import random
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, cast

from stickerstudio.core import wildcards
from stickerstudio.core.errors import BadInputError, ErrorReport
from stickerstudio.core.recipe import (
    BLOCKS,
    MAX_SEED,
    MAX_STEPS,
    BlockWeight,
    LoraWeight,
    Recipe,
    check_digest,
)
from stickerstudio.core.settings import enlargement

if TYPE_CHECKING:
    from stickerstudio.models.cards import ModelCard
    from stickerstudio.models.loras import LoraInfo

FORMAT = 1
MAX_COUNT = 16  # stickers of one order
MIN_STRENGTH = 0.1  # below that a picture stays as it was
MIN_BLEND, MAX_BLEND = -2.0, 2.0  # the range of the blend sliders
MIN_BLOCK, MAX_BLOCK = 0.0, 2.0  # from leaving a part of the model alone to twice the weight there

JobKind = Literal["order", "preview"]
JobState = Literal["waiting", "loading", "running", "cancelling"]
EngineState = Literal["starting", "idle", "busy", "restarting", "stopped"]


@dataclass(frozen=True, slots=True)
class BlendEntry:
    """One LoRA of the blend pane. It takes part when enabled and its weight is not 0.

    Attributes:
        weight: MIN_BLEND … MAX_BLEND.
        blocks: what `weight` is multiplied by in the parts of the model where that is not 1,
            MIN_BLOCK … MAX_BLOCK, in the order of core.recipe.BLOCKS.
    """

    name: str
    weight: float
    enabled: bool = False
    blocks: tuple[BlockWeight, ...] = ()


@dataclass(frozen=True, slots=True)
class Draft:
    """What the user is putting together: all that the prompt pane and the blend pane show.

    Attributes:
        prompt: as typed.
        seed: 0 … core.recipe.MAX_SEED.
        seed_locked: whether the seed stays after a make, instead of being rolled.
        count: stickers of the next order, 1 … MAX_COUNT.
        steps: denoising steps, within the model's card.
        model: a name in the catalogue.
        blend: one entry for each LoRA on the shelf, in its order.
        live: whether every change remakes the preview.
        cutout: whether the background is removed.
        size: (width, height) in pixels; None for the model's own.
        start: the picture to paint over, as in Recipe; None for none.
        strength: how much of `start` is painted anew, MIN_STRENGTH … 1.
        variation_seed, variation_strength: as in Recipe; those of a sticker whose settings were
            taken, until the seed is changed.
    """

    prompt: str = ""
    seed: int = 0
    seed_locked: bool = False
    count: int = 1
    steps: int = 4
    model: str = "starter"
    blend: tuple[BlendEntry, ...] = ()
    live: bool = True
    cutout: bool = True
    size: tuple[int, int] | None = None
    start: str | None = None
    strength: float = 0.6
    variation_seed: int = 0
    variation_strength: float = 0.0


@dataclass(frozen=True, slots=True)
class JobView:
    """One order in the queue, running or waiting.

    Attributes:
        job_id: to cancel it by.
        title: the prompt's first words, for a list.
        kind: "order"; a preview is never listed.
        state: "waiting", "loading" (its model), "running" or "cancelling".
        step, steps: of the sticker being made; 0, 0 before the first step.
        index, count: sticker index + 1 of count is being made.
        seconds_left: of the whole job; None while unknown.
    """

    job_id: int
    title: str
    kind: JobKind = "order"
    state: JobState = "waiting"
    step: int = 0
    steps: int = 0
    index: int = 0
    count: int = 1
    seconds_left: float | None = None


@dataclass(frozen=True, slots=True)
class EngineView:
    """The engine for the status line; texts are empty until it has said them.

    Attributes:
        state: "starting" (importing), "idle", "busy", "restarting" (after a crash), "stopped".
        device, device_name, dtype, reason: as in core.messages.EngineReady.
        model: the resident model's name.
        memory_plan: how it is held in memory.
    """

    state: EngineState = "stopped"
    device: str = ""
    device_name: str = ""
    dtype: str = ""
    reason: str = ""
    model: str = ""
    memory_plan: str = ""


@dataclass(frozen=True, slots=True)
class DownloadView:
    """A model on its way. `total` is 0 while its size is unknown."""

    model: str
    done: int  # bytes
    total: int  # bytes


@dataclass(frozen=True, slots=True)
class Notice:
    """Something to tell the user: an error in three sentences, or a text, and perhaps an action.

    Attributes:
        error: what went wrong; None for plain information.
        text: the information where there is no error.
        action: what `Session.perform` does when the user presses the button; None: no button.
        action_label: the button's text.
    """

    error: ErrorReport | None = None
    text: str = ""
    action: str | None = None
    action_label: str = ""


def random_seed() -> int:
    """Any seed, all equally likely."""
    return random.randint(0, MAX_SEED)


def clamp(value: float, low: float, high: float) -> float:
    """`value`, or the nearer end of [low, high]; `low` where it is not a number."""
    return low if math.isnan(value) else min(max(value, low), high)


def checked(draft: Draft) -> Draft:
    """`draft` with every number brought into its range."""
    return replace(
        draft,
        seed=int(clamp(draft.seed, 0, MAX_SEED)),
        count=int(clamp(draft.count, 1, MAX_COUNT)),
        steps=int(clamp(draft.steps, 1, MAX_STEPS)),
        strength=clamp(draft.strength, MIN_STRENGTH, 1.0),
        variation_seed=int(clamp(draft.variation_seed, 0, MAX_SEED)),
        variation_strength=clamp(draft.variation_strength, 0.0, 1.0),
        blend=tuple(
            replace(
                entry,
                weight=clamp(entry.weight, MIN_BLEND, MAX_BLEND),
                blocks=checked_blocks(entry.blocks),
            )
            for entry in draft.blend
        ),
    )


def checked_blocks(blocks: Iterable[BlockWeight]) -> tuple[BlockWeight, ...]:
    """`blocks` in range and in order, without those that are 1 or of no part of a model."""
    weights = {each.block: clamp(each.weight, MIN_BLOCK, MAX_BLOCK) for each in blocks}
    return tuple(
        BlockWeight(block, weights[block]) for block in BLOCKS if weights.get(block, 1.0) != 1.0
    )


def merged_blend(blend: Sequence[BlendEntry], loras: Iterable[LoraInfo]) -> tuple[BlendEntry, ...]:
    """An entry for each of `loras`: the one in `blend`, or one at its default, switched off."""
    known = {entry.name: entry for entry in blend}
    return tuple(
        known.get(lora.name)
        or BlendEntry(lora.name, clamp(lora.recommended_weight, MIN_BLEND, MAX_BLEND))
        for lora in loras
    )


def blend_of(loras: Iterable[LoraWeight], blend: Iterable[BlendEntry]) -> tuple[BlendEntry, ...]:
    """`blend` with exactly `loras` taking part, as far as they are in it."""
    weights = {lora.name: lora for lora in loras}
    return tuple(
        BlendEntry(lora.name, lora.weight, enabled=True, blocks=lora.blocks)
        if (lora := weights.get(entry.name))
        else replace(entry, enabled=False)
        for entry in blend
    )


def loras_of(blend: Iterable[BlendEntry]) -> tuple[LoraWeight, ...]:
    """The LoRAs of `blend` that take part."""
    return tuple(
        LoraWeight(entry.name, entry.weight, entry.blocks)
        for entry in blend
        if entry.enabled and entry.weight != 0
    )


def recipe_of(draft: Draft, card: ModelCard, upscale: int) -> Recipe:
    """The Recipe that `draft` stands for on the model of `card`, enlarged as Settings.upscale says.

    Of a prompt with choices (core.wildcards) it is the first that the seed picks.

    Raises:
        BadInputError: the prompt is too long or holds broken characters.
    """
    width, height = draft.size or card.size
    return Recipe(
        prompt=wildcards.sampled(draft.prompt.strip(), draft.seed, 1)[0],
        seed=draft.seed,
        num_inference_steps=draft.steps,
        guidance_scale=card.guidance_scale,
        width=width,
        height=height,
        model=draft.model,
        loras=loras_of(draft.blend),
        cutout=draft.cutout,
        upscale=enlargement(upscale, width, height),
        start=draft.start,
        strength=draft.strength,
        variation_seed=draft.variation_seed,
        variation_strength=draft.variation_strength,
    )


def title_of(prompt: str, limit: int = 60) -> str:
    """`prompt` on one line of at most `limit` characters."""
    line = " ".join(prompt.split())
    return line if len(line) <= limit else f"{line[: limit - 1].rstrip()}…"


def draft_to_json(draft: Draft) -> str:
    """What `draft_from_json` reads back."""
    return json.dumps({"format": FORMAT, **asdict(draft)}, ensure_ascii=False, indent=1)


def draft_from_json(text: str, default: Draft) -> Draft:
    """Read what `draft_to_json` wrote; a value that cannot be used is `default`'s."""
    try:
        data: Any = json.loads(text)
    except (ValueError, RecursionError):
        return default
    if not isinstance(data, dict):
        return default
    values = cast("dict[str, Any]", data)
    kept: dict[str, Any] = {}
    for name in _PLAIN:
        if type(values.get(name)) is type(getattr(default, name)):
            kept[name] = values[name]
    return checked(
        replace(
            default,
            **kept,
            blend=tuple(_entries(values.get("blend"))) or default.blend,
            size=_size(values.get("size")),
            start=_digest(values.get("start")),
            strength=_number(values.get("strength"), default.strength),
            variation_strength=_number(values.get("variation_strength"), 0.0),
        )
    )


_PLAIN = (
    "prompt",
    "seed",
    "seed_locked",
    "count",
    "steps",
    "model",
    "live",
    "cutout",
    "variation_seed",
)


def _entries(value: object) -> Iterable[BlendEntry]:
    for item in cast("list[object]", value) if isinstance(value, list) else []:
        match item:
            case {"name": str(name), "weight": float() | int() as weight, "enabled": bool(on)}:
                blocks = cast("dict[str, object]", item).get("blocks")
                yield BlendEntry(name, float(weight), on, tuple(_blocks(blocks)))
            case _:
                pass


def _blocks(value: object) -> Iterable[BlockWeight]:
    for item in cast("list[object]", value) if isinstance(value, list) else []:
        match item:
            case {"block": str(block), "weight": float() | int() as weight}:
                yield BlockWeight(block, float(weight))
            case _:
                pass


def _digest(value: object) -> str | None:
    try:
        check_digest(str(value))
    except BadInputError:
        return None
    return str(value)


def _number(value: object, default: float) -> float:
    return float(value) if isinstance(value, int | float) else default


def _size(value: object) -> tuple[int, int] | None:
    match value:
        case [int(width), int(height)] if 8 <= width <= 2048 and 8 <= height <= 2048:
            return width // 8 * 8, height // 8 * 8
        case _:
            return None


def read_draft(path: Path, default: Draft) -> Draft:
    """The draft kept at `path`, or `default` where there is none that can be read."""
    try:
        return draft_from_json(path.read_text(encoding="utf-8"), default)
    except (OSError, UnicodeDecodeError):
        return default
