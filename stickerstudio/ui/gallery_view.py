"""The grid of the gallery: square cells, as many in a line as fit.

Qt's QListView lays out every row it has, which takes a quarter of a second at 100,000 of them, for
each sticker that is made. Here a row's place is arithmetic, so any number costs the same.
"""

from __future__ import annotations

from PySide6.QtCore import (
    QAbstractItemModel,
    QItemSelection,
    QItemSelectionModel,
    QModelIndex,
    QPersistentModelIndex,
    QPoint,
    QRect,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import (
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QRegion,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import (
    QAbstractItemView,
    QStyle,
    QStyleOptionRubberBand,
    QStyleOptionViewItem,
    QWidget,
)

from stickerstudio.ui.gallery_delegate import star_rect
from stickerstudio.ui.quiet_scrollbar import QuietScrollBar

Index = QModelIndex | QPersistentModelIndex
_Action = QAbstractItemView.CursorAction
_Hint = QAbstractItemView.ScrollHint

SIZES = (80, 104, 132, 168, 216)  # pixels a cell should have at least; Ctrl+wheel goes through them


class GalleryView(QAbstractItemView):
    """Rows of any list model as a grid, with selection, keys, rubber band and dragging.

    Signals:
        star_clicked(QModelIndex): the star in the corner of a cell was pressed.
        typed(str): the user began to type, as if to search.
        drag_wanted(): the selection is being dragged away.
    """

    star_clicked = Signal(QModelIndex)
    typed = Signal(str)
    drag_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._size = 1
        self._columns = 1
        self._cell = SIZES[self._size]
        self._band_from: QPoint | None = None  # in the coordinates of the whole grid
        self._band = QRect()
        self._gone_above = 0  # rows above the screen that are being removed
        self._star: QPersistentModelIndex | None = None  # pressed and not yet released
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setDragDropMode(QAbstractItemView.DragDropMode.DragOnly)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollBar(QuietScrollBar(self))
        # Always there: a bar that comes and goes would change the number of columns.
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOn)
        self.setMouseTracking(True)

    # --- the grid ---

    @property
    def columns(self) -> int:
        """Cells in a line."""
        return self._columns

    @property
    def cell(self) -> int:
        """Pixels a side of a cell."""
        return self._cell

    def visible_rows(self) -> range:
        """The rows that are on screen, wholly or in part."""
        first = self.verticalOffset() // self._cell * self._columns
        lines = -(-(self.verticalOffset() % self._cell + self.viewport().height()) // self._cell)
        return range(min(first, self._count()), min(first + lines * self._columns, self._count()))

    def zoom(self, steps: int) -> None:
        """Larger (positive) or smaller cells."""
        self._size = min(max(self._size + steps, 0), len(SIZES) - 1)
        self._lay_out()

    def _count(self) -> int:
        model = self.model()
        return model.rowCount() if model is not None else 0

    def _lay_out(self) -> None:
        """Fit the columns to the width; the first row on screen stays the first."""
        first = self.visible_rows().start
        shift = self.verticalOffset() % self._cell
        width = max(1, self.viewport().width())
        self._columns = max(1, width // SIZES[self._size])
        self._cell = width // self._columns
        self.updateGeometries()
        bar = self.verticalScrollBar()
        if bar.value():
            bar.setValue(first // self._columns * self._cell + min(shift, self._cell - 1))
        self.viewport().update()

    def _place(self, row: int) -> QRect:
        line, column = divmod(row, self._columns)
        return QRect(
            column * self._cell, line * self._cell - self.verticalOffset(), self._cell, self._cell
        )

    # --- what QAbstractItemView asks ---

    def visualRect(self, index: Index) -> QRect:
        return self._place(index.row()) if index.isValid() else QRect()

    def indexAt(self, point: QPoint) -> QModelIndex:
        column = point.x() // self._cell
        line = (point.y() + self.verticalOffset()) // self._cell
        row = line * self._columns + column
        if 0 <= column < self._columns and 0 <= row < self._count():
            return self.model().index(row, 0, self.rootIndex())
        return QModelIndex()

    def scrollTo(self, index: Index, hint: _Hint = _Hint.EnsureVisible) -> None:
        if not index.isValid():
            return
        rect, height, bar = (
            self.visualRect(index),
            self.viewport().height(),
            self.verticalScrollBar(),
        )
        if hint == _Hint.PositionAtTop or (hint == _Hint.EnsureVisible and rect.top() < 0):
            bar.setValue(bar.value() + rect.top())
        elif hint == _Hint.PositionAtCenter:
            bar.setValue(bar.value() + rect.center().y() - height // 2)
        elif hint == _Hint.PositionAtBottom or rect.bottom() >= height:
            bar.setValue(bar.value() + rect.bottom() + 1 - height)

    def horizontalOffset(self) -> int:
        return 0

    def verticalOffset(self) -> int:
        return self.verticalScrollBar().value()

    def isIndexHidden(self, index: Index) -> bool:
        del index
        return False

    def moveCursor(self, action: _Action, modifiers: Qt.KeyboardModifier) -> QModelIndex:
        del modifiers
        count, current = self._count(), self.currentIndex()
        if not count:
            return QModelIndex()
        row = current.row() if current.isValid() else -1
        page = max(1, self.viewport().height() // self._cell) * self._columns
        leap = {
            _Action.MoveLeft: -1,
            _Action.MovePrevious: -1,
            _Action.MoveRight: 1,
            _Action.MoveNext: 1,
            _Action.MoveUp: -self._columns,
            _Action.MoveDown: self._columns,
            _Action.MovePageUp: -page,
            _Action.MovePageDown: page,
            _Action.MoveHome: -count,
            _Action.MoveEnd: count,
        }[action]
        if row < 0:
            target = count - 1 if action == _Action.MoveEnd else 0
        elif action in (_Action.MoveUp, _Action.MoveDown) and not 0 <= row + leap < count:
            is_last_line = row // self._columns == (count - 1) // self._columns
            target = row if action == _Action.MoveUp or is_last_line else count - 1
        else:
            target = min(max(row + leap, 0), count - 1)
        return self.model().index(target, 0, self.rootIndex())

    def setSelection(self, rect: QRect, command: QItemSelectionModel.SelectionFlag) -> None:
        # A click comes as an empty or one-pixel rectangle, a rubber band as a larger one.
        area = rect.normalized().translated(0, self.verticalOffset())
        count, model = self._count(), self.model()
        left = max(0, area.left() // self._cell)
        right = min(self._columns - 1, area.right() // self._cell)
        selection = QItemSelection()
        top, bottom = max(0, area.top() // self._cell), area.bottom() // self._cell
        for line in range(top, min(bottom, (count - 1) // self._columns) + 1):
            first, last = line * self._columns + left, min(line * self._columns + right, count - 1)
            if first <= last:
                root = self.rootIndex()
                selection.select(model.index(first, 0, root), model.index(last, 0, root))
        self.selectionModel().select(selection, command)

    def visualRegionForSelection(self, selection: QItemSelection) -> QRegion:
        region, visible = QRegion(), self.visible_rows()
        for part in selection.toList():
            for row in range(max(part.top(), visible.start), min(part.bottom() + 1, visible.stop)):
                region += self._place(row)
        return region

    def updateGeometries(self) -> None:
        lines = -(-self._count() // self._columns)
        bar, height = self.verticalScrollBar(), self.viewport().height()
        bar.setSingleStep(max(1, self._cell // 3))
        bar.setPageStep(height)
        bar.setRange(0, max(0, lines * self._cell - height))
        super().updateGeometries()

    # --- changes of the model: what is on screen stays where it is ---

    def reset(self) -> None:
        super().reset()
        self._star = None
        self._lay_out()

    def rowsInserted(self, parent: Index, start: int, end: int) -> None:
        super().rowsInserted(parent, start, end)
        self._stay(start, end - start + 1)

    def setModel(self, model: QAbstractItemModel | None) -> None:
        if model is not None:  # heard before the view and its selection hear of it
            model.rowsAboutToBeRemoved.connect(self._before_removal)
        super().setModel(model)
        if model is not None:
            model.rowsRemoved.connect(self._after_removal)
        self._lay_out()

    def _before_removal(self, parent: QModelIndex, start: int, end: int) -> None:
        del parent
        first = self.visible_rows().start
        self._gone_above = max(0, min(end + 1, first) - start)
        # Another row may become the current one: that is no reason to scroll to it.
        self.setAutoScroll(False)

    def _after_removal(self, parent: QModelIndex, start: int, end: int) -> None:
        del parent, end
        self.setAutoScroll(True)
        self._stay(start, -self._gone_above)

    def _stay(self, start: int, more: int) -> None:
        """Keep what is on screen where it is, `more` rows having come in at `start`."""
        bar, offset = self.verticalScrollBar(), self.verticalOffset()
        first = offset // self._cell * self._columns
        self.updateGeometries()
        if offset and start <= first:  # at the very top new stickers are wanted in sight
            moved = (max(0, first + more) // self._columns) * self._cell
            bar.setValue(moved + offset % self._cell)
        self.viewport().update()

    # --- events ---

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._lay_out()

    def scrollContentsBy(self, dx: int, dy: int) -> None:
        del dx, dy
        self.viewport().update()  # a partial scroll would drag the rubber band along

    def paintEvent(self, event: QPaintEvent) -> None:
        option = QStyleOptionViewItem()
        self.initViewItemOption(option)
        painter = QPainter(self.viewport())
        plain, model, selection = option.state, self.model(), self.selectionModel()
        current = self.currentIndex()
        under = self.indexAt(self.viewport().mapFromGlobal(self.cursor().pos()))
        hovered = under.row() if self.viewport().underMouse() else -1
        for row in self.visible_rows():
            option.rect = self._place(row)
            if not option.rect.intersects(event.rect()):
                continue
            index = model.index(row, 0, self.rootIndex())
            option.state = plain
            if selection.isSelected(index):
                option.state |= QStyle.StateFlag.State_Selected
            if row == hovered:
                option.state |= QStyle.StateFlag.State_MouseOver
            if index == current and self.hasFocus():
                option.state |= QStyle.StateFlag.State_HasFocus
            else:
                option.state &= ~QStyle.StateFlag.State_HasFocus
            self.itemDelegate().paint(painter, option, index)
        if not self._band.isEmpty():
            band = QStyleOptionRubberBand()
            band.initFrom(self.viewport())
            band.rect = self._band.translated(0, -self.verticalOffset())
            painter.save()
            self.style().drawControl(QStyle.ControlElement.CE_RubberBand, band, painter, self)
            painter.restore()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        index = self.indexAt(event.position().toPoint())
        if event.button() == Qt.MouseButton.LeftButton:
            if index.isValid() and self._on_star(index, event):
                self._star = QPersistentModelIndex(index)
                return
            if not index.isValid():
                self._band_from = event.position().toPoint() + QPoint(0, self.verticalOffset())
        super().mousePressEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        super().mouseMoveEvent(event)
        if self._band_from is not None and event.buttons() & Qt.MouseButton.LeftButton:
            here = event.position().toPoint() + QPoint(0, self.verticalOffset())
            self._band = QRect(self._band_from, here).normalized()
            self.viewport().update()
        index = self.indexAt(event.position().toPoint())
        on_star = index.isValid() and self._on_star(index, event)
        shape = Qt.CursorShape.PointingHandCursor if on_star else Qt.CursorShape.ArrowCursor
        self.viewport().setCursor(shape)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self._band_from, self._band = None, QRect()
        self.viewport().update()
        pressed, self._star = self._star, None
        if pressed is not None:
            index = self.indexAt(event.position().toPoint())
            if index == pressed and self._on_star(index, event):
                self.star_clicked.emit(index)
            return
        super().mouseReleaseEvent(event)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        index = self.indexAt(event.position().toPoint())
        if index.isValid() and self._on_star(index, event):
            self.mousePressEvent(event)  # two quick presses of a star are two presses
            return
        super().mouseDoubleClickEvent(event)

    def _on_star(self, index: QModelIndex, event: QMouseEvent) -> bool:
        return star_rect(self.visualRect(index)).contains(event.position().toPoint())

    def wheelEvent(self, event: QWheelEvent) -> None:
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self.zoom((event.angleDelta().y() > 0) - (event.angleDelta().y() < 0))
            event.accept()
        else:
            super().wheelEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.currentIndex().isValid():
            self.activated.emit(self.currentIndex())
            event.accept()
            return
        super().keyPressEvent(event)

    def keyboardSearch(self, search: str) -> None:
        self.typed.emit(search)  # Qt's own would read the prompt of every sticker there is

    def startDrag(self, supportedActions: Qt.DropAction) -> None:
        del supportedActions
        self.drag_wanted.emit()

    def sizeHint(self) -> QSize:
        return QSize(3 * SIZES[1], 4 * SIZES[1])
