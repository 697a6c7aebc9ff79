"""Saved blends on disk: LoRAs with their weights under a name, each with a picture of what they do.

A blend is one JSON file, named after a digest of the blend's name, so that any name will do on any
disk and two windows that save the same name replace one file. Its picture is a PNG named after its
own digest; it is written first, so that no JSON ever points at half a picture.
"""

from __future__ import annotations

import hashlib
import io
import json
import time
import unicodedata
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, cast

from PIL import Image

from stickerstudio.core.atomic import write_bytes_atomic, write_text_atomic
from stickerstudio.core.errors import BadFileError, BadInputError, NotFoundError, disk_errors
from stickerstudio.core.i18n import tr
from stickerstudio.core.recipe import LoraWeight, Recipe

FORMAT = 1
MAX_NAME = 60  # characters; what a list can show
SIDE = 128  # pixels, the longer side of a blend's picture: twice what the list shows


@dataclass(frozen=True, slots=True)
class SavedBlend:
    """A blend under a name.

    Attributes:
        name: as the user wrote it; no two differ in case only.
        loras: those that take part.
        picture: a PNG of at most SIDE pixels; None where there was no picture, or it is gone.
        saved: seconds since the epoch, UTC.
    """

    name: str
    loras: tuple[LoraWeight, ...]
    picture: Path | None
    saved: float


class BlendShelf:
    """The blends in one folder. Safe for several threads and programs at once."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def read(self) -> tuple[list[SavedBlend], list[BadFileError]]:
        """Every blend, the newest first, and why other files are none.

        Raises:
            DiskError: the folder cannot be read.
        """
        blends: list[SavedBlend] = []
        problems: list[BadFileError] = []
        with disk_errors(self._folder):
            files = sorted(self._folder.glob("*.json")) if self._folder.is_dir() else []
        for file in files:
            with suppress(NotFoundError):  # another window has just deleted it
                try:
                    blends.append(self._read(file))
                except BadFileError as error:
                    problems.append(error)
        return sorted(blends, key=lambda blend: -blend.saved), problems

    def save(self, name: str, loras: Iterable[LoraWeight], picture: Image.Image | None) -> None:
        """Keep `loras` as `name`, in place of the blend that was called so.

        Raises:
            BadInputError: the name is empty, too long, or holds what cannot be shown.
            DiskError: it cannot be written.
        """
        self._write(checked_name(name), loras, None if picture is None else _encoded(picture))

    def rename(self, old: str, new: str) -> None:
        """Call the blend `old` `new`.

        Raises:
            BadInputError: another blend is called so, or nothing can be called so.
            NotFoundError: there is no blend `old`.
            BadFileError, DiskError: it cannot be read or written.
        """
        name = checked_name(new)
        source, target = self._file(old), self._file(name)
        if target != source and target.exists():
            raise BadInputError(
                tr("There is a blend called “{name}” already.", name=name),
                "",
                tr("Choose another name, or delete that blend first."),
            )
        blend = self._read(source)
        with disk_errors(source):
            picture = blend.picture.read_bytes() if blend.picture else None
        self._write(name, blend.loras, picture, blend.saved)
        if target != source:
            self.delete(old)

    def delete(self, name: str) -> None:
        """Forget the blend `name`; nothing happens where there is none.

        Raises:
            DiskError: it cannot be removed.
        """
        file = self._file(name)
        with disk_errors(file):
            file.unlink(missing_ok=True)
            self._sweep(file.stem, keep="")

    def _write(
        self,
        name: str,
        loras: Iterable[LoraWeight],
        picture: bytes | None,
        saved: float | None = None,
    ) -> None:
        file = self._file(name)
        picture_name = ""
        data = {
            "format": FORMAT,
            "name": name,
            "loras": [asdict(lora) for lora in loras],
            "saved": time.time() if saved is None else saved,
        }
        with disk_errors(file):
            file.parent.mkdir(parents=True, exist_ok=True)
            if picture is not None:
                picture_name = f"{file.stem}-{hashlib.sha256(picture).hexdigest()[:16]}.png"
                write_bytes_atomic(file.parent / picture_name, picture)
            data["picture"] = picture_name
            write_text_atomic(file, json.dumps(data, ensure_ascii=False, indent=1))
            self._sweep(file.stem, keep=picture_name)

    def _sweep(self, stem: str, keep: str) -> None:
        """Remove the pictures a blend has had before."""
        for picture in self._folder.glob(f"{stem}-*.png"):
            if picture.name != keep:
                picture.unlink(missing_ok=True)

    def _read(self, file: Path) -> SavedBlend:
        with disk_errors(file):
            content = file.read_bytes()
        try:
            data: Any = json.loads(content)
            name, saved = checked_name(str(data["name"])), float(data["saved"])
            # A blend is the part of a recipe about LoRAs: read and checked as such.
            loras = Recipe.from_json(json.dumps({"prompt": "", "loras": data["loras"]})).loras
            picture = file.parent / str(cast("object", data["picture"]))
        except (ValueError, TypeError, KeyError, RecursionError, BadInputError) as error:
            raise BadFileError(
                tr("The saved blend {file} cannot be read.", file=file.name),
                tr("It is damaged: {reason}.", reason=error),
                tr("The file was left as it is, and the other blends are all here."),
            ) from error
        belongs = picture.name.startswith(file.stem) and picture.parent == file.parent
        return SavedBlend(name, loras, picture if belongs and picture.is_file() else None, saved)

    def _file(self, name: str) -> Path:
        key = unicodedata.normalize("NFC", name.strip()).casefold()
        return self._folder / f"{hashlib.sha256(key.encode()).hexdigest()[:32]}.json"


def checked_name(name: str) -> str:
    """`name` as a blend can be called, without the spaces around it.

    Raises:
        BadInputError: it is empty, too long, or holds what cannot be shown on one line.
    """
    name = unicodedata.normalize("NFC", name.strip())
    todo = tr("Choose a name of 1 to {limit} characters, such as “Soft and round”.", limit=MAX_NAME)
    if not name:
        raise BadInputError(tr("The blend needs a name."), "", todo)
    if len(name) > MAX_NAME:
        why = tr("It has {n} characters; {limit} is the most.", n=len(name), limit=MAX_NAME)
        raise BadInputError(tr("The name is too long."), why, todo)
    if any(unicodedata.category(char) in ("Cc", "Cs", "Zl", "Zp") for char in name):
        raise BadInputError(tr("The name holds a broken character."), "", todo)
    return name


def _encoded(picture: Image.Image) -> bytes:
    small = picture.convert("RGBA")
    small.thumbnail((SIDE, SIDE), Image.Resampling.LANCZOS)
    buffer = io.BytesIO()
    small.save(buffer, "PNG")
    return buffer.getvalue()
