"""One training from beginning to end."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Sequence
from typing import Any

import torch
from accelerate import Accelerator

from stickerstudio.core.errors import Cancelled, MemoryShortError
from stickerstudio.core.i18n import tr
from stickerstudio.core.messages import IsCancelled
from stickerstudio.core.paths import Paths
from stickerstudio.engine.device import Device, Machine
from stickerstudio.engine.memory import is_out_of_memory
from stickerstudio.engine.pipeline import Model, examine, load
from stickerstudio.engine.train import memory, planning, state
from stickerstudio.engine.train.adapters import Adapters
from stickerstudio.engine.train.batches import Deck, Prior
from stickerstudio.engine.train.digest import base_digest
from stickerstudio.engine.train.encode import Embeddings, encode_set
from stickerstudio.engine.train.loop import Course
from stickerstudio.engine.train.objective import Objective
from stickerstudio.engine.train.outcome import (
    OTHER_SEED,
    SAMPLE_SEED,
    Outcome,
    asked,
    keep_pictures,
    seeds,
)
from stickerstudio.engine.train.painting import Painter, Pixels
from stickerstudio.engine.train.state import Best
from stickerstudio.engine.train.timer import Timer
from stickerstudio.models.cards import ModelCard
from stickerstudio.training import jobs
from stickerstudio.training.jobs import TrainingJob
from stickerstudio.training.measure import Judge
from stickerstudio.training.messages import (
    EmitTraining,
    Phase,
    TrainingPhase,
    TrainingPlan,
    TrainingResult,
    TrainingSample,
    TrainingSaved,
    TrainingStep,
)
from stickerstudio.training.report import score, unseen_prompts

SAMPLES = 4  # prompts of a row while it trains
REPORTED = 10  # prompts of the report
PRIOR_SEED = 9_000
JUDGED = 400
"""Drawings that a judge looks at, at most: more do not change a mean."""


class Training:
    """See `run`. Used once.

    Args:
        card: of the base, installed.
        job_id: of every event.
    """

    def __init__(
        self,
        paths: Paths,
        job: TrainingJob,
        card: ModelCard,
        device: Device,
        machine: Machine,
        job_id: int,
        emit: EmitTraining,
    ) -> None:
        self._paths = paths
        self._job = job
        self._settings = job.settings
        self._card = card
        self._device = device
        self._machine = machine
        self._id = job_id
        self._emit: EmitTraining = emit
        self._is_main = True
        self._best: Best | None = None
        self._losses: list[tuple[int, float]] = []
        self._seconds = 0.0  # of earlier sittings
        self._began = time.perf_counter()

    def run(self, is_cancelled: IsCancelled) -> None:
        """Train, or go on training; write the LoRA, its report, and tell of everything.

        Raises:
            Cancelled: `is_cancelled` said so; the state is on disk.
            UserSideError: the model, a drawing or the room on disk or in memory is missing.
        """
        try:
            self._run(is_cancelled)
        except Exception as error:
            if is_out_of_memory(error):
                raise _out_of_memory(self._device) from error
            raise

    def _run(self, is_cancelled: IsCancelled) -> None:
        settings, job, card = self._settings, self._job, self._card
        self._phase("loading")
        checkpoint = examine(card.installed_at(), self._paths.resources / "sdxl")
        dtype = planning.training_dtype(self._device, self._machine, checkpoint.dtype)
        model = load(
            checkpoint,
            dtype,
            self._paths.resources / "sdxl",
            distilled=card.guidance_scale <= 1,
        )
        base = base_digest(checkpoint.location)
        key = hashlib.sha256(f"{settings.to_json()}{job.data.digest}{base}".encode()).hexdigest()
        kept = state.load(job.state, key)
        accelerator = Accelerator(
            cpu=self._device.type == "cpu",
            mixed_precision=planning.mixed_precision(self._device, dtype),
        )
        self._is_main = accelerator.is_main_process
        device = accelerator.device
        for module in model.modules.values():
            module.to(device)
        painter = Painter(model, card, device)
        shown = encode_set(
            model, job.data, settings, card.size, self._count("encoding"), is_cancelled
        )
        prior = self._prior(painter, is_cancelled)
        prompts = self._prompts(SAMPLES)
        base_rows = [
            painter.paint(prompts, seeds(seed, len(prompts))) for seed in (OTHER_SEED, SAMPLE_SEED)
        ]
        judge = Judge(self._drawings(), base_rows[0])
        adapters = Adapters(model, settings)
        plan = self._plan(model, adapters.count, dtype)
        embeddings = Embeddings(model, device, aside=plan.text_aside)
        if plan.checkpointing:
            model.unet.enable_gradient_checkpointing()
            model.unet.train()
        objective = Objective(
            model.scheduler, settings.loss, card.default_steps, card.max_steps, settings.min_snr
        )
        deck = Deck(shown, prior, objective, settings, plan.accumulation, accelerator.process_index)
        course = Course(
            accelerator, model, adapters, deck, objective, embeddings, settings,
            eight_bit=plan.eight_bit,
        )  # fmt: skip
        step = 0
        if kept is not None:
            course.restore(kept)
            step, self._seconds, self._best = kept.step, kept.seconds, kept.best
        sampled = -1 if kept is None else kept.sampled
        if sampled < 0 and self._is_main:
            self._tell_samples(0, base_rows[1], prompts, judge, adapters, learned=False)
        saved, save_took = time.perf_counter(), 0.0
        timer = Timer(step, settings.steps)
        self._phase("training")
        last = settings.steps
        while step < last:
            if _anyone(accelerator, is_cancelled()):
                self._save(course, key, step, sampled)
                raise Cancelled
            loss, rate = course.step(step)
            step += 1
            timer.done()
            self._losses.append((step, loss))
            if self._is_main:
                jobs.append_log(job, {"step": step, "loss": round(loss, 6)})
            self._emit(
                TrainingStep(
                    self._id, step, settings.steps, loss, rate, timer.per_step, timer.left(step)
                )
            )
            if _anyone(accelerator, job.finish_wish.exists()):
                last = step  # the user has seen enough: the file is made of what there is
            every = settings.sample_every
            if step == last or (every and step % every == 0):
                if self._is_main:
                    self._phase("sampling")
                    with timer.paused(), embeddings.at_hand():
                        self._sample(step, painter, prompts, judge, adapters)
                    self._phase("training")
                accelerator.wait_for_everyone()
                sampled = step
            due = max(settings.save_seconds, 20 * save_took)
            if sampled == step or time.perf_counter() - saved > due:
                with timer.paused():
                    began = time.perf_counter()
                    self._save(course, key, step, sampled)
                    saved = time.perf_counter()
                    save_took = saved - began
        if self._is_main:
            if timer.per_step:
                jobs.keep_pace(self._paths, settings.model, timer.per_step)
            with embeddings.at_hand():
                self._finish(painter, adapters, base, model, is_cancelled)
        accelerator.wait_for_everyone()

    # --- before ---

    def _plan(self, model: Model, learning: int, dtype: str) -> memory.Plan:
        """How to hold it; told before the first step.

        Raises:
            MemoryShortError, DiskError: there is not enough room, with the figures.
        """
        wanted = planning.wanted(model, self._settings, self._card.size, learning, dtype)
        free = planning.free_bytes(self._device, self._machine, wanted)
        plan = planning.choose(wanted, self._settings, self._device, free)
        self._emit(
            TrainingPlan(
                self._id,
                self._device.type,
                self._device.name,
                dtype,
                plan.needed(wanted),
                free,
                plan.batch,
                plan.accumulation,
                plan.checkpointing,
                "adamw8bit" if plan.eight_bit else "adamw",
                memory.sentence(plan, wanted, free, asked=planning.asked(self._settings)),
            )
        )
        if self._is_main:
            planning.check_disk(self._job.folder, learning)
        return plan

    def _prior(self, painter: Painter, is_cancelled: IsCancelled) -> Prior | None:
        settings = self._settings
        if not settings.prior_share or not settings.prior_pictures:
            return None
        prompts = [concept.en for concept in self._card.concepts]
        # a model that lists nothing knows what the drawings show, and much else
        prompts = prompts or [c for picture in self._job.data.pictures for c in picture.captions]
        prompts = prompts or list(unseen_prompts(self._card, self._job.data, REPORTED))
        count = settings.prior_pictures
        spread = [prompts[i * len(prompts) // count] for i in range(count)]
        return painter.prior(spread, PRIOR_SEED, self._count("prior"), is_cancelled)

    def _drawings(self) -> list[Pixels]:
        data, settings = self._job.data, self._settings
        return [
            data.pixels(
                picture,
                self._card.size,
                settings.backgrounds[0],
                settings.margin,
                keep_place=settings.keep_place,
            )
            for picture in data.pictures[:JUDGED]
        ]

    def _prompts(self, count: int) -> tuple[str, ...]:
        own = self._settings.sample_prompts
        return own[:count] if own else unseen_prompts(self._card, self._job.data, count)

    # --- on the way ---

    def _sample(
        self,
        step: int,
        painter: Painter,
        prompts: Sequence[str],
        judge: Judge,
        adapters: Adapters,
    ) -> None:
        """A row is painted to its end: it takes seconds, and belongs to its step."""
        key = step if self._settings.text_encoders else None
        pictures = painter.paint(
            asked(prompts, self._settings.trigger),
            seeds(SAMPLE_SEED, len(prompts)),
            text_key=key,
        )
        self._tell_samples(step, pictures, prompts, judge, adapters, learned=True)

    def _tell_samples(
        self,
        step: int,
        pictures: list[Pixels],
        prompts: Sequence[str],
        judge: Judge,
        adapters: Adapters,
        *,
        learned: bool,
    ) -> None:
        style, kept = judge.style(pictures), judge.kept(pictures)
        value = score(style, kept)
        # of equals the later: it has learned more
        best = learned and (self._best is None or value >= self._best.score)
        if best:
            self._best = Best(step, value, adapters.tensors())
        files = keep_pictures(self._job, f"{step:06}", pictures)
        row = {"sample": step, "files": [file.name for file in files], "prompts": list(prompts)}
        jobs.append_log(self._job, {**row, "style": style, "kept": kept, "best": best})
        self._emit(TrainingSample(self._id, step, tuple(files), tuple(prompts), style, kept, best))

    def _save(self, course: Course, key: str, step: int, sampled: int) -> None:
        if not self._is_main:
            return
        now = course.state(key, step)
        now.sampled, now.best = sampled, self._best
        now.seconds = self._elapsed()
        state.save(now, self._job.state)
        self._emit(TrainingSaved(self._id, step))

    # --- after ---

    def _finish(
        self,
        painter: Painter,
        adapters: Adapters,
        base: str,
        model: Model,
        is_cancelled: IsCancelled,
    ) -> None:
        """Choose the weights, report on them, and put the LoRA on the shelf."""
        settings, job = self._settings, self._job
        step = settings.steps
        if settings.keep == "best" and self._best is not None:
            adapters.load(self._best.tensors)
            step = self._best.step
        model.unet.eval()
        outcome = Outcome(self._paths, job, self._card, painter, adapters, is_cancelled)
        report = outcome.report(
            self._prompts(REPORTED),
            self._drawings(),
            self._count("report"),
            step=step,
            losses=self._losses,
            elapsed=self._elapsed,
        )
        target = outcome.write(report, base, model.scheduler.config.prediction_type)
        self._emit(TrainingResult(self._id, target, job.report, report.recommended_weight))

    def _elapsed(self) -> float:
        return self._seconds + time.perf_counter() - self._began

    def _phase(self, phase: Phase) -> None:
        self._emit(TrainingPhase(self._id, phase))

    def _count(self, phase: Phase) -> Callable[[int, int], None]:
        return lambda done, total: self._emit(TrainingPhase(self._id, phase, done, total))


def _anyone(accelerator: Accelerator, wish: bool) -> bool:
    """Whether any process wants it: all must stop at the same step."""
    if accelerator.num_processes == 1:
        return wish
    told = torch.tensor([float(wish)], device=accelerator.device)
    total: Any = accelerator.reduce(told)
    return bool(total.item() > 0)


def _out_of_memory(device: Device) -> MemoryShortError:
    return MemoryShortError(
        tr("The memory of {device} ran out while training.", device=device.name),
        tr("Another program may have taken it since the training began."),
        tr("Close other programs and go on, or begin again with smaller pictures at once."),
    )
