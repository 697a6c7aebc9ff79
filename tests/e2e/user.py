"""A user at the real program: run as `python -m tests.e2e.user VISIT HOME`, prints JSON.

The program is started by its own composition root, with the real engine process and the bundled
starter model; only the hands are ours. They type, click and drop as a person does.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
import traceback
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from stickerstudio import app
from stickerstudio.core.messages import PreviewReady
from stickerstudio.core.paths import Paths
from stickerstudio.core.sticker import Sticker
from stickerstudio.session.session import Session
from stickerstudio.ui.main_window import MainWindow
from stickerstudio.ui.outgoing import outgoing_mime

PROMPT = "I love you, otter, dm-sticker"
PATIENCE = 60.0  # seconds; a machine under test is a busy machine

Report = dict[str, Any]


class User:
    """Hands and eyes at one window."""

    def __init__(self, window: MainWindow) -> None:
        self.window = window
        self.session = window._session
        self.previews: list[PreviewReady] = []
        self.stickers: list[Sticker] = []
        self.notices: list[str] = []
        self.session.preview_ready.connect(self.previews.append)
        self.session.sticker_ready.connect(self._see)
        self.session.notice.connect(lambda notice: self.notices.append(str(notice)))

    def _see(self, sticker: Sticker) -> None:
        assert sticker.path.is_file(), "shown before it was on disk"
        self.stickers.append(sticker)

    async def until(self, what: str, seen: Callable[[], object]) -> None:
        """Wait until `seen()` holds."""
        end = time.monotonic() + PATIENCE
        while not seen():
            if time.monotonic() > end:
                raise TimeoutError(f"waited {PATIENCE:.0f} s in vain for {what}; {self.notices}")
            await asyncio.sleep(0.02)

    async def make(self, count: int) -> list[Sticker]:
        """Press Ctrl+Enter and wait for `count` stickers."""
        already = len(self.stickers)
        QTest.keyClick(
            self.window.prompt.prompt, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier
        )
        await self.until("stickers", lambda: len(self.stickers) >= already + count)
        await self.until("the queue to empty", lambda: not self.session.jobs)
        return self.stickers[already:]

    def drop_into_chat(self, sticker: Sticker) -> None:
        """What a drag from the gallery ends with."""
        mime = outgoing_mime([sticker], self.session.paths.cache)
        chat = self.window.chat
        place = QPoint(chat.width() // 2, chat.height() // 2)
        enter = QDragEnterEvent(
            place,
            Qt.DropAction.CopyAction,
            mime,
            Qt.MouseButton.LeftButton,
            Qt.KeyboardModifier.NoModifier,
        )
        QApplication.sendEvent(chat, enter)
        assert enter.isAccepted(), "the chat refused the sticker"
        drop = QDropEvent(
            QPointF(place),
            Qt.DropAction.CopyAction,
            mime,
            Qt.MouseButton.LeftButton,
            Qt.KeyboardModifier.NoModifier,
        )
        QApplication.sendEvent(chat, drop)

    def sent(self) -> list[str]:
        """Kinds of what the user has sent."""
        return [message.kind for message in self.session.chat.messages if message.author == "me"]


async def first_visit(user: User) -> Report:
    """Words to stickers, a slider, a drop, a copy on disk."""
    window, session = user.window, user.session
    home = session.paths.state.parent
    await user.until("the LoRAs", lambda: window.blend.rows)
    window.prompt.options.lock.click()
    window.prompt.options.count.setValue(2)
    QTest.keyClicks(window.prompt.prompt, PROMPT)
    await user.until("a preview", lambda: user.previews)
    first = await user.make(2)

    row = next(iter(window.blend.rows.values()))
    row.switch.click()
    await user.until("the next preview", lambda: user.previews[-1].recipe.active_loras)
    before = user.previews[-1]
    row.slider.setFocus()
    for _ in range(12):  # to the far end of the hand's reach, 0.05 a key
        QTest.keyClick(row.slider, Qt.Key.Key_Left)
    weight = row.slider.weight
    await user.until(
        "the picture to follow the slider",
        lambda: any(w.weight == weight for w in user.previews[-1].recipe.active_loras),
    )
    after = user.previews[-1]
    second = await user.make(2)

    user.drop_into_chat(second[0])
    await user.until("the sticker in the chat", lambda: "sticker" in user.sent())
    copies: list[list[Path]] = []
    session.saved.connect(copies.append)
    session.save_one(first[0].id, home / "saved.webp", "webp")
    await user.until("the copy", lambda: copies)
    return {
        "stickers": [sticker.id for sticker in (*first, *second)],
        "prompts": [sticker.recipe.prompt for sticker in (*first, *second)],
        "preview_changed": before.rgba != after.rgba and before.recipe.seed == after.recipe.seed,
        "sticker_changed": first[0].path.read_bytes() != second[0].path.read_bytes(),
        "same_seed": first[0].recipe.seed == second[0].recipe.seed,
        "weight": weight,
        "saved": str(copies[0][0]),
    }


async def second_visit(user: User) -> Report:
    """Everything is still there."""
    window, session = user.window, user.session
    await user.until("the LoRAs", lambda: window.blend.rows)
    model = window.gallery.model
    return {
        "stickers": [sticker.id for sticker in session.library.search()],
        "rows": model.rowCount(),
        "found": [sticker.id for sticker in session.library.search("otter")],
        "prompt": window.prompt.prompt.toPlainText(),
        "weight": next(iter(window.blend.rows.values())).slider.weight,
        "sent": user.sent(),
        "chat_pictures": [
            message.picture.is_file()
            for message in session.chat.messages
            if message.picture is not None
        ],
    }


VISITS: dict[str, Callable[[User], Awaitable[Report]]] = {
    "first": first_visit,
    "second": second_visit,
}


def main(visit: str, home: str) -> int:
    """Open the program, make the visit, close the window; 1 if the visit went wrong."""
    report: Report = {}

    class VisitedWindow(MainWindow):
        visiting: asyncio.Task[None] | None = None

        def __init__(self, session: Session) -> None:
            super().__init__(session)
            self.painted.connect(self.begin)

        def begin(self) -> None:
            self.visiting = asyncio.get_running_loop().create_task(self.visit())

        async def visit(self) -> None:
            user = User(self)
            try:
                report.update(await VISITS[visit](user))
            except Exception:  # noqa: BLE001 — reported to the test, which fails on it
                report["error"] = traceback.format_exc()
            report["notices"] = user.notices
            report["torch_in_window"] = "torch" in sys.modules
            self.close()

    app.MainWindow = VisitedWindow
    code = app.run(["stickerstudio"], Paths.under(Path(home)))
    report["exit_code"] = code
    sys.stdout.write(json.dumps(report))
    return 1 if "error" in report else 0


if __name__ == "__main__":
    raise SystemExit(main(*sys.argv[1:3]))
