"""What a training is to do: every number the trainer reads, and the three presets."""

from __future__ import annotations

import json
import re
from dataclasses import asdict, dataclass, fields, replace
from typing import Any, Literal, cast, get_args

from stickerstudio.core.errors import BadInputError
from stickerstudio.core.i18n import tr

Preset = Literal["quick", "good", "thorough"]
Target = Literal["attention", "feed-forward", "convolutions"]
Loss = Literal["ordinary", "x0", "teacher"]
Decay = Literal["constant", "cosine"]
Optimiser = Literal["auto", "adamw", "adamw8bit"]
Keep = Literal["best", "last"]

PRESETS: tuple[Preset, ...] = get_args(Preset)
TARGETS: tuple[Target, ...] = get_args(Target)

MAX_NAME = 64  # characters; the file is called so
MAX_TRIGGER = 40  # characters: a long trigger uses up the prompt
MAX_STEPS = 100_000
MAX_RANK = 256
_NAME = re.compile(r"[\w][\w.() +-]*")


@dataclass(frozen=True, slots=True)
class TrainingSettings:
    """One training. Frozen; the same settings and pictures give the same weights.

    Attributes:
        name: of the LoRA and its file.
        model: of the base, as the catalogue names it, or a path.
        trigger: words put at the end of every caption; "" for none.
        licence, author: of the drawings; written into the file.
        consent: the user said that the drawings may be used so.
        steps: optimiser steps.
        batch: pictures per step and device, all accumulated parts together.
        accumulation: parts a batch is computed in; less memory, more time.
        rank, alpha: of every layer; the change is scaled by alpha / rank.
        targets: which layers of the UNet.
        text_encoders: whether both text encoders learn as well.
        learning_rate, text_learning_rate: at their highest, after `warmup` steps.
        decay: how the rate goes on after it.
        loss: see engine.train.objective.
        min_snr: γ of the min-SNR weighting of the ordinary loss (https://arxiv.org/abs/2303.09556);
            0 for none.
        prior_share: the share of each batch that shows the base's own pictures, without trigger.
        prior_pictures: how many the base paints for it.
        caption_dropout: share of captions left empty but for the trigger.
        shuffle_tags: draw the order of the comma-separated parts anew, the first one kept first.
        flips: mirror pictures, those excepted that must not be (letters).
        backgrounds: flat colours that transparent pictures are laid on.
        keep_shape: use resolution buckets; otherwise every picture lies on a square.
        margin: empty edge around a trimmed picture, as a share of its longer side.
        keep_place: use the whole page, neither trimmed nor with a margin, so that every line stays
            where it is: for drawings made over the base's own pictures.
        checkpointing: compute activations again in the backward pass; None: where memory asks.
        sample_every: steps between two rows of samples; 0 for none.
        sample_prompts: what they show; empty: chosen from what the model knows.
        save_seconds: at most this long between two savings of the state.
        keep: which weights become the file.
    """

    name: str
    model: str = "starter"
    trigger: str = ""
    licence: str = ""
    author: str = ""
    consent: bool = False
    preset: Preset = "quick"
    steps: int = 1_200
    batch: int = 8
    accumulation: int = 1
    rank: int = 16
    alpha: int = 16
    targets: tuple[Target, ...] = ("attention", "feed-forward")
    text_encoders: bool = False
    learning_rate: float = 1e-3
    text_learning_rate: float = 1e-4
    warmup: int = 50
    decay: Decay = "cosine"
    weight_decay: float = 0.0
    loss: Loss = "teacher"
    min_snr: float = 5.0
    prior_share: float = 0.25
    prior_pictures: int = 64
    lora_dropout: float = 0.0
    caption_dropout: float = 0.05
    shuffle_tags: bool = True
    flips: bool = False
    backgrounds: tuple[str, ...] = ("#ffffff",)
    keep_shape: bool = False
    margin: float = 0.02
    keep_place: bool = False
    checkpointing: bool | None = None
    optimiser: Optimiser = "auto"
    sample_every: int = 200
    sample_prompts: tuple[str, ...] = ()
    save_seconds: float = 60.0
    keep: Keep = "best"
    seed: int = 0

    def checked(self) -> TrainingSettings:
        """These settings, if a training can be made of them.

        Raises:
            BadInputError: says which of them cannot be used, and what can.
        """
        if not is_lora_name(self.name):
            raise BadInputError(
                tr("“{name}” cannot be the name of a style.", name=self.name),
                tr("It becomes the name of a file."),
                tr("Use up to {n} letters, numbers, spaces or - _ . ( )", n=MAX_NAME),
            )
        if len(self.trigger) > MAX_TRIGGER or "," in self.trigger or "\n" in self.trigger:
            raise BadInputError(
                tr("“{word}” cannot be the trigger word.", word=self.trigger[:MAX_TRIGGER]),
                tr("It is put at the end of every caption, after a comma."),
                tr("Use one short word, such as “{example}”.", example="my-sticker"),
            )
        for field, low, high in _RANGES:
            value = getattr(self, field)
            if not low <= value <= high:  # "not <=" refuses NaN as well
                raise BadInputError(
                    tr("The setting {name} cannot be {value}.", name=field, value=value),
                    tr("It is between {low} and {high}.", low=low, high=high),
                    tr("Choose a number in that range, or one of the presets."),
                )
        if not self.targets or not self.backgrounds or self.batch % self.accumulation:
            raise BadInputError(
                tr("These training settings do not fit together."),
                tr("A batch is cut into equal parts; layers and a background must be named."),
                tr("Choose one of the presets."),
            )
        return self

    def to_json(self) -> str:
        """As `settings_from_json` reads it."""
        data = asdict(self)
        if not self.keep_place:  # a state knows its settings by this text, and some are older
            del data["keep_place"]
        return json.dumps(data, ensure_ascii=False, indent=1)


_RANGES: tuple[tuple[str, float, float], ...] = (
    ("steps", 1, MAX_STEPS),
    ("batch", 1, 1_024),
    ("accumulation", 1, 1_024),
    ("rank", 1, MAX_RANK),
    ("alpha", 1, 10_000),
    ("learning_rate", 1e-8, 1),
    ("text_learning_rate", 0, 1),
    ("warmup", 0, MAX_STEPS),
    ("weight_decay", 0, 1),
    ("min_snr", 0, 1_000),
    ("prior_share", 0, 0.9),
    ("prior_pictures", 0, 10_000),
    ("lora_dropout", 0, 0.9),
    ("caption_dropout", 0, 1),
    ("margin", 0, 0.4),
    ("sample_every", 0, MAX_STEPS),
    ("save_seconds", 0, 86_400),
    ("seed", 0, 2**32 - 1),
)


def is_lora_name(name: str) -> bool:
    """Whether a LoRA's file can be called `name` on every system."""
    return (
        len(name) <= MAX_NAME
        and _NAME.fullmatch(name) is not None
        and not name.endswith((" ", "."))
    )


def default_trigger(name: str) -> str:
    """The trigger word of a style called `name`: short, and no word that draws something."""
    stem = re.sub(r"[^\w]+", "-", name.casefold()).strip("-")[: MAX_TRIGGER - len("-sticker")]
    return f"{stem}-sticker" if stem else "my-sticker"


def with_preset(settings: TrainingSettings, preset: Preset) -> TrainingSettings:
    """`settings` with the preset's numbers. Times are measured, not promised: see the messages."""
    match preset:
        case "quick":
            return replace(settings, preset=preset, steps=1_200, rank=16, alpha=16)
        case "good":
            return replace(settings, preset=preset, steps=3_000, rank=32, alpha=32)
        case "thorough":
            return replace(settings, preset=preset, steps=8_000, rank=32, alpha=32)


def settings_from_json(text: str | bytes) -> TrainingSettings:
    """What `to_json` wrote. Unknown fields are from another version and left out.

    Raises:
        ValueError, TypeError: it is something else.
    """
    data: Any = json.loads(text)
    if not isinstance(data, dict):
        raise TypeError("an object is missing")
    values = cast("dict[str, Any]", data)
    known = {field.name for field in fields(TrainingSettings)}
    kept: dict[str, Any] = {key: _frozen(value) for key, value in values.items() if key in known}
    return TrainingSettings(**kept)


def _frozen(value: object) -> object:
    return tuple(cast("list[object]", value)) if isinstance(value, list) else value
