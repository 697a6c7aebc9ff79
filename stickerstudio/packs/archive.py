"""The files of a folder or a zip archive, read as if whoever packed it meant harm.

Nothing is ever unpacked to disk: names are compared and shown, never used as paths. Sizes are
counted while reading, whatever the archive says they are.
"""

from __future__ import annotations

import lzma
import stat
import struct
import unicodedata
import zipfile
import zlib
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from stickerstudio.core.errors import BadFileError, disk_errors
from stickerstudio.core.i18n import tr
from stickerstudio.packs.platform import Files

MAX_FILES = 2_000
MAX_FILE = 64_000_000  # bytes of one file
MAX_TOTAL = 512_000_000  # bytes of all: 200 stickers of 2 MB are 400 MB
MAX_ENTRIES = 20_000  # looked at in a folder, pictures or not
_IGNORED = frozenset({"__MACOSX", ".DS_Store", "Thumbs.db", "desktop.ini"})

ZIP_ERRORS = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    EOFError,
    ValueError,
    RuntimeError,
    IndexError,
    OverflowError,
    struct.error,
)
"""What zipfile raises for a broken table, damaged contents, an unknown method or a password."""


def read_files(path: Path) -> Files:
    """What `path`, a folder or a zip archive, holds: relative names with "/" → contents.

    Hidden files and those that systems leave behind are passed over; so are links in a folder.

    Raises:
        BadFileError: an archive that is damaged, encrypted or hostile, or anything too large.
        DiskError, NotFoundError: it cannot be read.
    """
    with disk_errors(path):
        if path.is_dir():
            return _read_folder(path)
        with path.open("rb") as file:
            return read_zip(file, path.name)


def _read_folder(folder: Path) -> Files:
    files: Files = {}
    total = 0
    waiting = [folder]
    entries = 0
    while waiting:
        for item in sorted(waiting.pop().iterdir()):
            entries += 1
            if entries > MAX_ENTRIES:
                raise _refused(folder.name, tr("There are too many files inside."))
            if is_ignored(item.name) or item.is_symlink():
                continue
            if item.is_dir():
                waiting.append(item)
            elif item.is_file():
                with item.open("rb") as file:
                    data = file.read(MAX_FILE + 1)
                total += len(data)
                name = item.relative_to(folder).as_posix()
                _check(folder.name, name, data, len(files), total)
                files[name] = data
    return dict(sorted(files.items()))


def read_zip(file: BinaryIO, source: str) -> Files:
    """What the zip archive `file`, called `source`, holds; see `read_files`."""
    if not zipfile.is_zipfile(file):
        raise _refused(source, tr("It is neither a folder nor a zip archive."))
    files: Files = {}
    seen: set[str] = set()
    total = 0
    try:
        with zipfile.ZipFile(file) as archive:
            entries = archive.infolist()
            if len(entries) > MAX_FILES:
                raise _refused(source, tr("There are too many files inside."))
            for entry in entries:
                name = _safe_name(source, entry)
                if entry.is_dir() or any(map(is_ignored, PurePosixPath(name).parts)):
                    continue
                key = unicodedata.normalize("NFC", name).casefold()
                if key in seen:
                    raise _refused(source, tr("Two files inside are called {name}.", name=name))
                seen.add(key)
                with archive.open(entry) as content:
                    data = content.read(min(MAX_FILE, MAX_TOTAL - total) + 1)
                total += len(data)
                _check(source, name, data, len(files), total)
                files[name] = data
    except BadFileError:
        raise
    except ZIP_ERRORS as error:
        raise _damaged(source, str(error)) from error
    return files


def _safe_name(archive: str, entry: zipfile.ZipInfo) -> str:
    name = entry.filename
    parts = PurePosixPath(name).parts
    kind = stat.S_IFMT(entry.external_attr >> 16)
    if kind and not (stat.S_ISREG(kind) or stat.S_ISDIR(kind)):
        raise _refused(archive, tr("{name} inside is a link or a device.", name=repr(name)))
    if entry.flag_bits & 1:
        raise _refused(archive, tr("It is encrypted."))
    hostile = (
        not parts
        or ".." in parts
        or name.startswith("/")
        or "\\" in name
        or ":" in name
        or any(unicodedata.category(char) in ("Cc", "Cs") for char in name)
    )
    if hostile:
        raise _refused(
            archive, tr("The name {name} inside leads out of the archive.", name=repr(name))
        )
    return str(PurePosixPath(name))


def _check(source: str, name: str, data: bytes, count: int, total: int) -> None:
    if count >= MAX_FILES:
        raise _refused(source, tr("There are too many files inside."))
    if len(data) > MAX_FILE or total > MAX_TOTAL:
        raise _refused(source, tr("{name} inside is too large.", name=name))


def is_ignored(name: str) -> bool:
    """Whether `name`, one part of a path, is hidden or a thing that systems leave behind."""
    return name.startswith(".") or name in _IGNORED


def _refused(name: str, reason: str) -> BadFileError:
    return BadFileError(
        tr("{name} cannot be opened as a sticker pack.", name=name),
        reason,
        tr("Nothing of it was opened."),
    )


def _damaged(name: str, reason: str) -> BadFileError:
    return BadFileError(
        tr("{name} is damaged.", name=name),
        tr("The system said: {reason}.", reason=reason),
        tr("Nothing of it was opened."),
    )
