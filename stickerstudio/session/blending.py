"""Blending: playing with the blend. Undo, chance, the mix of several, and blends kept by name.

Everything here changes the draft through `Session.set_blend`, once per move of the hand, so that
the live preview follows and one Ctrl+Z takes it back.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from PIL import Image
from PySide6.QtCore import QObject, Signal

from stickerstudio.core.blends import BlendShelf, SavedBlend
from stickerstudio.core.errors import BadFileError, report
from stickerstudio.core.i18n import tr
from stickerstudio.core.messages import PreviewReady
from stickerstudio.core.recipe import BlockWeight, LoraWeight
from stickerstudio.session.background import Background
from stickerstudio.session.blend_dice import random_blend
from stickerstudio.session.blend_history import BlendHistory
from stickerstudio.session.state import BlendEntry, Notice, blend_of, loras_of, random_seed

if TYPE_CHECKING:
    from stickerstudio.session.session import Session


REROLLS = 20  # a lone LoRA of a tiny weight has only one blend to give


class Blending(QObject):
    """The verbs of the blend pane and of its tools.

    Attributes:
        saved: the blends kept by name, the newest first; `read_saved` looks anew.
        picture: the live preview shown last, whatever it was made of; None once it was cleared.
    """

    history_changed = Signal()  # can_undo, can_redo
    saved_changed = Signal()  # saved
    notice = Signal(object)  # Notice

    def __init__(self, session: Session, background: Background) -> None:
        super().__init__(session)
        self._session = session
        self._background = background
        self._history = BlendHistory(session.draft.blend)
        self._shelf = BlendShelf(session.paths.state / "blends")
        self._in_turn = asyncio.Lock()
        self._told: set[str] = set()  # of damaged files
        self.picture: PreviewReady | None = None
        self.saved: list[SavedBlend] = []
        session.draft_changed.connect(self._on_draft)
        session.preview_ready.connect(self._on_preview)
        session.preview_cleared.connect(self._on_cleared)
        session.loras_changed.connect(self._on_draft)

    # --- moving ---

    def hold(self) -> None:
        """A hand has taken a slider or a pin: its moves until `release` are one step to undo."""
        self._history.hold()

    def release(self) -> None:
        """The hand has let go; the picture of where it did so comes first now."""
        self._history.release()
        self._session.hurry_preview()

    def weigh(self, name: str, weight: float) -> None:
        """Set the weight of LoRA `name`, −2 … 2, and let it take part: who moves it wants it."""
        self._change(name, weight=weight, enabled=True)

    def mix(self, weights: Mapping[str, float], leave: Iterable[str] = ()) -> None:
        """Let the LoRAs of `weights` take part with these weights, and those of `leave` no more.

        Every other LoRA stays as it is.
        """
        out = set(leave)
        self._session.set_blend(
            replace(entry, weight=weights[entry.name], enabled=True)
            if entry.name in weights
            else replace(entry, enabled=entry.enabled and entry.name not in out)
            for entry in self._session.draft.blend
        )

    def weigh_block(self, name: str, block: str, weight: float) -> None:
        """Multiply the weight of LoRA `name` in `block`, of core.recipe.BLOCKS, by 0 … 2."""
        entry = self.entry(name)
        if entry is not None:
            others = tuple(each for each in entry.blocks if each.block != block)
            self._change(name, blocks=(*others, BlockWeight(block, weight)))

    def reset_blocks(self, name: str) -> None:
        """Let LoRA `name` count the same in every part of the model again."""
        self._change(name, blocks=())

    def entry(self, name: str) -> BlendEntry | None:
        """The draft's entry for LoRA `name`; None where it is not on the shelf."""
        return next((each for each in self._session.draft.blend if each.name == name), None)

    def shuffle(self, seed: int | None = None) -> None:
        """One to three LoRAs by chance, near their recommended weights; all others off.

        The same `seed` gives the same blend of the same LoRAs; None: any, but not the present one.
        """
        recommended = {
            entry.name: self._session.default_weight(entry.name)
            for entry in self._session.draft.blend
        }
        present = {lora.name: lora.weight for lora in loras_of(self._session.draft.blend)}
        weights = random_blend(recommended, random_seed() if seed is None else seed)
        for _ in range(REROLLS if seed is None else 0):
            if weights != present:
                break
            weights = random_blend(recommended, random_seed())
        self.take(LoraWeight(name, weight) for name, weight in weights.items())

    def take(self, loras: Iterable[LoraWeight]) -> None:
        """Let exactly `loras` take part. Those that are not here any more are named in a notice."""
        loras = tuple(loras)
        here = {entry.name for entry in self._session.draft.blend}
        self._session.set_blend(blend_of(loras, self._session.draft.blend))
        missing = [lora.name for lora in loras if lora.name not in here]
        if missing:
            self.notice.emit(
                Notice(
                    text=tr(
                        "This blend was made with {names}, which is not here any more. "
                        "Everything else was taken over.",
                        names=", ".join(missing),
                    )
                )
            )

    # --- back and forth ---

    @property
    def can_undo(self) -> bool:
        """Whether a change of the blend can be taken back."""
        return self._history.can_undo

    @property
    def can_redo(self) -> bool:
        """Whether a change was taken back."""
        return self._history.can_redo

    def undo(self) -> None:
        """Take the last change of the blend back."""
        self._restore(self._history.undo)

    def redo(self) -> None:
        """Make the change again that `undo` took back last."""
        self._restore(self._history.redo)

    # --- by name ---

    def read_saved(self) -> None:
        """Look for the saved blends, another window's included; → saved_changed."""
        self._background.start(self._change_saved(lambda: None))

    def save(self, name: str) -> None:
        """Keep the blend as `name`, with the preview as its picture; → saved_changed.

        A blend that is called so already is replaced.
        """
        loras = loras_of(self._session.draft.blend)
        shown = self.picture
        if shown is not None and shown.recipe.active_loras != loras:
            shown = None  # not yet, or not any more, what this blend gives

        def write() -> None:
            picture = None
            if shown is not None:
                size = (shown.width, shown.height)
                picture = Image.frombytes("RGBA", size, shown.rgba)
            self._shelf.save(name, loras, picture)

        self._background.start(self._change_saved(write))

    def recall(self, name: str) -> None:
        """Take the weights of the saved blend `name`; every other LoRA is switched off."""
        blend = next((each for each in self.saved if each.name == name), None)
        if blend is not None:
            self.take(blend.loras)

    def rename(self, name: str, new: str) -> None:
        """Call the saved blend `name` `new`; → saved_changed."""
        self._background.start(self._change_saved(lambda: self._shelf.rename(name, new)))

    def delete(self, name: str) -> None:
        """Forget the saved blend `name`; → saved_changed."""
        self._background.start(self._change_saved(lambda: self._shelf.delete(name)))

    # --- within ---

    def _change(self, name: str, **changes: object) -> None:
        self._session.set_blend(
            replace(entry, **changes)  # pyright: ignore[reportArgumentType]
            if entry.name == name
            else entry
            for entry in self._session.draft.blend
        )

    def _restore(self, step: Callable[[], tuple[BlendEntry, ...] | None]) -> None:
        blend = step()
        if blend is not None:
            self._session.set_blend(blend)  # which the history knows already
        self.history_changed.emit()

    def _on_draft(self) -> None:
        self._history.changed(self._session.draft.blend, time.monotonic())
        self.history_changed.emit()

    def _on_preview(self, picture: PreviewReady) -> None:
        self.picture = picture

    def _on_cleared(self) -> None:
        self.picture = None

    async def _change_saved(self, change: Callable[[], object]) -> None:
        async with self._in_turn:
            try:
                await self._background.call(change)
            finally:  # a part may have been done before it failed
                self.saved, problems = await self._background.call(self._shelf.read)
                self.saved_changed.emit()
                self._tell(problems)

    def _tell(self, problems: Iterable[BadFileError]) -> None:
        """Once of each file, however often it is read."""
        for problem in problems:
            if problem.what not in self._told:
                self._told.add(problem.what)
                self.notice.emit(Notice(report(problem)))
