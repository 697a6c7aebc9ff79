"""What the workers' tests have done in another process."""

from __future__ import annotations

import os
import signal
import sys
import time
from pathlib import Path

from stickerstudio.core.errors import BadFileError
from stickerstudio.core.i18n import tr


def double(number: int) -> int:
    """Twice `number`."""
    return 2 * number


def process_id() -> int:
    """Whose work this is."""
    return os.getpid()


def heavy_modules() -> list[str]:
    """What a worker must not have to import."""
    return sorted({"torch", "PySide6.QtWidgets", "diffusers"} & sys.modules.keys())


def refuse(path: Path) -> None:
    """Raise one of ours."""
    raise BadFileError(tr("{name} is damaged.", name=path.name), "why", "todo")


class AwkwardError(Exception):
    """Cannot be unpickled: it wants two arguments and keeps one."""

    def __init__(self, one: str, two: str) -> None:
        super().__init__(one)
        self.two = two


def raise_awkward() -> None:
    """Raise what cannot be sent."""
    raise AwkwardError("one", "two")


def die() -> None:
    """End as by the system's memory killer."""
    os.kill(os.getpid(), signal.SIGKILL)


def sleep_beside(path: Path, seconds: float) -> None:
    """Say that it has begun, then take long."""
    path.write_text(str(os.getpid()))
    time.sleep(seconds)
