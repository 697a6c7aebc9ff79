"""Recipe: everything an image needs, and nothing else. The same Recipe gives the same image."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Any, Literal, cast, get_args

from stickerstudio.core.checks import check_range, check_text
from stickerstudio.core.errors import BadInputError
from stickerstudio.core.i18n import tr

FORMAT = 1
MAX_PROMPT = 10_000  # characters; more than any text encoder reads, so nothing useful is refused
MAX_SEED = 2**32 - 1  # the range diffusers' examples and every peer's seed box use
MAX_STEPS = 100
MAX_SIDE = 2048  # pixels; SDXL was trained at 1024
MAX_WEIGHT = 10.0  # a LoRA weight beyond this only ever gives noise
BLOCKS = (
    *(
        f"{part}.{kind}"
        for part in ("down", "mid", "up")
        for kind in ("attention", "feed_forward", "convolution")
    ),
    "text",
)
"""The parts of a model that a LoRA may be weighted in: the UNet's, and both text encoders."""

CutoutMethod = Literal["auto", "flat", "model"]
"""How the background is found: by a flat border colour, by the matting model, or what fits."""

_DIGEST = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class BlockWeight:
    """What a LoRA's weight is multiplied by in one of BLOCKS."""

    block: str
    weight: float


@dataclass(frozen=True, slots=True)
class LoraWeight:
    """How strongly one LoRA is mixed in. 0 leaves it out; negative weights push away from it.

    Attributes:
        blocks: where it counts for more or less than `weight`; 1 for those not named.
    """

    name: str
    weight: float
    blocks: tuple[BlockWeight, ...] = ()


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
        start: the SHA-256 (hexadecimal) of a picture in core.starts to paint over, or None to
            paint from pure noise.
        strength: above 0 … 1, diffusers' meaning: the share of the steps that repaint `start`.
        variation_seed, variation_strength: the noise is that of `seed`, turned towards that of
            `variation_seed` by the share `variation_strength` (0 … 1) of the way between them.
        cutout_method: how the background is found, where `cutout` is set.
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
    start: str | None = None
    strength: float = 0.6
    variation_seed: int = 0
    variation_strength: float = 0.0
    cutout_method: CutoutMethod = "auto"

    def __post_init__(self) -> None:
        shorten = tr("Shorten it: the model reads only the first few dozen words.")
        check_text(tr("The prompt"), self.prompt, MAX_PROMPT, shorten)
        check_text(tr("The negative prompt"), self.negative_prompt, MAX_PROMPT, shorten)
        check_range(tr("The seed"), self.seed, 0, MAX_SEED)
        check_range(tr("The number of steps"), self.num_inference_steps, 1, MAX_STEPS)
        check_range(tr("The guidance scale"), self.guidance_scale, 0.0, 100.0)
        check_range(tr("The enlargement"), self.upscale, 1, 4)
        check_range(tr("The variation's seed"), self.variation_seed, 0, MAX_SEED)
        check_range(tr("The variation's strength"), self.variation_strength, 0.0, 1.0)
        _check_start(self.start, self.strength)
        if self.cutout_method not in get_args(CutoutMethod):
            raise BadInputError(
                tr("The background cannot be removed by {method}.", method=self.cutout_method),
                tr("There are only: {names}.", names=", ".join(get_args(CutoutMethod))),
                tr("Choose one of these."),
            )
        for side in (self.width, self.height):
            check_range(tr("The size"), side, 8, MAX_SIDE)
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
            check_range(label, lora.weight, -MAX_WEIGHT, MAX_WEIGHT)
            _check_blocks(label, lora.blocks)

    @property
    def active_loras(self) -> tuple[LoraWeight, ...]:
        """The LoRAs that have an effect: weight 0 means "leave the adapter out"."""
        return tuple(lora for lora in self.loras if lora.weight != 0)

    def for_index(self, index: int) -> Recipe:
        """The recipe of sticker `index` of a batch: its seed is seed + index, as in diffusers.

        Of variations it is the variation's seed that counts on, so that all stay near the one.
        """
        if self.variation_strength > 0:
            return replace(self, variation_seed=(self.variation_seed + index) % (MAX_SEED + 1))
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
        for key in ("prompt", "negative_prompt", "model", "cutout_method"):
            if key in values and not isinstance(values[key], str):
                raise TypeError(f"{key} is not text")
        for key in ("seed", "num_inference_steps", "width", "height", "upscale", "variation_seed"):
            if key in values and type(values[key]) is not int:
                raise TypeError(f"{key} is not a whole number")
        for key in ("guidance_scale", "strength", "variation_strength"):
            if key in values:
                values[key] = float(values[key])
        if "cutout" in values and type(values["cutout"]) is not bool:
            raise TypeError("cutout is neither true nor false")
        if not isinstance(values.get("start"), str | None):
            raise TypeError("start is not text")
        return cls(**values, loras=tuple(_lora(lora) for lora in data.get("loras", ())))


def check_digest(text: str) -> None:
    """Refuse what is not a SHA-256 as Recipe.start has it: 64 lower-case hexadecimal digits.

    Raises:
        BadInputError: it is anything else, and could even be a path to somewhere.
    """
    if not _DIGEST.fullmatch(text):
        raise BadInputError(
            tr("The picture to start from cannot be used."),
            tr("It is not named by 64 hexadecimal digits."),
            tr("Choose the picture again."),
        )


def _lora(data: Mapping[str, Any]) -> LoraWeight:
    name, weight = str(data["name"]), float(data["weight"])
    blocks = data.get("blocks", ())
    return LoraWeight(
        name,
        weight,
        tuple(BlockWeight(str(block["block"]), float(block["weight"])) for block in blocks),
    )


def _check_start(start: str | None, strength: float) -> None:
    if start is not None:
        check_digest(start)
    if not 0 < strength <= 1:  # never true for NaN
        raise BadInputError(
            tr("The strength is out of range."),
            tr("It is {value}; above 0 and up to 1 is possible.", value=strength),
            tr("Choose a number in that range."),
        )


def _check_blocks(label: str, blocks: tuple[BlockWeight, ...]) -> None:
    names = [block.block for block in blocks]
    if len(set(names)) != len(names) or not set(names) <= set(BLOCKS):
        raise BadInputError(
            tr("{label} is given for parts that cannot be told apart.", label=label),
            tr("The parts of a model are: {names}.", names=", ".join(BLOCKS)),
            tr("Name each part once at most."),
        )
    for block in blocks:
        part = tr("{label} in {block}", label=label, block=block.block)
        check_range(part, block.weight, -MAX_WEIGHT, MAX_WEIGHT)
