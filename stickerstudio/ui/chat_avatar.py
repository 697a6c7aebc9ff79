"""Two faces, painted: Momo the peach, and an otter for whoever sits at the keyboard."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPen

from stickerstudio.chat.transcript import Author


def paint_avatar(painter: QPainter, box: QRectF, author: Author) -> None:
    """Paint the face of `author` as a disc that fills `box`, a square."""
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.translate(box.topLeft())
    painter.scale(box.width() / 100, box.height() / 100)  # the faces are drawn on 100 × 100
    disc = QPainterPath()
    disc.addEllipse(QRectF(0, 0, 100, 100))
    painter.setClipPath(disc)
    if author == "friend":
        _paint_peach(painter)
    else:
        _paint_otter(painter)
    painter.restore()


def _paint_peach(painter: QPainter) -> None:
    painter.fillRect(QRectF(0, 0, 100, 100), QColor("#ffe3d6"))
    painter.setPen(Qt.PenStyle.NoPen)
    leaf = QPainterPath(QPointF(50, 30))
    leaf.cubicTo(QPointF(54, 10), QPointF(74, 8), QPointF(82, 13))
    leaf.cubicTo(QPointF(78, 28), QPointF(64, 34), QPointF(50, 30))
    painter.fillPath(leaf, QColor("#5aa469"))
    body = QPainterPath(QPointF(50, 32))
    body.cubicTo(QPointF(66, 20), QPointF(90, 30), QPointF(86, 56))
    body.cubicTo(QPointF(83, 78), QPointF(62, 88), QPointF(50, 92))
    body.cubicTo(QPointF(38, 88), QPointF(17, 78), QPointF(14, 56))
    body.cubicTo(QPointF(10, 30), QPointF(34, 20), QPointF(50, 32))
    painter.fillPath(body, QColor("#ff9d85"))
    cleft = QPainterPath(QPointF(50, 32))
    cleft.cubicTo(QPointF(47, 37), QPointF(46, 42), QPointF(47, 46))
    painter.strokePath(cleft, _pen("#e8755c", 3))
    _paint_face(painter, QPointF(50, 60), 15, "#4a2a25")
    for x in (26, 74):
        painter.setBrush(QColor("#ff7d74"))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.drawEllipse(QPointF(x, 67), 6, 4)


def _paint_otter(painter: QPainter) -> None:
    painter.fillRect(QRectF(0, 0, 100, 100), QColor("#bfe3dd"))
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor("#7a5138"))
    for x in (15, 85):
        painter.drawEllipse(QPointF(x, 46), 8, 8)
    painter.setBrush(QColor("#936347"))
    painter.drawEllipse(QPointF(50, 57), 38, 32)
    painter.setBrush(QColor("#f3e2cf"))
    for x in (41, 59):
        painter.drawEllipse(QPointF(x, 69), 17, 14)
    painter.drawEllipse(QPointF(50, 79), 16, 9)
    _paint_face(painter, QPointF(50, 49), 18, "#33211a", smile=False)
    nose = QPainterPath(QPointF(42, 57))
    nose.cubicTo(QPointF(44, 53), QPointF(56, 53), QPointF(58, 57))
    nose.cubicTo(QPointF(57, 62), QPointF(53, 65), QPointF(50, 65))
    nose.cubicTo(QPointF(47, 65), QPointF(43, 62), QPointF(42, 57))
    painter.fillPath(nose, QColor("#33211a"))
    mouth = QPainterPath(QPointF(41, 71))
    mouth.quadTo(QPointF(46, 77), QPointF(50, 71))
    mouth.quadTo(QPointF(54, 77), QPointF(59, 71))
    painter.strokePath(mouth, _pen("#33211a", 2.6))
    for side in (-1, 1):
        for slope in (-3, 4):
            whisker = QPainterPath(QPointF(50 + side * 24, 68 + slope / 2))
            whisker.lineTo(QPointF(50 + side * 39, 67 + slope * 1.6))
            painter.strokePath(whisker, _pen("#6b4630", 1.8))


def _paint_face(
    painter: QPainter, middle: QPointF, apart: float, colour: str, *, smile: bool = True
) -> None:
    """Two eyes, each `apart` from the middle, and a smile."""
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(colour))
    for x in (middle.x() - apart, middle.x() + apart):
        painter.drawEllipse(QPointF(x, middle.y()), 4.4, 5.2)
    if smile:
        mouth = QPainterPath(QPointF(middle.x() - 8, middle.y() + 7))
        mouth.quadTo(QPointF(middle.x(), middle.y() + 17), QPointF(middle.x() + 8, middle.y() + 7))
        painter.strokePath(mouth, _pen(colour, 3.2))


def _pen(colour: str, width: float) -> QPen:
    return QPen(
        QColor(colour),
        width,
        Qt.PenStyle.SolidLine,
        Qt.PenCapStyle.RoundCap,
        Qt.PenJoinStyle.RoundJoin,
    )
