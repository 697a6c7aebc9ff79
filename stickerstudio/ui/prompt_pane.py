"""The making: words, numbers and a model, the picture they give, and the button that keeps it."""

from __future__ import annotations

import itertools
from pathlib import Path

from PySide6.QtCore import QEvent, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QCheckBox, QHBoxLayout, QWidget

from stickerstudio.core.i18n import tr, tr_n
from stickerstudio.core.messages import PreviewReady
from stickerstudio.core.sticker import Sticker
from stickerstudio.models.cards import ModelCard
from stickerstudio.session.session import Session
from stickerstudio.ui import style
from stickerstudio.ui.file_drop import FileDrop
from stickerstudio.ui.model_box import ModelBox
from stickerstudio.ui.preview import PreviewView
from stickerstudio.ui.prompt_chips import PromptChips
from stickerstudio.ui.prompt_edit import PromptEdit
from stickerstudio.ui.prompt_options import PromptOptions
from stickerstudio.ui.prompt_start import PromptChoices, PromptStart
from stickerstudio.ui.widgets import Card, FlowLayout, PushButton, label, name_control
from stickerstudio.ui.words import has_word, nearest_concepts, replace_word, with_word, without_word


class PromptPane(Card):
    """Shows session.draft and edits it."""

    models_wanted = Signal(str)  # open the models window; the model to get, or ""
    expressions_wanted = Signal(str)  # open the board; a character for it

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._shows_preview = False
        self._shown_seed = 0
        self._heading = label("heading")
        self.model = ModelBox(session)
        self.live = QCheckBox()
        self.preview = PreviewView()
        self.prompt = PromptEdit()
        self.chips = PromptChips()
        self.start = PromptStart(session)
        self.choices = PromptChoices()
        self.expressions = PushButton(icon="faces")
        self._drop = FileDrop(self)
        self.options = PromptOptions()
        self.make = PushButton(icon="make", primary=True)
        self.stop = PushButton(icon="stop")
        self.stop.setObjectName("tall")
        self._arrange()
        self._connect()
        self.retranslate()
        self._show_draft()
        self._show_jobs()

    def retranslate(self) -> None:
        """Word everything anew after a change of language; the parts do so themselves."""
        self._heading.setText(tr("Make a sticker"))
        self.live.setText(tr("&Live preview"))
        name_control(self.live, tr("Live preview"), tr("Draw a preview while you type or slide"))
        self.prompt.setPlaceholderText(tr("What should it show? For example: I love you, otter"))
        name_control(self.prompt, tr("Prompt"), tr("Enter makes it, Shift+Enter starts a new line"))
        self.preview.setAccessibleName(tr("Preview"))
        self.preview.empty.set_texts(
            tr("Your sticker appears here"),
            tr("Type what it should show below. While you type, a preview is drawn."),
        )
        if self.preview.caption:
            self.preview.set_caption(self._caption())
        self.expressions.setText(tr("E&xpressions…"))
        name_control(
            self.expressions,
            tr("Expressions"),
            tr("A board of many expressions of one character"),
        )
        name_control(self.stop, tr("Stop making"), tr("Stop what is being made (Esc)"))
        self.stop.setText(tr("St&op"))
        self._show_draft()

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.LanguageChange:
            self.retranslate()
        super().changeEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Lines that wrap make the pane taller; a splitter asks for no height by width."""
        super().resizeEvent(event)
        self.setMinimumHeight(self.box.totalMinimumHeightForWidth(self.width()))

    def _arrange(self) -> None:
        head = QHBoxLayout()
        head.setSpacing(style.SPACE)
        head.addWidget(self._heading)
        head.addStretch()
        self.expressions.setObjectName("link")
        head.addWidget(self.expressions)
        head.addWidget(self.live)
        head.addWidget(self.model)
        buttons = QWidget()
        pair = QHBoxLayout(buttons)
        pair.setContentsMargins(0, 0, 0, 0)
        pair.setSpacing(style.SPACE)
        pair.addWidget(self.stop)
        pair.addWidget(self.make)
        foot = FlowLayout(spacing=style.SPACE, push_last=True)
        foot.addWidget(self.options)
        foot.addWidget(buttons)
        self.box.addLayout(head)
        self.box.addWidget(self.preview, 1)
        self.box.addWidget(self.start)
        self.box.addWidget(self.prompt)
        self.box.addWidget(self.choices)
        self.box.addWidget(self.chips)
        self.box.addLayout(foot)
        order = [self.prompt, self.make, self.stop, self.options.seed, self.options.lock]
        order += [self.options.dice, self.options.count, self.options.steps, self.live, self.model]
        for first, second in itertools.pairwise(order):
            QWidget.setTabOrder(first, second)
        self.setFocusProxy(self.prompt)

    def _connect(self) -> None:
        session = self._session
        self.prompt.textChanged.connect(self._typed)
        self.prompt.make_pressed.connect(self.make.click)
        self.make.clicked.connect(session.make)
        self.stop.clicked.connect(session.stop)
        self.live.clicked.connect(lambda on: session.edit(live=on))
        self.options.changed.connect(lambda changes: session.edit(**changes))
        self.options.dice_pressed.connect(session.roll_seed)
        self.chips.word_pressed.connect(self._toggle_word)
        self.chips.example_pressed.connect(self._take_example)
        self.chips.better_pressed.connect(self._take_better)
        self.model.models_wanted.connect(self.models_wanted)
        self._drop.dropped.connect(self._start_from)
        self.expressions.clicked.connect(lambda: self.expressions_wanted.emit(session.draft.prompt))
        self.choices.all_wanted.connect(lambda count: session.edit(count=count))
        session.draft_changed.connect(self._show_draft)
        session.models_changed.connect(self._show_draft)
        session.loras_changed.connect(self._show_draft)
        session.jobs_changed.connect(self._show_jobs)
        session.preview_ready.connect(self._show_preview)
        session.preview_cleared.connect(self._clear_preview)
        session.sticker_ready.connect(self._show_sticker)

    def _show_draft(self) -> None:
        draft = self._session.draft
        card = self._card(draft.model)
        self.prompt.show_text(draft.prompt)
        self.options.show_draft(draft, card)
        self.choices.show_prompt(draft.prompt, draft.seed, draft.count)
        self.live.setChecked(draft.live)
        enabled = {entry.name for entry in draft.blend if entry.enabled and entry.weight}
        words = [
            w for lora in self._session.loras if lora.name in enabled for w in lora.trigger_words
        ]
        self.chips.show_words(card, words, draft.prompt)
        self.make.setText(tr_n("&Make {n} sticker", "&Make {n} stickers", draft.count))
        name_control(self.make, self.make.text().replace("&", ""), tr("Make and keep (Ctrl+Enter)"))

    def _show_jobs(self) -> None:
        self.stop.setEnabled(bool(self._session.jobs))

    def _show_preview(self, preview: PreviewReady) -> None:
        self._shows_preview = True
        self._shown_seed = preview.recipe.seed
        self.preview.show_rgba(preview.width, preview.height, preview.rgba, self._caption())
        card = self._card(preview.recipe.model)
        concepts = card.concepts if card else ()
        unknown = preview.unknown_words
        painted = [
            f"{typed} → {concept.local_name}"
            for typed, name in preview.read_as
            for concept in concepts
            if concept.en == name
        ]
        self.chips.show_near(unknown, nearest_concepts(unknown, concepts), painted)

    def _clear_preview(self) -> None:
        if self._shows_preview:  # a sticker that was kept may stay to be looked at
            self.preview.clear()
        self.chips.show_near((), [])

    def _show_sticker(self, sticker: Sticker) -> None:
        self._shows_preview = False
        self._shown_seed = sticker.recipe.seed
        self.preview.load(sticker.path, self._caption())

    def _caption(self) -> str:
        """What the picture on show is."""
        if self._shows_preview:
            return tr("Preview · seed {seed}", seed=self._shown_seed)
        return tr("In your gallery · seed {seed}", seed=self._shown_seed)

    def _start_from(self, files: list[Path]) -> None:
        """The first, where several are dropped; anything but a picture is refused there."""
        self._session.variations.start_from(files[0])

    def _card(self, name: str) -> ModelCard | None:
        return next((card for card in self._session.models if card.name == name), None)

    def _typed(self) -> None:
        self._session.edit(prompt=self.prompt.toPlainText())

    def _toggle_word(self, word: str) -> None:
        prompt = self._session.draft.prompt
        change = without_word if has_word(prompt, word) else with_word
        self._session.edit(prompt=change(prompt, word))

    def _take_example(self, example: str) -> None:
        self._session.edit(prompt=example)
        self.prompt.setFocus()

    def _take_better(self, word: str, better: str) -> None:
        self._session.edit(prompt=replace_word(self._session.draft.prompt, word, better))
        self.chips.show_near((), [])
