"""Pack: stickers put together for other people, and the project file it is kept in."""

from __future__ import annotations

import json
import os
import secrets
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import Any, cast

from stickerstudio.core.atomic import write_text_atomic
from stickerstudio.core.errors import BadFileError, disk_errors
from stickerstudio.core.i18n import tr

FORMAT = 1
SUFFIX = ".stickerpack.json"
MAX_STICKERS = 2_000  # of one project; the most a platform takes is 200
_MAX_FILE = 8_000_000  # bytes; 2,000 stickers with long texts are 2 MB


@dataclass(frozen=True, slots=True)
class PackSticker:
    """One sticker of a pack.

    Attributes:
        source: its picture, a file of any kind that `pictures.read_picture` reads.
        emoji: what it stands for, the fittest first.
        text: what it shows or says: for screen readers, file names and search.
    """

    source: Path
    emoji: tuple[str, ...] = ()
    text: str = ""


@dataclass(frozen=True, slots=True)
class Pack:
    """A pack, before any platform's limits.

    Attributes:
        title, author: as the user typed them.
        identifier: stays the same when the title changes: apps know a newer version by it.
        stickers: in their order.
        cover: which sticker stands for all, an index into `stickers`.
        accepted: what the user has agreed to lose, as (platform key, fix); see check.Fix.
        platforms: the keys of those it is for.
    """

    title: str
    author: str = ""
    identifier: str = ""
    stickers: tuple[PackSticker, ...] = ()
    cover: int = 0
    accepted: frozenset[tuple[str, str]] = frozenset()
    platforms: tuple[str, ...] = ()

    def with_identifier(self) -> Pack:
        """The same, with an identifier if it had none: letters, digits and "-" only."""
        return self if self.identifier else replace(self, identifier=new_identifier(self.title))

    def accepts(self, platform: str, fix: str) -> bool:
        """Whether the user has agreed to `fix` for `platform`."""
        return (platform, fix) in self.accepted


def new_identifier(title: str) -> str:
    """A new identifier that begins like `title` and differs from every other."""
    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode().lower()
    words = "".join(char if char.isalnum() else " " for char in plain).split()
    return "-".join([*words, secrets.token_hex(4)])[-64:].lstrip("-")


def clean_text(text: str) -> str:
    """`text` on one line, without what is invisible, could deceive or cannot be encoded."""
    text = unicodedata.normalize("NFC", text)
    kept = (
        char if char in "\u200d\ufe0e\ufe0f" or unicodedata.category(char)[0] != "C" else " "
        for char in text
    )
    return " ".join("".join(kept).split())


def to_json(pack: Pack, folder: Path) -> str:
    """What `load` reads from a file in `folder`; pictures are named relative to it."""
    stickers = [
        {
            "source": _relative(sticker.source, folder.absolute()),
            "emoji": list(sticker.emoji),
            "text": sticker.text,
        }
        for sticker in pack.stickers
    ]
    accepted: dict[str, list[str]] = {}
    for platform, fix in sorted(pack.accepted):
        accepted.setdefault(platform, []).append(fix)
    data = {
        "format": FORMAT,
        "title": pack.title,
        "author": pack.author,
        "identifier": pack.identifier,
        "cover": pack.cover,
        "accepted": accepted,
        "platforms": list(pack.platforms),
        "stickers": stickers,
    }
    return json.dumps(data, ensure_ascii=False, indent=1) + "\n"


def save(pack: Pack, path: Path) -> None:
    """Write `pack` to `path`, whole or not at all.

    Raises:
        DiskError, NotFoundError: it could not be written.
    """
    with disk_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        write_text_atomic(path, to_json(pack, path.parent))


def load(path: Path) -> Pack:
    """Read what `save` has written. Fields this version does not know are dropped.

    Raises:
        BadFileError: it is not a pack project, or a damaged one.
        DiskError, NotFoundError: it cannot be read.
    """
    with disk_errors(path):
        if path.stat().st_size > _MAX_FILE:
            raise _damaged(path, tr("It is far too large."))
        raw = path.read_bytes()
    try:
        data: Any = json.loads(raw.decode())
        if not isinstance(data, dict):
            raise TypeError("not an object")
        return _from_mapping(cast("Mapping[str, Any]", data), path.parent.absolute())
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise _damaged(path, str(error)) from error


def _from_mapping(data: Mapping[str, Any], folder: Path) -> Pack:
    entries = data.get("stickers", [])
    if len(entries) > MAX_STICKERS:
        raise ValueError(f"{len(entries)} stickers")
    stickers = tuple(
        PackSticker(
            Path(os.path.normpath(folder / PurePosixPath(_text(entry["source"])))),
            tuple(_text(emoji) for emoji in entry.get("emoji", [])),
            _text(entry.get("text", "")),
        )
        for entry in entries
    )
    cover = data.get("cover", 0)
    accepted = frozenset(
        (_text(platform), _text(fix))
        for platform, fixes in data.get("accepted", {}).items()
        for fix in fixes
    )
    return Pack(
        title=_text(data.get("title", "")),
        author=_text(data.get("author", "")),
        identifier=_text(data.get("identifier", "")),
        stickers=stickers,
        cover=cover if isinstance(cover, int) and 0 <= cover < len(stickers) else 0,
        accepted=accepted,
        platforms=tuple(_text(platform) for platform in data.get("platforms", [])),
    )


def _text(value: object) -> str:
    if not isinstance(value, str) or "\0" in value:
        raise TypeError("not text")
    value.encode()  # a lone surrogate could not be written again
    return value


def _relative(source: Path, folder: Path) -> str:
    """Where both are on one disk, a path that stays true when both are moved together."""
    try:
        return Path(os.path.relpath(source.absolute(), folder)).as_posix()
    except ValueError:  # another drive
        return source.absolute().as_posix()


def _damaged(path: Path, reason: str) -> BadFileError:
    return BadFileError(
        tr("{name} cannot be read as a sticker pack.", name=path.name),
        reason,
        tr("The file was left as it is."),
    )
