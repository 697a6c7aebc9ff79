"""The drawings to learn from, as a table: picture, caption, where the caption came from."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import (
    QAbstractTableModel,
    QEvent,
    QModelIndex,
    QPersistentModelIndex,
    QSize,
    Qt,
    QTimer,
)
from PySide6.QtGui import QIcon, QKeySequence, QPixmap, QShortcut
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFrame,
    QHBoxLayout,
    QHeaderView,
    QLineEdit,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from stickerstudio.core.i18n import tr, tr_n
from stickerstudio.session.training import Training
from stickerstudio.training.captions import clean_caption, tags
from stickerstudio.training.dataset import TrainingPicture
from stickerstudio.ui import style
from stickerstudio.ui.widgets import PushButton, label, name_control

Index = QModelIndex | QPersistentModelIndex
THUMBNAIL = 40  # pixels
CAPTION, SOURCE = 0, 1


class CaptionsModel(QAbstractTableModel):
    """session.training.data, one row a drawing. Several captions are shown with " | " between."""

    def __init__(self, training: Training) -> None:
        super().__init__(training)
        self._training = training
        self._pictures: tuple[TrainingPicture, ...] = ()
        self._icons: dict[str, QIcon] = {}
        self._asked: set[str] = set()
        training.data_changed.connect(self._show_data)
        training.thumbnail_ready.connect(self._on_thumbnail)
        self._show_data()

    def picture(self, row: int) -> TrainingPicture:
        """The drawing in `row`."""
        return self._pictures[row]

    def rowCount(self, parent: Index | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(self._pictures)

    def columnCount(self, parent: Index | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else 2

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        if role != Qt.ItemDataRole.DisplayRole or orientation is Qt.Orientation.Vertical:
            return None
        return (tr("What it shows"), tr("Found in"))[section]

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        picture = self._pictures[index.row()]
        if index.column() == CAPTION:
            if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.EditRole):
                return " | ".join(picture.captions)
            if role == Qt.ItemDataRole.DecorationRole:
                return self._icon(picture.name)
            if role == Qt.ItemDataRole.SizeHintRole:
                return QSize(0, THUMBNAIL + style.SPACE)
            if role == Qt.ItemDataRole.AccessibleTextRole:
                shown = ", ".join(picture.captions) or tr("no caption")
                return tr("{name}: {caption}", name=picture.name, caption=shown)
        elif role == Qt.ItemDataRole.DisplayRole:
            return source_words(picture)
        if role == Qt.ItemDataRole.ToolTipRole:
            return picture.name
        return None

    def flags(self, index: Index) -> Qt.ItemFlag:
        flags = super().flags(index)
        return flags | Qt.ItemFlag.ItemIsEditable if index.column() == CAPTION else flags

    def setData(self, index: Index, value: Any, role: int = Qt.ItemDataRole.EditRole) -> bool:
        if role != Qt.ItemDataRole.EditRole or index.column() != CAPTION:
            return False
        said = tuple(filter(None, (clean_caption(part) for part in str(value).split("|"))))
        self._training.set_captions({self._pictures[index.row()].name: said})
        return True

    def _show_data(self) -> None:
        data = self._training.data
        pictures = data.pictures if data is not None else ()
        if [each.name for each in pictures] == [each.name for each in self._pictures]:
            self._pictures = pictures
            if pictures:
                self.dataChanged.emit(self.index(0, 0), self.index(len(pictures) - 1, 1))
            return
        self.beginResetModel()
        self._pictures = pictures
        self._icons.clear()
        self._asked.clear()
        self.endResetModel()

    def _icon(self, name: str) -> QIcon | None:
        if name not in self._asked:
            self._asked.add(name)
            self._training.want_thumbnail(name)
        return self._icons.get(name)

    def _on_thumbnail(self, name: str, data: bytes) -> None:
        pixmap = QPixmap()
        pixmap.loadFromData(data)
        self._icons[name] = QIcon(pixmap)
        for row, picture in enumerate(self._pictures):
            if picture.name == name:
                self.dataChanged.emit(self.index(row, 0), self.index(row, 0))


class CaptionsTable(QWidget):
    """The table, and what changes several rows at once."""

    def __init__(self, training: Training, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._training = training
        self.model = CaptionsModel(training)
        self.view = QTableView()
        self.view.setModel(self.model)
        self.words = QLineEdit()
        self.replace = PushButton()
        self.add = PushButton(icon="plus")
        self.remove = PushButton(icon="minus")
        self.leave = PushButton(icon="trash")
        self._chosen = label("small")
        self._arrange()
        self.replace.clicked.connect(lambda: self._edit(lambda captions, words: (words,)))
        self.add.clicked.connect(lambda: self._edit(_with_words))
        self.remove.clicked.connect(lambda: self._edit(_without_words))
        self.leave.clicked.connect(self._leave_out)
        self.words.textChanged.connect(self._show_chosen)
        self.words.returnPressed.connect(self.add.click)
        self.view.selectionModel().selectionChanged.connect(self._show_chosen)
        self.model.modelReset.connect(self._show_chosen)
        delete = QShortcut(QKeySequence.StandardKey.Delete, self.view)
        delete.setContext(Qt.ShortcutContext.WidgetShortcut)
        delete.activated.connect(self._leave_out)
        self.retranslate()

    def retranslate(self) -> None:
        """Word everything anew."""
        name_control(self.view, tr("Captions of the drawings"))
        self.words.setPlaceholderText(tr("Words for the chosen rows, such as “otter, happy”"))
        name_control(self.words, tr("Words for the chosen rows"))
        self.replace.setText(tr("&Replace"))
        name_control(self.replace, tr("Replace the captions of the chosen rows"))
        self.add.setText(tr("A&dd"))
        name_control(self.add, tr("Add these words to the chosen rows"))
        self.remove.setText(tr("Re&move"))
        name_control(self.remove, tr("Remove these words from the chosen rows"))
        self.leave.setText(tr("&Leave out"))
        name_control(self.leave, tr("Do not learn from the chosen rows (Delete)"))
        self._show_chosen()

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.LanguageChange:
            self.retranslate()
        super().changeEvent(event)

    def _arrange(self) -> None:
        view = self.view
        view.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        view.setIconSize(QSize(THUMBNAIL, THUMBNAIL))
        view.verticalHeader().hide()
        view.verticalHeader().setDefaultSectionSize(THUMBNAIL + style.SPACE)
        view.horizontalHeader().setSectionResizeMode(CAPTION, QHeaderView.ResizeMode.Stretch)
        view.horizontalHeader().setSectionResizeMode(
            SOURCE, QHeaderView.ResizeMode.ResizeToContents
        )
        view.horizontalHeader().setHighlightSections(False)
        view.horizontalHeader().setDefaultAlignment(Qt.AlignmentFlag.AlignLeft)
        view.setShowGrid(False)
        view.setFrameShape(QFrame.Shape.NoFrame)
        view.setTabKeyNavigation(False)
        view.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        line = QHBoxLayout()
        line.setSpacing(style.SPACE)
        line.addWidget(self.words, 1)
        for button in (self.add, self.remove, self.replace):
            line.addWidget(button)
        foot = QHBoxLayout()
        foot.addWidget(self._chosen, 1)
        foot.addWidget(self.leave)
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(style.SPACE)
        box.addWidget(view, 1)
        box.addLayout(line)
        box.addLayout(foot)

    def _rows(self) -> list[TrainingPicture]:
        rows = sorted(index.row() for index in self.view.selectionModel().selectedRows())
        return [self.model.picture(row) for row in rows]

    def _show_chosen(self) -> None:
        rows = len(self.view.selectionModel().selectedRows())
        words = bool(clean_caption(self.words.text()))
        for button in (self.replace, self.add, self.remove):
            button.setEnabled(bool(rows) and words)
        self.leave.setEnabled(bool(rows))
        self._chosen.setText(
            tr_n("{n} row chosen", "{n} rows chosen", rows)
            if rows
            else tr("Choose rows to change several at once; double-click a caption to type it.")
        )

    def _edit(self, change: Any) -> None:
        words = clean_caption(self.words.text())
        edits = {each.name: change(each.captions, words) for each in self._rows()}
        if words and edits:
            self._training.set_captions(edits)
            QTimer.singleShot(0, self.words.clear)

    def _leave_out(self) -> None:
        names = {picture.name for picture in self._rows()}
        if names:
            self._training.leave_out(names)


def source_words(picture: TrainingPicture) -> str:
    """Where a caption was found, for the eye."""
    return {
        "typed": tr("typed"),
        "text file": tr("text file"),
        "title": tr("pack"),
        "emoji": tr("emoji"),
        "file name": tr("file name"),
        "none": tr("nothing found"),
    }[picture.captions_from]


def _with_words(captions: tuple[str, ...], words: str) -> tuple[str, ...]:
    new = tags(words)
    return tuple(
        ", ".join([*tags(each), *(word for word in new if word not in tags(each))])
        for each in captions or ("",)
    )


def _without_words(captions: tuple[str, ...], words: str) -> tuple[str, ...]:
    gone = set(tags(words))
    left = (", ".join(tag for tag in tags(each) if tag not in gone) for each in captions)
    return tuple(each for each in left if each)
