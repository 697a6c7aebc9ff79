"""The mix pad: LoRAs pinned on a square, and a point between them that the hand moves."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import QPoint, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QDragEnterEvent,
    QDragLeaveEvent,
    QDropEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QResizeEvent,
)
from PySide6.QtWidgets import QSizePolicy, QWidget

from stickerstudio.core.i18n import tr
from stickerstudio.models.loras import LoraInfo
from stickerstudio.session.mix import Place, shares
from stickerstudio.ui import style
from stickerstudio.ui.blend_art import dragged_lora, lora_title
from stickerstudio.ui.mix_pin import MixPin
from stickerstudio.ui.widgets import ARROWS

STEP, FINE_STEP = 0.05, 0.01  # of the pad's side, as the sliders' steps
SNAP = 0.06  # of the pad's side: a pin dropped so near a corner or a side lies on it
_MARGIN = (60, 38, 60, 72)  # pixels left, above, right and below: a pin on the rim is whole
_POINT = 13.0  # pixels, the point's radius


class MixPad(QWidget):
    """Knows places, not weights: those are the window's.

    Attributes:
        pins: by the LoRA's name.
    """

    changed = Signal()  # by the hand: the point, a pin, or which pins there are
    removed = Signal(str)  # a pin was taken off by the hand; `changed` follows
    dropped = Signal(str, tuple)  # a LoRA was let fall at a Place
    held = Signal()
    released = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.pins: dict[str, MixPin] = {}
        self._places: dict[str, Place] = {}
        self._point: Place = (0.5, 0.5)
        self._is_true = True
        self._moving = self._dropping = False
        self.setAcceptDrops(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.CrossCursor)
        self.setMinimumSize(QSize(style.SPACE * 40, style.SPACE * 40))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.retranslate()

    @property
    def places(self) -> dict[str, Place]:
        """Where the pins are."""
        return dict(self._places)

    @property
    def point(self) -> Place:
        """Where the point is."""
        return self._point

    def set_state(self, places: Mapping[str, Place], point: Place) -> None:
        """Put pins and point there, without saying so; every pin must be on the pad already."""
        self._places.update((name, places[name]) for name in self.pins if name in places)
        self._point = point
        self._arrange()

    def add_pin(self, info: LoraInfo, place: Place) -> None:
        """Pin `info` at `place`, or move its pin there, without saying so."""
        if info.name not in self.pins:
            pin = self.pins[info.name] = MixPin(info, self)
            pin.dragged.connect(lambda to, pin=pin: self._drag(pin, to))
            pin.nudged.connect(lambda x, y, fine, pin=pin: self._nudge(pin, x, y, fine=fine))
            pin.chosen.connect(lambda pin=pin: self.move_point(self._places[pin.info.name]))
            pin.removed.connect(lambda pin=pin: self._take_off(pin))
            pin.held.connect(self.held)
            pin.released.connect(self.released)
            pin.show()
        self._places[info.name] = _snapped(place)
        self._arrange()

    def remove_pin(self, name: str) -> None:
        """Take a pin off, without saying so."""
        pin = self.pins.pop(name, None)
        if pin is not None:
            del self._places[name]
            pin.hide()
            pin.deleteLater()
            self._arrange()

    def show_weights(self, weights: Mapping[str, float], *, is_true: bool) -> None:
        """Write the weights on the pins; not `is_true`: they are not those of the point."""
        self._is_true = is_true
        parts = shares(self._places, self._point)
        for name, pin in self.pins.items():
            pin.show_mix(parts[name] if is_true else 0.0, weights.get(name, 0.0))
        spoken = (
            f"{lora_title(pin.info)} {weights.get(n, 0.0):.2f}" for n, pin in self.pins.items()
        )
        self.setAccessibleDescription(", ".join(spoken))
        self.update()

    def retranslate(self) -> None:
        """Word everything anew."""
        self.setAccessibleName(tr("Mix point"))
        for pin in self.pins.values():
            pin.retranslate()

    # --- the hand ---

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self._moving = True
            self.held.emit()
            self.move_point(self._place_at(event.position()))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._moving:
            self.move_point(self._place_at(event.position()))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if self._moving and event.button() == Qt.MouseButton.LeftButton:
            self._moving = False
            self.released.emit()
            self.update()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        way = ARROWS.get(Qt.Key(event.key()))
        if way is None:
            super().keyPressEvent(event)
            return
        step = _step(fine=bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier))
        self.move_point((self._point[0] + way[0] * step, self._point[1] + way[1] * step))

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if dragged_lora(event.mimeData()):
            event.acceptProposedAction()
            self._dropping = True
            self.update()

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        del event
        self._dropping = False
        self.update()

    def dropEvent(self, event: QDropEvent) -> None:
        self._dropping = False
        self.update()
        event.acceptProposedAction()
        self.dropped.emit(dragged_lora(event.mimeData()), self._place_at(event.position()))

    def move_point(self, place: Place) -> None:
        """Move the point as a hand does."""
        place = _inside(place)
        if place != self._point or not self._is_true:
            self._point = place
            self.changed.emit()

    def _drag(self, pin: MixPin, to: QPoint) -> None:
        self._place_pin(pin, _snapped(self._place_at(QPointF(to))))

    def _nudge(self, pin: MixPin, right: int, down: int, *, fine: bool) -> None:
        x, y = self._places[pin.info.name]
        self._place_pin(pin, _inside((x + right * _step(fine=fine), y + down * _step(fine=fine))))

    def _place_pin(self, pin: MixPin, place: Place) -> None:
        if place != self._places[pin.info.name]:
            self._places[pin.info.name] = place
            self._arrange()
            self.changed.emit()

    def _take_off(self, pin: MixPin) -> None:
        self.setFocus()
        self.remove_pin(pin.info.name)
        self.removed.emit(pin.info.name)
        self.changed.emit()

    # --- where things are ---

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._arrange()

    def area(self) -> QRectF:
        """The unit square, in pixels: the largest that fits, in the middle."""
        left, above, right, below = _MARGIN
        room = QRectF(self.rect()).adjusted(left, above, -right, -below)
        side = max(1.0, min(room.width(), room.height()))
        square = QRectF(0, 0, side, side)
        square.moveCenter(room.center())
        return square

    def pixel_of(self, place: Place) -> QPointF:
        """Where `place` lies in this widget."""
        area = self.area()
        return area.topLeft() + QPointF(place[0] * area.width(), place[1] * area.height())

    def _place_at(self, pixel: QPointF) -> Place:
        area = self.area()
        x, y = pixel.x() - area.left(), pixel.y() - area.top()
        return _inside((x / area.width(), y / area.height()))

    def _arrange(self) -> None:
        for name, pin in self.pins.items():
            pin.move(self.pixel_of(self._places[name]).toPoint() - pin.middle)
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        del event
        colours = style.current_colours()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        ground = QRectF(self.rect()).adjusted(1, 1, -1, -1)
        pen = QPen(QColor(colours.accent), 2, Qt.PenStyle.DashLine)
        painter.setPen(pen if self._dropping else QPen(QColor(colours.line), 1))
        painter.setBrush(QColor(colours.accent_soft if self._dropping else colours.sunken))
        painter.drawRoundedRect(ground, style.RADIUS, style.RADIUS)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(colours.line))
        for x in range(9):
            for y in range(9):
                painter.drawEllipse(self.pixel_of((x / 8, y / 8)), 1.6, 1.6)
        at = self.pixel_of(self._point)
        for name, pin in self.pins.items():
            thread = QColor(colours.accent)
            thread.setAlphaF(0.15 + 0.6 * pin.share)
            painter.setPen(QPen(thread, 1 + 5 * pin.share, c=Qt.PenCapStyle.RoundCap))
            painter.drawLine(at, self.pixel_of(self._places[name]))
        if self.pins:
            self._paint_point(painter, at, colours)
        else:
            painter.setPen(QColor(colours.muted))
            words = tr("Drag a style here from the blend, or press one beside the pad.")
            wrapped = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
            painter.drawText(self.area(), int(wrapped), words)
        painter.end()

    def _paint_point(self, painter: QPainter, at: QPointF, colours: style.Colours) -> None:
        if self.hasFocus():
            halo = QColor(colours.accent)
            halo.setAlphaF(0.25)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(halo)
            painter.drawEllipse(at, _POINT + 7, _POINT + 7)
        painter.setPen(QPen(QColor(colours.card), 3))
        painter.setBrush(QColor(colours.accent))
        painter.drawEllipse(at, _POINT, _POINT)
        if not self._is_true:  # the sliders have been elsewhere since: a ring, not a point
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(colours.card))
            painter.drawEllipse(at, _POINT - 5, _POINT - 5)


def _step(*, fine: bool) -> float:
    return FINE_STEP if fine else STEP


def _inside(place: Place) -> Place:
    x, y = (round(min(max(side, 0.0), 1.0), 4) for side in place)
    return x, y


def _snapped(place: Place) -> Place:
    """`place`, or the side, the corner or the middle line it is nearly on."""
    x, y = (
        next((line for line in (0.0, 0.5, 1.0) if abs(side - line) < SNAP), side)
        for side in _inside(place)
    )
    return x, y
