"""The stickers of a pack as a grid: dragged into order, with number, emoji and what is wrong."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from PySide6.QtCore import QEvent, QModelIndex, QPersistentModelIndex, QRect, QSize, Qt, Signal
from PySide6.QtGui import QColor, QDropEvent, QFont, QImage, QKeyEvent, QPainter, QPen
from PySide6.QtWidgets import (
    QListView,
    QListWidget,
    QListWidgetItem,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)

from stickerstudio.core.i18n import tr
from stickerstudio.finish.animation import Animation
from stickerstudio.packs.pack import Pack
from stickerstudio.packs.pictures import read_file
from stickerstudio.ui import style
from stickerstudio.ui.thumbnails import Thumbnails

SIDE = 96  # pixels of a picture
CELL = QSize(SIDE + style.SPACE * 3, SIDE + style.SPACE * 6)
_INDEX = Qt.ItemDataRole.UserRole  # where the sticker is in the pack

Index = QModelIndex | QPersistentModelIndex


class PackGrid(QListWidget):
    """Stickers in their order.

    Signals:
        reordered(list[int]): the old index of each sticker, in the new order.
        removed(list[int]): these are to be taken out.
    """

    reordered = Signal(object)
    removed = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.thumbnails = Thumbnails[Path](_thumbnail, self)
        self.pack: Pack | None = None
        self.troubled: Mapping[int, str] = {}
        # ListMode, wrapped: in IconMode a dropped item moves on the screen and not in the order
        self.setViewMode(QListView.ViewMode.ListMode)
        self.setFlow(QListView.Flow.LeftToRight)
        self.setWrapping(True)
        self.setResizeMode(QListView.ResizeMode.Adjust)
        self.setGridSize(CELL)
        self.setUniformItemSizes(True)
        self.setSpacing(0)
        self.setMouseTracking(True)
        self.setSelectionMode(QListWidget.SelectionMode.ExtendedSelection)
        self.setDragDropMode(QListWidget.DragDropMode.InternalMove)
        self.setDefaultDropAction(Qt.DropAction.MoveAction)
        self.setVerticalScrollMode(QListWidget.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFrameShape(QListWidget.Shape.NoFrame)
        self.setStyleSheet("QListWidget { background: transparent; }")
        self.setItemDelegate(_Delegate(self))
        self.thumbnails.ready.connect(lambda _name: self.viewport().update())

    def show_pack(self, pack: Pack) -> None:
        """Show `pack`; what was selected stays so where it is."""
        chosen, current = self.selected(), self.currentRow()
        self.pack = pack
        self.blockSignals(True)
        while self.count() > len(pack.stickers):
            self.takeItem(self.count() - 1)
        while self.count() < len(pack.stickers):
            self.addItem(QListWidgetItem())
        for index, sticker in enumerate(pack.stickers):
            item = self.item(index)
            item.setData(_INDEX, index)
            said = " ".join((str(index + 1), sticker.text, *sticker.emoji))
            item.setData(Qt.ItemDataRole.AccessibleTextRole, said)
            item.setToolTip(sticker.text)
            item.setSelected(index in chosen)
        if current < 0 and self.count():
            self.setCurrentRow(0)
        self.blockSignals(False)
        self.itemSelectionChanged.emit()
        self.viewport().update()

    def show_troubles(self, troubled: Mapping[int, str]) -> None:
        """Mark the stickers that a platform would refuse, each with a sentence."""
        self.troubled = troubled
        for index in range(self.count()):
            text = self.pack.stickers[index].text if self.pack else ""
            self.item(index).setToolTip(troubled.get(index, text))
        self.viewport().update()

    def selected(self) -> list[int]:
        """The indices of the selected stickers, in order."""
        return sorted(self.row(item) for item in self.selectedItems())

    def move_selected(self, by: int) -> None:
        """Move the selected stickers one place on or back."""
        order = list(range(self.count()))
        chosen = self.selected()
        if not chosen or not (chosen[0] + by >= 0 and chosen[-1] + by < len(order)):
            return
        for index in chosen if by < 0 else reversed(chosen):
            order.insert(index + by, order.pop(index))
        self.reordered.emit(order)
        self.clearSelection()
        for index in chosen:
            self.item(index + by).setSelected(True)
        self.setCurrentRow(chosen[0] + by, self.selectionModel().SelectionFlag.NoUpdate)

    def dropEvent(self, event: QDropEvent) -> None:
        super().dropEvent(event)
        self.tell_order()

    def tell_order(self) -> None:
        """Say how the items lie now, where that is no longer the pack's order."""
        order = [self.item(row).data(_INDEX) for row in range(self.count())]
        if order != sorted(order):
            self.reordered.emit(order)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        moves = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}
        by = moves.get(Qt.Key(event.key()))
        if by and event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self.move_selected(by)
        elif event.key() in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace):
            self.removed.emit(self.selected())
        else:
            super().keyPressEvent(event)

    def changeEvent(self, event: QEvent) -> None:
        if event.type() in (QEvent.Type.PaletteChange, QEvent.Type.StyleChange):
            self.viewport().update()
        super().changeEvent(event)

    def retranslate(self) -> None:
        """Word it anew."""
        self.setAccessibleName(tr("Stickers of the pack"))

    def stop(self) -> None:
        """End the workers, before Qt destroys them."""
        self.thumbnails.close()


class _Delegate(QStyledItemDelegate):
    def __init__(self, grid: PackGrid) -> None:
        super().__init__(grid)
        self._grid = grid

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return CELL

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        pack, row = self._grid.pack, index.row()
        if pack is None or row >= len(pack.stickers):
            return
        colours = style.current_colours()
        cell: QRect = option.rect  # pyright: ignore[reportAttributeAccessIssue]
        box = cell.adjusted(
            style.SPACE // 2, style.SPACE // 2, -style.SPACE // 2, -style.SPACE // 2
        )
        state: QStyle.StateFlag = option.state  # pyright: ignore[reportAttributeAccessIssue]
        chosen = bool(state & QStyle.StateFlag.State_Selected)
        focused = bool(state & QStyle.StateFlag.State_HasFocus) and self._grid.hasFocus()
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        ground = colours.accent_soft if chosen else colours.sunken
        painter.setBrush(QColor(ground))
        painter.drawRoundedRect(box, style.RADIUS_CONTROL, style.RADIUS_CONTROL)
        if chosen or focused:
            painter.setPen(QPen(QColor(colours.accent), 2 if focused else 1))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(box, style.RADIUS_CONTROL, style.RADIUS_CONTROL)
        self._picture(painter, box, row)
        self._words(painter, box, row, colours)
        painter.restore()

    def _picture(self, painter: QPainter, box: QRect, row: int) -> None:
        assert self._grid.pack is not None
        source = self._grid.pack.stickers[row].source
        ratio = self._grid.devicePixelRatioF()
        pixmap = self._grid.thumbnails.get(str(source), source, round(SIDE * ratio))
        if pixmap is None or pixmap.isNull():
            return
        size = (pixmap.size() / ratio).boundedTo(QSize(SIDE, SIDE))
        left = box.left() + (box.width() - size.width()) // 2
        top = box.top() + style.SPACE + (SIDE - size.height()) // 2
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.drawPixmap(QRect(left, top, size.width(), size.height()), pixmap)

    def _words(self, painter: QPainter, box: QRect, row: int, colours: style.Colours) -> None:
        pack = self._grid.pack
        assert pack is not None
        line = QRect(box.left(), box.bottom() - style.SPACE * 3, box.width(), style.SPACE * 3)
        font = QFont(painter.font())
        small = QFont(font)
        small.setPointSizeF(font.pointSizeF() * 0.85)
        painter.setFont(small)
        painter.setPen(QColor(colours.muted))
        number = line.adjusted(style.SPACE, 0, 0, 0)
        painter.drawText(number, Qt.AlignmentFlag.AlignVCenter, str(row + 1))
        emoji = "".join(pack.stickers[row].emoji[:3])
        font.setPointSizeF(font.pointSizeF() * 1.15)
        painter.setFont(font)
        painter.setPen(QColor(colours.text))
        centre = Qt.AlignmentFlag.AlignCenter
        if emoji:
            painter.drawText(line, centre, emoji)
        right = box.right() - style.SPACE - 16
        if row == pack.cover:
            star = style.icon_pixmap("star-filled", colours.accent, 14, 1.0)
            painter.drawPixmap(right + 2, line.top() + 4, star)
        if row in self._grid.troubled:
            warning = style.icon_pixmap("warning", colours.warning, 18, 1.0)
            painter.drawPixmap(box.right() - 24, box.top() + 6, warning)


def _thumbnail(source: Path, side: int) -> QImage:
    picture = read_file(source)
    image = picture.frames[0] if isinstance(picture, Animation) else picture
    image.thumbnail((side, side))
    data = image.tobytes("raw", "RGBA")
    made = QImage(data, image.width, image.height, 4 * image.width, QImage.Format.Format_RGBA8888)
    return made.copy()  # the bytes are Python's
