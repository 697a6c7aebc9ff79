"""The chat's rows: the last messages, older ones as they are scrolled to, and "is typing…"."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

from PySide6.QtCore import (
    QAbstractListModel,
    QDate,
    QDateTime,
    QLocale,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    Qt,
)

from stickerstudio.chat.friend import NAMES
from stickerstudio.chat.transcript import Message
from stickerstudio.core.i18n import current_language, tr

Index = QModelIndex | QPersistentModelIndex

PAGE = 200  # messages that are laid out at first, and more each time the top is reached
_TOGETHER_MINUTES = 5  # messages of one author so close in time stand together


class Role(IntEnum):
    """What a row can be asked for beyond Qt's own roles."""

    ROW = Qt.ItemDataRole.UserRole + 1


@dataclass(frozen=True, slots=True)
class Row:
    """One row as it is to be painted.

    Attributes:
        message: None for the row that says that the friend is typing.
        date: the words of the date that stands above it; "" for none.
        begins, ends: whether it is the first, the last of messages that stand together.
        clock: the time that stands beside it; "" for none.
    """

    message: Message | None
    date: str = ""
    begins: bool = True
    ends: bool = True
    clock: str = ""


class ChatModel(QAbstractListModel):
    """Rows over the messages of a transcript, oldest first."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._messages: Sequence[Message] = ()
        self._start = 0  # the first message that has a row
        self._typing = False

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 — Qt's own default
        return 0 if parent.isValid() else len(self._messages) - self._start + self._typing

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid() or not 0 <= index.row() < self.rowCount():
            return None
        if role == Role.ROW:
            return self.row(index.row())
        message = self.row(index.row()).message
        if role == Qt.ItemDataRole.DisplayRole:
            return message.text if message else ""
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return _spoken(message)
        return None

    def row(self, row: int) -> Row:
        """What stands in row `row`."""
        place = self._start + row
        if place == len(self._messages):
            return Row(None)
        message = self._messages[place]
        before = self._messages[place - 1] if place else None
        after = self._messages[place + 1] if place + 1 < len(self._messages) else None
        ends = not _together(message, after)
        same_minute = after is not None and _minute(message) == _minute(after)
        return Row(
            message,
            date="" if before and _day(before) == _day(message) else date_words(_day(message)),
            begins=not _together(before, message),
            ends=ends,
            clock="" if same_minute and not ends else clock_words(message.time),
        )

    def show(self, messages: Sequence[Message], *, typing: bool) -> None:
        """Show what was said, of which the rows are the beginning, and who is typing."""
        count = len(self._messages)
        if list(messages[:count]) != list(self._messages):
            self.beginResetModel()
            self._messages, self._typing = (), False
            self._start = count = 0
            self.endResetModel()
        if self._typing and (not typing or len(messages) > count):
            row = self.rowCount() - 1
            self.beginRemoveRows(QModelIndex(), row, row)
            self._typing = False
            self.endRemoveRows()
        if len(messages) > count:
            if not count:
                self._start = max(0, len(messages) - PAGE)
            first = self.rowCount() if count else 0
            last = len(messages) - self._start - 1
            self.beginInsertRows(QModelIndex(), first, last)
            self._messages = messages
            self.endInsertRows()
            if first:  # what stood last may now stand together with what follows
                self.dataChanged.emit(self.index(first - 1), self.index(first - 1))
        if typing and not self._typing:
            row = self.rowCount()
            self.beginInsertRows(QModelIndex(), row, row)
            self._typing = True
            self.endInsertRows()

    @property
    def is_typing(self) -> bool:
        """Whether the last row says that the friend is typing."""
        return self._typing

    def load_older(self) -> bool:
        """Give rows to one more page of older messages; whether there were any."""
        more = min(PAGE, self._start)
        if more:
            self.beginInsertRows(QModelIndex(), 0, more - 1)
            self._start -= more
            self.endInsertRows()
        return more > 0

    def drop_older(self) -> None:
        """Take the rows of all but the last page away: new messages are shown in no time again."""
        more = len(self._messages) - PAGE - self._start
        if more > PAGE:
            self.beginRemoveRows(QModelIndex(), 0, more - 1)
            self._start += more
            self.endRemoveRows()

    def reword(self) -> None:
        """The language or the date has changed."""
        if self.rowCount():
            self.dataChanged.emit(self.index(0), self.index(self.rowCount() - 1))


def locale() -> QLocale:
    """How times and dates are written in the language of the window."""
    return QLocale(current_language())


def clock_words(time: float) -> str:
    """The time of day."""
    return locale().toString(_moment(time).time(), QLocale.FormatType.ShortFormat)


def date_words(day: QDate) -> str:
    """A day, as one calls it today."""
    past = day.daysTo(QDate.currentDate())
    if past == 0:
        return tr("Today")
    if past == 1:
        return tr("Yesterday")
    return locale().toString(day, QLocale.FormatType.LongFormat)


def _moment(time: float) -> QDateTime:
    return QDateTime.fromMSecsSinceEpoch(round(time * 1000))


def _day(message: Message) -> QDate:
    return _moment(message.time).date()


def _minute(message: Message) -> int:
    return int(message.time // 60)


def _together(message: Message | None, after: Message | None) -> bool:
    return (
        message is not None
        and after is not None
        and message.author == after.author
        and abs(after.time - message.time) < 60 * _TOGETHER_MINUTES
        and _day(message) == _day(after)
    )


def _spoken(message: Message | None) -> str:
    """What a screen reader says."""
    friend = NAMES[current_language()]
    if message is None:
        return tr("{name} is typing", name=friend)
    who = tr("You") if message.author == "me" else friend
    what = {
        "text": message.text,
        "sticker": tr("Sticker: {text}", text=message.text),
        "image": tr("Picture: {text}", text=message.text),
    }[message.kind]
    return f"{who}, {clock_words(message.time)}: {what}"
