"""The list of messages: follows the conversation unless the user reads further up."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent, QKeySequence, QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QListView, QWidget

from stickerstudio.core.i18n import tr
from stickerstudio.ui import style
from stickerstudio.ui.chat_delegate import ChatDelegate
from stickerstudio.ui.chat_model import ChatModel
from stickerstudio.ui.quiet_scrollbar import QuietScrollBar
from stickerstudio.ui.widgets import PushButton

_NEAR = 40  # pixels above the end that still count as being at the end
_FRAME_MS = 50  # between two pictures of the typing dots
_TURN_MS = 1_200  # of one bounce of the dots


class ChatView(QListView):
    """Rows of a ChatModel.

    Signals:
        copy_wanted(QModelIndex): the message is to be put on the clipboard.
    """

    copy_wanted = Signal(QModelIndex)

    def __init__(self, model: ChatModel, delegate: ChatDelegate, parent: QWidget | None = None):
        super().__init__(parent)
        self._model = model
        self._delegate = delegate
        self._follows = True
        self._loading = False
        self.to_end = PushButton(self, icon="chevron-down")
        self.to_end.hide()
        self.to_end.clicked.connect(self.follow)
        self._dots = QTimer(self, interval=_FRAME_MS)
        self._dots.timeout.connect(self._bounce)
        self.setModel(model)
        self.setItemDelegate(delegate)
        self.setFrameShape(QListView.Shape.NoFrame)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollBar(QuietScrollBar(self))
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOn)
        self.setSelectionMode(QAbstractItemView.SelectionMode.NoSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setResizeMode(QListView.ResizeMode.Adjust)
        self.viewport().setAcceptDrops(False)
        self.setAcceptDrops(False)  # the pane takes what is dropped, wherever on it
        bar = self.verticalScrollBar()
        bar.setSingleStep(24)
        bar.valueChanged.connect(self._on_scrolled)
        bar.rangeChanged.connect(self._on_range)

    @property
    def follows(self) -> bool:
        """Whether new messages are scrolled into sight."""
        return self._follows

    def follow(self) -> None:
        """Go to the end, and stay there as messages come."""
        self._follows = True
        self.to_end.hide()
        self._model.drop_older()
        self.scrollToBottom()

    def message_came(self) -> None:
        """Something was said; where the user reads further up, offer a way to it."""
        if self._follows:
            self._model.drop_older()
            self.scrollToBottom()
        else:
            self.to_end.setText(tr("New message"))
            self._place_button()
            self.to_end.show()

    def show_typing(self, typing: bool) -> None:
        """Let the dots bounce, or rest."""
        if typing and not self._dots.isActive():
            self._dots.start()
        elif not typing:
            self._dots.stop()
        if self._follows:
            self.scrollToBottom()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._place_button()
        if self._follows:
            QTimer.singleShot(0, self, self._stay_at_end)  # once the rows are laid out anew

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.matches(QKeySequence.StandardKey.Copy) and self.currentIndex().isValid():
            self.copy_wanted.emit(self.currentIndex())
            event.accept()
        else:
            super().keyPressEvent(event)

    def keyboardSearch(self, search: str) -> None:
        del search  # letters typed here are meant for the box below

    def _stay_at_end(self) -> None:
        if self._follows:
            self.scrollToBottom()

    def _on_range(self) -> None:
        if self._follows and not self._loading:
            self.verticalScrollBar().setValue(self.verticalScrollBar().maximum())

    def _on_scrolled(self, value: int) -> None:
        if self._loading:
            return
        bar = self.verticalScrollBar()
        self._follows = value >= bar.maximum() - _NEAR
        if self._follows:
            self.to_end.hide()
        elif value < self.viewport().height() // 2:
            self._load_older()

    def _load_older(self) -> None:
        """More rows above; what is read stays where it is."""
        bar = self.verticalScrollBar()
        below = bar.maximum() - bar.value()
        self._loading = True
        if self._model.load_older():
            self.doItemsLayout()
            bar.setValue(bar.maximum() - below)
        self._loading = False

    def _place_button(self) -> None:
        self.to_end.adjustSize()
        area = self.viewport().geometry()
        self.to_end.move(
            area.center().x() - self.to_end.width() // 2,
            area.bottom() - self.to_end.height() - style.SPACE,
        )

    def _bounce(self) -> None:
        self._delegate.phase = (self._delegate.phase + _FRAME_MS / _TURN_MS) % 1.0
        if self._model.is_typing:
            self.update(self._model.index(self._model.rowCount() - 1))
