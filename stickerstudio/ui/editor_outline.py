"""The editor's panel for the die-cut look: the rim and the shadow."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtWidgets import QCheckBox, QWidget

from stickerstudio.core.design import Outline, Shadow
from stickerstudio.core.i18n import tr
from stickerstudio.session.designing import Designing
from stickerstudio.ui import style
from stickerstudio.ui.editor_controls import ColourRow, NumberSlider
from stickerstudio.ui.editor_panel import EditorPanel
from stickerstudio.ui.widgets import label, name_control

RIM_COLOURS = ("#ffffff", "#1a211d", "#ffcf33", "#ff7ab6", "#3ec6ff", "#7bd88f")
SHADOW_COLOURS = ("#000000", "#3b2a63", "#12405c", "#5c2412")
_MOST_WIDTH, _MOST_OFFSET, _MOST_BLUR = 0.1, 0.08, 0.06  # of the design's own, wider limits


class OutlinePanel(EditorPanel):
    """Edits design.outline and design.shadow."""

    icon = "outline"

    def __init__(self, document: Designing, parent: QWidget | None = None) -> None:
        super().__init__(document, parent)
        self._outline, self._shadow = Outline(), Shadow()  # as they were when switched off
        self.outline = QCheckBox()
        self.width_ = NumberSlider(0.004, _MOST_WIDTH, Outline().width)
        self.colour = ColourRow(RIM_COLOURS)
        self.fill_holes = QCheckBox()
        self.holes_text = label("small", wrap=True)
        self.shadow = QCheckBox()
        self.offset = NumberSlider(0.0, _MOST_OFFSET, Shadow().dy)
        self.blur = NumberSlider(0.0, _MOST_BLUR, Shadow().blur)
        self.strength = NumberSlider(0.05, 1.0, 0.35, lambda value: f"{value * 100:.0f} %")
        self.shadow_colour = ColourRow(SHADOW_COLOURS)
        self._of_outline = (self.width_, self.colour, self.fill_holes, self.holes_text)
        self._of_shadow = (self.offset, self.blur, self.strength, self.shadow_colour)
        self._arrange()
        self._connect()
        self.retranslate()
        self.show_design()

    def title(self) -> str:
        return tr("Outline")

    def retranslate(self) -> None:
        self.outline.setText(tr("Ou&tline"))
        name_control(self.outline, tr("Outline"), tr("A rim around the sticker, as if cut out"))
        self.width_.set_name(tr("Width"))
        self.colour.set_name(tr("Colour of the outline"))
        self.fill_holes.setText(tr("&Fill holes"))
        name_control(self.fill_holes, tr("Fill holes"))
        self.holes_text.setText(tr("The inside of letters and handles, in the outline's colour."))
        self.shadow.setText(tr("Sh&adow"))
        name_control(self.shadow, tr("Shadow"), tr("A soft shadow below the sticker"))
        self.offset.set_name(tr("Distance"))
        self.blur.set_name(tr("Softness"))
        self.strength.set_name(tr("Strength of the shadow"))
        self.shadow_colour.set_name(tr("Colour of the shadow"))

    def show_design(self) -> None:
        design = self.document.design
        self._outline = design.outline or self._outline
        self._shadow = design.shadow or self._shadow
        _check(self.outline, design.outline is not None)
        _check(self.shadow, design.shadow is not None)
        _check(self.fill_holes, self._outline.fill_holes)
        self.width_.set_value(self._outline.width)
        self.colour.set_colour(self._outline.colour)
        self.offset.set_value(self._shadow.dy)
        self.blur.set_value(self._shadow.blur)
        self.strength.set_value(_alpha(self._shadow.colour))
        self.shadow_colour.set_colour(self._shadow.colour)
        for widget in self._of_outline:
            widget.setVisible(design.outline is not None)
        for widget in self._of_shadow:
            widget.setVisible(design.shadow is not None)

    def _arrange(self) -> None:
        for widget in (self.outline, *self._of_outline):
            self.box.addWidget(widget)
        self.box.addSpacing(style.SPACE)
        for widget in (self.shadow, *self._of_shadow):
            self.box.addWidget(widget)
        self.box.addStretch()

    def _connect(self) -> None:
        self.outline.toggled.connect(self._set_outline)
        self.shadow.toggled.connect(self._set_shadow)
        self.fill_holes.toggled.connect(lambda on: self._change_outline(fill_holes=on))
        self.colour.changed.connect(lambda colour: self._change_outline(colour=colour))
        self.width_.changed.connect(lambda value: self._change_outline(width=value, merge="width"))
        self.offset.changed.connect(lambda value: self._change_shadow(dy=value, merge="offset"))
        self.blur.changed.connect(lambda value: self._change_shadow(blur=value, merge="blur"))
        self.strength.changed.connect(
            lambda value: self._change_shadow(
                colour=_with_alpha(self._shadow.colour, value), merge="strength"
            )
        )
        self.shadow_colour.changed.connect(
            lambda colour: self._change_shadow(
                colour=_with_alpha(colour, _alpha(self._shadow.colour))
            )
        )
        for slider in (self.width_, self.offset, self.blur, self.strength):
            slider.released.connect(self.document.end_merge)

    def _set_outline(self, on: bool) -> None:
        design = self.document.design
        self.document.edit(replace(design, outline=self._outline if on else None))

    def _set_shadow(self, on: bool) -> None:
        design = self.document.design
        self.document.edit(replace(design, shadow=self._shadow if on else None))

    def _change_outline(self, *, merge: str = "", **changes: object) -> None:
        outline = replace(self._outline, **changes)  # pyright: ignore[reportArgumentType]
        self.document.edit(replace(self.document.design, outline=outline), merge)

    def _change_shadow(self, *, merge: str = "", **changes: object) -> None:
        shadow = replace(self._shadow, **changes)  # pyright: ignore[reportArgumentType]
        self.document.edit(replace(self.document.design, shadow=shadow), merge)


def _check(box: QCheckBox, on: bool) -> None:
    """Show `on` without telling anyone."""
    blocked = box.blockSignals(True)
    box.setChecked(on)
    box.blockSignals(blocked)


def _alpha(colour: str) -> float:
    """0…1 of "#rrggbb" or "#rrggbbaa"."""
    return int(colour[7:9] or "ff", 16) / 255


def _with_alpha(colour: str, alpha: float) -> str:
    return f"{colour[:7]}{round(alpha * 255):02x}"
