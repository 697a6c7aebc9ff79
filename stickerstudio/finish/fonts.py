"""The typefaces of captions: which file draws which character.

Bundled faces come first, then what the system has; for a character that no font has,
`substitutes` says so.
"""

from __future__ import annotations

import os
import struct
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from fontTools.ttLib import TTFont, TTLibError  # pyright: ignore[reportMissingTypeStubs]
from PIL import ImageFont

from stickerstudio.core.errors import BadFileError, NotFoundError, disk_errors
from stickerstudio.core.graphemes import graphemes
from stickerstudio.core.i18n import tr
from stickerstudio.core.paths import Paths

FILE_TYPES = (".ttf", ".otf", ".ttc")
_MOST_FILES = 4000  # of the system that are looked into; desktops have some hundreds
_BROKEN = (
    TTLibError,
    OSError,
    struct.error,
    ValueError,
    KeyError,
    IndexError,
    EOFError,
    AssertionError,
    AttributeError,
    TypeError,
    OverflowError,
    RecursionError,
    MemoryError,
)
# Draw nothing by themselves: joiners, marks of direction, variation selectors, tags.
_INVISIBLE = frozenset(
    {
        *(0xAD, 0x34F, 0x61C, 0x20E3, 0xFEFF),
        *range(0x200B, 0x2010),
        *range(0x2060, 0x2070),
        *range(0xFE00, 0xFE10),
        *range(0xE0000, 0xE0200),
    }
)
# Emoji before U+1F000 that are shown in colour without being asked to (Emoji_Presentation of
# Unicode's emoji-data.txt, version 16).
_EMOJI = frozenset(
    map(
        ord,
        "⌚⌛⏩⏪⏫⏬⏰⏳◽◾☔☕♈♉♊♋♌♍♎♏♐♑♒♓♿⚓⚡⚪⚫⚽⚾⛄⛅⛎⛔⛪⛲⛳⛵⛺⛽"
        "✅✊✋✨❌❎❓❔❕❗➕➖➗➰➿⬛⬜⭐⭕",
    )
)


@dataclass(frozen=True, slots=True)
class Face:
    """A typeface to choose, as it is kept in a Caption's `font`."""

    name: str
    file: str


# The faces to choose from; the first is the default.
FACES = (
    Face("round", "round.otf"),
    Face("bubbly", "bubbly.ttf"),
    Face("hand", "hand.ttf"),
    Face("comic", "comic.ttf"),
)
EMOJI_FILE = "emoji.ttf"
_FALLBACKS = ("round.otf", "arabic.ttf", "devanagari.ttf", "thai.ttf", "hand.ttf", "bubbly.ttf")


@dataclass(frozen=True, slots=True)
class Font:
    """A font file; `index` counts inside a collection."""

    path: Path
    index: int = 0

    @property
    def is_emoji(self) -> bool:
        """Whether it is the one that draws in colours of its own."""
        return self.path.name == EMOJI_FILE

    @property
    def family(self) -> str:
        """Its name, for people."""
        return _read(self).family

    def covers(self, character: str) -> bool:
        """Whether everything that is seen of a grapheme is in the font."""
        cover = _read(self).cover
        return all(ord(part) in cover or ord(part) in _INVISIBLE for part in character)

    def sized(self, pixels: int) -> ImageFont.FreeTypeFont:
        """For drawing, `pixels` to the em."""
        return _sized(self, pixels)


@dataclass(frozen=True, slots=True)
class Substitute:
    """Characters that no bundled font has; `family` of the system draws them, None if none does."""

    characters: str
    family: str | None

    def __str__(self) -> str:
        """A sentence that says so."""
        if self.family is None:
            return tr("No font on this computer has {characters}.", characters=self.characters)
        return tr(
            "{characters} is drawn in {family} of this computer.",
            characters=self.characters,
            family=self.family,
        )


def title(face: Face) -> str:
    """What a face is called in the window."""
    return {
        "round": tr("Round"),
        "bubbly": tr("Bubbly"),
        "hand": tr("Handwritten"),
        "comic": tr("Comic"),
    }[face.name]


def find(name: str) -> Font:
    """The font of a Caption's `font`: a face's name, "" for the default, or the path of a file.

    Raises:
        NotFoundError: there is none of that name, or no such file.
        BadFileError: the file is not a font, or damaged.
        DiskError: it cannot be read.
    """
    for face in FACES:
        if name in (face.name, "" if face is FACES[0] else face.name):
            return _bundled(face.file)
    if not name.lower().endswith(FILE_TYPES):
        raise NotFoundError(
            tr("There is no font {name}.", name=name),
            tr("There are: {names}.", names=", ".join(face.name for face in FACES)),
            tr("Choose one of them, or give the path of a .ttf, .otf or .ttc file."),
        )
    path = Path(name).expanduser()
    with disk_errors(path), path.open("rb"):
        pass
    font = Font(path.absolute())
    try:
        if not _read(font).cover:
            raise ValueError("no characters")
        font.sized(16).getbbox("a")
    except _BROKEN as error:
        raise BadFileError(
            tr("{name} cannot be used as a font.", name=path.name),
            tr("The system said: {reason}.", reason=str(error) or type(error).__name__),
            tr("Choose another file."),
        ) from error
    return font


def font_for(character: str, name: str) -> Font:
    """What draws a grapheme in the face `name`: it, else another that has it, else the default.

    A face that is gone (a file that was moved, a name of a newer version) is the default.
    """
    return _font_for(character, _chosen(name))


def substitutes(text: str, name: str) -> tuple[Substitute, ...]:
    """Which characters of `text` are not drawn by fonts of ours, for the window to say so."""
    chosen = _chosen(name)
    found: dict[str | None, str] = {}
    for character in graphemes(text):
        if character.isspace() or not is_seen(character) or not character[0].isprintable():
            continue
        font = _font_for(character, chosen)
        covered = font.covers(character)
        if covered and (font == chosen or font.path.parent == _folder()):
            continue
        family = font.family if covered else None
        if character not in found.get(family, ""):
            found[family] = found.get(family, "") + character
    return tuple(Substitute(characters, family) for family, characters in found.items())


def is_seen(character: str) -> bool:
    """Whether a grapheme is more than joiners and marks that draw nothing by themselves."""
    return not all(ord(part) in _INVISIBLE for part in character)


def is_emoji(character: str) -> bool:
    """Whether a grapheme is shown in colour: by its nature, or asked to by U+FE0F or U+20E3."""
    if "\ufe0e" in character:
        return False
    code = ord(character[0])
    return code in _EMOJI or code >= 0x1F000 or "\ufe0f" in character or "\u20e3" in character


@lru_cache(maxsize=16)
def _chosen(name: str) -> Font:
    try:
        return find(name)
    except (NotFoundError, BadFileError):
        return _bundled(FACES[0].file)


@lru_cache(maxsize=4096)
def _font_for(character: str, chosen: Font) -> Font:
    emoji = _bundled(EMOJI_FILE)
    if is_emoji(character) and emoji.covers(character):
        return emoji
    for font in (chosen, *map(_bundled, _FALLBACKS), emoji):
        if font.covers(character):
            return font
    usable = (font for font in _system() if _works(font))
    return next((font for font in usable if font.covers(character)), chosen)


def _folder() -> Path:
    return Paths.default().resources / "fonts"


@lru_cache(maxsize=32)
def _bundled(file: str) -> Font:
    return Font(_folder() / file)


@dataclass(frozen=True, slots=True)
class _Known:
    family: str
    cover: frozenset[int]


@lru_cache(maxsize=_MOST_FILES)
def _read(font: Font) -> _Known:
    with font.path.open("rb") as file:  # ours to close: a broken file would be left open
        tables: Any = TTFont(file, fontNumber=font.index, lazy=True)
        cmap: dict[int, str] = tables.getBestCmap() or {}
        if not {"glyf", "CFF ", "CFF2"} & set(tables.keys()):
            cmap = {}  # pictures of one size only
        return _Known(tables["name"].getBestFamilyName() or font.path.stem, frozenset(cmap))


@lru_cache(maxsize=64)
def _sized(font: Font, pixels: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(font.path, pixels, font.index, layout_engine=ImageFont.Layout.RAQM)


@lru_cache(maxsize=1)
def _system() -> tuple[Font, ...]:
    """The system's font files, those for many scripts, upright and bold, first."""
    files = [path for folder in _system_folders() for path in _fonts_below(folder)]
    return tuple(map(Font, sorted(files, key=_rank)[:_MOST_FILES]))


def _rank(path: Path) -> tuple[bool, bool, bool, str]:
    name = path.name.lower()
    slanted = "italic" in name or "oblique" in name or "mono" in name
    return slanted, "noto" not in name or "serif" in name, "bold" not in name, str(path)


def _works(font: Font) -> bool:
    try:
        return bool(_read(font).cover)
    except _BROKEN:
        return False


def _fonts_below(folder: Path) -> Iterator[Path]:
    for place, _, names in os.walk(folder):  # says nothing about folders it may not read
        for name in names:
            if name.lower().endswith(FILE_TYPES):
                yield Path(place, name)


def _system_folders() -> tuple[Path, ...]:
    """Where the system and its user keep fonts."""
    home = Path.home()
    if sys.platform == "win32":
        local = Path(os.environ.get("LOCALAPPDATA", home / "AppData" / "Local"))
        system = Path(os.environ.get("WINDIR", "C:/Windows"))
        return system / "Fonts", local / "Microsoft" / "Windows" / "Fonts"
    if sys.platform == "darwin":
        return Path("/System/Library/Fonts"), Path("/Library/Fonts"), home / "Library" / "Fonts"
    data = Path(os.environ.get("XDG_DATA_HOME") or home / ".local" / "share")
    return Path("/usr/share/fonts"), Path("/usr/local/share/fonts"), data / "fonts", home / ".fonts"
