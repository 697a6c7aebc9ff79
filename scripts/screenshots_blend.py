"""Make the pictures of blending as play in docs/: the real program, engine and LoRAs.

    xvfb-run -s "-screen 0 1440x900x24" .venv/bin/python scripts/screenshots_blend.py [LORA…]

Writes docs/blend-pad.png, style-map.png, blend-compare.png, and each with -dark. The LoRAs are
those that come with the program, and the .safetensors files named.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from scripts.photographing import photograph, save_both, until
from stickerstudio.session.session import Session
from stickerstudio.ui.main_window import MainWindow


async def settle(session: Session) -> None:
    """Wait until the preview shows the draft."""
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
    await save_both(window, session, "blend-pad")
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
    await save_both(window, session, "style-map")
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
    await save_both(window, session, "blend-compare")
    window.close()


async def take_all(main: MainWindow, session: Session) -> None:
    """Every picture; the LoRAs named are added first."""
    loras = [Path(name) for name in sys.argv[1:]]
    await until(lambda: session.engine.state == "idle" and session.loras)
    for path in loras:
        session.add_lora(path)
    await until(lambda: {path.stem for path in loras} <= {info.name for info in session.loras})
    session.edit(prompt="dog face", seed=3, seed_locked=True, live=True)
    await take_pad(main, session)
    await take_map(main, session)
    await take_compare(main, session)


if __name__ == "__main__":
    sys.exit(photograph(take_all))
