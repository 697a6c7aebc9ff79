"""Emoji and words of one sticker of a pack, and its place in it."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from stickerstudio.core.i18n import current_language, tr
from stickerstudio.packs import emoji
from stickerstudio.session.packing import Packing
from stickerstudio.ui import style
from stickerstudio.ui.pack_emoji import EmojiPicker
from stickerstudio.ui.pack_grid import PackGrid
from stickerstudio.ui.widgets import (
    Chip,
    FlowLayout,
    IconButton,
    PushButton,
    clear_layout,
    label,
    name_control,
)

_SUGGESTED = 6  # emoji offered for the selected sticker


def said(text: str) -> str:
    """The name of an emoji in the window's language, as far as it is known."""
    chinese = emoji.names(text, "zh_Hant") if current_language() == "zh_TW" else ()
    return next(iter(chinese or emoji.names(text, "en")), text)


class StickerDetails(QFrame):
    """Emoji and words of the one sticker that is selected."""

    def __init__(self, packing: Packing, grid: PackGrid, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("row")
        self._packing = packing
        self._index: int | None = None
        self._hint = label("muted", wrap=True)
        self.emoji_label, self.text_label = label("small"), label("small")
        self.emoji_field = QLineEdit()
        self.pick = PushButton(icon="plus")
        self.picker = EmojiPicker(self)
        self.text = QLineEdit()
        self.cover = PushButton(icon="star")
        self.back = IconButton("chevron-left")
        self.on = IconButton("chevron-right")
        self.remove = IconButton("trash")
        self._chips = FlowLayout()
        self._form = QWidget()
        self._arrange()
        self.picker.picked.connect(self._add)
        self.pick.clicked.connect(lambda: self.picker.open_below(self.pick))
        self.emoji_field.editingFinished.connect(self._take_emoji)
        self.text.editingFinished.connect(self._take_text)
        self.cover.clicked.connect(self._make_cover)
        self.back.clicked.connect(lambda: grid.move_selected(-1))
        self.on.clicked.connect(lambda: grid.move_selected(1))
        self.remove.clicked.connect(lambda: self._packing.remove(grid.selected()))

    def retranslate(self) -> None:
        """Word it anew."""
        self._hint.setText(tr("Drag stickers into order. Choose one to give it emoji and words."))
        self.emoji_label.setText(tr("Emoji"))
        self.text_label.setText(tr("What it shows"))
        name_control(self.emoji_field, tr("Emoji of the sticker"))
        name_control(self.text, tr("What the sticker shows"), tr("For screen readers and search"))
        self.pick.setText(tr("Add"))
        name_control(self.pick, tr("Add an emoji"))
        self.cover.setText(tr("Make it the cover"))
        name_control(self.cover, tr("Make it the cover"), tr("It stands for the whole pack"))
        name_control(self.back, tr("Move it back"), tr("Move it back (Ctrl+←)"))
        name_control(self.on, tr("Move it on"), tr("Move it on (Ctrl+→)"))
        name_control(self.remove, tr("Take it out of the pack"), tr("The library keeps it"))

    def show_sticker(self, index: int | None) -> None:
        """The sticker of that index; None for none, or for several."""
        pack = self._packing.pack
        if pack is None or index is None or index >= len(pack.stickers):
            index = None
        self._index = index
        self._form.setVisible(index is not None)
        self._hint.setVisible(index is None)
        if pack is None or index is None:
            return
        sticker = pack.stickers[index]
        self.emoji_field.setText("".join(sticker.emoji))
        if self.text.text() != sticker.text:
            self.text.setText(sticker.text)
        self.cover.setEnabled(index != pack.cover)
        clear_layout(self._chips)
        for text in emoji.suggest(sticker.text, _SUGGESTED):
            if text not in sticker.emoji:
                chip = Chip(text)
                chip.setAutoDefault(False)
                name_control(chip, tr("Add {emoji}", emoji=text), said(text))
                chip.clicked.connect(lambda _on=False, text=text: self._add(text))
                self._chips.addWidget(chip)

    def _add(self, text: str) -> None:
        self._set((*emoji.split(self.emoji_field.text()), text))

    def _take_emoji(self) -> None:
        self._set(emoji.split(self.emoji_field.text()))

    def _set(self, chosen: tuple[str, ...]) -> None:
        if self._index is not None:
            self._packing.set_sticker(self._index, emoji=tuple(dict.fromkeys(chosen)))

    def _take_text(self) -> None:
        if self._index is not None:
            self._packing.set_sticker(self._index, text=self.text.text())

    def _make_cover(self) -> None:
        self._packing.edit(cover=self._index)

    def _arrange(self) -> None:
        emoji_row = QHBoxLayout()
        emoji_row.setSpacing(style.SPACE)
        emoji_row.addWidget(self.emoji_field)
        emoji_row.addWidget(self.pick)
        font = self.emoji_field.font()
        font.setPointSizeF(font.pointSizeF() * 1.2)
        self.emoji_field.setFont(font)
        self.emoji_field.setFixedWidth(style.SPACE * 14)
        suggestions = QWidget()
        suggestions.setLayout(self._chips)
        emoji_row.addWidget(suggestions, 1, Qt.AlignmentFlag.AlignVCenter)
        text_row = QHBoxLayout()
        text_row.setSpacing(style.SPACE)
        text_row.addWidget(self.text, 1)
        for widget in (self.cover, self.back, self.on, self.remove):
            text_row.addWidget(widget)
        form = QVBoxLayout(self._form)
        form.setContentsMargins(0, 0, 0, 0)
        form.setSpacing(style.SPACE // 2)
        form.addWidget(self.emoji_label)
        form.addLayout(emoji_row)
        form.addWidget(self.text_label)
        form.addLayout(text_row)
        box = QVBoxLayout(self)
        box.setContentsMargins(style.SPACE * 3 // 2, style.SPACE, style.SPACE * 3 // 2, style.SPACE)
        box.addWidget(self._hint)
        box.addWidget(self._form)
