"""Make the pictures of the expressions board and of the gallery's collections in docs/.

    xvfb-run -s "-screen 0 1440x900x24" .venv/bin/python scripts/screenshots_board.py

Writes docs/expressions-board.png, expressions-board-dark.png, gallery-collections.png and
gallery-collections-dark.png. The stickers are what the bundled starter makes.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
import time
import traceback
from collections.abc import Callable
from pathlib import Path

from PySide6.QtGui import QCursor  # noqa: TID251 — it photographs widgets
from PySide6.QtWidgets import QApplication, QMenu, QWidget  # noqa: TID251 — as above

from stickerstudio import app
from stickerstudio.core.collections import Label
from stickerstudio.core.paths import Paths
from stickerstudio.session.session import Session
from stickerstudio.ui.main_window import MainWindow

DOCS = Path(__file__).resolve().parents[1] / "docs"
PATIENCE = 400.0  # seconds; 29 stickers
CHARACTER = "{expression} face, soft"
COLLECTIONS = {
    "貓咪 🐱": ("cat",),
    "Birthday 🎂": ("birthday", "cake", "party"),
    "Moods": ("face",),
}
PROMPTS = ("cat face, soft", "crying cat", "heart eyes cat", "birthday cake, flat", "penguin")


async def until(seen: Callable[[], object]) -> None:
    """Wait until `seen()` holds."""
    end = time.monotonic() + PATIENCE
    while not seen():
        if time.monotonic() > end:
            raise TimeoutError
        await asyncio.sleep(0.05)


class Photographed(MainWindow):
    """The window, which takes its own pictures once it is painted, and closes."""

    failed = False

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self.resize(1400, 860)
        self.painted.connect(self._begin)

    def _begin(self) -> None:
        self._task = asyncio.get_running_loop().create_task(self._visit())

    async def _visit(self) -> None:
        try:
            await self._take_all()
        except Exception:  # noqa: BLE001 — a picture that is missing must not hang the script
            traceback.print_exc()
            Photographed.failed = True
        self.close()

    async def _take_all(self) -> None:
        session = self._session
        await until(lambda: session.engine.state == "idle")
        session.edit(live=False, seed=7, seed_locked=True)
        QCursor.setPos(0, 0)
        self.show_board(CHARACTER)
        board = self.board
        assert board is not None
        board.size_box.setCurrentIndex(2)
        board.make.click()
        await until(lambda: session.expressions.made == 24)
        session.expressions.set_locked(3, True)
        await self._both(board, "expressions-board")
        board.close()
        for words in PROMPTS:
            session.edit(prompt=words)
            session.make()
        await until(lambda: not session.jobs)
        for name, words in COLLECTIONS.items():
            ids = [each for word in words for each in session.library.ids(word)]
            session.labels.put(Label("collection", name), ids)
        session.labels.put(Label("tag", "for mum"), session.library.ids("cat"))
        session.labels.put(Label("tag", "工作"), session.library.ids("ok"))
        await until(lambda: len(session.labels.collections) == 3 and len(session.labels.tags) == 2)
        while self.notices.current is not None:
            self.notices.dismiss()
        await asyncio.sleep(0.5)
        self.gallery.shelf.open()
        await until(lambda: session.labels.use is not None)
        await asyncio.sleep(0.5)
        menu = QApplication.activePopupWidget()
        assert isinstance(menu, QMenu)
        self._with_menu(menu, "gallery-collections")
        menu.close()
        session.change_settings(dark="dark")
        self.gallery.shelf.open()
        await asyncio.sleep(0.8)
        menu = QApplication.activePopupWidget()
        assert isinstance(menu, QMenu)
        self._with_menu(menu, "gallery-collections-dark")
        menu.close()
        session.change_settings(dark="light")

    async def _both(self, widget: QWidget, name: str) -> None:
        """Light, then dark."""
        await asyncio.sleep(0.8)
        widget.grab().save(str(DOCS / f"{name}.png"))
        self._session.change_settings(dark="dark")
        await asyncio.sleep(0.8)
        widget.grab().save(str(DOCS / f"{name}-dark.png"))
        self._session.change_settings(dark="light")

    def _with_menu(self, menu: QMenu, name: str) -> None:
        """The gallery with its menu open: a popup is a window of its own."""
        picture = self.gallery.grab()
        menu.render(picture, self.gallery.mapFromGlobal(menu.pos()))
        picture.save(str(DOCS / f"{name}.png"))


def main() -> int:
    """Exit status 1 where a picture could not be taken."""
    app.MainWindow = Photographed
    with tempfile.TemporaryDirectory() as home:
        app.run(["stickerstudio"], Paths.under(Path(home)))
    return int(Photographed.failed)


if __name__ == "__main__":
    sys.exit(main())
