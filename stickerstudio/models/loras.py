"""The shelf: every LoRA there is to blend, the bundled ones and the user's own. No torch."""

from __future__ import annotations

import difflib
import filecmp
import hashlib
import os
import re
import shutil
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from stickerstudio.core.errors import (
    BadFileError,
    BadInputError,
    DiskError,
    NotFoundError,
    disk_errors,
)
from stickerstudio.core.i18n import tr
from stickerstudio.core.paths import Paths
from stickerstudio.models import lora_metadata as meta
from stickerstudio.models.lora_family import FAMILY_NAMES, Family, check_usable
from stickerstudio.models.lora_keys import Format, LoraKeys, read_keys
from stickerstudio.models.safetensors_header import Header, read_header

SUFFIX = ".safetensors"


@dataclass(frozen=True, slots=True)
class LoraInfo:
    """One LoRA file, as its card and its header describe it.

    Attributes:
        name: unique on the shelf; the file's stem.
        title, title_zh_hant: for the eye.
        path: the file.
        family: the architecture it is for.
        format: the key naming of the file.
        trigger_words: what to put into the prompt, the likeliest first; may be empty.
        base_model: the model it was trained on, as far as it says.
        rank: the largest rank of its layers; 0 where its kind has none.
        alpha: as the file says; None where it does not, which means alpha = rank.
        recommended_weight: from the author, else 1.0; −2 … 2.
        preview: a picture of what it does.
        bundled: came with the program and cannot be removed.
    """

    name: str
    title: str
    title_zh_hant: str
    path: Path
    family: Family
    format: Format
    trigger_words: tuple[str, ...]
    base_model: str
    rank: int
    alpha: float | None
    author: str
    licence: str
    preview: Path | None
    recommended_weight: float
    bundled: bool
    size_bytes: int


class LoraShelf:
    """The LoRAs in the bundled and in the user's folder. Safe to use from several threads."""

    def __init__(self, paths: Paths) -> None:
        self._paths = paths
        self._known: dict[Path, tuple[object, LoraInfo | BadFileError]] = {}

    def all(self) -> list[LoraInfo]:
        """Every readable LoRA, the bundled ones first, each group by title."""
        infos = [found for found in self._read_all() if isinstance(found, LoraInfo)]
        return sorted(infos, key=lambda info: (not info.bundled, info.title.casefold(), info.name))

    def damaged(self) -> list[BadFileError]:
        """Why the other .safetensors files in the folders are not on the shelf."""
        return [found for found in self._read_all() if isinstance(found, BadFileError)]

    def find(self, name: str) -> LoraInfo:
        """The LoRA called `name`.

        Raises:
            NotFoundError: there is none; the sentence names the nearest ones.
        """
        infos = self.all()
        for info in infos:
            if info.name == name:
                return info
        near = difflib.get_close_matches(name, [info.name for info in infos], n=3, cutoff=0.5)
        raise NotFoundError(
            tr("There is no LoRA called “{name}”.", name=name),
            tr("Similar names: {names}.", names=", ".join(near)) if near else "",
            tr("Choose one from the list, or add its .safetensors file."),
        )

    def add(self, file: Path) -> LoraInfo:
        """Check `file` and copy it, with the card and picture beside it, into the user's folder.

        A file that is already there, byte for byte, is not copied again. A name already taken by
        another file gets a number.

        Raises:
            UnsafeFileError, WrongModelError, BadFileError: it cannot be blended; says why.
            NotFoundError, DiskError: it could not be read or copied.
        """
        header = read_header(file)
        check_usable(file, header, read_keys(header.tensors))
        stem = file.parent.name if file.stem == "adapter_model" else file.stem
        stem = re.sub(r"[^\w.() +-]+", "-", stem).strip(" .-") or "lora"
        target = self._free_place(stem, file)
        if not target.exists():
            _copy(file, target)
            card = meta.read_card(file)
            companions = {
                file.with_suffix(".json"): target.with_suffix(".json"),
                meta.adapter_config_file(file): target.with_suffix(".adapter_config.json"),
            }
            picture = meta.preview_beside(file, card)
            if picture is not None:
                companions[picture] = target.with_suffix(picture.suffix.lower())
            for source, place in companions.items():
                if source is not None and source.is_file():
                    _copy(source, place)
        return self.find(target.stem)

    def remove(self, name: str) -> None:
        """Delete the user's LoRA `name` and what lies beside it.

        Raises:
            NotFoundError: there is none of this name.
            BadInputError: it came with the program.
        """
        info = self.find(name)
        if info.bundled:
            raise BadInputError(
                tr("“{name}” cannot be removed.", name=info.title),
                tr("It came with Sticker Studio."),
                tr("Leave its slider at 0 to do without it."),
            )
        beside = (".json", ".adapter_config.json", *meta.PICTURES)
        with disk_errors(info.path):
            for suffix in (SUFFIX, *beside, *(f".preview{end}" for end in meta.PICTURES)):
                info.path.with_suffix(suffix).unlink(missing_ok=True)

    def _free_place(self, stem: str, file: Path) -> Path:
        taken = {info.name for info in self.all() if info.bundled}
        with disk_errors(self._paths.loras):
            self._paths.loras.mkdir(parents=True, exist_ok=True)
            number = 1
            while True:
                name = stem if number == 1 else f"{stem} {number}"
                place = self._paths.loras / f"{name}{SUFFIX}"
                if name not in taken and (
                    not place.exists() or filecmp.cmp(file, place, shallow=False)
                ):
                    return place
                number += 1

    def _read_all(self) -> list[LoraInfo | BadFileError]:
        found: dict[str, LoraInfo | BadFileError] = {}
        for folder, bundled in ((self._paths.bundled_loras, True), (self._paths.loras, False)):
            if not folder.is_dir():
                continue
            with disk_errors(folder):
                files = sorted(file for file in folder.rglob(f"*{SUFFIX}") if file.is_file())
            for file in files:
                found.setdefault(file.stem, self._read(file, bundled=bundled))
        return list(found.values())

    def _read(self, path: Path, *, bundled: bool) -> LoraInfo | BadFileError:
        with disk_errors(path):
            now = path.stat()
        stamp = (now.st_mtime_ns, now.st_size, _mtime(path.with_suffix(".json")))
        known = self._known.get(path)
        if known is not None and known[0] == stamp:
            return known[1]
        try:
            header = read_header(path)
            keys = read_keys(header.tensors)
            kind = check_usable(path, header, keys)
            found = self._describe(path, header, keys, kind, bundled=bundled)
        except BadFileError as error:
            found = error
        self._known[path] = (stamp, found)
        return found

    def _describe(
        self, path: Path, header: Header, keys: LoraKeys, kind: Family, *, bundled: bool
    ) -> LoraInfo:
        card, texts = meta.read_card(path), header.metadata
        preview = meta.preview_beside(path, card)
        if preview is None and "modelspec.thumbnail" in texts:
            digest = hashlib.sha256(texts["modelspec.thumbnail"].encode()).hexdigest()[:16]
            target = self._paths.cache / "lora-previews" / f"{digest}.png"
            with suppress(DiskError):  # a full cache costs a picture, not the shelf
                preview = target if target.is_file() else meta.unpack_thumbnail(texts, target)
        title = card.text("title") or meta.first(texts, "modelspec.title", "ss_output_name")
        base = card.text("base_model") or meta.first(
            texts, "stickerstudio.base_model", "ss_sd_model_name", "ss_base_model_version"
        )
        return LoraInfo(
            name=path.stem,
            title=title or path.stem,
            title_zh_hant=card.text("title_zh_hant") or title or path.stem,
            path=path,
            family=kind,
            format=keys.format,
            trigger_words=meta.trigger_words(texts, card),
            base_model=base or FAMILY_NAMES.get(kind, ""),
            rank=meta.max_rank(header, keys),
            alpha=meta.alpha(path, header, keys),
            author=card.text("author", "attribution") or meta.first(texts, "modelspec.author"),
            licence=card.text("licence", "license") or meta.first(texts, "modelspec.license"),
            preview=preview,
            recommended_weight=meta.recommended_weight(texts, card),
            bundled=bundled,
            size_bytes=path.stat().st_size,
        )


def _mtime(path: Path) -> int:
    with suppress(OSError):
        return path.stat().st_mtime_ns
    return 0


def _copy(source: Path, target: Path) -> None:
    """Copy so that `target` is either whole or not there."""
    half = target.with_name(target.name + ".part")
    try:
        with disk_errors(target), source.open("rb") as reading, half.open("wb") as writing:
            shutil.copyfileobj(reading, writing, 2**20)
            writing.flush()
            os.fsync(writing.fileno())
        with disk_errors(target):
            half.replace(target)
    finally:
        half.unlink(missing_ok=True)
