"""The grid: places by arithmetic, keys, rubber band, stars, and what is on screen stays there."""

from __future__ import annotations

from typing import Any

import pytest
from PySide6.QtCore import (
    QAbstractListModel,
    QItemSelectionModel,
    QModelIndex,
    QPersistentModelIndex,
    QPoint,
    QRect,
    Qt,
)
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QStyledItemDelegate, QStyleOptionViewItem
from pytestqt.qtbot import QtBot

from stickerstudio.ui.gallery_delegate import star_rect
from stickerstudio.ui.gallery_view import GalleryView

Index = QModelIndex | QPersistentModelIndex


class Numbers(QAbstractListModel):
    def __init__(self, count: int) -> None:
        super().__init__()
        self.numbers = list(range(count))
        self.asked = 0

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self.numbers)

    def data(self, index: Index, role: int = 0) -> Any:
        self.asked += 1
        return self.numbers[index.row()] if role == Qt.ItemDataRole.DisplayRole else None

    def put(self, at: int, numbers: list[int]) -> None:
        self.beginInsertRows(QModelIndex(), at, at + len(numbers) - 1)
        self.numbers[at:at] = numbers
        self.endInsertRows()

    def take(self, first: int, last: int) -> None:
        self.beginRemoveRows(QModelIndex(), first, last)
        del self.numbers[first : last + 1]
        self.endRemoveRows()


class Painted(QStyledItemDelegate):
    def __init__(self) -> None:
        super().__init__()
        self.rows: set[int] = set()

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        self.rows.add(index.row())


@pytest.fixture
def model() -> Numbers:
    return Numbers(1_000)


@pytest.fixture
def view(model: Numbers, qtbot: QtBot) -> GalleryView:
    view = GalleryView()
    qtbot.addWidget(view)
    view.setModel(model)
    view.resize(450, 500)
    view.show()
    qtbot.waitExposed(view)
    return view


def middle(view: GalleryView, row: int) -> QPoint:
    return view.visualRect(view.model().index(row, 0)).center()


def first_shown(view: GalleryView) -> tuple[object, int]:
    """The number in the top left corner, and how many pixels of it are above the edge."""
    index = view.indexAt(QPoint(5, 0))
    return index.data(), view.visualRect(index).top()


def test_every_place_is_found_again(view: GalleryView) -> None:
    for value in (0, 77, view.verticalScrollBar().maximum()):
        view.verticalScrollBar().setValue(value)
        for row in view.visible_rows():
            assert view.indexAt(middle(view, row)).row() == row
    assert not view.indexAt(QPoint(-5, 5)).isValid()
    assert not view.indexAt(QPoint(view.viewport().width() + 50, 5)).isValid()


def test_the_last_row_can_be_reached(view: GalleryView) -> None:
    view.scrollToBottom()
    assert view.visible_rows().stop == 1_000
    assert view.visualRect(view.model().index(999, 0)).bottom() < view.viewport().height()


def test_only_what_is_on_screen_is_asked_for(qtbot: QtBot) -> None:
    model, delegate = Numbers(100_000), Painted()
    view = GalleryView()
    qtbot.addWidget(view)
    view.setItemDelegate(delegate)
    view.setModel(model)
    view.resize(450, 500)
    view.grab()
    view.verticalScrollBar().setValue(view.verticalScrollBar().maximum() // 2)
    view.grab()
    shown = view.visible_rows()
    assert set(shown) <= delegate.rows
    assert len(delegate.rows) < 3 * len(shown)
    assert model.asked < 20 * len(shown)


@pytest.mark.parametrize("number", [1, 3, 4, 5, 50])
def test_new_rows_above_do_not_move_what_is_read(
    view: GalleryView, model: Numbers, number: int
) -> None:
    view.verticalScrollBar().setValue(10 * view.cell + 13)
    shown, top = first_shown(view)
    line = set(range(int(str(shown)), int(str(shown)) + view.columns))
    model.put(0, [-1] * number)
    now, now_top = first_shown(view)
    assert now_top == top
    assert line & set(range(int(str(now)), int(str(now)) + view.columns))


def test_at_the_very_top_new_rows_are_seen(view: GalleryView, model: Numbers) -> None:
    model.put(0, [-7])
    assert first_shown(view) == (-7, 0)


def test_removing_rows_above_does_not_move_what_is_read(view: GalleryView, model: Numbers) -> None:
    view.verticalScrollBar().setValue(10 * view.cell + 13)
    before = first_shown(view)
    model.take(0, 2 * view.columns - 1)
    assert first_shown(view) == before


def test_removing_rows_below_moves_nothing(view: GalleryView, model: Numbers) -> None:
    view.verticalScrollBar().setValue(3 * view.cell)
    before = first_shown(view)
    model.take(500, 900)
    assert first_shown(view) == before
    assert view.verticalScrollBar().maximum() < 600 // view.columns * view.cell


def test_resizing_keeps_the_first_row_in_sight(view: GalleryView, qtbot: QtBot) -> None:
    view.verticalScrollBar().setValue(20 * view.cell)
    first = view.visible_rows().start
    columns = view.columns
    view.resize(800, 500)
    qtbot.waitUntil(lambda: view.columns > columns)
    assert first in range(view.visible_rows().start, view.visible_rows().start + view.columns)


@pytest.mark.parametrize(
    ("key", "row"),
    [
        (Qt.Key.Key_Right, 6),
        (Qt.Key.Key_Left, 4),
        (Qt.Key.Key_Down, 9),
        (Qt.Key.Key_Up, 1),
        (Qt.Key.Key_Home, 0),
        (Qt.Key.Key_End, 999),
    ],
)
def test_keys_walk_over_the_grid(view: GalleryView, qtbot: QtBot, key: Qt.Key, row: int) -> None:
    assert view.columns == 4
    view.setCurrentIndex(view.model().index(5, 0))
    qtbot.keyClick(view, key)
    assert view.currentIndex().row() == row
    assert row in view.visible_rows()
    assert [index.row() for index in view.selectedIndexes()] == [row]


def test_keys_stop_at_the_edges(view: GalleryView, qtbot: QtBot) -> None:
    for key in (Qt.Key.Key_Left, Qt.Key.Key_Up, Qt.Key.Key_PageUp):
        view.setCurrentIndex(view.model().index(0, 0))
        qtbot.keyClick(view, key)
        assert view.currentIndex().row() == 0
    for key in (Qt.Key.Key_Right, Qt.Key.Key_Down, Qt.Key.Key_PageDown):
        view.setCurrentIndex(view.model().index(999, 0))
        qtbot.keyClick(view, key)
        assert view.currentIndex().row() == 999


def test_down_into_a_shorter_last_line(qtbot: QtBot) -> None:
    view = GalleryView()
    qtbot.addWidget(view)
    view.setModel(Numbers(10))
    view.resize(450, 500)
    view.show()
    view.setCurrentIndex(view.model().index(7, 0))  # in line 1; line 2 has two
    qtbot.keyClick(view, Qt.Key.Key_Down)
    assert view.currentIndex().row() == 9


def test_shift_and_control_choose_several(view: GalleryView, qtbot: QtBot) -> None:
    def click(row: int, modifier: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
        qtbot.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, modifier, middle(view, row))

    click(1)
    click(6, Qt.KeyboardModifier.ShiftModifier)
    assert sorted(index.row() for index in view.selectedIndexes()) == [1, 2, 5, 6]  # a rectangle
    click(3, Qt.KeyboardModifier.ControlModifier)
    assert 3 in {index.row() for index in view.selectedIndexes()}
    click(2)
    assert [index.row() for index in view.selectedIndexes()] == [2]


def test_a_rubber_band_chooses_what_it_touches(view: GalleryView) -> None:
    two_by_two = QRect(middle(view, 0), middle(view, 5))
    view.setSelection(two_by_two, QItemSelectionModel.SelectionFlag.ClearAndSelect)
    assert sorted(index.row() for index in view.selectedIndexes()) == [0, 1, 4, 5]


def test_the_star_is_pressed_without_choosing(view: GalleryView, qtbot: QtBot) -> None:
    star = star_rect(view.visualRect(view.model().index(2, 0))).center()
    with qtbot.waitSignal(view.star_clicked) as clicked:
        qtbot.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=star)
    assert clicked.args is not None
    assert clicked.args[0].row() == 2
    assert not view.selectedIndexes()


def test_typing_searches_instead_of_walking_through_all(
    view: GalleryView, model: Numbers, qtbot: QtBot
) -> None:
    model.asked = 0
    with qtbot.waitSignal(view.typed) as typed:
        qtbot.keyClick(view, Qt.Key.Key_O)
    assert typed.args == ["o"]
    assert model.asked < 200


def test_enter_activates(view: GalleryView, qtbot: QtBot) -> None:
    view.setCurrentIndex(view.model().index(3, 0))
    with qtbot.waitSignal(view.activated):
        qtbot.keyClick(view, Qt.Key.Key_Return)


def test_zoom_changes_the_number_of_columns(view: GalleryView) -> None:
    columns = view.columns
    view.zoom(1)
    assert view.columns < columns
    view.zoom(-100)
    assert view.columns > columns


def test_nothing_in_it(qtbot: QtBot) -> None:
    view = GalleryView()
    qtbot.addWidget(view)
    view.setModel(Numbers(0))
    view.show()
    view.grab()
    qtbot.keyClick(view, Qt.Key.Key_Down)
    assert not view.currentIndex().isValid()
    assert not view.visible_rows()
