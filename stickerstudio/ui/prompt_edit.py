"""The box the prompt is typed into."""

from __future__ import annotations

from PySide6.QtCore import QMimeData, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QTextCursor
from PySide6.QtWidgets import QPlainTextEdit, QSizePolicy, QWidget

LINES = 2


class PromptEdit(QPlainTextEdit):
    """Enter makes, Shift+Enter starts a new line, Tab goes on to the next control."""

    make_pressed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setTabChangesFocus(True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAsNeeded)

    def sizeHint(self) -> QSize:
        return QSize(320, self.fontMetrics().lineSpacing() * LINES + 22)

    def minimumSizeHint(self) -> QSize:
        return QSize(160, self.sizeHint().height())

    def canInsertFromMimeData(self, source: QMimeData) -> bool:
        """Words may be dropped and pasted here; a dropped file is left to the pane around."""
        return not source.hasUrls() and super().canInsertFromMimeData(source)

    def show_text(self, text: str) -> None:
        """Show `text`; where it differs the change can be undone with Ctrl+Z."""
        if text == self.toPlainText():
            return
        cursor = self.textCursor()
        cursor.select(QTextCursor.SelectionType.Document)
        cursor.insertText(text)
        self.setTextCursor(cursor)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        enter = event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter)
        if enter and not event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
            self.make_pressed.emit()
            event.accept()
        else:
            super().keyPressEvent(event)
