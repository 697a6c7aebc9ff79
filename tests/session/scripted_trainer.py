"""A trainer without torch: does steps of a few milliseconds, and obeys as the real one does."""

from __future__ import annotations

import time
from typing import Any

from stickerstudio.core.messages import (
    DeviceChoice,
    EngineReady,
    IsCancelled,
    JobCancelled,
    JobDone,
)
from stickerstudio.core.paths import Paths
from stickerstudio.training import jobs
from stickerstudio.training.messages import TrainingOrder, TrainingPlan, TrainingStep


class ScriptedTrainer:
    """Ends with JobDone after the steps, at the finish wish, or with JobCancelled."""

    def start(self) -> EngineReady:
        return EngineReady("cpu", "a processor", "float32", "", 0.0)

    def run(self, job: TrainingOrder, emit: Any, is_cancelled: IsCancelled) -> None:
        training = jobs.load(job.folder)
        steps = training.settings.steps
        emit(TrainingPlan(1, "cpu", "", "float32", 1, 2, 1, 1, False, "adamw", "It fits."))
        for step in range(1, steps + 1):
            if is_cancelled():
                emit(JobCancelled(job.job_id))
                return
            if training.settings.name == "crash":
                import os

                os._exit(7)
            time.sleep(0.02)
            jobs.append_log(training, {"step": step, "loss": 1 / step})
            emit(TrainingStep(1, step, steps, 1 / step, 0.001, 0.02, 0.02 * (steps - step)))
            if training.finish_wish.exists():
                break
        emit(JobDone(job.job_id, 0.1))

    def close(self) -> None:
        pass


def create(paths: Paths, device: DeviceChoice) -> ScriptedTrainer:
    """Picklable by name."""
    return ScriptedTrainer()
