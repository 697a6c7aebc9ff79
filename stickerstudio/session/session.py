"""Session: the observable state of the studio and every verb of the user.

Lives on the UI thread and never blocks it: pictures are made by the lane, disk and network are
awaited in the background. Verbs return at once; what comes of them arrives as a signal, failures
as `notice`. All signals are emitted on the UI thread.
"""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Unpack

from PySide6.QtCore import QObject, QTimer, Signal

from stickerstudio.chat.transcript import Transcript
from stickerstudio.core import settings as settings_file
from stickerstudio.core import wildcards
from stickerstudio.core.errors import BadInputError, ErrorReport, StudioError, report
from stickerstudio.core.i18n import tr
from stickerstudio.core.library import Library
from stickerstudio.core.messages import DeviceChoice, Generator
from stickerstudio.core.paths import Paths
from stickerstudio.core.recipe import Recipe
from stickerstudio.core.save import CopyFormat
from stickerstudio.core.settings import Settings
from stickerstudio.core.sticker import Sticker
from stickerstudio.models.cards import ModelCard
from stickerstudio.models.loras import LoraInfo
from stickerstudio.session.background import Background
from stickerstudio.session.blending import Blending
from stickerstudio.session.collection import Collection
from stickerstudio.session.conversation import Conversation
from stickerstudio.session.drafting import DraftChanges, Drafting
from stickerstudio.session.labels import Labels
from stickerstudio.session.process import MakeGenerator
from stickerstudio.session.shelves import Shelves
from stickerstudio.session.sketches import Sketches
from stickerstudio.session.state import (
    BlendEntry,
    DownloadView,
    Draft,
    EngineView,
    JobView,
    Notice,
    merged_blend,
    random_seed,
    recipe_of,
)
from stickerstudio.session.variations import Variations
from stickerstudio.session.workbench import Workbench
from stickerstudio.session.workers import Workers
from stickerstudio.training.interrupted import last_interrupted

if TYPE_CHECKING:
    from stickerstudio.session.animating import Animating
    from stickerstudio.session.designing import Designing
    from stickerstudio.session.expressions import Expressions
    from stickerstudio.session.packing import Packing
    from stickerstudio.session.trainer import MakesTrainer
    from stickerstudio.session.training import Training

CreateGenerator = Callable[[Paths, DeviceChoice], Generator]  # picklable: a module's function

CLOSE_DEADLINE = 4_800  # milliseconds; then a disk or a network that hangs is left to itself


class Session(QObject):
    """The studio without its window.

    Args:
        paths: where everything is.
        create: makes the Generator, in a child process: `engine.studio.create`.
        loop: qasync's loop over this QApplication; tests: QEventLoop(app, already_running=True).
        parent: of the QObject.

    Raises:
        DiskError: the library's folder cannot be used.

    Attributes:
        settings: frozen, replaced as a whole by `change_settings`, as `draft` is by `edit`.
        labels: collections, tags, the trash and the disk's use.
        workers: processes for heavy work on pixels.
        variations: more like a sticker, and pictures to start from.
        sketches: more pictures than the one preview, made when there is time.
        blending: playing with the blend: undo, chance, mixes, blends kept by name.
        make_trainer: finds who trains; set by the composition root, which knows the engine.
    """

    draft_changed = Signal()  # draft
    preview_ready = Signal(object)  # core.messages.PreviewReady
    preview_cleared = Signal()  # there is nothing to preview: no words, or live is off
    sticker_ready = Signal(object)  # Sticker, already on disk: put it at the gallery's top
    jobs_changed = Signal()  # jobs
    progress = Signal(object)  # core.messages.Progress of the running order or preview
    engine_changed = Signal()  # engine
    models_changed = Signal()  # models
    loras_changed = Signal()  # loras, and draft.blend with them
    library_changed = Signal()  # changed otherwise than by sticker_ready: ask the library again
    chat_changed = Signal()  # chat, friend_typing
    settings_changed = Signal()  # settings
    download_changed = Signal(object)  # DownloadView; it has left `downloads` at its end
    saved = Signal(object)  # list[Path] written by save_one or save_many
    notice = Signal(object)  # Notice
    training_wanted = Signal()  # by a notice's button: show the training that can go on
    closed = Signal()  # after close(): no thread or process of ours is left

    def __init__(
        self,
        paths: Paths,
        create: CreateGenerator,
        loop: asyncio.AbstractEventLoop,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self.paths = paths
        self._create = create
        self._settings_path = paths.state / "settings.json"
        self.settings: Settings = settings_file.load(self._settings_path)
        self._background = Background(loop, self._report)
        self.workers = Workers(paths.locales, self)
        self._collection = Collection(
            paths.library,
            self._background,
            self.workers,
            self,
            is_making=lambda: bool(self.jobs),
        )
        self.labels = Labels(self._collection, self._background, self.workers, paths.cache)
        self._shelves = Shelves(paths, self._background, self)
        self._conversation = Conversation(paths.state / "chat.jsonl", self._background, self)
        self._workbench = Workbench(self._maker(), paths.state / "engine.log", paths.locales, self)
        self.sketches = Sketches(self._workbench, self)
        self.variations = Variations(self, self._background)
        self._drafting = Drafting(self, self._workbench, self._background)
        self.blending = Blending(self, self._background)
        self.make_trainer: Callable[[], MakesTrainer] | None = None
        self._in_turn = asyncio.Lock()
        self._started = self._closing = self._closed = False
        self._connect()
        self._shelves.read_loras()

    def _connect(self) -> None:
        collection, shelves, workbench = self._collection, self._shelves, self._workbench
        self._drafting.changed.connect(self.draft_changed)
        self._drafting.preview_cleared.connect(self.preview_cleared)
        collection.changed.connect(self.library_changed)
        collection.saved.connect(self.saved)
        shelves.models_changed.connect(self.models_changed)
        shelves.loras_changed.connect(self._drafting.follow_shelf)
        shelves.download_changed.connect(self.download_changed)
        self._conversation.changed.connect(self.chat_changed)
        workbench.preview_ready.connect(self.preview_ready)
        workbench.sticker_ready.connect(self._on_sticker)
        workbench.jobs_changed.connect(self.jobs_changed)
        workbench.progress.connect(self.progress)
        workbench.engine_changed.connect(self.engine_changed)
        workbench.ready.connect(self._drafting.remake)
        workbench.broken_off.connect(collection.catch_up)
        self.blending.notice.connect(self.notice)
        workbench.closed.connect(lambda: self._background.start(self._finish()))
        for part in (collection, self.labels, shelves, workbench):
            part.notice.connect(self.notice)

    # --- tools: made when first asked for, since their imports would delay the window ---

    @functools.cached_property
    def designing(self) -> Designing:
        """The sticker that is open in the editor."""
        from stickerstudio.session.designing import Designing

        made = Designing(self._collection, self._background, self.workers, self._on_sticker)
        made.notice.connect(self.notice)
        return made

    @functools.cached_property
    def animating(self) -> Animating:
        """The sticker that is open in the animation window."""
        from stickerstudio.session.animating import Animating

        return Animating(self, self._background)

    @functools.cached_property
    def expressions(self) -> Expressions:
        """A board of one character."""
        from stickerstudio.session.expressions import Expressions

        return Expressions(self, self._background)

    @functools.cached_property
    def packing(self) -> Packing:
        """The pack that is open in the pack window."""
        from stickerstudio.session.packing import Packing

        return Packing(self.library, self._background, self.workers, self)

    @functools.cached_property
    def training(self) -> Training:
        """A style of one's own from a folder of drawings."""
        from stickerstudio.session.training import Training

        create = self.make_trainer() if self.make_trainer else None
        made = Training(self, self._background, create)
        made.notice.connect(self.notice)
        return made

    def _is_made(self, tool: str) -> bool:
        return tool in self.__dict__

    # --- what there is to see ---

    @property
    def draft(self) -> Draft:
        """What will be made next."""
        return self._drafting.draft

    @property
    def jobs(self) -> list[JobView]:
        """The orders under way, in the order they came. Previews are not among them."""
        return self._workbench.jobs

    @property
    def engine(self) -> EngineView:
        """The engine, for the status line."""
        return self._workbench.engine

    @property
    def previewing(self) -> bool:
        """Whether a preview is being made or about to be."""
        return self._workbench.previewing

    @property
    def models(self) -> list[ModelCard]:
        """Every model of the catalogue; those with a `location` can be used."""
        return self._shelves.models

    @property
    def loras(self) -> list[LoraInfo]:
        """The LoRAs on the shelf; read in the background, the first loras_changed brings them."""
        return self._shelves.loras

    @property
    def downloads(self) -> dict[str, DownloadView]:
        """Models on their way, by name."""
        return self._shelves.downloads

    @property
    def library(self) -> Library:
        """The stickers, to read from; to change them there are verbs here."""
        return self._collection.library

    @property
    def chat(self) -> Transcript:
        """What was said."""
        return self._conversation.transcript

    @property
    def friend_typing(self) -> bool:
        """Whether the friend is about to answer."""
        return self._conversation.friend_typing

    def model_card(self, name: str) -> ModelCard | None:
        """The card of model `name`, installed or not; None where there is none."""
        return self._shelves.card(name)

    def default_weight(self, name: str) -> float:
        """The weight LoRA `name` starts with and returns to."""
        defaults = {entry.name: entry.weight for entry in merged_blend((), self.loras)}
        return defaults.get(name, 1.0)

    # --- the engine ---

    def start(self) -> None:
        """Start the engine and warm the draft's model. Call it once the window is shown."""
        if not self._started:
            self._started = True
            self._drafting.start()
            self._workbench.start()
            self._collection.start()
            self._shelves.report_problems()
            self._conversation.greet()
            if self.make_trainer is not None:
                self._background.start(self._offer_training())

    def restart_engine(self) -> None:
        """Start the engine anew, once the running order is done."""
        self._workbench.restart(self._maker())

    # --- the draft ---

    def edit(self, **changes: Unpack[DraftChanges]) -> None:
        """Change the draft; numbers are brought into their range. Remakes the preview when live."""
        self._drafting.edit(**changes)

    def set_weight(self, name: str, weight: float) -> None:
        """Set the weight of LoRA `name`, −2 … 2. Remakes the preview when live."""
        self._drafting.set_entry(name, weight=weight)

    def set_enabled(self, name: str, on: bool) -> None:
        """Let LoRA `name` take part in the blend, or not."""
        self._drafting.set_entry(name, enabled=on)

    def only(self, name: str) -> None:
        """Let LoRA `name` take part, and no other."""
        self.set_blend(replace(entry, enabled=entry.name == name) for entry in self.draft.blend)

    def set_blend(self, entries: Iterable[BlendEntry]) -> None:
        """Replace the whole blend at once. Remakes the preview when live."""
        self._drafting.set_blend(entries)

    def reset_blend(self) -> None:
        """Every LoRA back to its default weight and switched off."""
        self.set_blend(merged_blend((), self.loras))

    def roll_seed(self) -> None:
        """Another random seed."""
        self.edit(seed=random_seed())

    def use_settings(self, sticker: Sticker) -> None:
        """Bring the prompt, seed, blend, steps, model and size of `sticker` back into the draft.

        The seed is locked, so that the next make gives the same sticker. What is no longer here
        is named in a notice, and the rest taken over.
        """
        self._drafting.use(sticker.recipe)

    def hurry_preview(self) -> None:
        """A hand has let go: no older preview is waited for any more."""
        self._workbench.hurry_preview()

    def preview_recipe(self, draft: Draft | None = None) -> Recipe | None:
        """What `draft`, by default the present one, would be previewed as; for `sketches`.

        None where it cannot be made: without words, or without its model.
        """
        return self._drafting.preview_recipe(draft)

    # --- making ---

    def make(self) -> int | None:
        """Order draft.count stickers; the job's id, or None where the draft cannot be made.

        A prompt with choices (core.wildcards) becomes one order for each prompt that is picked.
        An unlocked seed is rolled afterwards, so that the next order differs.
        """
        try:
            if not self.draft.prompt.strip():
                raise BadInputError(
                    tr("There is nothing to make yet."),
                    tr("The prompt is empty."),
                    tr("Type what the sticker should show, such as “happy otter”."),
                )
            card = self._shelves.installed_card(self.draft.model)
            recipe = recipe_of(self.draft, card, self.settings.upscale)
        except StudioError as error:
            self._report(report(error))
            return None
        self.start()
        draft = self.draft
        prompts = wildcards.sampled(draft.prompt.strip(), draft.seed, draft.count)
        if len(set(prompts)) == 1:
            job_id = self._workbench.order(recipe, draft.count)
        else:
            made = (recipe.for_index(index) for index in range(draft.count))
            recipes = [replace(each, prompt=p) for each, p in zip(made, prompts, strict=True)]
            job_id, *_ = [self.order(each) for each in recipes]
        if not self.draft.seed_locked:
            self.roll_seed()
        return job_id

    def order(self, recipe: Recipe, count: int = 1) -> int:
        """Order `count` stickers of a recipe that is not the draft's; the job's id."""
        self.start()
        return self._workbench.order(recipe, count)

    def stop(self) -> None:
        """Cancel what is being made now; orders that wait go on.

        A second time, for the same job: do not wait for the engine, which is started anew.
        """
        self._workbench.stop()

    def cancel_job(self, job_id: int) -> None:
        """Cancel one order, running or waiting. What it has made is kept."""
        self._workbench.cancel(job_id)

    def clear_queue(self) -> None:
        """Drop every order that waits; the running one goes on."""
        self._workbench.clear_queue()

    def retry_lost(self) -> None:
        """Make what was left unmade when the engine crashed."""
        self._workbench.retry_lost()

    # --- models and LoRAs ---

    def add_model(self, path: Path) -> None:
        """Add a model folder or .safetensors file to the catalogue; → models_changed."""
        self._shelves.add_model(path)

    def remove_model(self, name: str) -> None:
        """Take model `name` out of the catalogue; → models_changed."""
        self._shelves.remove_model(name)

    def download_model(self, name: str, accept_licence: bool) -> None:
        """Fetch model `name` from the hub; → download_changed, at the end models_changed."""
        endpoint = self.settings.hub_endpoint
        self._shelves.download(name, accept_licence=accept_licence, endpoint=endpoint)

    def cancel_download(self, name: str) -> None:
        """Stop fetching model `name`; what has arrived is kept for a later try."""
        self._shelves.cancel_download(name)

    def add_lora(self, path: Path) -> None:
        """Check the file at `path` and put a copy on the shelf, switched on; → loras_changed."""
        self._shelves.add_lora(path)

    def remove_lora(self, name: str) -> None:
        """Take LoRA `name` off the shelf; → loras_changed."""
        self._shelves.remove_lora(name)

    # --- the library ---

    def set_favourite(self, sticker_ids: Sequence[str], on: bool) -> None:
        """Mark stickers as favourites, or not; → library_changed."""
        self._collection.set_favourite(sticker_ids, on)

    def delete(self, sticker_ids: Sequence[str]) -> None:
        """Move stickers to the trash; → library_changed and a notice that offers undo_delete."""
        self._collection.delete(sticker_ids)

    def undo_delete(self) -> None:
        """Bring back what the last `delete` moved to the trash; → library_changed."""
        self._collection.undo_delete()

    def save_one(self, sticker_id: str, path: Path, format: CopyFormat) -> None:
        """Save a copy as the file `path`, or beside it under a free name; → saved."""
        self._collection.save([sticker_id], path, format)

    def save_many(self, sticker_ids: Sequence[str], folder: Path, format: CopyFormat) -> None:
        """Save copies into `folder`, named after their prompts; → saved."""
        self._collection.save(sticker_ids, folder, format)

    # --- the chat ---

    def send_text(self, text: str) -> None:
        """Say `text`, unless it is blank; the friend answers in a while. → chat_changed"""
        self._conversation.send_text(text)

    def send_sticker(self, sticker_id: str) -> None:
        """Send a sticker of the library. → chat_changed"""
        self._conversation.send_sticker(functools.partial(self.library.get, sticker_id))

    def send_image(self, picture: Path | bytes, name: str = "") -> None:
        """Send a picture from elsewhere; anything else gives a notice. → chat_changed"""
        self._conversation.send_image(picture, name)

    # --- the rest ---

    def change_settings(self, **changes: object) -> None:
        """Change fields of Settings and save them; → settings_changed.

        Another device restarts the engine; `live_preview` and `cutout` change the draft as well.
        """
        before = self.settings
        self.settings = replace(before, **changes)  # pyright: ignore[reportArgumentType]
        if self.settings == before:
            return
        self._background.start(self._save_settings(self.settings))
        self.settings_changed.emit()
        if self.settings.device != before.device:
            self.restart_engine()
        if self.settings.language != before.language:
            self._workbench.speak()
        drafted: DraftChanges = {}
        if self.settings.live_preview != before.live_preview:
            drafted["live"] = self.settings.live_preview
        if self.settings.cutout != before.cutout:
            drafted["cutout"] = self.settings.cutout
        self.edit(**drafted)

    def perform(self, action: str) -> None:
        """Do what a Notice's button says.

        That is "undo_delete", "retry_lost", "restart_engine" or "show_training".
        """
        {
            "undo_delete": self.undo_delete,
            "retry_lost": self.retry_lost,
            "restart_engine": self.restart_engine,
            "show_training": self.training_wanted.emit,
        }[action]()

    def close(self) -> None:
        """Cancel everything, save the draft, end the engine: → closed, within 5 s. Never blocks."""
        if not self._closing:
            self._closing = True
            self._conversation.close()
            self._shelves.close()
            self._collection.close()
            if self._is_made("packing"):
                self.packing.close()
            self.workers.close()
            if self._is_made("training"):
                self.training.close()
            self._drafting.close()
            self._workbench.close()
            QTimer.singleShot(CLOSE_DEADLINE, self, self._say_closed)

    @property
    def is_closed(self) -> bool:
        """Whether `closed` was emitted."""
        return self._closed

    def wait_closed(self, seconds: float = 5.0) -> bool:
        """After `close`, block until all has ended: for when the event loop is no more.

        Returns whether it has; it has not where a disk or a network share hangs.
        """
        ended = self._workbench.wait_closed(seconds) and self.workers.join(0.5)
        if self._is_made("training"):
            ended = self.training.wait_closed(seconds) and ended
        return self._background.join(0.5) and ended

    # --- within ---

    def _maker(self) -> MakeGenerator:
        return functools.partial(self._create, self.paths, self.settings.device)

    def _on_sticker(self, sticker: Sticker) -> None:
        self._collection.added()
        self.sticker_ready.emit(sticker)

    async def _offer_training(self) -> None:
        """Say which training was broken off; going on with it is for `training`, and heavy."""
        left = await self._background.call(last_interrupted, self.paths)
        if left is not None:
            text = tr(
                "The training “{name}” was interrupted at step {step} of {steps}. Go on?",
                name=left.name,
                step=left.step,
                steps=left.steps,
            )
            self.notice.emit(Notice(text=text, action="show_training", action_label=tr("Go on…")))

    async def _save_settings(self, settings: Settings) -> None:
        async with self._in_turn:
            await self._background.call(settings_file.save, self._settings_path, settings)

    async def _finish(self) -> None:
        """The engine is gone: let what is being written be finished."""
        await self._background.drain()
        await self._background.call(self.library.close)
        self._say_closed()

    def _say_closed(self) -> None:
        if not self._closed:
            self._closed = True
            self.closed.emit()

    def _report(self, error: ErrorReport) -> None:
        self.notice.emit(Notice(error))
