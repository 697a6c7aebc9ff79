"""Make the pictures of the window in docs/: the real program, the real engine, real stickers.

    xvfb-run -s "-screen 0 1440x900x24" .venv/bin/python scripts/screenshots.py

Writes docs/window-empty.png, window-generating.png, window.png (full), window-dark.png and
window-zh.png. The stickers are what the bundled starter makes of the prompts below.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
import time
import traceback
from collections.abc import Callable
from pathlib import Path

from PySide6.QtTest import QTest

from stickerstudio import app
from stickerstudio.core.messages import PreviewReady
from stickerstudio.core.paths import Paths
from stickerstudio.session.session import Session
from stickerstudio.ui.main_window import MainWindow

DOCS = Path(__file__).resolve().parents[1] / "docs"
PROMPTS = (
    "penguin",
    "rocket, flat",
    "rainbow",
    "robot, soft",
    "crying face",
    "pizza, flat",
    "fire",
    "cat face, soft",
    "birthday cake, flat",
    "dog face",
    "red heart",
    "grinning face",
)
PATIENCE = 120.0  # seconds


async def until(seen: Callable[[], object]) -> None:
    """Wait until `seen()` holds."""
    end = time.monotonic() + PATIENCE
    while not seen():
        if time.monotonic() > end:
            raise TimeoutError
        await asyncio.sleep(0.02)


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
        session, prompt = self._session, self.prompt.prompt
        await until(lambda: session.engine.state == "idle" and self.blend.rows)
        await self._take("window-empty")
        session.edit(live=False)
        for words in PROMPTS:
            prompt.setPlainText(words)
            session.edit(seed=7, seed_locked=True, count=1)
            session.make()
        await until(lambda: session.library.count() >= 4)
        await self._take("window-generating", wait=0)
        await until(lambda: not session.jobs)
        stickers = session.library.search()
        session.send_text("We got the tickets!")
        await asyncio.sleep(2.5)
        session.send_sticker(next(s.id for s in stickers if s.recipe.prompt == "grinning face"))
        await asyncio.sleep(4)
        session.edit(live=True, seed=3, count=4)
        prompt.clear()
        QTest.keyClicks(prompt, "otter, soft, dm-sticker")
        row = next(iter(self.blend.rows.values()))
        row.switch.click()
        session.set_weight(row.name, 0.35)
        previews: list[PreviewReady] = []
        session.preview_ready.connect(previews.append)
        await until(lambda: previews and previews[-1].recipe.active_loras)
        await self._take("window")
        session.change_settings(dark="dark")
        await self._take("window-dark")
        session.change_settings(dark="light", language="zh_TW")
        await self._take("window-zh")

    async def _take(self, name: str, wait: float = 0.8) -> None:
        await asyncio.sleep(wait)
        self.grab().save(str(DOCS / f"{name}.png"))


def main() -> int:
    """Exit status 1 where a picture could not be taken."""
    app.MainWindow = Photographed
    with tempfile.TemporaryDirectory() as home:
        app.run(["stickerstudio"], Paths.under(Path(home)))
    return int(Photographed.failed)


if __name__ == "__main__":
    sys.exit(main())
