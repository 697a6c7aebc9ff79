"""A Design survives JSON, and refuses what cannot be drawn."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stickerstudio.core import design as module
from stickerstudio.core.design import (
    MAX_LAYERS,
    MAX_POINTS,
    MAX_RIM,
    MAX_TEXT,
    Caption,
    Cutout,
    Design,
    Outline,
    Shadow,
    Stamp,
    Stroke,
)
from stickerstudio.core.errors import BadInputError

_texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
_colours = st.from_regex(r"#[0-9a-f]{6}([0-9a-f]{2})?", fullmatch=True)
_places = st.floats(-module.REACH, 1 + module.REACH)
_rims = st.floats(0, MAX_RIM)
_angles = st.floats(-360, 360)
_strokes = st.builds(
    Stroke,
    points=st.lists(st.tuples(_places, _places), min_size=1, max_size=4).map(tuple),
    radius=st.floats(1e-4, 1),
    add=st.booleans(),
)
_captions = st.builds(
    Caption,
    text=_texts,
    font=_texts,
    size=st.floats(0.01, 1),
    fill=_colours,
    outline_colour=_colours,
    outline_width=_rims,
    arc=st.floats(-180, 180),
    x=_places,
    y=_places,
    rotation=_angles,
    width=st.floats(0.05, 4),
    align=st.sampled_from(["left", "center", "right"]),
)
_stamps = st.builds(
    Stamp,
    source=_texts,
    x=_places,
    y=_places,
    scale=st.floats(0.02, 3),
    rotation=_angles,
    joined=st.booleans(),
)
designs = st.builds(
    Design,
    cutout=st.builds(
        Cutout,
        method=st.sampled_from(["auto", "flat", "model", "none"]),
        strokes=st.lists(_strokes, max_size=3).map(tuple),
    ),
    outline=st.none() | st.builds(Outline, _rims, _colours, st.booleans()),
    shadow=st.none()
    | st.builds(
        Shadow, st.floats(-MAX_RIM, MAX_RIM), st.floats(-MAX_RIM, MAX_RIM), _rims, _colours
    ),
    layers=st.lists(_captions | _stamps, max_size=4).map(tuple),
)


@settings(deadline=None, max_examples=60)
@given(designs)
def test_json_round_trip(design: Design) -> None:
    text = design.to_json()

    assert "\n" not in text
    assert Design.from_json(text) == design
    assert hash(Design.from_json(text)) == hash(design)


def test_what_a_newer_program_wrote_is_passed_over() -> None:
    data = json.loads(Design(outline=Outline(), layers=(Caption("hi"), Stamp("a"))).to_json())
    data["glitter"] = 1
    data["outline"]["glow"] = True
    data["layers"].insert(0, {"kind": "hologram", "x": 0.5})

    assert Design.from_json(json.dumps(data)) == Design(
        outline=Outline(), layers=(Caption("hi"), Stamp("a"))
    )


def test_what_is_left_out_has_its_default() -> None:
    assert Design.from_json("{}") == Design()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "null",
        "[" * 100_000,
        '{"cutout": []}',
        '{"cutout": {"method": "magic"}}',
        '{"cutout": {"method": 1}}',
        '{"cutout": {"strokes": [{"points": [[0.5]], "radius": 0.1, "add": true}]}}',
        '{"cutout": {"strokes": [{"points": [[0, 0]], "radius": 0.1, "add": "yes"}]}}',
        '{"outline": {"width": "thick"}}',
        '{"outline": {"width": NaN}}',
        '{"outline": {"colour": "white"}}',
        '{"shadow": {"blur": 1e999}}',
        '{"layers": 5}',
        '{"layers": [{"kind": "caption"}]}',
        '{"layers": [{"kind": "stamp", "source": null}]}',
    ],
)
def test_text_that_is_no_design_is_a_sentence(text: str) -> None:
    with pytest.raises(BadInputError) as caught:
        Design.from_json(text)

    assert caught.value.what.endswith(".")


_WRONG: list[Callable[[], Any]] = [
    lambda: Outline(-0.1),
    lambda: Outline(MAX_RIM * 1.01),
    lambda: Outline(0.1, "red"),
    lambda: Outline(0.1, "#ffffff\n"),
    lambda: Shadow(dx=math.nan),
    lambda: Shadow(blur=math.inf),
    lambda: Caption("x" * (MAX_TEXT + 1)),
    lambda: Caption("\ud800"),
    lambda: Caption("x", align="middle"),  # pyright: ignore[reportArgumentType]
    lambda: Caption("x", arc=181.0),
    lambda: Stamp("heart", x=9.0),
    lambda: Stamp("heart", scale=0.0),
    lambda: Stroke((), 0.1, True),
    lambda: Stroke(((0.0, 0.0),), 0.0, True),
    lambda: Cutout("magic"),  # pyright: ignore[reportArgumentType]
    lambda: Cutout("auto", (Stroke(((0.5, 0.5),) * (MAX_POINTS // 2 + 1), 0.1, True),) * 2),
    lambda: Design(layers=(Stamp("heart"),) * (MAX_LAYERS + 1)),
]


@pytest.mark.parametrize("make", _WRONG)
def test_what_cannot_be_drawn_is_refused_with_a_sentence(make: Callable[[], Any]) -> None:
    with pytest.raises(BadInputError) as caught:
        make()

    assert caught.value.what.endswith(".")
    assert caught.value.todo.endswith(".")


def test_the_largest_design_fits_a_text_of_a_png() -> None:
    """library_png reads texts of at most 1 MiB; what was saved must be readable."""
    third = 1 / 3
    stroke = Stroke(((third, -third),) * (MAX_POINTS // 20), third, True)
    captions = (Caption("🎂" * MAX_TEXT, font="🎂" * 200),) * MAX_LAYERS
    design = Design(Cutout("auto", (stroke,) * 20), Outline(), Shadow(), captions)

    assert len(design.to_json().encode()) < 1 << 20
