"""The live preview once more, for windows that lie over the main one."""

from __future__ import annotations

from PySide6.QtCore import QEvent
from PySide6.QtWidgets import QWidget

from stickerstudio.core.i18n import tr
from stickerstudio.core.messages import PreviewReady
from stickerstudio.session.session import Session
from stickerstudio.ui.preview import PreviewView


class LivePreview(PreviewView):
    """Shows every preview of `session`, beginning with the last one."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        session.preview_ready.connect(self._show)
        session.preview_cleared.connect(self.clear)
        session.draft_changed.connect(self._word)
        if session.blending.picture is not None:
            self._show(session.blending.picture)
        self.retranslate()

    def retranslate(self) -> None:
        """Word everything anew."""
        self.setAccessibleName(tr("Preview"))
        self._word()

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.LanguageChange:
            self.retranslate()
        super().changeEvent(event)

    def _show(self, preview: PreviewReady) -> None:
        self.show_rgba(preview.width, preview.height, preview.rgba, "")

    def _word(self) -> None:
        if not self._session.draft.live:
            self.empty.set_texts(tr("Live preview is off"), tr("Switch it on to see the mix here."))
        else:
            self.empty.set_texts(
                tr("Your sticker appears here"), tr("Type in the main window what it should show.")
            )
