"""A Generator that does what the prompt tells it, run in the real child process. No torch, no Qt.

Words in a prompt: "slow" steps, "killed" (SIGKILL), "killed-once", "exits", "crashes" (SIGSEGV),
"hangs" (deaf to cancels), "raises", "fails", "silent" (no last event), "prints", "unlisted" and
"untold" (hangs once a sticker's file is written, before or after the index knows of it).
"""

from __future__ import annotations

import faulthandler
import os
import signal
import time
from dataclasses import replace
from pathlib import Path

from PIL import Image

from stickerstudio.core.errors import DiskError, report
from stickerstudio.core.i18n import current_language
from stickerstudio.core.library import Library
from stickerstudio.core.messages import (
    DeviceChoice,
    Emit,
    EngineReady,
    IsCancelled,
    Job,
    JobCancelled,
    JobDone,
    JobFailed,
    ModelLoaded,
    ModelLoading,
    Order,
    PreviewReady,
    Progress,
    StickerReady,
    Warm,
)
from stickerstudio.core.paths import Paths
from stickerstudio.core.recipe import Recipe
from stickerstudio.models.cards import ModelCard, card_json

STEP = 0.01  # seconds
SLOW_STEP = 0.2


def model_card(name: str) -> ModelCard:
    """A small model of 1 … 8 steps."""
    return ModelCard(name, name, name, "MIT", "", (64, 64), ((64, 64),), 4, 1, 8, 0.0)


def with_models(paths: Paths) -> Paths:
    """`paths` with two models, "starter" and "other", and no LoRAs in place of the bundled ones."""
    bundled = paths
    home = paths.state.parent
    paths = replace(paths, resources=home / "resources", bundled_loras=home / "bundled_loras")
    paths.resources.mkdir(parents=True, exist_ok=True)
    if not paths.locales.exists():
        paths.locales.symlink_to(bundled.locales, target_is_directory=True)
    for name in ("starter", "other"):
        card = model_card(name)
        folder = paths.bundled_models / name
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "card.json").write_text(card_json(card), encoding="utf-8")
        (folder / "model_index.json").write_text("{}", encoding="utf-8")
    return paths


def steps_file(paths: Paths) -> Path:
    """Where the engine writes a line for each step it begins."""
    return paths.library / "steps"


def steps_taken(paths: Paths) -> int:
    """How many steps the engine has begun, in all jobs."""
    return len(steps_file(paths).read_text().splitlines())


def create(paths: Paths, device: DeviceChoice) -> Scripted:
    """What app hands to Session, in place of engine.studio.create."""
    return Scripted(paths, device)


def create_broken(paths: Paths, device: DeviceChoice) -> Scripted:
    """An installation that cannot start."""
    raise ImportError("libtorch is missing")


def create_broken_once(paths: Paths, device: DeviceChoice) -> Scripted:
    """An engine that cannot be started at first, and then can."""
    before = paths.state / "broken"
    if not before.exists():
        before.touch()
        raise ImportError("libtorch is missing")
    return Scripted(paths, device)


def create_dying(paths: Paths, device: DeviceChoice) -> Scripted:
    """An engine that dies before it is ready, whatever one does."""
    os._exit(7)


class Scripted:
    """See the module."""

    def __init__(self, paths: Paths, device: DeviceChoice) -> None:
        self._device = device
        self._library = Library(paths.library, patience=0)  # to add to, as the studio opens it
        self._steps = steps_file(paths)
        self._killed_before = paths.state / "killed"
        self._model = ""

    def start(self) -> EngineReady:
        """Ready at once; the reason tells the test about the child."""
        language = current_language()
        return EngineReady(self._device, f"pid {os.getpid()}", "float32", language, 0.0)

    def run(self, job: Job, emit: Emit, is_cancelled: IsCancelled) -> None:
        """Take steps, and misbehave at the second one if told to."""
        model = job.model if isinstance(job, Warm) else job.recipe.model
        if model != self._model:
            emit(ModelLoading(job.job_id, model))
            self._model = model
            emit(ModelLoaded(job.job_id, model, "resident", 0.0))
        if isinstance(job, Warm):
            emit(JobDone(job.job_id, 0.0))
            return
        count = job.count if isinstance(job, Order) else 1
        for index in range(count):
            recipe = job.recipe.for_index(index)
            for step in range(recipe.num_inference_steps):
                if is_cancelled():
                    emit(JobCancelled(job.job_id))
                    return
                with self._steps.open("a") as steps:
                    steps.write("step\n")
                time.sleep(SLOW_STEP if "slow" in recipe.prompt else STEP)
                if step == 1 and self._misbehave(job.job_id, recipe, emit, last=index == count - 1):
                    return
                emit(Progress(job.job_id, index, count, step + 1, recipe.num_inference_steps, 1.0))
            self._deliver(job, index, recipe, emit)
        emit(JobDone(job.job_id, 0.0))

    def close(self) -> None:
        """Give back the library's files."""
        self._library.close()

    def _deliver(self, job: Job, index: int, recipe: Recipe, emit: Emit) -> None:
        image = Image.new("RGBA", (8, 8), (recipe.seed % 256, 0, 0, 255))
        if isinstance(job, Order):
            if "unlisted" in recipe.prompt:
                self._library._insert = _hang
            sticker = self._library.add(image, recipe, 0.0)
            if "untold" in recipe.prompt:
                _hang()
            emit(StickerReady(job.job_id, index, sticker))
        else:
            emit(PreviewReady(job.job_id, 8, 8, image.tobytes(), recipe, 0.0))

    def _misbehave(self, job_id: int, recipe: Recipe, emit: Emit, *, last: bool) -> bool:
        """Whether the job is over."""
        words = recipe.prompt.split()
        if "killed-once" in words and last and not self._killed_before.exists():
            self._killed_before.parent.mkdir(parents=True, exist_ok=True)
            self._killed_before.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        if "killed" in words:
            os.kill(os.getpid(), signal.SIGKILL)
        if "exits" in words:
            os._exit(3)
        if "prints" in words:
            os.write(1, b"said on stdout\n")
            os.write(2, b"said on stderr\n")
        if "crashes" in words:
            faulthandler._sigsegv()  # pyright: ignore[reportAttributeAccessIssue]
        if "hangs" in words:
            _hang()
        if "raises" in words:
            raise RuntimeError("nobody foresaw this")
        if "fails" in words:
            emit(JobFailed(job_id, report(DiskError("No sticker.", "The disk is full.", "Tidy."))))
            return True
        return "silent" in words


def _hang(*_: object, **_named: object) -> None:
    while True:
        time.sleep(3600)
