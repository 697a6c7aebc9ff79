"""Make the pictures of the editor in docs/: the real window over stickers the starter painted.

    xvfb-run -s "-screen 0 1440x900x24" .venv/bin/python scripts/screenshots_editor.py

Writes docs/editor.png and docs/editor-dark.png.
"""

from __future__ import annotations

import sys

from scripts.photographing import painted, photograph, save_both, until
from stickerstudio.core.design import Caption, Design, Layer, Outline, Shadow, Stamp
from stickerstudio.core.recipe import Recipe
from stickerstudio.session.session import Session
from stickerstudio.ui.editor_outline import OutlinePanel
from stickerstudio.ui.main_window import MainWindow

SIZE = (1200, 780)


async def take(main: MainWindow, session: Session) -> None:
    """Paint a sticker, finish it in the editor, and take its picture in both themes."""
    [sticker] = await painted(session, Recipe("dog face, soft", seed=7, upscale=4))
    main.show_editor(sticker.id)
    window = main.editor
    assert window is not None
    window.resize(*SIZE)
    document = session.designing
    await until(lambda: document.sticker is not None and not document.composing)
    layers: tuple[Layer, ...] = (
        Stamp("shipped:heart", x=0.88, y=0.2, scale=0.3, rotation=14),
        Caption("good dog!", y=0.97, size=0.16, fill="#ffcf33"),
    )
    document.edit(Design(document.design.cutout, Outline(0.03), Shadow(), layers))
    document.select(0)
    window.show_panel(next(each for each in window.panels if isinstance(each, OutlinePanel)))
    await until(lambda: not document.composing)
    await save_both(window, session, "editor")
    document.revert()
    window.close()


if __name__ == "__main__":
    sys.exit(photograph(take))
