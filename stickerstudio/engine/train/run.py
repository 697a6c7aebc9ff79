"""Trainer: does a whole training, from the drawings to the LoRA on the shelf."""

from __future__ import annotations

import gc
import os
import time
from contextlib import nullcontext
from typing import Any

from stickerstudio.core.messages import DeviceChoice, EngineReady, IsCancelled
from stickerstudio.core.paths import Paths
from stickerstudio.engine.device import choose, probe
from stickerstudio.engine.ending import tell_ending
from stickerstudio.models.catalogue import Catalogue
from stickerstudio.training import jobs
from stickerstudio.training.messages import TrainingOrder

Emit = Any  # Callable[[TrainingEvent | JobDone | JobCancelled | JobFailed], None]


class Trainer:
    """A core.messages.Generator whose jobs are trainings: in its own process, or in the command."""

    def __init__(self, paths: Paths, device: DeviceChoice = "auto") -> None:
        self._paths = paths
        self._choice: DeviceChoice = device

    def start(self) -> EngineReady:
        """Import torch and choose the device.

        Raises:
            BadInputError: the device asked for is not there.
        """
        began = time.perf_counter()
        device = choose(self._choice, probe())
        import stickerstudio.engine.train.session  # noqa: F401 — the imports are what takes the time

        seconds = time.perf_counter() - began
        return EngineReady(device.type, device.name, device.dtype, device.reason, seconds)

    def run(self, job: TrainingOrder, emit: Emit, is_cancelled: IsCancelled) -> None:
        """Do `job`; it ends with JobDone, JobCancelled (the state is kept) or JobFailed."""
        try:
            with tell_ending(job.job_id, emit):
                self.train(job, emit, is_cancelled)
        finally:
            gc.collect()

    def train(self, order: TrainingOrder, emit: Emit, is_cancelled: IsCancelled) -> None:
        """Do it, or go on with it.

        Raises:
            StudioError: it cannot be begun, or not go on; what was saved stays.
            Cancelled: `is_cancelled` said so, and the state was saved.
        """
        if processes() > 1:  # the first one has just written the folder
            from accelerate import PartialState

            PartialState().wait_for_everyone()
        job = jobs.load(order.folder)
        card = Catalogue(self._paths).find(job.settings.model)
        machine = probe()
        device = choose(order.device if order.device != "auto" else self._choice, machine)
        with jobs.only_one(self._paths) if is_first_process() else nullcontext():
            from stickerstudio.engine.train.session import Training

            training = Training(self._paths, job, card, device, machine, order.job_id, emit)
            training.run(is_cancelled)

    def close(self) -> None:
        """Nothing is kept between two trainings."""


def processes() -> int:
    """How many processes train together, as `accelerate launch` says."""
    return int(os.environ.get("WORLD_SIZE", "1"))


def is_first_process() -> bool:
    """Whether this is the one that writes and speaks."""
    return int(os.environ.get("RANK", "0")) == 0


def create(paths: Paths, device: DeviceChoice) -> Trainer:
    """The trainer for a child process: picklable by name, and torch comes with `start` only."""
    return Trainer(paths, device)
