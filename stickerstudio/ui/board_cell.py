"""One place of the expressions board: the sticker, what it expresses, and what can be done."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, QMimeData, QPoint, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QDrag,
    QDragEnterEvent,
    QDragLeaveEvent,
    QDragMoveEvent,
    QDropEvent,
    QEnterEvent,
    QFocusEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QPixmap,
    QResizeEvent,
)
from PySide6.QtWidgets import QApplication, QFrame, QWidget

from stickerstudio.core.expressions import Cell
from stickerstudio.core.i18n import current_language, tr
from stickerstudio.session.expressions import CellState
from stickerstudio.ui import style
from stickerstudio.ui.widgets import IconButton, name_control

MIME = "application/x-stickerstudio-cell"
SIDE = 116  # pixels of the picture's box
_LINE = style.SPACE * 3  # pixels below it, for the words
_EDGE = 0.25  # of the width: a drop there goes between two cells, a drop in the middle swaps


class BoardCell(QFrame):
    """Shows cell `index` of the board.

    Args:
        picture: the sticker's picture for a side in device pixels, None while there is none.

    Signals:
        regenerate(int), lock(int, bool): the buttons, or the keys R and L.
        swapped(int, int): the first was dropped on the second.
        moved(int, int): the first was dropped before or behind another: it goes to that place.
    """

    regenerate = Signal(int)
    lock = Signal(int, bool)
    swapped = Signal(int, int)
    moved = Signal(int, int)

    def __init__(
        self,
        index: int,
        picture: Callable[[int, int], QPixmap | None],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.index = index
        self._picture = picture
        self._cell: Cell | None = None
        self._state: CellState = "empty"
        self._pressed: QPoint | None = None
        self._wide = SIDE + 2 * style.SPACE
        self._drop = ""  # "before", "on" or "behind" while something hangs over it
        self.again = IconButton("dice", self)
        self.locked = IconButton("unlock", self)
        self.locked.setCheckable(True)
        self.setAcceptDrops(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.OpenHandCursor)
        self.again.clicked.connect(lambda: self.regenerate.emit(self.index))
        self.locked.clicked.connect(lambda on: self.lock.emit(self.index, on))
        self._show_buttons()

    @property
    def state(self) -> CellState:
        """What is shown."""
        return self._state

    def show_cell(self, cell: Cell, state: CellState) -> None:
        """Show `cell`; its picture is asked for when it is painted."""
        self._cell, self._state = cell, state
        self.locked.setChecked(cell.locked)
        self.locked.set_icon("lock" if cell.locked else "unlock")
        self.retranslate()
        self._show_buttons()
        self.update()

    def retranslate(self) -> None:
        """Word it anew."""
        if self._cell is None:
            return
        words = self._cell.expression.words(current_language())
        states = {
            "empty": tr("{name}, not made yet", name=words),
            "waiting": tr("{name}, waiting", name=words),
            "making": tr("{name}, being made", name=words),
            "done": words,
        }
        name = states[self._state]
        self.setAccessibleName(tr("{name}, locked", name=name) if self._cell.locked else name)
        self.setToolTip(
            tr("Drag it to another place. R makes it again, L locks it, Ctrl+arrows move it.")
        )
        name_control(self.again, tr("Make “{name}” again, another seed", name=words))
        name_control(self.locked, tr("Keep “{name}” when the board is made again", name=words))

    def set_width(self, width: int) -> None:
        """Be that many pixels wide, so that a line of cells fills the board."""
        if width != self._wide:
            self._wide = width
            self.updateGeometry()

    def sizeHint(self) -> QSize:
        return QSize(self._wide, SIDE + 2 * style.SPACE + _LINE)

    # --- painting ---

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        side = self.again.sizeHint().width()
        gap = style.SPACE // 2
        self.again.move(self.width() - side - gap, gap)
        self.locked.move(gap, gap)

    def paintEvent(self, event: QPaintEvent) -> None:
        del event
        colours = style.current_colours()
        painter = QPainter(self)
        painter.setRenderHints(
            QPainter.RenderHint.Antialiasing | QPainter.RenderHint.SmoothPixmapTransform
        )
        ground = QRectF(self.rect()).adjusted(1, 1, -1, -1)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(colours.accent_soft if self._drop == "on" else colours.sunken))
        painter.drawRoundedRect(ground, style.RADIUS, style.RADIUS)
        box = QRect(style.SPACE, style.SPACE, self.width() - 2 * style.SPACE, SIDE)
        self._paint_picture(painter, box)
        self._paint_words(painter, QRect(0, box.bottom() + 1, self.width(), _LINE + style.SPACE))
        if self.hasFocus() or self._state == "making" or self._drop == "on":
            painter.setPen(QPen(QColor(colours.accent), 2.0))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(ground, style.RADIUS, style.RADIUS)
        if self._drop in ("before", "behind"):
            x = 1.5 if self._drop == "before" else self.width() - 1.5
            painter.setPen(QPen(QColor(colours.accent), 3.0))
            painter.drawLine(QRectF(x, 6, 0, self.height() - 12).topLeft(),
                             QRectF(x, 6, 0, self.height() - 12).bottomLeft())  # fmt: skip
        painter.end()

    def _paint_picture(self, painter: QPainter, box: QRect) -> None:
        ratio = self.devicePixelRatioF()
        picture = self._picture(self.index, round(SIDE * ratio))
        if picture is None or picture.isNull():
            names: dict[CellState, str] = {"waiting": "queue", "making": "make"}
            icon = names.get(self._state, "faces")
            pixmap = style.icon_pixmap(icon, style.current_colours().edge, 28, ratio)
            place = QRect(QPoint(), pixmap.deviceIndependentSize().toSize())
            place.moveCenter(box.center())
            painter.drawPixmap(place, pixmap)
            return
        scale = min(box.width() / picture.width(), box.height() / picture.height())
        place = QRectF(0, 0, picture.width() * scale, picture.height() * scale)
        place.moveCenter(QRectF(box).center())
        painter.setOpacity(1.0 if self._state == "done" else 0.3)
        painter.drawPixmap(place, picture, QRectF(picture.rect()))
        painter.setOpacity(1.0)

    def _paint_words(self, painter: QPainter, box: QRect) -> None:
        if self._cell is None:
            return
        colours = style.current_colours()
        expression = self._cell.expression
        words = f"{expression.emoji}  {expression.words(current_language())}".strip()
        painter.setPen(QColor(colours.text if self._state == "done" else colours.muted))
        room = box.adjusted(style.SPACE // 2, 0, -style.SPACE // 2, -style.SPACE // 2)
        shown = self.fontMetrics().elidedText(words, Qt.TextElideMode.ElideRight, room.width())
        painter.drawText(room, Qt.AlignmentFlag.AlignCenter, shown)

    # --- buttons and keys ---

    def _show_buttons(self) -> None:
        wanted = self.underMouse() or self.hasFocus() or self.again.hasFocus()
        wanted = wanted or self.locked.hasFocus()
        self.again.setVisible(wanted and self._cell is not None)
        self.locked.setVisible(self._cell is not None and (wanted or self._cell.locked))

    def enterEvent(self, event: QEnterEvent) -> None:
        super().enterEvent(event)
        self._show_buttons()

    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        self._show_buttons()

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self._show_buttons()
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.update()

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.LanguageChange:
            self.retranslate()
        super().changeEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        steps = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}
        key = Qt.Key(event.key())
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier and key in steps:
            self.moved.emit(self.index, self.index + steps[key])
        elif key == Qt.Key.Key_R:
            self.regenerate.emit(self.index)
        elif key == Qt.Key.Key_L and self._cell is not None:
            self.lock.emit(self.index, not self._cell.locked)
        else:
            super().keyPressEvent(event)

    # --- dragging ---

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self.setFocus(Qt.FocusReason.MouseFocusReason)
        if event.button() == Qt.MouseButton.LeftButton:
            self._pressed = event.position().toPoint()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._pressed is None:
            return
        way = event.position().toPoint() - self._pressed
        if way.manhattanLength() < QApplication.startDragDistance():
            return
        hot, self._pressed = self._pressed, None
        drag = QDrag(self)
        mime = QMimeData()
        mime.setData(MIME, str(self.index).encode())
        drag.setMimeData(mime)
        drag.setPixmap(self.grab())
        drag.setHotSpot(hot)
        drag.exec(Qt.DropAction.MoveAction)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        del event
        self._pressed = None

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if event.mimeData().hasFormat(MIME):
            event.acceptProposedAction()

    def dragMoveEvent(self, event: QDragMoveEvent) -> None:
        self._hang(event.position().x())
        event.acceptProposedAction()

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        del event
        self._drop = ""
        self.update()

    def dropEvent(self, event: QDropEvent) -> None:
        self._hang(event.position().x())
        where, self._drop = self._drop, ""
        self.update()
        data = bytes(event.mimeData().data(MIME).data())
        event.acceptProposedAction()
        if not data.isdigit() or int(data) == self.index:
            return
        index = int(data)
        if where == "on":
            self.swapped.emit(index, self.index)
            return
        to = self.index + (where == "behind")
        self.moved.emit(index, to - (index < to))  # taken out first, the rest closes up

    def _hang(self, x: float) -> None:
        part = x / max(1, self.width())
        self._drop = "before" if part < _EDGE else "behind" if part > 1 - _EDGE else "on"
        self.update()
