"""Numbers of an order: the seed with its lock and dice, how many, how many steps."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtWidgets import QDoubleSpinBox, QHBoxLayout, QSpinBox, QVBoxLayout, QWidget

from stickerstudio.core.i18n import tr
from stickerstudio.core.recipe import MAX_SEED
from stickerstudio.models.cards import ModelCard
from stickerstudio.session.state import MAX_COUNT, Draft
from stickerstudio.ui import style
from stickerstudio.ui.widgets import IconButton, label, name_control


class SeedBox(QDoubleSpinBox):
    """0 … MAX_SEED. A double box, because Qt's whole-number box ends at 2³¹ − 1."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setDecimals(0)
        self.setRange(0, MAX_SEED)
        self.setKeyboardTracking(False)
        self.setFixedWidth(style.SPACE * 14)


class PromptOptions(QWidget):
    """One line of fields, each under its name."""

    changed = Signal(dict)  # fields of Draft, as for Session.edit
    dice_pressed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.seed = SeedBox()
        self.lock = IconButton("unlock")
        self.lock.setCheckable(True)
        self.dice = IconButton("dice")
        self.count = QSpinBox()
        self.count.setRange(1, MAX_COUNT)
        self.steps = QSpinBox()
        for box in (self.count, self.steps):
            box.setFixedWidth(style.SPACE * 8)
        for box in (self.seed, self.count, self.steps):
            box.lineEdit().setTextMargins(style.SPACE - 2, 0, 0, 0)  # no style sheet reaches these
        self._names = [label("small") for _ in range(3)]
        self._arrange()
        self.seed.valueChanged.connect(lambda value: self.changed.emit({"seed": int(value)}))
        self.count.valueChanged.connect(lambda value: self.changed.emit({"count": value}))
        self.steps.valueChanged.connect(lambda value: self.changed.emit({"steps": value}))
        self.lock.clicked.connect(lambda on: self.changed.emit({"seed_locked": on}))
        self.dice.clicked.connect(self.dice_pressed)
        self.retranslate()

    def show_draft(self, draft: Draft, card: ModelCard | None) -> None:
        """Show the numbers of `draft`, steps within what `card` allows."""
        boxes = (self.seed, self.count, self.steps)
        blocked = [box.blockSignals(True) for box in boxes]
        low, high = (card.min_steps, card.max_steps) if card else (1, 50)
        self.steps.setRange(min(low, draft.steps), max(high, draft.steps))
        self.steps.setEnabled(low < high)
        self.seed.setValue(draft.seed)
        self.count.setValue(draft.count)
        self.steps.setValue(draft.steps)
        for box, was in zip(boxes, blocked, strict=True):
            box.blockSignals(was)
        self.lock.setChecked(draft.seed_locked)
        self._show_lock(draft.seed_locked)

    def retranslate(self) -> None:
        """Word everything anew."""
        names = (tr("&Seed"), tr("&How many"), tr("S&teps"))
        fields = (self.seed, self.count, self.steps)
        tips = (
            tr("Same words and same seed give the same sticker"),
            tr("Stickers to make at once, each with the next seed"),
            tr("More steps: finer, and slower"),
        )
        for words, name, field, tip in zip(self._names, names, fields, tips, strict=True):
            words.setText(name)
            words.setBuddy(field)
            name_control(field, name.replace("&", ""), tip)
        name_control(self.dice, tr("Roll another seed"))
        self._show_lock(self.lock.isChecked())

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.LanguageChange:
            self.retranslate()
        super().changeEvent(event)

    def _show_lock(self, locked: bool) -> None:
        self.lock.set_icon("lock" if locked else "unlock")
        tip = (
            tr("The seed stays after making")
            if locked
            else tr("The seed changes after making: press to keep it")
        )
        name_control(self.lock, tr("Keep the seed"), tip)

    def _arrange(self) -> None:
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(style.SPACE * 3 // 2)
        groups = ((self.seed, self.lock, self.dice), (self.count,), (self.steps,))
        for name, fields in zip(self._names, groups, strict=True):
            column = QVBoxLayout()
            column.setSpacing(style.SPACE // 4)
            column.addWidget(name)
            line = QHBoxLayout()
            line.setSpacing(style.SPACE // 4)
            for field in fields:
                line.addWidget(field, 0, Qt.AlignmentFlag.AlignVCenter)
            column.addLayout(line)
            row.addLayout(column)
