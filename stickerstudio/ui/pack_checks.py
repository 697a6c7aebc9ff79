"""What each platform says to the pack: chosen by a tick, with every problem and its fix."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QCheckBox, QFrame, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from stickerstudio.core.i18n import tr, tr_n
from stickerstudio.packs.check import Fix, Judgement, Problem
from stickerstudio.packs.platform import Platform
from stickerstudio.packs.platforms import PLATFORMS
from stickerstudio.ui import style
from stickerstudio.ui.widgets import Picture, PushButton, clear_layout, label, name_control

_INDENT = 30  # pixels: below the name, not below its tick
_SHOWN = 4  # problems of one platform; the others are counted


class PlatformChecks(QScrollArea):
    """A row for each platform.

    Signals:
        chosen(list[str]): the pack is for these platforms now.
        fix_wanted(Problem): do what it offers.
        sticker_wanted(int): show that sticker.
    """

    chosen = Signal(object)
    fix_wanted = Signal(object)
    sticker_wanted = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.rows = {platform.key: _Row(platform, self) for platform in PLATFORMS}
        inside = QWidget()
        inside.setObjectName("scrolled")
        box = QVBoxLayout(inside)
        box.setContentsMargins(0, 0, style.SPACE, 0)
        box.setSpacing(style.SPACE // 2)
        for row in self.rows.values():
            box.addWidget(row)
            row.tick.toggled.connect(self._on_tick)
        box.addStretch()
        self.setWidget(inside)
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)

    def show_state(self, platforms: tuple[str, ...], judgements: Mapping[str, Judgement]) -> None:
        """Tick `platforms`, and say what each has to say."""
        for key, row in self.rows.items():
            row.tick.blockSignals(True)
            row.tick.setChecked(key in platforms)
            row.tick.blockSignals(False)
            row.show_judgement(judgements.get(key) if key in platforms else None)

    def retranslate(self) -> None:
        """Word it anew; the sentences come with the next `show_state`."""
        self.setAccessibleName(tr("Platforms"))
        for row in self.rows.values():
            row.retranslate()

    def _on_tick(self) -> None:
        self.chosen.emit([key for key, row in self.rows.items() if row.tick.isChecked()])


class _Row(QFrame):
    def __init__(self, platform: Platform, checks: PlatformChecks) -> None:
        super().__init__()
        self.setObjectName("row")
        self._platform = platform
        self._checks = checks
        self._judgement: Judgement | None = None
        self.tick = QCheckBox(platform.title)
        self.state = label("small")
        self.icon = Picture("check", 16)
        self.problems = QVBoxLayout()
        self.problems.setSpacing(style.SPACE // 2)
        head = QHBoxLayout()
        head.setSpacing(style.SPACE // 2)
        head.addWidget(self.tick, 1)
        head.addWidget(self.state)
        head.addWidget(self.icon)
        box = QVBoxLayout(self)
        box.setContentsMargins(style.SPACE, style.SPACE // 2, style.SPACE, style.SPACE // 2)
        box.setSpacing(style.SPACE // 2)
        box.addLayout(head)
        self.problems.setContentsMargins(_INDENT, 0, 0, 0)
        box.addLayout(self.problems)
        self.retranslate()

    def retranslate(self) -> None:
        sources = "\n".join(self._platform.sources)
        tip = tr("Limits from: {sources}", sources=sources) if sources else ""
        name_control(self.tick, self._platform.title, tip)
        self.show_judgement(self._judgement)

    def show_judgement(self, judgement: Judgement | None) -> None:
        """None: nothing is asked of this platform."""
        self._judgement = judgement
        clear_layout(self.problems)
        self.icon.setVisible(judgement is not None)
        self.state.setVisible(judgement is not None)
        if judgement is None:
            return
        opened = judgement.open
        self.icon.set_icon("warning" if opened else "check", "problem" if opened else "info")
        self.state.setText(
            tr_n("{n} problem", "{n} problems", len(opened)) if opened else tr("ready")
        )
        for problem in opened[:_SHOWN]:
            self.problems.addWidget(self._problem(problem))
        hidden = len(opened) - _SHOWN
        if hidden > 0:
            more = label("small")
            more.setText(tr("And {n} more.", n=hidden))
            self.problems.addWidget(more)
        notes = [problem for problem in judgement.problems if problem.is_settled]
        if notes and not opened:
            quiet = label("small", wrap=True)
            quiet.setText("\n".join(problem.text for problem in notes[:_SHOWN]))
            self.problems.addWidget(quiet)

    def _problem(self, problem: Problem) -> QWidget:
        line = QWidget()
        row = QHBoxLayout(line)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(style.SPACE)
        text = label("", wrap=True)
        text.setText(problem.text)
        row.addWidget(text, 1)
        top = Qt.AlignmentFlag.AlignTop
        if problem.fix is not None:
            button = PushButton()
            button.setAutoDefault(False)
            button.setText(fix_words(problem.fix))
            name_control(button, f"{fix_words(problem.fix)}: {problem.text}", problem.text)
            button.clicked.connect(lambda: self._checks.fix_wanted.emit(problem))
            row.addWidget(button, 0, top)
        elif problem.sticker is not None:
            button = PushButton()
            button.setAutoDefault(False)
            button.setObjectName("link")
            button.setText(tr("Show"))
            name_control(button, tr("Show sticker {n}", n=problem.sticker + 1))
            index = problem.sticker
            button.clicked.connect(lambda: self._checks.sticker_wanted.emit(index))
            row.addWidget(button, 0, top)
        return line


def fix_words(fix: Fix) -> str:
    """What a fix's button says."""
    return {
        "fit": tr("Fit"),
        "split": tr("Split"),
        "fewer_emoji": tr("Use fewer"),
        "emoji": tr("Suggest"),
        "shorten": tr("Shorten"),
        "first_frame": tr("Hold still"),
        "leave_out": tr("Leave out"),
    }[fix]
