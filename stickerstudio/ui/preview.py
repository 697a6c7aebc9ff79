"""The picture in the middle: the live preview, or the sticker made last, on a checkerboard."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QObject, QPoint, QRect, QRectF, QSize, Qt, QThreadPool, Signal
from PySide6.QtGui import (
    QColor,
    QImage,
    QImageReader,
    QPainter,
    QPainterPath,
    QPaintEvent,
    QPixmap,
)
from PySide6.QtWidgets import QSizePolicy, QVBoxLayout, QWidget

from stickerstudio.ui import style
from stickerstudio.ui.widgets import EmptyState, label

SQUARE = 8  # pixels, one field of the checkerboard
MAX_SHOWN = 768  # logical pixels; a larger picture is read smaller


class _Relay(QObject):
    """Carries pictures to the UI thread; has no parent, so that no worker outlives the signal."""

    read = Signal(int, QImage)


def _read(path: Path, side: int) -> QImage:
    """The picture in the file, at most `side` pixels a side; null where it cannot be read."""
    reader = QImageReader(str(path))
    size = reader.size()
    if max(size.width(), size.height()) > side:
        reader.setScaledSize(size.scaled(side, side, Qt.AspectRatioMode.KeepAspectRatio))
    return reader.read()


class PreviewView(QWidget):
    """Shows one picture as large as it fits, with a caption, or a sentence when there is none."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._picture: QPixmap | None = None
        self._asked = 0
        self._reads: dict[int, str] = {}  # captions, by the number of the call
        self._relay = _Relay()
        self._relay.read.connect(self._loaded)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(style.SPACE * 20, style.SPACE * 12)
        self.empty = EmptyState("sticker")
        self._caption = label("small")
        self._caption.setAlignment(Qt.AlignmentFlag.AlignCenter)
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, style.SPACE // 2)
        box.setSpacing(0)
        box.addWidget(self.empty, 1)
        box.addWidget(self._caption, 0, Qt.AlignmentFlag.AlignBottom)
        self._caption.hide()

    def sizeHint(self) -> QSize:
        return QSize(360, 280)

    @property
    def picture(self) -> QPixmap | None:
        """What is shown now."""
        return self._picture

    @property
    def caption(self) -> str:
        """The words under the picture."""
        return self._caption.text()

    @property
    def reading(self) -> bool:
        """Whether a file is being read."""
        return bool(self._reads)

    def show_rgba(self, width: int, height: int, rgba: bytes, caption: str) -> None:
        """Show width × height × 4 bytes RGBA, rows from the top."""
        self._asked += 1  # a file still being read is older than this
        image = QImage(rgba, width, height, width * 4, QImage.Format.Format_RGBA8888)
        self.show_pixmap(QPixmap.fromImage(image), caption)

    def show_pixmap(self, picture: QPixmap, caption: str) -> None:
        """Show `picture`."""
        self._picture = picture
        self.set_caption(caption)
        self.empty.hide()
        self.update()

    def load(self, path: Path, caption: str) -> None:
        """Show the picture in the file `path`, read beside the UI thread; the newest call wins."""
        self._asked += 1
        number, relay = self._asked, self._relay
        side = round(MAX_SHOWN * self.devicePixelRatioF())
        self._reads[number] = caption
        QThreadPool.globalInstance().start(lambda: relay.read.emit(number, _read(path, side)))

    def _loaded(self, number: int, image: QImage) -> None:
        caption = self._reads.pop(number)
        if number == self._asked and not image.isNull():
            self.show_pixmap(QPixmap.fromImage(image), caption)

    def set_caption(self, caption: str) -> None:
        """Change the words under the picture."""
        self._caption.setText(caption)
        self._caption.setVisible(bool(caption))
        self.setAccessibleDescription(caption)

    def clear(self) -> None:
        """Back to the empty state."""
        self._asked += 1
        self._picture = None
        self.set_caption("")
        self.empty.show()
        self.update()

    def picture_rect(self) -> QRect:
        """Where the picture lies, in this widget's pixels."""
        area = self.rect().adjusted(0, 0, 0, -self._caption.sizeHint().height() - style.SPACE)
        if self._picture is None:
            return area
        size = self._picture.size().scaled(area.size(), Qt.AspectRatioMode.KeepAspectRatio)
        place = QRect(QPoint(0, 0), size)
        place.moveCenter(area.center())
        return place

    def paintEvent(self, event: QPaintEvent) -> None:
        del event
        painter = QPainter(self)
        painter.setRenderHints(
            QPainter.RenderHint.Antialiasing | QPainter.RenderHint.SmoothPixmapTransform
        )
        if self._picture is None:
            colours = style.current_colours()
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(colours.sunken))
            painter.drawRoundedRect(self.rect(), style.RADIUS, style.RADIUS)
            painter.end()
            return
        place = self.picture_rect()
        corner = QPainterPath()
        corner.addRoundedRect(QRectF(place), style.RADIUS, style.RADIUS)
        painter.setClipPath(corner)
        colours = style.current_colours()
        painter.fillRect(place, QColor(colours.card))
        painter.setBrushOrigin(place.topLeft())
        painter.drawTiledPixmap(place, checkerboard(colours, self.devicePixelRatioF()))
        painter.drawPixmap(place, self._picture)
        painter.end()


def checkerboard(colours: style.Colours, ratio: float) -> QPixmap:
    """The tile that shows where a picture is transparent."""
    """A tile of the ground that transparent pictures are shown on."""
    side = round(SQUARE * ratio)
    tile = QPixmap(side * 2, side * 2)
    tile.fill(QColor(colours.card))
    painter = QPainter(tile)
    for x, y in ((0, 0), (side, side)):
        painter.fillRect(x, y, side, side, QColor(colours.sunken))
    painter.end()
    tile.setDevicePixelRatio(ratio)
    return tile
