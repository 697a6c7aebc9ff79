"""The editor's panel for words on the sticker."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QDir, QSignalBlocker, QStandardPaths, Qt, QTimer
from PySide6.QtWidgets import QComboBox, QFileDialog, QHBoxLayout, QPlainTextEdit, QWidget

from stickerstudio.core.design import MAX_TEXT, Align, Caption, Layer
from stickerstudio.core.i18n import current_language, tr
from stickerstudio.finish import fonts
from stickerstudio.finish.caption_words import suggest
from stickerstudio.session.designing import Designing
from stickerstudio.ui import style
from stickerstudio.ui.editor_controls import ColourRow, NumberSlider
from stickerstudio.ui.editor_layers import LayerRow
from stickerstudio.ui.editor_panel import EditorPanel
from stickerstudio.ui.widgets import (
    Chip,
    FlowLayout,
    IconButton,
    PushButton,
    clear_layout,
    label,
    name_control,
)

FILLS = ("#ffffff", "#1a211d", "#ffd84a", "#ff4d6d", "#3ec6ff", "#7bd88f")
RIMS = ("#1a211d", "#ffffff", "#a3123f", "#1b6fb5", "#17766b", "#5b2a86")
_ALIGNS: tuple[Align, ...] = ("left", "center", "right")
_NOTE_DELAY = 400  # ms after the last key, before fonts are looked through
_FILE = "file"  # the font box's last entry; a face has no such name


def degrees(value: float) -> str:
    """45.0 as "45°"."""
    return f"{value:.0f}°"


class CaptionPanel(EditorPanel):
    """Edits the chosen caption. Typing while none is chosen puts a new one on the sticker."""

    icon = "caption"

    def __init__(self, document: Designing, parent: QWidget | None = None) -> None:
        super().__init__(document, parent)
        self._prompt: str | None = None
        self._style = Caption("")  # of the next caption: like the last one
        self.text = QPlainTextEdit()
        self.text.setObjectName("prompt")
        self.text.setTabChangesFocus(True)
        self.text.setFixedHeight(style.SPACE * 8)
        self.ideas = QWidget()
        self._ideas = FlowLayout(self.ideas)
        self.note = label("small", wrap=True)
        self.font_ = QComboBox()
        self.font_.setSizePolicy(
            self.text.sizePolicy().Policy.Expanding, self.font_.sizePolicy().verticalPolicy()
        )
        self.aligns = {align: IconButton(f"align-{align}", quiet=False) for align in _ALIGNS}
        plain = Caption("")
        self.size_ = NumberSlider(0.03, 0.4, plain.size)
        self.fill = ColourRow(FILLS)
        self.rim = NumberSlider(0.0, 0.05, plain.outline_width)
        self.rim_colour = ColourRow(RIMS)
        self.arc = NumberSlider(-180.0, 180.0, 0.0, degrees)
        self.wrap = NumberSlider(0.2, 1.6, plain.width)
        self.another = PushButton(icon="plus")
        self.layers = LayerRow(document)
        self._fill_text, self._rim_text, self._font_text = (
            label("small"),
            label("small"),
            label("small"),
        )
        self._timer = QTimer(self, singleShot=True, interval=_NOTE_DELAY)
        self._arrange()
        self._connect()
        self.retranslate()
        self.show_design()

    def title(self) -> str:
        return tr("Caption")

    def handles(self, layer: Layer) -> bool:
        return isinstance(layer, Caption)

    def edit_layer(self) -> None:
        self.text.setFocus(Qt.FocusReason.OtherFocusReason)
        self.text.selectAll()

    @property
    def caption(self) -> Caption | None:
        """The chosen one."""
        layer = self.document.layer
        return layer if isinstance(layer, Caption) else None

    def retranslate(self) -> None:
        self.text.setPlaceholderText(tr("Words on the sticker, in any language…"))
        name_control(self.text, tr("Caption"), tr("Words on the sticker"))
        name_control(self.font_, tr("Font"))
        with QSignalBlocker(self.font_):
            self.font_.clear()
            for face in fonts.FACES:
                self.font_.addItem(fonts.title(face), face.name)
            self.font_.addItem(tr("A font file…"), _FILE)
        words = {"left": tr("Left"), "center": tr("Centred"), "right": tr("Right")}
        for align, button in self.aligns.items():
            name_control(button, words[align])
        self.size_.set_name(tr("Size"))
        self._fill_text.setText(tr("Colour"))
        self.fill.set_name(tr("Colour of the letters"))
        self.rim.set_name(tr("Outline"))
        self._rim_text.setText(tr("Colour of the outline"))
        self.rim_colour.set_name(tr("Colour of the letters' outline"))
        self.arc.set_name(tr("Arc"))
        self.wrap.set_name(tr("Width of a line"))
        self.another.setText(tr("&Another caption"))
        name_control(self.another, tr("Another caption"))
        self.layers.retranslate()
        self._show_ideas(force=True)
        self._show_font(self._style.font)

    def show_design(self) -> None:
        chosen = self.caption
        self._style = shown = chosen or replace(self._style, text="")
        if self.text.toPlainText() != shown.text:
            with QSignalBlocker(self.text):
                self.text.setPlainText(shown.text)
        self._show_font(shown.font)
        for align, button in self.aligns.items():
            button.setChecked(align == shown.align)
        self.size_.set_value(shown.size)
        self.fill.set_colour(shown.fill)
        self.rim.set_value(shown.outline_width)
        self.rim_colour.set_colour(shown.outline_colour)
        self.arc.set_value(shown.arc)
        self.wrap.set_value(shown.width)
        self.another.setVisible(chosen is not None)
        self.layers.setVisible(chosen is not None)
        self.layers.show_design()
        self._show_ideas()
        self._timer.start()

    # --- building ---

    def _arrange(self) -> None:
        self.box.addWidget(self.text)
        self.box.addWidget(self.ideas)
        self.box.addWidget(self.note)
        self.note.hide()
        font = QHBoxLayout()
        font.setSpacing(style.SPACE // 2)
        font.addWidget(self.font_, 1)
        for button in self.aligns.values():
            button.setCheckable(True)
            font.addWidget(button)
        self.box.addLayout(font)
        for widget in (self.size_, self._fill_text, self.fill, self.rim):
            self.box.addWidget(widget)
        for widget in (self._rim_text, self.rim_colour, self.arc, self.wrap):
            self.box.addWidget(widget)
        foot = QHBoxLayout()
        foot.setSpacing(style.SPACE // 2)
        foot.addWidget(self.another, 1)
        foot.addWidget(self.layers)
        self.box.addLayout(foot)
        self.box.addStretch()

    def _connect(self) -> None:
        self.text.textChanged.connect(self._typed)
        self.font_.activated.connect(self._choose_font)
        for align, button in self.aligns.items():
            button.clicked.connect(lambda _=False, each=align: self._change(align=each))
        self.size_.changed.connect(lambda value: self._change(size=value, merge="size"))
        self.fill.changed.connect(lambda colour: self._change(fill=colour))
        self.rim.changed.connect(lambda value: self._change(outline_width=value, merge="rim"))
        self.rim_colour.changed.connect(lambda colour: self._change(outline_colour=colour))
        self.arc.changed.connect(lambda value: self._change(arc=round(value), merge="arc"))
        self.wrap.changed.connect(lambda value: self._change(width=value, merge="wrap"))
        for slider in (self.size_, self.rim, self.arc, self.wrap):
            slider.released.connect(self.document.end_merge)
        self.another.clicked.connect(self._begin_another)
        self._timer.timeout.connect(self._ask_note)
        self.document.lettering.noted.connect(self._show_note)
        self.document.lettering.font_found.connect(lambda path: self._change(font=path))

    # --- what the user does ---

    def _typed(self) -> None:
        text = self.text.toPlainText()[:MAX_TEXT]
        if self.caption is not None:
            self._change(text=text, merge="text")
        elif text:
            self.document.add_layer(replace(self._style, text=text))

    def _say(self, text: str) -> None:
        """Take a suggestion."""
        if self.caption is not None:
            self._change(text=text)
        else:
            self.document.add_layer(replace(self._style, text=text))

    def _begin_another(self) -> None:
        y = self._style.y
        self._style = replace(self._style, y=0.14 if y > 0.5 else 0.86, x=0.5, rotation=0.0)
        self.document.select(None)
        self.text.setFocus(Qt.FocusReason.OtherFocusReason)

    def _change(self, *, merge: str = "", **changes: object) -> None:
        index, caption = self.document.selected, self.caption
        if index is None or caption is None:  # for the next one
            self._style = replace(self._style, **changes)  # pyright: ignore[reportArgumentType]
            self.show_design()
            return
        made = replace(caption, **changes)  # pyright: ignore[reportArgumentType]
        self.document.set_layer(index, made, f"caption {index} {merge}" if merge else "")

    def _choose_font(self, index: int) -> None:
        name = self.font_.itemData(index)
        if name != _FILE:
            self._change(font=name)
            return
        self._show_font(self._style.font)  # the entry itself is no font
        places = QStandardPaths.standardLocations(QStandardPaths.StandardLocation.FontsLocation)
        start = next((place for place in places if Path(place).is_dir()), QDir.homePath())
        dialog = QFileDialog(self, "", start)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.setWindowTitle(tr("A font file"))
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        patterns = " ".join(f"*{ending}" for ending in fonts.FILE_TYPES)
        dialog.setNameFilter(f"{tr('Fonts')} ({patterns})")
        dialog.fileSelected.connect(lambda path: self.document.lettering.find_font(Path(path)))
        dialog.open()

    # --- what is shown ---

    def _show_font(self, font: str) -> None:
        with QSignalBlocker(self.font_):
            last = self.font_.count() - 1
            if last > len(fonts.FACES):  # another caption's file
                self.font_.removeItem(last - 1)
            if font.lower().endswith(fonts.FILE_TYPES):
                self.font_.insertItem(len(fonts.FACES), Path(font).stem, font)
            self.font_.setCurrentIndex(max(0, self.font_.findData(font)))

    def _show_ideas(self, *, force: bool = False) -> None:
        """The suggestions for the sticker that is open."""
        sticker = self.document.sticker
        prompt = sticker.recipe.prompt if sticker else ""
        if prompt == self._prompt and not force:
            return
        self._prompt = prompt
        clear_layout(self._ideas)
        for text in suggest(prompt, chinese_first=current_language() == "zh_TW"):
            chip = Chip(text)
            name_control(chip, tr("Write “{text}”", text=text))
            chip.clicked.connect(lambda _=False, each=text: self._say(each))
            self._ideas.addWidget(chip)
        self.ideas.setVisible(self._ideas.count() > 0)

    def _ask_note(self) -> None:
        caption = self.caption
        if caption is None or not caption.text:
            self.note.hide()
        else:
            self.document.lettering.note(caption.text, caption.font)

    def _show_note(self, text: str, font: str, found: tuple[fonts.Substitute, ...]) -> None:
        caption = self.caption
        if caption is None or (caption.text, caption.font) != (text, font):
            return  # typed on meanwhile
        self.note.setText("\n".join(map(str, found)))
        self.note.setVisible(bool(found))
