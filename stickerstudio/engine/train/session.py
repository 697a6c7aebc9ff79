"""One training from beginning to end."""

from __future__ import annotations

import datetime
import hashlib
import importlib.util
import math
import shutil
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import torch
from accelerate import Accelerator

from stickerstudio import __version__
from stickerstudio.core.atomic import write_bytes_atomic
from stickerstudio.core.errors import Cancelled, DiskError, MemoryShortError, disk_errors
from stickerstudio.core.i18n import tr
from stickerstudio.core.messages import IsCancelled
from stickerstudio.core.paths import Paths
from stickerstudio.engine.device import Device, Machine, model_dtype
from stickerstudio.engine.memory import is_out_of_memory
from stickerstudio.engine.pipeline import Model, examine, load
from stickerstudio.engine.train import memory, state
from stickerstudio.engine.train.adapters import Adapters
from stickerstudio.engine.train.batches import Deck, Prior
from stickerstudio.engine.train.encode import Embeddings, encode_set
from stickerstudio.engine.train.export import kohya_tensors, write_lora
from stickerstudio.engine.train.loop import Course
from stickerstudio.engine.train.objective import Objective
from stickerstudio.engine.train.painting import Painter, Pixels, sheet, to_webp
from stickerstudio.engine.train.state import Best
from stickerstudio.models.cards import ModelCard
from stickerstudio.training import jobs, kohya
from stickerstudio.training.jobs import TrainingJob
from stickerstudio.training.measure import Judge, sharpness
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
from stickerstudio.training.report import (
    SWEEP,
    AtWeight,
    Nearest,
    TrainingReport,
    recommended_weight,
    score,
    unseen_prompts,
)

SAMPLES = 4  # prompts of a row while it trains
REPORTED = 10  # prompts of the report
SAMPLE_SEED, OTHER_SEED, PRIOR_SEED = 1_000, 5_000, 9_000
MEASURED_STEPS = 8
"""Steps that are timed before a time left is told; the first ones are slower."""

NEEDED_DISK = 4  # times the learning weights' bytes: weights, two moments, best so far
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
        dtype = self._dtype(checkpoint.dtype)
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
            mixed_precision=_PRECISION.get(dtype, "no") if self._device.type == "cuda" else "no",
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
            painter.paint(prompts, [seed + i for i in range(len(prompts))])
            for seed in (OTHER_SEED, SAMPLE_SEED)
        ]
        judge = Judge(self._drawings(), base_rows[0])
        adapters = Adapters(model, settings)
        plan = self._plan(model, adapters, dtype)
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
        timer = _Timer(step, settings.steps)
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

    def _dtype(self, file_dtype: str) -> str:
        """bfloat16 or float16 on CUDA, float32 elsewhere, where half precision is no faster."""
        if self._device.type != "cuda":
            return "float32"
        native = self._machine.gpu is not None and self._machine.gpu.bfloat16
        return "bfloat16" if native else model_dtype(self._device, self._machine, file_dtype, 0)

    def _plan(self, model: Model, adapters: Adapters, dtype: str) -> memory.Plan:
        """How to hold it; told before the first step.

        Raises:
            MemoryShortError, DiskError: there is not enough room, with the figures.
        """
        settings = self._settings
        sizes = {
            name: sum(p.numel() for p in module.parameters())
            for name, module in model.modules.items()
        }
        wanted = memory.Wanted(
            unet=sizes["unet"],
            text=sizes["text_encoder"] + sizes["text_encoder_2"],
            vae=sizes["vae"],
            value_bytes=2 if dtype in _PRECISION else 4,
            learning=adapters.count,
            pixels=self._card.size[0] * self._card.size[1],
            text_learns=settings.text_encoders,
        )
        free = self._free_bytes(wanted)
        bits = settings.optimiser == "adamw8bit" or settings.optimiser == "auto"
        found = importlib.util.find_spec("bitsandbytes") is not None
        plan = memory.choose(
            wanted,
            self._device.type,
            free,
            batch=settings.batch,
            accumulation=settings.accumulation,
            checkpointing=settings.checkpointing,
            eight_bit=bits and found and self._device.type == "cuda",
        )
        asked = memory.Plan(
            settings.batch // settings.accumulation,
            settings.accumulation,
            bool(settings.checkpointing),
            eight_bit=False,
            text_aside=False,
        )
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
                memory.sentence(plan, wanted, free, asked=asked),
            )
        )
        disk = shutil.disk_usage(self._job.folder).free
        needed_disk = NEEDED_DISK * 4 * adapters.count
        if self._is_main and disk < needed_disk:
            raise DiskError(
                tr("There is not enough room on the disk for this training."),
                tr(
                    "Its state needs {needed} MB in {folder}; {free} MB are free.",
                    needed=math.ceil(needed_disk / 10**6),
                    folder=self._job.folder,
                    free=disk // 10**6,
                ),
                tr("Free some space, then go on. Nothing saved before was lost."),
            )
        return plan

    def _free_bytes(self, wanted: memory.Wanted) -> int:
        """What is free for it all, the model included, which is loaded by now."""
        loaded = (wanted.unet + wanted.text + wanted.vae) * wanted.value_bytes
        if self._device.type == "cuda":
            free, _ = torch.cuda.mem_get_info()
            return free + loaded
        return self._machine.free_bytes  # probed before it was loaded

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
            data.pixels(picture, self._card.size, settings.backgrounds[0], settings.margin)
            for picture in data.pictures[:JUDGED]
        ]

    def _prompts(self, count: int) -> tuple[str, ...]:
        own = self._settings.sample_prompts
        return own[:count] if own else unseen_prompts(self._card, self._job.data, count)

    # --- on the way ---

    def _asked(self, prompts: Sequence[str]) -> list[str]:
        """The prompts with the trigger at their end, as in the captions."""
        trigger = self._settings.trigger
        return [f"{prompt}, {trigger}" if trigger else prompt for prompt in prompts]

    def _sample(
        self,
        step: int,
        painter: Painter,
        prompts: Sequence[str],
        judge: Judge,
        adapters: Adapters,
    ) -> None:
        """A row is painted to its end: it takes seconds, and belongs to its step."""
        seeds = [SAMPLE_SEED + i for i in range(len(prompts))]
        key = step if self._settings.text_encoders else None
        pictures = painter.paint(self._asked(prompts), seeds, text_key=key)
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
        files: list[Path] = []
        with disk_errors(self._job.samples):
            self._job.samples.mkdir(exist_ok=True)
            for index, picture in enumerate(pictures):
                file = self._job.samples / f"{step:06}-{index}.webp"
                write_bytes_atomic(file, to_webp(picture))
                files.append(file)
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
        """Choose the weights, sweep, report, and put the LoRA on the shelf."""
        settings, job, card = self._settings, self._job, self._card
        step = settings.steps
        if settings.keep == "best" and self._best is not None:
            adapters.load(self._best.tensors)
            step = self._best.step
        model.unet.eval()
        prompts = self._prompts(REPORTED)
        report = self._report(painter, adapters, prompts, step, is_cancelled)
        weight = report.recommended_weight
        pictures = painter.paint(
            self._asked(prompts[:4]),
            [SAMPLE_SEED + i for i in range(4)][: len(prompts[:4])],
            text_key="final",
            is_cancelled=is_cancelled,
        )
        adapters.set_weight(1.0)
        preview = to_webp(sheet(pictures, 2), 256)
        target = self._paths.loras / f"{settings.name}.safetensors"
        header = kohya.header(
            settings,
            job.data,
            size=card.size,
            base_title=card.title,
            base_digest=base,
            prediction=model.scheduler.config.prediction_type,
            step=step,
            date=datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
            version=__version__,
            weight=weight,
            preview=preview,
        )
        write_lora(
            target,
            kohya_tensors(adapters.tensors(), settings.alpha),
            header,
            kohya.card(settings, len(job.data.pictures), weight),
            preview,
        )
        report.save(job.report)
        self._emit(TrainingResult(self._id, target, job.report, weight))

    def _report(
        self,
        painter: Painter,
        adapters: Adapters,
        prompts: Sequence[str],
        step: int,
        is_cancelled: IsCancelled,
    ) -> TrainingReport:
        count = self._count("report")
        drawings = self._drawings()
        adapters.set_weight(0.0)
        others = painter.paint(
            prompts,
            [OTHER_SEED + i for i in range(len(prompts))],
            text_key="base",
            is_cancelled=is_cancelled,
        )
        judge = Judge(drawings, others)
        rows: list[AtWeight] = []
        at_one: list[Pixels] = []
        base_sharpness = 1.0
        for index, weight in enumerate(SWEEP):
            adapters.set_weight(weight)
            pictures = painter.paint(
                self._asked(prompts),
                [SAMPLE_SEED + i for i in range(len(prompts))],
                text_key=("sweep", weight),
                is_cancelled=is_cancelled,
            )
            sharp = sum(map(sharpness, pictures)) / len(pictures)
            if weight == 0:
                base_sharpness = max(sharp, 1e-6)
            if weight == 1:
                at_one = pictures
            files = self._keep(f"report-{round(100 * weight):03}", pictures)
            rows.append(
                AtWeight(
                    weight,
                    files,
                    judge.style(pictures),
                    judge.kept(pictures),
                    sharp / base_sharpness,
                )
            )
            count(index + 1, len(SWEEP))
        nearest: list[Nearest] = []
        for index, picture in enumerate(at_one):
            which, likeness = judge.nearest(picture)
            (file,) = self._keep(f"nearest-{index}", [drawings[which]])
            nearest.append(Nearest(self._job.data.pictures[which].name, file, likeness))
        weight = recommended_weight(
            [row.weight for row in rows], [row.style for row in rows], [row.kept for row in rows]
        )
        adapters.set_weight(weight)
        return TrainingReport(
            name=self._settings.name,
            trigger=self._settings.trigger,
            model=self._card.name,
            step=step,
            pictures=len(self._job.data.pictures),
            seconds=self._elapsed(),
            prompts=tuple(prompts),
            weights=tuple(rows),
            nearest=tuple(nearest),
            recommended_weight=weight,
            lora=f"{self._settings.name}.safetensors",
            losses=tuple(self._losses),
        )

    def _keep(self, stem: str, pictures: Sequence[Pixels]) -> tuple[str, ...]:
        names: list[str] = []
        with disk_errors(self._job.samples):
            self._job.samples.mkdir(exist_ok=True)
            for index, picture in enumerate(pictures):
                file = self._job.samples / f"{stem}-{index}.webp"
                write_bytes_atomic(file, to_webp(picture), durable=False)
                names.append(f"{self._job.samples.name}/{file.name}")
        return tuple(names)

    def _elapsed(self) -> float:
        return self._seconds + time.perf_counter() - self._began

    def _phase(self, phase: Phase) -> None:
        self._emit(TrainingPhase(self._id, phase))

    def _count(self, phase: Phase) -> Callable[[int, int], None]:
        return lambda done, total: self._emit(TrainingPhase(self._id, phase, done, total))


_PRECISION = {"float16": "fp16", "bfloat16": "bf16"}


def base_digest(location: Path) -> str:
    """SHA-256 of the names, sizes and safetensors headers of a model's weights.

    The header names every tensor with its place: files of one digest are one model, for all that
    a training needs to know, and seven gigabytes need not be read for it.
    """
    digest = hashlib.sha256()
    with disk_errors(location):
        files = [location] if location.is_file() else sorted(location.rglob("*.safetensors"))
        for file in files:
            with file.open("rb") as stream:
                start = stream.read(8)
                head = stream.read(min(int.from_bytes(start, "little"), 2**24))
                stream.seek(-min(4096, file.stat().st_size), 2)
                tail = stream.read()
            name = "" if file == location else file.relative_to(location).as_posix()
            digest.update(f"{name} {file.stat().st_size}\n".encode() + head + tail)
    return digest.hexdigest()


class _Timer:
    """Seconds per step, the median of the last ones, and what is left."""

    def __init__(self, step: int, steps: int) -> None:
        self._first, self._steps = step, steps
        self._times: list[float] = []
        self._last = time.perf_counter()

    def done(self) -> None:
        now = time.perf_counter()
        self._times = [*self._times[-31:], now - self._last]
        self._last = now

    @property
    def per_step(self) -> float:
        return sorted(self._times)[len(self._times) // 2] if self._times else 0.0

    def left(self, step: int) -> float:
        if step - self._first < min(MEASURED_STEPS, self._steps):
            return 0.0
        return self.per_step * (self._steps - step)

    def paused(self) -> _Paused:
        """In here no step is timed."""
        return _Paused(self)

    def begin_again(self) -> None:
        self._last = time.perf_counter()


class _Paused:
    def __init__(self, timer: _Timer) -> None:
        self._timer = timer

    def __enter__(self) -> None:
        pass

    def __exit__(self, *error: object) -> None:
        self._timer.begin_again()


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
