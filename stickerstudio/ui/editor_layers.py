"""The row of buttons below a layer's controls: forward, back, take away."""

from __future__ import annotations

from PySide6.QtWidgets import QHBoxLayout, QWidget

from stickerstudio.core.i18n import tr
from stickerstudio.session.designing import Designing
from stickerstudio.ui import style
from stickerstudio.ui.widgets import IconButton, name_control


class LayerRow(QWidget):
    """Acts on the document's chosen layer."""

    def __init__(self, document: Designing, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._document = document
        self.forward = IconButton("arrow-up", quiet=False)
        self.back = IconButton("arrow-down", quiet=False)
        self.remove = IconButton("trash", quiet=False)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(style.SPACE // 2)
        row.addWidget(self.forward)
        row.addWidget(self.back)
        row.addWidget(self.remove)
        row.addStretch()
        self.forward.clicked.connect(lambda: self._raise(1))
        self.back.clicked.connect(lambda: self._raise(-1))
        self.remove.clicked.connect(self._remove)

    def show_design(self) -> None:
        """Enable what can be done."""
        index, number = self._document.selected, len(self._document.design.layers)
        self.forward.setEnabled(index is not None and index < number - 1)
        self.back.setEnabled(index is not None and index > 0)
        self.remove.setEnabled(index is not None)

    def retranslate(self) -> None:
        """Word the buttons anew."""
        name_control(self.forward, tr("Bring forward"), tr("Bring forward (Page Up)"))
        name_control(self.back, tr("Send back"), tr("Send back (Page Down)"))
        name_control(self.remove, tr("Remove"), tr("Remove (Delete)"))

    def _raise(self, by: int) -> None:
        if self._document.selected is not None:
            self._document.raise_layer(self._document.selected, by)

    def _remove(self) -> None:
        if self._document.selected is not None:
            self._document.remove_layer(self._document.selected)
