"""The chat: what was said, a box to write in, and a place to drop stickers on."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QEvent, QModelIndex, QPoint, QRectF, QSize, QStandardPaths, Qt
from PySide6.QtGui import (
    QColor,
    QDragEnterEvent,
    QDragLeaveEvent,
    QDragMoveEvent,
    QDropEvent,
    QFont,
    QGuiApplication,
    QImage,
    QImageReader,
    QPainter,
    QPaintEvent,
    QPen,
)
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QMenu, QVBoxLayout, QWidget

from stickerstudio.chat.friend import NAMES
from stickerstudio.core.i18n import current_language, tr
from stickerstudio.session.session import Session
from stickerstudio.ui import chat_drop, style
from stickerstudio.ui.chat_avatar import paint_avatar
from stickerstudio.ui.chat_delegate import ChatDelegate
from stickerstudio.ui.chat_edit import ChatEdit
from stickerstudio.ui.chat_model import ChatModel, Role
from stickerstudio.ui.chat_view import ChatView
from stickerstudio.ui.clipboard import copy_picture
from stickerstudio.ui.thumbnails import Thumbnails
from stickerstudio.ui.widgets import Card, IconButton, label, name_control

_FACE = 36  # pixels of the friend's face in the heading


class ChatPane(Card):
    """The conversation with the friend. Takes stickers and pictures dropped anywhere on it."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self.setAcceptDrops(True)
        self.pictures = Thumbnails[Path](load_picture, self)
        self.model = ChatModel(self)
        self._delegate = ChatDelegate(self.pictures, self)
        self.view = ChatView(self.model, self._delegate)
        self.edit = ChatEdit()
        self.send = IconButton("send")
        self.attach = IconButton("plus")
        self._name = label("heading")
        self._status = label("small")
        self._shade = _DropShade(self)
        self._said = 0
        self._arrange()
        self._connect()
        self.retranslate()
        self._show()
        self.view.follow()

    def retranslate(self) -> None:
        """Word everything anew after a change of language."""
        name = NAMES[current_language()]
        self._name.setText(name)
        self.view.setAccessibleName(tr("Conversation with {name}", name=name))
        self.edit.setPlaceholderText(tr("Write a message"))
        name_control(self.edit, tr("Message"), tr("Enter sends, Shift+Enter starts a new line"))
        name_control(self.send, tr("Send (Enter)"))
        name_control(self.attach, tr("Send a picture…"))
        self._shade.setAccessibleName(tr("Drop to send"))
        self.model.reword()
        self._show_status()

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.LanguageChange:
            self.retranslate()
        elif event.type() == QEvent.Type.FontChange:
            self._delegate.forget()
            self.model.reword()
        super().changeEvent(event)

    def stop(self) -> None:
        """Wait for the workers: nothing of ours may outlive the window."""
        self.pictures.close()

    def _arrange(self) -> None:
        words = QVBoxLayout()
        words.setSpacing(0)
        words.addWidget(self._name)
        words.addWidget(self._status)
        head = QHBoxLayout()
        head.setSpacing(style.SPACE)
        head.addWidget(_Face())
        head.addLayout(words, 1)
        write = QHBoxLayout()
        write.setSpacing(style.SPACE // 2)
        bottom = Qt.AlignmentFlag.AlignBottom
        write.addWidget(self.attach, 0, bottom)
        write.addWidget(self.edit, 1)
        write.addWidget(self.send, 0, bottom)
        self.view.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.box.addLayout(head)
        self.box.addWidget(self.view, 1)
        self.box.addLayout(write)
        self.setFocusProxy(self.edit)

    def _connect(self) -> None:
        session = self._session
        session.chat_changed.connect(self._show)
        session.closed.connect(self.stop)
        self.pictures.ready.connect(lambda _: self.view.viewport().update())
        self.edit.sent.connect(session.send_text)
        self.edit.pasted.connect(lambda mime: chat_drop.send(mime, session))
        self.edit.textChanged.connect(self._show_status)
        self.send.clicked.connect(self.edit.send)
        self.attach.clicked.connect(self._choose_picture)
        self.view.customContextMenuRequested.connect(self._menu)
        self.view.copy_wanted.connect(self._copy)

    def _show(self) -> None:
        """Show what the session knows of the chat."""
        messages, typing = self._session.chat.messages, self._session.friend_typing
        fresh = messages[self._said :]
        self._said = len(messages)
        self.model.show(messages, typing=typing)
        self.view.show_typing(typing)
        if any(message.author == "me" for message in fresh):
            self.view.follow()  # who says something wants to see it said
        elif fresh:
            self.view.message_came()
        self._show_status()

    def _show_status(self) -> None:
        typing = self._session.friend_typing
        self._status.setText(tr("is typing…") if typing else tr("online"))
        self.send.setEnabled(bool(self.edit.toPlainText().strip()))

    def _choose_picture(self) -> None:
        place = QStandardPaths.StandardLocation.PicturesLocation
        dialog = QFileDialog(self, tr("Send a picture"), QStandardPaths.writableLocation(place))
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.setNameFilter(
            f"{tr('Pictures')} (*.png *.jpg *.jpeg *.webp *.gif *.bmp *.tif *.tiff)"
        )
        dialog.fileSelected.connect(lambda path: self._session.send_image(Path(path)))
        dialog.open()

    def _menu(self, place: QPoint) -> None:
        index = self.view.indexAt(place)
        if index.isValid() and index.data(Role.ROW).message is not None:
            menu = QMenu(self.view)
            menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
            menu.addAction(tr("Copy")).triggered.connect(lambda: self._copy(index))
            menu.popup(self.view.viewport().mapToGlobal(place))

    def _copy(self, index: QModelIndex) -> None:
        message = index.data(Role.ROW).message
        if message is None:
            return
        if message.picture is None:
            QGuiApplication.clipboard().setText(message.text)
        else:
            copy_picture(message.picture)

    # --- dropping ---

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        # Whatever it is: what cannot be sent is answered with a sentence when it is dropped.
        event.setDropAction(Qt.DropAction.CopyAction)
        event.accept()
        self._shade.cover(welcome=chat_drop.is_sendable(event.mimeData()))

    def dragMoveEvent(self, event: QDragMoveEvent) -> None:
        event.setDropAction(Qt.DropAction.CopyAction)
        event.accept()

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        del event
        self._shade.hide()

    def dropEvent(self, event: QDropEvent) -> None:
        self._shade.hide()
        # Never a move: a file manager would delete the file it believes to have given away.
        event.setDropAction(Qt.DropAction.CopyAction)
        event.accept()
        chat_drop.send(event.mimeData(), self._session)


class _Face(QWidget):
    """The friend's face."""

    def __init__(self) -> None:
        super().__init__()
        self.setFixedSize(QSize(_FACE, _FACE))

    def paintEvent(self, event: QPaintEvent) -> None:
        del event
        painter = QPainter(self)
        paint_avatar(painter, QRectF(0, 0, _FACE, _FACE), "friend")


class _DropShade(QWidget):
    """Lies over the chat while something is dragged across it, and says what a drop would do."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._covered = parent
        self._welcome = True
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.hide()

    def cover(self, *, welcome: bool) -> None:
        """Lie over all of the parent; `welcome`: whether what is dragged can be sent."""
        self._welcome = welcome
        self.setGeometry(self._covered.rect())
        self.raise_()
        self.show()

    def paintEvent(self, event: QPaintEvent) -> None:
        del event
        colours = style.current_colours()
        edge = QColor(colours.accent if self._welcome else colours.warning)
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        ground = QColor(colours.accent_soft if self._welcome else colours.warning_soft)
        ground.setAlphaF(0.96)
        painter.setPen(QPen(edge, 2, Qt.PenStyle.DashLine))
        painter.setBrush(ground)
        inset = style.SPACE
        area = QRectF(self.rect()).adjusted(inset, inset, -inset, -inset)
        painter.drawRoundedRect(area, style.RADIUS, style.RADIUS)
        icon = style.icon_pixmap("drop", edge.name(), 36, self.devicePixelRatioF())
        middle = area.center()
        painter.drawPixmap(round(middle.x()) - 18, round(middle.y()) - 36, icon)
        font = QFont(self.font())
        font.setBold(True)
        painter.setFont(font)
        painter.setPen(QColor(colours.text))
        words = tr("Drop to send") if self._welcome else tr("Only stickers and pictures")
        painter.drawText(
            area.adjusted(0, 32, 0, 32),
            Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignVCenter,
            words,
        )


def load_picture(path: Path, side: int) -> QImage:
    """A picture of the chat, at most `side` pixels a side; null where it cannot be read."""
    reader = QImageReader(str(path))
    size = reader.size()
    if max(size.width(), size.height()) > side:
        reader.setScaledSize(size.scaled(side, side, Qt.AspectRatioMode.KeepAspectRatio))
    return reader.read()
