"""The gallery: the stickers in the library, all or a part of them, and the trash."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import (
    QEvent,
    QItemSelection,
    QModelIndex,
    QPoint,
    Qt,
    QThreadPool,
    QTimer,
)
from PySide6.QtGui import QAction, QActionGroup, QImage, QKeySequence
from PySide6.QtWidgets import (
    QHBoxLayout,
    QMenu,
    QStackedLayout,
    QVBoxLayout,
    QWidget,
)

from stickerstudio.core.errors import ErrorReport, StudioError, report
from stickerstudio.core.i18n import tr, tr_n
from stickerstudio.core.library import Order
from stickerstudio.core.sticker import Sticker
from stickerstudio.core.thumbnails import thumbnail
from stickerstudio.session.session import Session
from stickerstudio.session.state import Notice
from stickerstudio.ui import style
from stickerstudio.ui.drag import SIDE as DRAG_SIDE
from stickerstudio.ui.drag import drag_stickers
from stickerstudio.ui.gallery_actions import GalleryActions, Name
from stickerstudio.ui.gallery_delegate import GAP, GalleryDelegate
from stickerstudio.ui.gallery_labels import LabelMenus
from stickerstudio.ui.gallery_model import GalleryModel, Question, Role
from stickerstudio.ui.gallery_search import SearchBox
from stickerstudio.ui.gallery_shelf import GalleryShelf
from stickerstudio.ui.gallery_trash import TrashTools
from stickerstudio.ui.gallery_view import GalleryView
from stickerstudio.ui.outgoing import MOST_OUTGOING, tidy
from stickerstudio.ui.thumbnails import Thumbnails
from stickerstudio.ui.widgets import (
    Card,
    EmptyState,
    FlowLayout,
    IconButton,
    label,
    name_control,
)

_DEBOUNCE_MS = 150  # between the last key and the search
_BUTTONS: tuple[Name, ...] = (
    "send",
    "edit",
    "use",
    "copy",
    "save_png",
    "show",
    "star",
    "pack",
    "delete",
)


class GalleryPane(Card):
    """Thumbnails of the library, with search, favourites and what can be done with a sticker."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        cache = session.paths.cache
        self.thumbnails = Thumbnails[Sticker](
            lambda sticker, side: QImage.fromData(thumbnail(sticker, side, cache / "thumbnails")),
            self,
        )
        self.model = GalleryModel(session.library, self)
        self.view = GalleryView()
        self.view.setItemDelegate(GalleryDelegate(self.thumbnails, self))
        self.view.setModel(self.model)
        self.actions_ = GalleryActions(session, self.chosen, self.model.sticker, self.view)
        self.labels = LabelMenus(session.library, session.labels, self.chosen, self.view)
        self.shelf = GalleryShelf(session.labels)
        self._count = label("small")
        self.search = SearchBox()
        self.sort = IconButton("sort")
        self.order: Order = "newest"
        self.favourites = IconButton("star")
        self.label_button = IconButton("tag")
        self.trash = TrashTools()
        self._tools = QWidget()
        self.buttons: dict[Name, IconButton] = {
            name: IconButton(self.actions_.icon(name)) for name in _BUTTONS
        }
        self.empty = EmptyState("sticker")
        self.unfound = EmptyState("search")
        self._stack = QStackedLayout()
        self._find = QAction(self)
        self._delay = QTimer(self)
        self._arrange()
        self._connect()
        self.retranslate()
        self.actions_.update()
        self.model.ask(Question())
        session.labels.refresh()
        QThreadPool.globalInstance().start(lambda: tidy(cache))

    def chosen(self) -> list[str]:
        """The ids of the chosen stickers, in the gallery's order."""
        return self.model.ids_in(self.view.selectionModel().selection())

    def retranslate(self) -> None:
        """Word everything anew after a change of language."""
        self.search.setPlaceholderText(tr("Search your stickers"))
        name_control(self.search, tr("Search your stickers"), tr("Words of the prompt or a style"))
        name_control(self.favourites, tr("Only favourites"))
        name_control(self.sort, tr("Order of the stickers"))
        name_control(self.label_button, tr("Collections and tags of the chosen stickers"))
        self.trash.retranslate()
        self.view.setAccessibleName(tr("Stickers"))
        self._find.setText(tr("Search your stickers"))
        self.actions_.retranslate()
        self._name_buttons()
        self._show_state()

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.LanguageChange:
            self.retranslate()
        super().changeEvent(event)

    def stop(self) -> None:
        """Wait for the workers: nothing of ours may outlive the window."""
        self.model.close()
        self.thumbnails.close()

    def _arrange(self) -> None:
        head = QHBoxLayout()
        head.setContentsMargins(-style.SPACE, 0, 0, 0)  # its words, not its frame, in line
        head.addWidget(self.shelf)
        head.addStretch()
        head.addWidget(self._count)
        self.favourites.setCheckable(True)
        filters = QHBoxLayout()
        filters.setSpacing(style.SPACE // 2)
        filters.addWidget(self.search, 1)
        filters.addWidget(self.sort)
        filters.addWidget(self.favourites)
        tools = FlowLayout(self._tools, push_last=True)
        for name, button in self.buttons.items():
            if name == "delete":
                tools.addWidget(self.label_button)
            tools.addWidget(button)
        self.trash.hide()
        self.view.setFrameShape(GalleryView.Shape.NoFrame)
        self.view.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        for widget in (self.view, self.empty, self.unfound):
            self._stack.addWidget(widget)
        self.box.addLayout(head)
        self.box.addLayout(filters)
        inset = QVBoxLayout()
        inset.setContentsMargins(-GAP, 0, -GAP, 0)  # cards in line with the search box, not cells
        inset.addLayout(self._stack)
        self.box.addLayout(inset, 1)
        self.box.addWidget(self._tools)
        self.box.addWidget(self.trash)
        self._find.setShortcut(QKeySequence(QKeySequence.StandardKey.Find))
        self.addAction(self._find)
        self._delay.setSingleShot(True)
        self._delay.setInterval(_DEBOUNCE_MS)

    def _connect(self) -> None:
        session, view = self._session, self.view
        session.sticker_ready.connect(self.model.add_newest)
        session.library_changed.connect(self.thumbnails.look_again)
        session.library_changed.connect(self.model.refresh)
        session.closed.connect(self.stop)
        self.model.failed.connect(self._complain)
        self.model.searched.connect(self._show_state)
        self.model.rowsInserted.connect(self._show_state)
        self.thumbnails.ready.connect(self.model.changed)
        self._delay.timeout.connect(self.ask)
        self.search.textChanged.connect(self._delay.start)
        self.search.entered.connect(self._go_to_found)
        self.search.forgotten.connect(self.ask)
        self.favourites.toggled.connect(self.ask)
        self.shelf.chosen.connect(self._change_shelf)
        self.sort.clicked.connect(lambda: _below(self.sort, self.orders()))
        self.label_button.clicked.connect(lambda: _below(self.label_button, self.labels.menu()))
        self.trash.restore.clicked.connect(self._restore)
        self.trash.emptied.connect(session.labels.empty_trash)
        self._find.triggered.connect(self._focus_search)
        view.selectionModel().selectionChanged.connect(self._choose)
        view.activated.connect(self._send)
        view.doubleClicked.connect(self._send)
        view.star_clicked.connect(self._toggle_star)
        view.typed.connect(self._type)
        view.drag_wanted.connect(self._drag)
        view.customContextMenuRequested.connect(self._menu)
        self.actions_.changed.connect(self._name_buttons)
        for name, button in self.buttons.items():
            button.clicked.connect(self.actions_[name].trigger)

    # --- search ---

    def _go_to_found(self) -> None:
        self.ask()
        self.view.setFocus()
        if not self.view.currentIndex().isValid() and self.model.rowCount():
            self.view.setCurrentIndex(self.model.index(0))

    def ask(self) -> None:
        """Show what the heading, the search box, the order and the favourites button say, now."""
        self._delay.stop()
        shelf, favourites = self.shelf, self.favourites.isChecked()
        self.favourites.set_icon("star-filled" if favourites else "star")
        words = self.search.text().strip()
        question = (
            Question(trash=True)
            if shelf.trash
            else Question(words, favourites, shelf.label, self.order)
        )
        if question != self.model.question:
            self.thumbnails.forget()
            self.view.clearSelection()
            self.view.scrollToTop()
            self.model.ask(question)

    def orders(self) -> QMenu:
        """The orders to choose from; the menu deletes itself when closed."""
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        group = QActionGroup(menu)
        orders: dict[Order, str] = {
            "newest": tr("Newest first"),
            "oldest": tr("Oldest first"),
            "prompt": tr("By prompt"),
        }
        if self.shelf.label is not None and self.shelf.label.kind == "collection":
            orders["own"] = tr("As they were collected")
        for order, text in orders.items():
            action = menu.addAction(text)
            action.setCheckable(True)
            action.setChecked(order == self.order)
            group.addAction(action)
            action.triggered.connect(partial(self._sort, order))
        return menu

    def _sort(self, order: Order, _checked: bool = False) -> None:
        self.order = order
        self.ask()

    def _change_shelf(self) -> None:
        """Another collection, a tag, the trash, or everything again."""
        trash = self.shelf.trash
        if self.order == "own":
            self.order = "newest"
        for widget in (self.search, self.sort, self.favourites):
            widget.setEnabled(not trash)
        self._tools.setVisible(not trash)
        self.trash.setVisible(trash)
        self.actions_.locked = trash
        self.ask()
        self.actions_.update()

    def _focus_search(self) -> None:
        self.search.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.search.selectAll()

    def _type(self, text: str) -> None:
        if text.strip():
            self.search.setFocus()
            self.search.setText(text)

    # --- what is shown ---

    def _show_state(self) -> None:
        """The grid, or what to do first where there is nothing in it; and how many there are."""
        if self.model.rowCount() or self.model.is_searching:
            self._stack.setCurrentWidget(self.view)
        elif self.model.question.is_filtered:
            self._word_unfound()
            self._stack.setCurrentWidget(self.unfound)
        else:
            self._word_empty()
            self._stack.setCurrentWidget(self.empty)
        self._choose()

    def _word_empty(self) -> None:
        if self._session.library.is_behind:
            self.empty.set_texts(
                tr("Reading your stickers…"),
                tr("The list of them was lost and is made anew. No sticker is."),
            )
        else:
            self.empty.set_texts(
                tr("No stickers yet"),
                tr("Describe one, press “Make”, and it appears here. Then drag it into the chat."),
            )

    def _word_unfound(self) -> None:
        question = self.model.question
        if question.trash:
            self.unfound.set_texts(
                tr("The trash is empty"), tr("What you delete is kept here for 30 days.")
            )
        elif question.words:
            self.unfound.set_texts(
                tr("Nothing found"), tr("No sticker has all of these words. Try fewer of them.")
            )
        elif question.label is not None and not question.favourites:
            self.unfound.set_texts(
                tr("Nothing in here yet"),
                tr("Choose stickers in the gallery, then press the tag below them."),
            )
        else:
            self.unfound.set_texts(
                tr("No favourites yet"),
                tr("Point at a sticker and press the star in its corner."),
            )

    def _choose(self, *_: QItemSelection) -> None:
        """Say how many there are and how many chosen; enable what can be done with them."""
        number = self.model.rowCount()
        chosen = sum(part.height() for part in self.view.selectionModel().selection().toList())
        locale = self.locale()
        if chosen:
            text = tr(
                "{chosen} of {n} chosen", chosen=locale.toString(chosen), n=locale.toString(number)
            )
        elif self.model.is_counting:
            text = ""
        elif number:
            text = tr_n("{n} sticker", "{shown} stickers", number, shown=locale.toString(number))
        else:
            text = ""
        self._count.setText(text)
        self.trash.show_state(chosen, number)
        self.label_button.setEnabled(bool(chosen))
        self.actions_.update()

    def _name_buttons(self) -> None:
        for name, button in self.buttons.items():
            action = self.actions_[name]
            keys = action.shortcut().toString(QKeySequence.SequenceFormat.NativeText)
            tip = f"{action.text()} ({keys})" if keys else action.text()
            name_control(button, action.text().rstrip("…"), tip)
            button.setEnabled(action.isEnabled())

    # --- what is done ---

    def _send(self) -> None:
        if not self.shelf.trash:
            self.actions_.send()

    def _restore(self) -> None:
        if ids := self.chosen():
            self._session.labels.restore(ids)

    def _toggle_star(self, index: QModelIndex) -> None:
        if self.shelf.trash:
            return
        sticker = self.model.sticker(index.data(Role.ID))
        if sticker is not None:
            self._session.set_favourite([sticker.id], not sticker.favourite)

    def _menu(self, place: QPoint) -> None:
        where = self.view.viewport().mapToGlobal(place)
        if self.shelf.trash:
            menu = QMenu(self)
            menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
            restore = menu.addAction(tr("Restore"))
            restore.setEnabled(self.trash.restore.isEnabled())
            restore.triggered.connect(self._restore)
        else:
            menu = self.actions_.menu()
            self.labels.add_to(menu, before=self.actions_["delete"])
        menu.popup(where)

    def _drag(self) -> None:
        if self.shelf.trash:
            return
        ids = self.actions_.few(MOST_OUTGOING, tr("That is a lot of stickers to carry."))
        stickers = [each for each in map(self.model.sticker, ids) if each is not None]
        if not stickers:
            return
        current = self.view.currentIndex().data(Role.ID)
        first = next((each for each in stickers if each.id == current), stickers[0])
        side = round(DRAG_SIDE * self.devicePixelRatioF())
        try:
            picture = self.thumbnails.get(first.id, first, side)
            drag_stickers(self.view, stickers, picture, self._session.paths.cache)
        except StudioError as error:
            self._complain(report(error))

    def _complain(self, error: ErrorReport) -> None:
        self._session.notice.emit(Notice(error))


def _below(button: QWidget, menu: QMenu) -> None:
    """Open `menu` under the button it belongs to."""
    menu.popup(button.mapToGlobal(button.rect().bottomLeft()))
