"""The prompt pane edits the draft, shows it, and makes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from stickerstudio.core.i18n import set_language
from stickerstudio.core.messages import PreviewReady
from stickerstudio.core.recipe import MAX_SEED, Recipe
from stickerstudio.session.session import Session
from stickerstudio.ui.prompt_pane import PromptPane


@pytest.fixture
def pane(session: Session, qtbot: QtBot) -> PromptPane:
    pane = PromptPane(session)
    qtbot.addWidget(pane)
    pane.resize(600, 500)
    pane.show()
    return pane


def preview(prompt: str = "otter", *, unknown: tuple[str, ...] = ()) -> PreviewReady:
    blue = bytes((0, 0, 255, 255)) * 64
    return PreviewReady(1, 8, 8, blue, Recipe(prompt, seed=1234), 0.1, unknown)


def test_typing_and_numbers_become_the_draft(
    pane: PromptPane, session: Session, qtbot: QtBot
) -> None:
    qtbot.keyClicks(pane.prompt, "I love you, otter")
    pane.options.seed.setValue(MAX_SEED)
    pane.options.count.setValue(7)
    pane.options.steps.setValue(8)
    qtbot.mouseClick(pane.options.lock, Qt.MouseButton.LeftButton)
    draft = session.draft
    assert (draft.prompt, draft.seed, draft.count, draft.steps, draft.seed_locked) == (
        "I love you, otter",
        MAX_SEED,
        7,
        8,
        True,
    )


def test_numbers_stay_in_their_ranges(pane: PromptPane) -> None:
    options = pane.options
    assert (options.count.minimum(), options.count.maximum()) == (1, 16)
    assert (options.steps.minimum(), options.steps.maximum()) == (1, 8)  # the model's card
    options.count.setValue(99)
    assert options.count.value() == 16


@pytest.mark.parametrize("prompt", ["🦦 水獺", "שלום לוטרה", "a" * 10_000, "two\nlines"])
def test_the_draft_is_shown_whatever_it_holds(
    pane: PromptPane, session: Session, prompt: str
) -> None:
    session.edit(prompt=prompt, seed=77, count=3, seed_locked=True)
    assert pane.prompt.toPlainText() == prompt
    assert (pane.options.seed.value(), pane.options.count.value()) == (77, 3)
    assert pane.options.lock.isChecked()
    assert "3" in pane.make.text()


def test_a_prompt_taken_from_elsewhere_can_be_undone(pane: PromptPane, session: Session) -> None:
    session.edit(prompt="mine")
    session.edit(prompt="from a sticker")
    pane.prompt.undo()
    assert session.draft.prompt == "mine"


def test_the_dice_rolls_another_seed(pane: PromptPane, session: Session, qtbot: QtBot) -> None:
    session.edit(seed=5)
    qtbot.mouseClick(pane.options.dice, Qt.MouseButton.LeftButton)
    assert session.draft.seed != 5
    assert pane.options.seed.value() == session.draft.seed


def test_chips_offer_the_models_and_the_enabled_loras_words(
    pane: PromptPane, session: Session
) -> None:
    assert [chip.word for chip in pane.chips.words.chips()] == ["dm-sticker", "flat", "pixel"]
    session.set_enabled("neon", True)
    assert [chip.word for chip in pane.chips.words.chips()] == [
        "dm-sticker",
        "neon",
        "flat",
        "pixel",
    ]


def test_a_chip_puts_its_word_in_and_takes_it_out(
    pane: PromptPane, session: Session, qtbot: QtBot
) -> None:
    session.edit(prompt="otter")
    trigger = pane.chips.words.chips()[0]
    qtbot.mouseClick(trigger, Qt.MouseButton.LeftButton)
    assert session.draft.prompt == "otter, dm-sticker"
    assert trigger.isChecked()
    qtbot.mouseClick(trigger, Qt.MouseButton.LeftButton)
    assert session.draft.prompt == "otter"
    assert not trigger.isChecked()


def test_examples_are_offered_while_there_are_no_words(
    pane: PromptPane, session: Session, qtbot: QtBot
) -> None:
    assert pane.chips.examples.isVisible()
    qtbot.mouseClick(pane.chips.examples.chips()[0], Qt.MouseButton.LeftButton)
    assert session.draft.prompt == "I love you, otter"
    assert not pane.chips.examples.isVisible()


def test_unknown_words_are_met_with_near_ones(
    pane: PromptPane, session: Session, qtbot: QtBot
) -> None:
    session.edit(prompt="my ottr, please")
    session.preview_ready.emit(preview("my ottr, please", unknown=("ottr",)))
    assert "ottr" in pane.chips.near.caption.text()
    (chip,) = pane.chips.near.chips()
    qtbot.mouseClick(chip, Qt.MouseButton.LeftButton)
    assert session.draft.prompt == "my otter, please"
    assert not pane.chips.near.isVisible()


def test_what_was_painted_for_an_unknown_word_is_said(pane: PromptPane, session: Session) -> None:
    said = preview("river puppy", unknown=("puppy",))
    session.preview_ready.emit(replace(said, read_as=(("river puppy", "otter"),)))
    assert "puppy" in pane.chips.near.caption.text()
    assert "otter" in pane.chips.near.caption.text()
    session.preview_ready.emit(preview("otter"))
    assert not pane.chips.near.isVisible()


def test_a_phrase_of_known_words_that_is_read_is_said_too(
    pane: PromptPane, session: Session
) -> None:
    said = replace(preview("river mood"), read_as=(("river mood", "otter"),))
    session.preview_ready.emit(said)
    assert pane.chips.near.isVisible()
    assert "river mood" in pane.chips.near.caption.text()


def test_a_preview_is_shown_with_its_seed(pane: PromptPane, session: Session) -> None:
    assert pane.preview.empty.isVisible()
    session.preview_ready.emit(preview())
    picture = pane.preview.picture
    assert picture is not None
    assert picture.toImage().pixelColor(4, 4).blue() == 255
    assert "1234" in pane.preview.caption
    assert not pane.preview.empty.isVisible()
    shown = pane.preview.grab().toImage()
    assert shown.pixelColor(pane.preview.picture_rect().center()).blue() == 255


def test_no_preview_shows_what_to_do_first(pane: PromptPane, session: Session) -> None:
    session.preview_ready.emit(preview())
    session.preview_cleared.emit()
    assert pane.preview.picture is None
    assert pane.preview.empty.isVisible()


def test_enter_makes_and_the_sticker_is_shown(
    pane: PromptPane, session: Session, qtbot: QtBot
) -> None:
    session.edit(live=False, count=2, seed=9, seed_locked=True)
    session.start()
    qtbot.keyClicks(pane.prompt, "slow otter")
    assert not pane.stop.isEnabled()
    qtbot.keyClick(pane.prompt, Qt.Key.Key_Return)
    assert pane.stop.isEnabled()
    qtbot.waitUntil(lambda: session.library.count() == 2, timeout=40_000)
    qtbot.waitUntil(lambda: "10" in pane.preview.caption, timeout=40_000)
    session.edit(prompt="something else")  # with nothing to preview: the kept one stays
    assert pane.preview.picture is not None
    qtbot.waitUntil(lambda: not pane.stop.isEnabled(), timeout=40_000)


def test_shift_enter_starts_a_line(pane: PromptPane, session: Session, qtbot: QtBot) -> None:
    qtbot.keyClicks(pane.prompt, "a")
    qtbot.keyClick(pane.prompt, Qt.Key.Key_Return, Qt.KeyboardModifier.ShiftModifier)
    qtbot.keyClicks(pane.prompt, "b")
    assert session.draft.prompt == "a\nb"
    assert session.jobs == []


def test_stop_ends_the_running_order(pane: PromptPane, session: Session, qtbot: QtBot) -> None:
    session.edit(live=False, count=16, prompt="slow otter")
    session.start()
    qtbot.mouseClick(pane.make, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: any(job.state == "running" for job in session.jobs), timeout=40_000)
    qtbot.mouseClick(pane.stop, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: not session.jobs, timeout=40_000)
    assert session.library.count() < 16


def test_model_box_lists_what_can_be_used_and_leads_to_more(
    pane: PromptPane, session: Session, qtbot: QtBot
) -> None:
    box = pane.model
    texts = [box.itemText(index) for index in range(box.count())]
    assert texts[0] == "Starter"
    assert box.currentText() == "Starter"
    get = next(index for index, text in enumerate(texts) if "SDXL-Turbo" in text)
    with qtbot.waitSignal(pane.models_wanted) as wanted:
        box.activated.emit(get)
    assert wanted.args == ["sdxl-turbo"]
    assert session.draft.model == "starter"
    assert box.currentText() == "Starter"


def test_a_model_that_is_gone_is_named(pane: PromptPane, session: Session) -> None:
    session.edit(model="lost-model")
    assert pane.model.currentIndex() == -1
    assert "lost-model" in pane.model.placeholderText()


def test_a_picture_that_arrives_late_does_not_cover_a_newer_one(
    pane: PromptPane, qtbot: QtBot, tmp_path: Path
) -> None:
    file = tmp_path / "old.png"
    image = QImage(64, 64, QImage.Format.Format_RGBA8888)
    image.fill(Qt.GlobalColor.red)
    assert image.save(str(file))
    pane.preview.load(file, "old")
    pane.preview.show_rgba(8, 8, bytes((0, 0, 255, 255)) * 64, "new")
    qtbot.waitUntil(lambda: not pane.preview.reading, timeout=40_000)
    assert pane.preview.caption == "new"


def test_the_caption_follows_the_language(pane: PromptPane, session: Session) -> None:
    session.preview_ready.emit(preview())
    english = pane.preview.caption
    set_language("zh_TW", session.paths.locales)
    QApplication.sendEvent(pane, QEvent(QEvent.Type.LanguageChange))
    assert pane.preview.caption != english
    assert "1234" in pane.preview.caption
