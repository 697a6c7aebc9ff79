"""The chat: what was said, a box to write in, and a place to drop stickers on."""

from __future__ import annotations

from PySide6.QtWidgets import QWidget

from stickerstudio.session.session import Session


class ChatPane(QWidget):
    """The conversation with the friend."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session

    def retranslate(self) -> None:
        """Word everything anew after a change of language."""
