"""The list of expressions, to be edited: emoji, English words, words in 繁體中文."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Qt
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QHeaderView,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from stickerstudio.core.expressions import MOST, Expression
from stickerstudio.core.i18n import tr
from stickerstudio.session.expressions import Expressions
from stickerstudio.ui import style
from stickerstudio.ui.widgets import IconButton, label, name_control

_FIELDS = ("emoji", "en", "zh_hant")


class BoardList(QWidget):
    """Edits `expressions.expressions`; a board takes the first N of them."""

    def __init__(self, expressions: Expressions, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._expressions = expressions
        self._filling = False
        self._heading = label("heading")
        self._text = label("small", wrap=True)
        self.table = QTableWidget(0, len(_FIELDS))
        self.add = IconButton("plus")
        self.remove = IconButton("trash")
        self.up = IconButton("arrow-up")
        self.down = IconButton("arrow-down")
        self.reset = IconButton("reset")
        self._arrange()
        self.table.itemChanged.connect(self._edited)
        self.table.itemSelectionChanged.connect(self._enable)
        self.add.clicked.connect(self._add)
        self.remove.clicked.connect(self._remove)
        self.up.clicked.connect(lambda: self._move(-1))
        self.down.clicked.connect(lambda: self._move(1))
        self.reset.clicked.connect(expressions.reset_expressions)
        expressions.list_changed.connect(self._show)
        self.retranslate()
        self._show()

    def retranslate(self) -> None:
        """Word everything anew."""
        self._heading.setText(tr("Expressions"))
        self._text.setText(
            tr("A board takes them from the top. The words go into the prompt as they are.")
        )
        self.table.setHorizontalHeaderLabels([tr("Emoji"), tr("English"), tr("繁體中文")])
        self.table.setAccessibleName(tr("Expressions"))
        name_control(self.add, tr("Add an expression"))
        name_control(self.remove, tr("Remove the chosen expressions"))
        name_control(self.up, tr("Move up"))
        name_control(self.down, tr("Move down"))
        name_control(self.reset, tr("The forty it came with"))

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.LanguageChange:
            self.retranslate()
        super().changeEvent(event)

    def _arrange(self) -> None:
        head = self.table.horizontalHeader()
        head.setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
        head.setSectionResizeMode(0, QHeaderView.ResizeMode.ResizeToContents)
        self.table.verticalHeader().hide()
        self.table.setShowGrid(False)
        self.table.setFrameShape(QTableWidget.Shape.NoFrame)
        self.table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        buttons = QHBoxLayout()
        buttons.setSpacing(style.SPACE // 2)
        for button in (self.add, self.remove, self.up, self.down):
            buttons.addWidget(button)
        buttons.addStretch()
        buttons.addWidget(self.reset)
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(style.SPACE)
        box.addWidget(self._heading)
        box.addWidget(self._text)
        box.addWidget(self.table, 1)
        box.addLayout(buttons)

    def _show(self) -> None:
        expressions = self._expressions.expressions
        self._filling = True
        self.table.setRowCount(len(expressions))
        for row, expression in enumerate(expressions):
            for column, field in enumerate(_FIELDS):
                item = QTableWidgetItem(getattr(expression, field))
                if field == "emoji":
                    item.setTextAlignment(Qt.AlignmentFlag.AlignCenter)
                self.table.setItem(row, column, item)
        self._filling = False
        self._enable()

    def _rows(self) -> list[int]:
        return sorted({index.row() for index in self.table.selectionModel().selectedRows()})

    def _enable(self) -> None:
        rows, count = self._rows(), self.table.rowCount()
        self.add.setEnabled(count < MOST)
        self.remove.setEnabled(0 < len(rows) < count)
        self.up.setEnabled(len(rows) == 1 and rows[0] > 0)
        self.down.setEnabled(len(rows) == 1 and rows[0] < count - 1)

    def _edited(self, item: QTableWidgetItem) -> None:
        if self._filling:
            return
        changed = list(self._expressions.expressions)
        texts = [self.table.item(item.row(), column) for column in range(len(_FIELDS))]
        emoji, en, zh_hant = (each.text() if each else "" for each in texts)
        changed[item.row()] = Expression(en, zh_hant, emoji)
        self._expressions.set_expressions(changed)

    def _add(self) -> None:
        row = self.table.rowCount()
        new = Expression(tr("new"), "", "")
        self._expressions.set_expressions([*self._expressions.expressions, new])
        self.table.setCurrentCell(row, 1)
        item = self.table.item(row, 1)
        if item is not None:
            self.table.editItem(item)

    def _remove(self) -> None:
        rows = set(self._rows())
        kept = [e for row, e in enumerate(self._expressions.expressions) if row not in rows]
        self._expressions.set_expressions(kept)

    def _move(self, by: int) -> None:
        (row,) = self._rows()
        changed = list(self._expressions.expressions)
        changed.insert(row + by, changed.pop(row))
        self._expressions.set_expressions(changed)
        self.table.selectRow(row + by)
