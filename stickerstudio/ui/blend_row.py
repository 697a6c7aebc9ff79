"""One LoRA in the blend pane: on or off, its picture and name, its slider and number."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QPointF, Qt, Signal
from PySide6.QtGui import QKeyEvent, QKeySequence, QMouseEvent, QWheelEvent
from PySide6.QtWidgets import (
    QApplication,
    QCheckBox,
    QDoubleSpinBox,
    QFrame,
    QHBoxLayout,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from stickerstudio.core.i18n import tr, tr_n
from stickerstudio.models.loras import LoraInfo
from stickerstudio.session.state import MAX_BLEND, MIN_BLEND, BlendEntry
from stickerstudio.ui import style
from stickerstudio.ui.blend_art import drag_lora, lora_picture, lora_title, rounded
from stickerstudio.ui.blend_blocks import BlocksPanel
from stickerstudio.ui.weight_slider import FINE_STEP, SCALE, STEP, WeightSlider
from stickerstudio.ui.widgets import ElidedLabel, IconButton, Picture, name_control

THUMB = 40  # pixels


class WeightBox(QDoubleSpinBox):
    """The slider's number: the same range, steps and Shift."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setRange(MIN_BLEND, MAX_BLEND)
        self.setDecimals(2)
        self.setSingleStep(STEP / SCALE)
        self.setKeyboardTracking(False)
        self.setFixedWidth(style.SPACE * 10)
        self.setAlignment(Qt.AlignmentFlag.AlignRight)

    def stepBy(self, steps: int) -> None:
        fine = QApplication.keyboardModifiers() & Qt.KeyboardModifier.ShiftModifier
        self.setValue(self.value() + steps * (FINE_STEP if fine else STEP) / SCALE)

    def event(self, event: QEvent) -> bool:
        """Ctrl+Z is the field's own while it has typing to take back, and the blend's otherwise."""
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent):
            field, keys = self.lineEdit(), QKeySequence.StandardKey
            if (event.matches(keys.Undo) and not field.isUndoAvailable()) or (
                event.matches(keys.Redo) and not field.isRedoAvailable()
            ):
                event.ignore()
                return False
        return super().event(event)

    def wheelEvent(self, event: QWheelEvent) -> None:
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            event.ignore()  # Qt would take ten steps at once
        else:
            turned = event.angleDelta().y() or event.angleDelta().x()
            self.stepBy((turned > 0) - (turned < 0))
            event.accept()


class BlendRow(QFrame):
    """Shows one BlendEntry; says what the user's hand did, and changes nothing by itself.

    Its picture and name can be dragged, onto the mix pad for example.
    """

    weight_chosen = Signal(str, float)
    enabled_chosen = Signal(str, bool)
    only_chosen = Signal(str)
    remove_chosen = Signal(str)
    block_chosen = Signal(str, str, float)  # LoRA, one of core.recipe.BLOCKS, its weight
    blocks_reset = Signal(str)
    held = Signal()  # a slider was taken
    released = Signal()

    def __init__(self, info: LoraInfo, default: float, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("row")
        self.name = info.name
        self._info = info
        self._parts = 0  # of the model in which the LoRA counts for more or less
        self._pressed: QPointF | None = None  # where a drag may begin
        self.switch = QCheckBox()
        self.switch.setFixedWidth(style.SPACE * 3)
        self._title = ElidedLabel("what")
        self._words = ElidedLabel("small")
        self.slider = WeightSlider(default)
        self.box = WeightBox()
        self.disclose = IconButton("parts")
        self.disclose.setCheckable(True)
        self.blocks = BlocksPanel()
        self.blocks.hide()
        self.only = IconButton("only")
        self.remove = IconButton("trash")
        self.remove.setVisible(not info.bundled)
        policy = self.remove.sizePolicy()
        policy.setRetainSizeWhenHidden(True)  # the sliders of all rows lie under each other
        self.remove.setSizePolicy(policy)
        self._arrange()
        self.switch.clicked.connect(lambda on: self.enabled_chosen.emit(self.name, on))
        self.slider.weight_changed.connect(self._choose)
        self.box.valueChanged.connect(self._choose)
        self.slider.sliderPressed.connect(self.held)
        self.slider.sliderReleased.connect(self.released)
        self.disclose.toggled.connect(self.blocks.setVisible)
        self.blocks.block_chosen.connect(
            lambda block, weight: self.block_chosen.emit(self.name, block, weight)
        )
        self.blocks.reset_chosen.connect(lambda: self.blocks_reset.emit(self.name))
        self.blocks.held.connect(self.held)
        self.blocks.released.connect(self.released)
        self.only.clicked.connect(lambda: self.only_chosen.emit(self.name))
        self.remove.clicked.connect(lambda: self.remove_chosen.emit(self.name))
        self.retranslate()

    def show_entry(self, entry: BlendEntry) -> None:
        """Put slider, number and switch where `entry` says, without saying so."""
        if not self.slider.isSliderDown():
            self.slider.set_weight(entry.weight)
        blocked = self.box.blockSignals(True)
        self.box.setValue(entry.weight)
        self.box.blockSignals(blocked)
        self.switch.setChecked(entry.enabled)
        self._title.setEnabled(entry.enabled)
        self.slider.set_active(entry.enabled)
        self.blocks.show_blocks(entry.blocks)
        if self._parts != len(entry.blocks):
            self._parts = len(entry.blocks)
            self._show_words()

    def retranslate(self) -> None:
        """Word everything anew."""
        info = self._info
        title = lora_title(info)
        self._title.setText(title)
        self._show_words()
        name_control(self.switch, tr("Use {name}", name=title))
        hint = tr("Double click: back to the default. Wheel or arrow keys: 0.05, with Shift 0.01.")
        name_control(self.slider, tr("Weight of {name}", name=title), hint)
        name_control(self.box, tr("Weight of {name}, as a number", name=title))
        name_control(self.only, tr("Only {name}: switch the others off", name=title))
        name_control(self.remove, tr("Remove {name}", name=title))
        self.setToolTip(_facts(info))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._pressed = event.position() if event.button() == Qt.MouseButton.LeftButton else None

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._pressed is None:
            return
        far = (event.position() - self._pressed).manhattanLength()
        if far >= QApplication.startDragDistance():
            self._pressed = None
            drag_lora(self, self._info)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        del event
        self._pressed = None

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.LanguageChange:
            self.retranslate()
        super().changeEvent(event)

    def _show_words(self) -> None:
        """The trigger words, and how many parts of the model are weighted otherwise."""
        words = ", ".join(self._info.trigger_words)
        parts = tr_n("{n} part adjusted", "{n} parts adjusted", self._parts) if self._parts else ""
        self._words.setText(" · ".join(filter(None, (parts, words))))
        self._words.setVisible(bool(self._words.text()))
        name = tr("Where in the model {name} counts", name=lora_title(self._info))
        name_control(self.disclose, name, f"{name}\n{parts}" if parts else name)
        self.disclose.set_lit(bool(parts))

    def _choose(self, weight: float) -> None:
        self.weight_chosen.emit(self.name, round(weight, 2))

    def _arrange(self) -> None:
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        names = QVBoxLayout()
        names.setSpacing(0)
        names.addStretch()
        names.addWidget(self._title)
        names.addWidget(self._words)
        names.addStretch()
        row = QHBoxLayout()
        row.setContentsMargins(style.SPACE, style.SPACE // 2, style.SPACE // 2, style.SPACE // 2)
        row.setSpacing(style.SPACE)
        row.addWidget(self.switch)
        row.addWidget(self._thumbnail())
        row.addLayout(names, 2)
        row.addWidget(self.slider, 3)
        row.addWidget(self.box)
        row.addWidget(self.disclose)
        row.addWidget(self.only)
        row.addWidget(self.remove)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(row)
        column.addWidget(self.blocks)

    def _thumbnail(self) -> QWidget:
        picture = Picture("blend", 22)
        picture.setFixedSize(THUMB, THUMB)
        picture.setCursor(Qt.CursorShape.OpenHandCursor)
        shown = lora_picture(self._info, THUMB, self.devicePixelRatioF())
        picture.set_picture(rounded(shown, style.RADIUS_CONTROL))
        return picture


def _facts(info: LoraInfo) -> str:
    """What a person might want to know about the file, a line each."""
    lines = [
        info.title,
        tr("Trigger words: {words}", words=", ".join(info.trigger_words))
        if info.trigger_words
        else "",
        tr("Made for: {model}", model=info.base_model) if info.base_model else "",
        tr("By: {author}", author=info.author) if info.author else "",
        tr("Licence: {licence}", licence=info.licence) if info.licence else "",
    ]
    return "\n".join(line for line in lines if line)
