"""What comes out of a training: how good it is at which weight, and the LoRA with its card."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Sequence
from pathlib import Path

from stickerstudio import __version__
from stickerstudio.core.atomic import write_bytes_atomic
from stickerstudio.core.errors import disk_errors
from stickerstudio.core.messages import IsCancelled
from stickerstudio.core.paths import Paths
from stickerstudio.engine.train.adapters import Adapters
from stickerstudio.engine.train.export import kohya_tensors, write_lora
from stickerstudio.engine.train.painting import Painter, Pixels, sheet, to_webp
from stickerstudio.models.cards import ModelCard
from stickerstudio.training import kohya
from stickerstudio.training.jobs import TrainingJob
from stickerstudio.training.measure import Judge, sharpness
from stickerstudio.training.report import (
    SWEEP,
    AtWeight,
    Nearest,
    TrainingReport,
    are_unseen,
    recommended_weight,
)

SAMPLE_SEED, OTHER_SEED = 1_000, 5_000
PREVIEWED = 4  # pictures of the preview


def asked(prompts: Sequence[str], trigger: str) -> list[str]:
    """The prompts with the trigger at their end, as in the captions."""
    return [f"{prompt}, {trigger}" if trigger else prompt for prompt in prompts]


def seeds(first: int, count: int) -> list[int]:
    """`count` seeds from `first` on."""
    return list(range(first, first + count))


def keep_pictures(
    job: TrainingJob, stem: str, pictures: Sequence[Pixels], *, durable: bool = True
) -> list[Path]:
    """Write each into the training's folder of samples.

    Raises:
        DiskError: there is no room.
    """
    files: list[Path] = []
    with disk_errors(job.samples):
        job.samples.mkdir(exist_ok=True)
        for index, picture in enumerate(pictures):
            file = job.samples / f"{stem}-{index}.webp"
            write_bytes_atomic(file, to_webp(picture), durable=durable)
            files.append(file)
    return files


class Outcome:
    """Judges and keeps the weights that `adapters` hold."""

    def __init__(
        self,
        paths: Paths,
        job: TrainingJob,
        card: ModelCard,
        painter: Painter,
        adapters: Adapters,
        is_cancelled: IsCancelled,
    ) -> None:
        self._paths = paths
        self._job = job
        self._settings = job.settings
        self._card = card
        self._painter = painter
        self._adapters = adapters
        self._is_cancelled: IsCancelled = is_cancelled

    def report(
        self,
        prompts: Sequence[str],
        drawings: Sequence[Pixels],
        on_progress: Callable[[int, int], None],
        *,
        step: int,
        losses: Sequence[tuple[int, float]],
        elapsed: Callable[[], float],
    ) -> TrainingReport:
        """Sweep the weight over `prompts`, measure, and set the weight that is recommended.

        Args:
            drawings: what was learned from, in the order of the training set.
            step: at which the weights were taken.
            elapsed: seconds of the whole training so far.

        Raises:
            Cancelled: by the user.
            DiskError: the samples find no room.
        """
        self._adapters.set_weight(0.0)
        plain = self._painter.paint(
            prompts,
            seeds(OTHER_SEED, len(prompts)),
            text_key="base",
            is_cancelled=self._is_cancelled,
        )
        judge = Judge(drawings, plain)
        rows: list[AtWeight] = []
        at_one: list[Pixels] = []
        base_sharpness = 1.0
        for index, weight in enumerate(SWEEP):
            pictures = self._painted(prompts, weight)
            sharp = sum(map(sharpness, pictures)) / len(pictures)
            if weight == 0:
                base_sharpness = max(sharp, 1e-6)
            if weight == 1:
                at_one = pictures
            files = self._keep(f"report-{round(100 * weight):03}", pictures)
            rows.append(
                AtWeight(
                    weight,
                    tuple(files),
                    judge.style(pictures),
                    judge.kept(pictures),
                    sharp / base_sharpness,
                )
            )
            on_progress(index + 1, len(SWEEP))
        weight = recommended_weight(
            [row.weight for row in rows], [row.style for row in rows], [row.kept for row in rows]
        )
        self._adapters.set_weight(weight)
        return TrainingReport(
            name=self._settings.name,
            trigger=self._settings.trigger,
            model=self._card.name,
            step=step,
            pictures=len(self._job.data.pictures),
            seconds=elapsed(),
            prompts=tuple(prompts),
            weights=tuple(rows),
            nearest=tuple(self._nearest(judge, drawings, at_one)),
            recommended_weight=weight,
            lora=f"{self._settings.name}.safetensors",
            losses=tuple(losses),
            unseen=are_unseen(prompts, self._job.data),
        )

    def write(self, report: TrainingReport, base_digest: str, prediction: str) -> Path:
        """Put the LoRA with its preview and card on the shelf, and the report beside the state.

        Args:
            base_digest: see digest.base_digest.
            prediction: the base's prediction type.

        Returns:
            The LoRA's file.
        """
        settings, data = self._settings, self._job.data
        weight = report.recommended_weight
        pictures = self._painted(report.prompts[:PREVIEWED], weight)
        preview = to_webp(sheet(pictures, 2), 256)
        self._adapters.set_weight(1.0)
        target = self._paths.loras / f"{settings.name}.safetensors"
        header = kohya.header(
            settings,
            data,
            size=self._card.size,
            base_title=self._card.title,
            base_digest=base_digest,
            prediction=prediction,
            step=report.step,
            date=datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
            version=__version__,
            weight=weight,
            preview=preview,
        )
        write_lora(
            target,
            kohya_tensors(self._adapters.tensors(), settings.alpha),
            header,
            kohya.card(settings, len(data.pictures), weight),
            preview,
        )
        report.save(self._job.report)
        return target

    def _painted(self, prompts: Sequence[str], weight: float) -> list[Pixels]:
        self._adapters.set_weight(weight)
        return self._painter.paint(
            asked(prompts, self._settings.trigger),
            seeds(SAMPLE_SEED, len(prompts)),
            text_key=("weight", weight),
            is_cancelled=self._is_cancelled,
        )

    def _nearest(
        self, judge: Judge, drawings: Sequence[Pixels], samples: Sequence[Pixels]
    ) -> list[Nearest]:
        found: list[Nearest] = []
        for index, picture in enumerate(samples):
            which, likeness = judge.nearest(picture)
            (file,) = self._keep(f"nearest-{index}", [drawings[which]])
            found.append(Nearest(self._job.data.pictures[which].name, file, likeness))
        return found

    def _keep(self, stem: str, pictures: Sequence[Pixels]) -> list[str]:
        files = keep_pictures(self._job, stem, pictures, durable=False)
        return [f"{self._job.samples.name}/{file.name}" for file in files]
