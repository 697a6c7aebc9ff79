"""LoRAs and blends for the eye: titles, pictures, and what hangs under the mouse in a drag."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from PySide6.QtCore import QMimeData, QPoint, QRectF, QSize, Qt
from PySide6.QtGui import (
    QColor,
    QDrag,
    QFont,
    QImage,
    QImageReader,
    QPainter,
    QPainterPath,
    QPixmap,
)
from PySide6.QtWidgets import QWidget

from stickerstudio.core.i18n import current_language
from stickerstudio.core.messages import PreviewReady
from stickerstudio.models.loras import LoraInfo
from stickerstudio.ui import style

LORA_MIME = "application/x-stickerstudio-lora"  # the LoRA's name, UTF-8; within the program only
DRAGGED = 56  # pixels of the picture under the mouse


def lora_title(info: LoraInfo) -> str:
    """What `info` is called in the window's language."""
    return info.title_zh_hant if current_language() == "zh_TW" else info.title


def lora_picture(info: LoraInfo, side: int, ratio: float) -> QPixmap:
    """The preview of `info`, or its first letter, `side` logical pixels square."""
    if info.preview is not None:
        picture = _read(info.preview, round(side * ratio))
        if not picture.isNull():
            picture.setDevicePixelRatio(ratio)
            return picture
    return _letter(lora_title(info)[:1], side, ratio, style.current_colours())


def dragged_lora(data: QMimeData) -> str:
    """The name of the LoRA in a drag; "" where there is none."""
    return bytes(data.data(LORA_MIME).data()).decode("utf-8", "replace")


def drag_lora(source: QWidget, info: LoraInfo) -> None:
    """Drag `info` from `source` until it is dropped."""
    data = QMimeData()
    data.setData(LORA_MIME, info.name.encode())
    drag = QDrag(source)
    drag.setMimeData(data)
    drag.setPixmap(rounded(lora_picture(info, DRAGGED, source.devicePixelRatioF()), DRAGGED / 2))
    drag.setHotSpot(QPoint(DRAGGED // 2, DRAGGED // 2))
    drag.exec(Qt.DropAction.CopyAction)


def rounded(picture: QPixmap, radius: float) -> QPixmap:
    """`picture` with corners of `radius` logical pixels; half its side makes a disc."""
    made = QPixmap(picture.size())
    made.setDevicePixelRatio(picture.devicePixelRatio())
    made.fill(Qt.GlobalColor.transparent)
    size = picture.deviceIndependentSize()
    area = QRectF(0, 0, size.width(), size.height())
    painter = QPainter(made)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    path = QPainterPath()
    path.addRoundedRect(area, radius, radius)
    painter.setClipPath(path)
    painter.fillRect(area, QColor(style.current_colours().card))
    painter.drawPixmap(0, 0, picture)
    painter.end()
    return made


def preview_pixmap(picture: PreviewReady, side: int = 0) -> QPixmap:
    """The pixels of `picture`; where `side` is given, at most that many wide and high."""
    width, height = picture.width, picture.height
    image = QImage(picture.rgba, width, height, width * 4, QImage.Format.Format_RGBA8888)
    if side and max(width, height) > side:
        keep = Qt.AspectRatioMode.KeepAspectRatio
        image = image.scaled(side, side, keep, Qt.TransformationMode.SmoothTransformation)
    return QPixmap.fromImage(image)


@lru_cache(maxsize=128)
def _read(path: Path, side: int) -> QPixmap:
    """The picture in the file, its shorter side `side` pixels, cut square."""
    reader = QImageReader(str(path))
    size = reader.size()
    if size.isValid():
        wanted = QSize(side, side)
        reader.setScaledSize(size.scaled(wanted, Qt.AspectRatioMode.KeepAspectRatioByExpanding))
    image = reader.read()
    if image.isNull():
        return QPixmap()
    x, y = (image.width() - side) // 2, (image.height() - side) // 2
    return QPixmap.fromImage(image.copy(x, y, side, side))


@lru_cache(maxsize=128)
def _letter(letter: str, side: int, ratio: float, colours: style.Colours) -> QPixmap:
    made = QPixmap(round(side * ratio), round(side * ratio))
    made.setDevicePixelRatio(ratio)
    made.fill(QColor(colours.accent_soft))
    painter = QPainter(made)
    font = QFont(painter.font())
    font.setPixelSize(round(side * 0.5))
    font.setWeight(QFont.Weight.DemiBold)
    painter.setFont(font)
    painter.setPen(QColor(colours.accent_strong))
    painter.drawText(QRectF(0, 0, side, side), Qt.AlignmentFlag.AlignCenter, letter.upper())
    painter.end()
    return made
