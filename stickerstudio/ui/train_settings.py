"""What to train: name, trigger, licence, how long; and everything else behind "Advanced"."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtWidgets import (
    QButtonGroup,
    QCheckBox,
    QComboBox,
    QDoubleSpinBox,
    QFormLayout,
    QLineEdit,
    QRadioButton,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from stickerstudio.core.i18n import tr, tr_n
from stickerstudio.session.session import Session
from stickerstudio.training.settings import (
    MAX_RANK,
    MAX_STEPS,
    PRESETS,
    Preset,
    Target,
    TrainingSettings,
    default_trigger,
    is_lora_name,
    with_preset,
)
from stickerstudio.ui import style
from stickerstudio.ui.widgets import PushButton, label, name_control

_TARGETS: tuple[tuple[Target, ...], ...] = (
    ("attention",),
    ("attention", "feed-forward"),
    ("attention", "feed-forward", "convolutions"),
)


class TrainingForm(QWidget):
    """Gives TrainingSettings."""

    changed = Signal()

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._trigger_typed = False
        self.name = QLineEdit()
        self.trigger = QLineEdit()
        self.model = QComboBox()
        self.licence = QComboBox()
        self.licence.setEditable(True)
        self.author = QLineEdit()
        self.consent = QCheckBox()
        self.presets: dict[Preset, QRadioButton] = {preset: QRadioButton() for preset in PRESETS}
        self._times: dict[Preset, Any] = {preset: label("small") for preset in PRESETS}
        self.more = PushButton(icon="chevron-right")
        self.more.setObjectName("link")
        self.more.setCheckable(True)
        self.advanced = _Advanced()
        self._labels = {key: label() for key in ("name", "trigger", "model", "licence", "author")}
        self._heading = label("heading")
        self._arrange()
        self.presets["quick"].setChecked(True)
        self.licence.addItems(["", "CC0-1.0", "CC-BY-4.0", "CC-BY-SA-4.0", "MIT", "Apache-2.0"])
        self.name.textChanged.connect(self._on_name)
        self.trigger.textEdited.connect(self._on_trigger)
        self.consent.toggled.connect(self.changed)
        self.more.toggled.connect(self._show_advanced)
        for preset, button in self.presets.items():
            button.toggled.connect(partial(self._on_preset, preset))
        session.models_changed.connect(self._show_models)
        session.training.pace_changed.connect(self.show_times)
        self._show_models()
        self._show_advanced(False)
        self._on_preset("quick", True)
        self.retranslate()

    @property
    def is_complete(self) -> bool:
        """Whether a training can begin."""
        return is_lora_name(self.name.text().strip()) and self.consent.isChecked()

    def settings(self) -> TrainingSettings:
        """What is chosen."""
        name = self.name.text().strip()
        preset: Preset = next(each for each, button in self.presets.items() if button.isChecked())
        settings = TrainingSettings(
            name=name,
            model=self.model.currentData() or "starter",
            trigger=self.trigger.text().strip(),
            licence=self.licence.currentText().strip(),
            author=self.author.text().strip(),
            consent=self.consent.isChecked(),
        )
        return self.advanced.applied(with_preset(settings, preset))

    def retranslate(self) -> None:
        """Word everything anew."""
        self._heading.setText(tr("The style"))
        texts = {
            "name": tr("Name"),
            "trigger": tr("Trigger word"),
            "model": tr("Model"),
            "licence": tr("Licence"),
            "author": tr("Drawn by"),
        }
        fields = (self.name, self.trigger, self.model, self.licence, self.author)
        for (key, text), field in zip(texts.items(), fields, strict=True):
            self._labels[key].setText(text)
            name_control(field, text)
        tip = tr("Typed at the end of a prompt it calls the style: “pizza, my-sticker”")
        name_control(self.trigger, tr("Trigger word"), tip)
        self.name.setPlaceholderText(tr("such as “crayon”"))
        if (line := self.licence.lineEdit()) is not None:
            line.setPlaceholderText(tr("of the drawings"))
        self.consent.setText(tr("These drawings are mine, or I &may train on them"))
        name_control(self.consent, tr("I may train on these drawings"))
        for preset, text in zip(PRESETS, (tr("&Quick"), tr("&Good"), tr("&Thorough")), strict=True):
            self.presets[preset].setText(text)
            name_control(self.presets[preset], text.replace("&", ""))
        self.more.setText(tr("Ad&vanced"))
        name_control(self.more, tr("Advanced settings"))
        self.advanced.retranslate()
        self.show_times()

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.LanguageChange:
            self.retranslate()
        super().changeEvent(event)

    def show_times(self) -> None:
        """How long each preset takes here, as far as it was ever measured."""
        pace = self._session.training.pace(self.model.currentData() or "starter")
        for preset, words in self._times.items():
            steps = with_preset(TrainingSettings(name="x"), preset).steps
            text = tr_n("{n} step", "{n} steps", steps)
            if pace:
                minutes = max(1, round(pace * steps / 60))
                text += " · " + tr_n("about {n} minute here", "about {n} minutes here", minutes)
            else:
                text += " · " + tr("timed in the first steps")
            words.setText(text)

    def _arrange(self) -> None:
        form = QFormLayout()
        form.setHorizontalSpacing(style.SPACE * 2)
        form.setVerticalSpacing(style.SPACE)
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        fields = (self.name, self.trigger, self.model, self.licence, self.author)
        for key, field in zip(self._labels, fields, strict=True):
            form.addRow(self._labels[key], field)
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(style.SPACE)
        box.addWidget(self._heading)
        box.addLayout(form)
        box.addWidget(self.consent)
        box.addSpacing(style.SPACE)
        group = QButtonGroup(self)
        for preset, button in self.presets.items():
            group.addButton(button)
            box.addWidget(button)
            self._times[preset].setContentsMargins(style.SPACE * 3, 0, 0, style.SPACE // 2)
            box.addWidget(self._times[preset])
        box.addWidget(self.more, 0, Qt.AlignmentFlag.AlignLeft)
        box.addWidget(self.advanced)
        box.addStretch()

    def _show_models(self) -> None:
        before = self.model.currentData()
        self.model.clear()
        for card in self._session.models:
            if card.location is not None:
                self.model.addItem(card.local_title, card.name)
        self.model.setCurrentIndex(max(0, self.model.findData(before)))

    def _show_advanced(self, on: bool) -> None:
        self.advanced.setVisible(on)
        self.more.set_icon("chevron-down" if on else "chevron-right")

    def _on_name(self, text: str) -> None:
        if not self._trigger_typed:
            self.trigger.setText(default_trigger(text) if text.strip() else "")
        self.changed.emit()

    def _on_trigger(self, text: str) -> None:
        self._trigger_typed = bool(text)

    def _on_preset(self, preset: Preset, on: bool) -> None:
        if on:
            self.advanced.show_settings(with_preset(TrainingSettings(name="x"), preset))


class _Advanced(QWidget):
    """Everything that a preset decides, to be decided otherwise, and how the drawings lie."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.steps = QSpinBox()
        self.steps.setRange(1, MAX_STEPS)
        self.rank = QSpinBox()
        self.rank.setRange(1, MAX_RANK)
        self.batch = QSpinBox()
        self.batch.setRange(1, 1_024)
        self.rate = QDoubleSpinBox()
        self.rate.setDecimals(6)
        self.rate.setRange(0.000001, 1)
        self.rate.setSingleStep(0.0001)
        self.targets = QComboBox()
        self.loss = QComboBox()
        self.prior = QSpinBox()
        self.prior.setRange(0, 90)
        self.prior.setSuffix(" %")
        self.text = QCheckBox()
        self.flips = QCheckBox()
        self.place = QCheckBox()
        self._labels = [label() for _ in range(7)]
        form = QFormLayout(self)
        form.setContentsMargins(0, 0, 0, 0)
        form.setHorizontalSpacing(style.SPACE * 2)
        form.setVerticalSpacing(style.SPACE // 2)
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        fields = (self.steps, self.rank, self.batch, self.rate, self.targets, self.loss, self.prior)
        for words, field in zip(self._labels, fields, strict=True):
            form.addRow(words, field)
        form.addRow(self.text)
        form.addRow(self.flips)
        form.addRow(self.place)

    def retranslate(self) -> None:
        """Word everything anew."""
        texts = (
            tr("Steps"),
            tr("Rank"),
            tr("Pictures a step"),
            tr("Learning rate"),
            tr("Layers"),
            tr("Loss"),
            tr("The model's own pictures"),
        )
        fields = (self.steps, self.rank, self.batch, self.rate, self.targets, self.loss, self.prior)
        for words, field, text in zip(self._labels, fields, texts, strict=True):
            words.setText(text)
            name_control(field, text)
        for combo, items in (
            (self.targets, (tr("attention"), tr("+ feed-forward"), tr("+ convolutions"))),
            (self.loss, (tr("ordinary"), tr("sharp (x0)"), tr("sharp, keeps subjects"))),
        ):
            chosen = combo.currentIndex()
            combo.clear()
            combo.addItems(list(items))
            combo.setCurrentIndex(max(0, chosen))
        self.text.setText(tr("Train the text encoders, too"))
        self.flips.setText(tr("Mirror drawings (not those with letters)"))
        for box in (self.text, self.flips):
            name_control(box, box.text())
        self.place.setText(tr("Leave drawings where they are on their page"))
        tip = tr("For drawings made over the model's own stickers: nothing is trimmed or centred")
        name_control(self.place, self.place.text(), tip)

    def show_settings(self, settings: TrainingSettings) -> None:
        """Show what a preset decides."""
        if not self.targets.count():
            self.retranslate()
        self.steps.setValue(settings.steps)
        self.rank.setValue(settings.rank)
        self.batch.setValue(settings.batch)
        self.rate.setValue(settings.learning_rate)
        self.targets.setCurrentIndex(_TARGETS.index(settings.targets))
        self.loss.setCurrentIndex(("ordinary", "x0", "teacher").index(settings.loss))
        self.prior.setValue(round(100 * settings.prior_share))
        self.text.setChecked(settings.text_encoders)
        self.flips.setChecked(settings.flips)

    def applied(self, settings: TrainingSettings) -> TrainingSettings:
        """`settings` with what is shown here."""
        return replace(
            settings,
            steps=self.steps.value(),
            rank=self.rank.value(),
            alpha=self.rank.value(),
            batch=self.batch.value(),
            learning_rate=self.rate.value(),
            targets=_TARGETS[self.targets.currentIndex()],
            loss=("ordinary", "x0", "teacher")[self.loss.currentIndex()],
            prior_share=self.prior.value() / 100,
            text_encoders=self.text.isChecked(),
            flips=self.flips.isChecked(),
            keep_place=self.place.isChecked(),
        )
