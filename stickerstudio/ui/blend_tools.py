"""The toys of the blend pane: pad, map, comparison, saved blends; undo, redo, chance, reset."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Signal
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QHBoxLayout, QWidget

from stickerstudio.core.i18n import tr
from stickerstudio.session.blending import Blending
from stickerstudio.session.session import Session
from stickerstudio.ui.blend_saved import SavedBlends
from stickerstudio.ui.widgets import FlowLayout, IconButton, PushButton, name_control


def add_undo_keys(window: QWidget, blending: Blending) -> None:
    """Let Ctrl+Z take the last change of the blend back in `window`, and Ctrl+Shift+Z redo it.

    Text fields see the keys first, and keep their own undo.
    """
    for keys, verb in (
        ("Ctrl+Z", blending.undo),
        ("Ctrl+Shift+Z", blending.redo),
        ("Ctrl+Y", blending.redo),
    ):
        QShortcut(QKeySequence(keys), window).activated.connect(verb)


class BlendTools(QWidget):
    """Opens the windows that play with the blend."""

    pad_wanted = Signal()
    compare_wanted = Signal()
    map_wanted = Signal()

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._popover: SavedBlends | None = None
        self.pad = PushButton(icon="pad")
        self.compare = PushButton(icon="compare")
        self.map = PushButton(icon="grid")
        self.saved = PushButton(icon="bookmark")
        self.history = BlendHistoryButtons(session)
        line = FlowLayout(self, push_last=True)
        for button in (self.pad, self.map, self.compare, self.saved):
            button.setObjectName("link")
            line.addWidget(button)
        line.addWidget(self.history)
        self.pad.clicked.connect(self.pad_wanted)
        self.compare.clicked.connect(self.compare_wanted)
        self.map.clicked.connect(self.map_wanted)
        self.saved.clicked.connect(lambda: self.popover.open_at(self.saved))
        self.retranslate()

    @property
    def popover(self) -> SavedBlends:
        """The saved blends, made when they are first asked for."""
        if self._popover is None:
            self._popover = SavedBlends(self._session, self)
        return self._popover

    def retranslate(self) -> None:
        """Word everything anew."""
        for button, text, tip in (
            (self.pad, tr("Mix pad"), tr("Mix styles by moving a point between them")),
            (self.map, tr("Style map"), tr("See two sliders' whole range at once")),
            (self.compare, tr("Compare"), tr("Lay two blends side by side, with the same seed")),
            (self.saved, tr("Saved blends"), tr("Keep this blend by name, or take one back")),
        ):
            button.setText(text)
            name_control(button, text, tip)

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.LanguageChange:
            self.retranslate()
        super().changeEvent(event)


class BlendHistoryButtons(QWidget):
    """Undo, redo, chance and reset."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._blending = session.blending
        self.undo = IconButton("undo")
        self.redo = IconButton("redo")
        self.shuffle = IconButton("dice")
        self.reset = IconButton("reset")
        line = QHBoxLayout(self)
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(0)
        for button in (self.undo, self.redo, self.shuffle, self.reset):
            line.addWidget(button)
        self.undo.clicked.connect(self._blending.undo)
        self.redo.clicked.connect(self._blending.redo)
        self.shuffle.clicked.connect(lambda: self._blending.shuffle())
        self.reset.clicked.connect(session.reset_blend)
        self._blending.history_changed.connect(self._show_history)
        self._show_history()
        self.retranslate()

    def retranslate(self) -> None:
        """Word everything anew."""
        name_control(self.undo, tr("Undo the last change of the blend"), tr("Undo (Ctrl+Z)"))
        name_control(self.redo, tr("Redo the change of the blend"), tr("Redo (Ctrl+Shift+Z)"))
        name_control(self.shuffle, tr("Random blend"), tr("A blend by chance: one to three styles"))
        name_control(self.reset, tr("Reset the blend: defaults, all switched off"))

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.LanguageChange:
            self.retranslate()
        super().changeEvent(event)

    def _show_history(self) -> None:
        self.undo.setEnabled(self._blending.can_undo)
        self.redo.setEnabled(self._blending.can_redo)
