"""The thread that owns the trainer's process, and what is asked of a trainer."""

from __future__ import annotations

import multiprocessing
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.connection import wait
from pathlib import Path
from typing import Any, Protocol

from PySide6.QtCore import QObject, QThread, Signal

from stickerstudio.core.errors import EngineCrashError, ErrorReport, report
from stickerstudio.core.i18n import tr
from stickerstudio.core.messages import (
    DeviceChoice,
    EngineReady,
    IsCancelled,
    JobCancelled,
    JobDone,
    JobFailed,
)
from stickerstudio.core.paths import Paths
from stickerstudio.session.process import (
    Cancel,
    EngineProcess,
    Message,
    Run,
    Shutdown,
    Speak,
    StartFailed,
)
from stickerstudio.training.messages import TrainingOrder

CLOSE_PATIENCE = 3.0  # seconds until a process that was told to end is ended by force


class MakesTrainer(Protocol):
    """engine.train.run.create: picklable by name."""

    def __call__(self, paths: Paths, device: DeviceChoice) -> TrainerLike:
        """A trainer, inside the child process."""
        ...


class TrainerLike(Protocol):
    """core.messages.Generator, for trainings."""

    def start(self) -> EngineReady:
        """Import what is needed and choose the device."""
        ...

    def run(self, job: TrainingOrder, emit: Any, is_cancelled: IsCancelled) -> None:
        """Do it; see engine.train.run.Trainer."""
        ...

    def close(self) -> None:
        """Give back the memory."""
        ...


@dataclass(frozen=True, slots=True)
class Crashed:
    """The process ended unasked."""

    error: ErrorReport


class TrainerLane(QThread):
    """The thread that owns the trainer's process: one loop, no shared state; see session.lane."""

    news = Signal(object)

    def __init__(
        self,
        make: Callable[[], object],
        log: Path,
        order: TrainingOrder,
        speech: Speak,
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._make, self._log, self._order, self._speech = make, log, order, speech
        self._messages: deque[Message] = deque()
        self._bell, self._ring = multiprocessing.Pipe(duplex=False)
        self._kill_at: float | None = None

    def send(self, message: Message) -> None:
        """Tell the process."""
        self._messages.append(message)
        self._ring.send_bytes(b"!")

    def stop(self, patience: float) -> None:
        """Cancel; after `patience` seconds end it by force. What was saved last is kept."""
        self._kill_at = time.monotonic() + patience
        self.send(Cancel(self._order.job_id))

    def run(self) -> None:
        """The thread's loop."""
        process = EngineProcess(self._make, self._log, self._speech)
        process.send(Run(self._order))
        ended = False
        while not ended:
            wire, sentinel = process.waitables
            wait([wire, sentinel, self._bell], timeout=0.5)
            while self._bell.poll():
                self._bell.recv_bytes()
            while self._messages:
                process.send(self._messages.popleft())
            ended = self._hear(process)
            if not ended and self._kill_at is not None and time.monotonic() > self._kill_at:
                process.kill()
                ended = True
        process.send(Shutdown())
        if not process.join(CLOSE_PATIENCE):
            process.kill()
            process.join(1.0)

    def _hear(self, process: EngineProcess) -> bool:
        """Pass on all news; whether it was the last."""
        try:
            while (event := process.receive()) is not None:
                self.news.emit(event)
                if isinstance(event, JobDone | JobCancelled | JobFailed | StartFailed):
                    return True
        except EOFError:
            process.join(1.0)
            crash = process.crash()
            self.news.emit(
                Crashed(
                    report(
                        EngineCrashError(
                            tr("The training stopped unexpectedly."),
                            crash.why,
                            tr("Press “Go on”: it continues where it was saved last."),
                        ),
                        crash.details,
                    )
                )
            )
            return True
        return False
