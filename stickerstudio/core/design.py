"""Design: everything done to a painted picture after the model, as data that can be edited again.

The painted picture itself is never changed: a Design over it gives the sticker, and another Design
another one. Places are fractions of the painted picture, x of its width and y of its height, from
its top left corner; sizes are fractions of its longer side. So a Design fits the picture at any
resolution. Colours are "#rrggbb" or "#rrggbbaa".
"""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any, Literal, TypeVar, cast, get_args

from stickerstudio.core.checks import check_range, check_text
from stickerstudio.core.errors import BadInputError
from stickerstudio.core.i18n import tr

FORMAT = 1
MAX_TEXT = 500  # characters of a caption: far more than fits a sticker
MAX_LAYERS = 64
MAX_POINTS = 12_000  # of all strokes: with everything else below 1 MiB of JSON, a PNG text's limit
MAX_NAME = 200  # characters of a font's or a stamp's name
REACH = 2.0  # how far beyond the picture a layer or a stroke may lie, in pictures
MAX_RIM = 0.25  # of an outline, and a shadow's offset and blur

CutoutMethod = Literal["auto", "flat", "model", "none"]
Align = Literal["left", "center", "right"]
Point = tuple[float, float]

_COLOUR = re.compile(r"#[0-9a-fA-F]{6}([0-9a-fA-F]{2})?")
_T = TypeVar("_T")
_check_range = functools.partial(check_range, form="g")  # places are rarely round numbers


@dataclass(frozen=True, slots=True)
class Stroke:
    """One pull of the brush over the cut-out.

    Attributes:
        points: the brush's way; one point is a dab.
        radius: of the brush, 0 < radius <= 1.
        add: True shows what is painted there, False hides it.
    """

    points: tuple[Point, ...]
    radius: float
    add: bool

    def __post_init__(self) -> None:
        if not self.points:
            _check_range(tr("The number of points of a stroke"), 0, 1, MAX_POINTS)
        for x, y in self.points:
            _check_place(tr("The place of the brush"), x, y)
        _check_range(tr("The size of the brush"), self.radius, 1e-4, 1.0)


@dataclass(frozen=True, slots=True)
class Cutout:
    """What of the painted picture is seen.

    Attributes:
        method: "flat" takes away what has the border's colour and hangs on the border, "model" what
            the saliency model does not take for the subject, "none" nothing; "auto" chooses.
        strokes: then added and removed by hand, first to last.
    """

    method: CutoutMethod = "auto"
    strokes: tuple[Stroke, ...] = ()

    def __post_init__(self) -> None:
        _check_choice(tr("The way of cutting out"), self.method, get_args(CutoutMethod))
        points = sum(len(stroke.points) for stroke in self.strokes)
        _check_range(tr("The number of points of all strokes"), points, 0, MAX_POINTS)


@dataclass(frozen=True, slots=True)
class Outline:
    """The rim of a die-cut sticker.

    Attributes:
        width: 0 … MAX_RIM.
        colour: of the rim.
        fill_holes: whether what the subject encloses (a ring's hole, a handle) is filled with it.
    """

    width: float = 0.03
    colour: str = "#ffffff"
    fill_holes: bool = False

    def __post_init__(self) -> None:
        _check_range(tr("The outline's width"), self.width, 0.0, MAX_RIM)
        _check_colour(self.colour)


@dataclass(frozen=True, slots=True)
class Shadow:
    """A soft shadow below everything.

    Attributes:
        dx, dy: to the right and down, −MAX_RIM … MAX_RIM.
        blur: standard deviation of the Gaussian, 0 … MAX_RIM.
        colour: with its own alpha.
    """

    dx: float = 0.0
    dy: float = 0.012
    blur: float = 0.012
    colour: str = "#00000059"

    def __post_init__(self) -> None:
        for offset in (self.dx, self.dy):
            _check_range(tr("The shadow's offset"), offset, -MAX_RIM, MAX_RIM)
        _check_range(tr("The shadow's softness"), self.blur, 0.0, MAX_RIM)
        _check_colour(self.colour)


@dataclass(frozen=True, slots=True)
class Caption:
    """Words on the sticker.

    Attributes:
        text: may hold line breaks; at most MAX_TEXT characters.
        font: a name `finish.fonts` knows; "" for its default.
        size: of the letters (em), 0.01 … 1.
        fill, outline_colour: of the letters and of the rim around them.
        outline_width: 0 … MAX_RIM.
        arc: degrees of a circle the line is bent along, −180 … 180; positive like a rainbow.
        x, y: the middle of the words.
        rotation: degrees, clockwise, −360 … 360.
        width: where lines are broken, 0.05 … 4.
        align: of several lines.
    """

    text: str
    font: str = ""
    size: float = 0.14
    fill: str = "#ffffff"
    outline_colour: str = "#1a211d"
    outline_width: float = 0.012
    arc: float = 0.0
    x: float = 0.5
    y: float = 0.86
    rotation: float = 0.0
    width: float = 0.9
    align: Align = "center"

    def __post_init__(self) -> None:
        check_text(tr("The caption"), self.text, MAX_TEXT)
        check_text(tr("The font's name"), self.font, MAX_NAME)
        _check_range(tr("The size of the letters"), self.size, 0.01, 1.0)
        _check_range(tr("The width of the letters' outline"), self.outline_width, 0.0, MAX_RIM)
        _check_range(tr("The arc"), self.arc, -180.0, 180.0)
        _check_place(tr("The caption's place"), self.x, self.y)
        _check_range(tr("The angle"), self.rotation, -360.0, 360.0)
        _check_range(tr("The caption's width"), self.width, 0.05, 4.0)
        _check_choice(tr("The alignment"), self.align, get_args(Align))
        for colour in (self.fill, self.outline_colour):
            _check_colour(colour)


@dataclass(frozen=True, slots=True)
class Stamp:
    """A picture placed on the sticker.

    Attributes:
        source: "shipped:NAME" (finish.stamps), or the id of a sticker of the library.
        x, y: its middle.
        scale: its longer side, 0.02 … 3.
        rotation: degrees, clockwise, −360 … 360.
        joined: whether it lies under the common outline, as if painted with the subject.
    """

    source: str
    x: float = 0.5
    y: float = 0.5
    scale: float = 0.3
    rotation: float = 0.0
    joined: bool = True

    def __post_init__(self) -> None:
        check_text(tr("The stamp's name"), self.source, MAX_NAME)
        _check_place(tr("The stamp's place"), self.x, self.y)
        _check_range(tr("The stamp's size"), self.scale, 0.02, 3.0)
        _check_range(tr("The angle"), self.rotation, -360.0, 360.0)


Layer = Caption | Stamp


@dataclass(frozen=True, slots=True)
class Design:
    """A sticker's finish. `layers` lie over the subject, bottom to top."""

    cutout: Cutout = field(default_factory=Cutout)
    outline: Outline | None = None
    shadow: Shadow | None = None
    layers: tuple[Layer, ...] = ()

    def __post_init__(self) -> None:
        _check_range(tr("The number of layers"), len(self.layers), 0, MAX_LAYERS)

    def to_json(self) -> str:
        """One line of JSON that `from_json` reads back."""
        data = asdict(self)
        for written, layer in zip(data["layers"], self.layers, strict=True):
            written["kind"] = _KIND_OF[type(layer)]
        return json.dumps({"format": FORMAT, **data}, ensure_ascii=False)

    @classmethod
    def from_json(cls, text: str) -> Design:
        """Read what `to_json` wrote. What this version does not know is dropped.

        Raises:
            BadInputError: the text is not a design, or one of its values is out of range.
        """
        try:
            data = _mapping(json.loads(text))
            outline, shadow = data.get("outline"), data.get("shadow")
            return cls(
                _cutout(_mapping(data.get("cutout", {}))),
                None if outline is None else _read(Outline, _mapping(outline)),
                None if shadow is None else _read(Shadow, _mapping(shadow)),
                tuple(
                    _read(_KINDS[layer["kind"]], layer)
                    for layer in map(_mapping, data.get("layers", ()))
                    if layer.get("kind") in _KINDS
                ),
            )
        except (ValueError, TypeError, KeyError, OverflowError, RecursionError) as error:
            raise BadInputError(
                tr("This sticker's finish could not be read."), str(error), ""
            ) from error


_KINDS: dict[str, type[Layer]] = {"caption": Caption, "stamp": Stamp}
_KIND_OF: dict[type[Layer], str] = {kind: name for name, kind in _KINDS.items()}


def _cutout(data: Mapping[str, Any]) -> Cutout:
    strokes = tuple(
        Stroke(
            tuple((float(x), float(y)) for x, y in stroke["points"]),
            float(stroke["radius"]),
            _checked_type("add", stroke["add"], bool),
        )
        for stroke in map(_mapping, data.get("strokes", ()))
    )
    return Cutout(_checked_type("method", data.get("method", "auto"), str), strokes)


def _read(kind: type[_T], data: Mapping[str, Any]) -> _T:
    """A dataclass whose fields are all text, numbers and truths."""
    types = {"str": str, "float": float, "bool": bool, "Align": str}
    values = {
        each.name: _checked_type(each.name, data[each.name], types[str(each.type)])
        for each in fields(cast(Any, kind))
        if each.name in data
    }
    return kind(**values)


def _checked_type(name: str, value: Any, kind: type) -> Any:
    if kind is float and type(value) is int:
        return float(value)
    if type(value) is not kind:
        raise TypeError(f"{name} is not of the right kind")
    return value


def _mapping(value: Any) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise TypeError("not an object")
    return cast("Mapping[str, Any]", value)


def _check_place(label: str, x: float, y: float) -> None:
    for value in (x, y):
        _check_range(label, value, -REACH, 1 + REACH)


def _check_choice(label: str, value: str, choices: tuple[str, ...]) -> None:
    if value not in choices:
        raise BadInputError(
            tr("{label} is unknown.", label=label),
            tr("It is “{value}”.", value=value),
            tr("Choose one of {choices}.", choices=", ".join(choices)),
        )


def _check_colour(colour: str) -> None:
    if not _COLOUR.fullmatch(colour):
        raise BadInputError(
            tr("“{colour}” is not a colour.", colour=colour),
            "",
            tr("Write it as #rrggbb, or #rrggbbaa with transparency."),
        )
