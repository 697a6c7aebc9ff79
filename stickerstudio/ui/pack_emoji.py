"""Choose emoji: search by name in either language, or look through all of them."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QPoint, QSize, Qt, Signal
from PySide6.QtGui import QFont, QKeyEvent
from PySide6.QtWidgets import QFrame, QLineEdit, QListView, QListWidget, QVBoxLayout, QWidget

from stickerstudio.core.i18n import current_language, tr
from stickerstudio.packs import emoji
from stickerstudio.ui import style
from stickerstudio.ui.widgets import name_control

_MOST = 400  # shown at once; a search narrows it down
_CELL = 38  # pixels


class EmojiPicker(QFrame):
    """A popover below a button.

    Signals:
        picked(str): this emoji.
    """

    picked = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent, Qt.WindowType.Popup)
        self.setObjectName("popover")
        self.search = QLineEdit()
        self.list = QListWidget()
        self.list.setViewMode(QListView.ViewMode.IconMode)
        self.list.setMovement(QListView.Movement.Static)
        self.list.setResizeMode(QListView.ResizeMode.Adjust)
        self.list.setUniformItemSizes(True)
        self.list.setGridSize(QSize(_CELL, _CELL))
        self.list.setFrameShape(QListWidget.Shape.NoFrame)
        self.list.setStyleSheet("QListWidget { background: transparent; }")
        font = QFont(self.list.font())
        font.setPointSizeF(font.pointSizeF() * 1.6)
        self.list.setFont(font)
        box = QVBoxLayout(self)
        box.setContentsMargins(style.SPACE, style.SPACE, style.SPACE, style.SPACE)
        box.setSpacing(style.SPACE)
        box.addWidget(self.search)
        box.addWidget(self.list, 1)
        self.resize(_CELL * 9 + style.SPACE * 5, _CELL * 8)
        self.search.textChanged.connect(self._fill)
        self.search.returnPressed.connect(self._take_first)
        self.list.itemClicked.connect(lambda item: self._take(item.text()))
        self.list.itemActivated.connect(lambda item: self._take(item.text()))
        self.retranslate()

    def retranslate(self) -> None:
        """Word it anew."""
        self.search.setPlaceholderText(tr("Search emoji"))
        name_control(self.search, tr("Search emoji"))
        self.list.setAccessibleName(tr("Emoji"))

    def open_below(self, widget: QWidget) -> None:
        """Show it under `widget`, with everything to choose from."""
        self.search.clear()
        self._fill("")
        self.move(widget.mapToGlobal(QPoint(0, widget.height() + style.SPACE // 2)))
        self.show()
        self.search.setFocus()

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.LanguageChange:
            self.retranslate()
        super().changeEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Down and self.search.hasFocus():
            self.list.setFocus()
            self.list.setCurrentRow(0)
        else:
            super().keyPressEvent(event)

    def _fill(self, words: str) -> None:
        language = "zh_Hant" if current_language() == "zh_TW" else "en"
        self.list.clear()
        for text in emoji.search(words, _MOST):
            self.list.addItem(text)
            item = self.list.item(self.list.count() - 1)
            item.setTextAlignment(Qt.AlignmentFlag.AlignCenter)
            names = emoji.names(text, language) or emoji.names(text, "en")
            item.setToolTip(names[0])
            item.setData(Qt.ItemDataRole.AccessibleTextRole, names[0])

    def _take_first(self) -> None:
        if self.list.count():
            self._take(self.list.item(0).text())

    def _take(self, text: str) -> None:
        self.hide()
        self.picked.emit(text)
