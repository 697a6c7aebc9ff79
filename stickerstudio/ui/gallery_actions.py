"""What can be done with the chosen stickers, by menu, button and key."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from PySide6.QtCore import QDir, QObject, QStandardPaths, Qt, Signal
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QFileDialog, QMenu, QWidget

from stickerstudio.core.errors import BadInputError, StudioError, report
from stickerstudio.core.i18n import tr, tr_n
from stickerstudio.core.save import CopyFormat, suggested_name
from stickerstudio.core.sticker import Sticker
from stickerstudio.session.session import Session
from stickerstudio.session.state import Notice
from stickerstudio.session.variations import STRONG, SUBTLE
from stickerstudio.ui import clipboard, style
from stickerstudio.ui.chat_drop import MOST_AT_ONCE
from stickerstudio.ui.outgoing import MOST_OUTGOING
from stickerstudio.ui.show_file import show_in_folder

MOST_VARIED = 40  # stickers varied at once: as many as a board has

Name = Literal[
    "send",
    "use",
    "edit",
    "animate",
    "copy",
    "save_png",
    "save_webp",
    "show",
    "star",
    "pack",
    "more",
    "cousins",
    "restyle",
    "delete",
]


@dataclass(frozen=True, slots=True)
class _Plan:
    icon: str
    keys: tuple[QKeySequence | QKeySequence.StandardKey | str, ...]
    for_one: bool = False


_PLANS: dict[Name, _Plan] = {
    "send": _Plan("send", ()),  # Enter and double-click are the view's own `activated`
    "use": _Plan("pencil", ("Ctrl+U",), for_one=True),
    "edit": _Plan("brush", ("Ctrl+E",), for_one=True),
    "animate": _Plan("animate", ("Ctrl+Shift+A",), for_one=True),
    "more": _Plan("variation", ("Ctrl+M",)),
    "cousins": _Plan("dice", ("Ctrl+Shift+M",)),
    "restyle": _Plan("blend", ()),
    "star": _Plan("star", ("Ctrl+B",)),
    "copy": _Plan("copy", (QKeySequence.StandardKey.Copy,)),
    "save_png": _Plan("save", (QKeySequence.StandardKey.Save,)),
    "save_webp": _Plan("save", ("Ctrl+Shift+S",)),
    "show": _Plan("folder", ("Ctrl+Shift+O",), for_one=True),
    "pack": _Plan("pack", ("Ctrl+K",)),
    "delete": _Plan("trash", (QKeySequence.StandardKey.Delete, "Backspace")),
}


class GalleryActions(QObject):
    """The actions, over the ids that `chosen` answers with.

    Args:
        session: does the work.
        chosen: the ids of the chosen stickers, in the gallery's order.
        sticker: the Sticker of an id, None where it has gone.
        view: the widget whose keys these are, and over which dialogs open.

    Signals:
        changed(): what can be done now has changed.
        pack_wanted(list[str]): make a pack of the stickers of these ids.
        edit_wanted(str): open the editor for the sticker of that id.
        animate_wanted(Sticker): open the animation window for it.
    """

    changed = Signal()
    edit_wanted = Signal(str)
    animate_wanted = Signal(object)
    pack_wanted = Signal(object)

    def __init__(
        self,
        session: Session,
        chosen: Callable[[], list[str]],
        sticker: Callable[[str], Sticker | None],
        view: QWidget,
    ) -> None:
        super().__init__(view)
        self._session = session
        self._chosen = chosen
        self._sticker = sticker
        self._view = view
        self.locked = False  # nothing can be done: the trash is shown
        self._actions: dict[Name, QAction] = {}
        handlers: dict[Name, Callable[[], None]] = {
            "send": self.send,
            "use": self.use_settings,
            "edit": self.edit,
            "animate": self.animate,
            "more": lambda: self.more_like(SUBTLE),
            "cousins": lambda: self.more_like(STRONG),
            "restyle": self.restyle,
            "star": self.toggle_star,
            "copy": self.copy,
            "save_png": lambda: self.save("png"),
            "save_webp": lambda: self.save("webp"),
            "show": self.show_in_folder,
            "pack": self.make_pack,
            "delete": self.delete,
        }
        for name, plan in _PLANS.items():
            action = QAction(self)
            action.setShortcuts([QKeySequence(key) for key in plan.keys])
            action.setShortcutContext(Qt.ShortcutContext.WidgetShortcut)
            action.triggered.connect(handlers[name])
            view.addAction(action)
            self._actions[name] = action
        self.undo = QAction(self)
        self.undo.setShortcut(QKeySequence(QKeySequence.StandardKey.Undo))
        self.undo.setShortcutContext(Qt.ShortcutContext.WidgetShortcut)
        self.undo.triggered.connect(session.undo_delete)
        view.addAction(self.undo)

    def __getitem__(self, name: Name) -> QAction:
        return self._actions[name]

    def icon(self, name: Name) -> str:
        """The name of the action's icon."""
        return _PLANS[name].icon

    def retranslate(self) -> None:
        """Word the actions anew, for the language and for how many stickers are chosen."""
        texts: dict[Name, str] = {
            "send": tr("Send to the chat"),
            "use": tr("Use these settings"),
            "edit": tr("Edit…"),
            "animate": tr("Animate…"),
            "star": tr("Remove from favourites") if self._all_stars() else tr("Add to favourites"),
            "more": tr("More like this"),
            "cousins": tr("More like this, but freer"),
            "restyle": tr("Same pose in the present style"),
            "copy": tr("Copy"),
            "save_png": tr("Save as PNG…"),
            "save_webp": tr("Save as WebP…"),
            "show": tr("Show in folder"),
            "pack": tr("Make a pack…"),
            "delete": tr("Delete"),
        }
        for name, text in texts.items():
            self._actions[name].setText(text)
        self.undo.setText(tr("Undo delete"))

    def update(self) -> None:
        """Enable what fits the number of chosen stickers."""
        number = 0 if self.locked else len(self._chosen())
        for name, action in self._actions.items():
            action.setEnabled(number == 1 if _PLANS[name].for_one else number > 0)
        self.retranslate()
        self.changed.emit()

    def menu(self) -> QMenu:
        """A menu over the chosen stickers; it deletes itself when closed."""
        menu = QMenu(self._view)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        colours = style.current_colours()
        groups: tuple[tuple[Name, ...], ...] = (
            ("send", "edit", "animate", "use"),
            ("more", "cousins", "restyle"),
            ("star", "copy", "save_png", "save_webp", "show"),
            ("pack",),
            ("delete",),
        )
        for group in groups:
            for name in group:
                action = self._actions[name]
                action.setIcon(
                    style.icon(_PLANS[name].icon, colours.text, ratio=menu.devicePixelRatioF())
                )
                menu.addAction(action)
            menu.addSeparator()
        menu.addAction(self.undo)
        return menu

    # --- verbs ---

    def send(self) -> None:
        """Send the chosen stickers to the chat, oldest first, as one would tell a story."""
        ids = self.few(MOST_AT_ONCE, tr("That is a lot of stickers for one message."))
        for sticker_id in reversed(ids):
            self._session.send_sticker(sticker_id)

    def use_settings(self) -> None:
        """Bring prompt, seed and blend of the chosen sticker back into the panes."""
        for sticker in self._stickers(self._chosen()[:1]):
            self._session.use_settings(sticker)

    def animate(self) -> None:
        """Open the chosen sticker in the animation window."""
        for sticker in self._stickers(self._chosen()[:1]):
            self.animate_wanted.emit(sticker)

    def edit(self) -> None:
        """Open the chosen sticker in the editor."""
        for sticker_id in self._chosen()[:1]:
            self.edit_wanted.emit(sticker_id)

    def make_pack(self) -> None:
        """Open a new pack of the chosen stickers, oldest first."""
        if ids := self._chosen():
            self.pack_wanted.emit(ids[::-1])

    def more_like(self, strength: float) -> None:
        """Order stickers from noise near that of the chosen ones."""
        if ids := self.few(MOST_VARIED, tr("That is a lot of stickers to vary.")):
            self._session.variations.more_like(ids, strength)

    def restyle(self) -> None:
        """Order the chosen stickers once more, in the style that is set now."""
        if ids := self.few(MOST_VARIED, tr("That is a lot of stickers to make again.")):
            self._session.variations.in_this_style(ids)

    def toggle_star(self) -> None:
        """Mark all chosen as favourites; where all are, take the marks away."""
        if ids := self._chosen():
            self._session.set_favourite(ids, not self._all_stars())

    def copy(self) -> None:
        """Put the chosen stickers on the clipboard, as pictures and as files."""
        ids = self.few(MOST_OUTGOING, tr("That is a lot of stickers for the clipboard."))
        if stickers := self._stickers(ids):
            try:
                clipboard.copy_stickers(stickers, self._session.paths.cache)
            except StudioError as error:
                self._session.notice.emit(Notice(report(error)))

    def save(self, kind: CopyFormat) -> None:
        """Ask where to, then save: one sticker under a name, several into a folder."""
        ids = self._chosen()
        if not ids:
            return
        start = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.PicturesLocation)
        dialog = QFileDialog(self._view, "", start or QDir.homePath())
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        if len(ids) == 1:
            sticker = self._sticker(ids[0])
            if sticker is None:
                dialog.deleteLater()
                return
            title = tr("PNG picture") if kind == "png" else tr("WebP picture")
            dialog.setWindowTitle(tr("Save sticker"))
            dialog.setNameFilter(f"{title} (*.{kind})")
            dialog.setDefaultSuffix(kind)
            dialog.selectFile(f"{suggested_name(sticker)}.{kind}")
            dialog.fileSelected.connect(
                lambda path: self._session.save_one(ids[0], Path(path), kind)
            )
        else:
            dialog.setWindowTitle(
                tr_n("Save {n} sticker to a folder", "Save {n} stickers to a folder", len(ids))
            )
            dialog.setFileMode(QFileDialog.FileMode.Directory)
            dialog.setOption(QFileDialog.Option.ShowDirsOnly)
            dialog.fileSelected.connect(lambda path: self._session.save_many(ids, Path(path), kind))
        dialog.open()

    def show_in_folder(self) -> None:
        """Open the file manager where the sticker lies."""
        for sticker in self._stickers(self._chosen()[:1]):
            show_in_folder(sticker.path)

    def delete(self) -> None:
        """Move the chosen stickers to the trash; the session offers to undo."""
        if ids := self._chosen():
            self._session.delete(ids)

    def few(self, most: int, what: str) -> list[str]:
        """The chosen ids, or none and a notice where they are more than `most`."""
        ids = self._chosen()
        if len(ids) <= most:
            return ids
        error = BadInputError(
            what,
            tr("{n} are chosen; up to {most} are possible.", n=len(ids), most=most),
            tr("Choose fewer of them."),
        )
        self._session.notice.emit(Notice(report(error)))
        return []

    # --- helpers ---

    def _stickers(self, ids: list[str]) -> list[Sticker]:
        found = (self._sticker(sticker_id) for sticker_id in ids)
        return [sticker for sticker in found if sticker is not None]

    def _all_stars(self) -> bool:
        ids = self._chosen()
        # Looking up thousands only to word a menu would be felt.
        return 0 < len(ids) <= 100 and all(sticker.favourite for sticker in self._stickers(ids))
