"""`stickerstudio generate`: stickers from a sentence, into the library and, with -o, a folder."""

from __future__ import annotations

import argparse
import math
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

from stickerstudio.cli.arguments import as_typed, lora_weight, share, shelf_name, size, whole
from stickerstudio.cli.context import Context
from stickerstudio.core import starts
from stickerstudio.core.errors import (
    BadInputError,
    Cancelled,
    ErrorReport,
    StudioError,
    disk_errors,
)
from stickerstudio.core.i18n import tr
from stickerstudio.core.library import Library
from stickerstudio.core.messages import (
    Event,
    JobCancelled,
    JobFailed,
    ModelLoaded,
    ModelLoading,
    Order,
    Progress,
    StickerReady,
)
from stickerstudio.core.pictures import open_picture
from stickerstudio.core.recipe import MAX_SEED, MAX_STEPS, LoraWeight, Recipe
from stickerstudio.core.save import CopyFormat, save_copy, suggested_name
from stickerstudio.core.settings import enlargement
from stickerstudio.core.sticker import Sticker
from stickerstudio.models.cards import ModelCard
from stickerstudio.models.catalogue import Catalogue
from stickerstudio.models.loras import LoraShelf

MAX_COUNT = 10_000  # a command may run over night


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `generate`."""
    parser.add_argument("prompt", metavar="PROMPT", help=tr("what to draw"))
    parser.add_argument(
        "-n",
        dest="count",
        metavar="N",
        type=whole(1, MAX_COUNT),
        default=1,
        help=tr("how many; sticker i takes the seed S+i"),
    )
    parser.add_argument(
        "--seed",
        metavar="S",
        type=whole(0, MAX_SEED),
        default=None,
        help=tr("the same seed gives the same sticker; without one it is rolled"),
    )
    parser.add_argument(
        "--lora",
        dest="loras",
        metavar="NAME=WEIGHT",
        type=lora_weight,
        action="append",
        default=[],
        help=tr("mix in a LoRA; a .safetensors file is added to your LoRAs first; may be repeated"),
    )
    parser.add_argument("--model", metavar="NAME|PATH", default="starter", help=tr("the model"))
    parser.add_argument(
        "--steps", metavar="N", type=whole(1, MAX_STEPS), help=tr("denoising steps")
    )
    parser.add_argument(
        "--start", metavar="FILE", type=Path, help=tr("a picture to paint over, not pure noise")
    )
    parser.add_argument(
        "--strength",
        metavar="0…1",
        type=share,
        default=0.6,
        help=tr("how much of that picture is painted anew (0.6)"),
    )
    parser.add_argument(
        "--variation-seed",
        metavar="S",
        type=whole(0, MAX_SEED),
        default=0,
        help=tr("where the variations of sticker --seed begin; sticker i takes S+i"),
    )
    parser.add_argument(
        "--variation-strength",
        metavar="0…1",
        type=share,
        default=0.0,
        help=tr("how far each lies from sticker --seed (0)"),
    )
    parser.add_argument("--size", metavar="WxH", type=size, help=tr("pixels the model paints"))
    parser.add_argument(
        "--device", choices=("auto", "cpu", "cuda", "mps"), default="auto", help=tr("where to run")
    )
    parser.add_argument(
        "--format",
        choices=("png", "webp"),
        help=tr("of the copies; without -o they go into the current folder"),
    )
    parser.add_argument(
        "--no-cutout", dest="cutout", action="store_false", help=tr("keep the background")
    )
    parser.add_argument(
        "--no-upscale",
        dest="upscale",
        action="store_false",
        help=tr("keep the size that the model paints"),
    )
    parser.add_argument(
        "-o", dest="folder", metavar="DIR", type=Path, help=tr("put copies into this folder")
    )
    parser.set_defaults(command=run)


def run(arguments: argparse.Namespace, context: Context) -> int:
    """Make the stickers; see the module's name for the rest.

    Raises:
        StudioError: it could not be done, or not all of it.
        Cancelled: the user stopped it; what was finished is kept.
    """
    catalogue, shelf = Catalogue(context.paths), LoraShelf(context.paths)
    recipe = recipe_from(
        arguments, catalogue.find(arguments.model), shelf, context.settings.upscale
    )
    if arguments.start is not None:
        start = starts.keep(context.paths.library, open_picture(arguments.start.expanduser()))
        recipe = replace(recipe, start=start)
    copies = _Copies(arguments.folder, arguments.format)
    context.partial.update(stickers=[], device=None, load_seconds=None)
    from stickerstudio.engine.studio import Studio  # imports torch: only now

    with Library(context.paths.library) as library:  # opened first: its troubles are told at once
        studio = Studio(context.paths, arguments.device, library=library)
        try:
            started = studio.start()
            context.partial["device"] = started.device
            making = _Making(context, copies, started.seconds)
            with context.interrupt.polled():
                studio.run(Order(1, recipe, arguments.count), making.hear, making.is_cancelled)
        finally:
            studio.close()
    making.finish()
    context.output.result(context.partial)
    return 0


def recipe_from(
    arguments: argparse.Namespace, card: ModelCard, shelf: LoraShelf, upscale: int
) -> Recipe:
    """The first sticker's recipe, enlarged as Settings.upscale says unless that is not wanted.

    Raises:
        NotFoundError: the model is not installed, or a LoRA is not there.
        BadInputError: the model cannot do so many steps, or the prompt cannot be used.
    """
    card.installed_at()
    steps = arguments.steps or card.steps_from(started=arguments.start is not None)
    if not card.min_steps <= steps <= card.max_steps:
        raise BadInputError(
            tr("{title} cannot paint in {n} steps.", title=card.local_title, n=steps),
            tr("It was made for {low} to {high}.", low=card.min_steps, high=card.max_steps),
            tr("Choose a number in that range, or leave --steps away."),
        )
    width, height = arguments.size or card.size
    seed = arguments.seed
    return Recipe(
        prompt=as_typed(arguments.prompt).strip(),
        seed=time.time_ns() % (MAX_SEED + 1) if seed is None else seed,
        num_inference_steps=steps,
        guidance_scale=card.guidance_scale,
        width=width,
        height=height,
        model=card.name,
        loras=tuple(
            LoraWeight(shelf_name(shelf, name), weight) for name, weight in arguments.loras
        ),
        cutout=arguments.cutout,
        upscale=enlargement(upscale, width, height) if arguments.upscale else 1,
        strength=arguments.strength,
        variation_seed=arguments.variation_seed,
        variation_strength=arguments.variation_strength,
    )


class _Copies:
    """Writes copies into the folder that was asked for, if any was."""

    def __init__(self, folder: Path | None, format: CopyFormat | None) -> None:
        self._format: CopyFormat = format or "png"
        self._folder = folder or (Path() if format else None)
        if self._folder is not None:
            with disk_errors(self._folder):
                self._folder.mkdir(parents=True, exist_ok=True)
            self._folder = self._folder.absolute()

    def save(self, sticker: Sticker) -> Path:
        """Where the user finds the sticker."""
        if self._folder is None:
            return sticker.path
        return save_copy(sticker, self._folder / suggested_name(sticker), self._format)


class _Making:
    """Hears what the engine says: notes each sticker that is finished, tells how far it is."""

    def __init__(self, context: Context, copies: _Copies, load_seconds: float) -> None:
        self._context = context
        self._copies = copies
        self._load_seconds = load_seconds
        self._failed: ErrorReport | StudioError | None = None
        self._cancelled = False

    def is_cancelled(self) -> bool:
        """Stop for the user, and when the copies cannot be written."""
        return self._failed is not None or self._context.interrupt.is_pressed()

    def hear(self, event: Event) -> None:
        """Called by the engine. A copy that cannot be written must not look like its fault."""
        output, partial = self._context.output, self._context.partial
        match event:
            case ModelLoading():
                output.progress(tr("Loading {model}…", model=event.model))
            case ModelLoaded():
                partial["load_seconds"] = round(self._load_seconds + event.seconds, 3)
            case Progress():
                output.progress(
                    tr(
                        "Sticker {i} of {count}: step {step} of {steps}, {seconds} s left",
                        i=event.index + 1,
                        count=event.count,
                        step=event.step,
                        steps=event.steps,
                        seconds=math.ceil(event.seconds_left),
                    )
                )
            case StickerReady():
                try:
                    path = self._copies.save(event.sticker)
                except StudioError as error:
                    self._failed = error
                    return
                partial["stickers"].append(_described(event.sticker, path))
                output.progress(tr("Sticker {i} is ready.", i=event.index + 1), done=True)
                output.line(str(path))
            case JobFailed():
                self._failed = event.error
            case JobCancelled():
                self._cancelled = True
            case _:
                pass

    def finish(self) -> None:
        """Raise what went wrong."""
        if isinstance(self._failed, ErrorReport):
            raise self._failed.to_error()
        if self._failed is not None:
            raise self._failed
        if self._cancelled:
            raise Cancelled


def _described(sticker: Sticker, path: Path) -> dict[str, Any]:
    recipe = sticker.recipe
    return {
        "path": str(path),
        "prompt": recipe.prompt,
        "seed": recipe.seed,
        "loras": [{"name": lora.name, "weight": lora.weight} for lora in recipe.loras],
        "model": recipe.model,
        "steps": recipe.num_inference_steps,
        "guidance_scale": recipe.guidance_scale,
        "size": [sticker.width, sticker.height],
        "seconds": round(sticker.seconds, 3),
    }
