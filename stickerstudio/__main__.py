"""The program's start: a window without arguments, the command line with them."""

from __future__ import annotations

import multiprocessing
import os
import sys
from pathlib import Path

# No library we stand on may fetch anything or report home. Only models/hub.py goes online, with a
# client of its own, when the user asks. Set before they are imported; child processes inherit it.
_OFFLINE = {
    "HF_HUB_OFFLINE": "1",
    "TRANSFORMERS_OFFLINE": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "HF_HUB_DISABLE_UPDATE_CHECK": "1",
    "DO_NOT_TRACK": "1",
}


def main() -> int:
    """Run the program on sys.argv; the exit code."""
    multiprocessing.freeze_support()  # the engine's process of a frozen bundle ends in here
    os.environ.update(_OFFLINE)
    arguments = sys.argv[1:]
    if _asks_for_window(arguments):
        from stickerstudio.app import run
        from stickerstudio.core.paths import Paths

        library = arguments[-1].removeprefix("--library=") if arguments else None
        return run(sys.argv[:1], Paths.default(Path(library) if library else None))
    from stickerstudio.cli import main as command_line

    return command_line(arguments)


def _asks_for_window(arguments: list[str]) -> bool:
    match arguments:
        case []:
            return True
        case ["--library", folder]:
            return not folder.startswith("-")
        case [option]:
            return option.startswith("--library=")
        case _:
            return False


if __name__ == "__main__":
    sys.exit(main())
