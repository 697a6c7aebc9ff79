"""The gallery's heading: which stickers are shown, and a menu to choose others."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, QLocale, QSize, Qt, Signal
from PySide6.QtGui import QAction, QActionGroup
from PySide6.QtWidgets import QInputDialog, QMenu, QToolButton, QWidget

from stickerstudio.core.collections import MAX_NAME, Kind, Label
from stickerstudio.core.i18n import tr
from stickerstudio.core.library_use import DiskUse
from stickerstudio.session.labels import Labels
from stickerstudio.ui import style
from stickerstudio.ui.widgets import name_control

_WIDTH = style.SPACE * 24  # pixels a name may take in the heading
_MANY_TAGS = 60  # more would not fit a screen; those beyond are found by the search


class GalleryShelf(QToolButton):
    """Shows the name of what the gallery shows, and opens the menu of all there is.

    Signals:
        chosen(): `label` and `trash` say what is to be shown now.
    """

    chosen = Signal()

    def __init__(self, labels: Labels, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._labels = labels
        self.label: Label | None = None
        self.trash = False
        self.setObjectName("quiet")
        self.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.setLayoutDirection(Qt.LayoutDirection.RightToLeft)  # the arrow behind the words
        self.setIconSize(QSize(style.ICON - 2, style.ICON - 2))
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.clicked.connect(self.open)
        labels.renamed.connect(self._follow)
        self.retranslate()

    def retranslate(self) -> None:
        """Word it anew."""
        self._show_name()

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.LanguageChange:
            self.retranslate()
        if event.type() in (QEvent.Type.PaletteChange, QEvent.Type.StyleChange):
            self._show_name()
        super().changeEvent(event)

    def open(self) -> None:
        """Open the menu below the heading."""
        self._labels.measure()
        self.menu_of_all().popup(self.mapToGlobal(self.rect().bottomLeft()))

    def show_all(self) -> None:
        """Every sticker again."""
        self._choose(None)

    def menu_of_all(self) -> QMenu:
        """Everything that can be shown; it deletes itself when closed."""
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.setLayoutDirection(Qt.LayoutDirection.LeftToRight)
        group = QActionGroup(menu)
        everything = menu.addAction(tr("All stickers"))
        self._checkable(everything, group, here=self.label is None and not self.trash)
        everything.triggered.connect(self.show_all)
        if self._labels.collections:
            menu.addSeparator()
        self._add_labels(menu, group, self._labels.collections)
        menu.addAction(tr("New collection…")).triggered.connect(self._ask_for_new)
        if self._labels.tags:
            tags = menu.addMenu(tr("Tags"))
            self._add_labels(tags, group, dict(list(self._labels.tags.items())[:_MANY_TAGS]))
        if self.label is not None:
            menu.addSeparator()
            menu.addAction(tr("Rename “{name}”…", name=_plain(self.label))).triggered.connect(
                self._ask_for_name
            )
            drop = menu.addAction(
                tr("Give up “{name}” (its stickers stay)", name=_plain(self.label))
            )
            drop.triggered.connect(lambda: self.label and self._labels.drop(self.label))
        menu.addSeparator()
        trash = menu.addAction(_counted(tr("Trash"), self._labels.in_trash, self))
        self._checkable(trash, group, here=self.trash)
        trash.triggered.connect(lambda: self._choose(None, trash=True))
        use = menu.addAction("")
        use.setEnabled(False)

        def show_use() -> None:
            use.setText(self._use_text(self._labels.use))

        self._labels.changed.connect(show_use)
        menu.destroyed.connect(_disconnecter(self._labels, show_use))
        show_use()
        return menu

    def _add_labels(self, menu: QMenu, group: QActionGroup, labels: dict[Label, int]) -> None:
        for label, count in labels.items():
            action = menu.addAction(_counted(_plain(label), count, self))
            self._checkable(action, group, here=label == self.label)
            action.triggered.connect(lambda _=False, label=label: self._choose(label))

    def _checkable(self, action: QAction, group: QActionGroup, *, here: bool) -> None:
        action.setCheckable(True)
        action.setChecked(here)
        group.addAction(action)

    def _use_text(self, use: DiskUse | None) -> str:
        if use is None:
            return tr("On disk: measuring…")
        bytes_ = self.locale().formattedDataSize
        total, trash, cache = (
            bytes_(number, 1, QLocale.DataSizeFormat.DataSizeSIFormat)
            for number in (use.total, use.trash, use.cache)
        )
        return tr(
            "On disk: {total} · trash {trash} · cache {cache}",
            total=total,
            trash=trash,
            cache=cache,
        )

    def _choose(self, label: Label | None, *, trash: bool = False) -> None:
        if (label, trash) != (self.label, self.trash):
            self.label, self.trash = label, trash
            self._show_name()
            self.chosen.emit()

    def _follow(self, old: Label, new: Label | None) -> None:
        if old == self.label:
            self._choose(new)

    def _show_name(self) -> None:
        name = tr("Trash") if self.trash else self.label.name if self.label else tr("Gallery")
        font = self.font()
        font.setBold(True)
        self.setFont(font)
        shown = self.fontMetrics().elidedText(name, Qt.TextElideMode.ElideRight, _WIDTH)
        self.setText(shown.replace("&", "&&"))
        colour = style.current_colours().muted
        self.setIcon(style.icon("chevron-down", colour, ratio=self.devicePixelRatioF()))
        name_control(self, tr("Shown: {name}", name=name), tr("Collections, tags and the trash"))

    def _ask_for_new(self) -> None:
        def make(name: str) -> None:
            self._labels.put(Label("collection", name), ())

        ask_for_name(self, "collection", tr("New collection"), "", make)

    def _ask_for_name(self) -> None:
        label = self.label
        if label is not None:
            ask_for_name(
                self,
                label.kind,
                tr("Rename"),
                label.name,
                lambda to: self._labels.rename(label, to),
            )


def ask_for_name(
    parent: QWidget, kind: Kind, title: str, name: str, then: Callable[[str], object]
) -> QInputDialog:
    """Ask for a collection's or tag's name in a small window that is not in the way."""
    dialog = QInputDialog(parent)
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    dialog.setLayoutDirection(Qt.LayoutDirection.LeftToRight)
    dialog.setWindowTitle(title)
    dialog.setLabelText(tr("Name of the collection:") if kind == "collection" else tr("Tag:"))
    dialog.setTextValue(name[:MAX_NAME])
    dialog.setOkButtonText(tr("&OK"))
    dialog.setCancelButtonText(tr("&Cancel"))
    dialog.textValueSelected.connect(then)
    dialog.open()
    return dialog


def _plain(label: Label) -> str:
    """The name as a menu shows it: no accelerators."""
    return label.name.replace("&", "&&")


def _counted(name: str, count: int, widget: QWidget) -> str:
    """The name, and at the right where shortcuts stand, how many."""
    return f"{name}\t{widget.locale().toString(count)}" if count else name


def _disconnecter(labels: Labels, slot: Callable[[], None]) -> Callable[[], None]:
    def disconnect() -> None:
        labels.changed.disconnect(slot)

    return disconnect
