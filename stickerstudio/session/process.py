"""EngineProcess: a child process with a Generator in it, and the wire to it.

The child is started with "spawn" everywhere, so that it works alike on Linux, macOS, Windows and
in a frozen bundle. Its main thread runs one job at a time; a second thread listens to the wire, so
that a cancel is known before the next step, and ends the process when the parent is gone, however
it went. There is no heartbeat: a model that is being read says nothing for minutes with good
reason. An engine counts as hung only when it does not answer a cancel; see session.lane.
"""

from __future__ import annotations

import contextlib
import faulthandler
import multiprocessing
import os
import queue
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from stickerstudio.core.errors import EngineCrashError, ErrorReport, report
from stickerstudio.core.i18n import set_language, tr
from stickerstudio.core.messages import Event, Generator, Job, JobCancelled, JobDone, JobFailed
from stickerstudio.training.messages import TrainingOrder

ORPHAN_GRACE = 1.0  # seconds a child may use to finish writing once its parent is gone
MAX_LOG = 1_000_000  # bytes of engine output kept from earlier starts
LAST_WORDS = 4_000  # characters of output that go into the report of a crash

MakeGenerator = Callable[[], Generator]  # picklable


@dataclass(frozen=True, slots=True)
class Run:
    """To the child: do `job`."""

    job: Job | TrainingOrder


@dataclass(frozen=True, slots=True)
class Cancel:
    """To the child: `job_id` is not wanted any more, running or not yet begun."""

    job_id: int


@dataclass(frozen=True, slots=True)
class Speak:
    """To the child: word errors in `language`, a key of core.i18n.LANGUAGES."""

    language: str
    locales: Path


@dataclass(frozen=True, slots=True)
class Hold:
    """To the child: stand still where a cancel would be noticed, or go on."""

    on: bool


@dataclass(frozen=True, slots=True)
class Shutdown:
    """To the child: cancel what runs, give back the memory and end."""


Message = Run | Cancel | Speak | Hold | Shutdown


@dataclass(frozen=True, slots=True)
class StartFailed:
    """From the child: the Generator could not be made or started; the child has ended itself."""

    error: ErrorReport


class EngineProcess:
    """One child process, from start to end. Used by one thread; only `kill` by any.

    Args:
        make: makes the Generator, or a trainer, inside the child.
        log: the file that takes what the child prints.
        speech: the language of the child's first words; None: English.
    """

    def __init__(self, make: Callable[[], object], log: Path, speech: Speak | None = None) -> None:
        self._log = log
        with contextlib.suppress(OSError):
            if log.stat().st_size > MAX_LOG:
                log.unlink()
        self._log_start = log.stat().st_size if log.exists() else 0
        context = multiprocessing.get_context("spawn")
        self._wire, childs_end = context.Pipe()
        self._process = context.Process(
            target=_serve,
            args=(childs_end, make, log, speech),
            name="stickerstudio-engine",
            daemon=True,
        )
        self._process.start()
        childs_end.close()  # the child's death must be the end of the wire

    @property
    def pid(self) -> int:
        """The child's process id."""
        assert self._process.pid is not None
        return self._process.pid

    @property
    def waitables(self) -> tuple[Connection[Any, Any], int]:
        """For multiprocessing.connection.wait: ready when there is news, or when it has ended."""
        return self._wire, self._process.sentinel

    @property
    def alive(self) -> bool:
        """Whether the child has not ended."""
        return self._process.is_alive()

    def send(self, message: Message) -> None:
        """Tell the child; a child that is gone is found out by `receive`."""
        with contextlib.suppress(OSError):
            self._wire.send(message)

    def receive(self) -> Event | StartFailed | None:
        """The next news; None where there is none now.

        Raises:
            EOFError: all was read, and the child has closed its end.
        """
        try:
            return self._wire.recv() if self._wire.poll() else None
        except OSError as error:  # Windows and macOS: a broken wire is not always an EOFError
            raise EOFError from error

    def kill(self) -> None:
        """End it now. Nothing on disk is harmed: whatever is written is written atomically."""
        self._process.kill()

    def join(self, seconds: float) -> bool:
        """Wait for its end and give back what the system holds for it; whether it has ended."""
        self._process.join(seconds)
        if self._process.is_alive():
            return False
        self._wire.close()
        return True

    def crash(self) -> ErrorReport:
        """Why it ended, for the user; after `join`."""
        return report(
            EngineCrashError(
                tr("The engine that makes the stickers stopped unexpectedly."),
                _reason(self._process.exitcode),
                tr("It is being started again. Every sticker made so far is safe."),
            ),
            self._last_words(),
        )

    def _last_words(self) -> str:
        try:
            with self._log.open("rb") as file:
                file.seek(self._log_start)
                return file.read().decode("utf-8", "replace")[-LAST_WORDS:]
        except OSError:
            return ""


def _reason(exitcode: int | None) -> str:
    if exitcode is None or exitcode >= 0:
        return tr("It ended with code {code}.", code=exitcode)
    try:
        name = signal.Signals(-exitcode).name
    except ValueError:
        name = str(-exitcode)
    if name == "SIGKILL":
        return tr("The system ended it, most likely because the memory was full.")
    if name in ("SIGSEGV", "SIGABRT", "SIGBUS", "SIGILL", "SIGFPE"):
        return tr("It crashed inside a driver or a library ({signal}).", signal=name)
    return tr("It was ended from outside ({signal}).", signal=name)


# --- inside the child ---


def _serve(
    wire: Connection[Any, Any], make: Callable[[], Any], log: Path, speech: Speak | None
) -> None:
    """The child's main function."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C is the parent's to answer
    _print_to(log)
    if speech is not None:
        _speak(speech)
    _Child(wire).serve(make)


def _print_to(log: Path) -> None:
    """Send all output to `log`, that of native libraries and the traceback of a crash included."""
    try:
        log.parent.mkdir(parents=True, exist_ok=True)
        stream = log.open("a", buffering=1, encoding="utf-8", errors="replace")
    except OSError:  # a full disk must not keep the engine from working
        stream = Path(os.devnull).open("a", encoding="utf-8")  # noqa: SIM115 — for good
    for descriptor in (1, 2):
        with contextlib.suppress(OSError):  # a windowed Windows program has none
            os.dup2(stream.fileno(), descriptor)
    sys.stdout = sys.stderr = stream
    faulthandler.enable(stream)


def _speak(speech: Speak) -> None:
    with contextlib.suppress(OSError):  # English, then, but still at work
        set_language(speech.language, speech.locales)


class _Child:
    def __init__(self, wire: Connection[Any, Any]) -> None:
        self._wire = wire
        self._sending = threading.Lock()
        self._jobs: queue.SimpleQueue[Job | TrainingOrder | None] = queue.SimpleQueue()
        self._cancelled: set[int] = set()
        self._ending = threading.Event()
        self._may_go_on = threading.Event()
        self._may_go_on.set()

    def serve(self, make: Callable[[], Any]) -> None:
        """Run jobs until told to end."""
        threading.Thread(target=self._listen, name="listen", daemon=True).start()
        try:
            generator = make()
            self._send(generator.start())
        except Exception as error:  # noqa: BLE001 — told to the user by the parent
            self._send(StartFailed(report(error, traceback.format_exc())))
            return
        while (job := self._jobs.get()) is not None:
            self._run(generator, job)
        generator.close()
        sys.stdout.flush()
        os._exit(0)  # torch takes seconds to take itself apart, and the window would wait for it

    def _run(self, generator: Any, job: Job | TrainingOrder) -> None:
        ended = False

        def emit(event: Event) -> None:
            nonlocal ended
            ended = ended or isinstance(event, JobDone | JobCancelled | JobFailed)
            self._send(event)

        def is_cancelled() -> bool:
            self._may_go_on.wait()
            return job.job_id in self._cancelled or self._ending.is_set()

        try:
            generator.run(job, emit, is_cancelled)
            if not ended:
                raise RuntimeError(f"job {job.job_id} ended without a last event")
        except Exception as error:  # noqa: BLE001 — told to the user by the parent
            if not ended:
                self._send(JobFailed(job.job_id, report(error, traceback.format_exc())))
        self._cancelled.discard(job.job_id)

    def _listen(self) -> None:
        while True:
            try:
                message: Message = self._wire.recv()
            except (EOFError, OSError):
                self._end_orphaned()
                return
            match message:
                case Run(job):
                    self._jobs.put(job)
                case Cancel(job_id):
                    self._cancelled.add(job_id)
                    self._may_go_on.set()
                case Hold(on):
                    self._may_go_on.clear() if on else self._may_go_on.set()
                case Speak():
                    _speak(message)
                case Shutdown():
                    self._ending.set()
                    self._may_go_on.set()
                    self._jobs.put(None)

    def _end_orphaned(self) -> None:
        """The parent is gone: end as soon as a step allows it, in any case after the grace."""
        self._ending.set()
        self._may_go_on.set()
        self._jobs.put(None)
        time.sleep(ORPHAN_GRACE)
        os._exit(1)

    def _send(self, event: Event | StartFailed) -> None:
        with self._sending, contextlib.suppress(OSError):  # the listener sees a broken wire too
            self._wire.send(event)
