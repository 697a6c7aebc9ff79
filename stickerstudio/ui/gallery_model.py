"""The gallery's rows: the ids of the stickers that match, newest first.

Only ids are held, so that 100,000 stickers open at once; a row's Sticker is fetched when it is
looked at. Ids are asked for off the UI thread, and what changed is applied as insertions and
removals, never as a reset: selection and place on the screen stay.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import OrderedDict
from collections.abc import Callable, Sequence
from enum import IntEnum
from typing import Any

from PySide6.QtCore import (
    QAbstractListModel,
    QDateTime,
    QItemSelection,
    QLocale,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    Qt,
    QThreadPool,
    Signal,
)

from stickerstudio.core.errors import NotFoundError, StudioError, report
from stickerstudio.core.i18n import tr
from stickerstudio.core.library import Library
from stickerstudio.core.sticker import Sticker
from stickerstudio.session.state import title_of

Index = QModelIndex | QPersistentModelIndex

_KEPT_STICKERS = 2_000  # rows whose Sticker is kept: several screens full
_MOST_CHANGES = 500  # runs of rows changed one by one; beyond that starting anew is faster


class Role(IntEnum):
    """What a row can be asked for beyond Qt's own roles."""

    ID = Qt.ItemDataRole.UserRole + 1
    STICKER = Qt.ItemDataRole.UserRole + 2


class _Answer(QObject):
    """Carries what a worker found to the UI thread."""

    ids = Signal(int, object)  # number of the question, list[str]
    failed = Signal(int, object)  # number of the question, ErrorReport


class GalleryModel(QAbstractListModel):
    """The stickers of `library` that match the words and the favourites filter.

    Signals:
        searched(): the rows are those of the last question asked.
        failed(ErrorReport): the library could not be read.
    """

    searched = Signal()
    failed = Signal(object)

    def __init__(self, library: Library, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._library = library
        self._ids: list[str] = []
        self._stickers: OrderedDict[str, Sticker] = OrderedDict()
        self._question = 0
        self._answered = 0
        self.words = ""
        self.favourites = False
        self._pool = QThreadPool(self)
        self._pool.setMaxThreadCount(1)
        self._answer = _Answer(self)
        self._answer.ids.connect(self._take)
        self._answer.failed.connect(self._give_up)

    # --- Qt's side ---

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 — Qt's own default
        return 0 if parent.isValid() else len(self._ids)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid() or not 0 <= index.row() < len(self._ids):
            return None
        if role == Role.ID:
            return self._ids[index.row()]
        if role in _WORDED or role == Role.STICKER:
            sticker = self.sticker(self._ids[index.row()])
            if sticker is None or role == Role.STICKER:
                return sticker
            return _WORDED[role](sticker)
        return None

    def flags(self, index: Index) -> Qt.ItemFlag:
        if not index.isValid():
            return Qt.ItemFlag.NoItemFlags
        return (
            Qt.ItemFlag.ItemIsEnabled
            | Qt.ItemFlag.ItemIsSelectable
            | Qt.ItemFlag.ItemIsDragEnabled
            | Qt.ItemFlag.ItemNeverHasChildren
        )

    # --- the pane's side ---

    @property
    def is_searching(self) -> bool:
        """Whether the rows are still those of an earlier question."""
        return self._answered != self._question

    def ask(self, words: str, *, favourites: bool) -> None:
        """Show what matches; → searched. Also to be called when the library has changed."""
        self.words, self.favourites = words, favourites
        self._question += 1
        number, library, answer = self._question, self._library, self._answer

        def look() -> None:
            try:
                answer.ids.emit(number, library.ids(words, favourites=favourites))
            except StudioError as error:
                answer.failed.emit(number, report(error))

        self._pool.clear()  # only the latest question matters
        self._pool.start(look)

    def add_newest(self, sticker: Sticker) -> None:
        """Put a sticker that was just made at the top, where the filters let it."""
        if self.words or self.favourites:
            self.ask(self.words, favourites=self.favourites)
        elif not self._ids or sticker.id > self._ids[0]:
            self._keep(sticker)
            self.beginInsertRows(QModelIndex(), 0, 0)
            self._ids.insert(0, sticker.id)
            self.endInsertRows()
        elif sticker.id not in self._ids:  # another window made one meanwhile
            self.ask(self.words, favourites=self.favourites)

    def refresh(self) -> None:
        """The library was changed otherwise: ask again, and forget what rows looked like."""
        self._stickers.clear()
        self.ask(self.words, favourites=self.favourites)

    def sticker(self, sticker_id: str) -> Sticker | None:
        """The Sticker, or None where it has just been deleted or cannot be read."""
        kept = self._stickers.get(sticker_id)
        if kept is not None:
            self._stickers.move_to_end(sticker_id)
            return kept
        try:
            sticker = self._library.get(sticker_id)
        except NotFoundError:
            return None
        except StudioError as error:
            self.failed.emit(report(error))
            return None
        self._keep(sticker)
        return sticker

    def ids_in(self, selection: QItemSelection) -> list[str]:
        """The ids of the selected rows, in the order of rows. By ranges: 100,000 cost little."""
        ranges = sorted((part.top(), part.bottom()) for part in selection.toList())
        return [id_ for first, last in ranges for id_ in self._ids[first : last + 1]]

    def changed(self, sticker_id: str) -> None:
        """Its picture can be had now: paint its row again."""
        place = bisect_left(self._ids, True, key=lambda id_: id_ <= sticker_id)
        if place < len(self._ids) and self._ids[place] == sticker_id:
            index = self.index(place)
            self.dataChanged.emit(index, index, [Qt.ItemDataRole.DecorationRole])

    def close(self) -> None:
        """Wait for the worker: nothing of ours may outlive the window."""
        self._pool.clear()
        self._pool.waitForDone()

    # --- taking answers ---

    def _keep(self, sticker: Sticker) -> None:
        self._stickers[sticker.id] = sticker
        if len(self._stickers) > _KEPT_STICKERS:
            self._stickers.popitem(last=False)

    def _give_up(self, number: int, error: object) -> None:
        if number == self._question:
            self._answered = number
            self.failed.emit(error)
            self.searched.emit()

    def _take(self, number: int, ids: list[str]) -> None:
        if number != self._question:
            return  # the user has typed on
        self._answered = number
        if ids != self._ids:
            self._change_to(ids)
        if ids:
            self.dataChanged.emit(self.index(0), self.index(len(ids) - 1))
        self.searched.emit()

    def _change_to(self, ids: list[str]) -> None:
        """Remove and insert runs of rows until they are `ids`."""
        start = _common(self._ids, ids)
        old, fresh = self._ids[start:], ids[start:]
        end = _common(old[::-1], fresh[::-1])
        old, fresh = old[: len(old) - end], fresh[: len(fresh) - end]
        wanted, present = set(fresh), set(old)
        gone = _runs([start + row for row, id_ in enumerate(old) if id_ not in wanted])
        new = _runs([start + row for row, id_ in enumerate(fresh) if id_ not in present])
        if len(gone) + len(new) > _MOST_CHANGES or not self._ids:
            self.beginResetModel()
            self._ids = ids
            self.endResetModel()
            return
        for first, last in reversed(gone):
            self.beginRemoveRows(QModelIndex(), first, last)
            del self._ids[first : last + 1]
            self.endRemoveRows()
        for first, last in new:
            self.beginInsertRows(QModelIndex(), first, last)
            self._ids[first:first] = ids[first : last + 1]
            self.endInsertRows()


def _common(one: list[str], other: list[str]) -> int:
    """How many ids two lists begin with alike. Slices compare a hundred times faster than ids."""
    most = min(len(one), len(other))
    return bisect_left(range(most), True, key=lambda n: one[: n + 1] != other[: n + 1])


def _runs(rows: Sequence[int]) -> list[tuple[int, int]]:
    """Ascending rows as (first, last) of each unbroken run."""
    runs: list[tuple[int, int]] = []
    for row in rows:
        if runs and runs[-1][1] == row - 1:
            runs[-1] = (runs[-1][0], row)
        else:
            runs.append((row, row))
    return runs


def _tip(sticker: Sticker) -> str:
    """What a mouse that rests on a sticker is told."""
    recipe = sticker.recipe
    lines = [
        title_of(recipe.prompt, 200),
        tr(
            "Seed {seed} · {steps} steps · {width} × {height} pixels",
            seed=recipe.seed,
            steps=recipe.num_inference_steps,
            width=sticker.width,
            height=sticker.height,
        ),
        ", ".join(f"{lora.name} {lora.weight:+.2f}" for lora in recipe.active_loras),
        _when(sticker),
    ]
    return "\n".join(line for line in lines if line)


def _spoken(sticker: Sticker) -> str:
    """What a screen reader says."""
    title = title_of(sticker.recipe.prompt, 200)
    return tr("{title}, favourite", title=title) if sticker.favourite else title


def _when(sticker: Sticker) -> str:
    made = QDateTime.fromMSecsSinceEpoch(round(sticker.created * 1000))
    return QLocale().toString(made, QLocale.FormatType.ShortFormat)


_WORDED: dict[int, Callable[[Sticker], str]] = {
    Qt.ItemDataRole.DisplayRole: lambda sticker: title_of(sticker.recipe.prompt),
    Qt.ItemDataRole.ToolTipRole: _tip,
    Qt.ItemDataRole.AccessibleTextRole: _spoken,
    Qt.ItemDataRole.AccessibleDescriptionRole: _when,
}
