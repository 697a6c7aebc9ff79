"""Conversation: the chat with its scripted friend, who takes a moment to answer."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject, QTimer, Signal

from stickerstudio.chat.friend import opening, replies
from stickerstudio.chat.transcript import Message, Transcript
from stickerstudio.core.i18n import current_language
from stickerstudio.core.sticker import Sticker
from stickerstudio.session.background import Background


class Conversation(QObject):
    """What is said, by whom, and who is typing.

    Attributes:
        transcript: everything said so far.
        friend_typing: whether an answer is on its way.
        pace: how many times slower than scripted the friend is; 0 in a test: at once.
    """

    changed = Signal()

    def __init__(self, path: Path, background: Background, parent: QObject) -> None:
        super().__init__(parent)
        self.transcript = Transcript(path)
        self.pace = 1.0
        self._background = background
        self._in_turn = asyncio.Lock()  # messages are written in the order they were sent
        self._random = random.Random()
        self._pending: set[QTimer] = set()

    @property
    def friend_typing(self) -> bool:
        """Whether an answer is on its way."""
        return bool(self._pending)

    def greet(self) -> None:
        """Let the friend say the first words of an empty chat."""
        if not self.transcript.messages:
            text = opening(current_language()).text
            self._say(lambda: self.transcript.add_text("friend", text))

    def send_text(self, text: str) -> None:
        """Say `text`, unless it is blank."""
        if text.strip():
            self._say(lambda: self.transcript.add_text("me", text.strip()))

    def send_sticker(self, find: Callable[[], Sticker]) -> None:
        """Send the sticker that `find`, called in the background, returns."""

        def add() -> Message:
            sticker = find()
            return self.transcript.add_sticker("me", sticker.path, sticker.recipe.prompt)

        self._say(add)

    def send_image(self, picture: Path | bytes, name: str = "") -> None:
        """Send a picture that is not in the library."""
        self._say(lambda: self.transcript.add_image("me", picture, name))

    def close(self) -> None:
        """No more answers."""
        for timer in self._pending:
            timer.stop()
        self._pending.clear()

    def _say(self, add: Callable[[], Message]) -> None:
        self._background.start(self._write(add))

    async def _write(self, add: Callable[[], Message]) -> None:
        async with self._in_turn:
            message = await self._background.call(add)
        if message.author == "me":
            self._answer(message)
        self.changed.emit()

    def _answer(self, message: Message) -> None:
        said = [each.text for each in self.transcript.messages if each.author == "friend"]
        delay = 0.0
        for seconds, reply in replies(message, current_language(), self._random, said):
            delay += seconds * self.pace
            timer = QTimer(self, singleShot=True, interval=round(delay * 1000))
            timer.timeout.connect(lambda timer=timer, text=reply.text: self._reply(timer, text))
            self._pending.add(timer)
            timer.start()

    def _reply(self, timer: QTimer, text: str) -> None:
        self._pending.discard(timer)
        timer.deleteLater()
        self._say(lambda: self.transcript.add_text("friend", text))
