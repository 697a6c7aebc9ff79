"""Labels: collections and tags of the library, its trash, and how much of the disk it takes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from stickerstudio.core import library_use
from stickerstudio.core.collections import Label, checked_name
from stickerstudio.core.errors import StudioError, report
from stickerstudio.core.i18n import tr_n
from stickerstudio.core.library_use import DiskUse
from stickerstudio.session.background import Background
from stickerstudio.session.collection import Collection
from stickerstudio.session.state import Notice
from stickerstudio.session.workers import Workers


class Labels(QObject):
    """What there is besides the list of all stickers; asked for in the background.

    Attributes:
        collections, tags: with how many stickers each holds, in the order of the alphabet.
        in_trash: stickers in the trash.
        use: of the disk; None until `measure` has looked.
    """

    changed = Signal()  # any of the attributes
    renamed = Signal(object, object)  # Label, Label it is now; None: it was dropped
    notice = Signal(object)  # Notice

    def __init__(
        self, collection: Collection, background: Background, workers: Workers, cache: Path
    ) -> None:
        super().__init__(collection)
        self._collection = collection
        self._background = background
        self._workers = workers
        self._cache = cache
        self._asked = 0
        self.collections: dict[Label, int] = {}
        self.tags: dict[Label, int] = {}
        self.in_trash = 0
        self.use: DiskUse | None = None
        collection.changed.connect(self.refresh)

    def refresh(self) -> None:
        """Ask the library anew; → changed."""
        self._asked += 1
        self._background.start(self._refresh(self._asked))

    def measure(self) -> None:
        """Look how much of the disk is used; → changed."""
        self._background.start(self._measure())

    def put(self, label: Label, sticker_ids: Sequence[str]) -> None:
        """Put stickers into a collection or give them a tag, making it at need."""
        ids = tuple(sticker_ids)

        def put() -> None:
            self._collection.library.put(label, ids)

        if self._usable(label.name):
            self._change(put, self._word_put(label, len(ids)) if ids else "")

    def take(self, label: Label, sticker_ids: Sequence[str]) -> None:
        """Take stickers out of a collection, or a tag from them."""
        ids = tuple(sticker_ids)
        self._change(lambda: self._collection.library.take(label, ids))

    def rename(self, label: Label, name: str) -> None:
        """Give a collection or tag another name; → renamed."""
        if self._usable(name):
            self.renamed.emit(label, Label(label.kind, checked_name(name)))
            self._change(lambda: self._collection.library.rename(label, name))

    def drop(self, label: Label) -> None:
        """Give up a collection or tag; its stickers stay. → renamed"""
        self.renamed.emit(label, None)
        self._change(lambda: self._collection.library.drop(label))

    def restore(self, sticker_ids: Sequence[str]) -> None:
        """Take stickers out of the trash."""
        ids = tuple(sticker_ids)
        said = tr_n("One sticker was restored.", "{n} stickers were restored.", len(ids))
        self._change(lambda: self._collection.library.restore(ids), said)

    def empty_trash(self) -> None:
        """Delete for good what is in the trash."""
        self._change(self._collection.library.empty_trash)

    def _change(self, change: Callable[[], object], said: str = "") -> None:
        def say() -> None:
            if said:
                self.notice.emit(Notice(text=said))

        self._collection.change(change, say)

    def _usable(self, name: str) -> bool:
        try:
            checked_name(name)
        except StudioError as error:
            self.notice.emit(Notice(report(error)))
            return False
        return True

    def _word_put(self, label: Label, number: int) -> str:
        if label.kind == "tag":
            return tr_n(
                "One sticker is now tagged “{name}”.",
                "{n} stickers are now tagged “{name}”.",
                number,
                name=label.name,
            )
        return tr_n(
            "One sticker is now in “{name}”.",
            "{n} stickers are now in “{name}”.",
            number,
            name=label.name,
        )

    async def _refresh(self, asked: int) -> None:
        library = self._collection.library

        def look() -> tuple[dict[Label, int], dict[Label, int], int]:
            return library.labels("collection"), library.labels("tag"), len(library.trash())

        seen = await self._background.call(look)
        if asked == self._asked:  # the last one tells
            self.collections, self.tags, self.in_trash = seen
            self.changed.emit()

    async def _measure(self) -> None:
        folder = self._collection.library.folder
        self.use = await self._workers.run(library_use.measure, folder, self._cache)
        self.changed.emit()
