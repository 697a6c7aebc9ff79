"""Training: the drawings, the settings and one training under way, in a process of its own.

The trainer stands still while stickers are made, and goes on a moment after the last one. It keeps
its state on disk: a training that was paused, or broken off by a quit, a crash or a power cut, is
offered again at the next start.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from PySide6.QtCore import QObject, Qt, QTimer, Signal

from stickerstudio.core.errors import ErrorReport
from stickerstudio.core.i18n import current_language
from stickerstudio.core.messages import EngineReady, JobCancelled, JobDone, JobFailed
from stickerstudio.session.background import Background
from stickerstudio.session.process import Hold, Speak, StartFailed
from stickerstudio.session.state import Notice
from stickerstudio.session.trainer import CLOSE_PATIENCE, Crashed, MakesTrainer, TrainerLane
from stickerstudio.training import jobs
from stickerstudio.training.dataset import TrainingSet, read_set
from stickerstudio.training.jobs import TrainingJob
from stickerstudio.training.messages import (
    TrainingOrder,
    TrainingPhase,
    TrainingPlan,
    TrainingResult,
    TrainingSample,
    TrainingStep,
)
from stickerstudio.training.report import TrainingReport, load_report
from stickerstudio.training.settings import TrainingSettings

if TYPE_CHECKING:
    from stickerstudio.session.session import Session

GO_ON_AFTER = 1_500  # milliseconds without anything to make until the trainer goes on
STOP_PATIENCE = 20.0  # seconds a step, and the saving after it, may take until it is ended by force

Stage = Literal["idle", "starting", "running", "holding", "stopping", "paused", "done"]


@dataclass(frozen=True, slots=True)
class TrainingView:
    """What there is to see of the training.

    Attributes:
        stage: "holding" while stickers are made; "paused": it waits for `go_on`.
        phase: what is done now; `done` of `total`.
        step: the last one; None before the first.
        plan: how it is held in memory; None before it is known.
        losses: (step, loss) of every step.
        rows: the samples so far.
        report: once it is done.
    """

    stage: Stage = "idle"
    name: str = ""
    phase: str = ""
    done: int = 0
    total: int = 0
    step: TrainingStep | None = None
    plan: TrainingPlan | None = None
    losses: tuple[tuple[int, float], ...] = ()
    rows: tuple[TrainingSample, ...] = ()
    report: TrainingReport | None = None

    @property
    def is_under_way(self) -> bool:
        """Whether a process is at work."""
        return self.stage in ("starting", "running", "holding", "stopping")


class Training(QObject):
    """The verbs of "Train a style…". Lives on the UI thread.

    Attributes:
        data: the drawings chosen; None before.
        reading: (read, in all) while a folder is read; None otherwise.
        view: the training under way, paused or done.
        waiting: trainings that were begun earlier and can go on, the latest first.
    """

    data_changed = Signal()  # data, reading
    view_changed = Signal()  # view
    waiting_changed = Signal()  # waiting
    pace_changed = Signal()  # pace
    thumbnail_ready = Signal(str, bytes)  # a picture's name, and a PNG
    notice = Signal(object)  # Notice
    _read = Signal(int, int)

    def __init__(
        self, session: Session, background: Background, create: MakesTrainer | None = None
    ) -> None:
        super().__init__(session)
        self._session = session
        self._background = background
        self._create = create
        self._job: TrainingJob | None = None
        self._runner: TrainerLane | None = None
        self._stop_reading = False
        self._paces: dict[str, float] = {}
        self._one_by_one = asyncio.Lock()
        self.data: TrainingSet | None = None
        self.reading: tuple[int, int] | None = None
        self.view = TrainingView()
        self.waiting: list[TrainingJob] = []
        self._go_on = QTimer(self, singleShot=True, interval=GO_ON_AFTER)
        self._go_on.timeout.connect(lambda: self._hold(False))
        self._read.connect(self._on_read)
        session.jobs_changed.connect(self._make_way)
        session.draft_changed.connect(self._make_way)
        session.preview_ready.connect(self._make_way)

    def look_for_waiting(self) -> None:
        """Look for trainings that can go on. → waiting_changed."""
        self._background.start(self._look())

    def pace(self, model: str) -> float:
        """Seconds a step takes with `model` on this computer; 0 before it was ever measured."""
        return self._paces.get(model, 0.0)

    @property
    def folder(self) -> Path:
        """Of the training shown."""
        assert self._job is not None
        return self._job.folder

    # --- the drawings ---

    def read(self, source: Path) -> None:
        """Read the drawings in a folder, a zip or a pack. → data_changed."""
        self._background.start(self._read_set(source))

    def want_thumbnail(self, name: str) -> None:
        """Make a small picture of the drawing `name`. → thumbnail_ready."""
        if self.data is not None:
            self._background.start(self._thumbnail(self.data, name))

    def set_captions(self, edits: dict[str, tuple[str, ...]]) -> None:
        """Typed captions, by the names of pictures."""
        if self.data is not None:
            self.data = self.data.with_captions(edits)
            self.data_changed.emit()

    def leave_out(self, names: set[str]) -> None:
        """Do not learn from these."""
        if self.data is not None:
            self.data = self.data.without(names)
            self.data_changed.emit()

    # --- the training ---

    def begin(self, settings: TrainingSettings) -> None:
        """Train on `data`. Refused with a sentence while another training runs."""
        if self.data is not None:
            self._background.start(self._begin(settings, self.data))

    def go_on(self, job: TrainingJob | None = None) -> None:
        """Go on with `job`, or with the one that was paused."""
        job = job or self._job
        if job is not None and not self.view.is_under_way:
            self._background.start(self._resume(job))

    def pause(self) -> None:
        """Stop after this step and keep the state."""
        if self._runner is not None:
            self._set(stage="stopping")
            self._runner.stop(STOP_PATIENCE)

    def finish(self) -> None:
        """Stop after this step, and make the style of what has been learned so far."""
        if self._runner is not None and self._job is not None:
            self._background.start(self._background.call(jobs.ask_to_finish, self._job))
            self._set(stage="stopping")
            self._runner.send(Hold(False))

    def give_up(self) -> None:
        """Forget the training that is paused."""
        if self._job is not None:
            self.forget(self._job)

    def forget(self, job: TrainingJob) -> None:
        """Give up a training that waits; the drawings stay where they are."""
        if not self.view.is_under_way:
            self._background.start(self._forget(job))

    def show_report(self, job: TrainingJob, found: TrainingReport) -> None:
        """Show the report of a training done before."""
        if not self.view.is_under_way:
            self._job = job
            self.view = TrainingView("done", found.name, report=found)
            self.view_changed.emit()

    def clear(self) -> None:
        """Back to the beginning, once a training is done or paused."""
        if not self.view.is_under_way:
            self.data, self._job, self.view = None, None, TrainingView()
            self.data_changed.emit()
            self.view_changed.emit()

    def close(self) -> None:
        """The window closes: keep the state and end the process."""
        self._stop_reading = True
        if self._runner is not None:
            self._runner.stop(CLOSE_PATIENCE)

    def wait_closed(self, seconds: float) -> bool:
        """Block until the process has ended; whether it has."""
        return self._runner is None or self._runner.wait(round(1000 * seconds))

    # --- in the background ---

    async def _look(self) -> None:
        paths = self._session.paths
        self.waiting = await self._background.call(jobs.unfinished, paths)
        self._paces = await self._background.call(jobs.read_paces, paths)
        self.pace_changed.emit()
        self.waiting_changed.emit()

    async def _read_set(self, source: Path) -> None:
        if self.reading is not None:
            return
        self.reading = (0, 0)
        self.data_changed.emit()
        last = 0.0

        def progress(done: int, total: int) -> None:
            nonlocal last
            if time.monotonic() - last > 0.1 or done == total:
                last = time.monotonic()
                self._read.emit(done, total)

        def work() -> TrainingSet:
            return read_set(source, on_progress=progress, is_cancelled=lambda: self._stop_reading)

        try:
            self.data = await self._background.call(work)
        finally:
            self.reading = None
            self.data_changed.emit()

    async def _thumbnail(self, data: TrainingSet, name: str) -> None:
        async with self._one_by_one:
            if data is self.data or (self.data is not None and data.source == self.data.source):
                small = await self._background.call(data.thumbnail, name)
                self.thumbnail_ready.emit(name, small)

    async def _begin(self, settings: TrainingSettings, data: TrainingSet) -> None:
        def create() -> TrainingJob:
            with jobs.only_one(self._session.paths):
                return jobs.create(self._session.paths, settings, data)

        job = await self._background.call(create)
        self._run(job, TrainingView("starting", settings.name))

    async def _resume(self, job: TrainingJob) -> None:
        rows = await self._background.call(jobs.read_log, job)
        losses, samples = views_of(job, rows)
        self._run(job, TrainingView("starting", job.settings.name, losses=losses, rows=samples))

    async def _forget(self, job: TrainingJob) -> None:
        await self._background.call(jobs.drop, job)
        if self._job is not None and self._job.folder == job.folder:
            self.clear()
        await self._look()

    def _run(self, job: TrainingJob, view: TrainingView) -> None:
        if self._runner is not None or self._create is None:
            return
        session = self._session
        make = partial(self._create, session.paths, session.settings.device)
        self._job = job
        self.view = view
        speech = Speak(current_language(), session.paths.locales)
        runner = TrainerLane(
            make,
            session.paths.state / "training.log",
            TrainingOrder(1, job.folder, session.settings.device),
            speech,
            self,
        )
        queued = Qt.ConnectionType.QueuedConnection
        runner.news.connect(self._on_news, queued)
        runner.finished.connect(self._on_finished, queued)
        self._runner = runner
        runner.start()
        self._make_way()
        self.view_changed.emit()

    # --- what comes from it ---

    def _on_read(self, done: int, total: int) -> None:
        if self.reading is not None:
            self.reading = (done, total)
            self.data_changed.emit()

    def _on_news(self, event: object) -> None:
        match event:
            case EngineReady() | TrainingPhase():
                phase = event.phase if isinstance(event, TrainingPhase) else "loading"
                done, total = (
                    (event.done, event.total) if isinstance(event, TrainingPhase) else (0, 0)
                )
                stage = "running" if self.view.stage == "starting" else self.view.stage
                self._set(phase=phase, done=done, total=total, stage=stage)
            case TrainingPlan():
                self._set(plan=event)
            case TrainingStep():
                losses = (*self.view.losses, (event.step, event.loss))
                self._set(step=event, losses=losses, phase="training")
            case TrainingSample():
                rows = tuple(row for row in self.view.rows if row.step < event.step)
                self._set(rows=(*rows, event))
            case TrainingResult():
                self._set(report=load_report(event.report))
                self._session.add_lora(event.lora)  # it is there: only shown, and switched on
            case JobDone():
                self._set(stage="done")
            case JobCancelled():
                self._set(stage="paused")
            case JobFailed() | StartFailed() | Crashed():
                self._fail(event.error)
            case _:
                pass

    def _fail(self, error: ErrorReport) -> None:
        self._set(stage="paused")
        self.notice.emit(Notice(error))

    def _on_finished(self) -> None:
        runner, self._runner = self._runner, None
        if runner is not None:
            runner.deleteLater()
        if self.view.is_under_way:  # ended by force, while it stopped
            self._set(stage="paused")
        self.look_for_waiting()

    def _set(self, **changes: Any) -> None:
        self.view = replace(self.view, **changes)
        self.view_changed.emit()

    # --- making way ---

    def _make_way(self, _: object = None) -> None:
        """Stickers come first: the trainer stands still while any is made."""
        if self._runner is None:
            return
        if self._session.jobs or self._session.previewing:
            self._hold(True)
        elif self.view.stage == "holding" and not self._go_on.isActive():
            self._go_on.start()

    def _hold(self, on: bool) -> None:
        if self._runner is None or self.view.stage not in ("running", "holding", "starting"):
            return
        if not on and (self._session.jobs or self._session.previewing):
            return
        if on:
            self._go_on.stop()
        self._runner.send(Hold(on))
        if self.view.stage != "starting":
            self._set(stage="holding" if on else "running")


def views_of(
    job: TrainingJob, rows: list[dict[str, object]]
) -> tuple[tuple[tuple[int, float], ...], tuple[TrainingSample, ...]]:
    """The losses and the samples in a training's log; of a step done twice the later one."""
    losses: dict[int, float] = {}
    samples: dict[int, TrainingSample] = {}
    for row in rows:
        _take_row(job, row, losses, samples)
    return tuple(sorted(losses.items())), tuple(samples[step] for step in sorted(samples))


def _take_row(
    job: TrainingJob,
    row: dict[str, Any],
    losses: dict[int, float],
    samples: dict[int, TrainingSample],
) -> None:
    """One line of the log, back into what it was; lines of another version are left out."""
    try:
        if "loss" in row:
            losses[int(row["step"])] = float(row["loss"])
        elif "sample" in row:
            step = int(row["sample"])
            samples[step] = TrainingSample(
                1,
                step,
                tuple(job.samples / str(name) for name in row["files"]),
                tuple(str(prompt) for prompt in row["prompts"]),
                float(row["style"]),
                float(row["kept"]),
                bool(row["best"]),
            )
    except (KeyError, TypeError, ValueError):
        pass
