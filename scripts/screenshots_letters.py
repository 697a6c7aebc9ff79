"""Make the pictures of captions and animations in docs/: the real windows over real stickers.

    QT_QPA_PLATFORM=offscreen .venv/bin/python scripts/screenshots_letters.py

Writes docs/caption-editor.png, stamps-editor.png and animate.png, each with -dark. The stickers
come from the starter model.
"""

from __future__ import annotations

import asyncio
import sys

from scripts.photographing import painted, photograph, save_both, until
from stickerstudio.core.design import Caption, Cutout, Design, Outline, Shadow, Stamp
from stickerstudio.core.recipe import Recipe
from stickerstudio.core.sticker import Sticker
from stickerstudio.session.session import Session
from stickerstudio.ui.main_window import MainWindow

PROMPTS = ("rocket", "crying face", "pizza", "cat face with a red heart, soft")


async def take_editor(main: MainWindow, session: Session, sticker: Sticker) -> None:
    """The editor with a caption, and with a stamp."""
    main.show_editor(sticker.id)
    editor = main.editor
    assert editor is not None
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
    await save_both(editor, session, "caption-editor")
    document.select(0)
    await asyncio.sleep(1.0)
    await save_both(editor, session, "stamps-editor")
    document.revert()
    editor.close()


async def take_animation(main: MainWindow, session: Session, sticker: Sticker) -> None:
    """The animation window, an animation fitted."""
    main.show_animate(sticker)
    window = main.animate
    assert window is not None
    place = window.target.findData("line-animated")
    window.target.setCurrentIndex(place)
    window.target.activated.emit(place)
    await until(lambda: window.document.fitted is not None and not window.document.busy)
    await save_both(window, session, "animate")
    window.close()


async def take(main: MainWindow, session: Session) -> None:
    """Every picture, one after the other."""
    recipes = [Recipe(prompt, seed=7, upscale=4) for prompt in PROMPTS]
    stickers = await painted(session, *recipes)
    await take_editor(main, session, stickers[-1])
    await take_animation(main, session, stickers[1])


if __name__ == "__main__":
    sys.exit(photograph(take))
