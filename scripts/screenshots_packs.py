"""Make the pictures of the pack editor in docs/: the real program, with stickers of the starter.

    xvfb-run -s "-screen 0 1440x900x24" .venv/bin/python scripts/screenshots_packs.py [PICTURE…]

Writes docs/pack-editor.png and docs/pack-editor-dark.png. The stickers are the pictures named, or
the eight of tests/packs/art.
"""

from __future__ import annotations

import sys
from pathlib import Path

from PIL import Image

from scripts.photographing import ROOT, photograph, save_both, until
from stickerstudio.core.recipe import Recipe
from stickerstudio.session.session import Session
from stickerstudio.ui.main_window import MainWindow


async def take(main: MainWindow, session: Session) -> None:
    """A pack that all platforms would take, but for one: LINE's packs hold 8, 16, 24, …"""
    named = [Path(argument) for argument in sys.argv[1:]]
    pictures = named or sorted((ROOT / "tests" / "packs" / "art").glob("*.webp"))
    ids: list[str] = []
    for path in pictures:
        with Image.open(path) as image:
            words = path.stem.rstrip("0123456789 ()")
            ids.append(session.library.add(image.convert("RGBA"), Recipe(words), 1.0).id)
    packing = session.packing
    main.show_pack(ids)
    await until(lambda: packing.pack is not None)
    packing.edit(
        title="Otter and friends",
        author="Sticker Studio",
        platforms=("whatsapp", "telegram", "line", "signal"),
    )
    await until(lambda: len(packing.judgements) == 4)
    window = main.pack
    assert window is not None
    window.grid.clearSelection()
    window.grid.setCurrentRow(0)
    await save_both(window, session, "pack-editor")
    window.close()


if __name__ == "__main__":
    sys.exit(photograph(take))
