"""Time left is honest: measured where possible, never forgotten between orders."""

from __future__ import annotations

import pytest

from stickerstudio.engine.pace import DECODE_PER_STEP, Pace


def test_an_even_pace_is_told_exactly() -> None:
    pace = Pace()
    for _ in range(4):
        pace.step_took("kind", 0.5)
    pace.finish_took("kind", 2.0)
    assert pace.left("kind", steps=6, finishes=2) == pytest.approx(6 * 0.5 + 2 * 2.0)
    assert pace.left("kind", steps=0, finishes=0) == 0


def test_before_the_first_decode_it_is_estimated_from_the_steps() -> None:
    pace = Pace()
    pace.step_took("kind", 10.0)
    assert pace.left("kind", steps=0, finishes=1) == pytest.approx(10 * DECODE_PER_STEP)


def test_a_slow_first_step_is_soon_forgotten() -> None:
    pace = Pace()
    pace.step_took("kind", 8.0)
    for _ in range(6):
        pace.step_took("kind", 1.0)
    assert pace.left("kind", steps=1, finishes=0) == pytest.approx(1.0, rel=0.15)


def test_kinds_do_not_mix() -> None:
    pace = Pace()
    pace.step_took("small", 0.1)
    pace.step_took("large", 9.0)
    assert pace.left("small", steps=1, finishes=0) == pytest.approx(0.1)
