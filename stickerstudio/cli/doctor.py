"""`stickerstudio doctor`: one line for each thing that stickers need, and one sticker as a test."""

from __future__ import annotations

import argparse
import platform
import shutil
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from stickerstudio import __version__
from stickerstudio.cli.context import Context
from stickerstudio.core.atomic import write_bytes_atomic
from stickerstudio.core.errors import (
    Cancelled,
    DiskError,
    ErrorReport,
    FaultError,
    NotFoundError,
    StudioError,
    disk_errors,
    report,
)
from stickerstudio.core.i18n import tr
from stickerstudio.core.library import Library
from stickerstudio.core.messages import Event, JobCancelled, JobFailed, Order
from stickerstudio.core.recipe import Recipe
from stickerstudio.models.cards import ModelCard
from stickerstudio.models.catalogue import Catalogue
from stickerstudio.models.identify import identify
from stickerstudio.models.loras import LoraShelf

_PACKAGES = (
    "torch",
    "diffusers",
    "transformers",
    "peft",
    "safetensors",
    "huggingface_hub",
    "pillow",
    "PySide6-Essentials",
)
_LITTLE_DISK = 500_000_000  # bytes free, below which a library will soon be full


@dataclass(frozen=True, slots=True)
class Check:
    """What was looked at, and what was found. `problem` is None where all is well."""

    name: str
    text: str
    problem: ErrorReport | None = None


Look = Callable[[], str]  # what was found, in words; raises where something is wrong


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `doctor`."""
    parser.add_argument("--model", metavar="NAME|PATH", help=tr("the model to test"))
    parser.set_defaults(command=run)


def run(arguments: argparse.Namespace, context: Context) -> int:
    """Look at everything; 3 if the user can put something right, 4 if we must."""
    checks: list[Check] = []
    for name, look in _looks(arguments.model, context):
        check = _looked(name, look)
        checks.append(check)
        _show(check, context)
    problems = [check.problem for check in checks if check.problem]
    context.output.line()
    context.output.line(
        tr("Problems: {n}.", n=len(problems)) if problems else tr("Everything is in order.")
    )
    context.output.result({"ok": not problems, "checks": [_described(check) for check in checks]})
    if any(problem.is_fault for problem in problems):
        return 4
    return 3 if problems else 0


def _looks(wish: str | None, context: Context) -> Iterator[tuple[str, Look]]:
    """Every thing to look at, with its name."""
    paths = context.paths
    yield tr("program"), _program
    for package in _PACKAGES:
        yield package, lambda package=package: _version(package)
    for name, folder in (
        (tr("stickers"), paths.library),
        (tr("your models"), paths.models),
        (tr("your LoRAs"), paths.loras),
        (tr("settings"), paths.state),
        (tr("cache"), paths.cache),
    ):
        yield name, lambda folder=folder: _folder(folder)
    yield tr("device"), _device
    catalogue, shelf = Catalogue(paths), LoraShelf(paths)
    for card in catalogue.installed():
        yield tr("model {name}", name=card.name), lambda card=card: _model(card)
    for problem in catalogue.problems:
        yield tr("models"), lambda problem=problem: _raise(problem.to_error())
    for info in shelf.all():
        yield tr("LoRA {name}", name=info.name), lambda info=info: str(info.path)
    for damaged in shelf.damaged():
        yield tr("LoRAs"), lambda damaged=damaged: _raise(damaged)
    yield tr("test sticker"), lambda: _sticker(catalogue, wish, context)


def _looked(name: str, look: Look) -> Check:
    try:
        return Check(name, look())
    except Cancelled:
        raise
    except Exception as error:  # noqa: BLE001 — the doctor finds out what is wrong, whatever it is
        return Check(name, "", report(error))


def _show(check: Check, context: Context) -> None:
    problem = check.problem
    mark = tr("ok") if problem is None else tr("PROBLEM")
    text = check.text if problem is None else str(problem.to_error())
    context.output.line(f"{mark:8} {check.name}: {text}")


def _described(check: Check) -> dict[str, object]:
    problem = check.problem
    return {
        "name": check.name,
        "ok": problem is None,
        "text": check.text if problem is None else str(problem.to_error()),
        "kind": problem.kind if problem else None,
    }


def _raise(error: StudioError) -> str:
    raise error


# --- what is looked at ---


def _program() -> str:
    return (
        f"Sticker Studio {__version__}, Python {platform.python_version()}, {platform.platform()}"
    )


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError as error:
        raise NotFoundError(
            tr("{package} is not installed.", package=package),
            tr("Sticker Studio cannot run without it."),
            tr("Set the program up again: “make setup”, or “pip install .”."),
        ) from error


def _folder(folder: Path) -> str:
    free = _free_after_writing(folder)
    if free < _LITTLE_DISK:
        raise DiskError(
            tr("The disk of {path} is nearly full.", path=folder),
            tr("{free} MB are free.", free=free // 1_000_000),
            tr("Free some space, or choose another folder with --library."),
        )
    return tr("{path}, {free} GB free", path=folder, free=f"{free / 1e9:.1f}")


def _free_after_writing(folder: Path) -> int:
    """Bytes free where `folder` is or would be, once writing there has been tried."""
    there = next(each for each in (folder, *folder.parents) if each.exists())
    with disk_errors(folder):
        if there == folder:
            probe = folder / ".doctor"
            write_bytes_atomic(probe, b"stickerstudio doctor")
            probe.unlink()
        return shutil.disk_usage(there).free


def _device() -> str:
    from stickerstudio.engine.device import choose, probe

    machine = probe()
    device = choose("auto", machine)
    free = tr("{gb} GB of memory free", gb=f"{machine.free_bytes / 1e9:.1f}")
    if machine.gpu is not None:
        free += ", " + tr("{gb} GB on the graphics card", gb=f"{machine.gpu.free_bytes / 1e9:.1f}")
    return f"{device.name} ({device.type}, {device.dtype}), {free}. {device.reason}"


def _model(card: ModelCard) -> str:
    identify(card.installed_at())  # looks into every file of it, down to its length
    return str(card.location)


def _sticker(catalogue: Catalogue, wish: str | None, context: Context) -> str:
    """Make one sticker, in a library that is thrown away."""
    installed = catalogue.installed()
    if wish is None and not installed:
        raise NotFoundError(
            tr("No model is installed."),
            tr("Not even the one that comes with the program."),
            tr("Set the program up again, or add a model: “stickerstudio models add PATH”."),
        )
    card = catalogue.find(wish) if wish else _smallest(installed)
    card.installed_at()
    from stickerstudio.engine.studio import Studio

    failed: list[ErrorReport] = []
    stopped: list[Event] = []

    def hear(event: Event) -> None:
        if isinstance(event, JobFailed):
            failed.append(event.error)
        elif isinstance(event, JobCancelled):
            stopped.append(event)

    recipe = Recipe(
        prompt=card.examples[0] if card.examples else tr("a cat"),
        num_inference_steps=card.default_steps,
        guidance_scale=card.guidance_scale,
        width=card.size[0],
        height=card.size[1],
        model=card.name,
    )
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        temporary = replace(context.paths, library=Path(folder))
        with Library(temporary.library) as library:
            studio = Studio(temporary, library=library)
            try:
                studio.start()
                with context.interrupt.polled():
                    studio.run(Order(1, recipe), hear, context.interrupt.is_pressed)
                made = library.search()
            finally:
                studio.close()
    if stopped:
        raise Cancelled
    if failed:
        raise failed[0].to_error()
    if not made:
        raise FaultError(tr("No sticker came out."), "", "")
    seconds = f"{made[0].seconds:.1f}"
    return tr("{model} made one in {seconds} s.", model=card.name, seconds=seconds)


def _smallest(cards: list[ModelCard]) -> ModelCard:
    """The one that is quickest to try; the bundled starter where it is there."""
    return min(cards, key=lambda c: (not c.bundled, c.size[0] * c.size[1]))
