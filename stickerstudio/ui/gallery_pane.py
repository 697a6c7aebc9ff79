"""The gallery: every sticker in the library, newest first."""

from __future__ import annotations

from PySide6.QtWidgets import QWidget

from stickerstudio.session.session import Session


class GalleryPane(QWidget):
    """Thumbnails of the library, with search, favourites and what can be done with a sticker."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session

    def retranslate(self) -> None:
        """Word everything anew after a change of language."""
