"""Packs read back: every layout we write, those of other tools, and any pictures in a folder."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import Any, cast

from stickerstudio.core.errors import NotFoundError, StudioError, disk_errors
from stickerstudio.core.i18n import tr
from stickerstudio.finish.fit import Picture
from stickerstudio.packs import emoji as emoji_names
from stickerstudio.packs import layouts, pack, pictures
from stickerstudio.packs.archive import MAX_FILE, read_files, read_zip
from stickerstudio.packs.platform import Files, Finished, Item

_COVERS = frozenset({"main", "tab", "tray", "cover", "thumbnail", "icon"})
_ARCHIVES = (".zip", ".wastickers")
_MAX_TEXT = 10_000  # characters of a title or a description, before any platform's limit
_Json = Mapping[str, Any]
_NOTHING: _Json = {}


@dataclass(frozen=True, slots=True)
class ImportedSticker:
    """One picture of an imported pack: its file as it was, which has been decoded once.

    Attributes:
        name: the file's, without folders.
        emoji, text: as in pack.PackSticker.
    """

    name: str
    data: bytes
    emoji: tuple[str, ...] = ()
    text: str = ""

    def decode(self) -> Picture:
        """The picture, RGBA, or the animation."""
        return pictures.read_picture(self.data, self.name)


@dataclass(frozen=True, slots=True)
class ImportedPack:
    """What an import found.

    Attributes:
        problems: a sentence for every picture that could not be read.
    """

    title: str
    author: str
    stickers: tuple[ImportedSticker, ...]
    identifier: str = ""
    problems: tuple[str, ...] = ()


def read_any(path: Path) -> ImportedPack:
    """The stickers in `path`: a pack of any platform, a project, a folder, an archive, a picture.

    Several packs beside each other, as a split one is exported, become one.

    Raises:
        BadFileError: it is damaged or hostile.
        NotFoundError: there is nothing, or no picture that can be read.
        DiskError: it cannot be read.
    """
    found, problems = _packs(path)
    stickers: list[ImportedSticker] = []
    for one in found:
        for item in one.items:
            sticker = ImportedSticker(item.name, item.data, item.emoji, item.text)
            try:
                sticker.decode()
            except StudioError as error:
                problems.append(str(error))
            else:
                stickers.append(sticker)
    if not stickers:
        raise _nothing(path, " ".join(problems[:3]))
    first = found[0]
    title = first.title or pack.clean_text(path.name.split(".")[0])
    return ImportedPack(title, first.author, tuple(stickers), first.identifier, tuple(problems))


def read_packs(path: Path) -> list[Finished]:
    """The packs in a folder or an archive one by one, with their covers, as their files are.

    Raises:
        BadFileError: it is damaged or hostile.
        NotFoundError: there is no pack inside.
        DiskError: it cannot be read.
    """
    found, _problems = _packs(path)
    if not any(one.items for one in found):
        raise _nothing(path, "")
    return found


def _nothing(path: Path, why: str) -> NotFoundError:
    return NotFoundError(
        tr("There are no stickers in {name}.", name=path.name),
        why,
        tr("Choose a sticker pack, a folder or a zip archive with pictures."),
    )


def _packs(path: Path) -> tuple[list[Finished], list[str]]:
    if path.name.endswith(pack.SUFFIX):
        return _from_project(pack.load(path))
    if path.suffix.lower() in pictures.SUFFIXES and path.is_file():
        with disk_errors(path), path.open("rb") as file:
            item = Item(path.name, file.read(MAX_FILE + 1))
        return [Finished("", "", "", (item,), {}, False)], []
    return recognise(read_files(path)), []


def _from_project(project: pack.Pack) -> tuple[list[Finished], list[str]]:
    items: list[Item] = []
    problems: list[str] = []
    for sticker in project.stickers:
        try:
            with disk_errors(sticker.source), sticker.source.open("rb") as file:
                data = file.read(MAX_FILE + 1)
        except StudioError as error:
            problems.append(str(error))
        else:
            items.append(Item(sticker.source.name, data, sticker.emoji, sticker.text))
    found = Finished(project.title, project.author, project.identifier, tuple(items), {}, False)
    return [found], problems


def recognise(files: Files) -> list[Finished]:
    """The packs that `files` hold, in the order of their folders; what is no picture is left out.

    Raises:
        BadFileError: an archive among them is damaged or hostile.
    """
    files = _opened(files)
    folders: dict[str, Files] = {}
    for name, data in files.items():
        folder, _slash, base = name.rpartition("/")
        folders.setdefault(folder, {})[base] = data
    found: list[Finished] = []
    taken: set[str] = set()
    for folder in sorted(folders, key=_natural):
        if any(f"{folder}/".startswith(top) for top in taken):
            continue
        own = folders[folder]
        below = f"{folder}/" if folder else ""
        if listed := _whatsapp(_json(own.get("contents.json")), files, below):
            found += listed
            taken.add(below)
        elif folder.endswith(".stickerpack") and "Contents.json" in own:
            texts = folders.get(str(PurePosixPath(folder).parent.parent).removeprefix("."), {})
            found.append(_imessage(_json(own["Contents.json"]), files, below, texts))
            taken.add(below)
        elif not folder.endswith(".sticker") and (one := _plain(own)).items:
            found.append(one)
    return found


def _opened(files: Files) -> Files:
    """`files` with archives among them opened beside their neighbours, one level deep."""
    archives = [name for name in files if name.lower().endswith(_ARCHIVES)]
    result = {name: data for name, data in files.items() if name not in archives}
    for name in archives:
        folder, slash, base = name.rpartition("/")
        if f"{folder}{slash}contents.json" in files:
            continue  # WhatsApp's: the same stickers lie beside it
        inside = read_zip(io.BytesIO(files[name]), base)
        below = f"{folder}{slash}" if len(archives) == 1 else f"{folder}{slash}{base}/"
        result.update({f"{below}{inner}": data for inner, data in inside.items()})
    return result


def _whatsapp(contents: _Json, files: Files, below: str) -> list[Finished]:
    found: list[Finished] = []
    for entry in _list(contents.get("sticker_packs")):
        folder = f"{below}{_text(entry.get('identifier'))}/"
        items: list[Item] = []
        for sticker in _list(entry.get("stickers")):
            data = files.get(f"{folder}{_text(sticker.get('image_file'))}")
            if data is not None:
                items.append(
                    Item(
                        _text(sticker.get("image_file")),
                        data,
                        _emoji("".join(_texts(sticker.get("emojis")))),
                        _text(sticker.get("accessibility_text")),
                    )
                )
        tray = files.get(f"{folder}{_text(entry.get('tray_image_file'))}")
        if not items:
            continue
        found.append(
            Finished(
                _text(entry.get("name")),
                _text(entry.get("publisher")),
                _text(entry.get("identifier")),
                tuple(items),
                {} if tray is None else {"tray": tray},
                entry.get("animated_sticker_pack") is True,
            )
        )
    return found


def _imessage(contents: _Json, files: Files, below: str, texts: Files) -> Finished:
    emoji = _json(texts.get(layouts.EMOJI))
    items: list[Item] = []
    for entry in _list(contents.get("stickers")):
        folder = f"{below}{_text(entry.get('filename'))}/"
        contents_here = _json(files.get(f"{folder}Contents.json"))
        facts = next(iter(_list([contents_here.get("properties")])), _NOTHING)
        name = _text(facts.get("filename"))
        data = files.get(f"{folder}{name}")
        if data is not None:
            stem = name.rpartition(".")[0]
            label = _text(facts.get("accessibility-label"))
            items.append(Item(name, data, _emoji(_text(emoji.get(stem))), label))
    return replace(_with_texts(texts), items=tuple(items))


def _plain(files: Files) -> Finished:
    """Pictures of one folder. Covers are known by their names, and only beside other pictures."""
    images = {
        name: data
        for name, data in files.items()
        if PurePosixPath(name).suffix.lower() in pictures.SUFFIXES
    }
    stems = {name: name.rpartition(".")[0] for name in images}
    covers = {name for name, stem in stems.items() if stem.lower() in _COVERS}
    if covers == images.keys():
        covers = set[str]()
    thumbnails = {
        name
        for name, stem in stems.items()
        if stem.removesuffix("-thumbnail") in (set(stems.values()) - {stem})
    }
    emoji = _json(files.get(layouts.EMOJI))
    places = {stem: place for place, stem in enumerate(emoji)}  # names may begin with words
    words = _keywords(_json(files.get("stickers.json")))
    items = tuple(
        Item(
            name,
            images[name],
            _emoji(_text(emoji.get(stems[name]))),
            words.get(name, _words(stems[name])),
            next((images[t] for t in thumbnails if stems[t] == f"{stems[name]}-thumbnail"), None),
        )
        for name in sorted(images, key=lambda name: (places.get(stems[name], -1), _natural(name)))
        if name not in covers and name not in thumbnails
    )
    by_role = {stems[name].lower(): images[name] for name in covers}
    return replace(_with_texts(files), items=items, covers=by_role)


def _with_texts(files: Files) -> Finished:
    title, author = (
        files.get(name, b"").decode("utf-8", "replace").strip()[:_MAX_TEXT]
        for name in (layouts.TITLE, layouts.AUTHOR)
    )
    return Finished(title, author, "", (), {}, False)


def _keywords(listing: _Json) -> dict[str, str]:
    """What Telegram's list says to each file."""
    return {
        _text(entry.get("sticker")): " ".join(_texts(entry.get("keywords")))
        for entry in _list(listing.get("stickers"))
    }


def _words(stem: str) -> str:
    """What a file's name says, without the number before or after it."""
    words = stem.replace("_", " ").strip("0123456789 -.()")
    return words if any(char.isalpha() for char in words) else ""


def _emoji(text: str) -> tuple[str, ...]:
    return emoji_names.split(text[:_MAX_TEXT])


def _natural(name: str) -> list[tuple[int, int | str]]:
    """2 before 10."""
    parts: list[tuple[int, int | str]] = []
    digits = ""
    for char in [*name.casefold(), ""]:
        if char.isascii() and char.isdigit():
            digits += char
            continue
        if digits:
            parts.append((0, int(digits[:18])))
            digits = ""
        parts.append((1, char))
    return parts


def _json(data: bytes | None) -> _Json:
    """A JSON object; an empty one where there is none."""
    if data is None:
        return {}
    try:
        value: Any = json.loads(data.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        return {}
    return cast("_Json", value) if isinstance(value, dict) else {}


def _list(value: object) -> list[_Json]:
    """The objects of a JSON list."""
    if not isinstance(value, list):
        return []
    return [cast("_Json", item) for item in cast("list[object]", value) if isinstance(item, dict)]


def _texts(value: object) -> list[str]:
    """The texts of a JSON list."""
    return list(map(_text, cast("list[object]", value))) if isinstance(value, list) else []


def _text(value: object) -> str:
    return value[:_MAX_TEXT] if isinstance(value, str) else ""
