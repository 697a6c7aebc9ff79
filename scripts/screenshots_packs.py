"""Make the pictures of the pack editor in docs/: the real program, with stickers of the starter.

    xvfb-run -s "-screen 0 1440x900x24" .venv/bin/python scripts/screenshots_packs.py [PICTURE…]

Writes docs/pack-editor.png and docs/pack-editor-dark.png. The stickers are the pictures named, or
the eight of tests/packs/art.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path

from PIL import Image

from stickerstudio import app
from stickerstudio.core.paths import Paths
from stickerstudio.core.recipe import Recipe
from stickerstudio.session.session import Session
from stickerstudio.ui.main_window import MainWindow

ROOT = Path(__file__).resolve().parents[1]
PATIENCE = 120.0  # seconds


async def until(seen: Callable[[], object]) -> None:
    """Wait until `seen()` holds."""
    end = time.monotonic() + PATIENCE
    while not seen():
        if time.monotonic() > end:
            raise TimeoutError
        await asyncio.sleep(0.02)


async def take_pack(main: MainWindow, session: Session, pictures: Sequence[Path]) -> None:
    """A pack that all platforms would take, but for one: LINE's packs hold 8, 16, 24, …"""
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
    for theme, suffix in (("light", ""), ("dark", "-dark")):
        session.change_settings(dark=theme)
        await asyncio.sleep(1.0)
        window.grab().save(str(ROOT / "docs" / f"pack-editor{suffix}.png"))
    window.close()


class Photographed(MainWindow):
    """The window, which takes its pictures once it is painted, and closes."""

    failed = False

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self.painted.connect(self._begin)

    def _begin(self) -> None:
        self._task = asyncio.get_running_loop().create_task(self._visit())

    async def _visit(self) -> None:
        named = [Path(argument) for argument in sys.argv[1:]]
        try:
            pictures = named or sorted((ROOT / "tests" / "packs" / "art").glob("*.webp"))
            await take_pack(self, self._session, pictures)
        except Exception:  # noqa: BLE001 — a picture that is missing must not hang the script
            traceback.print_exc()
            Photographed.failed = True
        self.close()


def main() -> int:
    """Exit status 1 where a picture could not be taken."""
    app.MainWindow = Photographed
    with tempfile.TemporaryDirectory() as home:
        app.run(["stickerstudio"], Paths.under(Path(home)))
    return int(Photographed.failed)


if __name__ == "__main__":
    sys.exit(main())
