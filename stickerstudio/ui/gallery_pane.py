"""The gallery: every sticker in the library, newest first."""

from __future__ import annotations

from PySide6.QtCore import (
    QEvent,
    QItemSelection,
    QModelIndex,
    QObject,
    QPoint,
    Qt,
    QThreadPool,
    QTimer,
)
from PySide6.QtGui import QAction, QImage, QKeyEvent, QKeySequence
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QStackedLayout, QVBoxLayout, QWidget

from stickerstudio.core.errors import ErrorReport, StudioError, report
from stickerstudio.core.i18n import tr, tr_n
from stickerstudio.core.sticker import Sticker
from stickerstudio.core.thumbnails import thumbnail
from stickerstudio.session.session import Session
from stickerstudio.session.state import Notice
from stickerstudio.ui import style
from stickerstudio.ui.drag import SIDE as DRAG_SIDE
from stickerstudio.ui.drag import drag_stickers
from stickerstudio.ui.gallery_actions import GalleryActions, Name
from stickerstudio.ui.gallery_delegate import GAP, GalleryDelegate
from stickerstudio.ui.gallery_model import GalleryModel, Role
from stickerstudio.ui.gallery_view import GalleryView
from stickerstudio.ui.outgoing import MOST_OUTGOING, tidy
from stickerstudio.ui.thumbnails import Thumbnails
from stickerstudio.ui.widgets import Card, EmptyState, IconButton, label, name_control

_DEBOUNCE_MS = 150  # between the last key and the search
_BUTTONS: tuple[Name, ...] = ("send", "use", "copy", "save_png", "show", "star", "delete")


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
        self._heading = label("heading")
        self._count = label("small")
        self.search = QLineEdit()
        self.favourites = IconButton("star")
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
        self.model.ask("", favourites=False)
        QThreadPool.globalInstance().start(lambda: tidy(cache))

    def chosen(self) -> list[str]:
        """The ids of the chosen stickers, in the gallery's order."""
        return self.model.ids_in(self.view.selectionModel().selection())

    def retranslate(self) -> None:
        """Word everything anew after a change of language."""
        self._heading.setText(tr("Gallery"))
        self.search.setPlaceholderText(tr("Search your stickers"))
        name_control(self.search, tr("Search your stickers"), tr("Words of the prompt or a style"))
        name_control(self.favourites, tr("Only favourites"))
        self.view.setAccessibleName(tr("Stickers"))
        self._find.setText(tr("Search your stickers"))
        self.empty.set_texts(
            tr("No stickers yet"),
            tr("Describe one, press “Make”, and it appears here. Then drag it into the chat."),
        )
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
        head.addWidget(self._heading)
        head.addStretch()
        head.addWidget(self._count)
        self.favourites.setCheckable(True)
        self.search.setClearButtonEnabled(True)
        self.search.installEventFilter(self)
        filters = QHBoxLayout()
        filters.setSpacing(style.SPACE // 2)
        filters.addWidget(self.search, 1)
        filters.addWidget(self.favourites)
        tools = QHBoxLayout()
        tools.setSpacing(style.SPACE // 2)
        for name, button in self.buttons.items():
            if name == "delete":
                tools.addStretch()
            tools.addWidget(button)
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
        self.box.addLayout(tools)
        self._find.setShortcut(QKeySequence(QKeySequence.StandardKey.Find))
        self.addAction(self._find)
        self._delay.setSingleShot(True)
        self._delay.setInterval(_DEBOUNCE_MS)

    def _connect(self) -> None:
        session, view = self._session, self.view
        session.sticker_ready.connect(self.model.add_newest)
        session.library_changed.connect(self.model.refresh)
        session.closed.connect(self.stop)
        self.model.failed.connect(self._complain)
        self.model.searched.connect(self._show_state)
        self.model.rowsInserted.connect(self._show_state)
        self.thumbnails.ready.connect(self.model.changed)
        self._delay.timeout.connect(self.ask)
        self.search.textChanged.connect(self._delay.start)
        self.favourites.toggled.connect(self.ask)
        self._find.triggered.connect(self._focus_search)
        view.selectionModel().selectionChanged.connect(self._choose)
        view.activated.connect(self.actions_.send)
        view.doubleClicked.connect(self.actions_.send)
        view.star_clicked.connect(self._toggle_star)
        view.typed.connect(self._type)
        view.drag_wanted.connect(self._drag)
        view.customContextMenuRequested.connect(self._menu)
        self.actions_.changed.connect(self._name_buttons)
        for name, button in self.buttons.items():
            button.clicked.connect(self.actions_[name].trigger)

    # --- search ---

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Keys of the search box: down and Enter go to what was found, Esc forgets the words."""
        if watched is self.search and isinstance(event, QKeyEvent):
            if event.type() == QEvent.Type.KeyPress:
                return self._search_key(event)
            if event.type() == QEvent.Type.ShortcutOverride and event.key() == Qt.Key.Key_Escape:
                if self.search.text():
                    event.accept()  # before it stops what is being made
                return bool(self.search.text())
        return super().eventFilter(watched, event)

    def _search_key(self, event: QKeyEvent) -> bool:
        if event.key() in (Qt.Key.Key_Down, Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.ask()
            self.view.setFocus()
            if not self.view.currentIndex().isValid() and self.model.rowCount():
                self.view.setCurrentIndex(self.model.index(0))
            return True
        if event.key() == Qt.Key.Key_Escape and self.search.text():
            self.search.clear()
            self.ask()
            return True
        return False

    def ask(self) -> None:
        """Show what the search box and the favourites button say, now."""
        self._delay.stop()
        words, favourites = self.search.text().strip(), self.favourites.isChecked()
        self.favourites.set_icon("star-filled" if favourites else "star")
        if (words, favourites) != (self.model.words, self.model.favourites):
            self.thumbnails.forget()
            self.view.clearSelection()
            self.view.scrollToTop()
            self.model.ask(words, favourites=favourites)

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
        number, filtered = self.model.rowCount(), bool(self.model.words or self.model.favourites)
        if number or self.model.is_searching:
            self._stack.setCurrentWidget(self.view)
        elif filtered:
            self._word_unfound()
            self._stack.setCurrentWidget(self.unfound)
        else:
            self._stack.setCurrentWidget(self.empty)
        self._choose()

    def _word_unfound(self) -> None:
        if self.model.words:
            self.unfound.set_texts(
                tr("Nothing found"), tr("No sticker has all of these words. Try fewer of them.")
            )
        else:
            self.unfound.set_texts(
                tr("No favourites yet"),
                tr("Point at a sticker and press the star in its corner."),
            )

    def _choose(self, *_: QItemSelection) -> None:
        number = self.model.rowCount()
        chosen = sum(part.height() for part in self.view.selectionModel().selection().toList())
        locale = self.locale()
        if chosen:
            text = tr(
                "{chosen} of {n} chosen", chosen=locale.toString(chosen), n=locale.toString(number)
            )
        elif number:
            text = tr_n("{n} sticker", "{shown} stickers", number, shown=locale.toString(number))
        else:
            text = ""
        self._count.setText(text)
        self.actions_.update()

    def _name_buttons(self) -> None:
        for name, button in self.buttons.items():
            action = self.actions_[name]
            keys = action.shortcut().toString(QKeySequence.SequenceFormat.NativeText)
            tip = f"{action.text()} ({keys})" if keys else action.text()
            name_control(button, action.text().rstrip("…"), tip)
            button.setEnabled(action.isEnabled())

    # --- what is done ---

    def _toggle_star(self, index: QModelIndex) -> None:
        sticker = self.model.sticker(index.data(Role.ID))
        if sticker is not None:
            self._session.set_favourite([sticker.id], not sticker.favourite)

    def _menu(self, place: QPoint) -> None:
        self.actions_.menu().popup(self.view.viewport().mapToGlobal(place))

    def _drag(self) -> None:
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
