"""The blend: every LoRA on the shelf with a slider that the picture follows."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from PySide6.QtCore import QEvent, Signal
from PySide6.QtWidgets import (
    QFileDialog,
    QHBoxLayout,
    QScrollArea,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from stickerstudio.core.i18n import tr
from stickerstudio.session.session import Session
from stickerstudio.ui import style
from stickerstudio.ui.blend_row import BlendRow
from stickerstudio.ui.blend_tools import BlendTools
from stickerstudio.ui.file_drop import FileDrop
from stickerstudio.ui.widgets import (
    Card,
    EmptyState,
    PushButton,
    label,
    name_control,
    scroll_list,
)


class BlendPane(Card):
    """Rows for session.draft.blend. Takes dropped .safetensors files."""

    train_wanted = Signal()

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._rows: dict[str, BlendRow] = {}
        self._drop = FileDrop(self)
        self._heading = label("heading")
        self.tools = BlendTools(session)
        self.add = PushButton(icon="plus")
        self.train = PushButton(icon="brush")
        self._empty = EmptyState("blend")
        self._list = QVBoxLayout()
        self._area = QScrollArea()
        self._arrange()
        self.add.clicked.connect(self._choose_file)
        self.train.clicked.connect(self.train_wanted)
        self._drop.dropped.connect(self._add)
        session.draft_changed.connect(self._show_draft)
        session.loras_changed.connect(self._show_shelf)
        self.retranslate()
        self._show_shelf()

    @property
    def rows(self) -> dict[str, BlendRow]:
        """The row of each LoRA, by its name."""
        return self._rows

    def retranslate(self) -> None:
        """Word everything anew after a change of language; the rows do so themselves."""
        self._heading.setText(tr("Blend of styles"))
        self.add.setText(tr("&Add a style…"))
        name_control(self.add, tr("Add a style"), tr("Add a LoRA file (.safetensors)"))
        self.train.setText(tr("&Train a style…"))
        name_control(self.train, tr("Train a style"), tr("Make a style of your own drawings"))
        self._area.setAccessibleName(tr("Styles to blend"))
        self._empty.set_texts(
            tr("No styles yet"),
            tr("Drop a LoRA file (.safetensors) here, or press “Add a style…”."),
        )

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.LanguageChange:
            self.retranslate()
        super().changeEvent(event)

    def _arrange(self) -> None:
        head = QHBoxLayout()
        head.addWidget(self._heading)
        head.addStretch()
        head.addWidget(self.train)
        head.addWidget(self.add)
        self._list.setContentsMargins(0, 0, style.SPACE // 2, 0)
        scroll_list(self._area, self._list)
        self._area.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self._area.setMinimumHeight(style.SPACE * 5)  # of one row; small screens scroll
        top = QVBoxLayout()
        top.setSpacing(style.SPACE // 2)
        top.addLayout(head)
        top.addWidget(self.tools)
        self.box.addLayout(top)
        self.box.addWidget(self._area, 1)
        self.box.addWidget(self._empty, 1)

    def _show_shelf(self) -> None:
        """Rows for the LoRAs there are; those that stay keep their widgets and the focus."""
        loras = {info.name: info for info in self._session.loras}
        blending = self._session.blending
        for name in [name for name in self._rows if name not in loras]:
            row = self._rows.pop(name)
            self._list.removeWidget(row)
            row.hide()
            row.deleteLater()
        for place, (name, info) in enumerate(loras.items()):
            if name not in self._rows:
                row = BlendRow(info, self._session.default_weight(name))
                row.weight_chosen.connect(blending.weigh)
                row.enabled_chosen.connect(self._session.set_enabled)
                row.only_chosen.connect(self._session.only)
                row.remove_chosen.connect(self._session.remove_lora)
                row.block_chosen.connect(blending.weigh_block)
                row.blocks_reset.connect(blending.reset_blocks)
                row.held.connect(blending.hold)
                row.released.connect(blending.release)
                self._rows[name] = row
                self._list.insertWidget(place, row)
        self._area.setVisible(bool(loras))
        self._empty.setVisible(not loras)
        self.tools.setVisible(bool(loras))
        self._show_draft()

    def _show_draft(self) -> None:
        for entry in self._session.draft.blend:
            if entry.name in self._rows:
                self._rows[entry.name].show_entry(entry)

    def _choose_file(self) -> None:
        chosen, _ = QFileDialog.getOpenFileNames(
            self, tr("Add a style"), str(Path.home()), tr("LoRA files (*.safetensors)")
        )
        self._add(map(Path, chosen))

    def _add(self, files: Iterable[Path]) -> None:
        for file in files:
            self._session.add_lora(file)  # anything but a LoRA is refused there, with a sentence
