"""Menus that put the chosen stickers into collections and give them tags, any number at once."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu, QWidget

from stickerstudio.core.collections import Kind, Label
from stickerstudio.core.i18n import tr
from stickerstudio.core.library import Library
from stickerstudio.session.labels import Labels
from stickerstudio.ui import style
from stickerstudio.ui.gallery_shelf import ask_for_name

_MOST_LOOKED_AT = 50  # stickers whose labels are read for the ticks: beyond that it would be felt


class LabelMenus(QObject):
    """A submenu each for collections and tags, over the ids that `chosen` answers with.

    A label that all of the chosen have is ticked, and pressing it takes it away.
    """

    def __init__(
        self, library: Library, labels: Labels, chosen: Callable[[], list[str]], view: QWidget
    ) -> None:
        super().__init__(view)
        self._library = library
        self._labels = labels
        self._chosen = chosen
        self._view = view

    def add_to(self, menu: QMenu, before: QAction) -> None:
        """Put both submenus into `menu`."""
        for below in self._submenus(menu):
            menu.insertMenu(before, below)
        menu.insertSeparator(before)

    def menu(self) -> QMenu:
        """Both as a menu of its own; it deletes itself when closed."""
        menu = QMenu(self._view)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        for below in self._submenus(menu):
            menu.addMenu(below)
        return menu

    def _submenus(self, menu: QMenu) -> list[QMenu]:
        ids = self._chosen()
        common = self._common(ids)
        colours = style.current_colours()
        made: list[QMenu] = []
        kinds: tuple[tuple[Kind, str, str], ...] = (
            ("collection", tr("Collections"), "gallery"),
            ("tag", tr("Tags"), "tag"),
        )
        for kind, title, icon in kinds:
            below = QMenu(title, menu)
            below.setIcon(style.icon(icon, colours.text, ratio=menu.devicePixelRatioF()))
            below.setEnabled(bool(ids))
            self._fill(below, kind, ids, common)
            made.append(below)
        return made

    def _fill(self, menu: QMenu, kind: Kind, ids: list[str], common: set[Label]) -> None:
        known = self._labels.collections if kind == "collection" else self._labels.tags
        for label in known:
            action = menu.addAction(label.name.replace("&", "&&"))
            action.setCheckable(True)
            action.setChecked(label in common)
            verb = self._labels.take if label in common else self._labels.put
            action.triggered.connect(lambda _=False, verb=verb, label=label: verb(label, ids))
        if known:
            menu.addSeparator()
        title = tr("New collection") if kind == "collection" else tr("New tag")

        def put(name: str) -> None:
            self._labels.put(Label(kind, name), ids)

        new = menu.addAction(tr("New collection…") if kind == "collection" else tr("New tag…"))
        new.triggered.connect(lambda: ask_for_name(self._view, kind, title, "", put))

    def _common(self, ids: list[str]) -> set[Label]:
        """The labels that all of the stickers have; none where that would take long to say."""
        if not 0 < len(ids) <= _MOST_LOOKED_AT:
            return set()
        return set.intersection(*(set(self._library.labels_of(each)) for each in ids))
