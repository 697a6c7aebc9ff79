"""Session: the observable state of the studio and every verb of the user.

Lives on the UI thread and never blocks it: pictures are made by the lane, disk and network are
awaited in the background. Verbs return at once; what comes of them arrives as a signal, failures
as `notice`. All signals are emitted on the UI thread.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypedDict, Unpack

from PySide6.QtCore import QObject, Signal

from stickerstudio.core.messages import DeviceChoice, Generator
from stickerstudio.core.paths import Paths
from stickerstudio.core.sticker import Sticker
from stickerstudio.session.background import Background
from stickerstudio.session.state import (
    BlendEntry,
    DownloadView,
    Draft,
    EngineView,
    JobView,
    Notice,
    checked,
    merged_blend,
    random_seed,
    read_draft,
)

if TYPE_CHECKING:
    from stickerstudio.chat.transcript import Transcript
    from stickerstudio.core.library import Library
    from stickerstudio.core.settings import Settings
    from stickerstudio.models.cards import ModelCard
    from stickerstudio.models.loras import LoraInfo

CreateGenerator = Callable[[Paths, DeviceChoice], Generator]  # picklable: a module's function
ImageFormat = Literal["png", "webp"]


class DraftChanges(TypedDict, total=False):
    """What `Session.edit` can change; see Draft for each."""

    prompt: str
    seed: int
    seed_locked: bool
    count: int
    steps: int
    model: str
    live: bool
    cutout: bool
    size: tuple[int, int] | None


class Session(QObject):
    """The studio without its window.

    Args:
        paths: where everything is.
        create: makes the Generator, in a child process: `engine.studio.create`.
        loop: qasync's loop over this QApplication; tests: QEventLoop(app, already_running=True).
        parent: of the QObject.

    Raises:
        DiskError: the library's folder cannot be used.

    Attributes (read only, replaced as a whole when they change):
        draft, jobs, engine, models, loras, library, chat, settings, downloads, friend_typing.
    """

    draft_changed = Signal()  # draft
    preview_ready = Signal(object)  # core.messages.PreviewReady
    preview_cleared = Signal()  # the preview no longer belongs to the draft: nothing to show
    sticker_ready = Signal(object)  # Sticker, already on disk: put it at the gallery's top
    jobs_changed = Signal()  # jobs
    progress = Signal(object)  # core.messages.Progress of the running order or preview
    engine_changed = Signal()  # engine
    models_changed = Signal()  # models
    loras_changed = Signal()  # loras, and draft.blend with it
    library_changed = Signal()  # changed otherwise than by sticker_ready: ask the library again
    chat_changed = Signal()  # chat, friend_typing
    settings_changed = Signal()  # settings
    download_changed = Signal(object)  # DownloadView; done == total at its end
    saved = Signal(object)  # list[Path] written by save_one or save_many
    notice = Signal(object)  # Notice
    closed = Signal()  # after close(): no thread or process of ours is left

    draft: Draft
    jobs: list[JobView]
    engine: EngineView
    models: list[ModelCard]
    loras: list[LoraInfo]
    library: Library
    chat: Transcript
    settings: Settings
    downloads: dict[str, DownloadView]
    friend_typing: bool

    def __init__(
        self,
        paths: Paths,
        create: CreateGenerator,
        loop: asyncio.AbstractEventLoop,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        from stickerstudio.chat.transcript import Transcript
        from stickerstudio.core.library import Library
        from stickerstudio.core.settings import load
        from stickerstudio.models.catalogue import Catalogue
        from stickerstudio.models.loras import LoraShelf

        self.paths = paths
        self.settings = load(paths.state / "settings.json")
        self.library = Library(paths.library)
        self.chat = Transcript(paths.state / "chat.jsonl")
        self._catalogue = Catalogue(paths)
        self._shelf = LoraShelf(paths)
        self.models = self._catalogue.installed()
        self.loras = self._shelf.all()
        self.jobs = []
        self.engine = EngineView()
        self.downloads = {}
        self.friend_typing = False
        default = Draft(
            seed=random_seed(),
            model=self.settings.model,
            live=self.settings.live_preview,
            cutout=self.settings.cutout,
        )
        draft = read_draft(paths.state / "draft.json", default)
        self.draft = replace(draft, blend=merged_blend(draft.blend, self.loras))
        self._background = Background(loop, lambda error: self.notice.emit(Notice(error)))
        self._ids = itertools.count(1)
        self._create = create

    # --- the engine ---

    def start(self) -> None:
        """Start the engine process and warm the draft's model. Call it once the window is shown."""

    def restart_engine(self) -> None:
        """Start the engine again after it stopped for good."""

    # --- the draft ---

    def edit(self, **changes: Unpack[DraftChanges]) -> None:
        """Change the draft; numbers are brought into their range. Remakes the preview when live."""
        self._set_draft(replace(self.draft, **changes))

    def set_weight(self, name: str, weight: float) -> None:
        """Set the weight of LoRA `name`, −2 … 2. Remakes the preview when live."""
        self._set_blend(
            replace(entry, weight=weight) if entry.name == name else entry
            for entry in self.draft.blend
        )

    def set_enabled(self, name: str, on: bool) -> None:
        """Let LoRA `name` take part in the blend, or not."""
        self._set_blend(
            replace(entry, enabled=on) if entry.name == name else entry
            for entry in self.draft.blend
        )

    def only(self, name: str) -> None:
        """Let LoRA `name` take part, and no other."""
        self._set_blend(replace(entry, enabled=entry.name == name) for entry in self.draft.blend)

    def reset_blend(self) -> None:
        """Every LoRA back to its default weight and switched off."""
        self._set_blend(merged_blend((), self.loras))

    def default_weight(self, name: str) -> float:
        """The weight LoRA `name` starts with and returns to."""
        defaults = {entry.name: entry.weight for entry in merged_blend((), self.loras)}
        return defaults.get(name, 1.0)

    def roll_seed(self) -> None:
        """Another random seed."""
        self.edit(seed=random_seed())

    def use_settings(self, sticker: Sticker) -> None:
        """Bring the prompt, seed, blend, steps, model and size of `sticker` back into the draft."""
        recipe = sticker.recipe
        weights = {lora.name: lora.weight for lora in recipe.loras}
        blend = tuple(
            BlendEntry(entry.name, weights.get(entry.name, entry.weight), entry.name in weights)
            for entry in self.draft.blend
        )
        self._set_draft(
            replace(
                self.draft,
                prompt=recipe.prompt,
                seed=recipe.seed,
                seed_locked=True,
                steps=recipe.num_inference_steps,
                model=recipe.model,
                size=(recipe.width, recipe.height),
                cutout=recipe.cutout,
                blend=blend,
            )
        )

    # --- making ---

    def make(self) -> int | None:
        """Order draft.count stickers; the job's id, or None where the draft cannot be made.

        An unlocked seed is rolled afterwards, so that the next order differs.
        """

    def stop(self) -> None:
        """Cancel what is being made now; orders that wait go on. Twice: do not wait for the engine."""

    def cancel_job(self, job_id: int) -> None:
        """Cancel one order, running or waiting. What it has made is kept."""

    def clear_queue(self) -> None:
        """Drop every order that waits; the running one goes on."""

    def retry_lost(self) -> None:
        """Make again what was lost when the engine crashed: the stickers not yet made."""

    # --- models and LoRAs ---

    def model_card(self, name: str) -> ModelCard | None:
        """The card of model `name`, installed or not; None where there is none."""
        return next((card for card in self._catalogue.all() if card.name == name), None)

    def add_model(self, path: Path) -> None:
        """Add a model folder or .safetensors file to the catalogue; → models_changed."""

    def remove_model(self, name: str) -> None:
        """Take model `name` out of the catalogue; → models_changed."""

    def download_model(self, name: str, accept_licence: bool) -> None:
        """Fetch model `name` from the hub; → download_changed, at the end models_changed."""

    def cancel_download(self, name: str) -> None:
        """Stop fetching model `name`; what has arrived is kept for a later try."""

    def add_lora(self, path: Path) -> None:
        """Check the file at `path` and put a copy on the shelf, enabled; → loras_changed."""

    def remove_lora(self, name: str) -> None:
        """Take LoRA `name` off the shelf; → loras_changed."""

    # --- the library ---

    def set_favourite(self, sticker_ids: Sequence[str], on: bool) -> None:
        """Mark stickers as favourites, or not; → library_changed."""

    def delete(self, sticker_ids: Sequence[str]) -> None:
        """Move stickers to the trash; → library_changed and a notice that offers undo_delete."""

    def undo_delete(self) -> None:
        """Bring back what the last `delete` moved to the trash; → library_changed."""

    def save_one(self, sticker_id: str, path: Path, format: ImageFormat) -> None:
        """Save a copy as the file `path`, or beside it under a free name; → saved."""

    def save_many(self, sticker_ids: Sequence[str], folder: Path, format: ImageFormat) -> None:
        """Save copies into `folder`, named after their prompts; → saved."""

    # --- the chat ---

    def send_text(self, text: str) -> None:
        """Say `text`; the friend answers in a while. → chat_changed"""

    def send_sticker(self, sticker_id: str) -> None:
        """Send a sticker of the library. → chat_changed"""

    def send_image(self, path: Path) -> None:
        """Send a picture from elsewhere; anything else gives a notice. → chat_changed"""

    # --- the rest ---

    def change_settings(self, **changes: object) -> None:
        """Change fields of Settings and save them; → settings_changed. A device restarts the engine."""

    def perform(self, action: str) -> None:
        """Do what a Notice's button says: "undo_delete", "retry_lost" or "restart_engine"."""

    def close(self) -> None:
        """Cancel everything, save the draft, end the engine: → closed, within 5 s. Does not block."""

    def wait_closed(self, seconds: float = 5.0) -> bool:
        """Block until everything has ended: for when the event loop is no more. Whether it has."""
        return True

    def _set_blend(self, entries: Iterable[BlendEntry]) -> None:
        self._set_draft(replace(self.draft, blend=tuple(entries)))

    def _set_draft(self, draft: Draft) -> None:
        draft = checked(draft)
        if draft != self.draft:
            self.draft = draft
            self.draft_changed.emit()
