"""The gallery's rows: the ids of the stickers that match, in the order asked for.

Only ids are held, so that 100,000 stickers open at once; a row's Sticker is fetched when it is
looked at. The library is asked off the UI thread, and what changed is applied as insertions and
removals, never as a reset: selection and place on the screen stay.
"""

from __future__ import annotations

import threading
from bisect import bisect_left
from collections import OrderedDict
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
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

from stickerstudio.core.collections import Label
from stickerstudio.core.errors import NotFoundError, StudioError, report
from stickerstudio.core.i18n import tr
from stickerstudio.core.library import Library, Order
from stickerstudio.core.sticker import Sticker
from stickerstudio.session.state import title_of

Index = QModelIndex | QPersistentModelIndex
Runs = list[tuple[int, int]]  # first and last row of each unbroken run, ascending

_FIRST = 300  # rows shown before the rest is known: more than a screen holds
_KEPT_STICKERS = 2_000  # rows whose Sticker is kept: several screens full
_MOST_WANTED = 256  # rows: what was scrolled past is not fetched any more
_MOST_CHANGES = 500  # runs of rows changed one by one; beyond that starting anew is faster


class Role(IntEnum):
    """What a row can be asked for beyond Qt's own roles."""

    ID = Qt.ItemDataRole.UserRole + 1
    STICKER = Qt.ItemDataRole.UserRole + 2


@dataclass(frozen=True, slots=True)
class Question:
    """Which stickers to show.

    Attributes:
        words, favourites, label, order: as for Library.ids.
        trash: those in the trash instead, last deleted first; nothing else counts then.
    """

    words: str = ""
    favourites: bool = False
    label: Label | None = None
    order: Order = "newest"
    trash: bool = False

    @property
    def is_filtered(self) -> bool:
        """Whether it may leave some out."""
        return bool(self.words or self.favourites or self.label or self.trash)


@dataclass(frozen=True, slots=True)
class _Change:
    """The way from the rows that were shown when a question was asked to those of its answer.

    Attributes:
        question: the number of the question.
        version: of the rows at that time.
        ids: the new rows.
        gone, new: runs of rows to remove from the old ones, then to insert; None: start anew.
        places: the row of each id, where the order does not tell it.
        more: whether these are only the first rows; the rest follows.
    """

    question: int
    version: int
    ids: list[str]
    gone: Runs | None
    new: Runs | None
    places: dict[str, int]
    more: bool = False


class _Answer(QObject):
    """Carries what a worker found to the UI thread; has no parent: workers outlive no signal."""

    change = Signal(object)  # _Change
    failed = Signal(int, object)  # number of the question, ErrorReport
    stickers = Signal(object)  # list[Sticker]


class GalleryModel(QAbstractListModel):
    """The stickers of `library` that match the question asked last.

    Signals:
        searched(): the rows are those of the last question asked.
        failed(ErrorReport): the library could not be read.
    """

    searched = Signal()  # told twice where much matches: of the first rows, and of all
    failed = Signal(object)

    def __init__(self, library: Library, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._library = library
        self._ids: list[str] = []
        self._version = 0  # of _ids
        self._stickers: OrderedDict[str, Sticker] = OrderedDict()
        self._stale: set[str] = set()  # of those, what may have changed since
        self._places: dict[str, int] = {}
        self._is_part = False
        self._asked = 0
        self._answered = 0
        self.question = Question()
        self._lock = threading.Lock()  # over what is wanted, which the worker takes
        self._wanted: OrderedDict[str, None] = OrderedDict()
        self._fetching = False
        self._closed = False
        self._pool = QThreadPool(self)
        self._pool.setMaxThreadCount(2)  # one asks, one fetches
        self._answer = _Answer()
        self._answer.change.connect(self._take)
        self._answer.failed.connect(self._give_up)
        self._answer.stickers.connect(self._receive)

    # --- Qt's side ---

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 — Qt's own default
        return 0 if parent.isValid() else len(self._ids)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid() or not 0 <= index.row() < len(self._ids):
            return None
        if role == Role.ID:
            return self._ids[index.row()]
        if role == Role.STICKER:
            return self._peek(self._ids[index.row()])
        if role in _WORDED:
            sticker = self.sticker(self._ids[index.row()])
            return _WORDED[role](sticker) if sticker is not None else None
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
        return self._answered != self._asked

    @property
    def is_counting(self) -> bool:
        """Whether there may be more rows than are known yet."""
        return self.is_searching or self._is_part

    def ask(self, question: Question) -> None:
        """Show what matches; → searched. Also to be called when the library has changed."""
        if self._closed:
            return
        same = question == self.question
        if question.trash != self.question.trash:
            self._stickers.clear()  # their files lie elsewhere
        self.question = question
        self._asked += 1
        number, version, library, answer = self._asked, self._version, self._library, self._answer
        before = self._ids.copy() if same else []

        def look() -> None:
            try:
                ids = [] if before else _ids(library, question, _FIRST)
                if len(ids) == _FIRST:
                    answer.change.emit(_Change(number, version, ids, None, None, _rows(ids), True))
                if before or len(ids) == _FIRST:
                    ids = _ids(library, question)
            except StudioError as error:
                answer.failed.emit(number, report(error))
                return
            gone, new = _changes(before, ids) if before else (None, None)
            by_time = question.order in ("newest", "oldest") and not question.trash
            places = {} if by_time else _rows(ids)
            answer.change.emit(_Change(number, version, ids, gone, new, places))

        self._pool.start(look)

    def add_newest(self, sticker: Sticker) -> None:
        """Put a sticker that was just made at the top, where the filters let it."""
        if self.question.trash:
            return
        if self.question.is_filtered or self.question.order != "newest":
            self.ask(self.question)
        elif not self._ids or sticker.id > self._ids[0]:
            self._keep(sticker)
            self.beginInsertRows(QModelIndex(), 0, 0)
            self._ids.insert(0, sticker.id)
            self._version += 1
            self.endInsertRows()
        elif sticker.id not in self._ids:  # another window made one meanwhile
            self.ask(self.question)

    def refresh(self) -> None:
        """The library was changed otherwise: ask again, and fetch anew what is looked at."""
        self._stale = set(self._stickers)
        self.ask(self.question)

    def sticker(self, sticker_id: str) -> Sticker | None:
        """The Sticker, or None where it has just been deleted or cannot be read. May wait."""
        kept = self._stickers.get(sticker_id)
        if kept is not None and sticker_id not in self._stale:
            return kept
        try:
            sticker = self._get(sticker_id)
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
        place = self._place(sticker_id)
        if 0 <= place < len(self._ids) and self._ids[place] == sticker_id:
            index = self.index(place)
            self.dataChanged.emit(index, index, [Qt.ItemDataRole.DecorationRole])

    def _place(self, sticker_id: str) -> int:
        """The row where that id is, if it is shown."""
        if self.question.trash or self.question.order not in ("newest", "oldest"):
            return self._places.get(sticker_id, -1)
        if self.question.order == "oldest":
            return bisect_left(self._ids, sticker_id)
        return bisect_left(self._ids, True, key=lambda id_: id_ <= sticker_id)

    def close(self) -> None:
        """Wait for the workers: nothing of ours may outlive the window."""
        with self._lock:
            self._wanted.clear()
            self._closed = True
        self._pool.clear()
        self._pool.waitForDone()

    # --- taking answers ---

    def _peek(self, sticker_id: str) -> Sticker | None:
        """The Sticker as far as it is known; what is not is fetched, and painted when it comes.

        The library answers one reader at a time: a row that is painted must not wait for a search.
        """
        kept = self._stickers.get(sticker_id)
        if kept is None or sticker_id in self._stale:
            with self._lock:
                self._wanted[sticker_id] = None
                self._wanted.move_to_end(sticker_id)
                if len(self._wanted) > _MOST_WANTED:
                    self._wanted.popitem(last=False)
                if not self._fetching and not self._closed:
                    self._fetching = True
                    self._pool.start(self._fetch)
        else:
            self._stickers.move_to_end(sticker_id)
        return kept

    def _fetch(self) -> None:
        """In a worker: get what is wanted, the latest first, until there is nothing more."""
        while True:
            with self._lock:
                ids = [self._wanted.popitem()[0] for _ in range(min(32, len(self._wanted)))]
                if not ids:
                    self._fetching = False  # under the lock: the next wish starts a worker again
                    return
            found: list[Sticker] = []
            for sticker_id in ids:
                # Of a library that cannot be read, the search has told already.
                with suppress(StudioError):
                    found.append(self._get(sticker_id))
            self._answer.stickers.emit(found)

    def _get(self, sticker_id: str) -> Sticker:
        """From the library or its trash, whichever is shown. Called from workers as well."""
        trash = self.question.trash
        return self._library.trashed(sticker_id) if trash else self._library.get(sticker_id)

    def _receive(self, stickers: list[Sticker]) -> None:
        for sticker in stickers:
            self._keep(sticker)
            self.changed(sticker.id)

    def _keep(self, sticker: Sticker) -> None:
        self._stale.discard(sticker.id)
        self._stickers[sticker.id] = sticker
        if len(self._stickers) > _KEPT_STICKERS:
            self._stickers.popitem(last=False)

    def _give_up(self, number: int, error: object) -> None:
        if number == self._asked:
            self._answered = number
            self.failed.emit(error)
            self.searched.emit()

    def _take(self, change: _Change) -> None:
        if change.question != self._asked:
            return  # the user has typed on
        if self._is_part and change.ids[:_FIRST] == self._ids:
            more = [(_FIRST, len(change.ids) - 1)] if len(change.ids) > _FIRST else []
            self._apply(change.ids, [], more)
        elif change.gone is None or change.new is None:
            self.beginResetModel()
            self._ids = change.ids
            self._version += 1
            self.endResetModel()
        elif change.version == self._version:
            self._apply(change.ids, change.gone, change.new)
        else:  # a sticker was made since
            self.ask(self.question)
            return
        self._places, self._is_part = change.places, change.more
        self._answered = change.question
        if self._ids and self._stale:
            self.dataChanged.emit(self.index(0), self.index(len(self._ids) - 1))
        self.searched.emit()

    def _apply(self, ids: list[str], gone: Runs, new: Runs) -> None:
        for first, last in reversed(gone):
            self.beginRemoveRows(QModelIndex(), first, last)
            del self._ids[first : last + 1]
            self.endRemoveRows()
        for first, last in new:
            self.beginInsertRows(QModelIndex(), first, last)
            self._ids[first:first] = ids[first : last + 1]
            self.endInsertRows()
        self._version += bool(gone or new)


def _ids(library: Library, question: Question, limit: int | None = None) -> list[str]:
    if question.trash:
        return library.trash()[:limit]
    return library.ids(
        question.words,
        favourites=question.favourites,
        label=question.label,
        order=question.order,
        limit=limit,
    )


def _rows(ids: list[str]) -> dict[str, int]:
    return {sticker_id: row for row, sticker_id in enumerate(ids)}


def _changes(before: list[str], after: list[str]) -> tuple[Runs, Runs] | tuple[None, None]:
    """Runs of rows to remove from `before`, then to insert; Nones where that would be too many."""
    start = _common(before, after)
    old, fresh = before[start:], after[start:]
    end = _common(old[::-1], fresh[::-1])
    old, fresh = old[: len(old) - end], fresh[: len(fresh) - end]
    wanted, present = set(fresh), set(old)
    if [id_ for id_ in old if id_ in wanted] != [id_ for id_ in fresh if id_ in present]:
        return None, None  # some that stay have changed places
    gone = _runs([start + row for row, id_ in enumerate(old) if id_ not in wanted])
    new = _runs([start + row for row, id_ in enumerate(fresh) if id_ not in present])
    return (gone, new) if len(gone) + len(new) <= _MOST_CHANGES else (None, None)


def _common(one: list[str], other: list[str]) -> int:
    """How many ids two lists begin with alike. Slices compare a hundred times faster than ids."""
    most = min(len(one), len(other))
    return bisect_left(range(most), True, key=lambda n: one[: n + 1] != other[: n + 1])


def _runs(rows: Sequence[int]) -> Runs:
    """Ascending rows as (first, last) of each unbroken run."""
    runs: Runs = []
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
