"""One LoRA in the blend pane: on or off, its picture and name, its slider and number."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QSize, Qt, Signal
from PySide6.QtGui import QImageReader, QPixmap, QWheelEvent
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

from stickerstudio.core.i18n import current_language, tr
from stickerstudio.models.loras import LoraInfo
from stickerstudio.session.state import MAX_BLEND, MIN_BLEND, BlendEntry
from stickerstudio.ui import style
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

    def wheelEvent(self, event: QWheelEvent) -> None:
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            event.ignore()  # Qt would take ten steps at once
        else:
            turned = event.angleDelta().y() or event.angleDelta().x()
            self.stepBy((turned > 0) - (turned < 0))
            event.accept()


class BlendRow(QFrame):
    """Shows one BlendEntry; says what the user's hand did, and changes nothing by itself."""

    weight_chosen = Signal(str, float)
    enabled_chosen = Signal(str, bool)
    only_chosen = Signal(str)
    remove_chosen = Signal(str)

    def __init__(self, info: LoraInfo, default: float, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("row")
        self.name = info.name
        self._info = info
        self.switch = QCheckBox()
        self.switch.setFixedWidth(style.SPACE * 3)
        self._title = ElidedLabel("what")
        self._words = ElidedLabel("small")
        self.slider = WeightSlider(default)
        self.box = WeightBox()
        self.only = IconButton("only")
        self.remove = IconButton("trash")
        self.remove.setVisible(not info.bundled)
        self._arrange()
        self.switch.clicked.connect(lambda on: self.enabled_chosen.emit(self.name, on))
        self.slider.weight_changed.connect(self._choose)
        self.box.valueChanged.connect(self._choose)
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

    def retranslate(self) -> None:
        """Word everything anew."""
        info = self._info
        title = info.title_zh_hant if current_language() == "zh_TW" else info.title
        self._title.setText(title)
        self._words.setText(", ".join(info.trigger_words))
        self._words.setVisible(bool(info.trigger_words))
        name_control(self.switch, tr("Use {name}", name=title))
        hint = tr("Double click: back to the default. Wheel or arrow keys: 0.05, with Shift 0.01.")
        name_control(self.slider, tr("Weight of {name}", name=title), hint)
        name_control(self.box, tr("Weight of {name}, as a number", name=title))
        name_control(self.only, tr("Only {name}: switch the others off", name=title))
        name_control(self.remove, tr("Remove {name}", name=title))
        self.setToolTip(_facts(info))

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.LanguageChange:
            self.retranslate()
        super().changeEvent(event)

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
        row = QHBoxLayout(self)
        row.setContentsMargins(style.SPACE, style.SPACE // 2, style.SPACE // 2, style.SPACE // 2)
        row.setSpacing(style.SPACE)
        row.addWidget(self.switch)
        row.addWidget(self._thumbnail())
        row.addLayout(names, 2)
        row.addWidget(self.slider, 3)
        row.addWidget(self.box)
        row.addWidget(self.only)
        row.addWidget(self.remove)

    def _thumbnail(self) -> QWidget:
        picture = Picture("blend", 22)
        picture.setFixedSize(THUMB, THUMB)
        if self._info.preview is not None:
            side = round(THUMB * self.devicePixelRatioF())
            reader = QImageReader(str(self._info.preview))
            size = reader.size()
            if size.isValid():
                bounds = QSize(side, side)
                reader.setScaledSize(size.scaled(bounds, Qt.AspectRatioMode.KeepAspectRatio))
            image = reader.read()
            if not image.isNull():
                image.setDevicePixelRatio(self.devicePixelRatioF())
                picture.set_picture(QPixmap.fromImage(image))
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
