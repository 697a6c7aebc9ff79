"""Make the pictures of the editor in docs/: the real window over stickers the starter painted.

    xvfb-run -s "-screen 0 1440x900x24" .venv/bin/python scripts/screenshots_editor.py

Writes docs/editor.png and docs/editor-dark.png.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
from pathlib import Path

from PySide6.QtWidgets import QApplication  # noqa: TID251 — this is a composition root
from qasync import QEventLoop

from scripts.screenshots import DOCS, until
from stickerstudio.core.design import Caption, Design, Layer, Outline, Shadow, Stamp
from stickerstudio.core.paths import Paths
from stickerstudio.core.recipe import Recipe
from stickerstudio.core.sticker import Sticker
from stickerstudio.engine.studio import create
from stickerstudio.session.session import Session
from stickerstudio.ui import style
from stickerstudio.ui.editor_outline import OutlinePanel
from stickerstudio.ui.editor_window import EditorWindow

SIZE = (1200, 780)


async def take(session: Session, app: QApplication) -> None:
    """Paint a sticker, finish it in the editor, and take its picture in both themes."""
    sticker = await painted(session, Recipe("dog face, soft", seed=7, upscale=4))
    window = EditorWindow(session)
    window.resize(*SIZE)
    window.open_for(sticker.id)
    document = session.designing
    await until(lambda: document.sticker is not None and not document.composing)
    layers: tuple[Layer, ...] = (
        Stamp("shipped:heart", x=0.88, y=0.2, scale=0.3, rotation=14),
        Caption("good dog!", y=0.97, size=0.16, fill="#ffcf33"),
    )
    document.edit(Design(document.design.cutout, Outline(0.03), Shadow(), layers))
    document.select(0)
    window.show_panel(next(each for each in window.panels if isinstance(each, OutlinePanel)))
    themes: tuple[tuple[style.ThemeChoice, str], ...] = (
        ("light", "editor"),
        ("dark", "editor-dark"),
    )
    for theme, name in themes:
        style.apply_theme(app, theme)
        await until(lambda: not document.composing)
        await asyncio.sleep(0.5)
        window.grab().save(str(DOCS / f"{name}.png"))
    document.revert()
    window.close()


async def painted(session: Session, recipe: Recipe) -> Sticker:
    """The sticker the engine makes of `recipe`."""
    made: list[Sticker] = []
    session.sticker_ready.connect(made.append)
    session.start()
    session.order(recipe)
    await until(lambda: made)
    return made[0]


def main() -> int:
    """Exit status 1 where a picture could not be taken."""
    app = QApplication(["stickerstudio"])
    loop = QEventLoop(app)
    asyncio.set_event_loop(loop)
    style.choose_font(app, "en")
    style.apply_theme(app, "light")
    with tempfile.TemporaryDirectory() as home, loop:
        session = Session(Paths.under(Path(home)), create, loop)
        try:
            loop.run_until_complete(take(session, app))
        finally:
            session.close()
            session.wait_closed()
    return 0


if __name__ == "__main__":
    sys.exit(main())
