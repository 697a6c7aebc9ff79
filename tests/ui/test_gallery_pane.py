"""The gallery pane, driven as a user drives it, over a real session and library."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PIL import Image
from PySide6.QtCore import QEvent, QItemSelectionModel, QMimeData, QPoint, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication, QFileDialog, QMenu, QWidget
from pytestqt.qtbot import QtBot

from stickerstudio.core.library import read_recipe
from stickerstudio.core.recipe import LoraWeight, Recipe
from stickerstudio.core.sticker import Sticker
from stickerstudio.session.session import Session
from stickerstudio.session.state import Notice
from stickerstudio.ui import drag, gallery_actions, gallery_pane, outgoing
from stickerstudio.ui.gallery_delegate import star_rect
from stickerstudio.ui.gallery_pane import GalleryPane

PROMPTS = ("red heart", "happy otter", "sleepy cat", "robot", "水獺 我愛你")
Make = Callable[[str], Sticker]


@pytest.fixture(autouse=True)
def leave_no_clipboard(qapp: QApplication) -> Iterator[None]:
    """Without a display Qt keeps the clipboard until after Python has ended, and crashes there."""
    yield
    qapp.clipboard().clear()


@pytest.fixture
def make(session: Session) -> Make:
    """Makes a sticker as the engine does: on disk, then shown."""

    def make(prompt: str) -> Sticker:
        recipe = Recipe(prompt, seed=77, loras=(LoraWeight("neon", 0.75),))
        image = Image.new("RGBA", (64, 64), (0, 0, 0, 0))
        image.paste((200, 40, 40, 255), (8, 8, 56, 56))
        sticker = session.library.add(image, recipe, 0.5)
        session.sticker_ready.emit(sticker)
        return sticker

    return make


@pytest.fixture
def stickers(make: Make) -> list[Sticker]:
    return [make(prompt) for prompt in PROMPTS]


@pytest.fixture
def pane(session: Session, stickers: list[Sticker], qtbot: QtBot) -> GalleryPane:
    return show(session, qtbot)


def show(session: Session, qtbot: QtBot) -> GalleryPane:
    pane = GalleryPane(session)
    qtbot.addWidget(pane)
    pane.resize(420, 600)
    pane.show()
    qtbot.waitExposed(pane)
    qtbot.waitUntil(lambda: not pane.model.is_searching)
    return pane


def prompts(pane: GalleryPane) -> list[str]:
    role = Qt.ItemDataRole.DisplayRole
    return [pane.model.index(row).data(role) for row in range(pane.model.rowCount())]


def choose(pane: GalleryPane, *rows: int) -> None:
    pane.view.setFocus()
    pane.view.setCurrentIndex(pane.model.index(rows[0]))
    for row in rows[1:]:
        pane.view.selectionModel().select(
            pane.model.index(row), QItemSelectionModel.SelectionFlag.Select
        )


def middle(pane: GalleryPane, row: int) -> QPoint:
    return pane.view.visualRect(pane.model.index(row)).center()


@pytest.fixture
def notices(session: Session) -> list[Notice]:
    heard: list[Notice] = []
    session.notice.connect(heard.append)
    return heard


def test_an_empty_gallery_says_what_to_do_first(session: Session, qtbot: QtBot, make: Make) -> None:
    pane = show(session, qtbot)
    assert pane.empty.isVisible()
    assert not pane.view.isVisible()
    make("first")
    qtbot.waitUntil(pane.view.isVisible)
    assert not pane.empty.isVisible()


def test_stickers_appear_at_the_top_as_they_are_made(pane: GalleryPane, make: Make) -> None:
    choose(pane, 2)
    chosen = pane.chosen()
    make("brand new")
    assert prompts(pane)[0] == "brand new"
    assert pane.chosen() == chosen


def test_pictures_are_painted(pane: GalleryPane, qtbot: QtBot) -> None:
    def colour() -> tuple[int, int, int]:
        pixel = pane.view.grab().toImage().pixelColor(middle(pane, 0))
        return pixel.red(), pixel.green(), pixel.blue()

    qtbot.waitUntil(lambda: colour() == (200, 40, 40))


def test_a_sticker_that_was_edited_is_painted_as_it_is_now(
    pane: GalleryPane, session: Session, stickers: list[Sticker], qtbot: QtBot
) -> None:
    def colour() -> tuple[int, int, int]:
        pixel = pane.view.grab().toImage().pixelColor(middle(pane, 0))
        return pixel.red(), pixel.green(), pixel.blue()

    qtbot.waitUntil(lambda: colour() == (200, 40, 40), timeout=30_000)
    blue = Image.new("RGBA", (64, 64), (0, 0, 250, 255))
    session.library.redesign(stickers[-1].id, blue, session.library.design(stickers[-1].id))
    session.library_changed.emit()
    qtbot.waitUntil(lambda: colour() == (0, 0, 250), timeout=30_000)


def test_a_damaged_file_is_a_sign_and_not_a_crash(
    session: Session, stickers: list[Sticker], qtbot: QtBot
) -> None:
    stickers[-1].path.write_bytes(b"\x89PNG broken")
    pane = show(session, qtbot)
    qtbot.waitUntil(lambda: pane.thumbnails.loads == len(stickers))
    pane.grab()


def test_search_waits_for_the_last_key(pane: GalleryPane, qtbot: QtBot) -> None:
    qtbot.keyClicks(pane.search, "otter")
    assert len(prompts(pane)) == 5
    qtbot.waitUntil(lambda: prompts(pane) == ["happy otter"])
    qtbot.keyClick(pane.search, Qt.Key.Key_Escape)
    qtbot.waitUntil(lambda: len(prompts(pane)) == 5)
    pane.search.setText("水獺")
    qtbot.waitUntil(lambda: prompts(pane) == ["水獺 我愛你"])


def test_nothing_found_says_so(pane: GalleryPane, qtbot: QtBot) -> None:
    pane.search.setText("no such thing")
    qtbot.waitUntil(pane.unfound.isVisible)
    pane.search.clear()
    qtbot.waitUntil(pane.view.isVisible)


def test_typing_in_the_grid_searches(pane: GalleryPane, qtbot: QtBot) -> None:
    choose(pane, 0)
    qtbot.keyClick(pane.view, Qt.Key.Key_R)
    assert pane.search.text() == "r"


def test_the_star_marks_a_favourite(pane: GalleryPane, session: Session, qtbot: QtBot) -> None:
    star = star_rect(pane.view.visualRect(pane.model.index(1))).center()
    with qtbot.waitSignal(session.library_changed, timeout=15_000):
        qtbot.mouseClick(pane.view.viewport(), Qt.MouseButton.LeftButton, pos=star)
    pane.favourites.click()
    qtbot.waitUntil(lambda: prompts(pane) == ["robot"])
    pane.favourites.click()
    qtbot.waitUntil(lambda: len(prompts(pane)) == 5)


def test_delete_and_undo(
    pane: GalleryPane, session: Session, qtbot: QtBot, notices: list[Notice]
) -> None:
    choose(pane, 1, 3)
    qtbot.keyClick(pane.view, Qt.Key.Key_Delete)
    qtbot.waitUntil(lambda: prompts(pane) == ["水獺 我愛你", "sleepy cat", "red heart"])
    qtbot.waitUntil(lambda: any(notice.action == "undo_delete" for notice in notices))
    qtbot.keyClick(pane.view, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: prompts(pane) == list(reversed(PROMPTS)))


def test_use_these_settings(pane: GalleryPane, session: Session, qtbot: QtBot) -> None:
    choose(pane, 3)
    qtbot.mouseClick(pane.buttons["use"], Qt.MouseButton.LeftButton)
    assert session.draft.prompt == "happy otter"
    assert session.draft.seed == 77
    neon = next(entry for entry in session.draft.blend if entry.name == "neon")
    assert (neon.weight, neon.enabled) == (0.75, True)


def test_copy_puts_picture_and_file_on_the_clipboard(pane: GalleryPane, qtbot: QtBot) -> None:
    choose(pane, 0)
    qtbot.keyClick(pane.view, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    mime = QGuiApplication.clipboard().mimeData()
    assert mime.hasFormat("image/png")
    assert mime.hasImage()
    assert [Path(url.toLocalFile()).name for url in mime.urls()] == ["水獺 我愛你.png"]


@pytest.mark.parametrize(("name", "kind"), [("save_png", "PNG"), ("save_webp", "WEBP")])
def test_save_one(
    pane: GalleryPane,
    session: Session,
    qtbot: QtBot,
    tmp_path: Path,
    name: gallery_actions.Name,
    kind: str,
) -> None:
    choose(pane, 2)
    pane.actions_[name].trigger()
    dialog = pane.findChild(QFileDialog)
    assert isinstance(dialog, QFileDialog)
    assert Path(dialog.selectedFiles()[0]).name == f"sleepy cat.{kind.lower()}"
    target = tmp_path / f"mine.{kind.lower()}"
    with qtbot.waitSignal(session.saved):
        dialog.fileSelected.emit(str(target))
    dialog.close()
    with Image.open(target) as image:
        assert image.format == kind
        assert image.mode == "RGBA"


def test_save_many_into_a_folder(
    pane: GalleryPane, session: Session, qtbot: QtBot, tmp_path: Path
) -> None:
    choose(pane, 0, 1, 2)
    pane.actions_["save_png"].trigger()
    dialog = pane.findChild(QFileDialog)
    assert isinstance(dialog, QFileDialog)
    assert dialog.fileMode() == QFileDialog.FileMode.Directory
    folder = tmp_path / "out"
    folder.mkdir()
    with qtbot.waitSignal(session.saved):
        dialog.fileSelected.emit(str(folder))
    dialog.close()
    assert sorted(file.name for file in folder.iterdir()) == [
        "robot.png",
        "sleepy cat.png",
        "水獺 我愛你.png",
    ]
    assert all(read_recipe(file) is None for file in folder.iterdir())


@pytest.mark.parametrize("way", ["enter", "double click", "button"])
def test_send_to_the_chat(pane: GalleryPane, session: Session, qtbot: QtBot, way: str) -> None:
    choose(pane, 1)
    with qtbot.waitSignal(session.chat_changed):
        if way == "enter":
            qtbot.keyClick(pane.view, Qt.Key.Key_Return)
        elif way == "double click":
            qtbot.mouseClick(pane.view.viewport(), Qt.MouseButton.LeftButton, pos=middle(pane, 1))
            qtbot.mouseDClick(pane.view.viewport(), Qt.MouseButton.LeftButton, pos=middle(pane, 1))
        else:
            qtbot.mouseClick(pane.buttons["send"], Qt.MouseButton.LeftButton)
    sent = [message for message in session.chat.messages if message.author == "me"]
    assert [(message.kind, message.text) for message in sent] == [("sticker", "robot")]


def test_a_stray_select_all_does_not_drown_the_chat(
    pane: GalleryPane,
    session: Session,
    qtbot: QtBot,
    notices: list[Notice],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(gallery_actions, "MOST_AT_ONCE", 3)
    pane.view.setFocus()
    qtbot.keyClick(pane.view, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    assert len(pane.chosen()) == 5
    pane.actions_["send"].trigger()
    qtbot.wait(30)
    assert not session.chat.messages
    (notice,) = notices
    assert notice.error is not None
    assert "5" in notice.error.why


def test_dragging_carries_what_is_chosen(
    pane: GalleryPane, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    carried: list[QMimeData] = []

    class Drag:
        def __init__(self, source: QWidget) -> None:
            assert source is pane.view

        def setMimeData(self, mime: QMimeData) -> None:
            carried.append(mime)

        def setPixmap(self, pixmap: object) -> None: ...

        def setHotSpot(self, spot: object) -> None: ...

        def exec(self, actions: Qt.DropAction) -> Qt.DropAction:
            assert actions == Qt.DropAction.CopyAction
            return actions

    monkeypatch.setattr(drag, "QDrag", Drag)
    choose(pane, 0, 2)
    chosen = pane.chosen()
    start = middle(pane, 2)
    qtbot.mousePress(
        pane.view.viewport(), Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, start
    )
    for step in (20, 40, 60):
        qtbot.mouseMove(pane.view.viewport(), start + QPoint(step, step // 4))
    assert len(carried) == 1
    assert outgoing.sticker_ids(carried[0]) == chosen
    assert len(carried[0].urls()) == 2


def test_what_cannot_be_dragged_is_told(
    pane: GalleryPane, stickers: list[Sticker], notices: list[Notice]
) -> None:
    stickers[-1].path.unlink()
    choose(pane, 0)
    pane.view.drag_wanted.emit()
    (notice,) = notices
    assert notice.error is not None


def test_the_menu_offers_everything(pane: GalleryPane, qtbot: QtBot) -> None:
    choose(pane, 0)
    pane.view.customContextMenuRequested.emit(middle(pane, 0))
    menu = pane.findChild(QMenu)
    assert isinstance(menu, QMenu)
    texts = [action.text() for action in menu.actions() if not action.isSeparator()]
    assert "Use these settings" in texts
    assert "Show in folder" in texts
    assert "Save as WebP…" in texts
    menu.close()


def test_show_in_folder(pane: GalleryPane, monkeypatch: pytest.MonkeyPatch) -> None:
    shown: list[Path] = []
    monkeypatch.setattr(gallery_actions, "show_in_folder", shown.append)
    choose(pane, 0)
    pane.actions_["show"].trigger()
    assert [path.suffix for path in shown] == [".png"]


def test_what_needs_one_sticker_is_off_for_several(pane: GalleryPane) -> None:
    assert not any(button.isEnabled() for button in pane.buttons.values())
    choose(pane, 0)
    assert all(button.isEnabled() for button in pane.buttons.values())
    choose(pane, 0, 1)
    enabled = {name for name, button in pane.buttons.items() if button.isEnabled()}
    assert enabled == {"send", "copy", "save_png", "star", "pack", "delete"}


def test_every_control_has_a_name(pane: GalleryPane) -> None:
    for control in (pane.search, pane.favourites, pane.view, *pane.buttons.values()):
        assert control.accessibleName(), control


def test_a_change_of_language_words_everything_anew(
    pane: GalleryPane, qapp: QApplication, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gallery_pane, "tr", lambda message, **_: f"«{message}»")
    QApplication.sendEvent(pane, QEvent(QEvent.Type.LanguageChange))
    assert pane.search.placeholderText() == "«Search your stickers»"
