"""Ctrl+C and SIGTERM: a wish that is polled while stickers are made, an exception elsewhere."""

from __future__ import annotations

import signal
import threading
from collections.abc import Generator
from contextlib import contextmanager
from types import FrameType, TracebackType
from typing import Any, Self


class Interrupt:
    """Installed for the length of its `with` block; the handlers before it come back after."""

    def __init__(self) -> None:
        self._pressed = False
        self._polled = False
        self._before: dict[signal.Signals, Any] = {}

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGINT, signal.SIGTERM):
                self._before[number] = signal.signal(number, self._handle)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def is_pressed(self) -> bool:
        """Whether the user wants to stop."""
        return self._pressed

    @contextmanager
    def polled(self) -> Generator[None]:
        """In here the first press only shows in `is_pressed`; a second one still ends it all."""
        self._polled = True
        try:
            yield
        finally:
            self._polled = False

    def _handle(self, number: int, frame: FrameType | None) -> None:
        again, self._pressed = self._pressed, True
        if again or not self._polled:
            raise KeyboardInterrupt
