"""Recipe: everything an image needs, and nothing else. The same Recipe gives the same image."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Any, cast

from stickerstudio.core.errors import BadInputError
from stickerstudio.core.i18n import tr

FORMAT = 1
MAX_PROMPT = 10_000  # characters; more than any text encoder reads, so nothing useful is refused
MAX_SEED = 2**32 - 1  # the range diffusers' examples and every peer's seed box use
MAX_STEPS = 100
MAX_SIDE = 2048  # pixels; SDXL was trained at 1024
MAX_WEIGHT = 10.0  # a LoRA weight beyond this only ever gives noise


@dataclass(frozen=True, slots=True)
class LoraWeight:
    """How strongly one LoRA is mixed in. 0 leaves it out; negative weights push away from it."""

    name: str
    weight: float


@dataclass(frozen=True, slots=True)
class Recipe:
    """One image.

    Attributes:
        prompt: what to draw, as the model gets it.
        negative_prompt: what to avoid; only used where guidance_scale > 1.
        seed: 0 … MAX_SEED, with diffusers' meaning: torch.Generator("cpu").manual_seed(seed).
        num_inference_steps: denoising steps, 1 … MAX_STEPS.
        guidance_scale: classifier-free guidance; 0 (none) for distilled models.
        width, height: pixels the model paints, multiples of 8, up to MAX_SIDE.
        model: a name in the catalogue, or a path.
        loras: the blend, in any order; equal names are refused.
        cutout: whether the background is removed afterwards.
        upscale: how many times the finished picture is enlarged, 1, 2, 3 or 4.
    """

    prompt: str
    negative_prompt: str = ""
    seed: int = 0
    num_inference_steps: int = 4
    guidance_scale: float = 0.0
    width: int = 128
    height: int = 128
    model: str = "starter"
    loras: tuple[LoraWeight, ...] = ()
    cutout: bool = True
    upscale: int = 1

    def __post_init__(self) -> None:
        _check_text(tr("The prompt"), self.prompt)
        _check_text(tr("The negative prompt"), self.negative_prompt)
        _check_range(tr("The seed"), self.seed, 0, MAX_SEED)
        _check_range(tr("The number of steps"), self.num_inference_steps, 1, MAX_STEPS)
        _check_range(tr("The guidance scale"), self.guidance_scale, 0.0, 100.0)
        _check_range(tr("The enlargement"), self.upscale, 1, 4)
        for side in (self.width, self.height):
            _check_range(tr("The size"), side, 8, MAX_SIDE)
            if side % 8:
                raise BadInputError(
                    tr("The size {side} cannot be painted.", side=side),
                    tr("The model works in blocks of 8 pixels."),
                    tr("Choose a multiple of 8, such as {near}.", near=round(side / 8) * 8),
                )
        names = [lora.name for lora in self.loras]
        if len(set(names)) != len(names):
            raise BadInputError(
                tr("The same LoRA was given twice."),
                "",
                tr("Name each LoRA once, with one weight."),
            )
        for lora in self.loras:
            label = tr("The weight of {name}", name=lora.name)
            _check_range(label, lora.weight, -MAX_WEIGHT, MAX_WEIGHT)

    @property
    def active_loras(self) -> tuple[LoraWeight, ...]:
        """The LoRAs that have an effect: weight 0 means "leave the adapter out"."""
        return tuple(lora for lora in self.loras if lora.weight != 0)

    def for_index(self, index: int) -> Recipe:
        """The recipe of sticker `index` of a batch: its seed is seed + index, as in diffusers."""
        return replace(self, seed=(self.seed + index) % (MAX_SEED + 1))

    def to_json(self) -> str:
        """One line of JSON that `from_json` reads back."""
        return json.dumps({"format": FORMAT, **asdict(self)}, ensure_ascii=False)

    @classmethod
    def from_json(cls, text: str) -> Recipe:
        """Read what `to_json` wrote. Fields this version does not know are dropped.

        Raises:
            BadInputError: the text is not a recipe, or one of its values is out of range.
        """
        try:
            data: Any = json.loads(text)
            if not isinstance(data, dict):
                raise TypeError("not an object")
            return cls._from_mapping(cast("Mapping[str, Any]", data))
        except (ValueError, TypeError, KeyError, OverflowError, RecursionError) as error:
            raise BadInputError(
                tr("These sticker settings could not be read."), str(error), ""
            ) from error

    @classmethod
    def _from_mapping(cls, data: Mapping[str, Any]) -> Recipe:
        known = {field.name: field.type for field in fields(cls)}
        values: dict[str, Any] = {key: data[key] for key in data if key in known and key != "loras"}
        for key, kind in (("prompt", str), ("negative_prompt", str), ("model", str)):
            if key in values and not isinstance(values[key], kind):
                raise TypeError(f"{key} is not text")
        for key in ("seed", "num_inference_steps", "width", "height", "upscale"):
            if key in values and type(values[key]) is not int:
                raise TypeError(f"{key} is not a whole number")
        if "guidance_scale" in values:
            values["guidance_scale"] = float(values["guidance_scale"])
        if "cutout" in values and type(values["cutout"]) is not bool:
            raise TypeError("cutout is neither true nor false")
        loras = tuple(
            LoraWeight(str(lora["name"]), float(lora["weight"])) for lora in data.get("loras", ())
        )
        return cls(**values, loras=loras)


def _check_text(label: str, text: str) -> None:
    if len(text) > MAX_PROMPT:
        raise BadInputError(
            tr("{label} is too long.", label=label),
            tr("It has {n} characters; {limit} is the most.", n=len(text), limit=MAX_PROMPT),
            tr("Shorten it: the model reads only the first few dozen words."),
        )
    if any(0xD800 <= ord(char) <= 0xDFFF for char in text):
        raise BadInputError(
            tr("{label} holds a broken character.", label=label), "", tr("Type it anew.")
        )


def _check_range(label: str, value: float, low: float, high: float) -> None:
    if not low <= value <= high:  # never true for NaN
        raise BadInputError(
            tr("{label} is out of range.", label=label),
            tr("It is {value}; from {low} to {high} is possible.", value=value, low=low, high=high),
            tr("Choose a number in that range."),
        )
