"""What a Session says, written down."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path

from pytestqt.qtbot import QtBot

from stickerstudio.core.messages import PreviewReady, Progress
from stickerstudio.core.sticker import Sticker
from stickerstudio.session.session import Session
from stickerstudio.session.state import Notice


class Watch:
    """Lists of everything a session emits."""

    def __init__(self, session: Session, qtbot: QtBot) -> None:
        self.session = session
        self._qtbot = qtbot
        self.stickers: list[Sticker] = []
        self.previews: list[PreviewReady] = []
        self.progress: list[Progress] = []
        self.notices: list[Notice] = []
        self.states: list[str] = []
        self.events: list[str] = []
        session.sticker_ready.connect(self.stickers.append)
        session.preview_ready.connect(self.previews.append)
        session.progress.connect(self.progress.append)
        session.notice.connect(self.notices.append)
        session.engine_changed.connect(lambda: self.states.append(session.engine.state))

    def until(self, condition: Callable[[], object], seconds: float = 60.0) -> None:
        """Let the window live until `condition` holds."""
        self._qtbot.waitUntil(lambda: bool(condition()), timeout=round(seconds * 1000))

    def idle(self) -> None:
        """Let everything be made."""
        session = self.session
        self.until(
            lambda: not session.jobs and not session.previewing and session.engine.state == "idle"
        )

    @property
    def engine_pid(self) -> int:
        """Of the child process."""
        found = re.fullmatch(r"pid (\d+)", self.session.engine.device_name)
        assert found
        return int(found[1])


def exists(pid: int) -> bool:
    """Whether there is such a process, zombies not counted."""
    try:
        os.kill(pid, 0)
        stat = Path(f"/proc/{pid}/stat")
        return not stat.exists() or stat.read_text().rpartition(")")[2].split()[0] != "Z"
    except (ProcessLookupError, FileNotFoundError):
        return False
