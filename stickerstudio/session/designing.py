"""Designing: one sticker open in the editor, composed anew at every change, in a worker.

Changes come in streams, as while a layer is dragged: only the newest design is composed, at most at
PREVIEW_SIDE pixels. Saving composes the whole picture once. The painted picture stays as it is.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from PIL import Image
from PySide6.QtCore import QObject, Signal

from stickerstudio.core.design import MAX_LAYERS, Design, Layer, Stamp
from stickerstudio.core.errors import BadInputError, StudioError, report
from stickerstudio.core.i18n import tr
from stickerstudio.core.library import Library
from stickerstudio.core.library_painted import Painted
from stickerstudio.core.pictures import open_picture
from stickerstudio.core.sticker import Sticker
from stickerstudio.finish import stamps
from stickerstudio.finish.composed import assemble
from stickerstudio.finish.stamps import load
from stickerstudio.session.background import Background
from stickerstudio.session.collection import Collection
from stickerstudio.session.lettering import Lettering
from stickerstudio.session.state import Notice
from stickerstudio.session.workers import Workers

PREVIEW_SIDE = 512  # pixels of the longer side; the editor's canvas shows little more
STAMP_SIDE = 512  # pixels; stamps are smaller than the sticker as a rule
MOST_UNDO = 500  # steps; a design takes some hundred bytes, with many strokes 300 kB


class Designing(QObject):
    """The document of the editor. Verbs return at once.

    Attributes:
        sticker: what is open; None while nothing is.
        design: what is done to it; replaced as a whole by `edit`.
        selected: index of the chosen layer in design.layers; None: none is.
        painted_size: width and height of the painted picture, pixels.
        painted: the painted picture, RGBA, at most PREVIEW_SIDE pixels; None while nothing is open.
        composed_design: the design that `composed` showed last.
        composing: whether a newer picture than the last `composed` is on its way.
        lettering: fonts and stamps to choose from.
    """

    opened = Signal()  # another sticker, with everything that belongs to it
    changed = Signal()  # design, selected, can_undo, can_redo, is_dirty
    composed = Signal(object)  # finish.composed.Composed, of a picture of `painted`'s size
    composing_changed = Signal()
    saved = Signal(object)  # Sticker, in the library: the same one, or a new one
    notice = Signal(object)  # Notice

    def __init__(
        self,
        collection: Collection,
        background: Background,
        workers: Workers,
        added: Callable[[Sticker], None],
    ) -> None:
        """`added` is told of stickers that are new in the library."""
        super().__init__(collection)
        self._collection = collection
        self._background = background
        self._workers = workers
        self._added = added
        self.lettering = Lettering(collection.library, background, workers, self)
        self.lettering.notice.connect(self.notice)
        self.sticker: Sticker | None = None
        self.painted: Image.Image | None = None
        self.painted_size = (1, 1)
        self.design = Design()
        self.composed_design = self.design
        self.selected: int | None = None
        self.composing = False
        self._full = self._small = Painted(Image.new("RGBA", (1, 1)))
        self._on_disk = Design()
        self._steps: list[Design] = [self.design]
        self._step = 0
        self._merge = ""
        self._subject: tuple[str, Image.Image] | None = None  # by method, before any stroke
        self._stamps: dict[str, Image.Image] = {}
        self._opening = 0
        self._wanted = self._made = 0

    # --- what there is to see ---

    @property
    def layer(self) -> Layer | None:
        """The chosen layer."""
        return None if self.selected is None else self.design.layers[self.selected]

    @property
    def can_undo(self) -> bool:
        """Whether there is a step to take back."""
        return self._step > 0

    @property
    def can_redo(self) -> bool:
        """Whether there is a step to take again."""
        return self._step + 1 < len(self._steps)

    @property
    def is_dirty(self) -> bool:
        """Whether the design differs from what is in the library."""
        return self.sticker is not None and self.design != self._on_disk

    # --- verbs ---

    def open(self, sticker_id: str) -> None:
        """Open a sticker; what was open before is left as it is in the library. → opened"""
        self._opening += 1
        self._background.start(self._open(sticker_id, self._opening))

    def edit(self, design: Design, merge: str = "") -> None:
        """Replace the design: one step of undo.

        Args:
            merge: edits in a row with the same one are a single step: one drag, one slider.
        """
        if self.sticker is None or design == self.design:
            return
        if merge and merge == self._merge and self._step + 1 == len(self._steps):
            self._steps[-1] = design
        else:
            del self._steps[self._step + 1 :]
            self._steps = [*self._steps, design][-MOST_UNDO:]
        self._step = len(self._steps) - 1
        self._merge = merge
        self._show(design)

    def end_merge(self) -> None:
        """The next edit is a step of its own: the mouse was released."""
        self._merge = ""

    def undo(self) -> None:
        """Take the last step back."""
        if self.can_undo:
            self._step -= 1
            self._merge = ""
            self._show(self._steps[self._step])

    def redo(self) -> None:
        """Take a step again that was taken back."""
        if self.can_redo:
            self._step += 1
            self._merge = ""
            self._show(self._steps[self._step])

    def add_layer(self, layer: Layer) -> None:
        """Put `layer` on top, and choose it."""
        if len(self.design.layers) >= MAX_LAYERS:
            error = BadInputError(
                tr("There is no room for another layer."),
                tr("A sticker has {n} of them at most.", n=MAX_LAYERS),
                tr("Remove one first."),
            )
            self.notice.emit(Notice(report(error)))
            return
        self.selected = len(self.design.layers)
        self.edit(replace(self.design, layers=(*self.design.layers, layer)))

    def set_layer(self, index: int, layer: Layer, merge: str = "") -> None:
        """Replace a layer."""
        layers = self.design.layers
        self.edit(
            replace(self.design, layers=(*layers[:index], layer, *layers[index + 1 :])), merge
        )

    def remove_layer(self, index: int) -> None:
        """Take a layer away; the one below it, if there is one, is chosen."""
        layers = self.design.layers
        rest = (*layers[:index], *layers[index + 1 :])
        self.selected = max(0, index - 1) if rest else None
        self.edit(replace(self.design, layers=rest))

    def raise_layer(self, index: int, by: int) -> None:
        """Move a layer up (`by` 1) or down (−1) among the others, and choose it."""
        layers = list(self.design.layers)
        place = min(max(index + by, 0), len(layers) - 1)
        layers.insert(place, layers.pop(index))
        self.selected = place
        self.edit(replace(self.design, layers=tuple(layers)))

    def select(self, index: int | None) -> None:
        """Choose a layer, or none."""
        if index != self.selected:
            self.selected = index
            self._merge = ""
            self.changed.emit()

    def revert(self) -> None:
        """Back to what is in the library; one step of undo."""
        self.edit(self._on_disk)

    def save(self) -> None:
        """Put the design into the library in place of the sticker's own. → saved"""
        if self.sticker is not None:
            self._background.start(self._save(self.sticker, self.design, as_new=False))

    def save_as_new(self) -> None:
        """Put the design into the library as another sticker, which is open then. → saved"""
        if self.sticker is not None:
            self._background.start(self._save(self.sticker, self.design, as_new=True))

    # --- within ---

    def _show(self, design: Design) -> None:
        self.design = design
        if self.selected is not None and self.selected >= len(design.layers):
            self.selected = None
        self.changed.emit()
        self._compose()

    async def _open(self, sticker_id: str, opening: int) -> None:
        library = self._collection.library
        sticker = await self._background.call(library.get, sticker_id)
        full = await self._background.call(library.painted, sticker_id)
        design = await self._background.call(library.design, sticker_id)
        if opening != self._opening:
            return  # another one was asked for meanwhile
        small = full
        if max(full.picture.size) > PREVIEW_SIDE:
            small = await self._background.call(_reduced, full)
        self.sticker, self._full, self._small = sticker, full, small
        self.painted, self.painted_size = small.picture, full.picture.size
        self.design = self._on_disk = design
        self._steps, self._step, self._merge = [design], 0, ""
        self.selected = None
        self._subject = None
        self._stamps.clear()
        self.opened.emit()
        self.changed.emit()
        self._compose()

    def _compose(self) -> None:
        self._wanted += 1
        if not self.composing:
            self._set_composing(True)
            self._background.start(self._keep_composing())

    async def _keep_composing(self) -> None:
        try:
            while self._made != self._wanted:
                self._made = self._wanted
                await self._compose_once()
        finally:
            self._made = self._wanted
            self._set_composing(False)

    async def _compose_once(self) -> None:
        sticker, painted = self.sticker, self._small
        design, opening = self.design, self._opening
        assert sticker is not None
        method = design.cutout.method
        subject = self._subject[1] if self._subject and self._subject[0] == method else None
        stamps = await self._load_stamps(design)
        mask = painted.mask_for(design, sticker.recipe)
        subject, composed = await self._workers.run(
            assemble, painted.picture, subject, design, stamps, mask
        )
        if painted is self._small and opening == self._opening:
            self._subject = (method, subject)
            self.composed_design = design
            self.composed.emit(composed)

    async def _load_stamps(self, design: Design) -> dict[str, Image.Image]:
        """The pictures of `design`'s stamps; a missing one is told of once, and is not seen."""
        sources = {layer.source for layer in design.layers if isinstance(layer, Stamp)}
        for source in sources - self._stamps.keys():
            try:
                picture = await self._background.call(
                    stamp_picture, self._collection.library, source
                )
            except StudioError as error:
                self.notice.emit(Notice(report(error)))
                picture = Image.new("RGBA", (1, 1))
            self._stamps[source] = picture
        return {source: self._stamps[source] for source in sources}

    async def _save(self, sticker: Sticker, design: Design, *, as_new: bool) -> None:
        full = self._full
        library = self._collection.library
        stamps = await self._load_stamps(design)
        mask = full.mask_for(design, sticker.recipe)
        _, composed = await self._workers.run(assemble, full.picture, None, design, stamps, mask)
        if as_new:
            made = await self._background.call(
                library.add,
                composed.image,
                sticker.recipe,
                sticker.seconds,
                painted=full,
                design=design,
            )
            self._added(made)
        else:
            made = await self._background.call(library.redesign, sticker.id, composed.image, design)
            self._collection.changed.emit()
        if self.sticker is not None and self.sticker.id == sticker.id:
            self.sticker, self._on_disk = made, design
            self.changed.emit()
        self.saved.emit(made)

    def _set_composing(self, composing: bool) -> None:
        self.composing = composing
        self.composing_changed.emit()


def _reduced(painted: Painted) -> Painted:
    def reduced(image: Image.Image) -> Image.Image:
        small = image.copy()
        small.thumbnail((PREVIEW_SIDE, PREVIEW_SIDE), Image.Resampling.LANCZOS, reducing_gap=3.0)
        return small

    mask = painted.mask
    return Painted(reduced(painted.picture), None if mask is None else reduced(mask))


def stamp_picture(library: Library, source: str) -> Image.Image:
    """The picture of a stamp. Raises NotFoundError and the like where it cannot be had."""
    if source.startswith("shipped:"):
        return load(source, STAMP_SIDE)
    if source.startswith(stamps.PREFIX):
        return stamps.load(source, STAMP_SIDE)
    picture = open_picture(library.get(source).path)
    picture.thumbnail((STAMP_SIDE, STAMP_SIDE), Image.Resampling.LANCZOS)
    return picture.crop(picture.getbbox())
