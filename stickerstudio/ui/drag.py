"""Dragging stickers out: into the chat, a file manager, any program that takes pictures."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QPoint, QRectF, Qt
from PySide6.QtGui import QColor, QDrag, QFont, QPainter, QPixmap
from PySide6.QtWidgets import QWidget

from stickerstudio.core.sticker import Sticker
from stickerstudio.ui import style
from stickerstudio.ui.outgoing import outgoing_mime

SIDE = 112  # pixels of the picture under the mouse


def drag_stickers(
    source: QWidget, stickers: Sequence[Sticker], pixmap: QPixmap | None, cache: Path
) -> Qt.DropAction:
    """Drag `stickers` until they are dropped; `pixmap` is the picture of the one under the mouse.

    Raises:
        NotFoundError, DiskError: a sticker could not be read or its copy not written.
    """
    drag = QDrag(source)
    drag.setMimeData(outgoing_mime(stickers, cache))
    if pixmap is not None and not pixmap.isNull():
        drag.setPixmap(drag_pixmap(pixmap, len(stickers), source.devicePixelRatioF()))
        drag.setHotSpot(QPoint(SIDE // 2, SIDE // 2))
    return drag.exec(Qt.DropAction.CopyAction)


def drag_pixmap(picture: QPixmap, number: int, ratio: float) -> QPixmap:
    """What hangs under the mouse: the picture, and how many there are when it is not alone."""
    made = QPixmap(round(SIDE * ratio), round(SIDE * ratio))
    made.setDevicePixelRatio(ratio)
    made.fill(Qt.GlobalColor.transparent)
    painter = QPainter(made)
    painter.setRenderHints(
        QPainter.RenderHint.Antialiasing | QPainter.RenderHint.SmoothPixmapTransform
    )
    scale = SIDE / max(picture.width(), picture.height())
    box = QRectF(0, 0, picture.width() * scale, picture.height() * scale)
    box.moveCenter(QRectF(0, 0, SIDE, SIDE).center())
    painter.setOpacity(0.9)
    painter.drawPixmap(box, picture, QRectF(picture.rect()))
    painter.setOpacity(1.0)
    if number > 1:
        colours = style.current_colours()
        font = QFont(painter.font())
        font.setBold(True)
        painter.setFont(font)
        text = str(number)
        width = max(24.0, painter.fontMetrics().horizontalAdvance(text) + 14.0)
        badge = QRectF(SIDE - width, 0, width, 24)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(colours.accent))
        painter.drawRoundedRect(badge, 12, 12)
        painter.setPen(QColor(colours.on_accent))
        painter.drawText(badge, Qt.AlignmentFlag.AlignCenter, text)
    painter.end()
    return made
