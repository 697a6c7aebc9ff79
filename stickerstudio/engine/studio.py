"""Studio: runs jobs on the one model in memory, and writes stickers before it shows them."""

from __future__ import annotations

import gc
import os
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from stickerstudio.core.errors import Cancelled
from stickerstudio.core.library import Library
from stickerstudio.core.messages import (
    DeviceChoice,
    Emit,
    EngineReady,
    Generator,
    IsCancelled,
    Job,
    ModelLoaded,
    ModelLoading,
    Order,
    PreviewReady,
    PreviewRequest,
    Progress,
    Sketch,
    StickerReady,
    Warm,
)
from stickerstudio.core.paths import Paths
from stickerstudio.core.recipe import Recipe
from stickerstudio.engine.device import Device, choose, probe
from stickerstudio.engine.ending import tell_ending
from stickerstudio.engine.finishing import Finished, finish
from stickerstudio.engine.pace import Pace
from stickerstudio.engine.start_pictures import StartPictures
from stickerstudio.models.cards import ModelCard
from stickerstudio.models.catalogue import Catalogue
from stickerstudio.models.loras import LoraShelf

if TYPE_CHECKING:  # torch comes with it, which takes seconds
    from stickerstudio.engine.resident import ResidentModel


class Studio:
    """The engine's Generator (core.messages). One model is in memory at a time.

    Stickers of an order are painted one by one, not as a batch: each is shown when it is done, a
    cancel loses one at most, and the same recipe gives the same bytes whatever it was ordered with.

    Args:
        library: where stickers go; by default the one at `paths.library`, opened when needed.
    """

    def __init__(
        self, paths: Paths, device: DeviceChoice = "auto", *, library: Library | None = None
    ) -> None:
        self._paths = paths
        self._choice: DeviceChoice = device
        self._library = library
        self._owns_library = library is None
        self._catalogue = Catalogue(paths)
        self._shelf = LoraShelf(paths)
        self._pace = Pace()
        self._starts = StartPictures(paths.library if library is None else library.folder)
        self._device: Device | None = None
        self._resident: ResidentModel | None = None
        self._resident_key: object = None

    def start(self) -> EngineReady:
        """Import torch and the model's code, and choose the device.

        Raises:
            BadInputError: the device asked for is not there.
        """
        began = time.perf_counter()
        _stay_offline_and_quiet()
        self._device = choose(self._choice, probe())
        import stickerstudio.engine.resident  # noqa: F401 — the imports are what takes the time

        device = self._device
        seconds = time.perf_counter() - began
        return EngineReady(device.type, device.name, device.dtype, device.reason, seconds)

    def run(self, job: Job, emit: Emit, is_cancelled: IsCancelled) -> None:
        """Do `job`; see core.messages.Generator."""
        with tell_ending(job.job_id, emit):
            if is_cancelled():
                raise Cancelled
            if isinstance(job, Warm):
                self._load(job.model, job.job_id, emit)
            elif isinstance(job, PreviewRequest | Sketch):
                self._preview(job, emit, is_cancelled)
            else:
                self._order(job, emit, is_cancelled)

    def close(self) -> None:
        """Give back the memory. The studio may be used again."""
        self._unload()
        if self._library is not None and self._owns_library:
            self._library.close()
            self._library = None

    def _order(self, job: Order, emit: Emit, is_cancelled: IsCancelled) -> None:
        for index in range(job.count):
            began = time.perf_counter()
            recipe = job.recipe.for_index(index)
            place = _Place(job.job_id, index, job.count)
            model = self._load(recipe.model, job.job_id, emit)
            made = self._make(model, recipe, place, emit, is_cancelled, quick=False)
            if self._library is None:
                # To add to: reading what the index may lack is the window's business.
                self._library = Library(self._paths.library, patience=0)
            seconds = time.perf_counter() - began
            sticker = self._library.add(
                made.image, recipe, seconds, painted=made.painted, design=made.design
            )
            emit(StickerReady(job.job_id, index, sticker))

    def _preview(self, job: PreviewRequest | Sketch, emit: Emit, is_cancelled: IsCancelled) -> None:
        began = time.perf_counter()
        model = self._load(job.recipe.model, job.job_id, emit)
        place = _Place(job.job_id, 0, 1)
        made = self._make(model, job.recipe, place, emit, is_cancelled, quick=True)
        rgba = made.image.convert("RGBA")
        emit(
            PreviewReady(
                job.job_id,
                rgba.width,
                rgba.height,
                rgba.tobytes(),
                job.recipe,
                time.perf_counter() - began,
                model.unknown_words(job.recipe),
                model.reading(job.recipe)[1],
            )
        )

    def _make(
        self,
        model: ResidentModel,
        recipe: Recipe,
        place: _Place,
        emit: Emit,
        is_cancelled: IsCancelled,
        *,
        quick: bool,
    ) -> Finished:
        """The finished picture: painted, enlarged, cut out."""
        kind = _kind(recipe, quick=quick)
        last = time.perf_counter()
        all_steps = 0
        more = place.count - place.index - 1

        def tell(step: int, finishes: float) -> None:
            seconds = self._pace.left(kind, all_steps * (1 + more) - step, finishes + more)
            emit(Progress(place.job_id, place.index, place.count, step, all_steps, seconds))

        def on_step(step: int, steps: int) -> None:
            nonlocal last, all_steps
            now = time.perf_counter()
            self._pace.step_took(kind, now - last)
            last, all_steps = now, steps
            tell(step, 1)

        start = self._starts.fitted(recipe, model.card)
        image = model.paint(
            recipe, start=start, quick=quick, on_step=on_step, is_cancelled=is_cancelled
        )
        finished = finish(
            image,
            recipe,
            model.card.background,
            quick=quick,
            progress=lambda share: tell(all_steps, 1 - share),
            is_cancelled=is_cancelled,
        )
        self._pace.finish_took(kind, time.perf_counter() - last)
        return finished

    def _load(self, name: str, job_id: int, emit: Emit) -> ResidentModel:
        """The model `name` in memory, read from disk if it is not there or has changed."""
        resident = self._resident
        if resident is not None and self._resident_key == (name, _mark(resident.card)):
            return resident
        from stickerstudio.engine.resident import ResidentModel

        began = time.perf_counter()
        card = self._catalogue.find(name)
        mark = _mark(card)
        emit(ModelLoading(job_id, name))
        self._unload()
        if self._device is None:
            self.start()
        assert self._device is not None
        sdxl = self._paths.resources / "sdxl"
        resident = ResidentModel(card, self._device, probe(), self._shelf, sdxl)
        self._resident, self._resident_key = resident, (name, mark)
        emit(ModelLoaded(job_id, name, resident.plan.value, time.perf_counter() - began))
        return resident

    def _unload(self) -> None:
        self._resident = self._resident_key = None
        gc.collect()


def create(paths: Paths, device: DeviceChoice) -> Generator:
    """The engine for a child process: picklable by name, and torch comes with `start` only."""
    return Studio(paths, device)


@dataclass(frozen=True, slots=True)
class _Place:
    """Which sticker of which job."""

    job_id: int
    index: int
    count: int


def _kind(recipe: Recipe, *, quick: bool) -> object:
    """What sets the speed of painting and finishing it."""
    guided = recipe.guidance_scale > 1
    cutout = recipe.cutout_method if recipe.cutout else None
    return recipe.model, recipe.width, recipe.height, guided, cutout, recipe.upscale, quick


def _mark(card: ModelCard) -> object:
    """Changes when the model is replaced on disk, or goes away."""
    location = card.installed_at()
    file = location / "model_index.json" if location.is_dir() else location
    return file, file.stat().st_mtime_ns if file.exists() else None


def _stay_offline_and_quiet() -> None:
    """Nothing here may ask the network or write into the log; read when libraries are imported."""
    os.environ.update(
        HF_HUB_OFFLINE="1",
        HF_HUB_DISABLE_TELEMETRY="1",
        HF_HUB_DISABLE_PROGRESS_BARS="1",
        DIFFUSERS_VERBOSITY="error",
        TRANSFORMERS_VERBOSITY="error",
        TOKENIZERS_PARALLELISM="false",
    )
