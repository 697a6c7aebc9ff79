"""Workers: heavy work on pixels, in processes of its own so that the window never stutters.

A thread would share Python's lock with the window. Each worker is one spawned process and the
thread that feeds it; both begin with the first job. A worker that dies takes only its own job with
it, and the next job gets a fresh one.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import multiprocessing
import multiprocessing.connection
import pickle
import queue
import signal
import threading
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from pathlib import Path
from typing import Any, ParamSpec, TypeVar, cast

from PySide6.QtCore import QObject

from stickerstudio.core.errors import Cancelled, FaultError, as_fault
from stickerstudio.core.i18n import current_language, set_language, tr

P = ParamSpec("P")
T = TypeVar("T")

PROCESSES = 2  # of some 100 MB each; stickers are small, and the engine wants the other cores


@dataclass(slots=True, eq=False)
class _Job:
    call: Callable[[], Any]
    loop: asyncio.AbstractEventLoop
    future: asyncio.Future[Any]
    cancelled: threading.Event = field(default_factory=threading.Event)
    worker: _Worker | None = None

    def deliver(self, result: object, error: BaseException | None) -> None:
        """Tell whoever waits, from any thread."""
        with contextlib.suppress(RuntimeError):  # the loop is gone: nobody waits any more
            self.loop.call_soon_threadsafe(self._settle, result, error)

    def _settle(self, result: object, error: BaseException | None) -> None:
        if self.future.done():
            return
        if error is not None:
            self.future.set_exception(error)
        else:
            self.future.set_result(result)


class Workers(QObject):
    """A pool of processes without Qt and torch.

    Args:
        locales: the compiled catalogues; errors are worded in the window's language.
        parent: of the QObject.
        processes: how many at most.
    """

    def __init__(
        self, locales: Path, parent: QObject | None = None, *, processes: int = PROCESSES
    ) -> None:
        super().__init__(parent)
        self._locales = locales
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._waiting: set[_Job] = set()
        self._workers = [_Worker(self._jobs) for _ in range(processes)]
        self._closed = False

    async def run(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """`function(*args, **kwargs)` in a worker; all of them, and the result, picklable.

        Cancelling the task that awaits this drops the job, or ends the process that is at it:
        give only work that leaves nothing half-done.

        Raises:
            Cancelled: the pool was closed.
            FaultError: the worker process died.
            Exception: what `function` raised, as it raised it.
        """
        if self._closed:
            raise Cancelled
        loop = asyncio.get_running_loop()
        call = functools.partial(
            _speaking, current_language(), self._locales, function, args, kwargs
        )
        job = _Job(call, loop, loop.create_future())
        self._waiting.add(job)
        self._jobs.put(job)
        for worker in self._workers:
            worker.start()
        try:
            return await job.future
        except asyncio.CancelledError:
            job.cancelled.set()
            if job.worker is not None:
                job.worker.kill(job)
            raise
        finally:
            self._waiting.discard(job)

    def close(self) -> None:
        """End every process, whatever it does. Never blocks; what is awaited raises Cancelled."""
        self._closed = True
        for job in tuple(self._waiting):
            job.cancelled.set()
            job.deliver(None, Cancelled())
        for worker in self._workers:
            self._jobs.put(None)
            worker.kill()

    def join(self, seconds: float) -> bool:
        """After `close`, wait for the processes to be gone; whether they are."""
        return all(worker.join(seconds) for worker in self._workers)


class _Worker:
    """One process at a time, and the thread that feeds it."""

    def __init__(self, jobs: queue.SimpleQueue[_Job | None]) -> None:
        self._jobs = jobs
        self._thread: threading.Thread | None = None
        self._lock = threading.Lock()
        self._process: SpawnProcess | None = None
        self._wire: Connection[Any, Any] | None = None
        self._job: _Job | None = None

    def start(self) -> None:
        """Begin to take jobs, unless that was done before."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._feed, name="workers", daemon=True)
            self._thread.start()

    def kill(self, job: _Job | None = None) -> None:
        """End the process; with `job`, only if that is what it is at."""
        with self._lock:
            if self._process is not None and (job is None or job is self._job):
                self._process.kill()

    def join(self, seconds: float) -> bool:
        """Wait for the thread, which ends after its process; whether both are gone."""
        if self._thread is not None:
            self._thread.join(seconds)
            return not self._thread.is_alive()
        return True

    def _feed(self) -> None:
        while (job := self._jobs.get()) is not None:
            if job.cancelled.is_set():
                continue
            try:
                result, error = self._do(job)
            except Exception as failure:  # noqa: BLE001 — no process could be started, or the like
                result, error = None, failure
            with self._lock:
                self._job = job.worker = None
            job.deliver(result, error)
        self._end()

    def _do(self, job: _Job) -> tuple[object, BaseException | None]:
        process, wire = self._ready()
        with self._lock:
            self._job, job.worker = job, self
        if job.cancelled.is_set():
            return None, Cancelled()
        try:
            wire.send(job.call)
            multiprocessing.connection.wait([wire, process.sentinel])
            if wire.poll():
                return cast("tuple[object, BaseException | None]", wire.recv())
        except (OSError, EOFError):
            pass
        self._end()
        return None, FaultError(
            tr("A part of the work broke off."),
            tr(
                "The process that was at it ended without being asked to (code {code}).",
                code=process.exitcode,
            ),
            tr("Nothing saved before was lost. Please try again."),
        )

    def _ready(self) -> tuple[SpawnProcess, Connection[Any, Any]]:
        """The process, started at need, and the wire to it."""
        if self._process is not None and self._wire is not None and self._process.is_alive():
            return self._process, self._wire
        self._end()
        context = multiprocessing.get_context("spawn")
        wire, childs_end = context.Pipe()
        process = context.Process(
            target=_serve, args=(childs_end,), name="stickerstudio-worker", daemon=True
        )
        process.start()
        childs_end.close()  # the child's death must be the end of the wire
        with self._lock:
            self._process, self._wire = process, wire
        return process, wire

    def _end(self) -> None:
        with self._lock:
            process, wire, self._process, self._wire = self._process, self._wire, None, None
        if wire is not None:
            wire.close()
        if process is not None:
            process.kill()
            process.join()


def _speaking(
    language: str,
    locales: Path,
    function: Callable[..., Any],
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
) -> Any:
    if language != current_language():
        with contextlib.suppress(OSError):  # English, then, but still at work
            set_language(language, locales)
    return function(*args, **kwargs)


def _serve(wire: Connection[Any, Any]) -> None:
    """In the child: do what comes over the wire until its other end is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C is for the parent to hear
    with contextlib.suppress(EOFError, OSError):
        while True:
            call = wire.recv()
            try:
                answer = (call(), None)
            except BaseException as error:  # noqa: BLE001 — raised again in the parent
                answer = (None, _portable(error))
            wire.send(answer)


def _portable(error: BaseException) -> BaseException:
    """`error`, with where it happened as a note; a FaultError where it cannot be sent."""
    error.add_note("".join(traceback.format_exception(error)))
    try:
        pickle.loads(pickle.dumps(error))
    except Exception:  # noqa: BLE001 — whatever its pickling does
        return as_fault(error)
    return error
