"""Expressions: a board of stickers, one character with many expressions in one style."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from PySide6.QtCore import QObject, Signal

from stickerstudio.core import expressions
from stickerstudio.core.design import Caption, Stamp
from stickerstudio.core.errors import BadInputError, NotFoundError, StudioError, report
from stickerstudio.core.expressions import Board, BoardShelf, Expression
from stickerstudio.core.i18n import current_language, tr
from stickerstudio.core.library import Library
from stickerstudio.core.recipe import Recipe
from stickerstudio.core.settings import enlargement
from stickerstudio.core.sticker import Sticker
from stickerstudio.finish.composed import assemble
from stickerstudio.packs.pack import Pack, PackSticker
from stickerstudio.session.background import Background
from stickerstudio.session.designing import stamp_picture
from stickerstudio.session.state import Notice, random_seed

if TYPE_CHECKING:
    from stickerstudio.session.session import Session

CellState = Literal["empty", "waiting", "making", "done"]
AUTHOR = "Sticker Studio"  # until the user names another
AHEAD = 3  # orders of a board in the lane at once: the engine never waits, nor does the user
CAPTION_Y = 0.93  # of the picture's height: below the figure, where a caption covers least


@dataclass(frozen=True, slots=True)
class Shown:
    """A board's sticker as it is on disk now.

    Attributes:
        key: another one whenever its picture changed.
    """

    sticker: Sticker
    key: str


class Expressions(QObject):
    """The list of expressions, the board that is open, and those kept. Verbs return at once.

    Attributes:
        expressions: the user's list.
        board: the one that is open; None while there is none.
        boards: all that are kept, the newest first.
        captioning: whether captions are being written.
    """

    list_changed = Signal()  # expressions
    boards_changed = Signal()  # boards
    board_changed = Signal()  # board: another one, or other cells
    cell_changed = Signal(int)  # its state or picture
    captioning_changed = Signal()

    def __init__(self, session: Session, background: Background) -> None:
        super().__init__(session)
        self._session = session
        self._background = background
        self._list_path = session.paths.state / "expressions.json"
        self._shelf = BoardShelf(session.paths.library / "boards")
        self.expressions: tuple[Expression, ...] = expressions.FORTY
        self.board: Board | None = None
        self.boards: list[Board] = []
        self.captioning = False
        self._shown: dict[str, Shown] = {}
        self._queue: list[Recipe] = []  # still to be ordered
        self._pending: dict[int, Recipe] = {}  # ordered, by job
        self._running: int | None = None  # the job the engine is at
        self._states: list[CellState] = []
        self._in_turn = asyncio.Lock()
        self._opened = False
        session.sticker_ready.connect(self._on_sticker)
        session.jobs_changed.connect(self._on_jobs)
        session.library_changed.connect(self._look_again)

    def start(self) -> None:
        """Read the list and the boards, once; the last board is open then."""
        if not self._opened:
            self._opened = True
            self._background.start(self._start())

    # --- the list ---

    def set_expressions(self, changed: Sequence[Expression]) -> None:
        """Replace the user's list; a notice where it cannot be used. → list_changed"""
        try:
            self.expressions = expressions.checked(changed)
        except StudioError as error:
            self._session.notice.emit(Notice(report(error)))
        else:
            self._write(expressions.save_list, self._list_path, self.expressions)
        self.list_changed.emit()

    def reset_expressions(self) -> None:
        """The shipped list again."""
        self.set_expressions(expressions.FORTY)

    # --- the board ---

    def state(self, index: int) -> CellState:
        """What there is to see in a cell."""
        return self._states[index]

    def shown(self, index: int) -> Shown | None:
        """The sticker in a cell; None while there is none, or where it was deleted."""
        assert self.board is not None
        sticker_id = self.board.cells[index].sticker
        return None if sticker_id is None else self._shown.get(sticker_id)

    @property
    def made(self) -> int:
        """How many cells have their sticker."""
        return self._states.count("done")

    @property
    def is_making(self) -> bool:
        """Whether cells of the board are being made."""
        return bool(self._pending or self._queue)

    def make(self, character: str, count: int) -> None:
        """Make a board of the first `count` expressions, with the draft's blend and seed."""
        recipe = self._base(character)
        if recipe is not None:
            self.stop()
            self._set(expressions.new_board(recipe, self.expressions[:count]))
            self.make_rest()

    def make_rest(self) -> None:
        """Order what the board lacks."""
        if self.board is not None:
            for index in range(len(self.board.cells)):
                if self.state(index) == "empty":
                    self._queue.append(self.board.recipe_of(index))
            self._feed()

    def remake(self) -> None:
        """Make every cell that is not locked anew, all with one new seed."""
        if self.board is None:
            return
        board, seed = self.board, random_seed()
        unlocked = [index for index, cell in enumerate(board.cells) if not cell.locked]
        for index in unlocked:
            board = board.with_cell(index, replace(board.cells[index], seed=seed))
        self._change(board)
        self._queue += [board.recipe_of(index) for index in unlocked]
        self._feed()

    def regenerate(self, index: int) -> None:
        """Make one cell anew with another seed; its old sticker stays in the gallery."""
        if self.board is not None:
            cell = replace(self.board.cells[index], seed=random_seed())
            self._change(self.board.with_cell(index, cell))
            self._queue.append(self.board.recipe_of(index))
            self._feed()

    def stop(self) -> None:
        """Cancel what the board still waits for."""
        self._queue.clear()
        for job_id in tuple(self._pending):
            self._session.cancel_job(job_id)
        self._update()

    def set_locked(self, index: int, locked: bool) -> None:
        """Leave a cell alone when the board is made anew, or not."""
        if self.board is not None:
            cell = replace(self.board.cells[index], locked=locked)
            self._change(self.board.with_cell(index, cell))
            self.cell_changed.emit(index)

    def swap(self, one: int, other: int) -> None:
        """Let two cells change places."""
        if self.board is not None:
            self._set(self.board.swapped(one, other))

    def move(self, index: int, to: int) -> None:
        """Take a cell out and put it in at `to`."""
        if self.board is not None:
            self._set(self.board.moved(index, to))

    def open(self, name: str) -> None:
        """Open a board that was kept."""
        for board in self.boards:
            if board.name == name:
                self.stop()
                self.board = board
                self._states = self._looked()
                self.board_changed.emit()
                self._look_again()

    def delete(self, name: str) -> None:
        """Forget a board. Its stickers stay in the gallery."""
        self._write(self._shelf.delete, name)
        self.boards = [board for board in self.boards if board.name != name]
        self.boards_changed.emit()
        if self.board is not None and self.board.name == name:
            self.stop()
            self.board = None
            self._states = []
            self.board_changed.emit()

    def caption(self, language: str | None = None) -> None:
        """Write each expression's name on its sticker; an empty language takes captions away.

        Args:
            language: of core.i18n; None: the window's.
        """
        if self.board is not None and not self.captioning:
            language = current_language() if language is None else language
            self.captioning = True
            self.captioning_changed.emit()
            self._background.start(self._caption(self.board, language))

    def make_pack(self) -> bool:
        """Open a new pack of the board in `session.packing`; False, and a notice, without any."""
        try:
            self._session.packing.take(self.pack())
        except StudioError as error:
            self._session.notice.emit(Notice(report(error)))
            return False
        return True

    def pack(self) -> Pack:
        """The board as a pack, its stickers in the board's order, each with its emoji.

        Raises:
            BadInputError: nothing of it is made yet.
        """
        board = self.board
        cells = board.cells if board is not None else ()
        stickers = tuple(
            PackSticker(
                shown.sticker.path,
                (cell.expression.emoji,) if cell.expression.emoji else (),
                cell.expression.words(current_language()),
            )
            for index, cell in enumerate(cells)
            if (shown := self.shown(index)) is not None
        )
        if board is None or not stickers:
            raise BadInputError(
                tr("There is nothing to put into a pack yet."),
                tr("The board has no stickers."),
                tr("Make the board first."),
            )
        title = " ".join(board.character.replace(expressions.PLACE, "").split())
        return Pack(title.strip(" ,，"), AUTHOR, stickers=stickers)

    # --- within ---

    def _base(self, character: str) -> Recipe | None:
        session = self._session
        if not character.strip():
            error = BadInputError(
                tr("There is nothing to make yet."),
                tr("The character is empty."),
                tr("Type who should show the expressions, such as “otter”."),
            )
            session.notice.emit(Notice(report(error)))
            return None
        recipe = session.preview_recipe(replace(session.draft, prompt=character))
        if recipe is None:
            return None
        upscale = enlargement(session.settings.upscale, recipe.width, recipe.height)
        return replace(recipe, upscale=upscale)

    def _feed(self) -> None:
        """Order what waits, as far as the lane shall hold it."""
        while self._queue and len(self._pending) < AHEAD:
            recipe = self._queue.pop(0)
            self._pending[self._session.order(recipe)] = recipe
        self._update()

    def _job(self, recipe: Recipe) -> int | None:
        return next((job for job, wanted in self._pending.items() if wanted == recipe), None)

    def _set(self, board: Board) -> None:
        self._change(board)
        self._states = self._looked()
        self.board_changed.emit()

    def _looked(self) -> list[CellState]:
        """The state of each cell now."""
        board = self.board
        if board is None:
            return []
        jobs: dict[Recipe, int | None] = dict.fromkeys(self._queue)
        jobs |= {recipe: job_id for job_id, recipe in self._pending.items()}
        states: list[CellState] = []
        for index in range(len(board.cells)):
            recipe = board.recipe_of(index)
            if recipe in jobs:
                is_running = jobs[recipe] is not None and jobs[recipe] == self._running
                states.append("making" if is_running else "waiting")
            else:
                states.append("empty" if self.shown(index) is None else "done")
        return states

    def _update(self) -> None:
        """Tell of the cells that are in another state than they were."""
        before, self._states = self._states, self._looked()
        for index, state in enumerate(self._states):
            if index >= len(before) or before[index] != state:
                self.cell_changed.emit(index)

    def _change(self, board: Board) -> None:
        """Replace the open board, on disk as well."""
        self.board = board
        others = [each for each in self.boards if each.name != board.name]
        self.boards = sorted([board, *others], key=lambda each: -each.made)
        self.boards_changed.emit()
        self._write(self._shelf.save, board)

    def _write(self, write: Callable[..., None], *what: object) -> None:
        async def run() -> None:
            async with self._in_turn:  # the last change must be the last on disk
                await self._background.call(write, *what)

        self._background.start(run())

    def _on_sticker(self, sticker: Sticker) -> None:
        """Put it where its recipe belongs: ordered from here, or lost in a crash and made again."""
        board, job_id = self.board, self._job(sticker.recipe)
        if job_id is not None:
            del self._pending[job_id]
        if board is None:
            return
        same = [i for i in range(len(board.cells)) if board.recipe_of(i) == sticker.recipe]
        same.sort(key=lambda index: board.cells[index].sticker is not None)
        if same and (job_id is not None or board.cells[same[0]].sticker is None):
            index = same[0]  # of two cells alike, the one that has none yet
            self._shown[sticker.id] = Shown(sticker, sticker.id)
            self._change(board.with_cell(index, replace(board.cells[index], sticker=sticker.id)))
        if job_id is not None:
            self._feed()
        else:
            self._update()

    def _on_jobs(self) -> None:
        """Orders come and go: those that were cancelled or failed are waited for no more."""
        if not self._pending:
            return
        views = self._session.jobs
        alive = {view.job_id for view in views}
        running = next((view.job_id for view in views if view.state == "running"), None)
        gone = [job_id for job_id in self._pending if job_id not in alive]
        if gone or running != self._running:
            self._running = running
            for job_id in gone:  # cancelled or failed: the rest would fare no better
                del self._pending[job_id]
                self._queue.clear()
            self._update()

    def _look_again(self) -> None:
        if self.board is not None:
            self._background.start(self._read_stickers())

    async def _start(self) -> None:
        self.expressions = await self._background.call(expressions.read_list, self._list_path)
        self.list_changed.emit()
        self.boards = await self._background.call(self._shelf.read)
        self.boards_changed.emit()
        if self.board is None and self.boards:
            self.open(self.boards[0].name)

    async def _read_stickers(self) -> None:
        board, library = self.board, self._session.library
        assert board is not None

        def read() -> dict[str, Shown]:
            found: dict[str, Shown] = {}
            for cell in board.cells:
                if cell.sticker is not None:
                    shown = _shown(library, cell.sticker)
                    if shown is not None:
                        found[cell.sticker] = shown
            return found

        found = await self._background.call(read)
        looked_at = {cell.sticker for cell in board.cells}
        rest = {key: shown for key, shown in self._shown.items() if key not in looked_at}
        self._shown = rest | found
        self._states = self._looked()
        self.board_changed.emit()

    async def _caption(self, board: Board, language: str) -> None:
        library, session = self._session.library, self._session
        try:
            for cell in board.cells:
                if cell.sticker is None or cell.sticker not in self._shown:
                    continue
                names = {cell.expression.en, cell.expression.zh_hant}
                words = cell.expression.words(language) if language else ""
                painted = await self._background.call(library.painted, cell.sticker)
                design = await self._background.call(library.design, cell.sticker)
                layers = tuple(
                    layer
                    for layer in design.layers
                    if not (isinstance(layer, Caption) and layer.text in names)
                )
                if words:
                    layers += (Caption(words, y=CAPTION_Y),)
                changed = replace(design, layers=layers)
                if changed != design:
                    sources = {layer.source for layer in layers if isinstance(layer, Stamp)}
                    stamps = {
                        source: await self._background.call(stamp_picture, library, source)
                        for source in sources
                    }
                    mask = painted.mask_for(changed, self._shown[cell.sticker].sticker.recipe)
                    _, composed = await session.workers.run(
                        assemble, painted.picture, None, changed, stamps, mask
                    )
                    await self._background.call(
                        library.redesign, cell.sticker, composed.image, changed
                    )
        finally:
            self.captioning = False
            self.captioning_changed.emit()
            session.library_changed.emit()


def _shown(library: Library, sticker_id: str) -> Shown | None:
    try:
        sticker = library.get(sticker_id)
        return Shown(sticker, f"{sticker_id}/{sticker.path.stat().st_mtime_ns}")
    except (NotFoundError, FileNotFoundError):
        return None
