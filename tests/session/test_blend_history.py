"""Undo and redo of blend changes: what is one step."""

from __future__ import annotations

from dataclasses import replace

from stickerstudio.session.blend_history import LIMIT, SAME_MOVE, Blend, BlendHistory
from stickerstudio.session.state import BlendEntry

START: Blend = (BlendEntry("gold", 1.0), BlendEntry("ink", 1.0))


def weighed(weight: float, name: str = "gold", start: Blend = START) -> Blend:
    return tuple(replace(e, weight=weight) if e.name == name else e for e in start)


def test_there_is_nothing_to_take_back_at_first():
    history = BlendHistory(START)
    assert (history.undo(), history.redo()) == (None, None)
    assert not history.can_undo
    assert not history.can_redo


def test_steps_are_taken_back_and_made_again_in_order():
    history = BlendHistory(START)
    one, two = weighed(0.5), weighed(0.5, "ink", weighed(0.5))
    history.changed(one, 10.0)
    history.changed(two, 20.0)
    assert (history.undo(), history.undo(), history.undo()) == (one, START, None)
    assert (history.redo(), history.redo(), history.redo()) == (one, two, None)
    assert history.can_undo


def test_a_drag_is_one_step_however_long_it_takes():
    history = BlendHistory(START)
    history.hold()
    for n in range(50):
        blend = weighed(n / 50, "ink" if n % 2 else "gold", weighed(n / 50))
        history.changed(blend, n * 10.0)
    history.release()
    assert history.undo() == START
    assert not history.can_undo


def test_two_drags_are_two_steps_however_soon_they_follow():
    history = BlendHistory(START)
    for weight in (0.2, 0.7):
        history.hold()
        history.changed(weighed(weight), 1.0)
        history.release()
    assert (history.undo(), history.undo()) == (weighed(0.2), START)


def test_notches_of_a_wheel_are_one_step_until_it_rests():
    history = BlendHistory(START)
    now = 0.0
    for n in range(10):
        history.changed(weighed(1 + n / 20 + 0.05), now)
        now += SAME_MOVE * 0.9
    rested = weighed(1.5)
    history.changed(weighed(-1.0), now + SAME_MOVE)
    assert (history.undo(), history.undo()) == (rested, START)


def test_another_lora_begins_another_step():
    history = BlendHistory(START)
    history.changed(weighed(0.5), 0.0)
    history.changed(weighed(0.5, "ink", weighed(0.5)), 0.1)
    history.changed(weighed(0.4, "gold", weighed(0.5, "ink", weighed(0.5))), 0.2)
    assert [history.undo() is not None for _ in range(4)] == [True, True, True, False]


def test_a_new_change_forgets_what_was_taken_back():
    history = BlendHistory(START)
    history.changed(weighed(0.5), 0.0)
    history.undo()
    history.changed(weighed(0.7), 9.0)
    assert not history.can_redo
    assert history.undo() == START


def test_a_slider_that_came_back_is_no_step():
    history = BlendHistory(START)
    history.changed(weighed(0.5), 0.0)
    history.hold()
    history.changed(weighed(0.9), 10.0)
    history.changed(weighed(0.5), 11.0)
    history.release()
    assert history.undo() == START


def test_what_is_announced_twice_is_one_change():
    history = BlendHistory(START)
    history.changed(START, 0.0)
    history.changed(weighed(0.5), 10.0)
    history.changed(weighed(0.5), 20.0)
    assert history.undo() == START
    assert not history.can_undo


def test_loras_that_come_and_go_are_no_step_and_survive_an_undo():
    history = BlendHistory(START)
    history.changed(weighed(0.5), 0.0)
    neon = BlendEntry("neon", 0.8, enabled=True)
    history.changed((*weighed(0.5), neon), 10.0)
    assert history.undo() == (*START, neon)
    history.changed((neon,), 20.0)
    assert history.redo() is None  # all it would change is not here any more


def test_it_does_not_grow_without_end():
    history = BlendHistory(START)
    for n in range(LIMIT + 50):
        history.changed(weighed(n + 2.0), n * 10.0)
    steps = 0
    while history.undo() is not None:
        steps += 1
    assert steps == LIMIT


def test_a_switch_is_a_step_of_its_own_and_the_moves_after_it_belong_to_it():
    history = BlendHistory(START)
    on = tuple(replace(e, enabled=True, weight=1.05) if e.name == "gold" else e for e in START)
    history.changed(on, 0.0)
    history.changed(weighed(1.1, start=on), 0.1)
    off = tuple(replace(e, enabled=False) for e in weighed(1.1, start=on))
    history.changed(off, 0.2)
    assert (history.undo(), history.undo()) == (weighed(1.1, start=on), START)
