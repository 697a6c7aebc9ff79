"""What becomes of things that are dropped on the chat, or pasted into it."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QMimeData
from PySide6.QtGui import QImage, QImageWriter

from stickerstudio.core.errors import BadInputError, NotFoundError, StudioError, report
from stickerstudio.core.i18n import tr
from stickerstudio.session.session import Session
from stickerstudio.session.state import Notice
from stickerstudio.ui.file_drop import dropped_files
from stickerstudio.ui.outgoing import sticker_ids

MOST_AT_ONCE = 12  # files or stickers; a folder full of photographs is a slip of the hand
_IMAGE_TYPES = ("image/png", "image/webp", "image/jpeg", "image/gif", "image/bmp", "image/tiff")


def is_sendable(mime: QMimeData) -> bool:
    """Whether there is something in `mime` that looks like a sticker or a picture."""
    return bool(sticker_ids(mime) or dropped_files(mime)) or _has_picture(mime)


def send(mime: QMimeData, session: Session) -> None:
    """Send what is in `mime` to the chat; a notice where that cannot be."""
    try:
        _send(mime, session)
    except StudioError as error:
        session.notice.emit(Notice(report(error)))


def _send(mime: QMimeData, session: Session) -> None:
    ids, files = sticker_ids(mime), dropped_files(mime)
    if len(ids or files) > MOST_AT_ONCE:
        raise BadInputError(
            tr("That is a lot for one message."),
            tr("Up to {n} stickers or pictures can be sent at once.", n=MOST_AT_ONCE),
            tr("Drop fewer of them."),
        )
    if ids and _all_known(ids, session):
        for sticker_id in ids:
            session.send_sticker(sticker_id)
    elif files:  # also stickers of a window that shows another library
        for file in files:
            _refuse_folder(file)
            session.send_image(file)
    elif _has_picture(mime):
        session.send_image(_picture(mime))
    else:
        raise BadInputError(
            tr("This cannot be sent to the chat."),
            tr("It is neither a sticker nor a picture."),
            tr("Drop a sticker from the gallery, or a picture file."),
        )


def _has_picture(mime: QMimeData) -> bool:
    return mime.hasImage() or any(mime.hasFormat(kind) for kind in _IMAGE_TYPES)


def _picture(mime: QMimeData) -> bytes:
    """The picture's own bytes where they are given: Qt's conversions may lose the alpha."""
    for kind in _IMAGE_TYPES:
        if data := bytes(mime.data(kind).data()):
            return data
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    QImageWriter(buffer, QByteArray(b"png")).write(QImage(mime.imageData()))
    return bytes(buffer.data().data())


def _all_known(ids: list[str], session: Session) -> bool:
    try:
        for sticker_id in ids:
            session.library.get(sticker_id)
    except NotFoundError:
        return False
    return True


def _refuse_folder(file: Path) -> None:
    if file.is_dir():
        raise BadInputError(
            tr("A folder cannot be sent to the chat."),
            "",
            tr("Open it and drop a picture from inside."),
        )
