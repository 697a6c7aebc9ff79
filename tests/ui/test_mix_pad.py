"""The mix pad: pins and a point that hand, keys and undo move, and weights that follow."""

from __future__ import annotations

import math

import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from stickerstudio.core.messages import PreviewReady
from stickerstudio.core.recipe import Recipe
from stickerstudio.session.mix import Place, mixed_weights
from stickerstudio.session.session import Session
from stickerstudio.session.state import loras_of
from stickerstudio.ui.blend_art import LORA_MIME
from stickerstudio.ui.main_window import MainWindow
from stickerstudio.ui.mix_window import MixPadWindow

LEFT = Qt.MouseButton.LeftButton
NONE = Qt.KeyboardModifier.NoModifier
SHIFT = Qt.KeyboardModifier.ShiftModifier


@pytest.fixture
def main(session: Session, qtbot: QtBot) -> MainWindow:
    main = MainWindow(session)
    qtbot.addWidget(main)
    main.show()
    return main


@pytest.fixture
def window(main: MainWindow, qtbot: QtBot) -> MixPadWindow:
    """Both LoRAs of the shelf are pinned: chalk on the left, neon on the right."""
    main.blend.tools.pad.click()
    assert main.mix_pad is not None
    qtbot.waitExposed(main.mix_pad)
    main.mix_pad.activateWindow()
    return main.mix_pad


def weights(session: Session) -> dict[str, float]:
    return {lora.name: lora.weight for lora in loras_of(session.draft.blend)}


def drag(widget: QWidget, *to: QPointF | QPoint) -> None:
    points = [each.toPoint() if isinstance(each, QPointF) else each for each in to]
    QTest.mousePress(widget, LEFT, NONE, points[0])
    for point in points[1:]:
        QTest.mouseMove(widget, point)
    QTest.mouseRelease(widget, LEFT, NONE, points[-1])


def drop(window: MixPadWindow, name: str, place: Place) -> None:
    data = QMimeData()
    data.setData(LORA_MIME, name.encode())
    at = window.pad.pixel_of(place)
    enter = QDragEnterEvent(at.toPoint(), Qt.DropAction.CopyAction, data, LEFT, NONE)
    window.pad.dragEnterEvent(enter)
    assert enter.isAccepted() == bool(name)
    if name:
        window.pad.dropEvent(QDropEvent(at, Qt.DropAction.CopyAction, data, LEFT, NONE))


def test_opening_it_changes_nothing(window: MixPadWindow, session: Session) -> None:
    assert window.pad.places == {"chalk": (0.0, 0.5), "neon": (1.0, 0.5)}
    assert weights(session) == {}
    assert window.chips == {}
    assert window.pad.pins["neon"].share == 0.0


def test_the_point_is_the_mix(window: MixPadWindow, session: Session) -> None:
    pad = window.pad
    for place in ((0.25, 0.5), (0.9, 0.1), (1.0, 0.5)):
        drag(pad, pad.pixel_of((0.5, 0.9)), pad.pixel_of(place))
        assert math.dist(pad.point, place) < 0.005
        expected = mixed_weights(pad.places, pad.point, {"chalk": 1.0, "neon": 1.0})
        assert weights(session) == {name: w for name, w in expected.items() if w}
        assert sum(pin.share for pin in pad.pins.values()) == pytest.approx(1.0)
    assert weights(session)["neon"] > 0.99


def test_a_drag_of_the_point_is_one_undo_which_brings_it_back(
    window: MixPadWindow, session: Session, qtbot: QtBot
) -> None:
    pad = window.pad
    drag(pad, pad.pixel_of((0.2, 0.5)))
    first, place = weights(session), pad.point
    drag(pad, *(pad.pixel_of((n / 20, 0.3)) for n in range(4, 19)))
    assert weights(session) != first
    qtbot.keyClick(pad, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert weights(session) == first
    assert pad.point == place
    qtbot.keyClick(pad, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert weights(session) == {}
    assert not session.blending.can_undo


def test_arrow_keys_move_the_point_as_they_move_sliders(
    window: MixPadWindow, session: Session, qtbot: QtBot
) -> None:
    pad = window.pad
    assert pad.hasFocus()
    qtbot.keyClick(pad, Qt.Key.Key_Right)
    qtbot.keyClick(pad, Qt.Key.Key_Down, SHIFT)
    assert pad.point == (0.55, 0.51)
    for _ in range(30):
        qtbot.keyClick(pad, Qt.Key.Key_Right)
    assert pad.point == (1.0, 0.51)
    assert "Neon sign 1.00" in pad.accessibleDescription()


def test_a_pin_is_moved_by_hand_and_keys_and_snaps_to_the_rim(
    window: MixPadWindow, session: Session, qtbot: QtBot
) -> None:
    pad, pin = window.pad, window.pad.pins["neon"]
    start = pin.middle
    target = pad.pixel_of((0.98, 0.03)).toPoint()
    drag(pin, start, pin.mapFromParent(target))
    assert pad.places["neon"] == (1.0, 0.0)
    assert pin.mapToParent(pin.middle) == pad.pixel_of((1.0, 0.0)).toPoint()
    before = weights(session)
    pin.setFocus()
    qtbot.keyClick(pin, Qt.Key.Key_Left)
    qtbot.keyClick(pin, Qt.Key.Key_Down, SHIFT)
    assert pad.places["neon"] == (0.95, 0.01)
    assert weights(session) != before
    qtbot.keyClick(pin, Qt.Key.Key_Return)
    assert pad.point == (0.95, 0.01)
    assert weights(session) == {"neon": 1.0}


def test_a_pin_taken_off_takes_part_no_more_and_can_come_back(
    window: MixPadWindow, session: Session, qtbot: QtBot
) -> None:
    drag(window.pad, window.pad.pixel_of((0.5, 0.5)))
    assert weights(session) == {"chalk": 0.5, "neon": 0.5}
    qtbot.keyClick(window.pad.pins["neon"], Qt.Key.Key_Delete)
    assert weights(session) == {"chalk": 0.5}  # alone, it fades with the distance
    assert list(window.chips) == ["neon"]
    qtbot.mouseClick(window.chips["neon"], LEFT)
    assert set(window.pad.places) == {"chalk", "neon"}
    assert window.chips == {}
    assert set(weights(session)) == {"chalk", "neon"}


def test_a_lora_is_dropped_onto_a_corner(window: MixPadWindow, session: Session) -> None:
    window.pad.remove_pin("neon")
    drop(window, "neon", (0.97, 0.96))
    assert window.pad.places["neon"] == (1.0, 1.0)
    assert "neon" in weights(session)
    drop(window, "chalk", (0.3, 0.4))  # one that is there already is moved
    assert window.pad.places == {"chalk": (0.3, 0.4), "neon": (1.0, 1.0)}
    drop(window, "", (0.5, 0.5))
    drop(window, "gone", (0.5, 0.5))
    assert set(window.pad.pins) == {"chalk", "neon"}


def test_strength_scales_the_whole_mix(
    window: MixPadWindow, session: Session, qtbot: QtBot
) -> None:
    drag(window.pad, window.pad.pixel_of((0.5, 0.5)))
    window.strength.setFocus()
    for _ in range(4):
        qtbot.keyClick(window.strength, Qt.Key.Key_Right)
    assert weights(session) == {"chalk": 0.6, "neon": 0.6}


def test_a_slider_moved_elsewhere_shows_that_the_point_is_not_the_mix(
    window: MixPadWindow, session: Session
) -> None:
    pad = window.pad
    drag(pad, pad.pixel_of((0.5, 0.5)))
    assert pad.pins["neon"].share == pytest.approx(0.5, abs=0.01)
    session.blending.weigh("neon", 1.4)
    assert pad.pins["neon"].share == 0.0
    assert "Neon sign 1.40" in pad.accessibleDescription()
    drag(pad, pad.pixel_of((0.5, 0.5)))  # a press on the same place makes it so again
    assert weights(session) == {"chalk": 0.5, "neon": 0.5}


def test_other_loras_keep_their_sliders(window: MixPadWindow, session: Session) -> None:
    window.pad.remove_pin("chalk")
    session.blending.weigh("chalk", -0.7)
    drag(window.pad, window.pad.pixel_of((1.0, 0.5)))
    assert weights(session) == {"chalk": -0.7, "neon": 1.0}


def test_a_lora_that_leaves_the_shelf_leaves_the_pad(
    window: MixPadWindow, session: Session, qtbot: QtBot
) -> None:
    with qtbot.waitSignal(session.loras_changed):
        session.remove_lora("neon")
    assert list(window.pad.pins) == ["chalk"]


def test_it_shows_the_live_preview(window: MixPadWindow, session: Session) -> None:
    assert window.preview.picture is None
    red = bytes((255, 0, 0, 255)) * 16
    session.preview_ready.emit(PreviewReady(1, 4, 4, red, Recipe("otter"), 0.1))
    picture = window.preview.picture
    assert picture is not None
    assert picture.toImage().pixelColor(1, 1).red() == 255
    assert session.blending.picture is not None
    session.preview_cleared.emit()
    assert window.preview.picture is None


def test_everything_on_it_has_a_name(window: MixPadWindow) -> None:
    reachable = [
        each
        for each in window.findChildren(QWidget)
        if each.focusPolicy() & Qt.FocusPolicy.TabFocus and each.isVisible()
    ]
    assert len(reachable) == 4  # the point, two pins, the strength
    assert all(each.accessibleName() for each in reachable)


def test_before_the_shelf_is_read_it_waits_for_it(
    main: MainWindow, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    loras = session.loras
    monkeypatch.setattr(type(session), "loras", [])
    main.show_mix_pad()
    assert main.mix_pad is not None
    assert main.mix_pad.pad.pins == {}
    monkeypatch.setattr(type(session), "loras", loras)
    session.loras_changed.emit()
    assert set(main.mix_pad.pad.pins) == {"chalk", "neon"}
