"""The animation window: played at true speed, measured for a platform, saved as measured."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw
from PySide6.QtCore import QEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from stickerstudio.core import i18n
from stickerstudio.core.library import Library
from stickerstudio.core.recipe import LoraWeight, Recipe
from stickerstudio.finish.animation import Animation
from stickerstudio.finish.motion import MOTIONS
from stickerstudio.packs.moving import find_target, targets
from stickerstudio.session.animating import STEPS, passage_recipes
from stickerstudio.session.session import Session
from stickerstudio.ui.animate_player import Player
from stickerstudio.ui.animate_window import AnimateWindow


@pytest.fixture
def window(session: Session, qtbot: QtBot) -> Iterator[AnimateWindow]:
    """Open over an orange ball of four short frames."""
    image = Image.new("RGBA", (96, 96))
    ImageDraw.Draw(image).ellipse((12, 12, 84, 84), fill="#f07828")
    with Library(session.paths.library) as library:
        sticker = library.add(image, Recipe(prompt="orange ball", seed=5), 0.1)
    made = AnimateWindow(session)
    qtbot.addWidget(made)
    plan = session.animating.plan
    session.animating.plan = replace(plan, movement=replace(plan.movement, fps=6, seconds=0.5))
    made.retranslate()
    made.open_for(sticker)
    yield made
    made.close()


def _measured(window: AnimateWindow, qtbot: QtBot) -> bytes:
    document = window.document
    qtbot.waitUntil(
        lambda: document.fitted is not None or document.problem is not None, timeout=60_000
    )
    assert document.fitted is not None, document.problem
    return document.fitted.data


def test_it_plays_what_is_saved_and_says_how_large_it_is(
    window: AnimateWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    data = _measured(window, qtbot)
    animation = window.document.animation
    assert animation is not None
    assert (len(animation.frames), animation.total_ms) == (3, 500)
    assert "3 frames" in window.facts.text()
    assert f"{len(data) / 1000:,.0f} KB" in window.facts.text()
    assert window.save.isEnabled()
    with qtbot.waitSignal(window.document.saved, timeout=20_000):
        window.document.save(tmp_path / "ball.webp")
    assert (tmp_path / "ball.webp").read_bytes() == data
    with Image.open(io.BytesIO(data)) as saved:
        assert (saved.format, getattr(saved, "n_frames", 1)) == ("WEBP", 3)
        assert max(saved.size) == 512


def test_a_platforms_limits_are_shown_and_kept(window: AnimateWindow, qtbot: QtBot) -> None:
    _measured(window, qtbot)
    index = window.target.findData("line-animated")
    window.target.setCurrentIndex(index)
    window.target.activated.emit(index)
    assert not window.save.isEnabled(), "the file for another target"
    data = _measured(window, qtbot)
    rule = find_target("line-animated").rule
    assert rule.max_bytes is not None
    assert len(data) <= rule.max_bytes
    with Image.open(io.BytesIO(data)) as saved:
        assert saved.format == "PNG"
        assert 5 <= getattr(saved, "n_frames", 1) <= 20
    assert "up to 20 frames" in window._limits.text()
    assert "300 KB" in window._limits.text()


def test_every_motion_and_slider_changes_what_is_played(
    window: AnimateWindow, qtbot: QtBot
) -> None:
    document = window.document
    qtbot.waitUntil(lambda: document.animation is not None, timeout=60_000)
    before = document.animation
    window.motions["spin"].click()
    qtbot.waitUntil(lambda: document.animation is not before, timeout=60_000)
    spun = document.animation
    assert before is not None
    assert spun is not None
    assert np.asarray(spun.frames[1]).tobytes() != np.asarray(before.frames[1]).tobytes()
    window.seconds.slider.set_weight(0.0)
    window.seconds.slider.weight_changed.emit(0.0)
    window.fps.slider.set_weight(1.0)
    window.fps.slider.weight_changed.emit(1.0)
    window.amount.slider.set_weight(1.0)
    window.amount.slider.weight_changed.emit(1.0)
    movement = document.plan.movement
    assert (movement.motion, movement.seconds, movement.fps) == ("spin", 0.4, 30)
    assert movement.amount == 1.0
    qtbot.waitUntil(
        lambda: document.animation is not None and len(document.animation.frames) == 12,
        timeout=60_000,
    )


def test_the_player_keeps_true_time(qtbot: QtBot) -> None:
    player = Player()
    qtbot.addWidget(player)
    frames = tuple(Image.new("RGBA", (4, 4), colour) for colour in ("red", "green", "blue"))
    player.show()
    player.set_animation(Animation(frames, (200, 100, 300)))
    seen: list[tuple[int, int]] = []

    def look() -> bool:
        now = player._clock.elapsed() % 600
        seen.append((now, player.index))
        return len(seen) > 40

    qtbot.waitUntil(look, timeout=20_000)
    wanted = [(now, 0 if now < 200 else 1 if now < 300 else 2) for now, _ in seen]
    near_a_change = [min(abs(now - edge) for edge in (0, 200, 300, 600)) < 60 for now, _ in seen]
    wrong = [
        s for s, w, near in zip(seen, wanted, near_a_change, strict=True) if s != w and not near
    ]
    assert len(wrong) <= len(seen) // 8, wrong  # a busy machine may be late now and then
    player.set_animation(None)


def test_a_passage_is_asked_of_the_model_and_played_there_and_back(
    window: AnimateWindow, session: Session, qtbot: QtBot
) -> None:
    document = window.document
    session.start()
    qtbot.waitUntil(lambda: session.engine.state == "idle", timeout=60_000)
    window.passages["seed"].click()
    assert not window.fps.isEnabled()
    qtbot.waitUntil(
        lambda: document.animation is not None and len(document.animation.frames) == 2 * STEPS - 2,
        timeout=60_000,
    )
    assert document.animation is not None
    assert document.animation.total_ms == 500
    assert not window.passages["style"].isEnabled()


def test_passages_begin_with_the_sticker_itself() -> None:
    recipe = Recipe(prompt="cat", seed=4, upscale=2, loras=(LoraWeight("neon", 0.8),))
    seeds = passage_recipes(recipe, "seed", 99)
    assert len(seeds) == STEPS
    assert (seeds[0].seed, seeds[0].variation_strength, seeds[-1].variation_strength) == (4, 0, 0.5)
    styles = passage_recipes(recipe, "style", 99)
    weights = [each.loras[0].weight for each in styles]
    assert weights == pytest.approx(list(np.linspace(0.8, 0, STEPS)))
    assert {each.upscale for each in seeds + styles} == {1}


def test_everything_has_a_name_in_both_languages(window: AnimateWindow, session: Session) -> None:
    i18n.set_language("zh_TW", session.paths.locales)
    QApplication.sendEvent(window, QEvent(QEvent.Type.LanguageChange))
    controls = [
        *(window.save, window.target, window.player, *window.motions.values()),
        *(window.seconds.slider, window.fps.slider, window.amount.slider),
        *window.passages.values(),
    ]
    assert all(control.accessibleName() for control in controls)
    assert len(window.motions) == len(MOTIONS)
    assert window.target.count() == len(targets())
