"""The editor: one sticker, large, and what can be done to it after it was painted."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QCloseEvent, QKeySequence, QShortcut
from PySide6.QtWidgets import (
    QDialog,
    QFrame,
    QHBoxLayout,
    QMessageBox,
    QProgressBar,
    QScrollArea,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from stickerstudio.core.i18n import tr
from stickerstudio.session.session import Session
from stickerstudio.ui import style
from stickerstudio.ui.editor_canvas import EditorCanvas
from stickerstudio.ui.editor_caption import CaptionPanel
from stickerstudio.ui.editor_cutout import CutoutPanel
from stickerstudio.ui.editor_outline import OutlinePanel
from stickerstudio.ui.editor_panel import EditorPanel
from stickerstudio.ui.editor_stamps import StampPanel
from stickerstudio.ui.notice import NoticeBar
from stickerstudio.ui.widgets import (
    Card,
    ElidedLabel,
    IconButton,
    PushButton,
    label,
    name_control,
    window_box,
)

PANELS: tuple[type[EditorPanel], ...] = (CutoutPanel, OutlinePanel, CaptionPanel, StampPanel)
_COLUMN = style.SPACE * 50  # pixels, the panels' width


class EditorWindow(QDialog):
    """Shows session.designing. Not modal: stickers can be made meanwhile."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self.document = session.designing
        self._then: Callable[[], object] | None = None  # what waits for a save
        self.canvas = EditorCanvas(self.document)
        self.panels = [panel(self.document) for panel in PANELS]
        self.tabs = [PushButton(icon=panel.icon) for panel in self.panels]
        self.undo, self.redo = IconButton("undo"), IconButton("redo")
        self.zoom_out, self.zoom_in = IconButton("minus"), IconButton("plus")
        self.fit = IconButton("fit")
        self.save = PushButton(primary=True, icon="save")
        self.save_as_new = PushButton(icon="plus")
        self.notices = NoticeBar()
        self._title = ElidedLabel("title")
        self._zoom = label("small")
        self._state = label("small")
        self._busy = QProgressBar()
        self._stack = QStackedWidget()
        self._arrange()
        self._connect()
        self.retranslate()
        self.show_panel(self.panels[0])

    def open_for(self, sticker_id: str) -> None:
        """Show the window with that sticker, once nothing unsaved is in the way."""
        self.show()
        self.raise_()
        self.activateWindow()
        opened = self.document.sticker
        if opened is None or opened.id != sticker_id:
            self._leave(lambda: self.document.open(sticker_id))

    def show_panel(self, panel: EditorPanel) -> None:
        """Bring one of `panels` up."""
        for each, tab in zip(self.panels, self.tabs, strict=True):
            tab.setChecked(each is panel)
            if isinstance(each, CutoutPanel) and each is not panel:
                each.put_away()
        self._stack.setCurrentIndex(self.panels.index(panel))

    def retranslate(self) -> None:
        """Word the window's own controls anew; the panels do so themselves."""
        self.setWindowTitle(tr("Edit sticker"))
        for panel, tab in zip(self.panels, self.tabs, strict=True):
            tab.setText(panel.title())
            name_control(tab, panel.title())
        name_control(self.undo, tr("Undo"), tr("Undo (Ctrl+Z)"))
        name_control(self.redo, tr("Redo"), tr("Redo (Ctrl+Shift+Z)"))
        name_control(self.zoom_out, tr("Smaller"), tr("Smaller (Ctrl+−)"))
        name_control(self.zoom_in, tr("Larger"), tr("Larger (Ctrl++)"))
        name_control(self.fit, tr("The whole sticker"), tr("The whole sticker (Ctrl+0)"))
        self.save.setText(tr("&Save"))
        name_control(self.save, tr("Save"), tr("In place of the sticker as it was (Ctrl+S)"))
        self.save_as_new.setText(tr("Save as &new"))
        name_control(self.save_as_new, tr("Save as new"), tr("As another sticker"))
        self._busy.setAccessibleName(tr("Progress"))
        self.canvas.retranslate()
        self._show_state()

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.LanguageChange:
            self.retranslate()
        super().changeEvent(event)

    def closeEvent(self, event: QCloseEvent) -> None:
        if self.document.is_dirty:
            event.ignore()
            self._leave(self.close)
        else:
            event.accept()  # QDialog's own would ask `reject`, which asks us

    def reject(self) -> None:
        """Esc and the like close the window as its cross does."""
        self.close()

    def _arrange(self) -> None:
        head = QHBoxLayout()
        head.setSpacing(style.SPACE // 2)
        head.addWidget(self._title, 1)
        for widget in (self.undo, self.redo):
            head.addWidget(widget)
        head.addSpacing(style.SPACE)
        for widget in (self.zoom_out, self._zoom, self.zoom_in, self.fit):
            head.addWidget(widget)
        self._zoom.setMinimumWidth(style.SPACE * 5)
        self._zoom.setAlignment(Qt.AlignmentFlag.AlignCenter)
        left = QVBoxLayout()
        left.setSpacing(style.SPACE)
        left.addLayout(head)
        left.addWidget(self.canvas, 1)
        tabs = QHBoxLayout()
        tabs.setSpacing(style.SPACE // 2)
        for tab in self.tabs:
            tab.setCheckable(True)
            tabs.addWidget(tab, 1)
        for panel in self.panels:
            self._stack.addWidget(_scrolling(panel))
        card = Card()
        card.setFixedWidth(_COLUMN)
        card.box.addLayout(tabs)
        card.box.addWidget(self._stack, 1)
        row = QHBoxLayout()
        row.setSpacing(style.SPACE * 2)
        row.addLayout(left, 1)
        row.addWidget(card)
        self._busy.setRange(0, 0)
        self._busy.setFixedWidth(style.SPACE * 10)
        foot = QHBoxLayout()
        foot.setSpacing(style.SPACE)
        foot.addWidget(self._busy)
        foot.addWidget(self._state, 1)
        foot.addWidget(self.save_as_new)
        foot.addWidget(self.save)
        box = window_box(self)
        box.addWidget(self.notices)
        box.addLayout(row, 1)
        box.addLayout(foot)
        self.resize(style.SPACE * 134, style.SPACE * 84)

    def _connect(self) -> None:
        document = self.document
        document.changed.connect(self._show_state)
        document.changed.connect(self._follow)
        document.opened.connect(self._show_state)
        document.opened.connect(self.canvas.setFocus)  # it is enabled only now
        document.composing_changed.connect(self._show_busy)
        document.saved.connect(self._saved)
        self._session.notice.connect(self.notices.add)
        self.notices.action_requested.connect(self._session.perform)
        self.canvas.zoom_changed.connect(self._show_state)
        self.canvas.layer_opened.connect(self._edit_layer)
        for panel, tab in zip(self.panels, self.tabs, strict=True):
            tab.clicked.connect(lambda _=False, each=panel: self.show_panel(each))
            if isinstance(panel, CutoutPanel):
                panel.brush_changed.connect(self.canvas.set_brush)
        for button, keys, verb in (
            (self.undo, "Ctrl+Z", document.undo),
            (self.redo, "Ctrl+Shift+Z", document.redo),
            (None, "Ctrl+Y", document.redo),
            (self.zoom_out, "Ctrl+-", self.canvas.zoom_out),
            (self.zoom_in, "Ctrl++", self.canvas.zoom_in),
            (None, "Ctrl+=", self.canvas.zoom_in),
            (self.fit, "Ctrl+0", self.canvas.fit),
            (self.save, "Ctrl+S", document.save),
            (self.save_as_new, "Ctrl+Shift+S", document.save_as_new),
        ):
            QShortcut(QKeySequence(keys), self).activated.connect(verb)
            if button is not None:
                button.clicked.connect(verb)

    def _show_state(self) -> None:
        document = self.document
        sticker = document.sticker
        self._title.setText(sticker.recipe.prompt if sticker else tr("Edit sticker"))
        self.undo.setEnabled(document.can_undo)
        self.redo.setEnabled(document.can_redo)
        self.save.setEnabled(document.is_dirty)
        for widget in (self.save_as_new, self.canvas, self._stack):
            widget.setEnabled(sticker is not None)
        self._zoom.setText(f"{self.canvas.zoom * 100:.0f} %")
        self._show_busy()

    def _show_busy(self) -> None:
        composing = self.document.composing
        self._busy.setVisible(composing)
        dirty = tr("Not saved yet") if self.document.is_dirty else ""
        self._state.setText(dirty)

    def _follow(self) -> None:
        """Bring up the panel of a layer that was chosen."""
        layer = self.document.layer
        current = self.panels[self._stack.currentIndex()]
        if layer is None or current.handles(layer):
            return
        for panel in self.panels:
            if panel.handles(layer):
                self.show_panel(panel)
                return

    def _edit_layer(self) -> None:
        self._follow()
        self.panels[self._stack.currentIndex()].edit_layer()

    # --- leaving with something unsaved ---

    def _leave(self, then: Callable[[], object]) -> None:
        """Do `then`, after asking what to do with changes that are not saved."""
        if not self.document.is_dirty:
            then()
            return
        ask = QMessageBox(self)
        ask.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        ask.setWindowTitle(tr("Edit sticker"))
        ask.setText(tr("This sticker was changed. Save it first?"))
        save = ask.addButton(tr("&Save"), QMessageBox.ButtonRole.AcceptRole)
        drop = ask.addButton(tr("&Discard"), QMessageBox.ButtonRole.DestructiveRole)
        cancel = ask.addButton(tr("&Cancel"), QMessageBox.ButtonRole.RejectRole)
        ask.setDefaultButton(save)
        ask.setEscapeButton(cancel)

        def answered() -> None:
            if ask.clickedButton() is save:
                self._then = then
                self.document.save()
            elif ask.clickedButton() is drop:
                self.document.revert()
                then()

        ask.finished.connect(answered)
        ask.open()

    def _saved(self) -> None:
        then, self._then = self._then, None
        if then is not None:
            then()


def _scrolling(panel: QWidget) -> QScrollArea:
    """`panel`, scrolled where the window is too low for it."""
    area = QScrollArea()
    area.setFrameShape(QFrame.Shape.NoFrame)
    area.setWidgetResizable(True)
    area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    panel.setObjectName("scrolled")
    area.setWidget(panel)
    return area
