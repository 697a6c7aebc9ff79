"""Words to press instead of typing: the model's own, the enabled LoRAs', examples, near words."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QVBoxLayout, QWidget

from stickerstudio.core.i18n import tr
from stickerstudio.models.cards import Concept, ModelCard
from stickerstudio.ui import style
from stickerstudio.ui.widgets import Chip, FlowLayout, clear_layout, label
from stickerstudio.ui.words import has_word

EXAMPLES = 4
STYLE_WORDS = 6
LINE = style.SPACE * 3  # pixels, the height of a chip


class PromptChips(QWidget):
    """Two lines: words; below them examples, or words near to unknown ones.

    The second keeps its height when it is empty, so that the picture above does not jump while one
    types.
    """

    word_pressed = Signal(str)  # put it into the prompt, or take it out again
    example_pressed = Signal(str)  # take it as the prompt
    better_pressed = Signal(str, str)  # unknown word, a word the model knows

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.words = _Row(self)
        self.examples = _Row(self)
        self.near = _Row(self)
        self._asked: tuple[ModelCard | None, list[str], str] = (None, [], "")
        self._shown: tuple[object, ...] = ()
        self._unknown: tuple[Sequence[str], list[tuple[str, Concept]], Sequence[str]] = ((), [], ())
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(style.SPACE // 2)
        box.addWidget(self.words)
        second = QWidget()
        second.setMinimumHeight(LINE)
        below = QVBoxLayout(second)
        below.setContentsMargins(0, 0, 0, 0)
        below.setSpacing(0)
        below.addWidget(self.examples)
        below.addWidget(self.near)
        box.addWidget(second)
        self.retranslate()

    def retranslate(self) -> None:
        """Word the labels and the chips' tips anew."""
        self.words.caption.setText(tr("Words:"))
        self.examples.caption.setText(tr("Try:"))
        self._shown = ()
        self.show_words(*self._asked)
        self.show_near(*self._unknown)

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.LanguageChange:
            self.retranslate()
        super().changeEvent(event)

    def show_words(self, card: ModelCard | None, lora_words: list[str], prompt: str) -> None:
        """Chips for `card` and the enabled LoRAs; those in `prompt` look pressed."""
        self._asked = (card, lora_words, prompt)
        own = [card.trigger] if card and card.trigger else []
        style_words = list(card.style_words[:STYLE_WORDS]) if card else []
        words = list(dict.fromkeys([*own, *lora_words, *style_words]))
        examples = list(card.examples[:EXAMPLES]) if card else []
        shown = (words, examples, own)
        if shown != self._shown:  # rebuilt only then: a chip with the focus keeps it
            self._shown = shown
            self._fill(words, [*own, *lora_words], examples)
        for chip in self.words.chips():
            chip.setChecked(has_word(prompt, chip.word))
        self.words.setVisible(bool(words))
        self.examples.setVisible(bool(examples) and not prompt.strip())

    def show_near(
        self,
        unknown: Sequence[str],
        near: list[tuple[str, Concept]],
        painted: Sequence[str] = (),
    ) -> None:
        """Name what the model does not know or takes for something, with chips spelt like it.

        Args:
            painted: what was painted instead, as "kitty → cat face".
        """
        self._unknown = (unknown, near, painted)
        clear_layout(self.near.flow)
        words = ", ".join(unknown[:3])
        if painted:
            caption = tr("Painted: {things}", things=", ".join(painted))
        elif near:
            caption = tr("Not learnt yet: {words}. Perhaps:", words=words)
        else:
            caption = tr("Not learnt yet: {words}", words=words)
        self.near.caption.setText(caption)
        for word, concept in near:
            chip = Chip(concept.local_name)
            better = concept.words[0] if concept.words else concept.en
            tip = tr("Write “{better}” instead of “{word}”", better=better, word=word)
            chip.setToolTip(tip)
            chip.setAccessibleName(tip)
            chip.clicked.connect(
                lambda _=False, word=word, better=better: self.better_pressed.emit(word, better)
            )
            self.near.flow.addWidget(chip)
        self.near.setVisible(bool(unknown or painted))

    def _fill(self, words: list[str], accented: list[str], examples: list[str]) -> None:
        clear_layout(self.words.flow)
        for word in words:
            chip = Chip(word, accented=word in accented)
            chip.setCheckable(True)
            tip = tr("Put “{word}” into the prompt, or take it out", word=word)
            chip.setToolTip(tip)
            chip.setAccessibleName(tip)
            chip.clicked.connect(lambda _=False, word=word: self.word_pressed.emit(word))
            self.words.flow.addWidget(chip)
        clear_layout(self.examples.flow)
        for example in examples:
            chip = Chip(example)
            chip.setAccessibleName(tr("Try “{example}”", example=example))
            chip.clicked.connect(lambda _=False, text=example: self.example_pressed.emit(text))
            self.examples.flow.addWidget(chip)


class _Row(QWidget):
    """A caption and a flow of chips."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.caption: QLabel = label("small")
        inside = QWidget()
        self.flow = FlowLayout(inside)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(style.SPACE)
        self.caption.setFixedHeight(LINE)
        self.caption.setMinimumWidth(style.SPACE * 6)  # so that the rows line up
        row.addWidget(self.caption)
        row.setAlignment(self.caption, style.TOP)
        row.addWidget(inside, 1)

    def chips(self) -> list[Chip]:
        """The chips, in order."""
        items = (self.flow.itemAt(i) for i in range(self.flow.count()))
        return [w for item in items if item and isinstance(w := item.widget(), Chip)]
