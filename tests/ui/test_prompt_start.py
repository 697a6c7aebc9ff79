"""A photo dropped on the prompt, choices in it, and more like a sticker: by real widgets."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image
from PySide6.QtCore import QMimeData, Qt, QUrl
from pytestqt.qtbot import QtBot

from stickerstudio.core.recipe import Recipe
from stickerstudio.session.session import Session
from stickerstudio.session.state import Notice
from stickerstudio.session.variations import MORE, STRONG, SUBTLE
from stickerstudio.ui.gallery_pane import GalleryPane
from stickerstudio.ui.prompt_pane import PromptPane
from tests.ui.drops import drop


@pytest.fixture
def pane(session: Session, qtbot: QtBot) -> PromptPane:
    session.edit(live=False)
    pane = PromptPane(session)
    qtbot.addWidget(pane)
    pane.resize(700, 700)
    pane.show()
    qtbot.waitExposed(pane)
    return pane


def test_a_dropped_photo_is_the_start_until_it_is_removed(
    pane: PromptPane, session: Session, qtbot: QtBot, tmp_path: Path
) -> None:
    assert not pane.start.isVisible()
    Image.new("RGB", (90, 60), "red").save(tmp_path / "photo.jpg")
    drop(pane, tmp_path / "photo.jpg")
    qtbot.waitUntil(pane.start.isVisible, timeout=30_000)
    colour = pane.start.thumbnail.pixmap().toImage().pixelColor(10, 10)
    assert (colour.red() > 240, colour.green() < 15) == (True, True)
    pane.start.strength.setValue(35)
    assert session.draft.strength == 0.35
    qtbot.mouseClick(pane.start.remove, Qt.MouseButton.LeftButton)
    assert session.draft.start is None
    assert not pane.start.isVisible()


def test_words_can_be_dropped_into_the_prompt_but_files_are_the_panes(pane: PromptPane) -> None:
    words, file = QMimeData(), QMimeData()
    words.setText("otter")
    file.setUrls([QUrl.fromLocalFile("/photo.jpg")])
    assert pane.prompt.canInsertFromMimeData(words)
    assert not pane.prompt.canInsertFromMimeData(file)
    assert pane.prompt.acceptDrops()
    assert pane.acceptDrops()


def test_what_is_no_picture_is_a_sentence(
    pane: PromptPane, session: Session, qtbot: QtBot, tmp_path: Path
) -> None:
    notices: list[Notice] = []
    session.notice.connect(notices.append)
    (tmp_path / "letter.txt").write_text("dear otter")
    drop(pane, tmp_path / "letter.txt")
    qtbot.waitUntil(lambda: bool(notices), timeout=30_000)
    assert notices[0].error is not None
    assert not notices[0].error.is_fault
    assert not pane.start.isVisible()


def test_choices_are_counted_and_all_of_them_can_be_made(
    pane: PromptPane, session: Session, qtbot: QtBot
) -> None:
    qtbot.keyClicks(pane.prompt, "otter")
    assert not pane.choices.isVisible()
    pane.prompt.setPlainText("{happy|sad|angry} {otter|cat}")
    assert pane.choices.isVisible()
    assert pane.choices.make_all.text() == "Make all 6"
    qtbot.mouseClick(pane.choices.make_all, Qt.MouseButton.LeftButton)
    assert session.draft.count == 6
    assert "6" in pane.make.text()
    assert not pane.choices.make_all.isVisible()
    qtbot.mouseClick(pane.make, Qt.MouseButton.LeftButton)
    assert len(session.jobs) == 6
    assert len({view.title for view in session.jobs}) == 6
    pane.prompt.setPlainText("{a|b}" * 30)
    assert pane.choices.make_all.text() == "Make 16 of them"


def test_the_board_is_offered_the_prompt(pane: PromptPane, qtbot: QtBot) -> None:
    pane.prompt.setPlainText("otter")
    with qtbot.waitSignal(pane.expressions_wanted) as wanted:
        qtbot.mouseClick(pane.expressions, Qt.MouseButton.LeftButton)
    assert wanted.args == ["otter"]


@pytest.mark.parametrize(
    ("name", "number", "strength"),
    [("more", MORE, SUBTLE), ("cousins", MORE, STRONG), ("restyle", 1, 0.0)],
)
def test_variations_are_ordered_from_the_gallery(
    session: Session, qtbot: QtBot, name: str, number: int, strength: float
) -> None:
    session.edit(live=False)
    made = session.library.add(Image.new("RGBA", (8, 8)), Recipe("otter", seed=5), 0.1)
    gallery = GalleryPane(session)
    qtbot.addWidget(gallery)
    qtbot.waitUntil(lambda: gallery.model.rowCount() == 1)
    gallery.view.selectAll()
    gallery.actions_[name].trigger()  # pyright: ignore[reportArgumentType]
    recipes: list[Recipe] = []
    session.sticker_ready.connect(lambda sticker: recipes.append(sticker.recipe))
    qtbot.waitUntil(lambda: len(recipes) == number, timeout=60_000)
    assert {(recipe.seed, recipe.variation_strength) for recipe in recipes} == {(5, strength)}
    assert made.id in session.library.ids()


def test_the_new_controls_have_names(pane: PromptPane) -> None:
    for control in (pane.expressions, pane.start.strength, pane.start.remove):
        assert control.accessibleName(), control
