"""What can be done in the gallery's trash."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QMessageBox, QWidget

from stickerstudio.core.i18n import tr, tr_n
from stickerstudio.ui.widgets import PushButton, name_control


class TrashTools(QWidget):
    """The buttons that stand in place of the gallery's own while the trash is shown."""

    emptied = Signal()  # the user has said so twice

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.restore = PushButton(icon="undo")
        self.empty = PushButton(icon="trash")
        self._number = 0
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.restore)
        row.addStretch()
        row.addWidget(self.empty)
        self.empty.clicked.connect(self._ask)

    def retranslate(self) -> None:
        """Word everything anew."""
        self.restore.setText(tr("&Restore"))
        name_control(self.restore, tr("Restore"), tr("Put the chosen stickers back"))
        self.empty.setText(tr("&Empty the trash…"))
        name_control(self.empty, tr("Empty the trash"))

    def show_state(self, chosen: int, number: int) -> None:
        """So many stickers are chosen, of so many there."""
        self._number = number
        self.restore.setEnabled(chosen > 0)
        self.empty.setEnabled(number > 0)

    def _ask(self) -> None:
        box = QMessageBox(self)
        box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        box.setWindowTitle(tr("Empty the trash"))
        box.setText(
            tr_n(
                "Delete one sticker for good?",
                "Delete {shown} stickers for good?",
                self._number,
                shown=self.locale().toString(self._number),
            )
        )
        box.setInformativeText(tr("This cannot be undone."))
        delete = box.addButton(tr("&Delete for good"), QMessageBox.ButtonRole.DestructiveRole)
        box.setDefaultButton(box.addButton(tr("&Cancel"), QMessageBox.ButtonRole.RejectRole))
        delete.clicked.connect(self.emptied)
        box.open()
