"""Make the pictures of captions and animations in docs/: the real windows over real stickers.

    python scripts/screenshots_letters.py

Writes docs/caption-editor.png, stamps-editor.png and animate.png, each with -dark. Draws offscreen;
the stickers come from the starter model.
"""

from __future__ import annotations

import asyncio
import os
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from PySide6.QtWidgets import QApplication, QWidget  # noqa: TID251 — it shows windows
from qasync import QEventLoop

from stickerstudio.core import i18n
from stickerstudio.core.design import Caption, Cutout, Design, Outline, Shadow, Stamp
from stickerstudio.core.library import Library
from stickerstudio.core.messages import Event, Order, StickerReady
from stickerstudio.core.paths import Paths
from stickerstudio.core.recipe import Recipe
from stickerstudio.core.sticker import Sticker
from stickerstudio.engine.studio import Studio, create
from stickerstudio.session.session import Session
from stickerstudio.ui import style
from stickerstudio.ui.animate_window import AnimateWindow
from stickerstudio.ui.editor_window import EditorWindow

DOCS = Path(__file__).resolve().parents[1] / "docs"
PROMPTS = ("rocket", "crying face", "pizza", "I love you, cat face")
PATIENCE = 240.0  # seconds


async def until(seen: Callable[[], object]) -> None:
    """Wait until `seen()` holds."""
    end = time.monotonic() + PATIENCE
    while not seen():
        if time.monotonic() > end:
            raise TimeoutError
        await asyncio.sleep(0.05)


def make_stickers(paths: Paths, prompts: Sequence[str]) -> list[Sticker]:
    """One sticker of the starter for each prompt, enlarged four times."""
    made: list[Sticker] = []

    def hear(event: Event) -> None:
        if isinstance(event, StickerReady):
            made.append(event.sticker)

    with Library(paths.library) as library:
        studio = Studio(paths, "cpu", library=library)
        try:
            studio.start()
            for number, prompt in enumerate(prompts):
                recipe = Recipe(prompt=prompt, seed=7, upscale=4)
                studio.run(Order(number, recipe), hear, lambda: False)
        finally:
            studio.close()
    return made


async def both(app: QApplication, window: QWidget, name: str) -> None:
    """Save `window` in both themes."""
    themes: tuple[tuple[style.ThemeChoice, str], ...] = (("light", ""), ("dark", "-dark"))
    for theme, suffix in themes:
        style.apply_theme(app, theme)
        await asyncio.sleep(0.3)
        window.grab().save(str(DOCS / f"{name}{suffix}.png"))


async def picture(app: QApplication, session: Session, stickers: Sequence[Sticker]) -> None:
    """Every picture, one after the other."""
    editor = EditorWindow(session)
    editor.open_for(stickers[-1].id)
    document = editor.document
    await until(lambda: document.sticker is not None and not document.composing)
    words = Caption(
        "愛你喔 🐱❤️",
        size=0.15,
        fill="#ffd84a",
        outline_colour="#a3123f",
        outline_width=0.018,
        arc=-38.0,
        y=0.9,
    )
    hearts = (
        Stamp("shipped:heart", 0.86, 0.2, 0.24, 14),
        Stamp("shipped:sparkle", 0.12, 0.26, 0.2),
    )
    layers = (*hearts, words)
    document.edit(Design(Cutout("auto"), Outline(), Shadow(), layers))
    document.select(len(layers) - 1)
    await until(lambda: not document.composing)
    editor.canvas.setFocus()
    await both(app, editor, "caption-editor")
    document.select(0)
    await asyncio.sleep(1.0)
    await both(app, editor, "stamps-editor")
    document.revert()
    editor.close()
    window = AnimateWindow(session)
    window.open_for(stickers[1])
    place = window.target.findData("line-animated")
    window.target.setCurrentIndex(place)
    window.target.activated.emit(place)
    await until(lambda: window.document.fitted is not None and not window.document.busy)
    await both(app, window, "animate")
    window.close()


def main() -> None:
    """Take the pictures."""
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    app = QApplication([])
    loop = QEventLoop(app)
    asyncio.set_event_loop(loop)
    with tempfile.TemporaryDirectory() as folder, loop:
        paths = Paths.under(Path(folder))
        paths.library.mkdir(parents=True)
        stickers = make_stickers(paths, PROMPTS)
        i18n.set_language("en", paths.locales)
        style.choose_font(app, "en")
        session = Session(paths, create, loop)
        try:
            loop.run_until_complete(picture(app, session, stickers))
        finally:
            closed = loop.create_future()
            session.closed.connect(lambda: closed.done() or closed.set_result(None))
            session.close()
            loop.run_until_complete(closed)


if __name__ == "__main__":
    main()
