"""How one sticker of the gallery looks: a soft card, the picture, a star, a ring when chosen."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QObject, QPersistentModelIndex, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPen, QPixmap
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

from stickerstudio.core.sticker import Sticker
from stickerstudio.ui import style
from stickerstudio.ui.gallery_model import Role
from stickerstudio.ui.thumbnails import Thumbnails

GAP = style.SPACE // 2  # pixels around a card: two cards are a whole SPACE apart
_PADDING = style.SPACE  # pixels between card and picture
_STAR = 18  # pixels
_GOLD = "#e0a100"  # of a favourite's star; 3:1 or more on both themes' cards
_BUCKET = 64  # device pixels: a thumbnail serves a range of sizes, resizing does not decode anew


def card_rect(cell: QRect) -> QRect:
    """The card within its cell."""
    return cell.adjusted(GAP, GAP, -GAP, -GAP)


def star_rect(cell: QRect) -> QRect:
    """Where the star is, large enough for a finger."""
    card, side = card_rect(cell), _STAR + style.SPACE
    return QRect(card.right() - side + 1, card.top(), side, side)


class GalleryDelegate(QStyledItemDelegate):
    """Paints cells; asks `thumbnails` only for what it paints."""

    def __init__(self, thumbnails: Thumbnails[Sticker], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._thumbnails = thumbnails

    def paint(
        self,
        painter: QPainter,
        option: QStyleOptionViewItem,
        index: QModelIndex | QPersistentModelIndex,
    ) -> None:
        sticker = index.data(Role.STICKER)
        selected = bool(option.state & QStyle.StateFlag.State_Selected)
        hovered = bool(option.state & QStyle.StateFlag.State_MouseOver)
        focused = bool(option.state & QStyle.StateFlag.State_HasFocus)
        colours = style.current_colours()
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        card = QRectF(card_rect(option.rect))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(colours.accent_soft if selected else colours.sunken))
        painter.drawRoundedRect(card, style.RADIUS, style.RADIUS)
        if isinstance(sticker, Sticker):
            self._paint_picture(painter, card, sticker)
        if selected or focused:
            pen = QPen(QColor(colours.accent if selected else colours.edge), 2.0)
            painter.setPen(pen)
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(card.adjusted(1, 1, -1, -1), style.RADIUS - 1, style.RADIUS - 1)
        elif hovered:
            painter.setPen(QPen(QColor(colours.edge), 1.0))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(card.adjusted(0.5, 0.5, -0.5, -0.5), style.RADIUS, style.RADIUS)
        if isinstance(sticker, Sticker) and (sticker.favourite or hovered):
            self._paint_star(painter, option.rect, sticker.favourite)
        painter.restore()

    def sizeHint(
        self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> QSize:
        del index
        return option.rect.size()

    def _paint_picture(self, painter: QPainter, card: QRectF, sticker: Sticker) -> None:
        box = card.adjusted(_PADDING, _PADDING, -_PADDING, -_PADDING)
        ratio = painter.device().devicePixelRatioF()
        side = -(-round(max(box.width(), box.height()) * ratio) // _BUCKET) * _BUCKET
        pixmap = self._thumbnails.get(sticker.id, sticker, side)
        if pixmap is None:
            return  # the card alone, for the few frames until it is decoded
        if pixmap.isNull():
            icon = style.icon_pixmap("warning", style.current_colours().edge, 24, ratio)
            painter.drawPixmap(_centred(box, icon.deviceIndependentSize().toSize()), icon)
            return
        painter.drawPixmap(_fitted(box, pixmap), pixmap, QRectF(pixmap.rect()))

    def _paint_star(self, painter: QPainter, cell: QRect, favourite: bool) -> None:
        colours = style.current_colours()
        name, colour = ("star-filled", _GOLD) if favourite else ("star", colours.muted)
        ratio = painter.device().devicePixelRatioF()
        icon = style.icon_pixmap(name, colour, _STAR, ratio)
        disc = QColor(colours.card)
        disc.setAlphaF(0.85)  # the star stays legible over a picture that reaches into the corner
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(disc)
        painter.drawEllipse(QRectF(star_rect(cell)).adjusted(2, 2, -2, -2))
        painter.drawPixmap(_centred(QRectF(star_rect(cell)), QSize(_STAR, _STAR)), icon)


def _centred(box: QRectF, size: QSize) -> QRect:
    made = QRect(0, 0, size.width(), size.height())
    made.moveCenter(box.center().toPoint())
    return made


def _fitted(box: QRectF, pixmap: QPixmap) -> QRectF:
    """The largest rectangle of the pixmap's shape in the middle of `box`."""
    scale = min(box.width() / pixmap.width(), box.height() / pixmap.height())
    made = QRectF(0, 0, pixmap.width() * scale, pixmap.height() * scale)
    made.moveCenter(box.center())
    return made
