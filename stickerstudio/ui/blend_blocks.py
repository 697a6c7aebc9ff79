"""Where in the model a LoRA counts: one small slider for each part."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtWidgets import QGridLayout, QLabel, QWidget

from stickerstudio.core.i18n import tr
from stickerstudio.core.recipe import BLOCKS, BlockWeight
from stickerstudio.session.state import MAX_BLOCK, MIN_BLOCK
from stickerstudio.ui import style
from stickerstudio.ui.weight_slider import WeightSlider
from stickerstudio.ui.widgets import PushButton, label, name_control

NEUTRAL = 1.0
PARTS = ("down", "mid", "up")
KINDS = ("attention", "feed_forward", "convolution")


def part_name(part: str) -> str:
    """The way through the UNet: what is seen first, in the middle, and drawn last."""
    return {"down": tr("Down"), "mid": tr("Middle"), "up": tr("Up"), "text": tr("Words")}[part]


def kind_name(kind: str) -> str:
    """The kind of layer, as the field calls it."""
    return {
        "attention": tr("Attention"),
        "feed_forward": tr("Feed-forward"),
        "convolution": tr("Convolution"),
    }[kind]


class BlocksPanel(QWidget):
    """Shows the block weights of one LoRA; says what the hand did, and changes nothing itself."""

    block_chosen = Signal(str, float)  # of core.recipe.BLOCKS, MIN_BLOCK … MAX_BLOCK
    reset_chosen = Signal()
    held = Signal()
    released = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.sliders = {block: WeightSlider(NEUTRAL, MIN_BLOCK, MAX_BLOCK) for block in BLOCKS}
        self.reset = PushButton()
        self.reset.setObjectName("link")
        self._numbers = {block: label("small") for block in BLOCKS}
        self._heads = {name: label("small") for name in (*PARTS, *KINDS, "text")}
        self._arrange()
        for block, slider in self.sliders.items():
            slider.weight_changed.connect(
                lambda weight, block=block: self.block_chosen.emit(block, weight)
            )
            slider.sliderPressed.connect(self.held)
            slider.sliderReleased.connect(self.released)
        self.reset.clicked.connect(self.reset_chosen)
        self.retranslate()

    def show_blocks(self, blocks: Iterable[BlockWeight]) -> None:
        """Put every slider where `blocks` says, without saying so."""
        weights = {each.block: each.weight for each in blocks}
        for block, slider in self.sliders.items():
            weight = weights.get(block, NEUTRAL)
            if not slider.isSliderDown():
                slider.set_weight(weight)
            slider.set_active(block in weights)
            self._numbers[block].setText(f"{weight:.2f}")
        self.reset.setEnabled(bool(weights))

    def retranslate(self) -> None:
        """Word everything anew."""
        for name, head in self._heads.items():
            head.setText(kind_name(name) if name in KINDS else part_name(name))
        for block, slider in self.sliders.items():
            part, _, kind = block.partition(".")
            name = f"{part_name(part)}, {kind_name(kind)}" if kind else part_name(part)
            hint = tr("1 leaves it as it is, 0 keeps the style out of this part of the model.")
            name_control(slider, name, f"{name}\n{hint}")
        self.reset.setText(tr("All back to 1"))
        name_control(self.reset, tr("Let the style count the same in every part"))

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.LanguageChange:
            self.retranslate()
        super().changeEvent(event)

    def _arrange(self) -> None:
        grid = QGridLayout(self)
        grid.setContentsMargins(style.SPACE, 0, style.SPACE, style.SPACE)
        grid.setHorizontalSpacing(style.SPACE // 2)
        grid.setVerticalSpacing(0)
        for column, kind in enumerate(KINDS):
            grid.addWidget(self._heads[kind], 0, 1 + 2 * column, 1, 2)
            grid.setColumnStretch(1 + 2 * column, 1)
        for row, part in enumerate((*PARTS, "text"), start=1):
            grid.addWidget(self._heads[part], row, 0)
        for block, slider in self.sliders.items():
            part, _, kind = block.partition(".")
            row = 1 + (*PARTS, "text").index(part)
            column = 1 + 2 * (KINDS.index(kind) if kind else 0)
            slider.setMinimumWidth(style.SPACE * 7)
            grid.addWidget(slider, row, column)
            number: QLabel = self._numbers[block]
            number.setMinimumWidth(number.fontMetrics().horizontalAdvance("0.00") + style.SPACE)
            grid.addWidget(number, row, column + 1)
        grid.addWidget(self.reset, 1 + len(PARTS), 3, 1, 4, Qt.AlignmentFlag.AlignRight)
