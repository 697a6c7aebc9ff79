"""The window: chat, making and gallery side by side, the notice above, the status below."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QByteArray, QEvent, QSettings, Qt, Signal
from PySide6.QtGui import QCloseEvent, QIcon, QKeySequence, QShortcut
from PySide6.QtWidgets import QHBoxLayout, QMainWindow, QSplitter, QVBoxLayout, QWidget

from stickerstudio.core.i18n import tr
from stickerstudio.core.sticker import Sticker
from stickerstudio.session.session import Session
from stickerstudio.ui import style
from stickerstudio.ui.blend_pane import BlendPane
from stickerstudio.ui.blend_tools import add_undo_keys
from stickerstudio.ui.chat_pane import ChatPane
from stickerstudio.ui.gallery_pane import GalleryPane
from stickerstudio.ui.models_dialog import ModelsDialog
from stickerstudio.ui.notice import NoticeBar
from stickerstudio.ui.prompt_pane import PromptPane
from stickerstudio.ui.settings_dialog import SettingsDialog
from stickerstudio.ui.status_line import StatusLine
from stickerstudio.ui.widgets import Card, PushButton, name_control

# Imported when they are opened first: the main window is on screen sooner without them.
if TYPE_CHECKING:
    from stickerstudio.ui.animate_window import AnimateWindow
    from stickerstudio.ui.board_window import BoardWindow
    from stickerstudio.ui.compare_window import CompareWindow
    from stickerstudio.ui.editor_window import EditorWindow
    from stickerstudio.ui.mix_window import MixPadWindow
    from stickerstudio.ui.pack_window import PackWindow
    from stickerstudio.ui.style_map_window import StyleMapWindow
    from stickerstudio.ui.train_window import TrainWindow

TITLE = "Sticker Studio"  # a name: not translated
COLUMNS = (304, 600, 376)  # pixels at first; then as the user leaves them
ROWS = (480, 236)


class MainWindow(QMainWindow):
    """Arranges the panes, and remembers how the user arranged them."""

    closing = Signal()
    painted = Signal()  # once, after the first paint

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._layout_file = session.paths.state / "window.ini"
        self._models: ModelsDialog | None = None
        self._settings: SettingsDialog | None = None
        self.mix_pad: MixPadWindow | None = None
        self.style_map: StyleMapWindow | None = None
        self.compare: CompareWindow | None = None
        self.train: TrainWindow | None = None
        self.pack: PackWindow | None = None
        self.editor: EditorWindow | None = None
        self.animate: AnimateWindow | None = None
        self.board: BoardWindow | None = None
        self._was_painted = False
        self.setWindowTitle(TITLE)
        self.setWindowIcon(QIcon(str(style.ICONS / "app.svg")))
        self.notices = NoticeBar()
        self.chat = ChatPane(session)
        self.prompt = PromptPane(session)
        self.blend = BlendPane(session)
        self.gallery = GalleryPane(session)
        self.status = StatusLine(session)
        self.open_settings = PushButton(icon="settings")
        self.open_settings.setObjectName("link")
        self.columns = QSplitter(Qt.Orientation.Horizontal)
        self.rows = QSplitter(Qt.Orientation.Vertical)
        self._arrange()
        self._connect()
        self._recall()
        self.retranslate()
        self.prompt.prompt.setFocus()

    def retranslate(self) -> None:
        """Word the window's own controls anew; the panes do so themselves."""
        self.open_settings.setText(tr("Settin&gs"))
        name_control(self.open_settings, tr("Settings"), tr("Settings (Ctrl+,)"))

    def show_settings(self) -> None:
        """Open the settings."""
        if self._settings is None:
            self._settings = SettingsDialog(self._session, self)
        _bring_up(self._settings)

    def show_models(self, model: str = "") -> None:
        """Open the models, ready to get `model`."""
        if self._models is None:
            self._models = ModelsDialog(self._session, self)
        self._models.open_for(model)

    def show_mix_pad(self) -> None:
        """Open the mix pad."""
        if self.mix_pad is None:
            from stickerstudio.ui.mix_window import MixPadWindow

            self.mix_pad = MixPadWindow(self._session, self)
        _bring_up(self.mix_pad)

    def show_style_map(self) -> None:
        """Open the style map."""
        if self.style_map is None:
            from stickerstudio.ui.style_map_window import StyleMapWindow

            self.style_map = StyleMapWindow(self._session, self)
        _bring_up(self.style_map)

    def show_compare(self) -> None:
        """Open the comparison of two blends."""
        if self.compare is None:
            from stickerstudio.ui.compare_window import CompareWindow

            self.compare = CompareWindow(self._session, self)
        _bring_up(self.compare)

    def show_train(self, *, unfinished: bool = False) -> None:
        """Open “Train a style…”; `unfinished`: ready to go on with what was broken off last."""
        if self.train is None:
            from stickerstudio.ui.train_window import TrainWindow

            self.train = TrainWindow(self._session, self)
        _bring_up(self.train)
        if unfinished:
            self.train.data.focus_unfinished()

    def show_board(self, character: str) -> None:
        """Open the expressions board; `character` for one that is to be made."""
        if self.board is None:
            from stickerstudio.ui.board_window import BoardWindow

            self.board = BoardWindow(self._session, self)
            self.board.pack_wanted.connect(self.show_pack)
        self.board.open_for(character)

    def show_editor(self, sticker_id: str) -> None:
        """Open the editor for a sticker."""
        if self.editor is None:
            from stickerstudio.ui.editor_window import EditorWindow

            self.editor = EditorWindow(self._session, self)
        self.editor.open_for(sticker_id)

    def show_animate(self, sticker: Sticker) -> None:
        """Open the animation window for a sticker."""
        if self.animate is None:
            from stickerstudio.ui.animate_window import AnimateWindow

            self.animate = AnimateWindow(self._session, self)
        self.animate.open_for(sticker)

    def show_pack(self, sticker_ids: list[str] | None = None) -> None:
        """Open the pack window; with ids, on a new pack of these stickers."""
        if self.pack is None:
            from stickerstudio.ui.pack_window import PackWindow

            self.pack = PackWindow(self._session, self)
            self.pack.more_wanted.connect(
                lambda: self._session.packing.add(self.gallery.chosen()[::-1])
            )
        if sticker_ids:
            self._session.packing.create(sticker_ids, tr("My stickers"), TITLE)
        _bring_up(self.pack)

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.LanguageChange:
            self.retranslate()
        super().changeEvent(event)

    def event(self, event: QEvent) -> bool:
        done = super().event(event)
        if event.type() == QEvent.Type.Paint and not self._was_painted:
            self._was_painted = True
            self.painted.emit()
        return done

    def closeEvent(self, event: QCloseEvent) -> None:
        self._remember()
        # Their workers must end before Qt destroys them: a destructor that waits for a thread would
        # hold Python's lock, which that thread needs in order to end.
        self.chat.stop()
        self.gallery.stop()
        if self.pack is not None:
            self.pack.stop()
        if self.board is not None:
            self.board.stop_workers()
        self.closing.emit()
        super().closeEvent(event)

    def _arrange(self) -> None:
        self.rows.setMinimumWidth(style.SPACE * 54)
        self.rows.addWidget(self.prompt)
        self.rows.addWidget(self.blend)
        for pane in (_carded(self.chat), self.rows, _carded(self.gallery)):
            self.columns.addWidget(pane)
        for splitter, stretches in ((self.columns, (0, 1, 1)), (self.rows, (3, 1))):
            splitter.setHandleWidth(style.SPACE)
            splitter.setChildrenCollapsible(False)
            for index, stretch in enumerate(stretches):
                splitter.setStretchFactor(index, stretch)
        below = QHBoxLayout()
        below.setSpacing(0)
        below.addWidget(self.status, 1)
        below.addWidget(self.open_settings)
        middle = QWidget()
        box = QVBoxLayout(middle)
        box.setContentsMargins(style.SPACE, style.SPACE, style.SPACE, style.SPACE // 2)
        box.setSpacing(style.SPACE // 2)
        box.addWidget(self.notices)
        box.addWidget(self.columns, 1)
        box.addLayout(below)
        self.setCentralWidget(middle)
        self.setMinimumSize(style.SPACE * 120, style.SPACE * 75)

    def _connect(self) -> None:
        session = self._session
        session.notice.connect(self.notices.add)
        self.notices.action_requested.connect(session.perform)
        self.prompt.models_wanted.connect(self.show_models)
        self.prompt.expressions_wanted.connect(self.show_board)
        self.gallery.actions_.edit_wanted.connect(self.show_editor)
        self.gallery.actions_.animate_wanted.connect(self.show_animate)
        self.blend.tools.pad_wanted.connect(self.show_mix_pad)
        self.blend.train_wanted.connect(self.show_train)
        session.training_wanted.connect(lambda: self.show_train(unfinished=True))
        self.blend.tools.map_wanted.connect(self.show_style_map)
        self.blend.tools.compare_wanted.connect(self.show_compare)
        self.open_settings.clicked.connect(self.show_settings)
        self.gallery.actions_.pack_wanted.connect(self.show_pack)
        make = self.prompt.make.click
        for keys, verb in (
            ("Ctrl+Return", make),
            ("Ctrl+Enter", make),
            ("Esc", self._escape),
            ("Ctrl+,", self.show_settings),
            ("Ctrl+L", self._focus_prompt),
            ("F6", self._next_pane),
        ):
            QShortcut(QKeySequence(keys), self).activated.connect(verb)
        add_undo_keys(self, session.blending)
        QShortcut(QKeySequence.StandardKey.Quit, self).activated.connect(self.close)

    def _escape(self) -> None:
        """Stop what is being made; with nothing to stop, close the notice."""
        reading = self.notices.isAncestorOf(self.focusWidget() or self)
        if self.notices.current is not None and (reading or not self._session.jobs):
            self.notices.dismiss()
        else:
            self._session.stop()

    def _focus_prompt(self) -> None:
        self.prompt.prompt.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.prompt.prompt.selectAll()

    def _next_pane(self) -> None:
        """Move the focus to the first control of the next pane."""
        panes: list[QWidget] = [self.chat, self.prompt, self.blend, self.gallery]
        focus = self.focusWidget()
        here = next((i for i, pane in enumerate(panes) if focus and pane.isAncestorOf(focus)), -1)
        for pane in (*panes[here + 1 :], *panes[: here + 1]):
            target = _first_control(pane)
            if target is not None:
                target.setFocus(Qt.FocusReason.TabFocusReason)
                return

    def _recall(self) -> None:
        kept = QSettings(str(self._layout_file), QSettings.Format.IniFormat)
        self.resize(*_fitting(self.screen().availableGeometry().size().toTuple()))
        self.columns.setSizes(list(COLUMNS))
        self.rows.setSizes(list(ROWS))
        for key, restore in (
            ("geometry", self.restoreGeometry),
            ("columns", self.columns.restoreState),
            ("rows", self.rows.restoreState),
        ):
            value = kept.value(key)
            if isinstance(value, QByteArray):
                restore(value)

    def _remember(self) -> None:
        kept = QSettings(str(self._layout_file), QSettings.Format.IniFormat)
        kept.setValue("geometry", self.saveGeometry())
        kept.setValue("columns", self.columns.saveState())
        kept.setValue("rows", self.rows.saveState())
        kept.sync()


def _bring_up(window: QWidget) -> None:
    window.show()
    window.raise_()
    window.activateWindow()


def _carded(pane: QWidget) -> Card:
    """`pane` on a card, unless it is one."""
    if isinstance(pane, Card):
        return pane
    card = Card()
    card.box.addWidget(pane)
    return card


def _fitting(screen: tuple[int, int]) -> tuple[int, int]:
    """The window's first size on a screen of that size."""
    return min(1296, screen[0]), min(824, screen[1])


def _first_control(pane: QWidget) -> QWidget | None:
    """The first widget in `pane` that Tab would reach."""
    reachable = (
        widget
        for widget in (pane, *pane.findChildren(QWidget))
        if widget.focusPolicy() & Qt.FocusPolicy.TabFocus
        and widget.isVisible()
        and widget.isEnabled()
    )
    return next(reachable, None)
