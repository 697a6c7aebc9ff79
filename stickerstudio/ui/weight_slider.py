"""A slider for a LoRA's weight: filled from zero, ticked at its default, moved by hand or keys."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QWheelEvent,
)
from PySide6.QtWidgets import QAbstractSlider, QSlider, QWidget

from stickerstudio.session.state import MAX_BLEND, MIN_BLEND
from stickerstudio.ui import style

SCALE = 100  # slider ticks for a weight of 1
STEP, FINE_STEP = 5, 1  # ticks: 0.05, with Shift 0.01
_KNOB = 8.0  # pixels, its radius


class WeightSlider(QSlider):
    """`weight` from `low` to `high` in steps of 0.01. Double click: back to the default."""

    weight_changed = Signal(float)  # by the user's hand only

    def __init__(
        self,
        default: float,
        low: float = MIN_BLEND,
        high: float = MAX_BLEND,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(Qt.Orientation.Horizontal, parent)
        self.default = default
        self._active = True
        self.setRange(round(low * SCALE), round(high * SCALE))
        self.setValue(round(default * SCALE))
        self.setSingleStep(STEP)
        self.setPageStep(SCALE // 4)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setMinimumWidth(style.SPACE * 8)
        self.actionTriggered.connect(self._keyed)

    def set_active(self, active: bool) -> None:
        """Whether its LoRA takes part; if not, the slider is grey, but can still be moved."""
        self._active = active
        self.update()

    @property
    def weight(self) -> float:
        """Where the knob stands."""
        return self.value() / SCALE

    def set_weight(self, weight: float) -> None:
        """Move the knob without saying so."""
        blocked = self.blockSignals(True)
        self.setValue(round(weight * SCALE))
        self.blockSignals(blocked)
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(style.SPACE * 20, style.SPACE * 3)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self.setSliderDown(True)
            self._move_to(event.position().x())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self.isSliderDown():
            self._move_to(event.position().x())

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self.setSliderDown(False)
            self.update()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        del event
        self._choose(round(self.default * SCALE))

    def wheelEvent(self, event: QWheelEvent) -> None:
        # with Shift some systems turn the wheel sideways
        turned = event.angleDelta().y() or event.angleDelta().x()
        if turned:
            fine = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
            self._step(1 if turned > 0 else -1, fine=fine)
        event.accept()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        ways = {
            Qt.Key.Key_Right: 1,
            Qt.Key.Key_Up: 1,
            Qt.Key.Key_Left: -1,
            Qt.Key.Key_Down: -1,
        }
        way = ways.get(Qt.Key(event.key()))
        if way is None:
            super().keyPressEvent(event)
            return
        self._step(way, fine=bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier))

    def paintEvent(self, event: QPaintEvent) -> None:
        del event
        colours = style.current_colours()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        middle = self.height() / 2
        zero, knob = self._x_of(0), self._x_of(self.value())
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(colours.line))
        painter.drawRoundedRect(QRectF(_KNOB, middle - 2, self.width() - 2 * _KNOB, 4), 2, 2)
        painter.setBrush(QColor(colours.edge))
        painter.drawRoundedRect(QRectF(zero - 1, middle - 6, 2, 12), 1, 1)
        default = self._x_of(round(self.default * SCALE))
        painter.drawEllipse(QPointF(default, middle + 7), 1.5, 1.5)
        painter.setBrush(QColor(colours.accent if self._active else colours.edge))
        painter.drawRoundedRect(QRectF(min(zero, knob), middle - 2, abs(knob - zero), 4), 2, 2)
        if self.hasFocus():
            ring = QColor(colours.accent)
            ring.setAlphaF(0.3)
            painter.setBrush(ring)
            painter.drawEllipse(QPointF(knob, middle), _KNOB + 3.5, _KNOB + 3.5)
        painter.setPen(QPen(QColor(colours.accent if self._active else colours.edge), 2))
        painter.setBrush(QColor(colours.accent if self.isSliderDown() else colours.card))
        painter.drawEllipse(QPointF(knob, middle), _KNOB - 1, _KNOB - 1)
        painter.end()

    def _x_of(self, value: int) -> float:
        part = (value - self.minimum()) / (self.maximum() - self.minimum())
        return _KNOB + 3 + part * (self.width() - 2 * (_KNOB + 3))

    def _move_to(self, x: float) -> None:
        part = (x - _KNOB - 3) / max(1.0, self.width() - 2 * (_KNOB + 3))
        self._choose(round(self.minimum() + part * (self.maximum() - self.minimum())))

    def _step(self, way: int, *, fine: bool) -> None:
        self._choose(self.value() + way * (FINE_STEP if fine else STEP))

    def _keyed(self, action: int) -> None:
        """Page Up/Down, Home and End, and a screen reader's steps, which Qt handles itself."""
        if action != QAbstractSlider.SliderAction.SliderMove.value:
            self._choose(self.sliderPosition())

    def _choose(self, value: int) -> None:
        value = min(max(value, self.minimum()), self.maximum())
        if value != self.value():
            self.setValue(value)
            self.weight_changed.emit(self.weight)
