"""The box in which a message is written."""

from __future__ import annotations

from PySide6.QtCore import QMimeData, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QPlainTextEdit, QSizePolicy, QWidget

from stickerstudio.ui.chat_drop import is_sendable

_MOST_LINES = 5
_FRAME = 22  # pixels of border and padding above and below the text


class ChatEdit(QPlainTextEdit):
    """Enter sends, Shift+Enter starts a new line; grows with the text.

    Signals:
        sent(str): the text to be said.
        pasted(QMimeData): something other than text was pasted.
    """

    sent = Signal(str)
    pasted = Signal(QMimeData)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setTabChangesFocus(True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAcceptDrops(False)  # the pane takes what is dropped, wherever on it
        self.viewport().setAcceptDrops(False)
        self.textChanged.connect(self._grow)
        self._grow()

    def send(self) -> None:
        """Say what was written, unless it is blank."""
        if text := self.toPlainText().strip():
            self.clear()
            self.sent.emit(text)

    def sizeHint(self) -> QSize:
        lines = min(max(1, self._lines()), _MOST_LINES)
        return QSize(160, lines * self.fontMetrics().lineSpacing() + _FRAME)

    def minimumSizeHint(self) -> QSize:
        return QSize(80, self.sizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._grow()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        enter = event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter)
        plain = not event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
        if enter and plain:
            self.send()
            event.accept()
        else:
            super().keyPressEvent(event)

    def canInsertFromMimeData(self, source: QMimeData) -> bool:
        return is_sendable(source) or super().canInsertFromMimeData(source)

    def insertFromMimeData(self, source: QMimeData) -> None:
        # Text processors offer a picture of the text beside the text: then the text is meant.
        if is_sendable(source) and (source.hasUrls() or not source.hasText()):
            self.pasted.emit(source)
        else:
            super().insertFromMimeData(source)

    def _lines(self) -> int:
        return round(self.document().size().height())  # of a plain text document: in lines

    def _grow(self) -> None:
        many = self._lines() > _MOST_LINES
        policy = Qt.ScrollBarPolicy
        self.setVerticalScrollBarPolicy(
            policy.ScrollBarAsNeeded if many else policy.ScrollBarAlwaysOff
        )
        self.updateGeometry()
