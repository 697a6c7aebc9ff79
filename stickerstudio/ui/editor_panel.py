"""What a panel of the editor is, and how it works with the document and the canvas.

A panel is a QWidget in the editor's right column, one tab each: cut-out, outline, caption, stamps.

    class CaptionPanel(EditorPanel):
        icon = "pencil"                          # of resources/icons

        def __init__(self, document: Designing, parent: QWidget | None = None) -> None:
            super().__init__(document, parent)   # then build the controls, connect, retranslate()

        def title(self) -> str: return tr("Caption")
        def handles(self, layer: Layer) -> bool: return isinstance(layer, Caption)
        def retranslate(self) -> None: …         # also called on LanguageChange
        def show_design(self) -> None: …         # put document.design / .selected into the controls

`document` (session.designing) holds everything and is the only way to change anything:

    document.design                    the Design; frozen. document.sticker, document.painted_size
    document.selected                  index of the chosen layer in design.layers, or None
    document.layer                     that layer, or None
    document.edit(design, merge="…")   one step of undo; equal non-empty merge keys in a row are one
    document.add_layer(layer)          on top, and select it
    document.set_layer(index, layer, merge="…")
    document.remove_layer(index);  document.raise_layer(index, by=±1)
    document.select(index | None)
    document.changed                   signal: design or selection changed. Every panel's
                                       show_design is called for you; it must not edit.
    document.composed                  signal: a new picture (finish.composed.Composed), with the
                                       layers' boxes

The canvas draws the composed picture and a frame with handles around the selected layer's Box. It
moves the layer by its inside, scales it by the corners, turns it by the knob above, all through
set_layer; Del removes it, the arrow keys move it. A panel does nothing for that. A double-click on
a layer selects it and calls `edit_layer` of the panel that handles it, such as to focus the text.
"""

from __future__ import annotations

from PySide6.QtCore import QEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from stickerstudio.core.design import Layer
from stickerstudio.session.designing import Designing
from stickerstudio.ui import style


class EditorPanel(QWidget):
    """One tab of the editor; `box` is its layout."""

    icon = ""

    def __init__(self, document: Designing, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.document = document
        self.box = QVBoxLayout(self)
        self.box.setContentsMargins(0, 0, 0, 0)
        self.box.setSpacing(style.SPACE)
        document.changed.connect(self.show_design)

    def title(self) -> str:
        """The tab's word, in the current language."""
        return ""

    def handles(self, layer: Layer) -> bool:
        """Whether selecting `layer` should bring this panel up."""
        del layer
        return False

    def edit_layer(self) -> None:
        """The selected layer was double-clicked: focus what edits it."""

    def show_design(self) -> None:
        """Bring the controls in line with the document."""

    def retranslate(self) -> None:
        """Word the controls anew."""

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.LanguageChange:
            self.retranslate()
        super().changeEvent(event)
