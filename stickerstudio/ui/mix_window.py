"""The window of the mix pad: the pad, the picture it gives, and the LoRAs that are not on it."""

from __future__ import annotations

from collections import OrderedDict

from PySide6.QtCore import QEvent
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QDialog, QHBoxLayout, QVBoxLayout, QWidget

from stickerstudio.core.i18n import tr
from stickerstudio.core.recipe import LoraWeight
from stickerstudio.models.loras import LoraInfo
from stickerstudio.session.mix import (
    Place,
    free_place,
    mixed_weights,
    starting_places,
    starting_point,
)
from stickerstudio.session.session import Session
from stickerstudio.session.state import loras_of
from stickerstudio.ui import style
from stickerstudio.ui.blend_art import lora_title
from stickerstudio.ui.blend_tools import add_undo_keys
from stickerstudio.ui.live_preview import LivePreview
from stickerstudio.ui.mix_pad import MixPad
from stickerstudio.ui.weight_slider import WeightSlider
from stickerstudio.ui.widgets import Chip, FlowLayout, clear_layout, label, name_control

AT_FIRST = 4  # pins: one for each corner
REMEMBERED = 500  # blends whose point and pins come back with an undo
MAX_STRENGTH = 2.0


PadState = tuple[dict[str, Place], Place, float]  # pins, point, strength


class MixPadWindow(QDialog):
    """Moves the blend by the pad. A LoRA that is not on the pad keeps its slider."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._laid_out = False
        self._memory: OrderedDict[tuple[LoraWeight, ...], PadState] = OrderedDict()
        self.pad = MixPad()
        self.preview = LivePreview(session)
        self.strength = WeightSlider(1.0, 0.0, MAX_STRENGTH)
        self._heading = label("heading")
        self._text = label("muted", wrap=True)
        self._strength_name = label("small")
        self._strength_number = label("small")
        self._off = label("small", wrap=True)
        self._tray = FlowLayout()
        self.chips: dict[str, Chip] = {}
        self._arrange()
        add_undo_keys(self, session.blending)
        self.pad.changed.connect(self._mix)
        self.pad.removed.connect(self._leave)
        self.pad.dropped.connect(self._pin)
        for held in (self.pad.held, self.strength.sliderPressed):
            held.connect(session.blending.hold)
        for released in (self.pad.released, self.strength.sliderReleased):
            released.connect(session.blending.release)
        self.strength.weight_changed.connect(self._mix)
        session.draft_changed.connect(self._show_draft)
        session.loras_changed.connect(self._show_shelf)
        self.retranslate()

    def retranslate(self) -> None:
        """Word everything anew."""
        self.setWindowTitle(tr("Mix pad"))
        self._heading.setText(tr("Mix pad"))
        self._text.setText(
            tr("Move the point: the nearer a style, the more of it. Styles can be moved too.")
        )
        self._strength_name.setText(tr("Strength"))
        name_control(self.strength, tr("Strength of the mix"))
        self._off.setText(tr("Not on the pad: drag one there, or press it."))
        self.pad.retranslate()
        self._show_shelf()

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.LanguageChange:
            self.retranslate()
        super().changeEvent(event)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._lay_out()
        self.pad.setFocus()

    def _arrange(self) -> None:
        self.pad.setMinimumSize(style.SPACE * 50, style.SPACE * 50)
        self.preview.setFixedSize(style.SPACE * 32, style.SPACE * 34)
        strength = QHBoxLayout()
        strength.setSpacing(style.SPACE)
        strength.addWidget(self._strength_name)
        strength.addWidget(self.strength, 1)
        strength.addWidget(self._strength_number)
        self._chips_widget = QWidget()
        self._chips_widget.setLayout(self._tray)
        side = QVBoxLayout()
        side.setSpacing(style.SPACE)
        side.addWidget(self._heading)
        side.addWidget(self._text)
        side.addWidget(self.preview)
        side.addLayout(strength)
        side.addSpacing(style.SPACE)
        side.addWidget(self._off)
        side.addWidget(self._chips_widget)
        side.addStretch()
        row = QHBoxLayout(self)
        margin = style.SPACE * 2
        row.setContentsMargins(margin, margin, margin, margin)
        row.setSpacing(margin)
        row.addWidget(self.pad, 1)
        row.addLayout(side)
        self.resize(style.SPACE * 105, style.SPACE * 68)

    # --- which LoRAs are on the pad ---

    def _lay_out(self) -> None:
        """At the first opening: the LoRAs that take part, or else the first ones there are."""
        if self._laid_out or not self._session.loras:
            return
        self._laid_out = True
        weights = self._weights()
        loras = {info.name: info for info in self._session.loras}
        names = [name for name in loras if weights.get(name)] or list(loras)[:AT_FIRST]
        places = starting_places(names)
        for name, place in places.items():
            self.pad.add_pin(loras[name], place)
        self.pad.set_state(places, starting_point(places, weights))
        self._show_shelf()

    def _show_shelf(self) -> None:
        if self.isVisible():
            self._lay_out()
        loras = {info.name: info for info in self._session.loras}
        for name in [name for name in self.pad.pins if name not in loras]:
            self.pad.remove_pin(name)
        clear_layout(self._tray)
        self.chips = {
            name: self._chip(info) for name, info in loras.items() if name not in self.pad.pins
        }
        for chip in self.chips.values():
            self._tray.addWidget(chip)
        self._off.setVisible(bool(self.chips))
        self._chips_widget.setVisible(bool(self.chips))
        self._chips_widget.updateGeometry()
        self._show_draft()

    def _chip(self, info: LoraInfo) -> Chip:
        chip = Chip(lora_title(info))
        name_control(chip, tr("Put {name} on the pad", name=lora_title(info)))
        chip.clicked.connect(
            lambda: self._pin(info.name, free_place(list(self.pad.places.values())))
        )
        return chip

    def _pin(self, name: str, place: Place) -> None:
        info = next((each for each in self._session.loras if each.name == name), None)
        if info is not None:
            self.pad.add_pin(info, place)
            self._mix()
            self._show_shelf()
            self.pad.pins[name].setFocus()

    def _leave(self, name: str) -> None:
        """A LoRA that was taken off the pad takes part no more."""
        self._session.blending.mix(self._mixed(), leave=[name])
        self._show_shelf()

    # --- the mix ---

    def _mixed(self) -> dict[str, float]:
        recommended = {name: self._session.default_weight(name) for name in self.pad.pins}
        places, strength = self.pad.places, self.strength.weight
        return mixed_weights(places, self.pad.point, recommended, strength)

    def _mix(self) -> None:
        self._session.blending.mix(self._mixed())
        key = loras_of(self._session.draft.blend)
        self._memory[key] = (self.pad.places, self.pad.point, self.strength.weight)
        self._memory.move_to_end(key)
        if len(self._memory) > REMEMBERED:
            self._memory.popitem(last=False)
        self._show_draft()

    def _show_draft(self) -> None:
        """The weights on the pins; an undo brings pins and point back with them."""
        weights = self._weights()
        if weights != self._mixed():
            known = self._memory.get(loras_of(self._session.draft.blend))
            if known is not None and known[0].keys() == self.pad.pins.keys():
                self.pad.set_state(*known[:2])
                self.strength.set_weight(known[2])
        self.pad.show_weights(weights, is_true=weights == self._mixed())
        self._strength_number.setText(f"{self.strength.weight:.2f}")

    def _weights(self) -> dict[str, float]:
        """Of the pinned LoRAs that take part; of all where none is pinned yet."""
        blend = self._session.draft.blend
        names = self.pad.pins.keys() or {entry.name for entry in blend}
        return {each.name: each.weight for each in blend if each.enabled and each.name in names}
