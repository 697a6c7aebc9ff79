"""Two pictures to compare: one over the other with a wipe between them, or side by side."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QFont,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPainterPath,
    QPaintEvent,
    QPen,
    QPixmap,
    QPolygonF,
)
from PySide6.QtWidgets import QSizePolicy, QWidget

from stickerstudio.core.i18n import tr
from stickerstudio.ui import style
from stickerstudio.ui.preview import checkerboard

STEP, FINE_STEP = 0.05, 0.01  # of the width, as the sliders' steps
_HANDLE = 15.0  # pixels, its radius
_SEEN = 0.12  # of the width; a side that shows less has no room for its letter
_FADED = 0.35  # opacity of a picture whose successor is on its way


class CompareView(QWidget):
    """Picture 0 is A, on the left; picture 1 is B."""

    wiped = Signal(float)  # where the wipe is, 0 … 1, by hand or key

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._pictures: list[QPixmap | None] = [None, None]
        self._stale = [False, False]
        self._wipe = 0.5
        self._beside = False
        self._wiping = False
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(QSize(style.SPACE * 40, style.SPACE * 36))
        self.retranslate()
        self.set_beside(False)

    @property
    def wipe(self) -> float:
        """How much of the width shows A, 0 … 1."""
        return self._wipe

    @property
    def pictures(self) -> tuple[QPixmap | None, QPixmap | None]:
        """A and B as far as they are up to date."""
        shown = (
            None if old else each for each, old in zip(self._pictures, self._stale, strict=True)
        )
        first, second = shown
        return first, second

    def show_picture(self, side: int, picture: QPixmap) -> None:
        """Show `picture` as A (0) or B (1)."""
        self._pictures[side], self._stale[side] = picture, False
        self.update()

    def fade(self, side: int) -> None:
        """The picture of `side` is one of before; its successor is on its way."""
        self._stale[side] = True
        self.update()

    def set_beside(self, on: bool) -> None:
        """Side by side, or else one over the other with a wipe."""
        self._beside = on
        self.setCursor(Qt.CursorShape.ArrowCursor if on else Qt.CursorShape.SplitHCursor)
        self.update()

    def retranslate(self) -> None:
        """Word everything anew."""
        self.setAccessibleName(tr("Comparison of A and B"))
        self._speak()

    # --- the hand ---

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton and not self._beside:
            self._wiping = True
            self._wipe_to(event.position().x())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._wiping:
            self._wipe_to(event.position().x())

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        del event
        self._wiping = False

    def keyPressEvent(self, event: QKeyEvent) -> None:
        ends = {Qt.Key.Key_Home: 0.0, Qt.Key.Key_End: 1.0}
        ways = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}
        key = Qt.Key(event.key())
        fine = event.modifiers() & Qt.KeyboardModifier.ShiftModifier
        if self._beside or (key not in ends and key not in ways):
            super().keyPressEvent(event)
        elif key in ends:
            self._set_wipe(ends[key])
        else:
            self._set_wipe(self._wipe + ways[key] * (FINE_STEP if fine else STEP))

    def _wipe_to(self, x: float) -> None:
        area = self.areas()[0]
        self._set_wipe((x - area.left()) / max(1.0, area.width()))

    def _set_wipe(self, part: float) -> None:
        self._wipe = round(min(max(part, 0.0), 1.0), 4)
        self._speak()
        self.update()
        self.wiped.emit(self._wipe)

    def _speak(self) -> None:
        self.setAccessibleDescription(tr("{n} % of it shows A", n=round(self._wipe * 100)))

    # --- painting ---

    def areas(self) -> tuple[QRectF, QRectF]:
        """Where A and B lie, in this widget's pixels: the same place, or side by side."""
        gap = style.SPACE * 2
        room = QRectF(self.rect())
        if not self._beside:
            side = min(room.width(), room.height())
            area = QRectF(0, 0, side, side)
            area.moveCenter(room.center())
            return area, area
        side = min((room.width() - gap) / 2, room.height())
        left = QRectF(0, 0, side, side)
        left.moveCenter(room.center() - QPointF((side + gap) / 2, 0))
        return left, left.translated(side + gap, 0)

    def paintEvent(self, event: QPaintEvent) -> None:
        del event
        painter = QPainter(self)
        painter.setRenderHints(
            QPainter.RenderHint.Antialiasing | QPainter.RenderHint.SmoothPixmapTransform
        )
        colours = style.current_colours()
        areas = self.areas()
        line = areas[0].left() + self._wipe * areas[0].width()
        for side, area in enumerate(areas):
            part = QRectF(area)
            if not self._beside:
                (part.setRight if side == 0 else part.setLeft)(line)
            self._paint_side(painter, side, area, part, colours)
        for side, area in enumerate(areas):
            seen = self._beside or (self._wipe > _SEEN if side == 0 else self._wipe < 1 - _SEEN)
            if seen:
                self._paint_badge(painter, side, area, colours)
        if not self._beside:
            self._paint_handle(painter, areas[0], line, colours)
        painter.end()

    def _paint_side(
        self, painter: QPainter, side: int, area: QRectF, part: QRectF, colours: style.Colours
    ) -> None:
        painter.save()
        shape = QPainterPath()
        shape.addRoundedRect(area, style.RADIUS, style.RADIUS)
        painter.setClipPath(shape)
        painter.setClipRect(part, Qt.ClipOperation.IntersectClip)
        painter.fillRect(area, QColor(colours.card))
        painter.setBrushOrigin(area.topLeft())
        painter.drawTiledPixmap(area.toRect(), checkerboard(colours, self.devicePixelRatioF()))
        picture = self._pictures[side]
        if picture is not None:
            painter.setOpacity(_FADED if self._stale[side] else 1.0)
            size = (
                QRectF(picture.rect())
                .size()
                .scaled(area.size(), Qt.AspectRatioMode.KeepAspectRatio)
            )
            place = QRectF(QPointF(), size)
            place.moveCenter(area.center())
            painter.drawPixmap(place, picture, QRectF(picture.rect()))
        painter.restore()

    def _paint_badge(
        self, painter: QPainter, side: int, area: QRectF, colours: style.Colours
    ) -> None:
        badge = QRectF(0, 0, 26, 26)
        inset = style.SPACE * 1.5
        if side == 0 or self._beside:
            badge.moveTopLeft(area.topLeft() + QPointF(inset, inset))
        else:
            badge.moveTopRight(area.topRight() + QPointF(-inset, inset))
        painter.setPen(QPen(QColor(colours.line), 1))
        painter.setBrush(QColor(colours.card))
        painter.drawRoundedRect(badge, style.RADIUS_CONTROL, style.RADIUS_CONTROL)
        font = QFont(painter.font())
        font.setPixelSize(14)
        font.setWeight(QFont.Weight.Bold)
        painter.setFont(font)
        painter.setPen(QColor(colours.accent_strong))
        painter.drawText(badge, Qt.AlignmentFlag.AlignCenter, "AB"[side])

    def _paint_handle(
        self, painter: QPainter, area: QRectF, line: float, colours: style.Colours
    ) -> None:
        painter.setPen(QPen(QColor(colours.accent), 2))
        painter.drawLine(QPointF(line, area.top()), QPointF(line, area.bottom()))
        middle = QPointF(line, area.center().y())
        if self.hasFocus():
            halo = QColor(colours.accent)
            halo.setAlphaF(0.3)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(halo)
            painter.drawEllipse(middle, _HANDLE + 5, _HANDLE + 5)
        painter.setPen(QPen(QColor(colours.accent), 2))
        painter.setBrush(QColor(colours.card))
        painter.drawEllipse(middle, _HANDLE, _HANDLE)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(colours.accent))
        for way in (-1, 1):
            tip = middle + QPointF(way * 9.5, 0)
            base = middle + QPointF(way * 4, 0)
            up = QPointF(0, 4.5)
            painter.drawPolygon(QPolygonF([tip, base + up, base - up]))
