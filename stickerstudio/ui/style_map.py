"""The style map: a grid of pictures over two weights, the axes written beside it."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QPoint, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QFont,
    QHelpEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPainterPath,
    QPaintEvent,
    QPen,
    QPixmap,
)
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from stickerstudio.core.i18n import tr
from stickerstudio.session.style_map import Cell, Grid
from stickerstudio.ui import style
from stickerstudio.ui.widgets import ARROWS

_LEFT, _BELOW = 68, 52  # pixels, for the axes
_GAP = 4  # pixels between pictures
_FADED = 0.3  # opacity of a picture of before, until its successor comes


class StyleMapView(QWidget):
    """Shows pictures; says which cell was chosen, by hand or by arrow keys and Enter."""

    chosen = Signal(tuple)  # Cell

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._grid: Grid | None = None
        self._titles = ("", "")
        self._pictures: dict[Cell, QPixmap] = {}
        self._stale: set[Cell] = set()
        self._here: Cell | None = None
        self._focus: Cell = (0, 0)
        self._hover: Cell | None = None
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(QSize(style.SPACE * 45, style.SPACE * 45))
        self.retranslate()

    @property
    def pictures(self) -> dict[Cell, QPixmap]:
        """The pictures shown that are up to date."""
        return {cell: each for cell, each in self._pictures.items() if cell not in self._stale}

    @property
    def focus_cell(self) -> Cell:
        """The cell that Enter chooses."""
        return self._focus

    def set_grid(self, grid: Grid, titles: tuple[str, str]) -> None:
        """Show `grid`, its axes named `titles` (across, up); its pictures are still to come."""
        if self._grid is None or (grid.side, grid.rows) != (self._grid.side, self._grid.rows):
            self._pictures.clear()
            self._focus = (grid.side // 2, grid.rows // 2)
        self._grid, self._titles = grid, titles
        self._stale = set(self._pictures)
        self._speak()
        self.update()

    def show_picture(self, cell: Cell, picture: QPixmap) -> None:
        """Show `picture` in `cell`."""
        self._pictures[cell] = picture
        self._stale.discard(cell)
        self.update()

    def mark(self, cell: Cell | None) -> None:
        """Frame the cell whose weights the blend has now."""
        if cell != self._here:
            self._here = cell
            self.update()

    def retranslate(self) -> None:
        """Word everything anew."""
        self.setAccessibleName(tr("Style map"))
        self._speak()

    # --- the hand ---

    def mousePressEvent(self, event: QMouseEvent) -> None:
        cell = self._cell_at(event.position().toPoint())
        if cell is not None and event.button() == Qt.MouseButton.LeftButton:
            self._focus = cell
            self._speak()
            self.chosen.emit(cell)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        cell = self._cell_at(event.position().toPoint())
        if cell != self._hover:
            self._hover = cell
            hand = Qt.CursorShape.PointingHandCursor
            self.setCursor(Qt.CursorShape.ArrowCursor if cell is None else hand)
            self.update()

    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        self._hover = None
        self.update()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        way = ARROWS.get(Qt.Key(event.key()))
        if way is not None and self._grid is not None:
            column = min(max(self._focus[0] + way[0], 0), self._grid.side - 1)
            row = min(max(self._focus[1] - way[1], 0), self._grid.rows - 1)
            self._focus = (column, row)
            self._speak()
            self.update()
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            self.chosen.emit(self._focus)
        else:
            super().keyPressEvent(event)

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            cell = self._cell_at(event.pos())
            QToolTip.showText(event.globalPos(), "" if cell is None else self._words(cell), self)
            return True
        return super().event(event)

    # --- where things are ---

    def cell_rect(self, cell: Cell) -> QRect:
        """Where `cell` lies, in this widget's pixels."""
        grid = self._grid
        if grid is None:
            return QRect()
        room = self.rect().adjusted(_LEFT, 0, 0, -_BELOW)
        side = max(1, min(room.width() // grid.side, room.height() // grid.rows))
        left = room.left() + (room.width() - side * grid.side) // 2
        top = room.top() + (room.height() - side * grid.rows) // 2
        column, row = cell
        place = QRect(left + column * side, top + (grid.rows - 1 - row) * side, side, side)
        return place.adjusted(_GAP // 2, _GAP // 2, -_GAP // 2, -_GAP // 2)

    def _cell_at(self, point: QPoint) -> Cell | None:
        cells = self._grid.cells() if self._grid is not None else ()
        return next((cell for cell in cells if self.cell_rect(cell).contains(point)), None)

    def _words(self, cell: Cell) -> str:
        """The weights of `cell`."""
        if self._grid is None:
            return ""
        weights = self._grid.weights(cell).values()
        return ", ".join(f"{t} {w:.2f}" for t, w in zip(self._titles, weights, strict=False))

    def _speak(self) -> None:
        self.setAccessibleDescription(self._words(self._focus))

    # --- painting ---

    def paintEvent(self, event: QPaintEvent) -> None:
        del event
        if self._grid is None:
            return
        painter = QPainter(self)
        painter.setRenderHints(
            QPainter.RenderHint.Antialiasing | QPainter.RenderHint.SmoothPixmapTransform
        )
        colours = style.current_colours()
        for cell in self._grid.cells():
            self._paint_cell(painter, cell, colours)
        self._paint_axes(painter, self._grid, colours)
        painter.end()

    def _paint_cell(self, painter: QPainter, cell: Cell, colours: style.Colours) -> None:
        place = QRectF(self.cell_rect(cell))
        shape = QPainterPath()
        shape.addRoundedRect(place, style.RADIUS_CONTROL, style.RADIUS_CONTROL)
        painter.setClipPath(shape)
        painter.fillRect(place, QColor(colours.sunken))
        picture = self._pictures.get(cell)
        if picture is None:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(colours.line))
            painter.drawEllipse(place.center(), 3, 3)
        else:
            painter.setOpacity(_FADED if cell in self._stale else 1.0)
            painter.drawPixmap(place, picture, QRectF(picture.rect()))
            painter.setOpacity(1.0)
        painter.setClipping(False)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        frame = place.adjusted(1, 1, -1, -1)
        if cell == self._here:
            painter.setPen(QPen(QColor(colours.accent), 3))
            painter.drawRoundedRect(frame, style.RADIUS_CONTROL - 1, style.RADIUS_CONTROL - 1)
        elif cell == self._hover:
            painter.setPen(QPen(QColor(colours.edge), 2))
            painter.drawRoundedRect(frame, style.RADIUS_CONTROL - 1, style.RADIUS_CONTROL - 1)
        if self.hasFocus() and cell == self._focus:
            painter.setPen(QPen(QColor(colours.text), 1.5, Qt.PenStyle.DotLine))
            painter.drawRoundedRect(place.adjusted(4, 4, -4, -4), 5, 5)

    def _paint_axes(self, painter: QPainter, grid: Grid, colours: style.Colours) -> None:
        corner = self.cell_rect((0, 0))
        last = self.cell_rect((grid.side - 1, grid.rows - 1))
        font = QFont(painter.font())
        font.setPixelSize(12)
        painter.setFont(font)
        painter.setPen(QColor(colours.muted))
        centred = Qt.AlignmentFlag.AlignCenter
        for column, weight in enumerate(grid.across.weights(grid.side)):
            place = self.cell_rect((column, 0))
            painter.drawText(
                QRect(place.left(), place.bottom() + 6, place.width(), 16), centred, f"{weight:.2f}"
            )
        right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        for row, weight in enumerate(grid.up.weights(grid.side) if grid.up else ()):
            place = self.cell_rect((0, row))
            painter.drawText(
                QRect(place.left() - 48, place.top(), 40, place.height()), right, f"{weight:.2f}"
            )
        font.setPixelSize(13)
        font.setWeight(QFont.Weight.DemiBold)
        painter.setFont(font)
        painter.setPen(QColor(colours.text))
        across = QRect(corner.left(), corner.bottom() + 26, last.right() - corner.left(), 20)
        painter.drawText(across, centred, f"{self._titles[0]}  →")
        if grid.up is not None:
            length = corner.bottom() - last.top()
            painter.translate(corner.left() - 58, corner.bottom())
            painter.rotate(-90)
            painter.drawText(QRect(0, -10, length, 20), centred, f"{self._titles[1]}  →")
            painter.resetTransform()
