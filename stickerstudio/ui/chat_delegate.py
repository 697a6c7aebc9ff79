"""How one message looks: a bubble, a sticker without one, a picture; avatar, time and date."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import (
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QPointF,
    QRectF,
    QSize,
    QSizeF,
    Qt,
)
from PySide6.QtGui import (
    QColor,
    QFont,
    QFontMetricsF,
    QImageReader,
    QPainter,
    QPainterPath,
    QTextLayout,
    QTextOption,
)
from PySide6.QtWidgets import QStyledItemDelegate, QStyleOptionViewItem

from stickerstudio.chat.transcript import Message
from stickerstudio.ui import style
from stickerstudio.ui.chat_avatar import paint_avatar
from stickerstudio.ui.chat_model import Role, Row
from stickerstudio.ui.thumbnails import Thumbnails

STICKER = 152  # pixels a side: large, as in every chat
IMAGE = QSizeF(240, 260)  # pixels, at most
AVATAR = 32  # pixels
_EDGE = style.SPACE  # pixels left and right of a row
_INDENT = _EDGE + AVATAR + style.SPACE  # where bubbles begin
_PAD_X, _PAD_Y = 12.0, 8.0  # pixels between a bubble's edge and its text
_NEAR, _APART = 3, 12  # pixels above a message that stands together with the one before, or not
_CORNER = 16.0  # pixels; the corner towards the avatar is sharper
_DATE_HEIGHT = 40  # pixels
_MOST_CACHED = 2_000  # layouts
_EMOJI = re.compile(
    "(?:[\U0001f000-\U0001faff\u2600-\u27bf\u2b00-\u2bff\u231a-\u23ff\u2190-\u21ff\u3030\u303d]"
    "[\ufe0f\u200d\u20e3\U0001f3fb-\U0001f3ff\u2640\u2642\u2695\u2764\U0001f000-\U0001faff]{0,6}){1,3}"
)


@dataclass(frozen=True, slots=True)
class _Layout:
    """A row, measured for one width; places are relative to the row's top left corner.

    Attributes:
        height: pixels of the whole row.
        body: the bubble, sticker or picture.
        text: laid out within the body; None where there is none.
        bubble: whether the body has a ground of its own.
    """

    height: int
    body: QRectF
    text: QTextLayout | None
    bubble: bool


class ChatDelegate(QStyledItemDelegate):
    """Measures and paints rows of a ChatModel.

    Attributes:
        phase: of the dots while the friend is typing, in turns.
    """

    def __init__(self, pictures: Thumbnails[Path], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._pictures = pictures
        self._layouts: dict[tuple[Row, int], _Layout] = {}
        self._sizes: dict[str, QSizeF] = {}
        self.phase = 0.0

    def forget(self) -> None:
        """The type has changed: measure anew."""
        self._layouts.clear()

    def sizeHint(
        self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> QSize:
        width = option.rect.width()
        return QSize(width, self._layout(index.data(Role.ROW), width, option.font).height)

    def paint(
        self,
        painter: QPainter,
        option: QStyleOptionViewItem,
        index: QModelIndex | QPersistentModelIndex,
    ) -> None:
        row: Row = index.data(Role.ROW)
        layout = self._layout(row, option.rect.width(), option.font)
        painter.save()
        painter.setRenderHints(
            QPainter.RenderHint.Antialiasing | QPainter.RenderHint.SmoothPixmapTransform
        )
        painter.translate(QPointF(option.rect.topLeft()))
        if row.date:
            _paint_date(painter, row.date, option)
        if layout.bubble:
            _paint_bubble(painter, layout.body, row)
        if layout.text is not None:
            painter.setPen(QColor(style.current_colours().text))
            layout.text.draw(painter, layout.body.topLeft())
        elif row.message is None:
            self._paint_dots(painter, layout.body)
        else:
            self._paint_picture(painter, layout.body, row.message)
        if row.ends:
            mine = row.message is not None and row.message.author == "me"
            left = option.rect.width() - _EDGE - AVATAR if mine else _EDGE
            box = QRectF(left, layout.body.bottom() - AVATAR, AVATAR, AVATAR)
            paint_avatar(painter, box, "me" if mine else "friend")
        if row.clock:
            _paint_clock(painter, layout.body, row, option)
        painter.restore()

    # --- measuring ---

    def _layout(self, row: Row, width: int, font: QFont) -> _Layout:
        key = (row, width)
        layout = self._layouts.get(key)
        if layout is None:
            if len(self._layouts) > _MOST_CACHED:
                self._layouts.clear()
            layout = self._layouts[key] = self._measure(row, width, font)
        return layout

    def _measure(self, row: Row, width: int, font: QFont) -> _Layout:
        top = (_DATE_HEIGHT if row.date else 0) + (_APART if row.begins else _NEAR)
        clock = QFontMetricsF(_small(font)).horizontalAdvance("00:00 AM") + style.SPACE
        room = max(80.0, width - _INDENT - _EDGE - clock)
        message = row.message
        text, bubble = None, False
        if message is None:
            size, bubble = QSizeF(62, 38), True
        elif message.kind == "text":
            large = _EMOJI.fullmatch(message.text.strip()) is not None
            text, size = _lay_out(message.text, font, room, large=large)
            bubble = not large
        elif message.kind == "sticker":
            size = self._picture_size(message, QSizeF(min(STICKER, room), STICKER), enlarge=True)
        else:
            size = self._picture_size(message, QSizeF(min(IMAGE.width(), room), IMAGE.height()))
        mine = message is not None and message.author == "me"
        left = width - _INDENT - size.width() if mine else _INDENT
        body = QRectF(QPointF(left, top), size)
        height = max(body.bottom(), top + AVATAR if row.ends else 0.0)
        if row.ends and size.height() < AVATAR:
            body.moveBottom(height)
        return _Layout(math.ceil(height), body, text, bubble)

    def _picture_size(self, message: Message, box: QSizeF, *, enlarge: bool = False) -> QSizeF:
        assert message.picture is not None
        name = message.picture.name
        if name not in self._sizes:
            self._sizes[name] = QSizeF(QImageReader(str(message.picture)).size())
        size = self._sizes[name]
        if size.isEmpty():
            return QSizeF(min(box.width(), 96), 96)
        fitted = size.scaled(box, Qt.AspectRatioMode.KeepAspectRatio)
        return fitted if enlarge or fitted.width() < size.width() else size

    # --- painting ---

    def _paint_picture(self, painter: QPainter, body: QRectF, message: Message) -> None:
        assert message.picture is not None
        ratio = painter.device().devicePixelRatioF()
        side = math.ceil(max(body.width(), body.height()) * ratio)
        pixmap = self._pictures.get(message.picture.name, message.picture, side)
        if message.kind == "image" or (pixmap is not None and pixmap.isNull()):
            path = QPainterPath()
            path.addRoundedRect(body, style.RADIUS, style.RADIUS)
            painter.fillPath(path, QColor(style.current_colours().sunken))
            painter.setClipPath(path)
        if pixmap is not None and not pixmap.isNull():
            painter.drawPixmap(body, pixmap, QRectF(pixmap.rect()))
        elif pixmap is not None:
            icon = style.icon_pixmap("warning", style.current_colours().edge, 28, ratio)
            painter.drawPixmap(body.center() - QPointF(14, 14), icon)
        painter.setClipping(False)

    def _paint_dots(self, painter: QPainter, body: QRectF) -> None:
        colour = QColor(style.current_colours().muted)
        painter.setPen(Qt.PenStyle.NoPen)
        for number in range(3):
            lift = max(0.0, math.sin((self.phase - number * 0.16) * 2 * math.pi))
            colour.setAlphaF(0.45 + 0.55 * lift)
            painter.setBrush(colour)
            middle = body.center() + QPointF((number - 1) * 12, -3.5 * lift)
            painter.drawEllipse(middle, 3.6, 3.6)


def _small(font: QFont) -> QFont:
    small = QFont(font)
    small.setPointSizeF(font.pointSizeF() * 0.82)
    return small


def _lay_out(text: str, font: QFont, room: float, *, large: bool) -> tuple[QTextLayout, QSizeF]:
    """`text` broken into lines of at most `room` pixels, and the size of its bubble."""
    if large:
        font = QFont(font)
        font.setPointSizeF(font.pointSizeF() * 3.2)
    pad_x, pad_y = (0.0, 0.0) if large else (_PAD_X, _PAD_Y)
    layout = QTextLayout(text.replace("\n", "\u2028"), font)
    option = QTextOption()
    option.setWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
    layout.setTextOption(option)
    layout.setCacheEnabled(True)
    widest, _ = _break_lines(layout, room - 2 * pad_x, pad_x, pad_y)
    # Again in the bubble's own width, so that right-to-left text begins at its right edge.
    widest, bottom = _break_lines(layout, math.ceil(widest) + 1, pad_x, pad_y)
    return layout, QSizeF(math.ceil(widest) + 2 * pad_x, bottom + pad_y)


def _break_lines(layout: QTextLayout, width: float, left: float, top: float) -> tuple[float, float]:
    """Lines of at most `width` pixels; how wide the widest is, and where the last one ends."""
    widest, y = 0.0, top
    layout.beginLayout()
    while (line := layout.createLine()).isValid():
        line.setLineWidth(width)
        line.setPosition(QPointF(left, y))
        y += line.height()
        widest = max(widest, line.naturalTextWidth())
    layout.endLayout()
    return widest, y


def _paint_bubble(painter: QPainter, body: QRectF, row: Row) -> None:
    colours = style.current_colours()
    mine = row.message is not None and row.message.author == "me"
    path = QPainterPath()
    path.addRoundedRect(body, _CORNER, _CORNER)
    if row.ends:  # the corner that points to the avatar
        corner = QRectF(0, 0, _CORNER, _CORNER)
        if mine:
            corner.moveBottomRight(body.bottomRight())
        else:
            corner.moveBottomLeft(body.bottomLeft())
        sharp = QPainterPath()
        sharp.addRoundedRect(corner, 5, 5)
        path = path.united(sharp)
    painter.fillPath(path, QColor(colours.accent_soft if mine else colours.sunken))


def _paint_clock(painter: QPainter, body: QRectF, row: Row, option: QStyleOptionViewItem) -> None:
    painter.setFont(_small(option.font))
    painter.setPen(QColor(style.current_colours().muted))
    metrics = QFontMetricsF(painter.font())
    width, gap = metrics.horizontalAdvance(row.clock), style.SPACE * 0.75
    mine = row.message is not None and row.message.author == "me"
    left = body.left() - gap - width if mine else body.right() + gap
    painter.drawText(QPointF(left, body.bottom() - metrics.descent() - 1), row.clock)


def _paint_date(painter: QPainter, words: str, option: QStyleOptionViewItem) -> None:
    colours = style.current_colours()
    painter.setFont(_small(option.font))
    metrics = QFontMetricsF(painter.font())
    width = metrics.horizontalAdvance(words) + 24
    pill = QRectF((option.rect.width() - width) / 2, 12, width, metrics.height() + 6)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(colours.sunken))
    painter.drawRoundedRect(pill, pill.height() / 2, pill.height() / 2)
    painter.setPen(QColor(colours.muted))
    painter.drawText(pill, Qt.AlignmentFlag.AlignCenter, words)
