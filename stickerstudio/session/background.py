"""I/O beside the window: coroutines on qasync's loop, blocking calls in threads of their own.

Disk and network never run on the UI thread. A thread started here is a daemon, which a
ThreadPoolExecutor's is not: a network share that hangs must not keep a closed program alive. That
is safe because every write of ours is atomic.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
import traceback
from collections.abc import Callable, Coroutine
from typing import Any, ParamSpec, TypeVar

from stickerstudio.core.errors import Cancelled, ErrorReport, StudioError, report

P = ParamSpec("P")
T = TypeVar("T")


class Background:
    """Runs coroutines whose failures arrive as ErrorReports, and keeps account of them."""

    def __init__(
        self, loop: asyncio.AbstractEventLoop, on_error: Callable[[ErrorReport], None]
    ) -> None:
        self._loop = loop
        self._on_error = on_error
        self._tasks: set[asyncio.Task[None]] = set()
        self._threads: set[threading.Thread] = set()

    def start(self, coroutine: Coroutine[Any, Any, None]) -> None:
        """Run `coroutine` to its end; what it raises is reported, Cancelled excepted."""
        if self._loop.is_closed():  # the program is at its very end
            coroutine.close()
            return
        task = self._loop.create_task(self._guarded(coroutine))
        self._tasks.add(task)  # the loop itself keeps weak references only
        task.add_done_callback(self._tasks.discard)

    async def call(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """`function(*args, **kwargs)`, run in a thread.

        asyncio.to_thread is not used: its pool is joined at exit, however long that takes.
        """
        future: asyncio.Future[T] = self._loop.create_future()

        def deliver(result: T | None, error: BaseException | None) -> None:
            if future.cancelled():
                return
            if error is not None:
                future.set_exception(error)
            else:
                future.set_result(result)  # type: ignore[arg-type]

        def work() -> None:
            result, failure = None, None
            try:
                result = function(*args, **kwargs)
            except BaseException as error:  # noqa: BLE001 — carried to whoever awaits it
                failure = error
            with contextlib.suppress(RuntimeError):  # the loop is gone: nobody waits any more
                self._loop.call_soon_threadsafe(deliver, result, failure)

        thread = threading.Thread(target=work, name=f"io-{function.__name__}", daemon=True)
        self._threads.add(thread)
        thread.start()
        try:
            return await future
        finally:
            self._threads.discard(thread)

    async def drain(self) -> None:
        """Wait for everything else that was started."""
        while others := self._tasks - {asyncio.current_task(self._loop)}:
            await asyncio.gather(*others)

    def join(self, seconds: float) -> bool:
        """Wait, without the loop, for calls under way to end; whether they all did."""
        for thread in tuple(self._threads):
            thread.join(seconds)
        return not any(thread.is_alive() for thread in self._threads)

    async def _guarded(self, coroutine: Coroutine[Any, Any, None]) -> None:
        try:
            await coroutine
        except Cancelled:
            pass
        except StudioError as error:
            self._on_error(report(error))
        except Exception as error:  # noqa: BLE001 — a fault of ours, told to the user as one
            self._on_error(report(error, traceback.format_exc()))
