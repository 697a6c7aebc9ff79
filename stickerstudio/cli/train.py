"""`stickerstudio train`: a style of one's own from a folder of drawings."""

from __future__ import annotations

import argparse
import math
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

from stickerstudio.cli.arguments import as_typed, whole
from stickerstudio.cli.context import Context
from stickerstudio.core.errors import BadInputError
from stickerstudio.core.i18n import tr, tr_n
from stickerstudio.models.catalogue import Catalogue
from stickerstudio.training import jobs
from stickerstudio.training.dataset import TrainingSet, read_set
from stickerstudio.training.jobs import TrainingJob
from stickerstudio.training.messages import (
    TrainingEvent,
    TrainingOrder,
    TrainingPhase,
    TrainingPlan,
    TrainingResult,
    TrainingSample,
    TrainingSaved,
    TrainingStep,
)
from stickerstudio.training.settings import (
    MAX_RANK,
    MAX_STEPS,
    PRESETS,
    TrainingSettings,
    default_trigger,
    with_preset,
)

TOLD_STEPS = 100  # where no terminal rewrites its line, one line in so many steps


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `train`."""
    parser.add_argument(
        "source",
        metavar="FOLDER",
        type=Path,
        help=tr("the drawings: a folder, a zip or a sticker pack; nothing in it is changed"),
    )
    parser.add_argument("--name", required=True, help=tr("of the style and its file"))
    parser.add_argument("--model", metavar="NAME|PATH", default="starter", help=tr("the model"))
    parser.add_argument(
        "--preset", choices=PRESETS, default="quick", help=tr("how long and how carefully")
    )
    parser.add_argument("--steps", metavar="N", type=whole(1, MAX_STEPS), help=tr("training steps"))
    parser.add_argument(
        "--rank", metavar="R", type=whole(1, MAX_RANK), help=tr("how much it can hold")
    )
    parser.add_argument(
        "--trigger", metavar="WORD", help=tr("the word that calls the style; “” for none")
    )
    parser.add_argument(
        "--keep-place",
        action="store_true",
        help=tr("use each page as it is, untrimmed: for drawings made over the model's stickers"),
    )
    parser.add_argument(
        "--licence", default="", help=tr("the licence of the drawings; written into the file")
    )
    parser.add_argument("--author", default="", help=tr("who drew them; written into the file"))
    parser.add_argument(
        "--seed", metavar="S", type=whole(0, 2**32 - 1), default=0, help=tr("chooses all chance")
    )
    parser.add_argument(
        "--resume", action="store_true", help=tr("go on with the training of this name")
    )
    parser.add_argument(
        "--device", choices=("auto", "cpu", "cuda", "mps"), default="auto", help=tr("where to run")
    )
    parser.set_defaults(command=run)


def run(arguments: argparse.Namespace, context: Context) -> int:
    """Train; SIGINT keeps the state, for --resume.

    Raises:
        StudioError: it cannot be begun or not go on; what was saved stays.
        Cancelled: the user stopped it; the state is kept.
    """
    folder = jobs.trainings_folder(context.paths) / as_typed(arguments.name).strip()
    hear: Callable[[object], None] = _silent
    first = int(os.environ.get("RANK", "0")) == 0  # of those that `accelerate launch` started
    if first:
        job = _resumed(folder) if arguments.resume else _begun(arguments, context)
        context.partial.update(name=job.settings.name, folder=str(job.folder), step=0)
        hear = _Telling(context).hear
    from stickerstudio.engine.train.run import Trainer  # imports torch: only now

    trainer = Trainer(context.paths, arguments.device)
    with context.interrupt.polled():
        order = TrainingOrder(1, folder, arguments.device)
        trainer.train(order, hear, context.interrupt.is_pressed)
    if first:
        context.output.result(context.partial)
    return 0


def settings_from(arguments: argparse.Namespace) -> TrainingSettings:
    """What was asked for, on top of the preset.

    Raises:
        BadInputError: a style or a trigger cannot be called so.
    """
    name = as_typed(arguments.name).strip()
    trigger = arguments.trigger
    settings = TrainingSettings(
        name=name,
        model=arguments.model,
        trigger=default_trigger(name) if trigger is None else as_typed(trigger).strip(),
        licence=as_typed(arguments.licence),
        author=as_typed(arguments.author),
        consent=bool(arguments.licence),
        keep_place=arguments.keep_place,
        seed=arguments.seed,
    )
    settings = with_preset(settings, arguments.preset)
    if arguments.steps is not None:
        settings = replace(settings, steps=arguments.steps)
    if arguments.rank is not None:
        settings = replace(settings, rank=arguments.rank, alpha=arguments.rank)
    return settings.checked()


def _begun(arguments: argparse.Namespace, context: Context) -> TrainingJob:
    settings = settings_from(arguments)
    Catalogue(context.paths).find(settings.model).installed_at()  # its troubles are told at once
    with jobs.only_one(context.paths):  # a training that runs must not lose its folder
        data = _read(arguments.source, context)
        return jobs.create(context.paths, settings, data)


def _resumed(folder: Path) -> TrainingJob:
    name = folder.name
    if not (folder / "settings.json").is_file():
        raise BadInputError(
            tr("There is no training called “{name}” to go on with.", name=name),
            tr("It was not begun here, or was finished and taken away."),
            tr("Leave --resume away to begin it."),
        )
    job = jobs.load(folder)
    if job.finished:
        raise BadInputError(
            tr("The training “{name}” is finished.", name=name),
            tr("There is nothing to go on with."),
            tr("Leave --resume away to train it anew."),
        )
    return job


def _read(source: Path, context: Context) -> TrainingSet:
    output = context.output
    data = read_set(
        source.expanduser(),
        on_progress=lambda done, total: output.progress(
            tr("Reading picture {i} of {n}", i=done, n=total)
        ),
        is_cancelled=context.interrupt.is_pressed,
    )
    output.note(tr_n("{n} drawing to learn from", "{n} drawings to learn from", len(data.pictures)))
    for each in data.refused:
        output.note(tr("{name} is left out: {reason}", name=each.name, reason=each.reason))
    refused = [{"name": each.name, "reason": each.reason} for each in data.refused]
    context.partial.update(pictures=len(data.pictures), refused=refused)
    silent = sum(not picture.captions for picture in data.pictures)
    if silent:
        output.note(
            tr_n(
                "{n} drawing has no caption; name the file after what it shows.",
                "{n} drawings have no caption; name the files after what they show.",
                silent,
            )
        )
    return data


def _silent(event: object) -> None:
    """The other processes of several say nothing: the first speaks for all."""


class _Telling:
    """Hears what the trainer says: a line for people, or one JSON object a line."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def hear(self, event: object) -> None:
        """Called by the trainer."""
        said = cast("TrainingEvent", event)
        self._tell(said)
        row = _row(said)
        if row is not None:
            self._context.output.result(row)

    def _tell(self, event: TrainingEvent) -> None:
        output, partial = self._context.output, self._context.partial
        match event:
            case TrainingPhase():
                if event.phase != "training":
                    output.progress(_phase_words(event))
            case TrainingPlan():
                output.note(event.text)
            case TrainingStep():
                partial.update(step=event.step, steps=event.steps, loss=event.loss)
                output.progress(
                    tr(
                        "Step {step} of {steps}, loss {loss}, {minutes} min left",
                        step=event.step,
                        steps=event.steps,
                        loss=f"{event.loss:.4f}",
                        minutes=math.ceil(event.seconds_left / 60),
                    ),
                    done=event.step % TOLD_STEPS == 0 and not output.as_json,
                )
            case TrainingSample():
                output.note(
                    tr(
                        "After step {step}: style {style} %, subject kept {kept} %",
                        step=event.step,
                        style=round(100 * event.style),
                        kept=round(100 * event.kept),
                    )
                )
            case TrainingSaved():
                partial.update(saved=event.step)
            case TrainingResult():
                partial.update(
                    lora=str(event.lora),
                    report=str(event.report),
                    recommended_weight=event.recommended_weight,
                )
                output.line(str(event.lora))


def _row(event: TrainingEvent) -> dict[str, Any] | None:
    """The event for programs; the result itself comes last, as with every command."""
    match event:
        case TrainingPhase():
            return {"event": "phase", "phase": event.phase, "done": event.done, "of": event.total}
        case TrainingPlan():
            return {
                "event": "plan",
                "device": event.device,
                "dtype": event.dtype,
                "needed_bytes": event.needed,
                "free_bytes": event.free,
                "batch": event.batch,
                "accumulation": event.accumulation,
                "checkpointing": event.checkpointing,
                "optimiser": event.optimiser,
            }
        case TrainingStep():
            return {
                "event": "step",
                "step": event.step,
                "steps": event.steps,
                "loss": event.loss,
                "learning_rate": event.learning_rate,
                "seconds_per_step": round(event.seconds_per_step, 4),
                "seconds_left": round(event.seconds_left, 1),
            }
        case TrainingSample():
            return {
                "event": "sample",
                "step": event.step,
                "files": [str(file) for file in event.files],
                "prompts": list(event.prompts),
                "style": event.style,
                "kept": event.kept,
                "best": event.best,
            }
        case TrainingSaved():
            return {"event": "saved", "step": event.step}
        case TrainingResult():
            return None


def _phase_words(event: TrainingPhase) -> str:
    words = {
        "loading": tr("Loading the model…"),
        "encoding": tr("Encoding the drawings…"),
        "prior": tr("Painting what must not be forgotten…"),
        "sampling": tr("Painting samples…"),
        "report": tr("Painting the report…"),
    }
    counted = f" {event.done}/{event.total}" if event.total else ""
    return words.get(event.phase, "") + counted
