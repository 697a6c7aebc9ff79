"""Model cards: what a model is called, may be used for, and works best with. JSON, format 1."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, cast

from stickerstudio.core.errors import BadFileError, NotFoundError, disk_errors
from stickerstudio.core.i18n import current_language, tr

FORMAT = 1
_MAX_BYTES = 2_000_000  # the starter's concept list is about 100 kB; a card far larger is no card
_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
_STARTED_STEPS = 4


@dataclass(frozen=True, slots=True)
class Concept:
    """Something the model can draw.

    Attributes:
        en, zh_hant: its name in both languages.
        words: other names.
        phrases: what is said to mean it, such as "good night".
    """

    en: str
    zh_hant: str
    words: tuple[str, ...]
    phrases: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """Everything that it is called."""
        return self.en, self.zh_hant, *self.words

    @property
    def local_name(self) -> str:
        """The name in the user's language."""
        return self.zh_hant if current_language() == "zh_TW" else self.en


@dataclass(frozen=True, slots=True)
class HubSource:
    """Where a model can be downloaded. `bytes` is an estimate; the hub is asked before a download.

    Attributes:
        repo: "owner/name" on the hub.
        revision: a commit, tag or branch.
        files: paths in the repository, with forward slashes; licences come along by themselves.
        bytes: about how much there is to download.
    """

    repo: str
    revision: str
    files: tuple[str, ...]
    bytes: int


@dataclass(frozen=True, slots=True)
class ModelCard:
    """One model.

    Attributes:
        name: unique in the catalogue: a–z, 0–9, ".", "_", "-"; a path for one used without adding.
        size: (width, height) in pixels that it was trained for; `sizes`: all that it does well.
        default_steps, min_steps, max_steps: denoising steps.
        guidance_scale: 0 for distilled models, which take none.
        background: what it paints behind its subject when left alone; None: anything.
        trigger: words that call its style; "" if it has none.
        style_words: what asks for each of its styles, as shown; style_synonyms: what else does.
        moods: words that say how a subject is, as in "sleepy otter", each with the English name of
            the concept that shows it.
        concept_layer: the layer of both text encoders, from 0, whose neurons answer to `concepts`,
            in their order; None: it has none.
        preview_decoder: a small VAE decoder beside it (a path relative to `location`).
        location: its folder or .safetensors file; None while it is not installed.
        bundled: it came with the program and cannot be removed.
        hub: where it can be downloaded; None if it cannot.
    """

    name: str
    title: str
    title_zh_hant: str
    licence: str
    licence_text: str
    size: tuple[int, int]
    sizes: tuple[tuple[int, int], ...]
    default_steps: int
    min_steps: int
    max_steps: int
    guidance_scale: float
    architecture: str = "sdxl"
    licence_url: str = ""
    attribution: str = ""
    background: str | None = None
    trigger: str = ""
    trigger_required: bool = False
    style_words: tuple[str, ...] = ()
    style_synonyms: tuple[str, ...] = ()
    examples: tuple[str, ...] = ()
    concepts: tuple[Concept, ...] = ()
    moods: tuple[tuple[str, str], ...] = ()
    concept_layer: int | None = None
    preview_decoder: str | None = None
    location: Path | None = None
    bundled: bool = False
    hub: HubSource | None = None

    @property
    def local_title(self) -> str:
        """The title in the user's language."""
        return self.title_zh_hant if current_language() == "zh_TW" else self.title

    @property
    def concept_names(self) -> tuple[str, ...]:
        """Everything that its concepts are called, each name once."""
        return tuple(dict.fromkeys(name for c in self.concepts for name in c.names))

    @property
    def own_words(self) -> tuple[str, ...]:
        """Its trigger, and what asks for its styles: words that draw nothing."""
        return self.trigger, *self.style_words, *self.style_synonyms

    def steps_from(self, *, started: bool) -> int:
        """The number of steps where none was asked for; `started`: from a picture.

        A strength takes a share of the steps away, so a model of one step would forget the picture.
        """
        return max(self.default_steps, min(_STARTED_STEPS, self.max_steps if started else 0))

    def installed_at(self) -> Path:
        """Its `location`.

        Raises:
            NotFoundError: it is not installed; the sentence says how to get it.
        """
        if self.location is not None:
            return self.location
        if self.hub is not None:
            raise NotFoundError(
                tr("{title} is not installed.", title=self.local_title),
                tr("It has not been downloaded yet."),
                tr('Download it: "stickerstudio models download {name}".', name=self.name),
            )
        raise NotFoundError(
            tr("{title} is not installed.", title=self.local_title),
            tr("Its files are no longer where they were added from."),
            tr("Put them back, or add the model again from where it is now."),
        )


def is_name(text: str) -> bool:
    """Whether `text` can name a model in the catalogue."""
    return _NAME.fullmatch(text) is not None


def read_card(file: Path) -> tuple[ModelCard, Path | None]:
    """The card in `file`, and where it says its model is (only cards of added models say so).

    `location` and `bundled` are left for the caller to fill: only the catalogue knows them.

    Raises:
        NotFoundError, DiskError: the file cannot be read.
        BadFileError: it is not a card, or a card of a newer format.
    """
    with disk_errors(file), file.open("rb") as handle:
        raw = handle.read(_MAX_BYTES + 1)
    try:
        if len(raw) > _MAX_BYTES:
            raise ValueError(f"longer than {_MAX_BYTES} bytes")
        data = _mapping(json.loads(raw))
        if data.get("format") != FORMAT:
            raise ValueError(f"format {data.get('format')!r} instead of {FORMAT}")
        where = _optional_text(data.get("location"))
        return _parse(data), Path(where) if where else None
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise BadFileError(
            tr("The model card {path} could not be read.", path=file),
            tr("It says: {reason}.", reason=error),
            tr("Remove the model and add it again."),
        ) from error


def card_json(card: ModelCard, location: Path | None = None) -> str:
    """`card` as `read_card` reads it, with the place of its model if that is somewhere else."""
    data: dict[str, Any] = {
        "format": FORMAT,
        "name": card.name,
        "title": card.title,
        "title_zh_hant": card.title_zh_hant,
        "architecture": card.architecture,
        "licence": card.licence,
        "licence_text": card.licence_text,
        "licence_url": card.licence_url,
        "attribution": card.attribution,
        "size": card.size,
        "sizes": card.sizes,
        "num_inference_steps": {
            "default": card.default_steps,
            "min": card.min_steps,
            "max": card.max_steps,
        },
        "guidance_scale": card.guidance_scale,
        "background": card.background,
        "trigger": card.trigger,
        "trigger_required": card.trigger_required,
        "style_words": card.style_words,
        "style_synonyms": card.style_synonyms,
        "examples": card.examples,
        "concepts": [
            {"en": c.en, "zh_hant": c.zh_hant, "words": c.words, "phrases": c.phrases}
            for c in card.concepts
        ],
        "moods": dict(card.moods),
        "concept_layer": card.concept_layer,
        "preview_decoder": card.preview_decoder,
    }
    if card.hub is not None:
        data["hub"] = {
            "repo": card.hub.repo,
            "revision": card.hub.revision,
            "files": card.hub.files,
            "bytes": card.hub.bytes,
        }
    if location is not None:
        data["location"] = str(location)
    return json.dumps(data, ensure_ascii=False, indent=2) + "\n"


def _parse(data: Mapping[str, Any]) -> ModelCard:
    name = _text(data["name"])
    if not is_name(name):
        raise ValueError(f"{name!r} is not a model name")
    if data["architecture"] != "sdxl":
        raise ValueError(f"architecture {data['architecture']!r} instead of 'sdxl'")
    steps = _mapping(data["num_inference_steps"])
    default, low, high = (_whole(steps[key], 1, 1000) for key in ("default", "min", "max"))
    if not low <= default <= high:
        raise ValueError(f"{default} steps are not between {low} and {high}")
    size = _size(data["size"])
    title = _text(data["title"])
    return ModelCard(
        name=name,
        title=title,
        title_zh_hant=_text(data.get("title_zh_hant", title)),
        licence=_text(data["licence"]),
        licence_text=_text(data.get("licence_text", "")),
        licence_url=_text(data.get("licence_url", "")),
        attribution=_text(data.get("attribution", "")),
        size=size,
        sizes=tuple(_size(each) for each in _items(data.get("sizes", [size]))),
        default_steps=default,
        min_steps=low,
        max_steps=high,
        guidance_scale=_guidance(data["guidance_scale"]),
        background=_optional_text(data.get("background")),
        trigger=_text(data.get("trigger", "")),
        trigger_required=data.get("trigger_required", False) is True,
        style_words=_texts(data.get("style_words", ())),
        style_synonyms=_texts(data.get("style_synonyms", ())),
        examples=_texts(data.get("examples", ())),
        concepts=tuple(_concept(_mapping(each)) for each in _items(data.get("concepts", ()))),
        moods=tuple(
            (word, _text(thing)) for word, thing in _mapping(data.get("moods", {})).items()
        ),
        concept_layer=_optional_whole(data.get("concept_layer"), 0, 1000),
        preview_decoder=_optional_inner_path(data.get("preview_decoder")),
        hub=None if data.get("hub") is None else _hub(_mapping(data["hub"])),
    )


def _concept(data: Mapping[str, Any]) -> Concept:
    en = _text(data["en"])
    words, phrases = (_texts(data.get(key, ())) for key in ("words", "phrases"))
    return Concept(en, _text(data.get("zh_hant", en)), words, phrases)


def _hub(data: Mapping[str, Any]) -> HubSource:
    repo = _text(data["repo"])
    if not re.fullmatch(r"[\w.-]+/[\w.-]+", repo):
        raise ValueError(f"{repo!r} is not a repository")
    return HubSource(
        repo=repo,
        revision=_text(data["revision"]),
        files=tuple(_inner_path(each) for each in _items(data["files"])),
        bytes=_whole(data["bytes"], 0, 10**15),
    )


def _mapping(value: object) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise TypeError("an object is missing")
    return cast("Mapping[str, Any]", value)


def _items(value: object) -> list[Any]:
    if not isinstance(value, list | tuple):
        raise TypeError("a list is missing")
    return list(cast("list[Any]", value))


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{value!r} is not text")
    return value


def _optional_text(value: object) -> str | None:
    return None if value is None else _text(value)


def _texts(value: object) -> tuple[str, ...]:
    return tuple(_text(each) for each in _items(value))


def _whole(value: object, low: int, high: int) -> int:
    if type(value) is not int or not low <= value <= high:
        raise ValueError(f"{value!r} is not a whole number from {low} to {high}")
    return value


def _optional_whole(value: object, low: int, high: int) -> int | None:
    return None if value is None else _whole(value, low, high)


def _guidance(value: object) -> float:
    if type(value) not in (int, float) or not 0 <= cast("float", value) <= 100:
        raise ValueError(f"{value!r} is not a guidance scale")
    return float(cast("float", value))


def _size(value: object) -> tuple[int, int]:
    sides = _items(value)
    if len(sides) != 2:
        raise ValueError(f"{value!r} is not a size")
    width, height = (_whole(side, 8, 2048) for side in sides)
    if width % 8 or height % 8:
        raise ValueError(f"{width} × {height} is not in multiples of 8")
    return width, height


def _inner_path(value: object) -> str:
    """A path that stays inside its folder: a card may come from anyone."""
    text = _text(value)
    path = PurePosixPath(text)
    if not path.parts or path.is_absolute() or ".." in path.parts or "\\" in text or ":" in text:
        raise ValueError(f"{text!r} does not stay inside the model's folder")
    return text


def _optional_inner_path(value: object) -> str | None:
    return None if value is None else _inner_path(value)
