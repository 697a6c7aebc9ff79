"""What the editor's caption and stamp panels want to know, found out away from the window's thread.

Fonts are large and the system may have many; stamps are pictures to be read.
"""

from __future__ import annotations

import io
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from PIL import Image
from PySide6.QtCore import QObject, Signal

from stickerstudio.core.errors import StudioError, report
from stickerstudio.core.library import Library
from stickerstudio.core.pictures import open_picture
from stickerstudio.finish import fonts, stamps
from stickerstudio.session.background import Background
from stickerstudio.session.state import Notice
from stickerstudio.session.workers import Workers

RECENT = 12  # stickers of the gallery that are offered as stamps


@dataclass(frozen=True, slots=True)
class StampPicture:
    """A stamp to choose; `png` is its picture, small. `name` is a shipped one's, or the prompt."""

    source: str
    name: str
    png: bytes


class Lettering(QObject):
    """Asks workers. Verbs return at once; an answer to an older question may come after a newer."""

    noted = Signal(str, str, object)  # text, font, tuple of finish.fonts.Substitute
    font_found = Signal(str)  # the path of a font file that can be used
    stamps_found = Signal(object)  # tuple of StampPicture: the shipped ones, then the gallery's
    notice = Signal(object)  # Notice

    def __init__(
        self, library: Library, background: Background, workers: Workers, parent: QObject
    ) -> None:
        super().__init__(parent)
        self._library = library
        self._background = background
        self._workers = workers

    def note(self, text: str, font: str) -> None:
        """Find out which characters need a font of the system. → noted"""
        self._background.start(self._note(text, font))

    def find_font(self, path: Path) -> None:
        """Find out whether a file can be used as a font. → font_found, or a notice"""
        self._background.start(self._find_font(str(path)))

    def list_stamps(self, side: int) -> None:
        """Read the stamps, at most `side` pixels wide and high. → stamps_found"""
        self._background.start(self._list_stamps(side))

    async def _note(self, text: str, font: str) -> None:
        self.noted.emit(text, font, await self._workers.run(fonts.substitutes, text, font))

    async def _find_font(self, path: str) -> None:
        try:
            await self._workers.run(fonts.find, path)
        except StudioError as error:
            self.notice.emit(Notice(report(error)))
        else:
            self.font_found.emit(path)

    async def _list_stamps(self, side: int) -> None:
        shipped = await self._background.call(_shipped, side)
        recent = await self._background.call(_recent, self._library, side)
        self.stamps_found.emit((*shipped, *recent))


def _shipped(side: int) -> list[StampPicture]:
    return [
        StampPicture(source, stamps.title(source), _png(stamps.load(source, side)))
        for source in stamps.shipped()
    ]


def _recent(library: Library, side: int) -> list[StampPicture]:
    """The newest stickers; those that cannot be read are left out."""
    found: list[StampPicture] = []
    for sticker in library.search(limit=RECENT):
        with suppress(StudioError):
            picture = open_picture(sticker.path)
            picture.thumbnail((side, side), Image.Resampling.LANCZOS)
            found.append(StampPicture(sticker.id, sticker.recipe.prompt, _png(picture)))
    return found


def _png(image: Image.Image) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "PNG", compress_level=1)
    return buffer.getvalue()
