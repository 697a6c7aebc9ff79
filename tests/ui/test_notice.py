"""The one place for errors: it waits, it queues, it offers what can be done."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from pytestqt.qtbot import QtBot

from stickerstudio.core.errors import DiskError, FaultError, report
from stickerstudio.session.state import Notice
from stickerstudio.ui.notice import LIMIT, NoticeBar

DISK = Notice(report(DiskError("Not saved.", "The disk is full.", "Free some space.")))
FAULT = Notice(report(FaultError("Our bug."), "Traceback: line 1"))
LOST = Notice(report(FaultError("Lost.")), action="retry_lost", action_label="Make it again")


@pytest.fixture
def bar(qtbot: QtBot) -> NoticeBar:
    bar = NoticeBar()
    qtbot.addWidget(bar)
    return bar


def test_it_is_not_there_until_there_is_something_to_say(bar: NoticeBar) -> None:
    assert not bar.isVisible()
    bar.add(DISK)
    assert bar.isVisible()
    assert not bar.isModal()


def test_it_says_what_why_and_what_to_do(bar: NoticeBar) -> None:
    bar.add(DISK)
    said = bar.accessibleDescription()
    assert said.split() == ["Not", "saved.", "The", "disk", "is", "full.", "Free", "some", "space."]
    assert bar.property("tone") == "problem"
    assert not bar._more.isVisible()  # there are no details to show


def test_our_bug_looks_different_and_its_details_can_be_copied(
    bar: NoticeBar, qtbot: QtBot
) -> None:
    bar.add(FAULT)
    assert bar.property("tone") == "fault"
    assert not bar._details.isVisible()
    qtbot.mouseClick(bar._more, Qt.MouseButton.LeftButton)
    assert bar._details.isVisible()
    qtbot.mouseClick(bar._copy, Qt.MouseButton.LeftButton)
    copied = QGuiApplication.clipboard().text()
    assert "FaultError: Our bug." in copied
    assert "Traceback: line 1" in copied


def test_plain_information_is_shown_too(bar: NoticeBar) -> None:
    bar.add(Notice(text="3 stickers saved."))
    assert bar.property("tone") == "info"
    assert bar.accessibleDescription() == "3 stickers saved."


def test_the_oldest_comes_first_and_each_can_be_dismissed(bar: NoticeBar, qtbot: QtBot) -> None:
    bar.add(DISK)
    bar.add(FAULT)
    assert bar.current == DISK
    assert "1" in bar._count.text()
    qtbot.mouseClick(bar._close, Qt.MouseButton.LeftButton)
    assert bar.current == FAULT
    qtbot.keyClick(bar, Qt.Key.Key_Escape)
    assert bar.current is None
    assert not bar.isVisible()


def test_a_flood_is_one_notice(bar: NoticeBar) -> None:
    for _ in range(50):
        bar.add(DISK)
    assert bar._waiting == [DISK]
    for number in range(50):
        bar.add(Notice(text=str(number)))
    assert len(bar._waiting) == LIMIT


def test_its_button_asks_for_the_action_and_closes_it(bar: NoticeBar, qtbot: QtBot) -> None:
    bar.add(LOST)
    assert bar._action.text() == "Make it again"
    with qtbot.waitSignal(bar.action_requested) as asked:
        qtbot.mouseClick(bar._action, Qt.MouseButton.LeftButton)
    assert asked.args == ["retry_lost"]
    assert bar.current is None


def test_what_the_system_said_is_never_read_as_markup(bar: NoticeBar) -> None:
    bar.add(Notice(text="<b>bold</b> <img src='x'>"))
    assert bar._what.textFormat() == Qt.TextFormat.PlainText
