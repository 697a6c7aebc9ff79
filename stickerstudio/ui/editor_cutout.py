"""The editor's panel for the cut-out: how it is found, and the brush that corrects it."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QRadioButton, QVBoxLayout, QWidget

from stickerstudio.core.design import CutoutMethod
from stickerstudio.core.i18n import tr
from stickerstudio.session.designing import Designing
from stickerstudio.ui import style
from stickerstudio.ui.editor_canvas import Brush
from stickerstudio.ui.editor_controls import NumberSlider
from stickerstudio.ui.editor_panel import EditorPanel
from stickerstudio.ui.widgets import PushButton, label, name_control

METHODS: tuple[CutoutMethod, ...] = ("auto", "flat", "model", "none")


class CutoutPanel(EditorPanel):
    """Edits design.cutout; the canvas paints while one of the brushes is pressed."""

    icon = "cut"
    brush_changed = Signal(object)  # Brush, or None where layers are to be moved again

    def __init__(self, document: Designing, parent: QWidget | None = None) -> None:
        super().__init__(document, parent)
        self._heading = label("what")
        self.methods: dict[CutoutMethod, QRadioButton] = {name: QRadioButton() for name in METHODS}
        self._texts = {name: label("small", wrap=True) for name in METHODS}
        self._brush_heading = label("what")
        self._brush_text = label("small", wrap=True)
        self.add = PushButton(icon="brush")
        self.remove = PushButton(icon="eraser")
        self.size_ = NumberSlider(0.005, 0.15, 0.04)
        self.forget = PushButton(icon="reset")
        self._arrange()
        for name, button in self.methods.items():
            button.clicked.connect(partial(self._choose, name))
        for brush in (self.add, self.remove):
            brush.setCheckable(True)
            brush.clicked.connect(lambda _=False, pressed=brush: self._press(pressed))
        self.size_.changed.connect(self._tell)
        self.forget.clicked.connect(self._forget)
        self.retranslate()
        self.show_design()

    def title(self) -> str:
        return tr("Cut-out")

    @property
    def brush(self) -> Brush | None:
        """The brush that is pressed."""
        if not (self.add.isChecked() or self.remove.isChecked()):
            return None
        return Brush(self.size_.value, self.add.isChecked())

    def put_away(self) -> None:
        """Let go of the brush: another panel is looked at."""
        for button in (self.add, self.remove):
            button.setChecked(False)
        self._tell()

    def retranslate(self) -> None:
        self._heading.setText(tr("Background"))
        names: dict[CutoutMethod, tuple[str, str]] = {
            "auto": (tr("A&utomatic"), tr("Chooses the better way for this picture.")),
            "flat": (tr("By &colour"), tr("Takes away the flat colour around the sticker.")),
            "model": (tr("By su&bject"), tr("Finds the subject on any background.")),
            "none": (tr("&Keep everything"), tr("The picture stays as it was painted.")),
        }
        for name, (words, text) in names.items():
            self.methods[name].setText(words)
            name_control(self.methods[name], words.replace("&", ""), text)
            self._texts[name].setText(text)
        self._brush_heading.setText(tr("Correct by hand"))
        self._brush_text.setText(tr("Paint on the picture. The painted picture is never lost."))
        self.add.setText(tr("Sh&ow"))
        name_control(self.add, tr("Brush that shows"), tr("Paint what should be seen"))
        self.remove.setText(tr("&Hide"))
        name_control(self.remove, tr("Brush that hides"), tr("Paint what should not be seen"))
        self.size_.set_name(tr("Size of the brush"))
        self.forget.setText(tr("&Drop all corrections"))
        name_control(self.forget, tr("Drop all corrections"))

    def show_design(self) -> None:
        cutout = self.document.design.cutout
        self.methods[cutout.method].setChecked(True)
        self.forget.setEnabled(bool(cutout.strokes))

    def _arrange(self) -> None:
        group = QButtonGroup(self)
        self.box.addWidget(self._heading)
        for name, button in self.methods.items():
            group.addButton(button)
            pair = QVBoxLayout()
            pair.setSpacing(0)
            pair.addWidget(button)
            text = QHBoxLayout()
            text.addSpacing(style.SPACE * 7 // 2)  # in line with the button's words
            text.addWidget(self._texts[name], 1)
            pair.addLayout(text)
            self.box.addLayout(pair)
        self.box.addSpacing(style.SPACE)
        brushes = QHBoxLayout()
        brushes.addWidget(self.add, 1)
        brushes.addWidget(self.remove, 1)
        self.box.addWidget(self._brush_heading)
        self.box.addWidget(self._brush_text)
        self.box.addLayout(brushes)
        self.box.addWidget(self.size_)
        self.box.addWidget(self.forget)
        self.box.addStretch()

    def _choose(self, method: CutoutMethod, _checked: bool = True) -> None:
        design = self.document.design
        self.document.edit(replace(design, cutout=replace(design.cutout, method=method)))

    def _press(self, pressed: PushButton) -> None:
        other = self.remove if pressed is self.add else self.add
        other.setChecked(False)  # both up is right: then the mouse moves layers
        self._tell()

    def _tell(self, _value: float = 0.0) -> None:
        self.brush_changed.emit(self.brush)

    def _forget(self) -> None:
        design = self.document.design
        self.document.edit(replace(design, cutout=replace(design.cutout, strokes=())))
