"""Small widgets that more than one pane uses."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QPoint, QRect, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPixmap
from PySide6.QtWidgets import (
    QFrame,
    QLabel,
    QLayout,
    QLayoutItem,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from stickerstudio.ui import style

ARROWS = {
    Qt.Key.Key_Left: (-1, 0),
    Qt.Key.Key_Right: (1, 0),
    Qt.Key.Key_Up: (0, -1),
    Qt.Key.Key_Down: (0, 1),
}
"""The step an arrow key asks for: to the right, and down."""


def name_control(widget: QWidget, name: str, tip: str = "") -> None:
    """Give `widget` the name a screen reader says, and the tip a mouse shows."""
    widget.setAccessibleName(name)
    widget.setToolTip(tip or name)
    widget.setStatusTip("")


class IconButton(QToolButton):
    """A button with an icon that follows the theme. Quiet ones have no frame until pointed at."""

    def __init__(self, icon: str, parent: QWidget | None = None, *, quiet: bool = True) -> None:
        super().__init__(parent)
        self._icon = icon
        self._lit = False
        self.setObjectName("quiet" if quiet else "framed")
        self.setIconSize(QSize(style.ICON, style.ICON))
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self._paint_icon()

    def set_icon(self, icon: str) -> None:
        """Show another icon of resources/icons."""
        if icon != self._icon:
            self._icon = icon
            self._paint_icon()

    def set_lit(self, lit: bool) -> None:
        """Show the icon in the accent colour: something is set behind it."""
        if lit != self._lit:
            self._lit = lit
            self._paint_icon()

    def changeEvent(self, event: QEvent) -> None:
        if event.type() in (QEvent.Type.PaletteChange, QEvent.Type.StyleChange):
            self._paint_icon()
        super().changeEvent(event)

    def _paint_icon(self) -> None:
        colours = style.current_colours()
        colour = colours.accent if self._lit else colours.text
        self.setIcon(style.icon(self._icon, colour, ratio=self.devicePixelRatioF()))


class PushButton(QPushButton):
    """A button with words, optionally an icon in the colour of its words."""

    def __init__(
        self, parent: QWidget | None = None, *, icon: str = "", primary: bool = False
    ) -> None:
        super().__init__(parent)
        self._icon = icon
        if primary:
            self.setObjectName("primary")
        self.setIconSize(QSize(style.ICON, style.ICON))
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self._paint_icon()

    def set_icon(self, icon: str) -> None:
        """Show another icon of resources/icons."""
        if icon != self._icon:
            self._icon = icon
            self._paint_icon()

    def changeEvent(self, event: QEvent) -> None:
        if event.type() in (QEvent.Type.PaletteChange, QEvent.Type.StyleChange):
            self._paint_icon()
        super().changeEvent(event)

    def _paint_icon(self) -> None:
        if self._icon:
            colours = style.current_colours()
            colour = colours.on_accent if self.objectName() == "primary" else colours.text
            self.setIcon(style.icon(self._icon, colour, ratio=self.devicePixelRatioF()))


class Chip(QPushButton):
    """A word to press. Accented chips are the model's own words."""

    def __init__(self, text: str, parent: QWidget | None = None, *, accented: bool = False) -> None:
        super().__init__(text.replace("&", "&&"), parent)
        self.word = text
        self.setObjectName("chip")
        self.setProperty("accented", accented)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)


class Card(QFrame):
    """A rounded ground with a heading, on which one pane lies."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("card")
        self.box = QVBoxLayout(self)
        margin = style.SPACE * 3 // 2
        self.box.setContentsMargins(margin, margin, margin, margin)
        self.box.setSpacing(style.SPACE)


def window_box(window: QWidget, gap: int = style.SPACE * 3 // 2) -> QVBoxLayout:
    """The outermost layout of a tool's window: a broad margin, `gap` pixels between its parts."""
    box = QVBoxLayout(window)
    margin = style.SPACE * 2
    box.setContentsMargins(margin, margin, margin, margin)
    box.setSpacing(gap)
    return box


def label(kind: str = "", *, wrap: bool = False) -> QLabel:
    """An empty label; `kind` is one of heading, title, muted, small, what (see style)."""
    made = QLabel()
    made.setObjectName(kind)
    made.setWordWrap(wrap)
    return made


class ElidedLabel(QLabel):
    """One line that gives way where there is little room, and ends in "…"."""

    def __init__(self, kind: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName(kind)
        self.setTextFormat(Qt.TextFormat.PlainText)

    def minimumSizeHint(self) -> QSize:
        return QSize(style.SPACE * 5, super().minimumSizeHint().height())

    def paintEvent(self, event: QPaintEvent) -> None:
        del event
        text = self.fontMetrics().elidedText(
            self.text(), Qt.TextElideMode.ElideRight, self.contentsRect().width()
        )
        painter = QPainter(self)
        self.style().drawItemText(
            painter,
            self.contentsRect(),
            int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeading),
            self.palette(),
            self.isEnabled(),
            text,
            self.foregroundRole(),
        )
        painter.end()


class Picture(QLabel):
    """One icon, larger than in a button; follows the theme."""

    def __init__(self, icon: str, size: int, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._icon, self._size, self._tone = icon, size, ""
        self.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._paint_icon()

    def set_picture(self, picture: QPixmap) -> None:
        """Show `picture` instead of the icon, for good."""
        self._icon = ""
        self.setPixmap(picture)

    def set_icon(self, icon: str, tone: str) -> None:
        """Show another icon, in the colour of `tone`: info, problem, fault, or "" for muted."""
        self._icon, self._tone = icon, tone
        self._paint_icon()

    def changeEvent(self, event: QEvent) -> None:
        if event.type() in (QEvent.Type.PaletteChange, QEvent.Type.StyleChange):
            self._paint_icon()
        super().changeEvent(event)

    def _paint_icon(self) -> None:
        if not self._icon:
            return
        c = style.current_colours()
        tones = {"info": c.accent, "problem": c.warning, "fault": c.danger}
        colour = tones.get(self._tone, c.edge)
        self.setPixmap(style.icon_pixmap(self._icon, colour, self._size, self.devicePixelRatioF()))


class EmptyState(QWidget):
    """What a pane shows when it has nothing: an icon, what it is for, what to do first."""

    def __init__(self, icon: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._title = label("heading", wrap=True)
        self._text = label("muted", wrap=True)
        for words in (self._title, self._text):
            words.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        box = QVBoxLayout(self)
        box.setContentsMargins(style.SPACE * 2, style.SPACE, style.SPACE * 2, style.SPACE)
        box.setSpacing(style.SPACE // 2)
        box.addStretch()
        box.addWidget(Picture(icon, 36))
        box.addSpacing(style.SPACE // 2)
        box.addWidget(self._title)
        box.addWidget(self._text)
        box.addStretch()

    def set_texts(self, title: str, text: str) -> None:
        """The two sentences."""
        self._title.setText(title)
        self._text.setText(text)


class FlowLayout(QLayout):
    """Lays items out like words: left to right, then on the next line.

    With `push_last` the last item lies at the right end of its line, at the line's foot.
    """

    def __init__(
        self,
        parent: QWidget | None = None,
        *,
        spacing: int = style.SPACE // 2,
        push_last: bool = False,
    ) -> None:
        super().__init__(parent)
        self._items: list[QLayoutItem] = []
        self._push_last = push_last
        self.setContentsMargins(0, 0, 0, 0)
        self.setSpacing(spacing)

    def addItem(self, item: QLayoutItem) -> None:
        self._items.append(item)

    def count(self) -> int:
        return len(self._items)

    def itemAt(self, index: int) -> QLayoutItem | None:
        return self._items[index] if 0 <= index < len(self._items) else None

    def takeAt(self, index: int) -> QLayoutItem | None:
        return self._items.pop(index) if 0 <= index < len(self._items) else None

    def expandingDirections(self) -> Qt.Orientation:
        return Qt.Orientation(0)

    def hasHeightForWidth(self) -> bool:
        return True

    def heightForWidth(self, width: int) -> int:
        return self._place(QRect(0, 0, width, 0), move=False)

    def setGeometry(self, rect: QRect) -> None:
        super().setGeometry(rect)
        self._place(rect, move=True)

    def sizeHint(self) -> QSize:
        return self.minimumSize()

    def minimumSize(self) -> QSize:
        size = QSize()
        for item in self._items:
            size = size.expandedTo(item.minimumSize())
        return size

    def _place(self, rect: QRect, *, move: bool) -> int:
        x, y, line = rect.x(), rect.y(), 0
        for item in self._items:
            widget = item.widget()
            if widget is not None and widget.isHidden():
                continue
            hint = item.sizeHint()
            if x > rect.x() and x + hint.width() > rect.x() + rect.width():
                x, y, line = rect.x(), y + line + self.spacing(), 0
            if move:
                place = QRect(QPoint(x, y), hint)
                if self._push_last and item is self._items[-1]:
                    place.moveRight(rect.right())
                    place.moveBottom(y + max(line, hint.height()) - 1)
                item.setGeometry(place)
            x += hint.width() + self.spacing()
            line = max(line, hint.height())
        return y + line - rect.y()


def clear_layout(layout: QLayout) -> None:
    """Take every widget out of `layout` and delete it."""
    while (item := layout.takeAt(0)) is not None:
        widget = item.widget()
        if widget is not None:
            widget.hide()
            widget.deleteLater()


def scroll_list(area: QScrollArea, rows: QVBoxLayout) -> None:
    """Let `area` scroll `rows` up and down, packed at the top."""
    rows.setSpacing(style.SPACE // 2)
    inside = QWidget()
    inside.setObjectName("scrolled")
    outer = QVBoxLayout(inside)
    outer.setContentsMargins(0, 0, 0, 0)
    outer.addLayout(rows)
    outer.addStretch()
    area.setWidget(inside)
    area.setWidgetResizable(True)
    area.setFrameShape(QFrame.Shape.NoFrame)
    area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
