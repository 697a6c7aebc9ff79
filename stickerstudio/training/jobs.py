"""A training on disk: its settings and drawings, its state, its samples. One folder each.

<state>/training/<name>/settings.json   what is to be done
                        pictures.json   which drawings, with their captions
                        state.pt        how far it is (engine.train.state)
                        log.jsonl       one line per step and row of samples
                        samples/        what it painted on the way
                        report.json     how good it became; there once it is finished
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Generator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import filelock

from stickerstudio.core.atomic import write_text_atomic
from stickerstudio.core.errors import BadFileError, BadInputError, disk_errors
from stickerstudio.core.i18n import tr
from stickerstudio.core.paths import Paths
from stickerstudio.training.dataset import TrainingSet, set_from_json
from stickerstudio.training.interrupted import lock_file, trainings_folder, unfinished_folders
from stickerstudio.training.settings import TrainingSettings, settings_from_json


@dataclass(frozen=True, slots=True)
class TrainingJob:
    """One training's folder and what it is to do."""

    folder: Path
    settings: TrainingSettings
    data: TrainingSet

    @property
    def state(self) -> Path:
        """Where it goes on from."""
        return self.folder / "state.pt"

    @property
    def log(self) -> Path:
        """What it said."""
        return self.folder / "log.jsonl"

    @property
    def samples(self) -> Path:
        """What it painted."""
        return self.folder / "samples"

    @property
    def report(self) -> Path:
        """How good it became."""
        return self.folder / "report.json"

    @property
    def finish_wish(self) -> Path:
        """There when it shall end early."""
        return self.folder / "finish"

    @property
    def finished(self) -> bool:
        """Whether the file is made."""
        return self.report.is_file()


_PACES = "pace.json"


def create(paths: Paths, settings: TrainingSettings, data: TrainingSet) -> TrainingJob:
    """Keep a new training on disk. One of the same name that was begun before is replaced.

    Raises:
        BadInputError: settings or drawings cannot be trained with.
        DiskError: it cannot be written.
    """
    settings, data = settings.checked(), data.checked()
    folder = trainings_folder(paths) / settings.name
    with disk_errors(folder):
        if folder.exists():
            shutil.rmtree(folder)
        folder.mkdir(parents=True)
        write_text_atomic(folder / "pictures.json", data.to_json())
        # last: a folder without settings is no training
        write_text_atomic(folder / "settings.json", settings.to_json())
    return TrainingJob(folder, settings, data)


def load(folder: Path) -> TrainingJob:
    """The training kept in `folder`.

    Raises:
        NotFoundError, DiskError: it is not there, or cannot be read.
        BadFileError: it was kept by another version, or is damaged.
    """
    with disk_errors(folder):
        settings = (folder / "settings.json").read_bytes()
        pictures = (folder / "pictures.json").read_bytes()
    try:
        return TrainingJob(
            folder, settings_from_json(settings).checked(), set_from_json(pictures).checked()
        )
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise BadFileError(
            tr("The training in {folder} cannot go on.", folder=folder),
            tr("It was kept by another version of Sticker Studio, or is damaged: {e}.", e=error),
            tr("Begin it again; your drawings are where they were."),
        ) from error


def unfinished(paths: Paths) -> list[TrainingJob]:
    """Trainings begun and not finished, the latest first. Unreadable ones are left out."""
    jobs: list[TrainingJob] = []
    for folder in unfinished_folders(paths):
        with suppress(BadFileError, BadInputError, OSError):
            jobs.append(load(folder))
    return jobs


def ask_to_finish(job: TrainingJob) -> None:
    """Let a training that runs, in whatever process, stop after its step and make its file.

    Raises:
        DiskError: it cannot be asked.
    """
    with disk_errors(job.folder):
        job.finish_wish.touch()


def keep_pace(paths: Paths, model: str, seconds: float) -> None:
    """Remember how long a step takes with `model` here, for the next time a preset is chosen."""
    known = read_paces(paths)
    file = trainings_folder(paths) / _PACES
    with suppress(OSError):  # it is only told
        write_text_atomic(file, json.dumps({**known, model: round(seconds, 4)}))


def read_paces(paths: Paths) -> dict[str, float]:
    """Seconds a step took last, by model."""
    with suppress(OSError, ValueError, TypeError):
        data = json.loads((trainings_folder(paths) / _PACES).read_text("utf-8"))
        return {str(model): float(seconds) for model, seconds in data.items()}
    return {}


def drop(job: TrainingJob) -> None:
    """Forget a training; what it made in the user's LoRAs stays.

    Raises:
        DiskError: its folder cannot be removed.
    """
    with disk_errors(job.folder):
        shutil.rmtree(job.folder)


@contextmanager
def only_one(paths: Paths) -> Generator[None]:
    """In here no other training runs on this computer, in whatever window or command.

    Raises:
        BadInputError: one does.
        DiskError: the lock cannot be written.
    """
    root = trainings_folder(paths)
    with disk_errors(root):
        root.mkdir(parents=True, exist_ok=True)
        lock = filelock.FileLock(lock_file(paths), blocking=False)
        try:
            lock.acquire()
        except filelock.Timeout as error:
            raise BadInputError(
                tr("Another style is being trained."),
                tr("Two trainings at once would take more than twice as long, and the memory."),
                tr("Wait until it is done, or pause it first."),
            ) from error
    try:
        yield
    finally:
        lock.release()


def append_log(job: TrainingJob, row: dict[str, object]) -> None:
    """Add a line to the log. Losing one to a power cut costs a point of a curve."""
    with disk_errors(job.log), job.log.open("a", encoding="utf-8") as file:
        file.write(json.dumps(row, ensure_ascii=False) + "\n")


def read_log(job: TrainingJob) -> list[dict[str, object]]:
    """The log's lines; half written ones are left out.

    After a resume some steps were done twice: the later line counts.
    """
    rows: list[dict[str, object]] = []
    with suppress(OSError):
        for line in job.log.read_text("utf-8").splitlines():
            with suppress(ValueError):
                rows.append(json.loads(line))
    return rows
