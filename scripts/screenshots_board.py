"""Make the pictures of the expressions board and of the gallery's collections in docs/.

    xvfb-run -s "-screen 0 1440x900x24" .venv/bin/python scripts/screenshots_board.py

Writes docs/expressions-board.png, expressions-board-dark.png, gallery-collections.png and
gallery-collections-dark.png. The stickers are what the bundled starter makes.
"""

from __future__ import annotations

import asyncio
import sys

from PySide6.QtGui import QCursor  # noqa: TID251 — it photographs widgets
from PySide6.QtWidgets import QApplication, QMenu  # noqa: TID251 — as above

from scripts.photographing import PAINTING, THEMES, photograph, save, save_both, until
from stickerstudio.core.collections import Label
from stickerstudio.session.session import Session
from stickerstudio.ui.main_window import MainWindow

CHARACTER = "{expression} face, soft"
COLLECTIONS = {
    "貓咪 🐱": ("cat",),
    "Birthday 🎂": ("birthday", "cake", "party"),
    "Moods": ("face",),
}
PROMPTS = ("cat face, soft", "crying cat", "heart eyes cat", "birthday cake, flat", "penguin")


async def take_board(main: MainWindow, session: Session) -> None:
    """The expressions board, full."""
    session.edit(live=False, seed=7, seed_locked=True)
    QCursor.setPos(0, 0)
    main.show_board(CHARACTER)
    board = main.board
    assert board is not None
    board.size_box.setCurrentIndex(2)
    board.make.click()
    await until(lambda: session.expressions.made == 24)
    session.expressions.set_locked(3, True)
    await save_both(board, session, "expressions-board")
    board.close()


async def take_collections(main: MainWindow, session: Session) -> None:
    """The gallery with the menu of its collections open."""
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
    while main.notices.current is not None:
        main.notices.dismiss()
    await asyncio.sleep(0.5)
    gallery = main.gallery
    for theme, suffix in THEMES:
        session.change_settings(dark=theme)
        gallery.shelf.open()
        await until(lambda: session.labels.use is not None)
        await asyncio.sleep(PAINTING)
        menu = QApplication.activePopupWidget()
        assert isinstance(menu, QMenu)
        picture = gallery.grab()
        menu.render(picture, gallery.mapFromGlobal(menu.pos()))  # a popup is a window of its own
        save(picture, f"gallery-collections{suffix}")
        menu.close()


async def take(main: MainWindow, session: Session) -> None:
    """Every picture."""
    await until(lambda: session.engine.state == "idle")
    await take_board(main, session)
    await take_collections(main, session)


if __name__ == "__main__":
    sys.exit(photograph(take))
