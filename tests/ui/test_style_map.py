"""The style map: filled from the middle by sketches, in nobody's way, and taken by a click."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QAbstractSpinBox, QWidget
from pytestqt.qtbot import QtBot

from stickerstudio.core.recipe import Recipe
from stickerstudio.session.session import Session
from stickerstudio.session.state import loras_of
from stickerstudio.session.style_map import Axis, Grid
from stickerstudio.ui.main_window import MainWindow
from stickerstudio.ui.style_map_window import StyleMapWindow
from tests.session import scripted

LEFT = Qt.MouseButton.LeftButton
PATIENCE = 60_000  # milliseconds


@pytest.fixture
def main(session: Session, qtbot: QtBot) -> MainWindow:
    main = MainWindow(session)
    qtbot.addWidget(main)
    session.edit(live=False, steps=1)
    main.show()
    return main


def open_map(main: MainWindow, qtbot: QtBot) -> StyleMapWindow:
    main.blend.tools.map.click()
    assert main.style_map is not None
    qtbot.waitExposed(main.style_map)
    return main.style_map


@pytest.fixture
def window(main: MainWindow, session: Session, qtbot: QtBot) -> StyleMapWindow:
    """Open, with words to draw and the engine at work: chalk across, neon up."""
    session.edit(prompt="otter")
    session.start()
    return open_map(main, qtbot)


def made_of(window: StyleMapWindow) -> list[Recipe]:
    return list(window._cells.values())


def weights(session: Session) -> dict[str, float]:
    return {lora.name: lora.weight for lora in loras_of(session.draft.blend)}


def wait_full(window: StyleMapWindow, qtbot: QtBot) -> None:
    grid = window.grid
    assert grid is not None
    qtbot.waitUntil(
        lambda: not window.filling and len(window.map.pictures) == len(grid.cells()),
        timeout=PATIENCE,
    )


def test_it_fills_the_whole_range_of_two_sliders(
    window: StyleMapWindow, session: Session, qtbot: QtBot
) -> None:
    assert window.grid == Grid(Axis("chalk", 0.0, 1.0), Axis("neon", 0.0, 1.0), 5)
    wait_full(window, qtbot)
    recipes = made_of(window)
    assert len(recipes) == 25
    assert {(r.prompt, r.seed, r.model) for r in recipes} == {
        ("otter", session.draft.seed, session.draft.model)
    }
    blends = {tuple((lora.name, lora.weight) for lora in r.loras) for r in recipes}
    assert len(blends) == 25
    assert {w.weight for w in recipes[0].loras} == {0.5}  # the middle came first
    assert weights(session) == {}  # looking changes nothing
    assert session.library.count() == 0


def test_a_click_takes_the_weights_and_the_map_stays(
    window: StyleMapWindow, session: Session, qtbot: QtBot
) -> None:
    wait_full(window, qtbot)
    steps = scripted.steps_taken(session.paths)
    qtbot.mouseClick(window.map, LEFT, pos=window.map.cell_rect((1, 3)).center())
    assert weights(session) == {"chalk": 0.25, "neon": 0.75}
    assert window.map._here == (1, 3)
    session.blending.undo()
    assert weights(session) == {}
    qtbot.wait(600)
    assert len(window.map.pictures) == 25
    assert scripted.steps_taken(session.paths) == steps  # nothing was drawn again


def test_arrow_keys_and_enter_take_a_picture(
    window: StyleMapWindow, session: Session, qtbot: QtBot
) -> None:
    view = window.map
    view.setFocus()
    assert view.focus_cell == (2, 2)
    for key in (Qt.Key.Key_Right, Qt.Key.Key_Down, Qt.Key.Key_Down, Qt.Key.Key_Down):
        qtbot.keyClick(view, key)
    assert view.focus_cell == (3, 0)
    assert view.accessibleDescription() == "chalk 0.75, Neon sign 0.00"
    qtbot.keyClick(view, Qt.Key.Key_Return)
    assert weights(session) == {"chalk": 0.75}


def test_other_words_begin_it_anew_and_stale_pictures_fade(
    window: StyleMapWindow, session: Session, qtbot: QtBot
) -> None:
    wait_full(window, qtbot)
    session.edit(prompt="slow cat")
    qtbot.waitUntil(lambda: window.map.pictures == {}, timeout=PATIENCE)
    assert len(window.map._pictures) == 25
    session.edit(prompt="cat")
    wait_full(window, qtbot)
    assert {recipe.prompt for recipe in made_of(window)} == {"cat"}


def test_a_preview_and_an_order_are_not_kept_waiting(
    window: StyleMapWindow, session: Session, qtbot: QtBot
) -> None:
    session.edit(prompt="slow otter")
    qtbot.waitUntil(lambda: session.engine.state == "busy", timeout=PATIENCE)
    session.edit(count=1)
    session.make()
    with qtbot.waitSignal(session.sticker_ready, timeout=PATIENCE):
        pass
    assert len(window.map.pictures) < 20
    session.edit(live=True)
    with qtbot.waitSignal(session.preview_ready, timeout=PATIENCE):
        pass
    assert window.filling


def test_it_can_be_stopped_and_go_on(
    window: StyleMapWindow, session: Session, qtbot: QtBot
) -> None:
    session.edit(prompt="slow otter")
    qtbot.waitUntil(lambda: len(window.map.pictures) >= 2, timeout=PATIENCE)
    qtbot.mouseClick(window.stop, LEFT)
    assert not window.filling
    assert window.stop.text() == "&Go on"
    there = len(window.map.pictures)
    qtbot.wait(500)
    assert len(window.map.pictures) == there
    qtbot.mouseClick(window.stop, LEFT)
    qtbot.waitUntil(lambda: len(window.map.pictures) > there, timeout=PATIENCE)


def test_closing_it_leaves_the_engine_in_peace(
    window: StyleMapWindow, session: Session, qtbot: QtBot
) -> None:
    qtbot.waitUntil(lambda: len(window.map.pictures) >= 1, timeout=PATIENCE)
    window.close()
    qtbot.waitUntil(
        lambda: session.engine.state == "idle" and not session._workbench._sketches,
        timeout=PATIENCE,
    )
    steps = scripted.steps_taken(session.paths)
    session.edit(prompt="cat")
    qtbot.wait(600)
    assert scripted.steps_taken(session.paths) == steps


def test_axes_ranges_and_size_can_be_changed(
    window: StyleMapWindow, session: Session, qtbot: QtBot
) -> None:
    window.across.lora.setCurrentIndex(window.across.lora.findData("neon"))
    window.across.lora.activated.emit(window.across.lora.currentIndex())
    assert window.up.lora.currentData() != "neon"  # an axis of its own, or none
    window.up.lora.setCurrentIndex(0)
    window.up.lora.activated.emit(0)
    window.across.low.setValue(-1.0)
    window.side.setCurrentIndex(0)
    window.side.activated.emit(0)
    assert window.grid == Grid(Axis("neon", -1.0, 1.0), None, 3)
    wait_full(window, qtbot)
    assert sorted(sum(w.weight for w in recipe.loras) for recipe in made_of(window)) == [-1, 0, 1]


def test_without_words_or_styles_it_says_what_to_do(
    main: MainWindow, session: Session, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    window = open_map(main, qtbot)
    assert window.empty.isVisible()
    assert not window.map.isVisible()
    session.edit(prompt="otter")
    qtbot.waitUntil(window.map.isVisible)
    monkeypatch.setattr(type(session), "loras", [])
    session.loras_changed.emit()
    qtbot.waitUntil(lambda: window.empty.isVisible() and not window.map.isVisible())


def test_everything_on_it_has_a_name_and_a_size(window: StyleMapWindow) -> None:
    reachable = [
        each
        for each in window.findChildren(QWidget)
        if each.focusPolicy() & Qt.FocusPolicy.TabFocus
        and each.isVisible()
        and not isinstance(each.parent(), QAbstractSpinBox)
    ]
    assert len(reachable) >= 8
    assert all(each.accessibleName() for each in reachable)
    assert window.map._cell_at(QPoint(-5, -5)) is None
    assert window.map._cell_at(window.map.cell_rect((4, 4)).center()) == (4, 4)
