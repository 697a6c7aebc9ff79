"""The one place errors appear: a bar that never blocks, says what, why and what to do, and waits.

Notices queue up; the oldest is shown first, and a repetition of one that waits is not added again.
"""

from __future__ import annotations

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QGuiApplication, QKeyEvent
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QPlainTextEdit,
    QVBoxLayout,
    QWidget,
)

from stickerstudio.core.i18n import tr
from stickerstudio.session.state import Notice
from stickerstudio.ui import style
from stickerstudio.ui.widgets import IconButton, Picture, PushButton, label, name_control

LIMIT = 20  # notices that wait; a flood is one problem, not two hundred


class NoticeBar(QFrame):
    """The bar. Hidden while there is nothing to say."""

    action_requested = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("notice")
        self._waiting: list[Notice] = []
        self._sign = Picture("info", 22)
        self._what = label("what", wrap=True)
        self._why = label(wrap=True)
        for words in (self._what, self._why):
            words.setTextFormat(Qt.TextFormat.PlainText)
            words.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._count = label("small")
        self._action = PushButton()
        self._more = PushButton()
        self._more.setObjectName("link")
        self._more.setCheckable(True)
        self._copy = PushButton()
        self._copy.setObjectName("link")
        self._close = IconButton("close")
        self._details = QPlainTextEdit()
        self._details.setReadOnly(True)
        self._details.setTabChangesFocus(True)
        self._details.setFixedHeight(style.SPACE * 16)
        self._arrange()
        self._action.clicked.connect(self._act)
        self._close.clicked.connect(self.dismiss)
        self._more.toggled.connect(self._unfold)
        self._copy.clicked.connect(self._copy_details)
        self.retranslate()
        self.hide()

    @property
    def current(self) -> Notice | None:
        """The notice on screen."""
        return self._waiting[0] if self._waiting else None

    def add(self, notice: Notice) -> None:
        """Show `notice` now, or after those before it."""
        if notice in self._waiting or len(self._waiting) >= LIMIT:
            return
        self._waiting.append(notice)
        self._show_first()

    def dismiss(self) -> None:
        """Take the shown notice away; the next one appears."""
        if self._waiting:
            self._waiting.pop(0)
        self._more.setChecked(False)
        self._show_first()

    def retranslate(self) -> None:
        """Word the controls anew; notices keep the language they happened in."""
        self.setAccessibleName(tr("Notice"))
        self._more.setText(tr("Details"))
        self._more.setAccessibleName(tr("Show the details of this problem"))
        self._copy.setText(tr("Copy details"))
        self._copy.setAccessibleName(tr("Copy details"))
        self._details.setAccessibleName(tr("Details"))
        name_control(self._close, tr("Close this notice"))
        self._show_first()

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.LanguageChange:
            self.retranslate()
        super().changeEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.dismiss()
        else:
            super().keyPressEvent(event)

    def _arrange(self) -> None:
        words = QVBoxLayout()
        words.setSpacing(style.SPACE // 4)
        words.addWidget(self._what)
        words.addWidget(self._why)
        row = QHBoxLayout()
        row.setSpacing(style.SPACE)
        row.addWidget(self._sign, 0, Qt.AlignmentFlag.AlignTop)
        row.addLayout(words, 1)
        for widget in (self._count, self._more, self._copy, self._action, self._close):
            row.addWidget(widget, 0, Qt.AlignmentFlag.AlignVCenter)
        box = QVBoxLayout(self)
        box.setContentsMargins(style.SPACE * 2, style.SPACE, style.SPACE, style.SPACE)
        box.addLayout(row)
        box.addWidget(self._details)

    def _show_first(self) -> None:
        notice = self.current
        if notice is None:
            self.hide()
            return
        error = notice.error
        what = error.what if error else notice.text
        rest = "\n".join(filter(None, (error.why, error.todo))) if error else ""
        details = error.details if error else ""
        tone = "info" if error is None else "fault" if error.is_fault else "problem"
        self._sign.set_icon({"info": "info", "problem": "warning", "fault": "error"}[tone], tone)
        self.setProperty("tone", tone)
        self.style().unpolish(self)
        self.style().polish(self)
        self._what.setText(what)
        self._why.setText(rest)
        self._why.setVisible(bool(rest))
        self.setAccessibleDescription(f"{what} {rest}".strip())
        waiting = len(self._waiting) - 1
        self._count.setText(tr("{n} more", n=waiting) if waiting else "")
        self._count.setVisible(bool(waiting))
        self._action.setVisible(bool(notice.action))
        self._action.setText(notice.action_label)
        self._action.setAccessibleName(notice.action_label)
        self._more.setVisible(bool(details))
        self._details.setPlainText(details)
        self._unfold(self._more.isChecked())
        self.show()

    def _unfold(self, on: bool) -> None:
        shown = on and bool(self._details.toPlainText())
        self._details.setVisible(shown)
        self._copy.setVisible(shown)

    def _act(self) -> None:
        notice = self.current
        self.dismiss()
        if notice is not None and notice.action:
            self.action_requested.emit(notice.action)

    def _copy_details(self) -> None:
        error = self.current.error if self.current else None
        if error is not None:
            text = "\n".join((f"{error.kind}: {error.what}", error.why, error.todo, error.details))
            QGuiApplication.clipboard().setText(text)
