"""The window of a pack: its stickers, what they stand for, and what each platform says to it."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QEvent, QTimer, Signal
from PySide6.QtGui import QCloseEvent, QKeySequence, QShortcut, QShowEvent
from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QFileDialog,
    QFrame,
    QHBoxLayout,
    QLineEdit,
    QProgressBar,
    QPushButton,
    QStackedLayout,
    QVBoxLayout,
    QWidget,
)

from stickerstudio.core.i18n import tr, tr_n
from stickerstudio.session.session import Session
from stickerstudio.session.state import Notice
from stickerstudio.ui import style
from stickerstudio.ui.notice import NoticeBar
from stickerstudio.ui.pack_checks import PlatformChecks
from stickerstudio.ui.pack_details import StickerDetails
from stickerstudio.ui.pack_grid import PackGrid
from stickerstudio.ui.show_file import show_in_folder
from stickerstudio.ui.widgets import (
    Card,
    EmptyState,
    IconButton,
    PushButton,
    label,
    name_control,
    window_box,
)


class PackWindow(QDialog):
    """Not modal: stickers can be made and added meanwhile.

    Signals:
        more_wanted(): put the stickers that are chosen in the gallery into the pack.
    """

    more_wanted = Signal()

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._packing = session.packing
        self._heading = label("title")
        self.projects = QComboBox()
        self.import_button = PushButton(icon="folder")
        self.add_button = PushButton(icon="plus")
        self.title = QLineEdit()
        self.author = QLineEdit()
        self._title_label, self._author_label = label("small"), label("small")
        self.grid = PackGrid()
        self.empty = EmptyState("sticker")
        self._stack = QStackedLayout()
        self.details = StickerDetails(self._packing, self.grid)
        self.checks = PlatformChecks()
        self._platforms_label = label("heading")
        self._count = label("small")
        self.undo_button = IconButton("undo")
        self.notices = NoticeBar()
        self.elsewhere = _ElsewhereBar()
        self.progress = QProgressBar()
        self.progress.setTextVisible(False)
        self._state = label("small")
        self.cancel = PushButton()
        self.export = PushButton(icon="save", primary=True)
        self._arrange()
        self._connect()
        self.retranslate()
        for button in self.findChildren(QPushButton):
            button.setAutoDefault(False)  # Enter in a field must not press one of them
        self._packing.refresh()
        self._show_pack()

    def retranslate(self) -> None:
        """Word everything anew."""
        self.setWindowTitle(tr("Sticker pack"))
        self._heading.setText(tr("Sticker pack"))
        self._title_label.setText(tr("Title"))
        self._author_label.setText(tr("Author"))
        self.title.setPlaceholderText(tr("What the pack is called"))
        self.author.setPlaceholderText(tr("Who made it"))
        name_control(self.title, tr("Title of the pack"))
        name_control(self.author, tr("Author of the pack"))
        name_control(self.projects, tr("Saved packs"))
        self.import_button.setText(tr("&Open a pack…"))
        name_control(
            self.import_button, tr("Open a pack"), tr("A pack of any platform, or a zip archive")
        )
        name_control(self.undo_button, tr("Undo"), tr("Undo (Ctrl+Z)"))
        self.add_button.setText(tr("&Add stickers"))
        name_control(
            self.add_button, tr("Add stickers"), tr("Put what is chosen in the gallery at the end")
        )
        self._platforms_label.setText(tr("Platforms"))
        self.empty.set_texts(
            tr("No pack is open"),
            tr("Choose stickers in the gallery and press “Make a pack…”, or open a pack."),
        )
        self.export.setText(tr("&Export…"))
        name_control(self.export, tr("Export the pack"), tr("Write it into a folder"))
        self.cancel.setText(tr("&Cancel"))
        name_control(self.cancel, tr("Cancel the export"))
        self.progress.setAccessibleName(tr("Progress"))
        self.grid.retranslate()
        self.checks.retranslate()
        self.details.retranslate()
        self.elsewhere.retranslate()
        self._show_pack()

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.LanguageChange:
            self.retranslate()
        super().changeEvent(event)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if self._packing.pack is not None:
            self.grid.setFocus()

    def closeEvent(self, event: QCloseEvent) -> None:
        self._take_texts()
        super().closeEvent(event)

    def stop(self) -> None:
        """End the workers, before Qt destroys them."""
        self.grid.stop()

    # --- what is shown ---

    def _show_pack(self) -> None:
        pack = self._packing.pack
        self._stack.setCurrentIndex(0 if pack is not None and pack.stickers else 1)
        for widget in (self.title, self.author, self.checks, self.export, self.add_button):
            widget.setEnabled(pack is not None)
        self.undo_button.setEnabled(self._packing.can_undo)
        self.elsewhere.hide()
        if pack is None:
            self._count.setText("")
            self.details.show_sticker(None)
            return
        for field, text in ((self.title, pack.title), (self.author, pack.author)):
            if field.text() != text:
                field.setText(text)
        number = len(pack.stickers)
        self._count.setText(tr_n("{n} sticker in the pack", "{n} stickers in the pack", number))
        self.grid.show_pack(pack)
        self._show_selected()
        self._show_checks()

    def _show_checks(self) -> None:
        pack = self._packing.pack
        if pack is None:
            return
        judgements = self._packing.judgements
        self.checks.show_state(pack.platforms, judgements)
        self.grid.show_troubles(
            {
                problem.sticker: problem.text
                for judgement in judgements.values()
                for problem in judgement.open
                if problem.sticker is not None
            }
        )
        self._show_progress()

    def _show_selected(self) -> None:
        chosen = self.grid.selected()
        self.details.show_sticker(chosen[0] if len(chosen) == 1 else None)

    def _show_projects(self) -> None:
        box = self.projects
        box.blockSignals(True)
        box.clear()
        box.addItem(tr("Saved packs"))
        for project in self._packing.projects:
            text = tr_n(
                "{title} · {n} sticker",
                "{title} · {n} stickers",
                project.count,
                title=project.title or tr("No title"),
            )
            box.addItem(text, str(project.path))
            if project.path == self._packing.path:
                box.setCurrentIndex(box.count() - 1)
        box.blockSignals(False)
        box.setVisible(bool(self._packing.projects))

    def _show_progress(self) -> None:
        running = self._packing.progress
        pack = self._packing.pack
        self.progress.setVisible(running is not None)
        self.cancel.setVisible(running is not None)
        ready = [key for key, one in self._packing.judgements.items() if not one.open]
        self.export.setEnabled(running is None and bool(ready))
        if running is not None:
            done, total = running
            self.progress.setRange(0, total)
            self.progress.setValue(done)
            self._state.setText(tr("File {n} of {total}", n=done, total=total))
        elif pack is not None and pack.platforms and self._packing.judgements:
            text = tr_n(
                "Ready for {ready} of {n} platform.",
                "Ready for {ready} of {n} platforms.",
                len(pack.platforms),
                ready=len(ready),
            )
            self._state.setText(text)
        else:
            self._state.setText("")

    # --- what the user does ---

    def _take_texts(self) -> None:
        self._packing.edit(title=self.title.text(), author=self.author.text())

    def _open_chosen(self, index: int) -> None:
        path = self.projects.itemData(index)
        if path and Path(path) != self._packing.path:
            self._packing.open(Path(path))

    def _choose_import(self) -> None:
        kinds = "*.wastickers *.zip *.json *.png *.webp *.gif *.webm"
        path, _kind = QFileDialog.getOpenFileName(
            self, tr("Open a pack"), str(Path.home()), f"{tr('Sticker packs')} ({kinds})"
        )
        if path:
            self._packing.import_from(Path(path))

    def _choose_target(self) -> None:
        self._take_texts()
        target = QFileDialog.getExistingDirectory(self, tr("Export to"), str(Path.home()))
        if target:
            self._packing.export(Path(target))

    def _on_exported(self, folders: list[Path]) -> None:
        text = tr_n("One pack was exported.", "{n} packs were exported.", len(folders))
        self.notices.add(Notice(text=text))
        show_in_folder(folders[0])

    def _show_sticker(self, index: int) -> None:
        self.grid.clearSelection()
        self.grid.setCurrentRow(index)
        self.grid.setFocus()

    def _arrange(self) -> None:
        head = QHBoxLayout()
        head.setSpacing(style.SPACE)
        head.addWidget(self._heading)
        head.addWidget(self._count)
        head.addStretch()
        head.addWidget(self.undo_button)
        head.addWidget(self.add_button)
        head.addWidget(self.projects)
        head.addWidget(self.import_button)
        fields = QHBoxLayout()
        fields.setSpacing(style.SPACE)
        for words, field, stretch in (
            (self._title_label, self.title, 3),
            (self._author_label, self.author, 2),
        ):
            column = QVBoxLayout()
            column.setSpacing(style.SPACE // 4)
            column.addWidget(words)
            column.addWidget(field)
            fields.addLayout(column, stretch)
        grid = QWidget()
        self._stack.addWidget(self.grid)
        self._stack.addWidget(self.empty)
        grid.setLayout(self._stack)
        left = Card()
        left.box.addLayout(fields)
        left.box.addWidget(grid, 1)
        left.box.addWidget(self.details)
        right = Card()
        right.box.addWidget(self._platforms_label)
        right.box.addWidget(self.checks, 1)
        right.setFixedWidth(style.SPACE * 46)
        middle = QHBoxLayout()
        middle.setSpacing(style.SPACE)
        middle.addWidget(left, 1)
        middle.addWidget(right)
        foot = QHBoxLayout()
        foot.setSpacing(style.SPACE)
        foot.addWidget(self._state)
        foot.addWidget(self.progress, 1)
        foot.addStretch()
        foot.addWidget(self.cancel)
        foot.addWidget(self.export)
        box = window_box(self, style.SPACE)
        box.addLayout(head)
        box.addWidget(self.notices)
        box.addWidget(self.elsewhere)
        box.addLayout(middle, 1)
        box.addLayout(foot)
        self.resize(style.SPACE * 136, style.SPACE * 88)

    def _connect(self) -> None:
        packing = self._packing
        packing.changed.connect(self._show_pack)
        packing.opened.connect(self.grid.setFocus)
        packing.checked.connect(self._show_checks)
        packing.projects_changed.connect(self._show_projects)
        packing.progressed.connect(self._show_progress)
        packing.exported.connect(self._on_exported)
        packing.notice.connect(self.notices.add)
        packing.changed_elsewhere.connect(self.elsewhere.show)
        self.elsewhere.load.clicked.connect(packing.take_from_disk)
        self.elsewhere.keep.clicked.connect(packing.keep_mine)
        self.elsewhere.keep.clicked.connect(self.elsewhere.hide)
        for field in (self.title, self.author):
            field.editingFinished.connect(self._take_texts)
        self.projects.activated.connect(self._open_chosen)
        self.import_button.clicked.connect(self._choose_import)
        self.undo_button.clicked.connect(packing.undo)
        self.add_button.clicked.connect(self.more_wanted)
        self.export.clicked.connect(self._choose_target)
        self.cancel.clicked.connect(packing.cancel_export)
        self.grid.itemSelectionChanged.connect(self._show_selected)
        # after the drop is over: the view still moves its own items while it delivers it
        self.grid.reordered.connect(
            lambda order: QTimer.singleShot(0, self, lambda: packing.reorder(order))
        )
        self.grid.removed.connect(packing.remove)
        self.checks.chosen.connect(lambda keys: packing.edit(platforms=tuple(keys)))
        self.checks.fix_wanted.connect(packing.fix)
        self.checks.sticker_wanted.connect(self._show_sticker)
        QShortcut(QKeySequence.StandardKey.Undo, self).activated.connect(packing.undo)


class _ElsewhereBar(QFrame):
    """Said when another window saved the same pack, and both were changed."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("notice")
        self.setProperty("tone", "problem")
        self._text = label("", wrap=True)
        self.load, self.keep = PushButton(), PushButton()
        row = QHBoxLayout(self)
        row.addWidget(self._text, 1)
        row.addWidget(self.load)
        row.addWidget(self.keep)
        self.hide()

    def retranslate(self) -> None:
        """Word it anew."""
        self._text.setText(tr("This pack was changed in another window too. Which one counts?"))
        self.load.setText(tr("The other one"))
        self.keep.setText(tr("This one"))
        name_control(self.load, tr("Show what the other window saved"))
        name_control(self.keep, tr("Save what is shown here"))
