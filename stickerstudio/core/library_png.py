"""The PNG side of the library: a picture with its recipe inside, and its design if it has one.

Reading walks over the chunks and never decodes a pixel, so that an index of 100,000 files is
rebuilt in seconds and a 100-megapixel picture costs no memory. PNG (Third Edition), W3C 2025,
§5 (chunk layout) and §11.3.3.4 (iTXt).
"""

from __future__ import annotations

import io
import json
import math
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from PIL import Image
from PIL.PngImagePlugin import PngInfo

from stickerstudio.core.design import Design
from stickerstudio.core.errors import BadFileError, BadInputError, disk_errors
from stickerstudio.core.i18n import tr
from stickerstudio.core.recipe import Recipe

RECIPE_KEY = "stickerstudio:recipe"
MAKING_KEY = "stickerstudio:making"
DESIGN_KEY = "stickerstudio:design"

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_MAX_TEXT = 1 << 20  # bytes; a recipe of two 10,000-character prompts is below 100 kB
_MAX_CHUNKS = 1_000_000  # 100 megapixels in libpng's 8 kB chunks are 50,000


@dataclass(frozen=True, slots=True)
class PngFacts:
    """What a library's PNG says about itself, without its pixels.

    Attributes:
        width, height: pixels.
        recipe: what it was made from.
        json: the recipe as it is written in the file, with what a newer version may have added.
        created: seconds since the epoch, UTC; None where it is not written down.
        seconds: how long the making took; 0 where it is not written down.
        design: the design as it is written in the file; None where there is none.
    """

    width: int
    height: int
    recipe: Recipe
    json: str
    created: float | None
    seconds: float
    design: str | None = None


def encode(
    image: Image.Image,
    recipe: Recipe | str,
    created: float,
    seconds: float,
    design: Design | None = None,
) -> bytes:
    """`image` as an RGBA PNG with `recipe` (or its JSON), its making and `design` inside."""
    texts = PngInfo()
    texts.add_itxt(RECIPE_KEY, recipe if isinstance(recipe, str) else recipe.to_json())
    texts.add_itxt(MAKING_KEY, json.dumps({"created": created, "seconds": seconds}))
    if design is not None:
        texts.add_itxt(DESIGN_KEY, design.to_json())
    buffer = io.BytesIO()
    image.convert("RGBA").save(buffer, "PNG", pnginfo=texts)
    return buffer.getvalue()


def read_facts(path: Path) -> PngFacts:
    """Read a library's PNG.

    Raises:
        BadFileError: it is not a PNG, is cut short, or holds no recipe that can be read.
        DiskError, NotFoundError: it cannot be read.
    """
    size, texts = _read(path)
    if RECIPE_KEY not in texts:
        raise BadFileError(
            tr("{name} is not a sticker of this library.", name=path.name),
            tr("There are no sticker settings inside."),
            tr("The file was left as it is."),
        )
    try:
        recipe = Recipe.from_json(texts[RECIPE_KEY])
    except BadInputError as error:
        raise _broken(path, str(error)) from error
    created, seconds = _making(texts.get(MAKING_KEY, ""))
    design = texts.get(DESIGN_KEY)
    return PngFacts(*size, recipe, texts[RECIPE_KEY], created, seconds, design)


def read_recipe(path: Path) -> Recipe | None:
    """The recipe inside any picture; None where there is none, or none that can be read.

    Raises:
        DiskError, NotFoundError: the file cannot be read.
    """
    try:
        return read_facts(path).recipe
    except BadFileError:
        return None


def _making(text: str) -> tuple[float | None, float]:
    try:
        making: Any = json.loads(text)
        created, seconds = float(making["created"]), float(making["seconds"])
    except (ValueError, TypeError, KeyError, OverflowError, RecursionError):
        return None, 0.0
    if not (math.isfinite(created) and 0 <= created < 1e11 and math.isfinite(seconds)):
        return None, 0.0
    return created, max(0.0, seconds)


def _read(path: Path) -> tuple[tuple[int, int], dict[str, str]]:
    size: tuple[int, int] | None = None
    texts: dict[str, str] = {}
    with disk_errors(path), path.open("rb") as file:
        for kind, data in _chunks(path, file):
            if kind == b"IHDR" and len(data) == 13:
                size = struct.unpack(">II", data[:8])
            elif kind == b"iTXt":
                texts.update(_international_text(data))
    if size is None or not all(size):
        raise _broken(path, tr("It does not say how large it is."))
    return size, texts


def _chunks(path: Path, file: BinaryIO) -> Iterator[tuple[bytes, bytes]]:
    """The chunks worth reading, up to the end mark; everything else is skipped over."""
    if file.read(8) != _SIGNATURE:
        raise BadFileError(
            tr("{name} is not a PNG picture.", name=path.name),
            tr("It does not begin as one."),
            tr("The file was left as it is."),
        )
    for _ in range(_MAX_CHUNKS):
        head = file.read(8)
        if len(head) < 8:
            raise _broken(path, tr("It ends too soon."))
        length, kind = struct.unpack(">I4s", head)
        if kind == b"IEND":
            return
        if kind not in (b"IHDR", b"iTXt") or length > _MAX_TEXT:
            file.seek(length + 4, io.SEEK_CUR)
            continue
        data, checksum = file.read(length), file.read(4)
        if len(data) < length or len(checksum) < 4:
            raise _broken(path, tr("It ends too soon."))
        if zlib.crc32(data, zlib.crc32(kind)) != int.from_bytes(checksum, "big"):
            raise _broken(path, tr("Its checksum does not match."))
        yield kind, data
    raise _broken(path, tr("It never ends."))


def _international_text(data: bytes) -> dict[str, str]:
    """One iTXt chunk as {keyword: text}; empty where it cannot be read."""
    try:
        keyword, rest = data.split(b"\0", 1)
        compressed = rest[0] == 1
        _language, _translated, text = rest[2:].split(b"\0", 2)
        if compressed:
            text = zlib.decompressobj().decompress(text, _MAX_TEXT)
        return {keyword.decode("latin-1"): text.decode()}
    except (ValueError, IndexError, zlib.error):
        return {}


def _broken(path: Path, why: str) -> BadFileError:
    return BadFileError(
        tr("{name} is damaged.", name=path.name), why, tr("The file was left as it is.")
    )
