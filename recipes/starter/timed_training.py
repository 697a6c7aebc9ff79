"""A training by the program's own trainer that is done once, and what it cost."""

from __future__ import annotations

import json
import time
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from recipes.starter.train_lora import tell
from stickerstudio.core.errors import StudioError
from stickerstudio.core.paths import Paths
from stickerstudio.engine.train.digest import base_digest
from stickerstudio.engine.train.run import Trainer
from stickerstudio.models.catalogue import Catalogue
from stickerstudio.training import jobs
from stickerstudio.training.dataset import TrainingSet, read_set
from stickerstudio.training.interrupted import trainings_folder
from stickerstudio.training.messages import TrainingOrder, TrainingResult, TrainingSaved
from stickerstudio.training.report import load_report
from stickerstudio.training.settings import TrainingSettings


@dataclass(frozen=True)
class Outcome:
    """A finished training; ``best_step`` is the one whose weights became the file."""

    steps: int
    best_step: int
    minutes: float
    cpu_minutes: float


@dataclass(frozen=True)
class Cost:
    """What a training has taken up to its last saving; ``base`` is the model's digest."""

    base: str
    minutes: float = 0.0
    cpu_minutes: float = 0.0
    finished: bool = False


def train(paths: Paths, settings: TrainingSettings, folder: Path, device: str) -> Outcome:
    """Train on ``folder``, go on with it, or find it done; the LoRA lies in ``paths.loras``.

    It is done anew where settings, drawings or model are others than they were.
    """
    data = read_set(folder)
    base = base_digest(Catalogue(paths).find(settings.model).installed_at())
    place = trainings_folder(paths) / settings.name
    job = _begun(place, settings, data, base) or jobs.create(paths, settings, data)
    note = place / "cost.json"
    cost = Cost(**json.loads(note.read_text("utf-8"))) if note.exists() else Cost(base)
    note.write_text(json.dumps(asdict(cost)), "utf-8")
    if not (job.finished and cost.finished):
        wall, cpu = time.monotonic(), time.process_time()

        def hear(event: object) -> None:
            tell(event)
            if isinstance(event, (TrainingSaved, TrainingResult)):
                now = replace(
                    cost,
                    minutes=cost.minutes + (time.monotonic() - wall) / 60,
                    cpu_minutes=cost.cpu_minutes + (time.process_time() - cpu) / 60,
                    finished=isinstance(event, TrainingResult),
                )
                note.write_text(json.dumps(asdict(now)), "utf-8")

        order = TrainingOrder(1, job.folder, "cuda" if device == "cuda" else "cpu")
        Trainer(paths).train(order, hear, lambda: False)
    spent = Cost(**json.loads(note.read_text("utf-8")))
    best = load_report(job.report).step
    print(
        f"demonstrate: {settings.name}: {settings.steps} steps, {spent.minutes:.1f} minutes, "
        f"{spent.cpu_minutes:.1f} of the processor",
        flush=True,
    )
    return Outcome(settings.steps, best, spent.minutes, spent.cpu_minutes)


def _begun(
    place: Path, settings: TrainingSettings, data: TrainingSet, base: str
) -> jobs.TrainingJob | None:
    """The training that lies there, if it is the one that is wanted."""
    with suppress(StudioError, OSError, ValueError, TypeError):
        job = jobs.load(place)
        cost = Cost(**json.loads((place / "cost.json").read_text("utf-8")))
        if (job.settings, job.data.digest, cost.base) == (settings, data.digest, base):
            return job
    return None
