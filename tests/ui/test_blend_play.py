"""Playing in the blend pane: undo by key and button, chance, parts of the model, saved blends."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QMimeData, QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from stickerstudio.core.recipe import BLOCKS, BlockWeight
from stickerstudio.models.loras import LoraInfo
from stickerstudio.session.session import Session
from stickerstudio.session.state import loras_of
from stickerstudio.ui import blend_row
from stickerstudio.ui.blend_art import LORA_MIME, dragged_lora, lora_picture
from stickerstudio.ui.blend_row import BlendRow
from stickerstudio.ui.blend_saved import SavedBlends, SavedRow
from stickerstudio.ui.main_window import MainWindow

CTRL = Qt.KeyboardModifier.ControlModifier
SHIFT = Qt.KeyboardModifier.ShiftModifier
LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def window(session: Session, qtbot: QtBot) -> MainWindow:
    window = MainWindow(session)
    qtbot.addWidget(window)
    window.show()
    qtbot.waitExposed(window)
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)
    return window


@pytest.fixture
def neon(window: MainWindow) -> BlendRow:
    return window.blend.rows["neon"]


@pytest.fixture
def popover(window: MainWindow, qtbot: QtBot) -> SavedBlends:
    with qtbot.waitSignal(window.blend.tools.popover._session.blending.saved_changed):
        qtbot.mouseClick(window.blend.tools.saved, LEFT)
    popover = window.blend.tools.popover
    assert popover.isVisible()
    return popover


def weights(session: Session) -> dict[str, float]:
    return {lora.name: lora.weight for lora in loras_of(session.draft.blend)}


def drag_slider(widget: QWidget, *parts: float) -> None:
    points = [QPoint(round(part * widget.width()), widget.height() // 2) for part in parts]
    QTest.mousePress(widget, LEFT, Qt.KeyboardModifier.NoModifier, points[0])
    for point in points:
        QTest.mouseMove(widget, point)
    QTest.mouseRelease(widget, LEFT, Qt.KeyboardModifier.NoModifier, points[-1])


# --- undo and redo ---


def test_control_z_takes_a_whole_drag_back(
    window: MainWindow, neon: BlendRow, session: Session, qtbot: QtBot
) -> None:
    before = session.draft.blend
    drag_slider(neon.slider, 0.6, 0.7, 0.8, 0.85)
    moved = session.draft.blend
    assert neon.switch.isChecked()
    neon.slider.setFocus()
    qtbot.keyClick(neon.slider, Qt.Key.Key_Z, CTRL)
    assert session.draft.blend == before
    assert neon.slider.weight == 1.0
    assert not neon.switch.isChecked()
    qtbot.keyClick(neon.slider, Qt.Key.Key_Z, CTRL | SHIFT)
    assert session.draft.blend == moved


def test_text_fields_keep_their_own_undo(
    window: MainWindow, neon: BlendRow, session: Session, qtbot: QtBot
) -> None:
    session.edit(live=False)
    drag_slider(neon.slider, 0.9)
    moved = session.draft.blend
    prompt = window.prompt.prompt
    prompt.setFocus()
    qtbot.keyClicks(prompt, "otter")
    qtbot.keyClick(prompt, Qt.Key.Key_Z, CTRL)
    assert session.draft.prompt == ""
    assert session.draft.blend == moved


def test_a_number_gives_control_z_away_when_nothing_is_typed_in_it(
    window: MainWindow, neon: BlendRow, session: Session, qtbot: QtBot
) -> None:
    before = session.draft.blend
    neon.box.setFocus()
    neon.box.selectAll()
    qtbot.keyClicks(neon.box, "0.37")
    typed = neon.box.lineEdit().text()
    qtbot.keyClick(neon.box, Qt.Key.Key_Z, CTRL)
    assert neon.box.lineEdit().text() != typed
    assert session.draft.blend == before  # the field's own
    neon.box.selectAll()
    qtbot.keyClicks(neon.box, "0.37")
    qtbot.keyClick(neon.box, Qt.Key.Key_Return)
    assert weights(session) == {"neon": 0.37}
    qtbot.keyClick(neon.box, Qt.Key.Key_Z, CTRL)
    assert session.draft.blend == before


def test_the_buttons_tell_what_can_be_taken_back(
    window: MainWindow, neon: BlendRow, session: Session, qtbot: QtBot
) -> None:
    tools = window.blend.tools.history
    assert not tools.undo.isEnabled()
    drag_slider(neon.slider, 0.9)
    assert tools.undo.isEnabled()
    qtbot.mouseClick(tools.undo, LEFT)
    assert weights(session) == {}
    assert not tools.undo.isEnabled()
    qtbot.mouseClick(tools.redo, LEFT)
    assert list(weights(session)) == ["neon"]


def test_the_dice_give_another_blend_each_time(
    window: MainWindow, session: Session, qtbot: QtBot
) -> None:
    met = [weights(session)]
    for _ in range(6):
        qtbot.mouseClick(window.blend.tools.history.shuffle, LEFT)
        assert weights(session) != met[-1]
        met.append(weights(session))


# --- parts of the model ---


def test_parts_are_hidden_until_asked_for(neon: BlendRow, qtbot: QtBot) -> None:
    assert not neon.blocks.isVisible()
    qtbot.mouseClick(neon.disclose, LEFT)
    assert neon.blocks.isVisible()
    assert set(neon.blocks.sliders) == set(BLOCKS)
    assert all(slider.accessibleName() for slider in neon.blocks.sliders.values())


def test_a_part_is_weighted_by_its_slider_and_shown_when_folded(
    neon: BlendRow, session: Session, qtbot: QtBot
) -> None:
    qtbot.mouseClick(neon.disclose, LEFT)
    slider = neon.blocks.sliders["mid.attention"]
    qtbot.keyClick(slider, Qt.Key.Key_Left)
    qtbot.keyClick(slider, Qt.Key.Key_Left, SHIFT)
    entry = session.blending.entry("neon")
    assert entry is not None
    assert entry.blocks == (BlockWeight("mid.attention", 0.94),)
    qtbot.mouseClick(neon.disclose, LEFT)
    assert "1 part adjusted" in neon._words.text()
    assert "1 part adjusted" in neon.disclose.toolTip()
    session.blending.weigh_block("neon", "text", 0.0)
    assert "2 parts adjusted" in neon._words.text()
    assert neon.blocks.sliders["text"].weight == 0.0


def test_parts_are_reset_and_the_reset_is_undone(
    neon: BlendRow, session: Session, qtbot: QtBot
) -> None:
    qtbot.mouseClick(neon.disclose, LEFT)
    assert not neon.blocks.reset.isEnabled()
    drag_slider(neon.blocks.sliders["up.convolution"], 0.5, 0.9, 1.0)
    entry = session.blending.entry("neon")
    assert entry is not None
    assert entry.blocks == (BlockWeight("up.convolution", 2.0),)
    qtbot.mouseClick(neon.blocks.reset, LEFT)
    reset = session.blending.entry("neon")
    assert reset is not None
    assert reset.blocks == ()
    assert "adjusted" not in neon._words.text()
    session.blending.undo()
    assert session.blending.entry("neon") == entry


# --- dragging a LoRA ---


def test_a_row_is_dragged_by_its_picture_but_not_by_a_click(
    neon: BlendRow, monkeypatch: pytest.MonkeyPatch
) -> None:
    dragged: list[str] = []

    def note(source: QWidget, info: LoraInfo) -> None:
        del source
        dragged.append(info.name)

    monkeypatch.setattr(blend_row, "drag_lora", note)
    start = QPoint(50, neon.height() // 2)
    for distance in (0, QApplication.startDragDistance() + 1):
        QTest.mousePress(neon, LEFT, Qt.KeyboardModifier.NoModifier, start)
        QTest.mouseMove(neon, start + QPoint(distance, 0))
        QTest.mouseRelease(neon, LEFT, Qt.KeyboardModifier.NoModifier, start)
    assert dragged == ["neon"]


def test_the_name_in_a_drag_is_read_back() -> None:
    data = QMimeData()
    assert dragged_lora(data) == ""
    data.setData(LORA_MIME, "水彩".encode())
    assert dragged_lora(data) == "水彩"


def test_a_lora_without_a_picture_has_its_letter(session: Session) -> None:
    chalk, neon = (lora_picture(info, 40, 2.0).toImage() for info in session.loras)
    assert chalk.width() == 80
    assert chalk != neon


# --- saved blends ---


def save(popover: SavedBlends, name: str, qtbot: QtBot) -> None:
    popover.name.setFocus()
    qtbot.keyClicks(popover.name, name)
    with qtbot.waitSignal(popover._session.blending.saved_changed):
        qtbot.keyClick(popover.name, Qt.Key.Key_Return)
    assert popover.name.text() == ""


def row(popover: SavedBlends, name: str) -> SavedRow:
    return next(each for each in popover.rows if each.blend.name == name)


def test_a_blend_is_saved_and_taken_back_by_a_click(
    popover: SavedBlends, session: Session, qtbot: QtBot
) -> None:
    assert popover._empty.isVisible()
    assert not popover.keep.isEnabled()
    session.blending.weigh("neon", 0.4)
    save(popover, "Night", qtbot)
    session.only("chalk")
    save(popover, "Day", qtbot)
    assert [each.blend.name for each in popover.rows] == ["Day", "Night"]
    assert row(popover, "Night").accessibleDescription() == "Neon sign 0.40"
    qtbot.mouseClick(row(popover, "Night"), LEFT)
    assert weights(session) == {"neon": 0.4}
    assert not popover.isVisible()


def test_a_name_that_is_taken_says_that_it_replaces(
    popover: SavedBlends, session: Session, qtbot: QtBot
) -> None:
    save(popover, "Night", qtbot)
    popover.name.setText("night")
    assert popover.keep.text() == "Re&place"
    popover.name.setText("nights")
    assert popover.keep.text() == "Sa&ve"
    session.only("chalk")
    save_again = popover.name
    save_again.clear()
    save(popover, "NIGHT", qtbot)
    assert [each.blend.name for each in popover.rows] == ["NIGHT"]


def test_renaming_and_forgetting_by_keys(
    popover: SavedBlends, session: Session, qtbot: QtBot
) -> None:
    save(popover, "Night", qtbot)
    night = row(popover, "Night")
    night.setFocus()
    qtbot.keyClick(night, Qt.Key.Key_F2)
    night.field.selectAll()
    qtbot.keyClicks(night.field, "Dusk")
    with qtbot.waitSignal(session.blending.saved_changed):
        qtbot.keyClick(night.field, Qt.Key.Key_Return)
    dusk = row(popover, "Dusk")
    dusk.setFocus()
    with qtbot.waitSignal(session.blending.saved_changed):
        qtbot.keyClick(dusk, Qt.Key.Key_Delete)
    assert popover.rows == []
    assert popover._empty.isVisible()


def test_escape_ends_renaming_without_a_change(popover: SavedBlends, qtbot: QtBot) -> None:
    save(popover, "Night", qtbot)
    night = row(popover, "Night")
    qtbot.mouseClick(night.rename, LEFT)
    night.field.setText("Dusk")
    qtbot.keyClick(night.field, Qt.Key.Key_Escape)
    assert row(popover, "Night") is night
    assert not night.field.isVisible()
