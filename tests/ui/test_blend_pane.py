"""The blend pane: sliders, numbers and switches change the draft, and follow it."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragLeaveEvent, QWheelEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from stickerstudio.session.session import Session
from stickerstudio.session.state import BlendEntry
from stickerstudio.ui.blend_pane import BlendPane
from stickerstudio.ui.blend_row import BlendRow
from tests.ui import studio
from tests.ui.drops import drag_over, drop

SHIFT = Qt.KeyboardModifier.ShiftModifier
NONE = Qt.KeyboardModifier.NoModifier


@pytest.fixture
def pane(session: Session, qtbot: QtBot) -> BlendPane:
    pane = BlendPane(session)
    qtbot.addWidget(pane)
    pane.resize(600, 300)
    pane.show()
    return pane


@pytest.fixture
def neon(pane: BlendPane) -> BlendRow:
    return pane.rows["neon"]


def entry(session: Session, name: str = "neon") -> BlendEntry:
    return next(each for each in session.draft.blend if each.name == name)


def turn(row: BlendRow, notches: int, modifiers: Qt.KeyboardModifier = NONE) -> None:
    event = QWheelEvent(
        QPointF(5, 5),
        QPointF(5, 5),
        QPoint(),
        QPoint(0, 120 * notches),
        Qt.MouseButton.NoButton,
        modifiers,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(row.slider, event)


def test_there_is_a_row_for_each_lora(pane: BlendPane, session: Session) -> None:
    assert set(pane.rows) == {lora.name for lora in session.loras} == {"chalk", "neon"}
    assert pane.rows["chalk"].remove.isHidden()  # it came with the program
    assert not pane.rows["neon"].remove.isHidden()


def test_the_slider_reaches_from_minus_two_to_two(neon: BlendRow, session: Session) -> None:
    middle = neon.slider.height() // 2
    ends: list[float] = []
    for x in (0, neon.slider.width() - 1):
        drag(neon, QPoint(x, middle))
        ends.append(entry(session).weight)
    assert ends == [-2.0, 2.0]
    assert (neon.box.minimum(), neon.box.maximum(), neon.box.decimals()) == (-2.0, 2.0, 2)


def drag(row: BlendRow, to: QPoint) -> None:
    from pytestqt.qt_compat import qt_api

    qt_api.QtTest.QTest.mousePress(row.slider, Qt.MouseButton.LeftButton, NONE, to)
    qt_api.QtTest.QTest.mouseRelease(row.slider, Qt.MouseButton.LeftButton, NONE, to)


def test_moving_a_slider_switches_the_lora_on(neon: BlendRow, session: Session) -> None:
    assert not entry(session).enabled
    turn(neon, 1)
    assert entry(session) == BlendEntry("neon", 1.05, True)
    assert neon.switch.isChecked()
    assert neon.box.value() == 1.05


@pytest.mark.parametrize(
    ("notches", "modifiers", "weight"),
    [(1, NONE, 1.05), (-1, NONE, 0.95), (1, SHIFT, 1.01), (-1, SHIFT, 0.99), (40, NONE, 1.05)],
)
def test_the_wheel_moves_by_a_twentieth_or_finely(
    neon: BlendRow, session: Session, notches: int, modifiers: Qt.KeyboardModifier, weight: float
) -> None:
    turn(neon, notches, modifiers)
    assert entry(session).weight == weight


@pytest.mark.parametrize(
    ("key", "modifiers", "weight"),
    [
        (Qt.Key.Key_Right, NONE, 1.05),
        (Qt.Key.Key_Down, NONE, 0.95),
        (Qt.Key.Key_Up, SHIFT, 1.01),
        (Qt.Key.Key_Left, SHIFT, 0.99),
        (Qt.Key.Key_Home, NONE, -2.0),
        (Qt.Key.Key_End, NONE, 2.0),
        (Qt.Key.Key_PageDown, NONE, 0.75),
    ],
)
def test_keys_move_the_slider(
    neon: BlendRow,
    session: Session,
    qtbot: QtBot,
    key: Qt.Key,
    modifiers: Qt.KeyboardModifier,
    weight: float,
) -> None:
    qtbot.keyClick(neon.slider, key, modifiers)
    assert entry(session).weight == weight
    assert neon.box.value() == weight


def test_a_hundred_small_moves_do_not_drift(neon: BlendRow, session: Session) -> None:
    for way in (1, -1):
        for _ in range(100):
            turn(neon, way, SHIFT)
    assert entry(session).weight == 1.0


def test_a_double_click_returns_to_the_default(
    neon: BlendRow, session: Session, qtbot: QtBot
) -> None:
    session.set_weight("neon", -1.5)
    assert neon.slider.weight == -1.5
    qtbot.mouseDClick(neon.slider, Qt.MouseButton.LeftButton, pos=QPoint(3, 5))
    assert entry(session).weight == session.default_weight("neon") == 1.0


def test_a_number_can_be_typed(neon: BlendRow, session: Session, qtbot: QtBot) -> None:
    neon.box.selectAll()
    qtbot.keyClicks(neon.box, "-0.37")
    qtbot.keyClick(neon.box, Qt.Key.Key_Return)
    assert entry(session).weight == -0.37
    assert neon.slider.weight == -0.37


def test_the_switch_turns_a_lora_on_and_off(neon: BlendRow, session: Session, qtbot: QtBot) -> None:
    for on in (True, False):
        qtbot.mouseClick(neon.switch, Qt.MouseButton.LeftButton, pos=QPoint(9, 9))
        assert entry(session).enabled is on


def test_only_this_switches_the_others_off(neon: BlendRow, session: Session, qtbot: QtBot) -> None:
    session.set_enabled("chalk", True)
    qtbot.mouseClick(neon.only, Qt.MouseButton.LeftButton)
    assert entry(session).enabled
    assert not entry(session, "chalk").enabled


def test_reset_brings_every_default_back(pane: BlendPane, session: Session, qtbot: QtBot) -> None:
    session.set_weight("neon", -2.0)
    session.set_enabled("chalk", True)
    qtbot.mouseClick(pane.tools.history.reset, Qt.MouseButton.LeftButton)
    assert {(each.weight, each.enabled) for each in session.draft.blend} == {(1.0, False)}
    assert pane.rows["neon"].slider.weight == 1.0


def test_a_dropped_file_is_added_and_one_row_removed_again(
    pane: BlendPane, session: Session, qtbot: QtBot, tmp_path: Path
) -> None:
    file = studio.write_lora(tmp_path / "elsewhere" / "gouache.safetensors", trigger="gouache")
    drop(pane, file)
    qtbot.waitUntil(lambda: "gouache" in pane.rows)
    qtbot.mouseClick(pane.rows["gouache"].remove, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: "gouache" not in pane.rows)
    assert file.is_file()


def test_the_pane_says_whether_it_would_take_what_hangs_over_it(
    pane: BlendPane, tmp_path: Path
) -> None:
    data = QMimeData()
    data.setText("only words")
    assert not drag_over(pane, data)
    assert not pane.property("dropping")
    data.setUrls([QUrl.fromLocalFile(str(tmp_path))])
    assert drag_over(pane, data)
    assert pane.property("dropping")
    QApplication.sendEvent(pane, QDragLeaveEvent())
    assert not pane.property("dropping")


def test_a_file_that_is_no_lora_is_answered_with_a_sentence(
    pane: BlendPane, session: Session, qtbot: QtBot, tmp_path: Path
) -> None:
    file = tmp_path / "notes.txt"
    file.write_text("not a LoRA")
    with qtbot.waitSignal(session.notice) as notice:
        drop(pane, file)
    assert notice.args is not None
    error = notice.args[0].error
    assert error is not None
    assert not error.is_fault
    assert error.what


def test_without_loras_it_says_what_to_do(
    session: Session, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(type(session), "loras", [])
    pane = BlendPane(session)
    qtbot.addWidget(pane)
    pane.show()
    assert pane.rows == {}
    assert pane._empty.isVisible()
    assert not pane._area.isVisible()
