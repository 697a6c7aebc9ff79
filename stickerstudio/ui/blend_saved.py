"""Blends kept by name: keep the present one, take one back, rename and forget."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QPoint, QSize, Qt, Signal
from PySide6.QtGui import QImageReader, QKeyEvent, QMouseEvent, QPixmap
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLineEdit,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from stickerstudio.core.blends import MAX_NAME, SavedBlend
from stickerstudio.core.i18n import tr
from stickerstudio.session.session import Session
from stickerstudio.ui import style
from stickerstudio.ui.blend_art import lora_title, rounded
from stickerstudio.ui.widgets import (
    ElidedLabel,
    EmptyState,
    IconButton,
    Picture,
    PushButton,
    label,
    name_control,
    scroll_list,
)

THUMB = 48  # pixels


_ENTER = (Qt.Key.Key_Return, Qt.Key.Key_Enter)


class NameField(QLineEdit):
    """Keeps Enter to itself: the row behind it would take it as its own."""

    def keyPressEvent(self, event: QKeyEvent) -> None:
        super().keyPressEvent(event)
        if event.key() in _ENTER:
            event.accept()


class SavedRow(QFrame):
    """One saved blend; a click takes it."""

    recalled = Signal()
    renamed = Signal(str)
    deleted = Signal()

    def __init__(self, blend: SavedBlend, weights: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("row")
        self.blend = blend
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setAccessibleName(tr("Take the blend {name}", name=blend.name))
        self.setAccessibleDescription(weights)
        self.setToolTip(f"{blend.name}\n{weights}")
        self._title = ElidedLabel("what")
        self._title.setText(blend.name)
        self.field = NameField(blend.name)
        self.field.setMaxLength(MAX_NAME)
        self.field.setAccessibleName(tr("New name of {name}", name=blend.name))
        self.rename = IconButton("pencil")
        self.delete = IconButton("trash")
        name_control(self.rename, tr("Rename {name}", name=blend.name))
        name_control(self.delete, tr("Forget {name}", name=blend.name))
        self._arrange(weights)
        self.rename.clicked.connect(self._begin_rename)
        self.delete.clicked.connect(self.deleted)
        self.field.editingFinished.connect(self._end_rename)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        inside = self.rect().contains(event.position().toPoint())
        if event.button() == Qt.MouseButton.LeftButton and inside:
            self.recalled.emit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        renaming = not self.field.isHidden()
        if event.key() in (*_ENTER, Qt.Key.Key_Space):
            if not renaming:
                self.recalled.emit()
        elif event.key() == Qt.Key.Key_Delete and not renaming:
            self.deleted.emit()
        elif event.key() == Qt.Key.Key_F2:
            self._begin_rename()
        elif event.key() == Qt.Key.Key_Escape and renaming:
            self.field.setText(self.blend.name)
            self._end_rename()
        else:
            super().keyPressEvent(event)

    def _begin_rename(self) -> None:
        self._show_field(True)
        self.field.setFocus()
        self.field.selectAll()

    def _end_rename(self) -> None:
        if not self.field.isHidden():
            self._show_field(False)
            self.setFocus()
            if self.field.text().strip() != self.blend.name:
                self.renamed.emit(self.field.text())

    def _show_field(self, on: bool) -> None:
        self._title.setVisible(not on)
        self.field.setVisible(on)

    def _arrange(self, weights: str) -> None:
        picture = Picture("blend", 22)
        picture.setFixedSize(THUMB, THUMB)
        if self.blend.picture is not None:
            ratio = self.devicePixelRatioF()
            reader = QImageReader(str(self.blend.picture))
            side = QSize(round(THUMB * ratio), round(THUMB * ratio))
            reader.setScaledSize(reader.size().scaled(side, Qt.AspectRatioMode.KeepAspectRatio))
            image = reader.read()
            if not image.isNull():
                image.setDevicePixelRatio(ratio)
                picture.set_picture(rounded(QPixmap.fromImage(image), style.RADIUS_CONTROL))
        words = ElidedLabel("small")
        words.setText(weights)
        self.field.hide()
        column = QVBoxLayout()
        column.setSpacing(0)
        column.addStretch()
        column.addWidget(self._title)
        column.addWidget(self.field)
        column.addWidget(words)
        column.addStretch()
        row = QHBoxLayout(self)
        row.setContentsMargins(style.SPACE, style.SPACE // 2, style.SPACE // 2, style.SPACE // 2)
        row.setSpacing(style.SPACE)
        row.addWidget(picture)
        row.addLayout(column, 1)
        row.addWidget(self.rename)
        row.addWidget(self.delete)


class SavedBlends(QFrame):
    """A popover at the blend pane's tools."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent, Qt.WindowType.Popup | Qt.WindowType.FramelessWindowHint)
        self.setObjectName("popover")
        self._session = session
        self._heading = label("heading")
        self.name = QLineEdit()
        self.name.setMaxLength(MAX_NAME)
        self.keep = PushButton(icon="bookmark")
        self._empty = EmptyState("bookmark")
        self._list = QVBoxLayout()
        self._area = QScrollArea()
        self.rows: list[SavedRow] = []
        self._arrange()
        self.name.textChanged.connect(self._show_keep)
        self.name.returnPressed.connect(self.keep.click)
        self.keep.clicked.connect(self._keep)
        session.blending.saved_changed.connect(self._show_changed)
        self.retranslate()

    def retranslate(self) -> None:
        """Word everything anew."""
        self.setAccessibleName(tr("Saved blends"))
        self._heading.setText(tr("Saved blends"))
        self.name.setPlaceholderText(tr("Name for the present blend"))
        self.name.setAccessibleName(tr("Name for the present blend"))
        self._area.setAccessibleName(tr("Saved blends"))
        self._empty.set_texts(
            tr("No blend is saved yet"),
            tr("Give the present blend a name, and it waits here with its picture."),
        )
        self._show_saved()

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.LanguageChange:
            self.retranslate()
        super().changeEvent(event)

    def open_at(self, anchor: QWidget) -> None:
        """Show the popover under `anchor`, or over it where there is no room."""
        self._session.blending.read_saved()
        corner = anchor.mapToGlobal(anchor.rect().bottomLeft())
        screen = anchor.screen().availableGeometry()
        place = corner + QPoint(0, style.SPACE // 2)
        if place.y() + self.height() > screen.bottom():
            top = anchor.mapToGlobal(anchor.rect().topLeft())
            place = top - QPoint(0, self.height() + style.SPACE // 2)
        place.setX(max(screen.left(), min(place.x(), screen.right() - self.width())))
        self.move(place)
        self.show()
        self.name.setFocus()

    def _arrange(self) -> None:
        head = QHBoxLayout()
        head.setSpacing(style.SPACE)
        head.addWidget(self.name, 1)
        head.addWidget(self.keep)
        self._list.setContentsMargins(0, 0, 0, 0)
        scroll_list(self._area, self._list)
        box = QVBoxLayout(self)
        margin = style.SPACE * 3 // 2
        box.setContentsMargins(margin, margin, margin, margin)
        box.setSpacing(style.SPACE)
        box.addWidget(self._heading)
        box.addLayout(head)
        box.addWidget(self._area, 1)
        box.addWidget(self._empty, 1)
        self.setFixedSize(style.SPACE * 48, style.SPACE * 42)

    def _show_keep(self) -> None:
        """The same name replaces, and says so before."""
        name = self.name.text().strip().casefold()
        there = any(blend.name.casefold() == name for blend in self._session.blending.saved)
        self.keep.setText(tr("Re&place") if there else tr("Sa&ve"))
        what = tr("Replace the saved blend") if there else tr("Save the present blend")
        name_control(self.keep, what)
        self.keep.setEnabled(bool(name))

    def _keep(self) -> None:
        self._session.blending.save(self.name.text())
        self.name.clear()

    def _show_changed(self) -> None:
        """Rows that would be the same stay, with the focus and a name being typed."""
        if [row.blend for row in self.rows] != self._session.blending.saved:
            self._show_saved()

    def _show_saved(self) -> None:
        blending = self._session.blending
        for row in self.rows:
            self._list.removeWidget(row)
            row.hide()
            row.deleteLater()
        self.rows = [self._row(blend) for blend in blending.saved]
        for row in self.rows:
            self._list.addWidget(row)
        self._area.setVisible(bool(self.rows))
        self._empty.setVisible(not self.rows)
        self._show_keep()

    def _row(self, blend: SavedBlend) -> SavedRow:
        blending, name = self._session.blending, blend.name
        titles = {info.name: lora_title(info) for info in self._session.loras}
        weights = " · ".join(
            f"{titles.get(lora.name, lora.name)} {lora.weight:.2f}" for lora in blend.loras
        )
        row = SavedRow(blend, weights or tr("No styles"))
        row.recalled.connect(lambda: blending.recall(name))
        row.recalled.connect(self.hide)
        row.renamed.connect(lambda new: blending.rename(name, new))
        row.deleted.connect(lambda: blending.delete(name))
        return row
