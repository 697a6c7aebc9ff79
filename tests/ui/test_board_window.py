"""The expressions board, driven as a user drives it, over a scripted engine."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt
from PySide6.QtGui import QAction, QDropEvent
from PySide6.QtWidgets import QApplication, QMenu
from pytestqt.qtbot import QtBot

from stickerstudio.core.expressions import FORTY
from stickerstudio.session.session import Session
from stickerstudio.ui.board_cell import MIME, BoardCell
from stickerstudio.ui.board_window import BoardWindow


@pytest.fixture
def window(session: Session, qtbot: QtBot) -> Iterator[BoardWindow]:
    session.edit(live=False, seed=4, seed_locked=True)
    window = BoardWindow(session)
    qtbot.addWidget(window)
    window.open_for("otter")
    qtbot.waitExposed(window)
    yield window
    window.stop_workers()


@pytest.fixture
def board(window: BoardWindow, session: Session, qtbot: QtBot) -> BoardWindow:
    """A board of eight, made by the button."""
    qtbot.mouseClick(window.make, Qt.MouseButton.LeftButton)
    assert len(window.cells) == 8
    qtbot.waitUntil(lambda: session.expressions.made == 8, timeout=120_000)
    return window


def names(window: BoardWindow) -> list[str]:
    return [cell.accessibleName() for cell in window.cells]


def drop(source: BoardCell, target: BoardCell, part: float) -> None:
    """Let go of `source` over `target`, that part of the way across it."""
    mime = QMimeData()
    mime.setData(MIME, str(source.index).encode())
    place = QPointF(target.width() * part, target.height() / 2)
    event = QDropEvent(
        place,
        Qt.DropAction.MoveAction,
        mime,
        Qt.MouseButton.LeftButton,
        Qt.KeyboardModifier.NoModifier,
    )
    target.dropEvent(event)


def act(menu: QMenu, text: str) -> None:
    found: QAction = next(each for each in menu.actions() if each.text() == text)
    found.trigger()
    menu.close()


def test_the_empty_board_says_what_to_do(window: BoardWindow) -> None:
    assert window.character.text() == "otter"
    assert not window.cells
    assert not window.pack.isEnabled()
    assert not window.again.isEnabled()


def test_a_board_is_made_cell_by_cell(board: BoardWindow, session: Session, qtbot: QtBot) -> None:
    assert names(board) == [each.en for each in FORTY[:8]]
    assert {cell.state for cell in board.cells} == {"done"}
    qtbot.waitUntil(lambda: board.thumbnails.loads == 8, timeout=60_000)
    assert not board.stop.isVisible()
    assert board.pack.isEnabled()


def test_keys_make_again_lock_and_move(board: BoardWindow, session: Session, qtbot: QtBot) -> None:
    first = board.cells[0]
    first.setFocus()
    qtbot.keyClick(first, Qt.Key.Key_L)
    assert names(board)[0] == "happy, locked"
    assert first.locked.isVisible()
    qtbot.keyClick(first, Qt.Key.Key_R)
    assert first.state in ("waiting", "making")
    qtbot.waitUntil(lambda: first.state == "done", timeout=60_000)
    assert session.library.count() == 9
    qtbot.keyClick(first, Qt.Key.Key_Right, Qt.KeyboardModifier.ControlModifier)
    assert names(board)[:2] == ["sad", "happy, locked"]
    last = board.cells[-1]
    qtbot.keyClick(last, Qt.Key.Key_Right, Qt.KeyboardModifier.ControlModifier)
    assert names(board)[-1] == FORTY[7].en


def test_buttons_in_a_cell(board: BoardWindow, session: Session, qtbot: QtBot) -> None:
    cell = board.cells[2]
    cell.setFocus()
    qtbot.mouseClick(cell.locked, Qt.MouseButton.LeftButton)
    assert session.expressions.board is not None
    assert session.expressions.board.cells[2].locked
    qtbot.mouseClick(board.again, Qt.MouseButton.LeftButton)
    assert cell.state == "done"
    assert board.cells[0].state != "done"
    qtbot.mouseClick(board.stop, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: not session.expressions.is_making, timeout=60_000)
    lacking = 8 - session.expressions.made
    assert board.rest.isVisible() == (lacking > 0)
    session.delete([str(session.expressions.board.cells[2].sticker)])
    qtbot.waitUntil(board.rest.isVisible, timeout=60_000)
    qtbot.mouseClick(board.rest, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: session.expressions.made == 8, timeout=60_000)
    assert not board.rest.isVisible()


def test_dragging_swaps_in_the_middle_and_inserts_at_the_edges(board: BoardWindow) -> None:
    before = names(board)
    drop(board.cells[0], board.cells[3], 0.5)
    assert names(board) == [before[3], *before[1:3], before[0], *before[4:]]
    drop(board.cells[3], board.cells[0], 0.1)
    assert names(board) == [before[0], before[3], *before[1:3], *before[4:]]
    drop(board.cells[0], board.cells[7], 0.9)
    assert names(board)[-1] == before[0]
    here = names(board)
    drop(board.cells[2], board.cells[2], 0.5)
    assert names(board) == here


def test_a_press_and_a_move_begin_a_drag(
    board: BoardWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    from stickerstudio.ui import board_cell

    carried: list[bytes] = []

    class Drag:
        def __init__(self, source: BoardCell) -> None: ...

        def setMimeData(self, mime: QMimeData) -> None:
            carried.append(bytes(mime.data(MIME).data()))

        def setPixmap(self, pixmap: object) -> None: ...

        def setHotSpot(self, spot: object) -> None: ...

        def exec(self, action: Qt.DropAction) -> None: ...

    monkeypatch.setattr(board_cell, "QDrag", Drag)
    cell = board.cells[5]
    button, none = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    qtbot.mousePress(cell, button, none, QPoint(40, 40))
    qtbot.mouseMove(cell, QPoint(42, 40))
    assert not carried
    for x in (60, 80):
        qtbot.mouseMove(cell, QPoint(x, 60))
    qtbot.mouseRelease(cell, button, none, QPoint(80, 60))
    assert carried == [b"5"]


def test_the_list_is_edited_in_its_table(
    window: BoardWindow, session: Session, qtbot: QtBot
) -> None:
    qtbot.mouseClick(window.show_list, Qt.MouseButton.LeftButton)
    panel = window.list
    assert panel.isVisible()
    assert panel.table.rowCount() == 40
    item = panel.table.item(0, 1)
    assert item is not None
    item.setText("dancing")
    assert session.expressions.expressions[0].en == "dancing"
    panel.table.selectRow(0)
    qtbot.mouseClick(panel.down, Qt.MouseButton.LeftButton)
    assert [each.en for each in session.expressions.expressions[:2]] == ["sad", "dancing"]
    qtbot.mouseClick(panel.remove, Qt.MouseButton.LeftButton)
    assert len(session.expressions.expressions) == 39
    qtbot.mouseClick(panel.add, Qt.MouseButton.LeftButton)
    assert panel.table.rowCount() == 40
    assert not panel.add.isEnabled()
    qtbot.mouseClick(panel.reset, Qt.MouseButton.LeftButton)
    assert session.expressions.expressions == FORTY


def test_boards_are_opened_and_forgotten_from_the_menu(
    board: BoardWindow, session: Session, qtbot: QtBot
) -> None:
    board.character.setText("cat")
    board.size_box.setCurrentIndex(0)
    qtbot.keyClick(board.character, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: session.expressions.made == 8, timeout=120_000)
    act(board.boards_menu(), "otter\t8")
    assert session.expressions.board is not None
    assert session.expressions.board.character == board.character.text() == "otter"
    act(board.boards_menu(), "Forget this board (its stickers stay)")
    assert not board.cells
    assert [each.character for each in session.expressions.boards] == ["cat"]
    assert session.library.count() == 16


def test_it_becomes_a_pack(board: BoardWindow, session: Session, qtbot: QtBot) -> None:
    with qtbot.waitSignal(board.pack_wanted):
        qtbot.mouseClick(board.pack, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: session.packing.pack is not None, timeout=30_000)
    assert session.packing.pack is not None
    assert [each.emoji for each in session.packing.pack.stickers] == [
        (each.emoji,) for each in FORTY[:8]
    ]


def test_every_control_has_a_name(window: BoardWindow) -> None:
    controls = [window.character, window.size_box, window.make, window.stop, window.boards]
    controls += [window.again, window.caption, window.show_list, window.pack, window.list.table]
    for control in controls:
        assert control.accessibleName(), control
    QApplication.processEvents()
