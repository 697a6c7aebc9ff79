"""Animating: one sticker set in motion, played, measured for a platform, and saved.

A motion moves the finished picture (packs.moving, in a worker). A passage is painted by the model:
from the sticker towards another seed, or from no style to its own, there and back.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from PIL import Image
from PySide6.QtCore import QObject, QTimer, Signal

from stickerstudio.core.atomic import write_bytes_atomic
from stickerstudio.core.errors import ErrorReport, StudioError, disk_errors, report
from stickerstudio.core.messages import PreviewReady
from stickerstudio.core.recipe import LoraWeight, Recipe
from stickerstudio.core.sticker import Sticker
from stickerstudio.finish.animation import Animation
from stickerstudio.finish.fit import Fitted
from stickerstudio.packs.moving import Movement, between, fit_between, fit_moved, moved
from stickerstudio.session.background import Background
from stickerstudio.session.state import Notice, random_seed

if TYPE_CHECKING:
    from stickerstudio.session.session import Session
    from stickerstudio.session.sketches import SketchBatch

Passage = Literal["seed", "style"]
PREVIEW_SIDE = 256  # pixels
STEPS = 9  # pictures of a passage, the two ends included; played there and back
_SETTLE = 500  # ms without a change before a file is fitted


@dataclass(frozen=True, slots=True)
class Plan:
    """What is wanted: a passage where one is set, else the movement's motion."""

    movement: Movement
    passage: Passage | None = None
    target: str = "webp"


class Animating(QObject):
    """The document of the animation window. Verbs return at once.

    Attributes:
        sticker: what is open; None while nothing is.
        plan: replaced as a whole by `edit`.
        animation: what is played; None while there is none.
        fitted: the file as it would be saved; None while it is being made, or cannot be.
        busy: whether something is on its way.
    """

    opened = Signal()
    shown = Signal()  # animation
    measured = Signal()  # fitted, and `problem`
    busy_changed = Signal()
    painted = Signal(int, int)  # pictures of a passage that are there, and all of them
    saved = Signal(object)  # Path
    notice = Signal(object)  # Notice

    def __init__(self, session: Session, background: Background) -> None:
        super().__init__(session)
        self._session = session
        self._background = background
        self.sticker: Sticker | None = None
        self.plan = Plan(Movement("bounce"))
        self.animation: Animation | None = None
        self.fitted: Fitted | None = None
        self.problem: ErrorReport | None = None
        self.busy = False
        self._passages: dict[Passage, list[Image.Image]] = {}
        self._batch: SketchBatch | None = None
        self._showing = self._measuring = False
        self._wanted = 0
        self._settle = QTimer(self, singleShot=True, interval=_SETTLE)
        self._settle.timeout.connect(self._measure)

    @property
    def has_style(self) -> bool:
        """Whether the open sticker has a style to come and go."""
        return self.sticker is not None and bool(self.sticker.recipe.active_loras)

    def open(self, sticker: Sticker) -> None:
        """Animate `sticker`. → opened, shown, measured"""
        self._drop_batch()
        self.sticker = sticker
        self._passages.clear()
        if self.plan.passage is not None:
            self.plan = replace(self.plan, passage=None)
        self.animation = None
        self.opened.emit()
        self._change()

    def edit(self, plan: Plan) -> None:
        """Animate otherwise. → shown, measured"""
        if plan != self.plan:
            if plan.passage != self.plan.passage:
                self._drop_batch()
            self.plan = plan
            self._change()

    def save(self, path: Path) -> None:
        """Write the fitted file. → saved, or a notice"""
        if self.fitted is not None:
            self._background.start(self._save(path, self.fitted.data))

    def close(self) -> None:
        """The window is closed: nothing more is wanted."""
        self._wanted += 1
        self._settle.stop()
        self._drop_batch()
        self.sticker = None

    # --- within ---

    def _change(self) -> None:
        self._wanted += 1
        self.fitted = self.problem = None
        self.measured.emit()
        passage = self.plan.passage
        if passage is not None and passage not in self._passages:
            self._paint(passage)
        elif not self._showing:
            self._background.start(self._show())
        self._settle.start()
        self._tell_busy()

    async def _show(self) -> None:
        """Make what is played, until nothing newer is wanted."""
        self._showing = True
        try:
            made = -1
            while made != self._wanted and self.sticker is not None:
                made = self._wanted
                animation = await self._animation(PREVIEW_SIDE)
                if animation is not None and made == self._wanted:
                    self.animation = animation
                    self.shown.emit()
        except StudioError as error:
            self.notice.emit(Notice(report(error)))
        finally:
            self._showing = False
            self._tell_busy()

    async def _animation(self, side: int) -> Animation | None:
        plan, sticker = self.plan, self.sticker
        if plan.passage is not None:
            frames = self._passages.get(plan.passage)
            return between(frames, plan.movement) if frames else None
        if sticker is None:
            return None
        return await self._session.workers.run(moved, sticker.path, plan.movement, side)

    def _measure(self) -> None:
        if not self._measuring and self.sticker is not None:
            self._background.start(self._fit())

    async def _fit(self) -> None:
        """Fit the file, until nothing newer is wanted."""
        self._measuring = True
        self._tell_busy()
        try:
            made = -1
            while made != self._wanted and self.sticker is not None:
                made = self._wanted
                fitted, problem = await self._fit_once(self.sticker.path, self.plan)
                if made == self._wanted:
                    self.fitted, self.problem = fitted, problem
                    self.measured.emit()
                else:
                    await asyncio.sleep(_SETTLE / 1000)
        finally:
            self._measuring = False
            self._tell_busy()

    async def _fit_once(self, path: Path, plan: Plan) -> tuple[Fitted | None, ErrorReport | None]:
        run = self._session.workers.run
        try:
            if plan.passage is None:
                return await run(fit_moved, path, plan.movement, plan.target), None
            frames = self._passages.get(plan.passage)
            if not frames:
                return None, None
            return await run(fit_between, frames, plan.movement, plan.target), None
        except StudioError as error:
            return None, report(error)

    def _paint(self, passage: Passage) -> None:
        """Ask the engine for a passage's pictures."""
        if self._batch is not None or self.sticker is None:
            return
        recipes = passage_recipes(self.sticker.recipe, passage, random_seed())
        frames: list[Image.Image | None] = [None] * len(recipes)
        batch = self._batch = self._session.sketches.request(recipes)

        def take(index: int, picture: PreviewReady) -> None:
            size = (picture.width, picture.height)
            frames[index] = Image.frombytes("RGBA", size, picture.rgba)
            self.painted.emit(len(frames) - frames.count(None), len(frames))

        def finish() -> None:
            self._batch = None
            there = [frame for frame in frames if frame is not None]
            if len(there) == len(frames):
                self._passages[passage] = there
                self._change()
            self._tell_busy()

        batch.ready.connect(take)
        batch.finished.connect(finish)
        self.painted.emit(0, len(recipes))

    def _drop_batch(self) -> None:
        if self._batch is not None:
            self._batch.cancel()
            self._batch = None

    async def _save(self, path: Path, data: bytes) -> None:
        try:
            await self._background.call(_write, path, data)
        except StudioError as error:
            self.notice.emit(Notice(report(error)))
        else:
            self.saved.emit(path)

    def _tell_busy(self) -> None:
        busy = self._showing or self._measuring or self._batch is not None
        if busy != self.busy:
            self.busy = busy
            self.busy_changed.emit()


def passage_recipes(recipe: Recipe, passage: Passage, other_seed: int) -> list[Recipe]:
    """The pictures from `recipe` to the passage's other end, STEPS of them.

    "seed" turns the noise towards another seed's, half the way; "style" takes the LoRAs' weights
    down to nothing.
    """
    shares = [step / (STEPS - 1) for step in range(STEPS)]
    if passage == "seed":
        return [
            replace(recipe, upscale=1, variation_seed=other_seed, variation_strength=share / 2)
            for share in shares
        ]
    return [
        replace(
            recipe,
            upscale=1,
            loras=tuple(_weakened(lora, 1 - share) for lora in recipe.loras),
        )
        for share in shares
    ]


def _weakened(lora: LoraWeight, share: float) -> LoraWeight:
    return replace(lora, weight=lora.weight * share)


def _write(path: Path, data: bytes) -> None:
    with disk_errors(path):
        write_bytes_atomic(path, data)
