"""Drafting: what will be made next. The draft, its live preview, and its file."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypedDict, Unpack

from PySide6.QtCore import QObject, QTimer, Signal

from stickerstudio.core.atomic import write_text_atomic
from stickerstudio.core.errors import StudioError, disk_errors, report
from stickerstudio.core.i18n import tr
from stickerstudio.core.recipe import Recipe
from stickerstudio.core.settings import Settings
from stickerstudio.session.background import Background
from stickerstudio.session.state import (
    BlendEntry,
    Draft,
    Notice,
    blend_of,
    checked,
    draft_to_json,
    merged_blend,
    random_seed,
    read_draft,
    recipe_of,
)
from stickerstudio.session.workbench import Workbench

if TYPE_CHECKING:
    from stickerstudio.session.session import Session

SAVE_DELAY = 500  # milliseconds from a change of the draft until it is on disk


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
    start: str | None
    strength: float


class Drafting(QObject):
    """The part of Session that knows the draft; its verbs say there what they do.

    Attributes:
        draft: frozen, replaced as a whole.
    """

    changed = Signal()  # draft
    preview_cleared = Signal()

    def __init__(self, session: Session, workbench: Workbench, background: Background) -> None:
        super().__init__(session)
        self._session = session
        self._workbench = workbench
        self._background = background
        self._path = session.paths.state / "draft.json"
        self._awake = False  # between `start` and `close`: the engine can be asked for something
        self._in_turn = asyncio.Lock()
        self.draft = self._restored()
        self._save_timer = QTimer(self, singleShot=True, interval=SAVE_DELAY)
        self._save_timer.timeout.connect(lambda: background.start(self._save()))

    def start(self) -> None:
        """The engine is being started: previews can be asked for."""
        self._awake = True

    def close(self) -> None:
        """No more previews; save what is not saved yet."""
        self._awake = False
        if self._save_timer.isActive():
            self._save_timer.stop()
            self._background.start(self._save())

    # --- changing it ---

    def edit(self, **changes: Unpack[DraftChanges]) -> None:
        """See Session."""
        draft = replace(self.draft, **changes)
        if draft.seed != self.draft.seed:
            draft = replace(draft, variation_strength=0.0)
        if draft.model != self.draft.model:
            draft = replace(draft, size=changes.get("size"))
            card = self._session.model_card(draft.model)
            if card is not None and not card.min_steps <= draft.steps <= card.max_steps:
                started = draft.start is not None
                draft = replace(draft, steps=card.steps_from(started=started))
        self._set(draft)

    def set_blend(self, entries: Iterable[BlendEntry]) -> None:
        """See Session."""
        self._set(replace(self.draft, blend=tuple(entries)))

    def set_entry(self, name: str, **changes: Any) -> None:
        """Change fields of the BlendEntry called `name`."""
        self.set_blend(
            replace(entry, **changes) if entry.name == name else entry for entry in self.draft.blend
        )

    def use(self, recipe: Recipe) -> None:
        """See Session.use_settings."""
        card = self._session.model_card(recipe.model)
        own_size = card is not None and card.size == (recipe.width, recipe.height)
        draft = replace(
            self.draft,
            prompt=recipe.prompt,
            seed=recipe.seed,
            seed_locked=True,
            steps=recipe.num_inference_steps,
            size=None if own_size else (recipe.width, recipe.height),
            cutout=recipe.cutout,
            start=recipe.start,
            strength=recipe.strength,
            variation_seed=recipe.variation_seed,
            variation_strength=recipe.variation_strength,
            blend=blend_of(recipe.active_loras, self.draft.blend),
        )
        here = {entry.name for entry in self.draft.blend}
        missing = sorted({lora.name for lora in recipe.active_loras} - here)
        if card is None or card.location is None:
            missing.insert(0, recipe.model)
        else:
            draft = replace(draft, model=recipe.model)
        self._set(draft)
        if missing:
            self._session.notice.emit(
                Notice(
                    text=tr(
                        "This sticker was made with {names}, which is not here any more. "
                        "Everything else was taken over.",
                        names=", ".join(missing),
                    )
                )
            )

    def follow_shelf(self, added: str) -> None:
        """The shelf has changed: an entry for each LoRA there; the one just `added` takes part."""
        before = self.draft
        blend = (
            replace(entry, enabled=True) if entry.name == added else entry
            for entry in merged_blend(before.blend, self._session.loras)
        )
        self.draft = replace(before, blend=tuple(blend))
        self._session.loras_changed.emit()  # rows first, then what they show
        self._announce(before)

    # --- its preview ---

    def preview_recipe(self, draft: Draft | None = None) -> Recipe | None:
        """See Session."""
        draft = checked(draft or self.draft)
        card = self._session.model_card(draft.model)
        if not draft.prompt.strip() or card is None or card.location is None:
            return None
        try:
            return recipe_of(draft, card, upscale=1)
        except StudioError as error:
            self._session.notice.emit(Notice(report(error)))
            return None

    def remake(self) -> None:
        """The engine is there, or there again: its model and the preview."""
        self._warm()
        self._preview()

    def _preview(self) -> None:
        if not self.draft.live or not self.draft.prompt.strip():
            self._workbench.drop_preview()
            self.preview_cleared.emit()
        elif self._awake:
            recipe = self.preview_recipe()
            if recipe is not None:
                self._workbench.preview(recipe)

    def _warm(self) -> None:
        card = self._session.model_card(self.draft.model)
        if self._awake and card is not None and card.location is not None:
            self._workbench.warm(card.name)

    # --- within ---

    def _restored(self) -> Draft:
        settings = self._session.settings
        usual = self._session.model_card(settings.model)
        default = Draft(
            seed=random_seed(),
            model=settings.model,
            steps=Draft().steps if usual is None else usual.default_steps,
            live=settings.live_preview,
            cutout=settings.cutout,
        )
        draft = read_draft(self._path, default)
        usable = {card.name: card for card in self._session.models if card.location is not None}
        if usable and draft.model not in usable:
            card = usable.get(Settings().model) or next(iter(usable.values()))
            steps = card.steps_from(started=draft.start is not None)
            draft = replace(draft, model=card.name, steps=steps, size=None)
        return replace(draft, live=default.live, cutout=default.cutout)

    def _set(self, draft: Draft) -> None:
        before, self.draft = self.draft, checked(draft)
        self._announce(before)

    def _announce(self, before: Draft) -> None:
        draft = self.draft
        if draft == before:
            return
        self._save_timer.start()
        self.changed.emit()
        self._session.change_settings(
            live_preview=draft.live, cutout=draft.cutout, model=draft.model
        )
        if draft.model != before.model:
            self._warm()
        if replace(draft, count=before.count, seed_locked=before.seed_locked) != before:
            self._preview()

    async def _save(self) -> None:
        async with self._in_turn:
            await self._background.call(self._write, draft_to_json(self.draft))

    def _write(self, text: str) -> None:
        with disk_errors(self._path):
            self._path.parent.mkdir(parents=True, exist_ok=True)
            write_text_atomic(self._path, text)
