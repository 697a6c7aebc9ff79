"""Settings: each takes effect at once, and there is nothing to confirm."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDialog,
    QGridLayout,
    QHBoxLayout,
    QLineEdit,
    QWidget,
)

from stickerstudio.core.i18n import LANGUAGES, tr
from stickerstudio.core.settings import MOST_UPSCALE, SHARP_SIDE
from stickerstudio.session.session import Session
from stickerstudio.ui import style
from stickerstudio.ui.widgets import Card, PushButton, label, name_control, window_box


class SettingsDialog(QDialog):
    """Shows session.settings and changes them."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._heading = label("title")
        self.language = QComboBox()
        self.theme = QComboBox()
        self.device = QComboBox()
        self.reason = label("small", wrap=True)
        self.library = QLineEdit(str(session.library.folder))
        self.library.setReadOnly(True)
        self.library.setCursorPosition(0)
        self.open_library = PushButton(icon="folder")
        self.hub = QLineEdit()
        self.upscale = QComboBox()
        self.live = QCheckBox()
        self.cutout = QCheckBox()
        self.finished_button = PushButton()
        self._labels = [label() for _ in range(6)]
        self._arrange()
        self._connect()
        self.retranslate()

    def retranslate(self) -> None:
        """Word everything anew."""
        self.setWindowTitle(tr("Settings"))
        self._heading.setText(tr("Settings"))
        names = (
            tr("&Language"),
            tr("&Theme"),
            tr("&Device"),
            tr("&Enlarge by"),
            tr("Sticker &folder"),
            tr("Download &mirror"),
        )
        fields = (self.language, self.theme, self.device, self.upscale, self.library, self.hub)
        tips = (
            tr("The language of this window"),
            tr("Light or dark"),
            tr("What the pictures are computed on"),
            tr("How many times a finished sticker is enlarged"),
            tr("Where your stickers are"),
            tr("Another address for model downloads; empty for the usual one"),
        )
        for words, name, field, tip in zip(self._labels, names, fields, tips, strict=True):
            words.setText(name)
            words.setBuddy(field)
            name_control(field, name.replace("&", ""), tip)
        self.hub.setPlaceholderText("https://huggingface.co")
        self.open_library.setText(tr("&Open"))
        name_control(self.open_library, tr("Open the sticker folder"))
        self.live.setText(tr("Live &preview when the program starts"))
        name_control(self.live, tr("Live preview when the program starts"))
        self.cutout.setText(tr("&Cut stickers out: transparent background"))
        name_control(self.cutout, tr("Cut stickers out"), tr("Transparent background"))
        self.finished_button.setText(tr("D&one"))
        name_control(self.finished_button, tr("Done"))
        self._fill()
        self._show_settings()
        self._show_engine()

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.LanguageChange:
            self.retranslate()
        super().changeEvent(event)

    def _arrange(self) -> None:
        card = Card()
        grid = QGridLayout()
        grid.setHorizontalSpacing(style.SPACE * 2)
        grid.setVerticalSpacing(style.SPACE)
        grid.setColumnStretch(1, 1)
        folder = QHBoxLayout()
        folder.setSpacing(style.SPACE)
        folder.addWidget(self.library, 1)
        folder.addWidget(self.open_library)
        fields = (self.language, self.theme, self.device, self.upscale, folder, self.hub)
        row = 0
        for words, field in zip(self._labels, fields, strict=True):
            grid.addWidget(words, row, 0)
            if isinstance(field, QHBoxLayout):
                grid.addLayout(field, row, 1)
            else:
                grid.addWidget(field, row, 1)
            row += 1
            if field is self.device:
                grid.addWidget(self.reason, row, 1)
                row += 1
        card.box.addLayout(grid)
        card.box.addSpacing(style.SPACE)
        card.box.addWidget(self.live)
        card.box.addWidget(self.cutout)
        foot = QHBoxLayout()
        foot.addStretch()
        foot.addWidget(self.finished_button)
        box = window_box(self)
        box.addWidget(self._heading)
        box.addWidget(card)
        box.addStretch()
        box.addLayout(foot)
        self.setMinimumWidth(style.SPACE * 64)

    def _connect(self) -> None:
        change = self._session.change_settings
        self.language.activated.connect(lambda i: change(language=self.language.itemData(i)))
        self.theme.activated.connect(lambda i: change(dark=self.theme.itemData(i)))
        self.device.activated.connect(lambda i: change(device=self.device.itemData(i)))
        self.upscale.activated.connect(lambda i: change(upscale=self.upscale.itemData(i)))
        self.live.clicked.connect(lambda on: change(live_preview=on))
        self.cutout.clicked.connect(lambda on: change(cutout=on))
        self.hub.editingFinished.connect(self._choose_hub)
        self.open_library.clicked.connect(self._open_library)
        self.finished_button.clicked.connect(self.close)
        self._session.settings_changed.connect(self._show_settings)
        self._session.engine_changed.connect(self._show_engine)

    def _fill(self) -> None:
        system = tr("As the system")
        choices: dict[QComboBox, list[tuple[str, object]]] = {
            self.language: [(system, None), *((title, key) for key, title in LANGUAGES.items())],
            self.theme: [(system, "system"), (tr("Light"), "light"), (tr("Dark"), "dark")],
            self.device: [
                (tr("Automatic"), "auto"),
                (tr("Processor (CPU)"), "cpu"),
                (tr("NVIDIA graphics card (CUDA)"), "cuda"),
                (tr("Apple graphics (MPS)"), "mps"),
            ],
            self.upscale: [
                (tr("Automatic ({n} pixels)", n=SHARP_SIDE), 0),
                (tr("Off"), 1),
                *((f"{times} ×", times) for times in range(2, MOST_UPSCALE + 1)),
            ],
        }
        for box, items in choices.items():
            box.clear()
            for text, value in items:
                box.addItem(text, value)

    def _show_settings(self) -> None:
        settings = self._session.settings
        for box, value in (
            (self.language, settings.language),
            (self.theme, settings.dark),
            (self.device, settings.device),
            (self.upscale, settings.upscale),
        ):
            values = [box.itemData(index) for index in range(box.count())]
            box.setCurrentIndex(values.index(value) if value in values else 0)
        self.live.setChecked(settings.live_preview)
        self.cutout.setChecked(settings.cutout)
        self.hub.setText(settings.hub_endpoint or "")

    def _show_engine(self) -> None:
        reason = self._session.engine.reason
        self.reason.setText(reason)
        self.reason.setVisible(bool(reason))

    def _choose_hub(self) -> None:
        endpoint = self.hub.text().strip() or None
        if endpoint != self._session.settings.hub_endpoint:
            self._session.change_settings(hub_endpoint=endpoint)

    def _open_library(self) -> None:
        QDesktopServices.openUrl(QUrl.fromLocalFile(str(self._session.library.folder)))
