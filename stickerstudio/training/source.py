"""Where the drawings come from: a folder, a zip, or a sticker pack. Only read, never written.

A zip is never unpacked: members are read one at a time, up to a limit that is checked while
reading, because what a member says about its own size may be a lie. That is not the reader of
packs.archive, which holds all files of a pack at once and refuses the whole of it for one bad
name: here there may be ten times as many pictures, and one that is bad is only left out.
"""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePosixPath

from stickerstudio.core.errors import BadFileError, BadInputError, disk_errors
from stickerstudio.core.i18n import tr
from stickerstudio.packs.archive import ZIP_ERRORS, is_ignored
from stickerstudio.packs.reading import read_any

PICTURES = (".png", ".webp", ".jpg", ".jpeg", ".gif", ".bmp", ".avif", ".tif", ".tiff")
MAX_PICTURES = 20_000
MAX_FILE = 64 * 2**20  # bytes of one picture
MAX_TEXT = 64 * 1024  # bytes of one caption file
_PACK_MARKS = frozenset({"emoji.txt", "contents.json", "title.txt", "author.txt"})
"""Files by which a folder or a zip is a sticker pack, whose emoji say what each picture shows."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One picture of a source.

    Attributes:
        name: its path in the source, with forward slashes.
        read: its bytes; raises OSError or ValueError where they cannot be had.
        text: of the .txt beside it; "" where there is none.
        emoji: that the pack gives it.
        title: that the pack gives it.
    """

    name: str
    read: Callable[[], bytes]
    text: str = ""
    emoji: tuple[str, ...] = ()
    title: str = ""


def entries(source: Path) -> list[Entry]:
    """Every picture of `source`, by name.

    Raises:
        NotFoundError, DiskError: it cannot be opened.
        BadInputError: there are more than MAX_PICTURES.
        BadFileError: it is neither a folder nor a readable archive or pack.
    """
    with disk_errors(source):
        if source.is_dir():
            is_pack = any((source / name).is_file() for name in _PACK_MARKS)
            return _pack_entries(source) if is_pack else _folder_entries(source)
        source.stat()
    if zipfile.is_zipfile(source):
        return _zip_entries(source)
    return _pack_entries(source)


def _pack_entries(source: Path) -> list[Entry]:
    pack = read_any(source)
    return [
        Entry(each.name, lambda data=each.data: data, emoji=each.emoji, title=each.text)
        for each in pack.stickers
    ]


def _folder_entries(folder: Path) -> list[Entry]:
    with disk_errors(folder):
        files = sorted(_walk(folder))
    if len(files) > MAX_PICTURES:
        raise _too_many(len(files))
    return [
        Entry(
            file.relative_to(folder).as_posix(),
            lambda file=file: _read_file(file, MAX_FILE),
            text=_side_text(partial(_read_file, file.with_suffix(".txt"), MAX_TEXT)),
        )
        for file in files
    ]


def _walk(folder: Path) -> Iterator[Path]:
    """Pictures below `folder`; links are not followed out of it, hidden files are left alone."""
    for path in folder.iterdir():
        if is_ignored(path.name):
            continue
        if path.is_dir():
            if not path.is_symlink():
                yield from _walk(path)
        elif path.suffix.lower() in PICTURES:
            yield path


def _side_text(read: Callable[[], bytes]) -> str:
    """A caption; one that is missing, damaged or as long as a book is none."""
    try:
        return read().decode("utf-8-sig", "replace")
    except (OSError, ValueError):
        return ""


def _read_file(file: Path, most: int) -> bytes:
    with file.open("rb") as stream:
        data = stream.read(most + 1)
    if len(data) > most:
        raise ValueError(tr("the file is larger than {n} MB", n=most // 2**20 or 1))
    return data


def _zip_entries(source: Path) -> list[Entry]:
    try:
        with disk_errors(source):
            archive = zipfile.ZipFile(source)  # closed with the last entry that reads from it
            members = {info.filename: info for info in archive.infolist() if not info.is_dir()}
            if _PACK_MARKS & {PurePosixPath(name).name for name in members}:
                archive.close()
                return _pack_entries(source)
            names = sorted(name for name in members if _is_picture(name))
            if len(names) > MAX_PICTURES:
                raise _too_many(len(names))
            texts = {
                name: _side_text(partial(_read_member, archive, members[text], MAX_TEXT))
                for name in names
                if (text := str(PurePosixPath(name).with_suffix(".txt"))) in members
            }
    except ZIP_ERRORS as error:
        raise BadFileError(
            tr("{name} could not be opened.", name=source.name),
            tr("It says: {reason}.", reason=error),
            tr("Unpack it yourself and choose the folder."),
        ) from error
    return [
        Entry(
            name,
            lambda info=members[name]: _read_member(archive, info, MAX_FILE),
            text=texts.get(name, ""),
        )
        for name in names
    ]


def _is_picture(name: str) -> bool:
    path = PurePosixPath(name)
    hidden = any(is_ignored(part) for part in path.parts if part != "..")
    return not hidden and path.suffix.lower() in PICTURES


def _read_member(archive: zipfile.ZipFile, info: zipfile.ZipInfo, most: int) -> bytes:
    if info.flag_bits & 1:
        raise ValueError(tr("it is encrypted"))
    try:
        with archive.open(info) as stream:
            data = stream.read(most + 1)
    except ZIP_ERRORS as error:
        raise ValueError(str(error)) from error
    if len(data) > most:
        raise ValueError(tr("the file is larger than {n} MB", n=most // 2**20 or 1))
    return data


def _too_many(count: int) -> BadInputError:
    return BadInputError(
        tr("These are too many pictures to learn a style from."),
        tr("There are {n}; the limit is {most}.", n=count, most=MAX_PICTURES),
        tr("Choose a part of them. Twenty to a few hundred of one style are best."),
    )
