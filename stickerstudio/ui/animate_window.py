"""“Animate…”: one sticker in motion, played, and saved as what a platform takes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

from PySide6.QtCore import QDir, QEvent, QSignalBlocker, QStandardPaths, Qt
from PySide6.QtGui import QCloseEvent
from PySide6.QtWidgets import (
    QButtonGroup,
    QComboBox,
    QDialog,
    QFileDialog,
    QGridLayout,
    QHBoxLayout,
    QProgressBar,
    QVBoxLayout,
    QWidget,
)

from stickerstudio.core.i18n import tr, tr_n
from stickerstudio.core.save import suggested_name
from stickerstudio.core.sticker import Sticker
from stickerstudio.finish.motion import MOTIONS, Motion, title
from stickerstudio.packs.moving import Target, find_target, targets
from stickerstudio.session.animating import Passage
from stickerstudio.session.session import Session
from stickerstudio.session.state import Notice
from stickerstudio.ui import style
from stickerstudio.ui.animate_player import Player
from stickerstudio.ui.editor_controls import NumberSlider
from stickerstudio.ui.notice import NoticeBar
from stickerstudio.ui.widgets import Card, ElidedLabel, PushButton, label, name_control, window_box

_COLUMN = style.SPACE * 40  # pixels
_LONGEST = 4.0  # seconds of the slider; LINE's limit, and longer than a loop of this kind needs
_FPS = (6.0, 30.0)
_PASSAGES: tuple[Passage, ...] = ("seed", "style")

Choice = TypeVar("Choice")


class AnimateWindow(QDialog):
    """Shows session.animating. Not modal."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self.document = session.animating
        self.player = Player()
        self.motions: dict[Motion, PushButton] = {motion: PushButton() for motion in MOTIONS}
        self.passages: dict[Passage, PushButton] = {each: PushButton() for each in _PASSAGES}
        movement = self.document.plan.movement
        self.seconds = NumberSlider(0.4, _LONGEST, movement.seconds, _in_seconds)
        self.fps = NumberSlider(*_FPS, float(movement.fps), lambda value: f"{value:.0f}")
        self.amount = NumberSlider(0.0, 1.0, movement.amount, lambda value: f"{value * 100:.0f} %")
        self.target = QComboBox()
        self.save = PushButton(primary=True, icon="save")
        self.notices = NoticeBar()
        self._title = ElidedLabel("title")
        self._moves, self._paints, self._for = label("small"), label("small"), label("small")
        self._hint = label("small", wrap=True)
        self.facts = label("", wrap=True)
        self._limits = label("small", wrap=True)
        self._busy = QProgressBar()
        self._arrange()
        self._connect()
        self.retranslate()

    def open_for(self, sticker: Sticker) -> None:
        """Show the window with that sticker."""
        self.show()
        self.raise_()
        self.activateWindow()
        self.document.open(sticker)

    def retranslate(self) -> None:
        """Word everything anew."""
        self.setWindowTitle(tr("Animate sticker"))
        self._moves.setText(tr("Move the sticker"))
        for motion, button in self.motions.items():
            button.setText(title(motion))
            name_control(button, title(motion))
        self._paints.setText(tr("Let the model paint the way"))
        words = {
            "seed": (tr("To another sticker"), tr("Towards another seed, and back")),
            "style": (tr("Style out and in"), tr("The LoRAs' weights down to nothing, and back")),
        }
        for passage, button in self.passages.items():
            button.setText(words[passage][0])
            name_control(button, *words[passage])
        self.seconds.set_name(tr("Seconds a round"))
        self.fps.set_name(tr("Frames a second"))
        self.amount.set_name(tr("Strength"))
        self._for.setText(tr("Save for"))
        name_control(self.target, tr("Save for"))
        self.save.setText(tr("&Save…"))
        name_control(self.save, tr("Save"), tr("Save the animation as a file"))
        self._busy.setAccessibleName(tr("Progress"))
        self.player.retranslate()
        self._show_plan()
        self._show_facts()

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.LanguageChange:
            self.retranslate()
        super().changeEvent(event)

    def closeEvent(self, event: QCloseEvent) -> None:
        super().closeEvent(event)
        self.document.close()
        self.player.set_animation(None)

    def reject(self) -> None:
        """Esc closes the window as its cross does."""
        self.close()

    # --- building ---

    def _arrange(self) -> None:
        for target in targets():
            self.target.addItem(target.title, target.key)
        group = QButtonGroup(self)
        card = Card()
        card.setFixedWidth(_COLUMN)
        for words, buttons, columns in (
            (self._moves, list(self.motions.values()), 3),
            (self._paints, list(self.passages.values()), 2),
        ):
            card.box.addWidget(words)
            grid = QGridLayout()
            grid.setSpacing(style.SPACE // 2)
            for number, button in enumerate(buttons):
                button.setCheckable(True)
                group.addButton(button)
                grid.addWidget(button, *divmod(number, columns))
            card.box.addLayout(grid)
        card.box.addWidget(self._hint)
        card.box.addSpacing(style.SPACE)
        for widget in (self.seconds, self.fps, self.amount):
            card.box.addWidget(widget)
        card.box.addStretch()
        for widget in (self._for, self.target, self._limits, self.facts):
            card.box.addWidget(widget)
        left = QVBoxLayout()
        left.setSpacing(style.SPACE)
        left.addWidget(self._title)
        left.addWidget(self.player, 1)
        row = QHBoxLayout()
        row.setSpacing(style.SPACE * 2)
        row.addLayout(left, 1)
        row.addWidget(card)
        self._busy.setRange(0, 0)
        self._busy.setFixedWidth(style.SPACE * 10)
        self._busy.setTextVisible(False)
        foot = QHBoxLayout()
        foot.addWidget(self._busy)
        foot.addStretch()
        foot.addWidget(self.save)
        box = window_box(self)
        box.addWidget(self.notices)
        box.addLayout(row, 1)
        box.addLayout(foot)
        self.resize(style.SPACE * 106, style.SPACE * 78)

    def _connect(self) -> None:
        document = self.document
        for motion, button in self.motions.items():
            button.clicked.connect(_calling(self._move, motion))
        for passage, button in self.passages.items():
            button.clicked.connect(_calling(self._pass, passage))
        self.seconds.changed.connect(lambda value: self._change(seconds=round(value, 2)))
        self.fps.changed.connect(lambda value: self._change(fps=round(value)))
        self.amount.changed.connect(lambda value: self._change(amount=round(value, 3)))
        self.target.activated.connect(self._aim)
        self.save.clicked.connect(self._ask_where)
        document.opened.connect(self._show_plan)
        document.shown.connect(lambda: self.player.set_animation(document.animation))
        document.measured.connect(self._show_facts)
        document.busy_changed.connect(self._show_facts)
        document.painted.connect(self._show_painted)
        document.notice.connect(self.notices.add)
        document.saved.connect(
            lambda path: self.notices.add(Notice(text=tr("Saved: {name}", name=path.name)))
        )

    # --- what the user does ---

    def _move(self, motion: Motion) -> None:
        plan = self.document.plan
        movement = replace(plan.movement, motion=motion)
        self.document.edit(replace(plan, movement=movement, passage=None))
        self._show_plan()

    def _pass(self, passage: Passage) -> None:
        self.document.edit(replace(self.document.plan, passage=passage))
        self._show_plan()

    def _change(self, **changes: object) -> None:
        plan = self.document.plan
        movement = replace(plan.movement, **changes)  # pyright: ignore[reportArgumentType]
        self.document.edit(replace(plan, movement=movement))

    def _aim(self, index: int) -> None:
        self.document.edit(replace(self.document.plan, target=self.target.itemData(index)))
        self._show_facts()

    def _ask_where(self) -> None:
        sticker = self.document.sticker
        if sticker is None or self.document.fitted is None:
            return
        suffix = self._target().suffix
        start = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.PicturesLocation)
        dialog = QFileDialog(self, "", start or QDir.homePath())
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.setWindowTitle(tr("Save the animation"))
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setNameFilter(f"{self._target().title} (*{suffix})")
        dialog.setDefaultSuffix(suffix[1:])
        dialog.selectFile(f"{suggested_name(sticker)}{suffix}")
        dialog.fileSelected.connect(lambda path: self.document.save(Path(path)))
        dialog.open()

    # --- what is shown ---

    def _target(self) -> Target:
        return find_target(self.document.plan.target)

    def _show_plan(self) -> None:
        document = self.document
        plan, sticker = document.plan, document.sticker
        self._title.setText(sticker.recipe.prompt if sticker else tr("Animate sticker"))
        chosen = self.passages[plan.passage] if plan.passage else self.motions[plan.movement.motion]
        chosen.setChecked(True)
        self.passages["style"].setEnabled(document.has_style)
        self._hint.setText("" if document.has_style else tr("This sticker has no style to fade."))
        self._hint.setVisible(sticker is not None and not document.has_style)
        self.fps.setEnabled(plan.passage is None)
        self.amount.setEnabled(plan.passage is None)
        with QSignalBlocker(self.target):
            self.target.setCurrentIndex(self.target.findData(plan.target))

    def _show_facts(self) -> None:
        """The file as it would be saved, beside what the target allows."""
        document, target = self.document, self._target()
        self._busy.setVisible(document.busy)
        self.save.setEnabled(document.fitted is not None)
        self._limits.setText(_limits(target))
        fitted = document.fitted
        if fitted is not None:
            size = "×".join(map(str, fitted.size))
            frames = tr_n("{n} frame", "{n} frames", fitted.frames)
            self.facts.setText(f"{frames} · {size} · {_kilobytes(len(fitted.data))}")
        elif document.problem is not None:
            self.facts.setText(str(document.problem.to_error()))
        else:
            self.facts.setText(tr("Measuring…") if document.sticker else "")

    def _show_painted(self, done: int, count: int) -> None:
        self.facts.setText(tr("Painted: {done} of {count}", done=done, count=count))


def _in_seconds(value: float) -> str:
    return tr("{n} s", n=f"{value:.1f}")


def _kilobytes(count: int) -> str:
    return tr("{n} KB", n=f"{count / 1000:,.0f}")


def _limits(target: Target) -> str:
    """What a platform allows, in one line; nothing for a plain format."""
    rule, timing = target.rule, target.rule.timing
    if rule.max_bytes is None or timing is None:
        return ""
    words = [target.suffix[1:].upper() if rule.format != "apng" else "APNG"]
    if timing.max_frames:
        words.append(tr_n("up to {n} frame", "up to {n} frames", timing.max_frames))
    words.append(tr("up to {n} s", n=f"{timing.max_ms / 1000:g}"))
    words.append(tr("up to {size}", size=_kilobytes(rule.max_bytes)))
    return " · ".join(words)


def _calling(verb: Callable[[Choice], None], choice: Choice) -> Callable[[], None]:
    """`verb(choice)` for a button's press, whatever the press says of itself."""
    return lambda: verb(choice)
