"""Collection: the user's verbs on the sticker library, each in the background."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path

from PySide6.QtCore import QObject, QTimer, Signal

from stickerstudio.core.i18n import tr, tr_n
from stickerstudio.core.library import Library
from stickerstudio.core.save import CopyFormat, save_copy
from stickerstudio.session.background import Background
from stickerstudio.session.state import Notice
from stickerstudio.session.workers import Workers

POLL = 2_000  # milliseconds between two looks at what another window did
PATIENCE = 0.25  # seconds in which the newest stickers are read where the index is gone
TRASH_KEPT = 30 * 24 * 3600.0  # seconds; long enough to be missed


class Collection(QObject):
    """The library, and what was deleted last."""

    changed = Signal()  # otherwise than by a sticker made here
    saved = Signal(object)  # list[Path]
    notice = Signal(object)  # Notice

    def __init__(
        self,
        folder: Path,
        background: Background,
        workers: Workers,
        parent: QObject,
        *,
        is_making: Callable[[], bool],
    ) -> None:
        super().__init__(parent)
        self._is_making = is_making
        self.library = Library(folder, PATIENCE)
        self._background = background
        self._workers = workers
        self._reading = False  # in a worker, what the index does not hold yet
        self._in_turn = asyncio.Lock()  # on and off again must not arrive as off and on
        self._deleted: list[tuple[str, ...]] = []
        self._seen = self._state()
        self._added = 0  # by our own engine, since `_seen`
        self._closing = False
        self._poll = QTimer(self, interval=POLL)
        self._poll.timeout.connect(lambda: background.start(self._look()))

    def start(self) -> None:
        """Look out for other windows' changes, and empty the trash of what is long forgotten."""
        self._poll.start()
        self._background.start(self._read_rest())
        self._background.start(self._empty_trash())

    def added(self) -> None:
        """The engine has put a sticker into the library, and the window shows it already."""
        self._added += 1

    def catch_up(self) -> None:
        """Take in a sticker whose engine was ended before the index knew of it; `_look` tells."""
        if not self._closing:
            self._background.start(self._catch_up())

    def set_favourite(self, sticker_ids: Sequence[str], on: bool) -> None:
        """Mark stickers as favourites, or not."""
        ids = tuple(sticker_ids)
        self.change(lambda: self.library.set_favourite(ids, on))

    def change(
        self, change: Callable[[], object], done: Callable[[], object] = lambda: None
    ) -> None:
        """Do something else to the library, after what was asked before; → changed, then `done`."""

        async def run() -> None:
            await self._change(change)
            done()

        self._background.start(run())

    def delete(self, sticker_ids: Sequence[str]) -> None:
        """Move stickers to the trash, and offer to bring them back."""
        if sticker_ids:
            self._background.start(self._delete(tuple(sticker_ids)))

    def undo_delete(self) -> None:
        """Bring back what was deleted last."""
        if self._deleted:
            ids = self._deleted.pop()
            self.change(lambda: self.library.restore(ids))

    def save(self, sticker_ids: Sequence[str], target: Path, format: CopyFormat) -> None:
        """Save copies of stickers: into the folder `target`, or one as the file `target`."""
        self._background.start(self._save(tuple(sticker_ids), target, format))

    def close(self) -> None:
        """Stop looking and saving."""
        self._poll.stop()
        self._closing = True

    async def _change(self, change: Callable[[], object]) -> None:
        async with self._in_turn:
            try:
                await self._background.call(change)
            finally:  # a part may have been done before it failed
                await self._see()
                self.changed.emit()

    async def _delete(self, ids: tuple[str, ...]) -> None:
        await self._change(lambda: self.library.delete(ids))
        self._deleted.append(ids)
        self.notice.emit(
            Notice(
                text=tr_n("One sticker was deleted.", "{n} stickers were deleted.", len(ids)),
                action="undo_delete",
                action_label=tr("Undo"),
            )
        )

    async def _save(self, ids: tuple[str, ...], target: Path, format: CopyFormat) -> None:
        written: list[Path] = []

        def write() -> None:
            for sticker_id in ids:
                if self._closing:
                    return
                written.append(save_copy(self.library.get(sticker_id), target, format))

        try:
            await self._background.call(write)
        finally:  # those before the one that failed are there
            if written:
                self.saved.emit(written)

    async def _look(self) -> None:
        """Tell of a change, unless all of it is that our own engine has added stickers.

        Which ones it has added is known for sure only between orders.
        """
        if self.library.is_behind and not self._reading:  # found damaged, and begun anew
            self._background.start(self._read_rest())
        if self._is_making() or self._in_turn.locked():
            return
        (stamp, count), added = self._seen, self._added
        await self._see()
        if self._seen[0] != stamp and not (added and self._seen[1] == count + added):
            self.changed.emit()

    async def _catch_up(self) -> None:
        await self._background.call(self.library.catch_up, PATIENCE)

    async def _read_rest(self) -> None:
        """Let a worker read what is not in the index yet; `_look` sees it coming in."""
        if not self.library.is_behind:
            return
        self._reading = True
        await self._workers.run(read_all, self.library.folder)
        self.library.is_behind = self._reading = False
        self.changed.emit()

    async def _see(self) -> None:
        added = self._added
        self._seen = await self._background.call(self._state)
        self._added -= added

    def _state(self) -> tuple[int, int]:
        return self.library.change_stamp(), self.library.count()

    async def _empty_trash(self) -> None:
        await self._background.call(self.library.empty_trash, TRASH_KEPT)


def read_all(folder: Path) -> None:
    """In a worker: bring the index of the library in `folder` up to date."""
    Library(folder).close()
