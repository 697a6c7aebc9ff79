"""Make the pictures of the window in docs/: the real program, the real engine, real stickers.

    xvfb-run -s "-screen 0 1440x900x24" .venv/bin/python scripts/screenshots.py

Writes docs/window-empty.png, window-generating.png, window.png (full), window-dark.png and
window-zh.png. The stickers are what the bundled starter makes of the prompts below.
"""

from __future__ import annotations

import asyncio
import sys

from PySide6.QtTest import QTest

from scripts.photographing import PAINTING, photograph, save, save_both, until
from stickerstudio.core.messages import PreviewReady
from stickerstudio.session.session import Session
from stickerstudio.ui.main_window import MainWindow

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


async def take(window: MainWindow, session: Session) -> None:
    """The window as it is at first, at work, and full."""
    prompt = window.prompt.prompt
    await until(lambda: session.engine.state == "idle" and window.blend.rows)
    await asyncio.sleep(PAINTING)
    save(window.grab(), "window-empty")
    session.edit(live=False)
    for words in PROMPTS:
        prompt.setPlainText(words)
        session.edit(seed=7, seed_locked=True, count=1)
        session.make()
    await until(lambda: session.library.count() >= 4)
    save(window.grab(), "window-generating")
    await until(lambda: not session.jobs)
    stickers = session.library.search()
    session.send_text("We got the tickets!")
    await asyncio.sleep(2.5)
    session.send_sticker(next(s.id for s in stickers if s.recipe.prompt == "grinning face"))
    await asyncio.sleep(4)
    session.edit(live=True, seed=3, count=4)
    prompt.clear()
    QTest.keyClicks(prompt, "otter, soft, dm-sticker")
    row = next(iter(window.blend.rows.values()))
    row.switch.click()
    session.set_weight(row.name, 0.35)
    previews: list[PreviewReady] = []
    session.preview_ready.connect(previews.append)
    await until(lambda: previews and previews[-1].recipe.active_loras)
    await save_both(window, session, "window")
    session.change_settings(language="zh_TW")
    await asyncio.sleep(PAINTING)
    save(window.grab(), "window-zh")


if __name__ == "__main__":
    sys.exit(photograph(take))
