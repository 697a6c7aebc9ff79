"""Workbench: what is being made. Orders, the live preview, sketches, and the engine's state."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QObject, Qt, QTimer, Signal

from stickerstudio.core.errors import ErrorReport
from stickerstudio.core.i18n import current_language, tr
from stickerstudio.core.messages import (
    EngineReady,
    Event,
    JobCancelled,
    JobDone,
    JobFailed,
    ModelLoaded,
    Order,
    PreviewReady,
    PreviewRequest,
    Progress,
    Sketch,
    StickerReady,
    Warm,
)
from stickerstudio.core.recipe import Recipe
from stickerstudio.session.jobs import JobBoard
from stickerstudio.session.lane import Crash, Lane
from stickerstudio.session.process import MakeGenerator, Speak
from stickerstudio.session.state import EngineState, EngineView, JobView, Notice

COALESCE = 60  # milliseconds: what a hand changes within this time makes one preview
KILL_AFTER = 4_000  # milliseconds from `close` until the engine is ended by force


class Workbench(QObject):
    """The UI thread's side of the lane.

    Attributes:
        engine: for the status line.
        previewing: whether a preview is being made or about to be.
    """

    preview_ready = Signal(object)  # PreviewReady
    sketch_ready = Signal(object)  # PreviewReady
    sketch_failed = Signal(int, object)  # its job's id, ErrorReport
    sticker_ready = Signal(object)  # Sticker
    jobs_changed = Signal()
    progress = Signal(object)  # Progress
    engine_changed = Signal()
    ready = Signal()  # the engine can take jobs: at the start, and after each restart
    broken_off = Signal()  # the engine has ended, maybe between writing a sticker and telling of it
    notice = Signal(object)  # Notice
    closed = Signal()

    def __init__(self, make: MakeGenerator, log: Path, locales: Path, parent: QObject) -> None:
        super().__init__(parent)
        self.engine = EngineView()
        self._make = make
        self._locales = locales
        self._ids = itertools.count(1)
        self._board = JobBoard()
        self._wanted: Recipe | None = None  # the preview to ask for when the timer fires
        self._asked: Recipe | None = None  # what the last preview was asked for
        self._preview: PreviewRequest | None = None  # the last one, until it has ended
        self._preview_error: ErrorReport | None = None  # of a preview or sketch, told last
        self._sketches: dict[int, bool] = {}  # until they have ended: whether still wanted
        self._running: int | None = None
        self._coalesce = QTimer(self, singleShot=True, interval=COALESCE)
        self._coalesce.timeout.connect(self._ask_for_preview)
        self._kill = QTimer(self, singleShot=True, interval=KILL_AFTER)
        self._lane = Lane(make, log, self)
        self._kill.timeout.connect(self._lane.kill)
        queued = Qt.ConnectionType.QueuedConnection
        self._lane.news.connect(self._on_news, queued)
        self._lane.job_started.connect(self._on_started, queued)
        self._lane.state_changed.connect(self._on_state, queued)
        self._lane.crashed.connect(self._on_crash, queued)
        self._lane.finished.connect(self._on_finished, queued)

    @property
    def jobs(self) -> list[JobView]:
        """The orders under way, in the order they came."""
        return self._board.views

    @property
    def previewing(self) -> bool:
        """Whether a preview is being made or about to be."""
        return self._coalesce.isActive() or self._preview is not None

    def start(self) -> None:
        """Start the engine, unless it was."""
        if not self._lane.isRunning():
            self.speak()
            self._lane.start()
            self._on_state("starting")

    def speak(self) -> None:
        """Let the engine word its errors in the user's language."""
        self._lane.speak(Speak(current_language(), self._locales))

    def restart(self, make: MakeGenerator) -> None:
        """Go on with another Generator, once the running order is done."""
        self._make = make
        self._lane.restart(make)
        if self.engine.state == "stopped":
            self._on_state("starting")

    # --- orders ---

    def order(self, recipe: Recipe, count: int) -> int:
        """Make `count` stickers; the job's id."""
        return self._submit(Order(next(self._ids), recipe, count))

    def cancel(self, job_id: int) -> None:
        """Cancel one job; a second time: do not wait for the engine's answer."""
        again = job_id in self._board and not self._board.cancelling(job_id)
        self._lane.cancel(job_id, at_once=again)
        self.jobs_changed.emit()

    def stop(self) -> None:
        """Cancel what runs now, and the preview that waits."""
        self.drop_preview()
        if self._running is not None and self._running not in self._sketches:
            self.cancel(self._running)

    def clear_queue(self) -> None:
        """Drop every order that waits."""
        self._lane.clear_orders()

    def retry_lost(self) -> None:
        """Order again what crashes of the engine have left unmade."""
        for lost in self._board.take_lost():
            self._submit(replace(lost, job_id=next(self._ids)))

    # --- the preview ---

    def preview(self, recipe: Recipe) -> None:
        """Show what `recipe` gives, soon; the latest wins.

        What was asked for last is not made again, even if the engine crashed on it.
        """
        if recipe == self._asked and self._wanted is None:
            return
        self._wanted = recipe
        if not self._coalesce.isActive():  # not begun anew: a moving hand must not put it off
            self._coalesce.start()

    def hurry_preview(self) -> None:
        """The hand has come to rest: what it asked for last is shown as soon as can be."""
        if self._coalesce.isActive():
            self._coalesce.stop()
            self._ask_for_preview()
        self._lane.hurry_preview()

    def drop_preview(self) -> None:
        """No preview is wanted."""
        self._coalesce.stop()
        self._wanted = self._asked = self._preview = None
        self._lane.drop_previews()

    # --- sketches ---

    def sketch(self, recipe: Recipe, priority: int = 0) -> int:
        """Make one more picture when there is time; the job's id. → sketch_ready, sketch_failed"""
        job = Sketch(next(self._ids), recipe, priority)
        self._sketches[job.job_id] = True
        self._lane.submit(job)
        return job.job_id

    def drop_sketches(self, job_ids: Sequence[int]) -> None:
        """These are not wanted any more; nothing is told of them from now on."""
        self._sketches.update((job_id, False) for job_id in job_ids if job_id in self._sketches)
        self._lane.drop_sketches(job_ids)

    # --- the model ---

    def warm(self, model: str) -> None:
        """Load `model` when there is nothing better to do."""
        self._lane.submit(Warm(next(self._ids), model))

    # --- the end ---

    def close(self) -> None:
        """Cancel everything and end the engine; → closed. Does not block."""
        self._coalesce.stop()
        if self._lane.isRunning():
            self._lane.close()
            self._kill.start()
        else:
            self.closed.emit()

    def wait_closed(self, seconds: float) -> bool:
        """Block until the engine has ended, by force in the last half second; whether it has."""
        ended = self._lane.wait(round(max(seconds - 0.5, 0) * 1000))
        if not ended:
            self._lane.kill()
            ended = self._lane.wait(500)
        return ended

    # --- what comes from the lane ---

    def _submit(self, order: Order) -> int:
        self._board.add(order)
        self._lane.submit(order)
        if self.engine.state == "stopped" and self._lane.isRunning():  # given up; once more, then
            self.restart(self._make)
        self.jobs_changed.emit()
        return order.job_id

    def _ask_for_preview(self) -> None:
        if self._wanted is not None:
            self._preview = PreviewRequest(next(self._ids), self._wanted)
            self._asked, self._wanted = self._wanted, None
            self._lane.submit(self._preview)

    def _on_started(self, job_id: int) -> None:
        self._running = job_id
        if self._board.started(job_id):
            self.jobs_changed.emit()

    def _on_state(self, state: EngineState) -> None:
        if state in ("starting", "restarting", "stopped"):
            self._running = None
            self.engine = replace(self.engine, model="", memory_plan="")
        self.engine = replace(self.engine, state=state)
        self.engine_changed.emit()
        if state in ("restarting", "stopped"):
            self.broken_off.emit()

    def _on_news(self, event: Event) -> None:
        match event:
            case EngineReady():
                self.engine = replace(
                    self.engine,
                    device=event.device,
                    device_name=event.device_name,
                    dtype=event.dtype,
                    reason=event.reason,
                )
                self.engine_changed.emit()
                self.ready.emit()
            case ModelLoaded():
                self.engine = replace(self.engine, model=event.model, memory_plan=event.memory_plan)
                self.engine_changed.emit()
            case PreviewReady():
                self._preview_error = None
                if event.job_id not in self._sketches:
                    self.preview_ready.emit(event)
                elif self._sketches[event.job_id]:
                    self.sketch_ready.emit(event)
            case StickerReady():
                self.sticker_ready.emit(event.sticker)
            case Progress(job_id) if job_id not in self._sketches:
                self.progress.emit(event)
            case JobFailed():
                self._on_failed(event)
            case _:
                pass
        if isinstance(event, JobDone | JobCancelled | JobFailed):
            self._on_ended(event.job_id)
        if self._board.apply(event):
            self.jobs_changed.emit()

    def _on_ended(self, job_id: int) -> None:
        if self._running == job_id:
            self._running = None
        if self._preview is not None and self._preview.job_id == job_id:
            self._preview = None
        self._sketches.pop(job_id, None)

    def _on_failed(self, event: JobFailed) -> None:
        if event.job_id not in self._board:  # a preview or sketch: said once, not with every key
            if self._sketches.get(event.job_id):
                self.sketch_failed.emit(event.job_id, event.error)
            if event.error == self._preview_error:
                return
            self._preview_error = event.error
        self.notice.emit(Notice(event.error))

    def _on_crash(self, crash: Crash) -> None:
        lost = False
        if crash.job is not None:
            if self._sketches.get(crash.job.job_id):
                self.sketch_failed.emit(crash.job.job_id, crash.error)
            self._on_ended(crash.job.job_id)
            lost = self._board.lose(crash.job.job_id)
            self.jobs_changed.emit()
        if lost:
            notice = Notice(crash.error, action="retry_lost", action_label=tr("Make it again"))
        elif crash.gives_up:
            label = tr("Start the engine")
            notice = Notice(crash.error, action="restart_engine", action_label=label)
        else:
            notice = Notice(crash.error)
        self.notice.emit(notice)

    def _on_finished(self) -> None:
        self._kill.stop()
        self.closed.emit()
