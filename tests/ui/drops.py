"""Files dragged from a file manager and let go of, as the window system tells it."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QApplication, QWidget

HOW = Qt.DropAction.CopyAction
BUTTON, KEYS = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier


def drag_over(widget: QWidget, mime: QMimeData) -> bool:
    """Bring `mime` over the middle of `widget`; whether it would be taken there."""
    event = QDragEnterEvent(widget.rect().center(), HOW, mime, BUTTON, KEYS)
    QApplication.sendEvent(widget, event)
    return event.isAccepted()


def drop(widget: QWidget, *files: Path) -> None:
    """Drag `files` over the middle of `widget` and let go."""
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(file)) for file in files])
    assert drag_over(widget, mime)
    place = QPointF(widget.rect().center())
    QApplication.sendEvent(widget, QDropEvent(place, HOW, mime, BUTTON, KEYS))
