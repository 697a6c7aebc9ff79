"""The expressions board: one character, many expressions, made in one go."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QImage, QPixmap
from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QFrame,
    QHBoxLayout,
    QLineEdit,
    QMenu,
    QProgressBar,
    QScrollArea,
    QStackedLayout,
    QWidget,
)

from stickerstudio.core.expressions import PLACE, SIZES, Board
from stickerstudio.core.i18n import LANGUAGES, tr, tr_n
from stickerstudio.core.sticker import Sticker
from stickerstudio.core.thumbnails import thumbnail
from stickerstudio.session.session import Session
from stickerstudio.session.state import title_of
from stickerstudio.ui import style
from stickerstudio.ui.board_cell import SIDE, BoardCell
from stickerstudio.ui.board_list import BoardList
from stickerstudio.ui.thumbnails import Thumbnails
from stickerstudio.ui.widgets import (
    EmptyState,
    FlowLayout,
    IconButton,
    PushButton,
    label,
    name_control,
    window_box,
)

_BUCKET = 64  # device pixels: thumbnails as the gallery makes them, and shares
_MOST_BOARDS = 20  # in the menu; older ones follow when those are deleted


class BoardWindow(QDialog):
    """Not modal: the boards' stickers are orders like any other.

    Signals:
        pack_wanted(): the board is a new pack in session.packing: show it.
    """

    pack_wanted = Signal()

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._expressions = session.expressions
        cache = session.paths.cache / "thumbnails"
        self.thumbnails = Thumbnails[Sticker](
            lambda sticker, side: QImage.fromData(thumbnail(sticker, side, cache)), self
        )
        self.cells: list[BoardCell] = []
        self._who = label("small")
        self.character = QLineEdit()
        self.size_box = QComboBox()
        self.make = PushButton(icon="make", primary=True)
        self.stop = PushButton(icon="stop")
        self._summary = label("muted")
        self.rest = PushButton()
        self.progress = QProgressBar()
        self.boards = IconButton("folder")
        self.again = IconButton("dice")
        self.caption = IconButton("caption")
        self.show_list = IconButton("pencil")
        self.pack = PushButton(icon="pack")
        self.list = BoardList(self._expressions)
        self._empty = EmptyState("faces")
        self._grid = FlowLayout(spacing=style.SPACE)
        self._area = QScrollArea()
        self._stack = QStackedLayout()
        self._arrange()
        self._connect()
        self.retranslate()

    def open_for(self, character: str) -> None:
        """Show the window; `character` is taken where none is written there."""
        self._expressions.start()
        if character and not self.character.text():
            self.character.setText(" ".join(character.split()))
        self._show_board()
        self.show()
        self.raise_()
        self.activateWindow()
        self.character.setFocus()

    def stop_workers(self) -> None:
        """Wait for the workers: nothing of ours may outlive the window."""
        self.thumbnails.close()

    def retranslate(self) -> None:
        """Word everything anew; cells and list do so themselves."""
        self.setWindowTitle(tr("Expressions"))
        self._who.setText(tr("&Character"))
        self.character.setPlaceholderText(
            tr("For example: otter, or {example}", example=f"{PLACE} face, soft")
        )
        name_control(
            self.character,
            tr("Character"),
            tr("Each expression's words are put behind it, or where {place} stands.", place=PLACE),
        )
        chosen = max(0, self.size_box.currentIndex())
        self.size_box.clear()
        for size in SIZES:
            self.size_box.addItem(tr_n("{n} expression", "{n} expressions", size), size)
        self.size_box.setCurrentIndex(chosen)
        name_control(self.size_box, tr("How many expressions"))
        self.stop.setText(tr("St&op"))
        name_control(self.stop, tr("Stop making the board"))
        name_control(self.boards, tr("Boards made before"))
        name_control(self.again, tr("Make all again with another seed; locked ones stay"))
        name_control(self.caption, tr("Write the words on all stickers"))
        name_control(self.show_list, tr("Edit the list of expressions"))
        self.rest.setText(tr("Make the &rest"))
        name_control(self.rest, tr("Make the rest"), tr("Make what the board lacks"))
        self.pack.setText(tr("Make it a &pack…"))
        name_control(
            self.pack, tr("Make it a pack"), tr("A pack in the board's order, an emoji for each")
        )
        self.progress.setAccessibleName(tr("Stickers made"))
        self._empty.set_texts(
            tr("One character, many moods"),
            tr("Name a character above. Its board is made with the blend and seed of the window."),
        )
        self._show_progress()

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.LanguageChange:
            self.retranslate()
        super().changeEvent(event)

    # --- how it is laid out ---

    def _arrange(self) -> None:
        self._who.setBuddy(self.character)
        first = QHBoxLayout()
        first.setSpacing(style.SPACE)
        first.addWidget(self._who)
        first.addWidget(self.character, 1)
        first.addWidget(self.size_box)
        first.addWidget(self.stop)
        first.addWidget(self.make)
        for button in (self.stop, self.pack):
            button.setObjectName("tall")
            button.setAutoDefault(False)
        self.make.setDefault(True)  # Enter, wherever the focus is
        second = QHBoxLayout()
        second.setSpacing(style.SPACE // 2)
        second.addWidget(self.boards)
        second.addWidget(self._summary)
        self.rest.setObjectName("link")
        self.rest.setAutoDefault(False)
        second.addWidget(self.rest)
        second.addSpacing(style.SPACE)
        second.addWidget(self.progress, 1)
        keep = self.progress.sizePolicy()
        keep.setRetainSizeWhenHidden(True)  # the buttons stay where they are
        self.progress.setSizePolicy(keep)
        second.addSpacing(style.SPACE)
        second.addWidget(self.again)
        second.addWidget(self.caption)
        self.show_list.setCheckable(True)
        second.addWidget(self.show_list)
        second.addSpacing(style.SPACE)
        second.addWidget(self.pack)
        self.progress.setTextVisible(False)
        inside = QWidget()
        inside.setObjectName("scrolled")
        inside.setLayout(self._grid)
        self._area.setWidget(inside)
        self._area.setWidgetResizable(True)
        self._area.setFrameShape(QFrame.Shape.NoFrame)
        self._area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._area.viewport().installEventFilter(self)
        self._area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        for widget in (self._empty, self._area):
            self._stack.addWidget(widget)
        self.list.setFixedWidth(style.SPACE * 38)
        self.list.hide()
        middle = QHBoxLayout()
        middle.setSpacing(style.SPACE * 2)
        middle.addLayout(self._stack, 1)
        middle.addWidget(self.list)
        box = window_box(self)
        box.addLayout(first)
        box.addLayout(second)
        box.addLayout(middle, 1)
        self.resize(style.SPACE * 112, style.SPACE * 100)

    def _connect(self) -> None:
        expressions, session = self._expressions, self._session
        expressions.board_changed.connect(self._show_board)
        expressions.cell_changed.connect(self._show_cell)
        expressions.captioning_changed.connect(self._show_progress)
        self.thumbnails.ready.connect(self._repaint)
        self.make.clicked.connect(self._make)
        self.stop.clicked.connect(expressions.stop)
        self.rest.clicked.connect(expressions.make_rest)
        self.again.clicked.connect(expressions.remake)
        self.boards.clicked.connect(lambda: _below(self.boards, self.boards_menu()))
        self.caption.clicked.connect(lambda: _below(self.caption, self.captions_menu()))
        self.show_list.toggled.connect(self.list.setVisible)
        self.pack.clicked.connect(self._make_pack)
        session.closed.connect(self.stop_workers)

    # --- what is shown ---

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """The board's width has changed."""
        if watched is self._area.viewport() and event.type() == QEvent.Type.Resize:
            self._fit()
        return super().eventFilter(watched, event)

    def _fit(self) -> None:
        """As many cells in a line as fit, sharing its width."""
        gap, width = style.SPACE, self._area.viewport().width()
        columns = max(1, (width + gap) // (SIDE + 2 * gap + gap))
        for cell in self.cells:
            cell.set_width((width + gap) // columns - gap)

    def _show_board(self) -> None:
        board = self._expressions.board
        number = len(board.cells) if board is not None else 0
        while len(self.cells) > number:
            cell = self.cells.pop()
            self._grid.removeWidget(cell)
            cell.hide()
            cell.deleteLater()
        while len(self.cells) < number:
            cell = BoardCell(len(self.cells), self._picture)
            cell.regenerate.connect(self._expressions.regenerate)
            cell.lock.connect(self._expressions.set_locked)
            cell.swapped.connect(self._expressions.swap)
            cell.moved.connect(self._move)
            self.cells.append(cell)
            self._grid.addWidget(cell)
        self._fit()
        for index in range(number):
            self._show_cell(index)
        if board is not None and not self.character.text():
            self.character.setText(board.character)
            self.size_box.setCurrentIndex(max(0, self.size_box.findData(number)))
        self._stack.setCurrentWidget(self._area if number else self._empty)
        self._show_progress()

    def _show_cell(self, index: int) -> None:
        board = self._expressions.board
        if board is not None and index < len(self.cells):
            self.cells[index].show_cell(board.cells[index], self._expressions.state(index))
            self._show_progress()

    def _show_progress(self) -> None:
        board, expressions = self._expressions.board, self._expressions
        number, made = len(board.cells) if board is not None else 0, expressions.made
        self.progress.setRange(0, max(1, number))
        self.progress.setValue(made)
        if expressions.captioning:
            self._summary.setText(tr("Writing captions…"))
        elif number:
            self._summary.setText(tr("{made} of {n} made", made=made, n=number))
        else:
            self._summary.setText("")
        self.progress.setVisible(expressions.is_making)
        self.make.setText(tr("&Make the board"))
        name_control(self.make, tr("Make the board"), tr("Orders a sticker for each expression"))
        self.stop.setVisible(expressions.is_making)
        self.rest.setVisible(made < number and not expressions.is_making)
        busy = expressions.captioning
        self.again.setEnabled(number > 0 and not busy)
        self.caption.setEnabled(made > 0 and not busy)
        self.pack.setEnabled(made > 0)

    def _picture(self, index: int, side: int) -> QPixmap | None:
        shown = self._expressions.shown(index)
        if shown is None:
            return None
        bucket = -(-side // _BUCKET) * _BUCKET
        return self.thumbnails.get(shown.key, shown.sticker, bucket)

    def _repaint(self, key: str) -> None:
        for index, cell in enumerate(self.cells):
            shown = self._expressions.shown(index) if self._expressions.board else None
            if shown is not None and shown.key == key:
                cell.update()

    # --- what is done ---

    def _make(self) -> None:
        self._expressions.make(self.character.text(), int(self.size_box.currentData()))

    def _move(self, index: int, to: int) -> None:
        to = min(max(to, 0), len(self.cells) - 1)
        if index != to:
            self._expressions.move(index, to)
            self.cells[to].setFocus()

    def boards_menu(self) -> QMenu:
        """The boards that are kept; the menu deletes itself when closed."""
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        here = self._expressions.board
        for board in self._expressions.boards[:_MOST_BOARDS]:
            action = menu.addAction(self._title(board))
            action.setCheckable(True)
            action.setChecked(here is not None and here.name == board.name)
            action.triggered.connect(lambda _=False, board=board: self._open(board))
        menu.addSeparator()
        delete = menu.addAction(tr("Forget this board (its stickers stay)"))
        delete.setEnabled(here is not None)
        delete.triggered.connect(lambda: here and self._expressions.delete(here.name))
        return menu

    def captions_menu(self) -> QMenu:
        """In which language to caption; the menu deletes itself when closed."""
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        for language, title in LANGUAGES.items():
            action = menu.addAction(tr("Captions in {language}", language=title))
            action.triggered.connect(
                lambda _=False, language=language: self._expressions.caption(language)
            )
        menu.addSeparator()
        none = menu.addAction(tr("No captions"))
        none.triggered.connect(lambda: self._expressions.caption(""))
        return menu

    def _title(self, board: Board) -> str:
        title = title_of(board.character, 40).replace("&", "&&")
        return f"{title}\t{len(board.cells)}"

    def _open(self, board: Board) -> None:
        self.character.setText(board.character)
        self.size_box.setCurrentIndex(max(0, self.size_box.findData(len(board.cells))))
        self._expressions.open(board.name)

    def _make_pack(self) -> None:
        if self._expressions.make_pack():
            self.pack_wanted.emit()


def _below(button: QWidget, menu: QMenu) -> None:
    """Open `menu` under the button it belongs to."""
    menu.popup(button.mapToGlobal(button.rect().bottomLeft()))
