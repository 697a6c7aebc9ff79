"""The picture a sticker starts from, in the prompt pane: a thumbnail, how freely, and away with it.

And how many prompts the one that is typed stands for, where it has choices.
"""

from __future__ import annotations

from PySide6.QtCore import QEvent, QSize, Qt, Signal
from PySide6.QtGui import QImageReader, QPixmap
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QSlider, QWidget

from stickerstudio.core import wildcards
from stickerstudio.core.i18n import tr, tr_n
from stickerstudio.session.session import Session
from stickerstudio.session.state import MAX_COUNT, MIN_STRENGTH
from stickerstudio.ui import style
from stickerstudio.ui.widgets import IconButton, PushButton, label, name_control

_SIDE = style.SPACE * 4  # pixels of the thumbnail
_PERCENT = 100
_EXAMPLES = 6  # prompts in the tip


class PromptStart(QFrame):
    """Shown while the draft starts from a picture."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("row")
        self._session = session
        self._shown: str | None = None
        self.thumbnail = QLabel()
        self.thumbnail.setFixedSize(_SIDE, _SIDE)
        self.thumbnail.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._text = label("small")
        self.strength = QSlider(Qt.Orientation.Horizontal)
        self.strength.setRange(round(MIN_STRENGTH * _PERCENT), _PERCENT)
        self._number = label("small")
        self._number.setFixedWidth(style.SPACE * 5)
        self.remove = IconButton("close")
        row = QHBoxLayout(self)
        gap = style.SPACE // 2
        row.setContentsMargins(gap, gap, gap, gap)
        row.setSpacing(style.SPACE)
        for widget in (self.thumbnail, self._text):
            row.addWidget(widget)
        row.addWidget(self.strength, 1)
        row.addWidget(self._number)
        row.addWidget(self.remove)
        self.strength.valueChanged.connect(lambda n: session.edit(strength=n / _PERCENT))
        self.remove.clicked.connect(session.variations.forget_start)
        session.draft_changed.connect(self.show_draft)
        self.retranslate()
        self.show_draft()

    def retranslate(self) -> None:
        """Word it anew."""
        self._text.setText(tr("From this picture · change:"))
        self.thumbnail.setAccessibleName(tr("The picture to start from"))
        name_control(
            self.strength,
            tr("How much of the picture is painted anew"),
            tr("Little: close to the picture. Much: only its colours and places remain."),
        )
        name_control(self.remove, tr("Start without the picture"))

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.LanguageChange:
            self.retranslate()
        super().changeEvent(event)

    def show_draft(self) -> None:
        """Show the draft's picture and strength."""
        draft = self._session.draft
        percent = round(draft.strength * _PERCENT)
        was = self.strength.blockSignals(True)
        self.strength.setValue(percent)
        self.strength.blockSignals(was)
        self._number.setText(tr("{n} %", n=percent))
        if draft.start != self._shown:
            self._shown = draft.start
            self._load()
        self.setVisible(draft.start is not None)

    def _load(self) -> None:
        path = self._session.variations.start_path()
        if path is None:
            self.thumbnail.clear()
            return
        reader = QImageReader(str(path))
        ratio = self.devicePixelRatioF()
        size = reader.size().scaled(
            QSize(round(_SIDE * ratio), round(_SIDE * ratio)), Qt.AspectRatioMode.KeepAspectRatio
        )
        reader.setScaledSize(size)
        pixmap = QPixmap.fromImageReader(reader)  # null where it is gone: the engine will say so
        pixmap.setDevicePixelRatio(ratio)
        self.thumbnail.setPixmap(pixmap)


class PromptChoices(QWidget):
    """Shown while the prompt has choices: how many prompts that makes, and a button for all."""

    all_wanted = Signal(int)  # how many stickers make each of them once

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._total = 1
        self._words = label("small")
        self.make_all = PushButton()
        self.make_all.setObjectName("link")
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(style.SPACE // 2)
        row.addWidget(self._words)
        row.addWidget(self.make_all)
        row.addStretch()
        self.make_all.clicked.connect(lambda: self.all_wanted.emit(min(self._total, MAX_COUNT)))

    def show_prompt(self, prompt: str, seed: int, count: int) -> None:
        """Count what `prompt` stands for; `count` stickers are made now."""
        self._total = total = wildcards.count(prompt)
        self.setVisible(total > 1)
        if total == 1:
            return
        shown = self.locale().toString(total) if total < 10**6 else tr("over a million")
        self._words.setText(
            tr_n("{shown} prompt", "{shown} different prompts", min(total, 10**6), shown=shown)
        )
        written = wildcards.sampled(prompt, seed, min(count, total, _EXAMPLES))
        self._words.setToolTip("\n".join(written))
        every = min(total, MAX_COUNT)
        self.make_all.setVisible(count != every)
        self.make_all.setText(
            tr("Make all {n}", n=every) if every == total else tr("Make {n} of them", n=every)
        )
        self.make_all.setAccessibleName(self.make_all.text())
