"""The comparison: two blends, one seed, a wipe between them, and taking one."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QPixmap
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from stickerstudio.core.messages import PreviewReady
from stickerstudio.core.recipe import LoraWeight
from stickerstudio.session.session import Session
from stickerstudio.session.state import loras_of
from stickerstudio.ui.compare_view import CompareView
from stickerstudio.ui.compare_window import CompareWindow
from stickerstudio.ui.main_window import MainWindow
from tests.session import scripted

LEFT = Qt.MouseButton.LeftButton
PATIENCE = 60_000  # milliseconds


@pytest.fixture
def main(session: Session, qtbot: QtBot) -> MainWindow:
    main = MainWindow(session)
    qtbot.addWidget(main)
    session.edit(live=False, steps=1, seed=40)
    main.show()
    return main


@pytest.fixture
def window(main: MainWindow, session: Session, qtbot: QtBot) -> CompareWindow:
    """Opened with chalk at 0.5 held as A; B is the blend now."""
    session.edit(prompt="otter")
    session.blending.weigh("chalk", 0.5)
    session.start()
    main.blend.tools.compare.click()
    assert main.compare is not None
    qtbot.waitExposed(main.compare)
    return main.compare


def weights(session: Session) -> dict[str, float]:
    return {lora.name: lora.weight for lora in loras_of(session.draft.blend)}


def shown(window: CompareWindow) -> bool:
    return all(window.view.pictures)


def choose(window: CompareWindow, side: int, data: tuple[str, str]) -> None:
    box = window.sides[side].source
    index = next(n for n in range(box.count()) if box.itemData(n) == data)
    box.setCurrentIndex(index)
    box.activated.emit(index)


def test_a_holds_while_b_follows_the_sliders(
    window: CompareWindow, session: Session, qtbot: QtBot
) -> None:
    a, b = window.sides
    session.blending.weigh("neon", 0.25)
    assert window.loras(a) == (LoraWeight("chalk", 0.5),)
    assert window.loras(b) == (LoraWeight("chalk", 0.5), LoraWeight("neon", 0.25))
    assert a.weights.text() == "chalk 0.50"
    assert b.weights.text() == "chalk 0.50 · Neon sign 0.25"
    qtbot.waitUntil(lambda: shown(window), timeout=PATIENCE)
    first, second = window._recipes
    assert first is not None
    assert second is not None
    assert (first.prompt, first.seed) == (second.prompt, second.seed) == ("otter", 40)
    assert first.loras == window.loras(a)
    assert second.loras == window.loras(b)


def test_both_follow_the_words_and_the_seed(
    window: CompareWindow, session: Session, qtbot: QtBot
) -> None:
    qtbot.waitUntil(lambda: shown(window), timeout=PATIENCE)
    session.edit(prompt="cat")
    assert window.view.pictures == (None, None)  # what is seen is of before, and faded
    qtbot.waitUntil(lambda: shown(window), timeout=PATIENCE)
    seed = session.draft.seed
    qtbot.mouseClick(window.dice, LEFT)
    assert session.draft.seed != seed
    qtbot.waitUntil(lambda: shown(window), timeout=PATIENCE)
    assert {r.seed for r in window._recipes if r} == {session.draft.seed}
    assert {r.prompt for r in window._recipes if r} == {"cat"}


def test_the_live_preview_is_not_drawn_twice(
    window: CompareWindow, session: Session, qtbot: QtBot
) -> None:
    qtbot.waitUntil(lambda: shown(window), timeout=PATIENCE)
    previews: list[PreviewReady] = []
    session.preview_ready.connect(previews.append)
    before = scripted.steps_taken(session.paths)
    session.edit(live=True)
    session.blending.weigh("neon", 0.8)
    qtbot.waitUntil(lambda: shown(window) and bool(previews), timeout=PATIENCE)
    qtbot.wait(800)  # longer than a sketch would wait for the hand to rest
    assert scripted.steps_taken(session.paths) - before == len(previews)


def test_taking_a_side_makes_it_the_blend_and_the_other_is_kept(
    window: CompareWindow, session: Session, qtbot: QtBot
) -> None:
    a, b = window.sides
    session.blending.weigh("neon", 0.25)
    qtbot.mouseClick(a.take, LEFT)
    assert weights(session) == {"chalk": 0.5}
    assert window.loras(b) == (LoraWeight("chalk", 0.5), LoraWeight("neon", 0.25))
    assert not a.take.isEnabled()
    qtbot.mouseClick(b.take, LEFT)
    assert weights(session) == {"chalk": 0.5, "neon": 0.25}
    session.blending.undo()
    assert weights(session) == {"chalk": 0.5}


def test_a_side_can_hold_another_blend_or_none_or_a_saved_one(
    window: CompareWindow, session: Session, qtbot: QtBot
) -> None:
    a, b = window.sides
    session.only("neon")
    qtbot.mouseClick(a.hold, LEFT)
    assert window.loras(a) == (LoraWeight("neon", 1.0),)
    choose(window, 1, ("none", ""))
    assert window.loras(b) == ()
    assert b.weights.text() == "No styles"
    session.blending.save("Night")
    qtbot.waitUntil(lambda: bool(session.blending.saved))
    session.only("chalk")
    choose(window, 1, ("saved", "Night"))
    assert window.loras(b) == (LoraWeight("neon", 1.0),)
    session.blending.delete("Night")
    qtbot.waitUntil(lambda: not session.blending.saved)
    assert b.kind == "now"


def test_closing_it_cancels_what_is_under_way(
    window: CompareWindow, session: Session, qtbot: QtBot
) -> None:
    session.edit(prompt="slow otter", steps=8)
    qtbot.waitUntil(lambda: window._batch is not None, timeout=PATIENCE)
    window.close()
    assert window._batch is None
    qtbot.waitUntil(lambda: not session._workbench._sketches, timeout=PATIENCE)


def test_without_words_it_says_what_to_do(window: CompareWindow, session: Session) -> None:
    session.edit(prompt="")
    assert window.empty.isVisible()
    assert not window.view.isVisible()


def test_everything_on_it_has_a_name(window: CompareWindow) -> None:
    reachable = [
        each
        for each in window.findChildren(QWidget)
        if each.focusPolicy() & Qt.FocusPolicy.TabFocus and each.isVisible()
    ]
    assert len(reachable) >= 8
    assert all(each.accessibleName() for each in reachable)


# --- the wipe ---


@pytest.fixture
def view(qtbot: QtBot) -> CompareView:
    """A is red, B is blue."""
    view = CompareView()
    qtbot.addWidget(view)
    view.resize(500, 400)
    for side, colour in enumerate(("red", "blue")):
        picture = QPixmap(20, 20)
        picture.fill(QColor(colour))
        view.show_picture(side, picture)
    view.show()
    return view


def colour_at(view: CompareView, side: int, part: float) -> str:
    area = view.areas()[side]
    x, y = area.left() + part * area.width(), area.top() + 0.9 * area.height()
    colour = view.grab().toImage().pixelColor(round(x), round(y))
    return {"#ff0000": "A", "#0000ff": "B"}.get(colour.name(), colour.name())


def test_a_is_seen_left_of_the_wipe_and_b_right_of_it(view: CompareView) -> None:
    assert [colour_at(view, 0, part) for part in (0.1, 0.45, 0.55, 0.9)] == ["A", "A", "B", "B"]
    area = view.areas()[0]
    at = area.topLeft().toPoint()
    at.setX(round(area.left() + 0.8 * area.width()))
    QTest.mousePress(view, LEFT, Qt.KeyboardModifier.NoModifier, at)
    QTest.mouseRelease(view, LEFT, Qt.KeyboardModifier.NoModifier, at)
    assert view.wipe == pytest.approx(0.8, abs=0.01)
    assert [colour_at(view, 0, part) for part in (0.1, 0.7, 0.9)] == ["A", "A", "B"]


def test_keys_move_the_wipe(view: CompareView, qtbot: QtBot) -> None:
    qtbot.keyClick(view, Qt.Key.Key_Right)
    qtbot.keyClick(view, Qt.Key.Key_Left, Qt.KeyboardModifier.ShiftModifier)
    assert view.wipe == 0.54
    assert "54 %" in view.accessibleDescription()
    qtbot.keyClick(view, Qt.Key.Key_End)
    assert view.wipe == 1.0
    qtbot.keyClick(view, Qt.Key.Key_Right)
    assert view.wipe == 1.0
    qtbot.keyClick(view, Qt.Key.Key_Home)
    assert view.wipe == 0.0


def test_side_by_side_both_are_whole(view: CompareView) -> None:
    view.set_beside(True)
    assert {colour_at(view, 0, part) for part in (0.1, 0.9)} == {"A"}
    assert {colour_at(view, 1, part) for part in (0.1, 0.9)} == {"B"}
