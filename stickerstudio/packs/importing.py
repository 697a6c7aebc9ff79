"""An imported pack, put on disk to be edited: its pictures as they were, and a project."""

from __future__ import annotations

from pathlib import Path

from stickerstudio.core.save import safe_name
from stickerstudio.packs.folder import replace_folder
from stickerstudio.packs.pack import SUFFIX, Pack, PackSticker, clean_text, load, to_json
from stickerstudio.packs.platform import Files
from stickerstudio.packs.reading import ImportedPack


def write_import(found: ImportedPack, target: Path) -> tuple[Pack, Path]:
    """Write `found` into a folder of its own below `target`; the pack, and its project file.

    Raises:
        DiskError, NotFoundError: nothing half-written is left.
    """
    files: Files = {}
    stickers: list[PackSticker] = []
    for number, sticker in enumerate(found.stickers):
        stem, _dot, ending = sticker.name.rpartition(".")
        name = f"{number + 1:03} {safe_name(stem)}.{ending.lower()}"
        files[name] = sticker.data
        stickers.append(PackSticker(Path(name), sticker.emoji, sticker.text))
    pack = Pack(found.title, found.author, found.identifier, tuple(stickers)).with_identifier()
    title = safe_name(clean_text(found.title))
    project = f"{title}{SUFFIX}"
    files[project] = to_json(pack, Path()).encode()
    place = replace_folder(target, title, files)
    return load(place / project), place / project
