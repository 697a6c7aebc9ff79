"""The pack window: from the gallery's selection to an exported pack, with real widgets."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QApplication, QFileDialog, QLineEdit
from pytestqt.qtbot import QtBot

from stickerstudio.core import i18n
from stickerstudio.core.recipe import Recipe
from stickerstudio.packs.pack import Pack
from stickerstudio.session import packing as module
from stickerstudio.session.session import Session
from stickerstudio.ui import pack_window
from stickerstudio.ui.main_window import MainWindow
from stickerstudio.ui.pack_window import PackWindow
from stickerstudio.ui.widgets import Chip, PushButton
from tests.packs.make import ART, NAMES

PATIENCE = 60_000


@pytest.fixture
def window(session: Session, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> Iterator[PackWindow]:
    """Opened from the gallery, on four stickers."""
    monkeypatch.setattr(module, "SAVE_DELAY", 10)
    for name in reversed(NAMES[:4]):
        with Image.open(ART / f"{name}.webp") as image:
            session.library.add(image.convert("RGBA"), Recipe(f"happy {name}"), 1.0)
    main = MainWindow(session)
    qtbot.addWidget(main)
    main.show()
    qtbot.waitUntil(lambda: main.gallery.model.rowCount() == 4)
    main.gallery.view.selectAll()
    main.gallery.actions_["pack"].trigger()
    assert main.pack is not None
    qtbot.waitUntil(lambda: len(session.packing.judgements) == 3, timeout=PATIENCE)
    yield main.pack
    main.close()


def pack_of(session: Session) -> Pack:
    """The open one."""
    assert session.packing.pack is not None
    return session.packing.pack


def texts(session: Session) -> list[str]:
    """What the stickers show, in their order."""
    return [sticker.text for sticker in pack_of(session).stickers]


def fix_buttons(window: PackWindow, key: str) -> list[PushButton]:
    """The buttons beside a platform's problems."""
    return window.checks.rows[key].findChildren(PushButton)


def test_the_gallerys_selection_becomes_a_pack(window: PackWindow, session: Session) -> None:
    assert len(texts(session)) == 4
    assert window.isVisible()
    assert window.grid.count() == 4
    assert window.title.text() == "My stickers"
    assert window.checks.rows["whatsapp"].tick.isChecked()
    assert window.checks.rows["whatsapp"].state.text() == "ready"
    assert window.checks.rows["line"].state.text() == "1 problem"
    assert not window.checks.rows["slack"].tick.isChecked()


def test_a_sticker_is_dragged_to_another_place(
    window: PackWindow, session: Session, qtbot: QtBot
) -> None:
    before = texts(session)
    grid = window.grid
    grid.insertItem(2, grid.takeItem(0))  # what QListWidget does with a drop
    grid.tell_order()
    order = [1, 2, 0, 3]
    qtbot.waitUntil(lambda: texts(session) == [before[i] for i in order])
    assert [grid.item(row).toolTip() for row in range(4)] == texts(session)
    grid.clearSelection()
    grid.setCurrentRow(0)
    QTest.keyClick(grid, Qt.Key.Key_Right, Qt.KeyboardModifier.ControlModifier)
    moved = [before[i] for i in order]
    moved[0], moved[1] = moved[1], moved[0]
    qtbot.waitUntil(lambda: texts(session) == moved)
    assert grid.selected() == [1]
    QTest.keyClick(window, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: texts(session) == [before[i] for i in order])


def test_more_stickers_come_from_the_gallery(
    window: PackWindow, session: Session, qtbot: QtBot
) -> None:
    window.add_button.click()  # the gallery's four are still chosen
    qtbot.waitUntil(lambda: len(texts(session)) == 8)
    assert texts(session)[4:] == texts(session)[:4]


def test_a_sticker_is_taken_out_by_key(window: PackWindow, session: Session) -> None:
    window.grid.clearSelection()
    window.grid.setCurrentRow(3)
    QTest.keyClick(window.grid, Qt.Key.Key_Delete)
    assert window.grid.count() == 3
    assert len(texts(session)) == 3
    assert session.library.count() == 4


def test_emoji_are_typed_picked_and_suggested(
    window: PackWindow, session: Session, qtbot: QtBot
) -> None:
    window.grid.clearSelection()
    window.grid.setCurrentRow(0)
    details = window.details
    details.emoji_field.clear()
    QTest.keyClicks(details.emoji_field, "x")
    details.emoji_field.setText("🦦 otter ❤️")
    details.emoji_field.editingFinished.emit()
    assert pack_of(session).stickers[0].emoji == ("🦦", "❤️")
    details.pick.click()
    assert details.picker.isVisible()
    QTest.keyClicks(details.picker.search, "rocket")
    QTest.keyClick(details.picker.search, Qt.Key.Key_Return)
    assert pack_of(session).stickers[0].emoji == ("🦦", "❤️", "🚀")
    assert not details.picker.isVisible()
    chip = details.findChildren(Chip)[-1]
    chip.click()
    assert pack_of(session).stickers[0].emoji[-1] == chip.word


def test_a_problem_is_shown_at_the_sticker_and_put_right_by_its_button(
    window: PackWindow, session: Session
) -> None:
    session.packing.set_sticker(2, emoji=())
    assert set(window.grid.troubled) == {2}
    assert "no emoji" in window.grid.item(2).toolTip()
    (button,) = fix_buttons(window, "whatsapp")
    assert button.text() == "Suggest"
    assert "Sticker 3" in button.accessibleName()
    button.click()
    assert pack_of(session).stickers[2].emoji
    assert not window.grid.troubled
    assert window.checks.rows["whatsapp"].state.text() == "ready"


def test_texts_are_taken_and_enter_presses_no_button(
    window: PackWindow, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> tuple[str, str]:
        raise AssertionError("a button was pressed")

    monkeypatch.setattr(QFileDialog, "getOpenFileName", fail)
    window.title.selectAll()
    QTest.keyClicks(window.title, "Otters")
    QTest.keyClick(window.title, Qt.Key.Key_Return)
    assert pack_of(session).title == "Otters"


def test_platforms_are_chosen_by_tick_and_the_pack_is_exported(
    window: PackWindow,
    session: Session,
    qtbot: QtBot,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    shown: list[Path] = []
    monkeypatch.setattr(pack_window, "show_in_folder", shown.append)
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(tmp_path))
    for key in ("whatsapp", "telegram", "line", "slack"):
        window.checks.rows[key].tick.click()
    assert pack_of(session).platforms == ("slack",)
    assert window.export.isEnabled()
    window.export.click()
    assert window.cancel.isVisible()
    assert not window.export.isEnabled()
    qtbot.waitUntil(lambda: bool(shown), timeout=PATIENCE)
    assert shown == [tmp_path / "My stickers-slack"]
    assert window.notices.current is not None
    assert not window.progress.isVisible()


def test_a_pack_changed_in_another_window_asks_which_one_counts(
    window: PackWindow, session: Session, qtbot: QtBot
) -> None:
    session.packing.changed_elsewhere.emit()
    assert window.elsewhere.isVisible()
    window.elsewhere.keep.click()
    assert not window.elsewhere.isVisible()


def test_every_control_has_a_name_in_both_languages(
    window: PackWindow, session: Session, qapp: QApplication
) -> None:
    for language in ("zh_TW", "en"):
        i18n.set_language(language, session.paths.locales)
        window.retranslate()
        for control in (*window.findChildren(QAbstractButton), *window.findChildren(QLineEdit)):
            if control.isVisible() and control.objectName() != "qt_spinbox_lineedit":
                assert control.accessibleName(), control
        assert window.grid.accessibleName()


def test_without_a_pack_the_window_says_what_to_do(session: Session, qtbot: QtBot) -> None:
    window = PackWindow(session)
    qtbot.addWidget(window)
    window.show()
    assert window.empty.isVisible()
    assert not window.export.isEnabled()
    window.stop()
