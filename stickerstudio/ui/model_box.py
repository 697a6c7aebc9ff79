"""The choice of a model; its last entries lead to more of them."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Signal
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QComboBox, QWidget

from stickerstudio.core.i18n import tr
from stickerstudio.session.session import Session
from stickerstudio.ui import style
from stickerstudio.ui.widgets import name_control

_ADD, _GET = "add", "get"


class ModelBox(QComboBox):
    """Shows session.draft.model among session.models, and edits it."""

    models_wanted = Signal(str)  # the name of the model to get; "" to add one from disk

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self.setMinimumWidth(style.SPACE * 18)
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        self.activated.connect(self._chosen)
        session.models_changed.connect(self._fill)
        session.draft_changed.connect(self._show_draft)
        self._fill()

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.LanguageChange:
            self._fill()
        super().changeEvent(event)

    def wheelEvent(self, event: QWheelEvent) -> None:
        event.ignore()  # another model is a long wait: never by a chance turn of the wheel

    def _fill(self) -> None:
        name_control(self, tr("Model"), tr("The model that paints"))
        self.clear()
        cards = self._session.models
        for card in cards:
            if card.location is not None:
                self.addItem(card.local_title, (None, card.name))
        self.insertSeparator(self.count())
        self.addItem(tr("Add from disk…"), (_ADD, ""))
        for card in cards:
            if card.location is None and card.hub is not None:
                self.addItem(tr("Get {title}…", title=card.local_title), (_GET, card.name))
        self._show_draft()

    def _show_draft(self) -> None:
        wanted = self._session.draft.model
        for index in range(self.count()):
            if self.itemData(index) == (None, wanted):
                self.setCurrentIndex(index)
                return
        self.setCurrentIndex(-1)
        self.setPlaceholderText(tr("{name} (not installed)", name=wanted))

    def _chosen(self, index: int) -> None:
        kind, name = self.itemData(index)
        if kind is None:
            card = next(card for card in self._session.models if card.name == name)
            steps = card.steps_from(started=self._session.draft.start is not None)
            self._session.edit(model=name, steps=steps, size=None)
        else:
            self._show_draft()
            self.models_wanted.emit(name)
