"""One LoRA on the mix pad: its picture in a ring that shows its share, its name and its weight."""

from __future__ import annotations

from PySide6.QtCore import QPoint, QPointF, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QContextMenuEvent,
    QFont,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
)
from PySide6.QtWidgets import QMenu, QWidget

from stickerstudio.core.i18n import tr
from stickerstudio.models.loras import LoraInfo
from stickerstudio.ui import style
from stickerstudio.ui.blend_art import lora_picture, lora_title, rounded
from stickerstudio.ui.widgets import ARROWS

DISC = 52  # pixels, the picture
RING = 4  # pixels
_WIDTH = 104
_LINE = 17  # pixels, a line of its label


class MixPin(QWidget):
    """Says what the hand did with it; the pad places it."""

    dragged = Signal(QPoint)  # in the pad's pixels: where the hand wants its middle
    nudged = Signal(int, int, bool)  # steps right and down; finely
    chosen = Signal()  # the point shall lie upon it
    removed = Signal()
    held = Signal()
    released = Signal()

    def __init__(self, info: LoraInfo, parent: QWidget) -> None:
        super().__init__(parent)
        self.info = info
        self._share = self._weight = 0.0
        self._grip: QPointF | None = None
        self.resize(self.sizeHint())
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.OpenHandCursor)
        self.retranslate()

    @property
    def share(self) -> float:
        """Its part of the mix, 0 … 1."""
        return self._share

    @property
    def middle(self) -> QPoint:
        """The middle of its picture, in its own pixels."""
        return QPoint(_WIDTH // 2, DISC // 2 + RING)

    def sizeHint(self) -> QSize:
        return QSize(_WIDTH, DISC + 2 * RING + 2 * _LINE)

    def show_mix(self, share: float, weight: float) -> None:
        """Show its share of the mix and the weight its LoRA has now."""
        if (share, weight) != (self._share, self._weight):
            self._share, self._weight = share, weight
            self.setAccessibleDescription(self._number())
            self.update()

    def retranslate(self) -> None:
        """Word everything anew."""
        title = lora_title(self.info)
        self.setAccessibleName(tr("{name} on the mix pad", name=title))
        self.setToolTip(
            tr("Drag it anywhere, or use the arrow keys. Enter: all of it. Delete: take it off.")
        )
        self.update()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self._grip = event.position() - self.middle
            self.setCursor(Qt.CursorShape.ClosedHandCursor)
            self.raise_()
            self.held.emit()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._grip is not None:
            self.dragged.emit(self.mapToParent((event.position() - self._grip).toPoint()))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if self._grip is not None and event.button() == Qt.MouseButton.LeftButton:
            self._grip = None
            self.setCursor(Qt.CursorShape.OpenHandCursor)
            self.released.emit()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        del event
        self.chosen.emit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        way = ARROWS.get(Qt.Key(event.key()))
        if way is not None:
            self.nudged.emit(*way, bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier))
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            self.chosen.emit()
        elif event.key() in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace):
            self.removed.emit()
        else:
            super().keyPressEvent(event)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        menu = QMenu(self)
        menu.addAction(tr("All of it"), self.chosen.emit)
        menu.addAction(tr("Take it off the pad"), self.removed.emit)
        menu.exec(event.globalPos())

    def paintEvent(self, event: QPaintEvent) -> None:
        del event
        colours = style.current_colours()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        ring = QRectF(0, 0, DISC + RING, DISC + RING)
        ring.moveCenter(QPointF(self.middle))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(colours.card))
        painter.drawEllipse(ring)
        picture = rounded(lora_picture(self.info, DISC, self.devicePixelRatioF()), DISC / 2)
        painter.drawPixmap(self.middle - QPoint(DISC // 2, DISC // 2), picture)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(QColor(colours.edge), 1.5))
        painter.drawEllipse(ring)
        pen = QPen(QColor(colours.accent), RING, c=Qt.PenCapStyle.RoundCap)
        painter.setPen(pen)
        painter.drawArc(ring, 90 * 16, -round(self._share * 360 * 16))  # sixteenths of a degree
        if self.hasFocus():
            painter.setPen(QPen(QColor(colours.text), 1.5, Qt.PenStyle.DotLine))
            painter.drawEllipse(ring.adjusted(-3, -3, 3, 3))
        self._paint_label(painter, colours)
        painter.end()

    def _paint_label(self, painter: QPainter, colours: style.Colours) -> None:
        """Name and number on a ground of their own: lines run under them."""
        font = QFont(painter.font())
        font.setPixelSize(12)
        font.setWeight(QFont.Weight.DemiBold)
        painter.setFont(font)
        metrics = painter.fontMetrics()
        title = metrics.elidedText(
            lora_title(self.info), Qt.TextElideMode.ElideRight, _WIDTH - style.SPACE * 2
        )
        number = self._number()
        width = max(metrics.horizontalAdvance(title), metrics.horizontalAdvance(number))
        top = DISC + 2 * RING
        ground = QRect(0, top, width + style.SPACE * 3 // 2, 2 * _LINE)
        ground.moveLeft((_WIDTH - ground.width()) // 2)
        backing = QColor(colours.sunken)
        backing.setAlphaF(0.85)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(backing)
        painter.drawRoundedRect(ground, 6, 6)
        painter.setPen(QColor(colours.text))
        centred = Qt.AlignmentFlag.AlignCenter
        painter.drawText(QRect(0, top, _WIDTH, _LINE), centred, title)
        font.setWeight(QFont.Weight.Normal)
        painter.setFont(font)
        painter.setPen(QColor(colours.muted))
        painter.drawText(QRect(0, top + _LINE - 2, _WIDTH, _LINE), centred, number)

    def _number(self) -> str:
        return f"{self._weight:.2f}"
