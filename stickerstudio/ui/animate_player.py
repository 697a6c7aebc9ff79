"""Plays an animation at its true speed, over the ground that shows what is transparent."""

from __future__ import annotations

from PySide6.QtCore import QElapsedTimer, QRectF, QSize, Qt, QTimer
from PySide6.QtGui import QHideEvent, QImage, QPainter, QPainterPath, QPaintEvent, QShowEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from stickerstudio.core.i18n import tr
from stickerstudio.finish.animation import Animation
from stickerstudio.ui import style
from stickerstudio.ui.editor_canvas import image_of
from stickerstudio.ui.preview import checkerboard

_ROOM = 0.86  # of the widget that the picture takes


class Player(QWidget):
    """Shows `set_animation`'s frames, each for its own time, over and over while it is visible."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._frames: list[QImage] = []
        self._ends: list[int] = []  # ms from the start of a round
        self._clock = QElapsedTimer()
        self._timer = QTimer(self, singleShot=True)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._next)
        self.index = 0
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(style.SPACE * 36, style.SPACE * 36)
        self.retranslate()

    def retranslate(self) -> None:
        """Word it for screen readers."""
        self.setAccessibleName(tr("Preview of the animation"))

    def sizeHint(self) -> QSize:
        return QSize(style.SPACE * 52, style.SPACE * 52)

    def set_animation(self, animation: Animation | None) -> None:
        """Play `animation` from now on, in the middle of the round as it was."""
        self._frames = [image_of(frame) for frame in animation.frames] if animation else []
        self._ends, end = [], 0
        for duration in animation.durations_ms if animation else ():
            end += duration
            self._ends.append(end)
        if not self._clock.isValid():
            self._clock.start()
        self._next()

    def paintEvent(self, event: QPaintEvent) -> None:
        del event
        painter = QPainter(self)
        painter.setRenderHints(
            QPainter.RenderHint.Antialiasing | QPainter.RenderHint.SmoothPixmapTransform
        )
        ground = QPainterPath()
        ground.addRoundedRect(QRectF(self.rect()), style.RADIUS, style.RADIUS)
        painter.setClipPath(ground)
        colours = style.current_colours()
        painter.drawTiledPixmap(self.rect(), checkerboard(colours, self.devicePixelRatioF()))
        if self._frames:
            frame = self._frames[self.index]
            fit = _ROOM * min(self.width() / frame.width(), self.height() / frame.height())
            place = QRectF(0, 0, frame.width() * fit, frame.height() * fit)
            place.moveCenter(QRectF(self.rect()).center())
            painter.drawImage(place, frame)
        painter.end()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._next()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._timer.stop()

    def _next(self) -> None:
        """Show the frame whose time it is; one that came too late is passed over."""
        self._timer.stop()
        self.index = 0
        if self._ends:
            now = self._clock.elapsed() % self._ends[-1]
            self.index = next(i for i, end in enumerate(self._ends) if now < end)
            if self.isVisible() and len(self._ends) > 1:
                self._timer.start(self._ends[self.index] - now)
        self.update()
