"""Make the pictures of blending as play in docs/: the real program, engine and LoRAs.

    xvfb-run -s "-screen 0 1440x900x24" .venv/bin/python scripts/screenshots_blend.py [LORA…]

Writes docs/blend-pad.png, style-map.png, blend-compare.png, and each with -dark. The LoRAs are
those that come with the program, and the .safetensors files named.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path

from stickerstudio import app
from stickerstudio.core.messages import PreviewReady
from stickerstudio.core.paths import Paths
from stickerstudio.session.session import Session
from stickerstudio.ui.compare_window import CompareWindow
from stickerstudio.ui.main_window import MainWindow
from stickerstudio.ui.mix_window import MixPadWindow
from stickerstudio.ui.style_map_window import StyleMapWindow

DOCS = Path(__file__).resolve().parents[1] / "docs"
PATIENCE = 300.0  # seconds


async def until(seen: Callable[[], object]) -> None:
    """Wait until `seen()` holds."""
    end = time.monotonic() + PATIENCE
    while not seen():
        if time.monotonic() > end:
            raise TimeoutError
        await asyncio.sleep(0.02)


async def picture_both(
    window: MixPadWindow | StyleMapWindow | CompareWindow, session: Session, name: str
) -> None:
    """Save `window` in both themes as docs/<name>.png and <name>-dark.png."""
    for theme, suffix in (("light", ""), ("dark", "-dark")):
        session.change_settings(dark=theme)
        await asyncio.sleep(0.5)
        window.grab().save(str(DOCS / f"{name}{suffix}.png"))


async def settle(session: Session) -> None:
    """Wait until the preview shows the draft."""
    last: list[PreviewReady] = []
    session.preview_ready.connect(last.append)
    await asyncio.sleep(0.2)
    await until(lambda: not session.previewing)
    await asyncio.sleep(0.2)


async def take_pad(main: MainWindow, session: Session) -> None:
    """The mix pad, its point a little off the middle."""
    session.blending.take(())
    main.show_mix_pad()
    window = main.mix_pad
    assert window is not None
    window.pad.move_point((0.42, 0.45))
    await settle(session)
    await picture_both(window, session, "blend-pad")
    window.close()


async def take_map(main: MainWindow, session: Session) -> None:
    """The style map over the first two LoRAs, one of its pictures taken."""
    session.blending.take(())
    main.show_style_map()
    window = main.style_map
    assert window is not None
    await until(lambda: not window.filling and len(window.map.pictures) == 25)
    window.map.chosen.emit((2, 3))
    await settle(session)
    await picture_both(window, session, "style-map")
    window.close()


async def take_compare(main: MainWindow, session: Session) -> None:
    """Plain against mixed, the wipe in the middle."""
    session.blending.take(())
    main.show_compare()
    window = main.compare
    assert window is not None
    session.blending.mix(dict.fromkeys((info.name for info in session.loras[:2]), 0.35))
    await settle(session)
    await until(lambda: all(window.view.pictures))
    await picture_both(window, session, "blend-compare")
    window.close()


async def take_all(main: MainWindow, session: Session, loras: Sequence[Path]) -> None:
    """Every picture; `loras` are added first."""
    await until(lambda: session.engine.state == "idle" and session.loras)
    for path in loras:
        session.add_lora(path)
    await until(lambda: {path.stem for path in loras} <= {info.name for info in session.loras})
    session.edit(prompt="dog face", seed=3, seed_locked=True, live=True)
    await take_pad(main, session)
    await take_map(main, session)
    await take_compare(main, session)


class Photographed(MainWindow):
    """The window, which opens its tools once it is painted, and closes."""

    failed = False
    loras: tuple[Path, ...] = ()

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self.resize(1400, 860)
        self.painted.connect(self._begin)

    def _begin(self) -> None:
        self._task = asyncio.get_running_loop().create_task(self._visit())

    async def _visit(self) -> None:
        try:
            await take_all(self, self._session, self.loras)
        except Exception:  # noqa: BLE001 — a picture that is missing must not hang the script
            traceback.print_exc()
            Photographed.failed = True
        self.close()


def main() -> int:
    """Exit status 1 where a picture could not be taken."""
    Photographed.loras = tuple(Path(name) for name in sys.argv[1:])
    app.MainWindow = Photographed
    with tempfile.TemporaryDirectory() as home:
        app.run(["stickerstudio"], Paths.under(Path(home)))
    return int(Photographed.failed)


if __name__ == "__main__":
    sys.exit(main())
