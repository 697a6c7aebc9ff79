"""The editor's canvas: the sticker as it will be, its layers to move, and the cut-out's brush."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from itertools import count

from PIL import Image
from PySide6.QtCore import QPointF, QRectF, QSize, QSizeF, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPainterPath,
    QPaintEvent,
    QPen,
    QWheelEvent,
)
from PySide6.QtWidgets import QWidget

from stickerstudio.core.design import MAX_POINTS, REACH, Layer, Stroke
from stickerstudio.core.i18n import tr
from stickerstudio.finish.composed import Composed
from stickerstudio.session.designing import Designing
from stickerstudio.ui import style
from stickerstudio.ui.editor_frame import (
    Frame,
    Grip,
    angle_of,
    moved,
    scaled,
    size_of,
    turned,
)
from stickerstudio.ui.preview import checkerboard
from stickerstudio.ui.widgets import ARROWS

MIN_ZOOM, MAX_ZOOM = 0.25, 8.0  # of the size at which the picture fits
_STEP = 1.25
_ROOM = 0.82  # of the canvas that a picture takes at zoom 1: an outline needs some
_NUDGE = 0.005  # of the picture, for an arrow key; ten times that with Shift
_UNDER = 0.35  # opacity of the painted picture under the brush
_merges = count()  # each drag is one step of undo


@dataclass(frozen=True, slots=True)
class Brush:
    """`radius` is a fraction of the picture's longer side; `add` shows, else it hides."""

    radius: float
    add: bool


@dataclass(slots=True)
class _Drag:
    grip: Grip
    index: int
    layer: Layer  # as it was
    start: QPointF
    frame: Frame
    merge: str


class EditorCanvas(QWidget):
    """Shows `document`. Without a brush the mouse chooses and moves layers."""

    zoom_changed = Signal()
    layer_opened = Signal()  # double-clicked; it is selected

    def __init__(self, document: Designing, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._document = document
        self._image = QImage()
        self._painted = QImage()
        self._composed: Composed | None = None
        self._layers: tuple[Layer, ...] = ()  # of `_composed`, as far as is known
        self._zoom = 1.0
        self._pan = QPointF()
        self._drag: _Drag | None = None
        self._panning: QPointF | None = None
        self._stroke: list[tuple[float, float]] = []
        self._stroke_merge = ""
        self._brush: Brush | None = None
        self._mouse: QPointF | None = None
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setMinimumSize(style.SPACE * 40, style.SPACE * 40)
        document.opened.connect(self._open)
        document.composed.connect(self._show)
        document.changed.connect(self.update)
        self.retranslate()

    def retranslate(self) -> None:
        """Word it for screen readers."""
        self.setAccessibleName(tr("Canvas"))
        self.setAccessibleDescription(
            tr("Arrow keys move the chosen layer, Delete removes it, Tab goes to the next one.")
        )

    def sizeHint(self) -> QSize:
        return QSize(style.SPACE * 70, style.SPACE * 70)

    # --- zoom ---

    @property
    def zoom(self) -> float:
        """1: the picture fits."""
        return self._zoom

    def set_zoom(self, zoom: float, around: QPointF | None = None) -> None:
        """Change it; what is at `around` stays there."""
        zoom = min(max(zoom, MIN_ZOOM), MAX_ZOOM)
        around = around or QPointF(self.rect().center())
        x, y = self._fraction(around)
        self._zoom = zoom
        self._pan += around - self._place(x, y)
        if zoom <= 1:
            self._pan = QPointF()
        self.zoom_changed.emit()
        self.update()

    def zoom_in(self) -> None:
        """One step nearer."""
        self.set_zoom(self._zoom * _STEP)

    def zoom_out(self) -> None:
        """One step back."""
        self.set_zoom(self._zoom / _STEP)

    def fit(self) -> None:
        """The whole picture, in the middle."""
        self.set_zoom(1.0)

    def picture_rect(self) -> QRectF:
        """Where the painted picture lies, in this widget's pixels."""
        width, height = self._document.painted_size
        fit = _ROOM * min(self.width() / width, self.height() / height)
        size = QSizeF(width * fit * self._zoom, height * fit * self._zoom)
        corner = QPointF((self.width() - size.width()) / 2, (self.height() - size.height()) / 2)
        return QRectF(corner + self._pan, size)

    # --- brush ---

    def set_brush(self, brush: Brush | None) -> None:
        """Paint on the cut-out from now on, or move layers again (None)."""
        if brush is not None and self._brush is None:
            self._document.select(None)
        self._brush = brush
        self._stroke.clear()
        self._set_cursor()
        self.update()

    # --- what there is to see ---

    def frame(self, index: int) -> Frame | None:
        """The frame around a layer; None while it has not been drawn yet."""
        layers = self._document.design.layers
        if self._composed is None or not index < min(len(layers), len(self._composed.boxes)):
            return None
        layer, box = layers[index], self._composed.boxes[index]
        grown = 1.0
        if index < len(self._layers) and type(self._layers[index]) is type(layer):
            grown = size_of(layer) / size_of(self._layers[index])
        place = self.picture_rect()
        side = max(place.width(), place.height()) * grown
        middle = self._place(layer.x, layer.y)
        return Frame(middle, box.width * side, box.height * side, layer.rotation)

    def paintEvent(self, event: QPaintEvent) -> None:
        del event
        colours = style.current_colours()
        painter = QPainter(self)
        painter.setRenderHints(
            QPainter.RenderHint.Antialiasing | QPainter.RenderHint.SmoothPixmapTransform
        )
        ground = QPainterPath()
        ground.addRoundedRect(QRectF(self.rect()), style.RADIUS, style.RADIUS)
        painter.setClipPath(ground)
        # Darker than elsewhere: a white rim must be seen on it.
        fields = replace(colours, card=colours.sunken, sunken=colours.line)
        painter.drawTiledPixmap(self.rect(), checkerboard(fields, self.devicePixelRatioF()))
        place = self.picture_rect()
        if self._brush is not None and not self._painted.isNull():
            painter.setOpacity(_UNDER)
            painter.drawImage(place, self._painted)
            painter.setOpacity(1.0)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(QColor(colours.edge), 1, Qt.PenStyle.DotLine))
        painter.drawRect(place)
        if self._composed is not None:
            painter.drawImage(self._image_rect(place), self._image)
        if self._brush is not None:
            self._paint_brush(painter)
        elif self._document.selected is not None:
            self._paint_frame(painter, self.frame(self._document.selected))
        if self.hasFocus():
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(QColor(colours.accent), 2))
            painter.drawRoundedRect(
                QRectF(self.rect()).adjusted(1, 1, -1, -1), style.RADIUS, style.RADIUS
            )
        painter.end()

    def _paint_frame(self, painter: QPainter, frame: Frame | None) -> None:
        if frame is None:
            return
        colours = style.current_colours()
        knob, middle_top = frame.knob(), frame.at(0, -frame.height / 2)
        for colour, width in ((colours.card, 4.0), (colours.accent, 1.8)):  # seen on any ground
            painter.setPen(QPen(QColor(colour), width))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawPolygon(frame.polygon())
            painter.drawLine(middle_top, knob)
        painter.setBrush(QColor(colours.card))
        for corner in frame.corners():
            painter.drawRoundedRect(QRectF(corner.x() - 5, corner.y() - 5, 10, 10), 3, 3)
        painter.setBrush(QColor(colours.accent))
        painter.drawEllipse(knob, 6, 6)

    def _paint_brush(self, painter: QPainter) -> None:
        if self._mouse is None or self._brush is None:
            return
        place = self.picture_rect()
        radius = self._brush.radius * max(place.width(), place.height())
        colours = style.current_colours()
        colour = QColor(colours.accent if self._brush.add else colours.danger)
        fill = QColor(colour)
        fill.setAlphaF(0.18)
        painter.setBrush(fill)
        painter.setPen(QPen(QColor(colours.card), 3.5))
        painter.drawEllipse(self._mouse, radius, radius)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(colour, 1.8))
        painter.drawEllipse(self._mouse, radius, radius)

    def _image_rect(self, place: QRectF) -> QRectF:
        """Where the composed picture lies: it may reach beyond the painted one."""
        composed, painted = self._composed, self._document.painted
        if composed is None or painted is None:
            return place
        unit = place.width() / painted.width
        corner = place.topLeft() - QPointF(composed.left, composed.top) * unit
        return QRectF(corner, QSizeF(composed.image.width * unit, composed.image.height * unit))

    # --- mouse and keys ---

    def mousePressEvent(self, event: QMouseEvent) -> None:
        place = event.position()
        if event.button() == Qt.MouseButton.MiddleButton:
            self._panning = place
        elif event.button() != Qt.MouseButton.LeftButton:
            return
        elif self._brush is not None:
            self._stroke = []
            self._stroke_merge = f"stroke {next(_merges)}"
            self._paint_to(place)
        else:
            self._hold(place)
        self._set_cursor()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        place = event.position()
        self._mouse = place
        if self._panning is not None:
            self._pan += place - self._panning
            self._panning = place
        elif self._stroke:
            self._paint_to(place)
        elif self._drag is not None:
            snap = not event.modifiers() & Qt.KeyboardModifier.ShiftModifier
            self._pull(self._drag, place, snap=snap)
        else:
            self._set_cursor()
        self.update()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        del event
        if self._drag is not None or self._stroke:
            self._document.end_merge()
        self._drag = self._panning = None
        self._stroke = []
        self._set_cursor()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self.mousePressEvent(event)
        if self._brush is None and self._document.selected is not None:
            self.layer_opened.emit()

    def leaveEvent(self, event: object) -> None:
        del event
        self._mouse = None
        self.update()

    def wheelEvent(self, event: QWheelEvent) -> None:
        turned_by = event.angleDelta()
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self.set_zoom(self._zoom * _STEP ** (turned_by.y() / 120), event.position())
        elif self._zoom > 1:
            self._pan += QPointF(turned_by.x(), turned_by.y()) / 2
            self.update()
        event.accept()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        index, layer = self._document.selected, self._document.layer
        step = _NUDGE * (10 if event.modifiers() & Qt.KeyboardModifier.ShiftModifier else 1)
        key = Qt.Key(event.key())
        if index is None or layer is None:
            super().keyPressEvent(event)
        elif key in ARROWS:
            right, down = ARROWS[key]
            to = moved(layer, layer.x + right * step, layer.y + down * step)
            self._document.set_layer(index, to, "nudge")
        elif key in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace):
            self._document.remove_layer(index)
        elif key == Qt.Key.Key_Escape:
            self._document.select(None)
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.layer_opened.emit()
        elif key in (Qt.Key.Key_PageUp, Qt.Key.Key_PageDown):
            self._document.raise_layer(index, 1 if key == Qt.Key.Key_PageUp else -1)
        else:
            super().keyPressEvent(event)

    def focusNextPrevChild(self, next: bool) -> bool:
        """Tab goes through the layers first, then on."""
        number = len(self._document.design.layers)
        if self._brush is not None or not number:
            return super().focusNextPrevChild(next)
        here = self._document.selected
        there = (0 if next else number - 1) if here is None else here + (1 if next else -1)
        if not 0 <= there < number:
            self._document.select(None)
            return super().focusNextPrevChild(next)
        self._document.select(there)
        return True

    def _hold(self, place: QPointF) -> None:
        """Take hold of the chosen layer's handle, or choose the topmost layer there."""
        index = self._document.selected
        frame = None if index is None else self.frame(index)
        grip = frame.grip(place) if frame else None
        if grip is None:
            index = self._layer_at(place)
            self._document.select(index)
            frame = None if index is None else self.frame(index)
            grip = "inside"
        if index is not None and frame is not None:
            layer = self._document.design.layers[index]
            merge = f"{grip} {next(_merges)}"
            self._drag = _Drag(grip, index, layer, place, frame, merge)

    def _layer_at(self, place: QPointF) -> int | None:
        for index in reversed(range(len(self._document.design.layers))):
            frame = self.frame(index)
            if frame is not None and frame.grip(place) == "inside":
                return index
        return None

    def _pull(self, drag: _Drag, place: QPointF, *, snap: bool) -> None:
        if drag.grip == "inside":
            (x, y), (x0, y0) = self._fraction(place), self._fraction(drag.start)
            layer = moved(drag.layer, drag.layer.x + x - x0, drag.layer.y + y - y0)
        elif drag.grip == "knob":
            layer = turned(drag.layer, angle_of(drag.frame.middle, place), snap=snap)
        else:
            before, now = drag.start - drag.frame.middle, place - drag.frame.middle
            reach = max(math.hypot(before.x(), before.y()), 1.0)
            layer = scaled(drag.layer, max(math.hypot(now.x(), now.y()) / reach, 0.01))
        self._document.set_layer(drag.index, layer, drag.merge)

    def _paint_to(self, place: QPointF) -> None:
        """Go on with the brush's stroke."""
        brush, cutout = self._brush, self._document.design.cutout
        if brush is None:
            return
        x, y = (round(min(max(part, -REACH), 1 + REACH), 4) for part in self._fraction(place))
        if self._stroke and math.dist(self._stroke[-1], (x, y)) < brush.radius / 4:
            return
        first = not self._stroke
        used = sum(len(stroke.points) for stroke in cutout.strokes)
        if used >= MAX_POINTS:
            return
        self._stroke.append((x, y))
        stroke = Stroke(tuple(self._stroke), brush.radius, brush.add)
        before = cutout.strokes if first else cutout.strokes[:-1]
        cutout = replace(cutout, strokes=(*before, stroke))
        self._document.edit(replace(self._document.design, cutout=cutout), self._stroke_merge)

    def _set_cursor(self) -> None:
        if self._panning is not None:
            self.setCursor(Qt.CursorShape.ClosedHandCursor)
        elif self._brush is not None:
            self.setCursor(Qt.CursorShape.CrossCursor)
        else:
            index, place = self._document.selected, self._mouse
            frame = None if index is None else self.frame(index)
            grip = frame.grip(place) if frame and place else None
            shapes = {
                "inside": Qt.CursorShape.SizeAllCursor,
                "corner": Qt.CursorShape.SizeFDiagCursor,
                "knob": Qt.CursorShape.PointingHandCursor,
            }
            over = place is not None and self._layer_at(place) is not None
            plain = Qt.CursorShape.PointingHandCursor if over else Qt.CursorShape.ArrowCursor
            self.setCursor(shapes[grip] if grip else plain)

    # --- helpers ---

    def _open(self) -> None:
        painted = self._document.painted
        self._painted = QImage() if painted is None else image_of(painted)
        self._composed = None
        self._drag, self._stroke = None, []
        self._zoom, self._pan = 1.0, QPointF()
        self.zoom_changed.emit()
        self.update()

    def _show(self, composed: Composed) -> None:
        self._composed = composed
        self._layers = self._document.composed_design.layers
        self._image = image_of(composed.image)
        self.update()

    def _place(self, x: float, y: float) -> QPointF:
        """Fractions of the picture as this widget's pixels."""
        place = self.picture_rect()
        return place.topLeft() + QPointF(x * place.width(), y * place.height())

    def _fraction(self, place: QPointF) -> tuple[float, float]:
        rect = self.picture_rect()
        return (
            (place.x() - rect.x()) / max(rect.width(), 1.0),
            (place.y() - rect.y()) / max(rect.height(), 1.0),
        )


def image_of(image: Image.Image) -> QImage:
    """A Pillow RGBA image as Qt's, in the format it paints fastest, with pixels of its own."""
    data = image.tobytes()
    width, height = image.size
    borrowed = QImage(data, width, height, width * 4, QImage.Format.Format_RGBA8888)
    return borrowed.convertToFormat(QImage.Format.Format_ARGB32_Premultiplied)
