"""Lane: the thread that owns the engine process, and nothing else touches it.

One loop waits for the wire, the child's end and commands of the UI thread, and does everything in
turn: no locks, no shared state. What the window needs to know leaves as Qt signals, which cross to
the UI thread queued.

What is guaranteed:
- One job at a time, in the order that session.schedule says.
- Events of a job that was cancelled or replaced are dropped, except a sticker that is already on
  disk and the job's end. A process that is killed may not come to tell of its last sticker: the
  library is looked through then (Collection.catch_up).
- A sketch that gave way to something more urgent is begun anew later; nobody hears of it.
- A cancel the user asked for is answered within the engine's patience, or the process is killed
  and started anew; so it is at once when the user asks twice.
- A process that ends unasked is started again; the job it ran is reported lost, not repeated, so
  that a job that kills the engine cannot loop. After MAX_FAILURES ends without a job done in
  between, the lane stops until `restart`.
- `close` ends thread and process within CLOSE_PATIENCE and a moment.
"""

from __future__ import annotations

import multiprocessing
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from multiprocessing.connection import wait
from pathlib import Path

from PySide6.QtCore import QObject, QThread, Signal

from stickerstudio.core.errors import ErrorReport
from stickerstudio.core.messages import (
    EngineReady,
    Event,
    Job,
    JobCancelled,
    JobDone,
    JobFailed,
    ModelLoaded,
    ModelLoading,
    PreviewReady,
    Progress,
    Sketch,
    StickerReady,
)
from stickerstudio.session.process import (
    Cancel,
    EngineProcess,
    MakeGenerator,
    Message,
    Run,
    Shutdown,
    Speak,
    StartFailed,
)
from stickerstudio.session.schedule import Schedule

CANCEL_PATIENCE = 5.0  # seconds; more where the engine's steps have been seen to take longer
LOADING_PATIENCE = 30.0  # seconds; reading a model cannot be interrupted, and is dear to repeat
CLOSE_PATIENCE = 3.0  # seconds
MAX_FAILURES = 3


@dataclass(frozen=True, slots=True)
class Crash:
    """The engine ended unasked. `job` is what it was running; `gives_up`: it is not restarted."""

    job: Job | None
    error: ErrorReport
    gives_up: bool


class Lane(QThread):
    """The engine's thread. Its methods are called on the UI thread and return at once."""

    news = Signal(object)  # core.messages.Event, never a stale one
    job_started = Signal(int)  # its id: it was handed to the engine
    state_changed = Signal(str)  # state.EngineState
    crashed = Signal(object)  # Crash

    def __init__(
        self,
        make: MakeGenerator,
        log: Path,
        parent: QObject | None = None,
        *,
        patience: float = CANCEL_PATIENCE,
    ) -> None:
        super().__init__(parent)
        self._make = make
        self._log = log
        self._patience = patience
        self._commands: deque[Callable[[], None]] = deque()
        self._bell, self._ring = multiprocessing.Pipe(duplex=False)
        # From here on, everything belongs to the thread's own loop.
        self._schedule = Schedule()
        self._process: EngineProcess | None = None
        self._speech: Speak | None = None
        self._ready = False
        self._restart_due = False
        self._failures = 0
        self._cancelled = False  # the running job
        self._dropped = False  # the running sketch: it is not to be begun anew
        self._kill_at: float | None = None
        self._loading = False
        self._last_event = 0.0
        self._longest_silence = 0.0
        self._closing = False

    # --- on the UI thread ---

    def submit(self, job: Job) -> None:
        """Run `job` when its turn comes."""
        self._post(lambda: self._submit(job))

    def cancel(self, job_id: int, *, at_once: bool = False) -> None:
        """Cancel a job, waiting or running; `at_once`: do not wait for the engine's answer."""
        self._post(lambda: self._cancel(job_id, at_once))

    def drop_previews(self) -> None:
        """No preview is wanted any more, waiting or running."""
        self._post(self._drop_previews)

    def hurry_preview(self) -> None:
        """The waiting preview is what the user wants to see: no grace for an older one."""
        self._post(self._hurry_preview)

    def drop_sketches(self, job_ids: Sequence[int]) -> None:
        """These sketches are not wanted any more, waiting or running."""
        self._post(lambda: self._drop_sketches(job_ids))

    def clear_orders(self) -> None:
        """Drop every waiting order."""
        self._post(self._clear_orders)

    def speak(self, speech: Speak) -> None:
        """The language the engine words its errors in, from the start if said before `start`."""
        if self.isRunning():
            self._post(lambda: self._speak(speech))
        else:
            self._speech = speech

    def restart(self, make: MakeGenerator) -> None:
        """Go on with another Generator, once the running order is done."""
        self._post(lambda: self._restart(make))

    def close(self) -> None:
        """End process and thread; `finished` is emitted then."""
        self._post(self._close)

    def kill(self) -> None:
        """End the process now; for an engine that keeps even `close` from ending in time."""
        process = self._process
        if process is not None:
            process.kill()

    def _post(self, command: Callable[[], None]) -> None:
        self._commands.append(command)
        self._ring.send_bytes(b"!")

    # --- the thread's loop ---

    def run(self) -> None:
        """Overrides QThread."""
        try:
            self._launch("starting")
            while self._process is not None or not self._closing:
                self._wait()
                while self._commands:
                    self._commands.popleft()()
                self._receive()
                self._check_deadlines()
                self._begin_next()
        finally:
            if self._process is not None:
                self._process.kill()
                self._process.join(1.0)
            self.state_changed.emit("stopped")

    def _wait(self) -> None:
        begins_at = self._schedule.begins_at() if self._ready and not self._closing else None
        deadlines = [
            at for at in (self._kill_at, self._gives_way_at(), begins_at) if at is not None
        ]
        seconds = max(0.0, min(deadlines) - time.monotonic()) if deadlines else None
        waitables = self._process.waitables if self._process else ()
        if self._bell in wait([self._bell, *waitables], seconds):
            self._bell.recv_bytes()

    def _receive(self) -> None:
        process = self._process
        while process is not None and process is self._process:
            alive = process.alive  # asked first: what it sent before it ended is read below
            try:
                news = process.receive()
            except EOFError:
                process.join(1.0)
                self._ended(process)
                return
            if news is None:
                if not alive:
                    self._ended(process)
                return
            self._handle(news)

    def _check_deadlines(self) -> None:
        now = time.monotonic()
        gives_way_at = self._gives_way_at()
        if gives_way_at is not None and now >= gives_way_at:
            self._cancel_running()
        if self._kill_at is not None and now >= self._kill_at:
            self._kill_running()

    def _gives_way_at(self) -> float | None:
        return None if self._cancelled else self._schedule.gives_way_at()

    def _begin_next(self) -> None:
        if not self._ready or self._closing or self._schedule.running is not None:
            return
        if self._restart_due:
            self._relaunch("starting")
            return
        now = time.monotonic()
        job = self._schedule.begin_next(now)
        if job is not None:
            self._cancelled, self._loading, self._last_event = False, False, now
            self._tell(Run(job))
            self.job_started.emit(job.job_id)
            self.state_changed.emit("busy")

    # --- commands ---

    def _submit(self, job: Job) -> None:
        replaced = self._schedule.add(job)
        if replaced is not None:
            self.news.emit(JobCancelled(replaced.job_id))

    def _cancel(self, job_id: int, at_once: bool) -> None:
        if self._schedule.remove(job_id):
            self.news.emit(JobCancelled(job_id))
        elif self._runs(job_id):
            self._dropped = True
            self._cancel_running()
            if at_once:
                self._kill_at = time.monotonic()
            elif self._kill_at is None:
                self._kill_at = time.monotonic() + self._cancel_patience()

    def _drop_previews(self) -> None:
        waiting = self._schedule.drop_preview()
        if waiting is not None:
            self.news.emit(JobCancelled(waiting.job_id))
        if self._schedule.runs_preview:
            self._cancel_running()

    def _hurry_preview(self) -> None:
        if self._schedule.preview_waits and self._schedule.runs_preview:
            self._cancel_running()

    def _drop_sketches(self, job_ids: Sequence[int]) -> None:
        for job_id in job_ids:
            if self._schedule.remove(job_id):
                self.news.emit(JobCancelled(job_id))
            elif self._runs(job_id):
                self._dropped = True
                self._cancel_running()

    def _clear_orders(self) -> None:
        for job_id in self._schedule.clear_orders():
            self.news.emit(JobCancelled(job_id))

    def _speak(self, speech: Speak) -> None:
        self._speech = speech
        self._tell(speech)

    def _restart(self, make: MakeGenerator) -> None:
        self._make = make
        self._failures = 0
        if self._process is None or not self._ready:
            self._relaunch("starting")
            return
        self._restart_due = True
        if not self._schedule.runs_order:
            self._cancel_running()

    def _close(self) -> None:
        self._closing = True
        self._schedule.clear()
        self._tell(Shutdown())
        # One that is still importing has nothing to finish, and would not listen.
        self._kill_at = time.monotonic() + (CLOSE_PATIENCE if self._ready else 0)

    # --- the process ---

    def _launch(self, state: str) -> None:
        self._ready = False
        self._restart_due = False
        self._process = EngineProcess(self._make, self._log, self._speech)
        self.state_changed.emit(state)

    def _relaunch(self, state: str) -> None:
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.join(1.0)
        self._end_running()
        if not self._closing:
            self._launch(state)

    def _ended(self, process: EngineProcess) -> None:
        """The process is gone: asked for, or a crash."""
        process.kill()  # a child that closed its wire but lingers
        process.join(1.0)
        self._process = None
        job = self._schedule.running
        cancelled, gave_way = self._cancelled, self._gave_way
        self._end_running()
        if self._closing:
            return
        self._failures += 1
        gives_up = self._failures >= MAX_FAILURES
        if job is not None and cancelled:
            if gave_way:
                self._schedule.add(job)
            else:
                self.news.emit(JobCancelled(job.job_id))
            job = None
        self.crashed.emit(Crash(job, process.crash(), gives_up))
        if gives_up:
            self._ready = False
            self.state_changed.emit("stopped")
        else:
            self._launch("restarting")

    def _kill_running(self) -> None:
        """The engine did not answer a cancel, or was not to be waited for."""
        job = self._schedule.running
        self._relaunch("restarting")
        if job is not None:
            self.news.emit(JobCancelled(job.job_id))

    def _cancel_running(self) -> None:
        job = self._schedule.running
        if job is not None and not self._cancelled:
            self._cancelled = True
            self._tell(Cancel(job.job_id))

    def _cancel_patience(self) -> float:
        """Seconds until an engine that does not answer counts as hung."""
        if self._loading:
            return LOADING_PATIENCE
        return max(self._patience, 2 * self._longest_silence)

    def _end_running(self, *, done: bool = False) -> None:
        self._schedule.end(time.monotonic(), done=done)
        self._cancelled = self._dropped = self._loading = False
        if not self._closing:
            self._kill_at = None

    @property
    def _gave_way(self) -> bool:
        """Whether the running job is a sketch that was cancelled, but is still wanted."""
        sketch = isinstance(self._schedule.running, Sketch)
        return sketch and self._cancelled and not self._dropped

    def _runs(self, job_id: int) -> bool:
        running = self._schedule.running
        return running is not None and running.job_id == job_id

    def _tell(self, message: Message) -> None:
        if self._process is not None:
            self._process.send(message)

    # --- events of the engine ---

    def _handle(self, news: Event | StartFailed) -> None:
        match news:
            case StartFailed(error):
                self._start_failed(error)
            case EngineReady():
                self._ready = True
                self.news.emit(news)
                self.state_changed.emit("idle")
            case _ if self._runs(news.job_id):
                self._handle_job(news)
            case _:
                pass  # of a job that is over

    def _handle_job(
        self,
        news: ModelLoading
        | ModelLoaded
        | Progress
        | PreviewReady
        | StickerReady
        | JobDone
        | JobCancelled
        | JobFailed,
    ) -> None:
        now = time.monotonic()
        if not self._loading:
            self._longest_silence = max(self._longest_silence, now - self._last_event)
        self._last_event = now
        self._loading = isinstance(news, ModelLoading)
        if isinstance(news, JobDone | JobCancelled | JobFailed):
            self._job_ended(news)
        elif not self._cancelled or isinstance(news, StickerReady | ModelLoaded):
            self.news.emit(news)

    def _job_ended(self, news: JobDone | JobCancelled | JobFailed) -> None:
        job = self._schedule.running
        again = self._gave_way and isinstance(news, JobCancelled) and not self._closing
        self._end_running(done=isinstance(news, JobDone))
        self._failures = 0
        if again and job is not None:
            self._schedule.add(job)
        else:
            self.news.emit(news)
        self.state_changed.emit("idle")

    def _start_failed(self, error: ErrorReport) -> None:
        """Trying again would fail again: the lane stops until `restart`."""
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.join(1.0)
        self._end_running()
        self.crashed.emit(Crash(None, error, gives_up=True))
        self.state_changed.emit("stopped")
