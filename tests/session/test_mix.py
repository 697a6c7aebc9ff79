"""The mix that a point on the pad stands for."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stickerstudio.session.mix import (
    Place,
    free_place,
    mixed_weights,
    shares,
    starting_places,
    starting_point,
)

unit = st.floats(0, 1)
place = st.tuples(unit, unit)
pins = st.dictionaries(st.sampled_from("abcdefgh"), place, min_size=2)


@given(pins, place)
def test_shares_add_up_to_one_and_the_nearer_pin_has_more(pins: dict[str, Place], point: Place):
    made = shares(pins, point)
    assert made.keys() == pins.keys()
    assert sum(made.values()) == pytest.approx(1.0)
    for one, other in zip(pins, list(pins)[1:], strict=False):
        near, far = sorted((one, other), key=lambda name: math.dist(pins[name], point))
        assert made[near] >= made[far] - 1e-9


@given(pins)
def test_on_a_pin_it_is_alone(pins: dict[str, Place]):
    for name, place in pins.items():
        together = [other for other in pins if math.dist(pins[other], place) < 1e-6]
        assert shares(pins, place)[name] == 1 / len(together)


@given(pins, place, st.integers(0, 7))
def test_a_small_move_changes_little(pins: dict[str, Place], point: Place, way: int):
    """Away from the pins themselves, where it turns from one to another within a few pixels."""
    step = 1e-4
    if min(math.dist(pin, point) for pin in pins.values()) < 0.02:
        return
    angle = way * math.tau / 8
    moved = (point[0] + step * math.cos(angle), point[1] + step * math.sin(angle))
    before, after = shares(pins, point), shares(pins, moved)
    assert all(abs(before[name] - after[name]) < 0.05 for name in pins)


def test_a_lone_pin_fades_with_the_distance():
    alone = {"ink": (0.5, 0.0)}
    assert shares(alone, (0.5, 0.0)) == {"ink": 1.0}
    assert shares(alone, (0.5, 0.25)) == {"ink": 0.75}
    assert shares(alone, (0.5, 1.0)) == {"ink": 0.0}
    assert shares({}, (0.5, 0.5)) == {}


def test_weights_are_shares_of_what_is_recommended():
    corners = starting_places(["ink", "gold"])
    recommended = {"ink": 0.8, "gold": -0.5}
    assert mixed_weights(corners, (0.5, 0.5), recommended) == {"ink": 0.4, "gold": -0.25}
    assert mixed_weights(corners, (0.0, 0.5), recommended) == {"ink": 0.8, "gold": 0.0}
    assert mixed_weights(corners, (0.0, 0.5), recommended, 1.5) == {"ink": 1.2, "gold": 0.0}
    assert mixed_weights(corners, (1.0, 0.5), {}) == {"ink": 0.0, "gold": 1.0}


@pytest.mark.parametrize("count", range(1, 12))
def test_pins_start_apart_from_each_other_on_the_pad(count: int):
    places = starting_places([str(n) for n in range(count)])
    assert len(places) == count
    assert all(-1e-9 <= side <= 1 + 1e-9 for place in places.values() for side in place)
    gaps = [math.dist(a, b) for a in places.values() for b in places.values() if a is not b]
    assert all(gap > 0.25 for gap in gaps)


def test_a_new_pin_goes_where_there_is_room():
    taken: list[Place] = []
    for _ in range(8):
        place = free_place(taken)
        assert place not in taken
        taken.append(place)


def test_the_point_starts_near_what_weighs_most():
    corners = starting_places(["a", "b", "c", "d"])
    assert starting_point(corners, {"b": 0.7}) == (1.0, 0.0)
    assert starting_point(corners, {"a": 0.5, "b": 0.5}) == (0.5, 0.0)
    assert starting_point(corners, {}) == (0.5, 0.5)
