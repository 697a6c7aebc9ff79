"""Collections, tags, orders and the trash, driven as a user drives them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PIL import Image
from PySide6.QtCore import QItemSelectionModel, Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QApplication, QInputDialog, QMenu, QMessageBox
from pytestqt.qtbot import QtBot

from stickerstudio.core.collections import Label
from stickerstudio.core.recipe import Recipe
from stickerstudio.session.session import Session
from stickerstudio.ui.gallery_pane import GalleryPane

CATS = Label("collection", "貓咪 & co 🐱")
WORK = Label("tag", "work")


@pytest.fixture
def pane(session: Session, qtbot: QtBot) -> GalleryPane:
    picture = Image.new("RGBA", (16, 16), "red")
    for prompt in ("pear", "apple", "fig", "otter"):
        session.library.add(picture, Recipe(prompt), 0.1)
    pane = GalleryPane(session)
    qtbot.addWidget(pane)
    pane.resize(420, 600)
    pane.show()
    qtbot.waitUntil(lambda: pane.model.rowCount() == 4)
    return pane


@pytest.fixture(autouse=True)
def close_menus(qapp: QApplication) -> Iterator[None]:
    yield
    while (popup := QApplication.activePopupWidget()) is not None:
        popup.close()


def prompts(pane: GalleryPane) -> list[str]:
    rows = range(pane.model.rowCount())
    return [pane.model.index(row).data(Qt.ItemDataRole.DisplayRole) for row in rows]


def until(qtbot: QtBot, pane: GalleryPane, wanted: list[str]) -> None:
    qtbot.waitUntil(lambda: not pane.model.is_searching and prompts(pane) == wanted, timeout=15_000)


def choose(pane: GalleryPane, *names: str) -> None:
    pane.view.setFocus()
    pane.view.clearSelection()
    for row, prompt in enumerate(prompts(pane)):
        if prompt in names:
            flag = QItemSelectionModel.SelectionFlag.Select
            pane.view.selectionModel().select(pane.model.index(row), flag)


def action(menu: QMenu, text: str) -> QAction:
    """The action of that text in `menu` or one of its submenus."""
    for each in menu.actions():
        if each.text().split("\t")[0].replace("&&", "&") == text:
            return each
        below = each.menu()
        if isinstance(below, QMenu) and below.title() != text:
            try:
                return action(below, text)
            except LookupError:
                pass
    raise LookupError(text)


def submenu(menu: QMenu, title: str) -> QMenu:
    return next(each for each in menu.findChildren(QMenu) if each.title() == title)


def answer(pane: GalleryPane, qtbot: QtBot, text: str) -> None:
    """Type into the small window that asks for a name, and press Enter."""
    qtbot.waitUntil(lambda: bool(pane.findChildren(QInputDialog)))
    dialog = pane.findChildren(QInputDialog)[-1]
    dialog.setTextValue(text)
    dialog.accept()
    qtbot.waitUntil(lambda: not pane.findChildren(QInputDialog))


def test_choosing_stickers_into_a_new_collection_and_showing_it(
    pane: GalleryPane, session: Session, qtbot: QtBot
) -> None:
    choose(pane, "apple", "otter")
    submenu(pane.labels.menu(), "Collections").actions()[-1].trigger()
    answer(pane, qtbot, CATS.name)
    qtbot.waitUntil(lambda: session.labels.collections == {CATS: 2})

    action(pane.shelf.menu_of_all(), CATS.name).trigger()
    until(qtbot, pane, ["otter", "apple"])
    assert "貓咪" in pane.shelf.text()
    pane.search.setText("app")
    until(qtbot, pane, ["apple"])
    pane.search.clear()
    until(qtbot, pane, ["otter", "apple"])

    choose(pane, "apple")
    ticked = action(pane.labels.menu(), CATS.name)
    assert ticked.isChecked()
    ticked.trigger()
    until(qtbot, pane, ["otter"])

    action(pane.shelf.menu_of_all(), "All stickers").trigger()
    until(qtbot, pane, ["otter", "fig", "apple", "pear"])
    assert pane.shelf.text() == "Gallery"


def test_tags_are_ticked_only_where_all_of_the_chosen_have_them(
    pane: GalleryPane, session: Session, qtbot: QtBot
) -> None:
    choose(pane, "fig")
    submenu(pane.labels.menu(), "Tags").actions()[-1].trigger()
    answer(pane, qtbot, WORK.name)
    qtbot.waitUntil(lambda: session.labels.tags == {WORK: 1})
    assert action(pane.labels.menu(), "work").isChecked()
    choose(pane, "fig", "pear")
    both = action(pane.labels.menu(), "work")
    assert not both.isChecked()
    both.trigger()
    qtbot.waitUntil(lambda: session.labels.tags == {WORK: 2})
    pane.search.setText("work")
    until(qtbot, pane, ["fig", "pear"])
    pane.search.clear()
    action(pane.shelf.menu_of_all(), "work").trigger()
    until(qtbot, pane, ["fig", "pear"])


def test_a_collection_that_is_shown_is_renamed_and_given_up(
    pane: GalleryPane, session: Session, qtbot: QtBot
) -> None:
    session.labels.put(CATS, session.library.ids()[:1])
    qtbot.waitUntil(lambda: bool(session.labels.collections))
    action(pane.shelf.menu_of_all(), CATS.name).trigger()
    until(qtbot, pane, ["otter"])
    action(pane.shelf.menu_of_all(), f"Rename “{CATS.name}”…").trigger()
    answer(pane, qtbot, "dogs")
    qtbot.waitUntil(lambda: pane.shelf.text() == "dogs")
    until(qtbot, pane, ["otter"])
    drop = action(pane.shelf.menu_of_all(), "Give up “dogs” (its stickers stay)")
    drop.trigger()
    until(qtbot, pane, ["otter", "fig", "apple", "pear"])
    assert pane.shelf.text() == "Gallery"


def test_orders(pane: GalleryPane, session: Session, qtbot: QtBot) -> None:
    action(pane.orders(), "Oldest first").trigger()
    until(qtbot, pane, ["pear", "apple", "fig", "otter"])
    made = session.library.add(Image.new("RGBA", (8, 8)), Recipe("banana"), 0.1)
    session.sticker_ready.emit(made)
    until(qtbot, pane, ["pear", "apple", "fig", "otter", "banana"])
    action(pane.orders(), "By prompt").trigger()
    until(qtbot, pane, ["apple", "banana", "fig", "otter", "pear"])
    assert action(pane.orders(), "By prompt").isChecked()
    loads = pane.thumbnails.loads
    qtbot.waitUntil(lambda: pane.thumbnails.is_idle and pane.thumbnails.loads >= max(5, loads))


def test_what_was_deleted_is_seen_restored_and_emptied(
    pane: GalleryPane, session: Session, qtbot: QtBot
) -> None:
    choose(pane, "fig", "pear", "apple")
    qtbot.keyClick(pane.view, Qt.Key.Key_Delete)
    until(qtbot, pane, ["otter"])
    qtbot.waitUntil(lambda: session.labels.in_trash == 3)
    action(pane.shelf.menu_of_all(), "Trash").trigger()
    qtbot.waitUntil(lambda: sorted(prompts(pane)) == ["apple", "fig", "pear"])
    assert not pane.search.isEnabled()
    assert not pane.trash.restore.isEnabled()

    choose(pane, "fig")
    assert not any(button.isEnabled() for button in pane.buttons.values())
    qtbot.keyClick(pane.view, Qt.Key.Key_Return)  # what is in the trash is not sent
    qtbot.mouseClick(pane.trash.restore, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: sorted(prompts(pane)) == ["apple", "pear"])
    assert not session.chat.messages

    qtbot.mouseClick(pane.trash.empty, Qt.MouseButton.LeftButton)
    box = pane.findChild(QMessageBox)
    assert isinstance(box, QMessageBox)
    assert "2" in box.text()
    next(b for b in box.buttons() if "Delete" in b.text()).click()
    qtbot.waitUntil(pane.unfound.isVisible)
    assert session.library.trash() == []
    action(pane.shelf.menu_of_all(), "All stickers").trigger()
    until(qtbot, pane, ["otter", "fig"])
    assert pane.search.isEnabled()


def test_the_menu_says_how_much_of_the_disk_is_used(
    pane: GalleryPane, session: Session, qtbot: QtBot
) -> None:
    pane.shelf.open()
    menu = QApplication.activePopupWidget()
    assert isinstance(menu, QMenu)
    line = menu.actions()[-1]
    assert line.text() == "On disk: measuring…"
    qtbot.waitUntil(lambda: "trash" in line.text(), timeout=30_000)
    menu.close()
    qtbot.wait(10)
    session.labels.changed.emit()  # to a menu that is gone


def test_the_pictures_of_the_trash_are_painted(
    pane: GalleryPane, session: Session, qtbot: QtBot
) -> None:
    choose(pane, "fig")
    qtbot.keyClick(pane.view, Qt.Key.Key_Delete)
    qtbot.waitUntil(lambda: session.labels.in_trash == 1)
    action(pane.shelf.menu_of_all(), "Trash").trigger()
    until(qtbot, pane, ["fig"])

    def colour() -> tuple[int, int, int]:
        middle = pane.view.visualRect(pane.model.index(0)).center()
        pixel = pane.view.grab().toImage().pixelColor(middle)
        return pixel.red(), pixel.green(), pixel.blue()

    qtbot.waitUntil(lambda: colour() == (255, 0, 0))


def test_the_new_controls_have_names(pane: GalleryPane) -> None:
    for control in (pane.shelf, pane.sort, pane.label_button, pane.trash.restore, pane.trash.empty):
        assert control.accessibleName(), control
