"""Variations: more stickers like one, one in another style, and a picture to start from."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from stickerstudio.core import starts
from stickerstudio.core.errors import StudioError, report
from stickerstudio.core.pictures import open_picture
from stickerstudio.core.recipe import Recipe
from stickerstudio.session.background import Background
from stickerstudio.session.state import Notice, loras_of, random_seed

if TYPE_CHECKING:
    from stickerstudio.session.session import Session

SUBTLE, STRONG = 0.15, 0.4  # share of the way to other noise: the same figure; its cousin
MORE = 4  # stickers of one "more like this"
MAX_PHOTO = 64_000_000  # pixels; a phone's largest picture has 50 million


class Variations(QObject):
    """Orders that begin from a sticker, and the draft's start picture."""

    start_changed = Signal()  # the picture dropped last is in the draft, or could not be used

    def __init__(self, session: Session, background: Background) -> None:
        super().__init__(session)
        self._session = session
        self._background = background
        self._asked = 0

    def more_like(
        self, sticker_ids: Sequence[str], strength: float = SUBTLE, count: int = MORE
    ) -> None:
        """Order `count` stickers from noise near that of each of the stickers.

        Args:
            strength: Recipe.variation_strength.
        """

        def near(recipe: Recipe) -> Recipe:
            return replace(recipe, variation_seed=random_seed(), variation_strength=strength)

        self._background.start(self._order(tuple(sticker_ids), near, count))

    def in_this_style(self, sticker_ids: Sequence[str]) -> None:
        """Order each of the stickers once more: same words, seed and pose, the draft's blend."""
        loras = loras_of(self._session.draft.blend)

        def restyled(recipe: Recipe) -> Recipe:
            return replace(recipe, loras=loras)

        self._background.start(self._order(tuple(sticker_ids), restyled, 1))

    def start_from(self, picture: Path) -> None:
        """Let the draft start from a picture; → start_changed, or a notice that says why not.

        The picture is copied into the library's folder: it may be moved or deleted afterwards.
        """
        self._asked += 1
        self._background.start(self._start_from(picture, self._asked))

    def start_path(self) -> Path | None:
        """Where the draft's start picture lies; None where it has none."""
        digest = self._session.draft.start
        return None if digest is None else starts.path(self._session.paths.library, digest)

    def forget_start(self) -> None:
        """Start from noise again."""
        self._asked += 1
        self._session.edit(start=None)

    async def _order(
        self, ids: tuple[str, ...], change: Callable[[Recipe], Recipe], count: int
    ) -> None:
        library = self._session.library
        stickers = await self._background.call(lambda: [library.get(each) for each in ids])
        for sticker in stickers:
            self._session.order(change(sticker.recipe), count)

    async def _start_from(self, picture: Path, asked: int) -> None:
        library = self._session.paths.library
        try:
            digest = await self._session.workers.run(keep_start, library, picture)
        except StudioError as error:
            self._session.notice.emit(Notice(report(error)))
        else:
            if asked == self._asked:  # nothing else was dropped meanwhile
                draft = self._session.draft
                card = self._session.model_card(draft.model)
                least = card.steps_from(started=True) if card else draft.steps
                self._session.edit(start=digest, steps=max(draft.steps, least))
        self.start_changed.emit()


def keep_start(library: Path, picture: Path) -> str:
    """In a worker: put the picture into core.starts, whatever it is; its digest.

    Raises:
        BadFileError: it is no picture, damaged, or has more than MAX_PHOTO pixels.
        DiskError, NotFoundError: it cannot be read, or its copy not be written.
    """
    return starts.keep(library, open_picture(picture, MAX_PHOTO))
