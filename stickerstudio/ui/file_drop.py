"""Files dropped from a file manager."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QEvent, QMimeData, QObject, Signal
from PySide6.QtGui import QDropEvent
from PySide6.QtWidgets import QWidget


def dropped_files(mime: QMimeData) -> list[Path]:
    """The files and folders of this machine in `mime`."""
    return [Path(url.toLocalFile()) for url in mime.urls() if url.isLocalFile()]


class FileDrop(QObject):
    """Lets `area` take dropped files; `card`, by default `area`, shows that it would."""

    dropped = Signal(list)  # list[Path], at least one

    def __init__(self, area: QWidget, card: QWidget | None = None) -> None:
        super().__init__(area)
        self._card = card or area
        area.setAcceptDrops(True)
        area.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Take drags that bring files; leave every other event to the area."""
        if event.type() == QEvent.Type.DragLeave:
            self._mark(False)
        elif event.type() in (QEvent.Type.DragEnter, QEvent.Type.Drop):
            assert isinstance(event, QDropEvent)
            if files := dropped_files(event.mimeData()):
                event.acceptProposedAction()
                entered = event.type() == QEvent.Type.DragEnter
                self._mark(entered)
                if not entered:
                    self.dropped.emit(files)
                return True
        return super().eventFilter(watched, event)

    def _mark(self, on: bool) -> None:
        self._card.setProperty("dropping", on)
        self._card.style().unpolish(self._card)
        self._card.style().polish(self._card)
