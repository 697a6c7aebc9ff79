"""The models there are: add one from disk, get one from the hub, take one away."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QEvent, Qt, QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import (
    QCheckBox,
    QDialog,
    QFileDialog,
    QFrame,
    QHBoxLayout,
    QPlainTextEdit,
    QProgressBar,
    QVBoxLayout,
    QWidget,
)

from stickerstudio.core.i18n import tr
from stickerstudio.models.cards import ModelCard
from stickerstudio.session.session import Session
from stickerstudio.session.state import DownloadView
from stickerstudio.ui import style
from stickerstudio.ui.widgets import (
    Card,
    IconButton,
    PushButton,
    clear_layout,
    label,
    name_control,
    window_box,
)

GB = 1_000_000_000  # bytes, as disks and hubs count them


class ModelsDialog(QDialog):
    """Not modal: stickers can be made while a model arrives."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._wanted = ""
        self._heading = label("title")
        self._text = label("muted", wrap=True)
        self._list = QVBoxLayout()
        self.add_file = PushButton(icon="plus")
        self.add_folder = PushButton(icon="folder")
        self.get = GetModel(session)
        self.finished_button = PushButton()
        self._arrange()
        self.add_file.clicked.connect(self._choose_file)
        self.add_folder.clicked.connect(self._choose_folder)
        self.finished_button.clicked.connect(self.close)
        session.models_changed.connect(self._show_models)
        self.retranslate()

    def retranslate(self) -> None:
        """Word everything anew."""
        self.setWindowTitle(tr("Models"))
        self._heading.setText(tr("Models"))
        self._text.setText(
            tr("Any model of the SDXL architecture works: a diffusers folder or one file.")
        )
        self.add_file.setText(tr("Add a &file…"))
        name_control(self.add_file, tr("Add a model file"), tr("A .safetensors file"))
        self.add_folder.setText(tr("Add a f&older…"))
        name_control(self.add_folder, tr("Add a model folder"), tr("A folder in diffusers' layout"))
        self.finished_button.setText(tr("&Done"))
        name_control(self.finished_button, tr("Done"))
        self._show_models()

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.LanguageChange:
            self.retranslate()
        super().changeEvent(event)

    def open_for(self, model: str) -> None:
        """Show the window, ready to get `model`, or to add one where it is ""."""
        if model:
            self._wanted = model
            self._show_models()
        self.show()
        self.raise_()
        self.activateWindow()
        (self.get.accept if model else self.add_file).setFocus()

    def _arrange(self) -> None:
        foot = QHBoxLayout()
        foot.addWidget(self.add_file)
        foot.addWidget(self.add_folder)
        foot.addStretch()
        foot.addWidget(self.finished_button)
        self._list.setSpacing(style.SPACE // 2)
        box = window_box(self, style.SPACE)
        box.addWidget(self._heading)
        box.addWidget(self._text)
        box.addLayout(self._list)
        box.addWidget(self.get, 1)
        box.addLayout(foot)
        self.resize(style.SPACE * 70, style.SPACE * 72)

    def _show_models(self) -> None:
        clear_layout(self._list)
        there = [card for card in self._session.models if card.location is not None]
        for card in there:
            self._list.addWidget(self._row(card))
        offers = [card for card in self._session.models if card not in there and card.hub]
        chosen = [card for card in offers if card.name == self._wanted]
        self.get.show_card(next(iter([*chosen, *offers]), None))

    def _row(self, card: ModelCard) -> QWidget:
        row = QFrame()
        row.setObjectName("row")
        title = label("what")
        title.setText(card.local_title)
        facts = label("small")
        width, height = card.size
        facts.setText(f"{width} × {height} · {card.licence}")
        facts.setToolTip("" if card.location is None else str(card.location))
        words = QVBoxLayout()
        words.setSpacing(0)
        words.addWidget(title)
        words.addWidget(facts)
        line = QHBoxLayout(row)
        line.setContentsMargins(style.SPACE * 3 // 2, style.SPACE, style.SPACE, style.SPACE)
        line.addLayout(words, 1)
        if not card.bundled:
            remove = IconButton("trash")
            name_control(remove, tr("Take {title} off the list", title=card.local_title))
            remove.clicked.connect(lambda: self._session.remove_model(card.name))
            line.addWidget(remove)
        return row

    def _choose_file(self) -> None:
        chosen, _ = QFileDialog.getOpenFileName(
            self, tr("Add a model file"), str(Path.home()), tr("Model files (*.safetensors)")
        )
        if chosen:
            self._session.add_model(Path(chosen))

    def _choose_folder(self) -> None:
        chosen = QFileDialog.getExistingDirectory(self, tr("Add a model folder"), str(Path.home()))
        if chosen:
            self._session.add_model(Path(chosen))


class GetModel(Card):
    """One model of the hub: its licence to be read and accepted, its size, its way here."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._card: ModelCard | None = None
        self._title = label("heading")
        self._facts = label("muted", wrap=True)
        self._licence = QPlainTextEdit()
        self._licence.setReadOnly(True)
        self._licence.setTabChangesFocus(True)
        self.more = PushButton()
        self.more.setObjectName("link")
        self.accept = QCheckBox()
        self.download = PushButton(icon="download", primary=True)
        self.cancel = PushButton()
        self._bar = QProgressBar()
        self._bar.setTextVisible(False)
        self._state = label("small")
        self._arrange()
        self.accept.toggled.connect(self._show_state)
        self.download.clicked.connect(self._download)
        self.cancel.clicked.connect(self._cancel)
        self.more.clicked.connect(self._open_licence)
        session.download_changed.connect(self._show_state)

    def show_card(self, card: ModelCard | None) -> None:
        """Offer `card`; None hides the whole."""
        if self._card is None or card is None or card.name != self._card.name:
            self.accept.setChecked(False)
        self._card = card
        self.setVisible(card is not None)
        if card is None or card.hub is None:
            return
        self._title.setText(tr("Get {title}", title=card.local_title))
        self._facts.setText(
            tr(
                "{size} GB from {repo}. Sharper and more varied; best with a graphics card.",
                size=f"{card.hub.bytes / GB:.1f}",
                repo=card.hub.repo,
            )
        )
        self._licence.setPlainText(card.licence_text or card.licence)
        self._licence.setAccessibleName(tr("Licence of {title}", title=card.local_title))
        self.more.setText(tr("Read it on the web"))
        name_control(self.more, tr("Read the licence on the web"), card.licence_url)
        self.more.setVisible(bool(card.licence_url))
        self.accept.setText(tr("I have read and &accept “{licence}”", licence=card.licence))
        name_control(self.accept, tr("Accept the licence"))
        self.download.setText(tr("&Download"))
        name_control(self.download, tr("Download {title}", title=card.local_title))
        self.cancel.setText(tr("&Cancel"))
        tip = tr("What has arrived is kept; a later try goes on from there")
        name_control(self.cancel, tr("Cancel the download"), tip)
        self._bar.setAccessibleName(tr("Progress"))
        self._show_state()

    def _arrange(self) -> None:
        foot = QHBoxLayout()
        foot.addWidget(self.accept, 1)
        foot.addWidget(self.cancel)
        foot.addWidget(self.download)
        self.box.addWidget(self._title)
        self.box.addWidget(self._facts)
        self.box.addWidget(self._licence, 1)
        self.box.addWidget(self.more, 0, Qt.AlignmentFlag.AlignLeft)
        self.box.addWidget(self._bar)
        self.box.addWidget(self._state)
        self.box.addLayout(foot)

    def _show_state(self, _: object = None) -> None:
        view: DownloadView | None = (
            self._session.downloads.get(self._card.name) if self._card else None
        )
        self.download.setEnabled(view is None and self.accept.isChecked())
        self.accept.setEnabled(view is None)
        self.cancel.setVisible(view is not None)
        self._bar.setVisible(view is not None)
        self._state.setVisible(view is not None)
        if view is None:
            return
        self._bar.setRange(0, 1000 if view.total else 0)
        if view.total:
            self._bar.setValue(round(view.done / view.total * 1000))
        self._state.setText(
            tr("{done} of {total} GB", done=f"{view.done / GB:.2f}", total=f"{view.total / GB:.2f}")
            if view.total
            else tr("Asking the hub…")
        )

    def _download(self) -> None:
        if self._card is not None:
            self._session.download_model(self._card.name, self.accept.isChecked())

    def _cancel(self) -> None:
        if self._card is not None:
            self._session.cancel_download(self._card.name)

    def _open_licence(self) -> None:
        if self._card is not None:
            QDesktopServices.openUrl(QUrl(self._card.licence_url))
