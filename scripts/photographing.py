"""What the scripts that make the pictures in docs/ share: the way into the program, and its themes.

The real program runs on a home of its own, which is thrown away.
"""

from __future__ import annotations

import asyncio
import tempfile
import time
import traceback
from collections.abc import Awaitable, Callable
from pathlib import Path

from PySide6.QtGui import QPixmap  # noqa: TID251 — widgets are photographed
from PySide6.QtWidgets import QWidget  # noqa: TID251 — as above

from stickerstudio import app
from stickerstudio.core.paths import Paths
from stickerstudio.core.recipe import Recipe
from stickerstudio.core.sticker import Sticker
from stickerstudio.session.session import Session
from stickerstudio.ui.main_window import MainWindow

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"
THEMES = (("dark", "-dark"), ("light", ""))
"""The themes and what the names of their pictures end in; the window is left in the last one."""

PATIENCE = 400.0  # seconds; the expressions board makes 24 stickers
PAINTING = 1.0  # seconds after which a window has drawn itself anew

Take = Callable[[MainWindow, Session], Awaitable[None]]


def photograph(take: Take) -> int:
    """Run the program, `take` pictures of it once its window is painted, and close it.

    Returns:
        The exit status: 1 where a picture could not be taken.
    """
    failed = False

    class Photographed(MainWindow):
        def __init__(self, session: Session) -> None:
            super().__init__(session)
            self.resize(1400, 860)
            self.painted.connect(self._begin)

        def _begin(self) -> None:
            self._task = asyncio.get_running_loop().create_task(self._visit())

        async def _visit(self) -> None:
            nonlocal failed
            try:
                await take(self, self._session)
            except Exception:  # noqa: BLE001 — a picture that is missing must not hang the script
                traceback.print_exc()
                failed = True
            self.close()

    app.MainWindow = Photographed
    with tempfile.TemporaryDirectory() as home:
        app.run(["stickerstudio"], Paths.under(Path(home)))
    return int(failed)


async def until(seen: Callable[[], object]) -> None:
    """Wait until `seen()` holds.

    Raises:
        TimeoutError: it did not within PATIENCE.
    """
    end = time.monotonic() + PATIENCE
    while not seen():
        if time.monotonic() > end:
            raise TimeoutError
        await asyncio.sleep(0.02)


async def painted(session: Session, *recipes: Recipe) -> list[Sticker]:
    """The stickers that the engine makes of `recipes`."""
    made: list[Sticker] = []
    session.sticker_ready.connect(made.append)
    for recipe in recipes:
        session.order(recipe)
    await until(lambda: len(made) == len(recipes))
    return made


async def save_both(window: QWidget, session: Session, name: str) -> None:
    """Save `window` in both themes as docs/NAME.png and docs/NAME-dark.png."""
    for theme, suffix in THEMES:
        session.change_settings(dark=theme)
        await asyncio.sleep(PAINTING)
        save(window.grab(), name + suffix)


def save(picture: QPixmap, name: str) -> None:
    """Save `picture` as docs/NAME.png."""
    picture.save(str(DOCS / f"{name}.png"))
