"""The chat pane, driven as a user drives it, over a real session and transcript."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PIL import Image
from PySide6.QtCore import QByteArray, QDate, QEvent, QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QGuiApplication, QImage
from PySide6.QtTest import QAbstractItemModelTester
from PySide6.QtWidgets import QApplication, QFileDialog, QMenu
from pytestqt.qtbot import QtBot

from stickerstudio.chat.transcript import Message
from stickerstudio.core import i18n
from stickerstudio.core.paths import Paths
from stickerstudio.core.recipe import Recipe
from stickerstudio.core.sticker import Sticker
from stickerstudio.session.session import Session
from stickerstudio.session.state import Notice
from stickerstudio.ui.chat_model import PAGE, ChatModel, Role, date_words
from stickerstudio.ui.chat_pane import ChatPane
from stickerstudio.ui.outgoing import outgoing_mime


@pytest.fixture(autouse=True)
def leave_no_clipboard(qapp: QApplication) -> Iterator[None]:
    """Without a display Qt keeps the clipboard until after Python has ended, and crashes there."""
    yield
    qapp.clipboard().clear()


@pytest.fixture
def pane(session: Session, qtbot: QtBot) -> ChatPane:
    session._conversation.pace = 0
    return show(session, qtbot)


def show(session: Session, qtbot: QtBot) -> ChatPane:
    pane = ChatPane(session)
    qtbot.addWidget(pane)
    pane.resize(400, 600)
    pane.show()
    qtbot.waitExposed(pane)
    return pane


@pytest.fixture
def sticker(session: Session) -> Sticker:
    image = Image.new("RGBA", (64, 64), (0, 0, 0, 0))
    image.paste((200, 40, 40, 255), (4, 4, 60, 60))
    return session.library.add(image, Recipe("angry robot"), 0.5)


@pytest.fixture
def notices(session: Session) -> list[Notice]:
    heard: list[Notice] = []
    session.notice.connect(heard.append)
    return heard


def mine(session: Session) -> list[tuple[str, str]]:
    return [(each.kind, each.text) for each in session.chat.messages if each.author == "me"]


def drop(pane: ChatPane, mime: QMimeData) -> QDropEvent:
    """Drag `mime` over the pane and let go, as the window system tells it."""
    actions = Qt.DropAction.CopyAction | Qt.DropAction.MoveAction
    button, keys = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    enter = QDragEnterEvent(pane.rect().center(), actions, mime, button, keys)
    pane.dragEnterEvent(enter)
    assert enter.isAccepted()
    event = QDropEvent(QPointF(pane.rect().center()), actions, mime, button, keys)
    pane.dropEvent(event)
    return event


def files(*paths: Path) -> QMimeData:
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    return mime


# --- writing ---


def test_enter_sends_and_the_friend_answers(pane: ChatPane, session: Session, qtbot: QtBot) -> None:
    assert not pane.send.isEnabled()
    qtbot.keyClicks(pane.edit, "I love you")
    assert pane.send.isEnabled()
    qtbot.keyClick(pane.edit, Qt.Key.Key_Return)
    assert pane.edit.toPlainText() == ""
    qtbot.waitUntil(lambda: len(session.chat.messages) == 2)
    assert [message.author for message in session.chat.messages] == ["me", "friend"]
    qtbot.waitUntil(lambda: pane.model.rowCount() == 2)
    pane.grab()


def test_shift_enter_starts_a_line_and_blanks_are_not_sent(
    pane: ChatPane, session: Session, qtbot: QtBot
) -> None:
    height = pane.edit.height()
    qtbot.keyClicks(pane.edit, "one")
    qtbot.keyClick(pane.edit, Qt.Key.Key_Return, Qt.KeyboardModifier.ShiftModifier)
    qtbot.keyClicks(pane.edit, "two")
    qtbot.waitUntil(lambda: pane.edit.height() > height)
    qtbot.keyClick(pane.edit, Qt.Key.Key_Enter, Qt.KeyboardModifier.KeypadModifier)
    qtbot.waitUntil(lambda: mine(session) == [("text", "one\ntwo")])
    pane.edit.setPlainText("  \n ")
    qtbot.keyClick(pane.edit, Qt.Key.Key_Return)
    qtbot.wait(30)
    assert len(mine(session)) == 1


def test_the_friend_is_seen_typing(pane: ChatPane, session: Session, qtbot: QtBot) -> None:
    session._conversation.pace = 0.2
    session.send_text("hello")
    qtbot.waitUntil(lambda: pane.model.is_typing)
    assert pane.model.rowCount() == 2
    pane.grab()
    qtbot.waitUntil(lambda: len(session.chat.messages) >= 2 and not session.friend_typing)
    qtbot.waitUntil(lambda: not pane.model.is_typing)
    assert pane.model.rowCount() == len(session.chat.messages)


def test_the_chat_is_there_again_after_a_restart(
    pane: ChatPane, session: Session, sticker: Sticker, qtbot: QtBot
) -> None:
    session.send_sticker(sticker.id)
    qtbot.waitUntil(lambda: len(session.chat.messages) >= 2)
    session.library.delete([sticker.id])
    session.library.empty_trash()
    again = show(session, qtbot)
    assert again.model.rowCount() == len(session.chat.messages)
    first = again.view.visualRect(again.model.index(0))
    assert first.height() > 100
    qtbot.waitUntil(lambda: again.pictures.loads == 1)

    def has_red() -> bool:
        image = again.view.grab(first).toImage()
        return any(
            image.pixelColor(x, first.height() // 2).red() == 200 for x in range(image.width())
        )

    qtbot.waitUntil(has_red)


# --- dropping ---


def test_a_sticker_dropped_is_sent_as_a_sticker(
    pane: ChatPane, session: Session, sticker: Sticker, qtbot: QtBot
) -> None:
    event = drop(pane, outgoing_mime([sticker], session.paths.cache))
    assert event.dropAction() == Qt.DropAction.CopyAction  # a move would delete the source
    qtbot.waitUntil(lambda: mine(session) == [("sticker", "angry robot")])


def test_a_sticker_of_another_library_is_sent_as_a_picture(
    pane: ChatPane, session: Session, sticker: Sticker, qtbot: QtBot
) -> None:
    mime = outgoing_mime([sticker], session.paths.cache)
    session.library.delete([sticker.id])
    drop(pane, mime)
    qtbot.waitUntil(lambda: mine(session) == [("image", "angry robot.png")])


def test_a_foreign_picture_is_shown_and_copied(
    pane: ChatPane, session: Session, qtbot: QtBot, tmp_path: Path
) -> None:
    photo = tmp_path / "照片.jpg"
    Image.new("RGB", (900, 600), "orange").save(photo)
    drop(pane, files(photo))
    qtbot.waitUntil(lambda: mine(session) == [("image", "照片.jpg")])
    photo.unlink()
    picture = session.chat.messages[0].picture
    assert picture is not None
    assert picture.is_file()
    row = pane.view.visualRect(pane.model.index(0))
    assert row.height() < 300


def test_raw_picture_data_is_shown(
    pane: ChatPane, session: Session, qtbot: QtBot, sticker: Sticker
) -> None:
    mime = QMimeData()
    mime.setData("image/png", QByteArray(sticker.path.read_bytes()))
    drop(pane, mime)
    qtbot.waitUntil(lambda: len(mine(session)) == 1)
    bitmap = QImage(20, 10, QImage.Format.Format_ARGB32)
    bitmap.fill(0x80FF0000)
    mime = QMimeData()
    mime.setImageData(bitmap)
    drop(pane, mime)
    qtbot.waitUntil(lambda: len(mine(session)) == 2)
    kept = [each.picture for each in session.chat.messages if each.author == "me"][1]
    assert kept is not None
    assert QImage(str(kept)).pixelColor(5, 5).alpha() == 128


def _text() -> QMimeData:
    mime = QMimeData()
    mime.setText("just words")
    return mime


def _link() -> QMimeData:
    mime = QMimeData()
    mime.setUrls([QUrl("https://example.org/cat.png")])
    return mime


@pytest.mark.parametrize("mime", [_text(), _link(), QMimeData()], ids=["text", "link", "nothing"])
def test_anything_else_gives_a_sentence(
    pane: ChatPane, session: Session, qtbot: QtBot, notices: list[Notice], mime: QMimeData
) -> None:
    drop(pane, mime)
    qtbot.wait(20)
    (notice,) = notices
    assert notice.error is not None
    assert notice.error.what == "This cannot be sent to the chat."
    assert not session.chat.messages


@pytest.mark.parametrize("content", [b"", b"plain text", b"\x89PNG\r\n\x1a\n\0\0"])
def test_hostile_files_give_a_sentence(
    pane: ChatPane,
    session: Session,
    qtbot: QtBot,
    notices: list[Notice],
    tmp_path: Path,
    content: bytes,
) -> None:
    file = tmp_path / "file.png"
    file.write_bytes(content)
    drop(pane, files(file))
    qtbot.waitUntil(lambda: len(notices) == 1)
    assert notices[0].error is not None
    assert notices[0].error.kind == "BadFileError"
    assert not session.chat.messages


def test_a_hundred_megapixels_give_a_sentence(
    pane: ChatPane, session: Session, qtbot: QtBot, notices: list[Notice], tmp_path: Path
) -> None:
    file = tmp_path / "huge.png"
    Image.new("1", (10_000, 10_000)).save(file)
    drop(pane, files(file))
    qtbot.waitUntil(lambda: len(notices) == 1)
    assert notices[0].error is not None
    assert "too large" in notices[0].error.what


def test_folders_and_heaps_give_a_sentence(
    pane: ChatPane, session: Session, qtbot: QtBot, notices: list[Notice], tmp_path: Path
) -> None:
    drop(pane, files(tmp_path))
    drop(pane, files(*(tmp_path / f"{number}.png" for number in range(100))))
    qtbot.wait(20)
    assert [notice.error.what for notice in notices if notice.error] == [
        "A folder cannot be sent to the chat.",
        "That is a lot for one message.",
    ]


def test_pasting_a_copied_sticker_sends_it(
    pane: ChatPane, session: Session, sticker: Sticker, qtbot: QtBot
) -> None:
    QGuiApplication.clipboard().setMimeData(outgoing_mime([sticker], session.paths.cache))
    pane.edit.paste()
    qtbot.waitUntil(lambda: mine(session) == [("sticker", "angry robot")])
    QGuiApplication.clipboard().setText("words")
    pane.edit.paste()
    assert pane.edit.toPlainText() == "words"


def test_a_picture_can_be_chosen_by_button(
    pane: ChatPane, session: Session, sticker: Sticker, qtbot: QtBot
) -> None:
    qtbot.mouseClick(pane.attach, Qt.MouseButton.LeftButton)
    dialog = pane.findChild(QFileDialog)
    assert isinstance(dialog, QFileDialog)
    dialog.fileSelected.emit(str(sticker.path))
    dialog.close()
    qtbot.waitUntil(lambda: [kind for kind, _ in mine(session)] == ["image"])


# --- reading ---


def test_it_follows_only_while_the_end_is_in_sight(
    pane: ChatPane, session: Session, qtbot: QtBot
) -> None:
    for number in range(60):
        session.chat.add_text("me", f"message {number}")
    session.chat_changed.emit()
    bar = pane.view.verticalScrollBar()
    qtbot.waitUntil(lambda: bar.value() == bar.maximum() > 0)
    bar.setValue(bar.maximum() // 2)
    place = bar.value()
    session.chat.add_text("friend", "are you there?")
    session.chat_changed.emit()
    qtbot.wait(50)
    assert abs(bar.value() - place) < 5
    assert pane.view.to_end.isVisible()
    qtbot.mouseClick(pane.view.to_end, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: bar.value() == bar.maximum())
    assert not pane.view.to_end.isVisible()
    session.chat.add_text("friend", "ah, here you are")
    session.chat_changed.emit()
    qtbot.waitUntil(lambda: pane.view.visualRect(pane.model.index(61)).isValid())
    qtbot.waitUntil(lambda: bar.value() == bar.maximum())


def test_older_messages_come_as_one_scrolls_up(
    studio_paths: Paths, make_session: Callable[[], Session], qtbot: QtBot
) -> None:
    said = (
        '"id": "{0}", "author": "me", "kind": "text", "text": "{0}", "picture": null, "time": {0}'
    )
    line = f"{{{{{said}}}}}\n"
    studio_paths.state.mkdir(parents=True, exist_ok=True)
    transcript = studio_paths.state / "chat.jsonl"
    transcript.write_text(
        "".join(line.format(number, '"picture": null') for number in range(10_000))
    )
    session = make_session()
    assert len(session.chat) == 10_000
    start = time.perf_counter()
    again = show(session, qtbot)
    again.grab()
    assert time.perf_counter() - start < 5.0  # laying all of them out takes far longer
    assert again.model.rowCount() == PAGE
    bar = again.view.verticalScrollBar()
    qtbot.waitUntil(lambda: bar.value() == bar.maximum())
    bar.setValue(0)
    assert again.model.rowCount() == 2 * PAGE
    middle = again.view.indexAt(again.view.viewport().rect().center())
    assert abs(int(middle.data()) - (10_000 - PAGE)) < 20  # what was read is still in sight
    for _ in range(3):
        bar.setValue(0)
    assert again.model.rowCount() == 5 * PAGE
    again.view.follow()
    assert again.model.rowCount() == PAGE


def test_copy_a_message(pane: ChatPane, session: Session, sticker: Sticker, qtbot: QtBot) -> None:
    session.chat.add_text("friend", "copy me 🦦")
    session.chat.add_sticker("me", sticker.path, "angry robot")
    session.chat_changed.emit()
    pane.view.setCurrentIndex(pane.model.index(0))
    qtbot.keyClick(pane.view, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    assert QGuiApplication.clipboard().text() == "copy me 🦦"
    rect = pane.view.visualRect(pane.model.index(1))
    pane.view.customContextMenuRequested.emit(rect.center())
    menu = pane.findChild(QMenu)
    assert isinstance(menu, QMenu)
    menu.actions()[0].trigger()
    menu.close()
    mime = QGuiApplication.clipboard().mimeData()
    assert mime.hasImage()
    assert b"angry robot" not in bytes(mime.data("image/png").data())


def test_every_control_has_a_name(pane: ChatPane) -> None:
    for control in (pane.edit, pane.send, pane.attach, pane.view):
        assert control.accessibleName(), control


def test_a_change_of_language_words_everything_anew(
    pane: ChatPane, session: Session, qapp: QApplication
) -> None:
    session.chat.add_text("friend", "hi")
    session.chat_changed.emit()
    i18n.set_language("zh_TW", session.paths.locales)
    QApplication.sendEvent(pane, QEvent(QEvent.Type.LanguageChange))
    assert pane.view.accessibleName().count("小桃") == 1
    assert pane.edit.placeholderText() != "Write a message"
    assert pane.model.index(0).data(Role.ROW).date != "Today"


# --- the model alone ---


def message(number: int, author: str, when: float, text: str = "x") -> Message:
    return Message(str(number), author, "text", text, None, when)  # type: ignore[arg-type]


def test_rows_stand_together_by_author_time_and_day() -> None:
    noon = time.mktime((2026, 3, 4, 12, 0, 0, 0, 0, -1))
    model = ChatModel()
    QAbstractItemModelTester(model, QAbstractItemModelTester.FailureReportingMode.Fatal, model)
    messages = [
        message(0, "friend", noon),
        message(1, "friend", noon + 10),
        message(2, "me", noon + 20),
        message(3, "me", noon + 4000),
        message(4, "me", noon + 86_400),
    ]
    model.show(messages, typing=False)
    rows = [model.index(row).data(Role.ROW) for row in range(5)]
    assert [row.begins for row in rows] == [True, False, True, True, True]
    assert [row.ends for row in rows] == [False, True, True, True, True]
    assert [bool(row.date) for row in rows] == [True, False, False, False, True]
    assert [bool(row.clock) for row in rows] == [False, True, True, True, True]
    assert "2026" in rows[0].date


def test_typing_comes_and_goes() -> None:
    model = ChatModel()
    QAbstractItemModelTester(model, QAbstractItemModelTester.FailureReportingMode.Fatal, model)
    now = time.time()
    messages = [message(0, "me", now)]
    for said, typing, rows in (
        (0, False, 0),
        (1, False, 1),
        (1, True, 2),
        (1, True, 2),
        (1, False, 1),
        (1, True, 2),
    ):
        model.show(messages[:said], typing=typing)
        assert model.rowCount() == rows
    messages.append(message(1, "friend", now))
    model.show(messages, typing=True)
    assert model.rowCount() == 3
    assert model.index(2).data(Role.ROW).message is None
    spoken = model.index(2).data(Qt.ItemDataRole.AccessibleTextRole)
    assert "typing" in spoken
    assert "You" in model.index(0).data(Qt.ItemDataRole.AccessibleTextRole)


def test_days_are_called_as_one_calls_them() -> None:
    today = QDate.currentDate()
    assert date_words(today) == "Today"
    assert date_words(today.addDays(-1)) == "Yesterday"
    assert "1999" in date_words(QDate(1999, 12, 31))
