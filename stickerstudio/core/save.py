"""Copies of stickers for the world outside: PNG or WebP with alpha, and nothing else inside."""

from __future__ import annotations

import io
import re
import unicodedata
from itertools import count
from pathlib import Path
from typing import Literal

from stickerstudio.core.atomic import write_bytes_new
from stickerstudio.core.errors import BadInputError, disk_errors
from stickerstudio.core.graphemes import is_inside
from stickerstudio.core.i18n import tr
from stickerstudio.core.pictures import open_picture
from stickerstudio.core.sticker import Sticker

CopyFormat = Literal["png", "webp"]

_MAX_NAME = 100  # bytes; file systems take 255, chat programs and zip tools put paths around it
# Windows names devices so, with any extension; the superscript digits count as digits there.
_DEVICE = re.compile(r"(con|prn|aux|nul|conin\$|conout\$|(com|lpt)[0-9¹²³])", re.IGNORECASE)
_FORBIDDEN = re.compile(r'[<>:"/\\|?*]')  # on Windows; macOS and Linux forbid some of them
_JOINERS = "\u200d\ufe0e\ufe0f\u20e3"  # hold an emoji together


def save_copy(sticker: Sticker, target: Path, format: CopyFormat) -> Path:
    """Write a copy of `sticker`; returns where it is. Nothing that exists is ever overwritten.

    The same sticker gives the same bytes: no recipe, no times, no program's name inside.

    Args:
        target: a folder, to be named by `suggested_name`, or a file; its extension is set after
            `format`, and a number is added where the name is taken: "otter (2).png".
        format: "png", or "webp" without loss.

    Raises:
        BadFileError: the sticker's file is damaged.
        BadInputError: no name is free.
        DiskError, NotFoundError: reading or writing failed; nothing half-written is left.
    """
    data = _encoded(sticker.path, format)
    if target.is_dir():
        folder, stem = target, suggested_name(sticker)
    else:
        folder, stem = target.parent, _without_extension(target.name)
    with disk_errors(folder):
        for number in count(1):
            name = f"{stem}.{format}" if number == 1 else f"{stem} ({number}).{format}"
            try:
                write_bytes_new(folder / name, data)
            except FileExistsError:
                if number < 100_000:
                    continue
                break
            return folder / name
    raise BadInputError(
        tr("{name} could not be saved.", name=stem),
        tr("There are too many files of that name."),
        tr("Choose another name or folder."),
    )


def suggested_name(sticker: Sticker) -> str:
    """A file name without extension, made of the prompt; valid on Windows, macOS and Linux."""
    return safe_name(sticker.recipe.prompt)


def safe_name(text: str) -> str:
    """`text` as a file name without extension: 1 … 100 bytes of UTF-8, "sticker" for nothing.

    Emoji and every script stay; what some system forbids or hides goes.
    """
    text = unicodedata.normalize("NFC", text)
    text = _FORBIDDEN.sub(" ", text)
    text = "".join(map(_allowed, text))
    text = _shortened(" ".join(text.split()).lstrip(".- ~").rstrip(". "))
    if not any(char.isalnum() or unicodedata.category(char).startswith("S") for char in text):
        return "sticker"
    if _DEVICE.fullmatch(text.split(".")[0].rstrip()):
        return f"sticker {text}"
    return text


def _allowed(char: str) -> str:
    """`char`, a space instead of it, or nothing where it is invisible and could deceive."""
    category = unicodedata.category(char)
    if char in _JOINERS or not (category.startswith("C") or category in ("Zl", "Zp")):
        return char
    return "" if category == "Cf" else " "


def _shortened(text: str) -> str:
    """At most _MAX_NAME bytes, at a place where no emoji or accented letter is torn."""
    end = len(text)
    while len(text[:end].encode()) > _MAX_NAME or (0 < end < len(text) and is_inside(text, end)):
        end -= 1
    return text[:end].rstrip(". ")


def _without_extension(name: str) -> str:
    stem, dot, extension = name.rpartition(".")
    return stem if dot and stem and extension.lower() in ("png", "webp") else name


def _encoded(path: Path, format: CopyFormat) -> bytes:
    image = open_picture(path)
    image.info.clear()
    buffer = io.BytesIO()
    if format == "png":
        image.save(buffer, "PNG", optimize=True)
    else:
        image.save(buffer, "WEBP", lossless=True, quality=75, method=4)
    return buffer.getvalue()
