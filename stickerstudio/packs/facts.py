"""What a file really is: read from its bytes by what decodes them, not by what wrote them."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from PIL import Image

from stickerstudio.core.pictures import broken
from stickerstudio.finish.animation import Animation
from stickerstudio.finish.encode import Format
from stickerstudio.finish.fit import Picture
from stickerstudio.packs.pictures import read_picture

_PNG_METADATA = frozenset({b"tEXt", b"zTXt", b"iTXt", b"eXIf", b"tIME", b"iCCP"})
_COMMENT = 0xFE  # the label of an extension, GIF89a §24
_WEBP_METADATA = frozenset({b"EXIF", b"XMP ", b"ICCP"})


@dataclass(frozen=True, slots=True)
class Facts:
    """One file.

    Attributes:
        format: None for one that is not written by us: "jpeg", …
        size: width and height in pixels.
        length: bytes.
        frames, total_ms, shortest_ms: 1, 0 and 0 for a picture.
        loop: how often it plays; 0 for ever.
        is_transparent: whether something of it is.
        is_empty: whether nothing of it can be seen.
        metadata: names of what is beside the pixels.
    """

    format: Format | None
    size: tuple[int, int]
    length: int
    frames: int = 1
    total_ms: int = 0
    shortest_ms: int = 0
    loop: int = 0
    is_transparent: bool = False
    is_empty: bool = False
    metadata: tuple[str, ...] = ()

    @property
    def is_animated(self) -> bool:
        """Whether it moves."""
        return self.frames > 1


def inspect(data: bytes, name: str) -> Facts:
    """Decode `data` and say what it is.

    Raises:
        BadFileError: it is not a picture, damaged or too large.
        NotFoundError: a video, and PyAV is not installed.
    """
    if not data:
        raise broken(name, "0 bytes")
    picture = read_picture(data, name)
    return facts_of(picture, data)


def facts_of(picture: Picture, data: bytes) -> Facts:
    """The same, of what has been decoded already."""
    frames = picture.frames if isinstance(picture, Animation) else (picture,)
    extremes = [_alpha(frame) for frame in frames]
    moving = picture if isinstance(picture, Animation) else None
    return Facts(
        format=_format(data),
        size=picture.size,
        length=len(data),
        frames=len(frames),
        total_ms=moving.total_ms if moving else 0,
        shortest_ms=min(moving.durations_ms) if moving else 0,
        loop=moving.loop if moving else 0,
        is_transparent=min(low for low, _high in extremes) < 255,
        is_empty=max(high for _low, high in extremes) == 0,
        metadata=tuple(metadata(data)),
    )


def metadata(data: bytes) -> Iterator[str]:
    """The names of chunks that hold words, times, places or profiles."""
    if data.startswith(b"\x89PNG"):
        for kind, _content in _png(data):
            if kind in _PNG_METADATA:
                yield kind.decode()
    elif data.startswith(b"RIFF"):
        for kind in _riff(data):
            if kind in _WEBP_METADATA:
                yield kind.decode().strip()
    elif data.startswith(b"GIF8") and _COMMENT in _gif(data):
        yield "comment"


def _alpha(frame: Image.Image) -> tuple[int, int]:
    low, high = frame.getchannel("A").getextrema()
    return int(low), int(high)  # pyright: ignore[reportArgumentType]


def _format(data: bytes) -> Format | None:
    if data.startswith(b"\x89PNG"):
        return "apng" if any(kind == b"acTL" for kind, _content in _png(data)) else "png"
    if data.startswith(b"RIFF") and data[8:12] == b"WEBP":
        return "webp"
    if data.startswith(b"GIF8"):
        return "gif"
    return "webm" if data.startswith(b"\x1a\x45\xdf\xa3") else None


def _png(data: bytes) -> Iterator[tuple[bytes, memoryview]]:
    at = 8
    view = memoryview(data)
    while at + 8 <= len(data):
        length, kind = struct.unpack_from(">I4s", data, at)
        yield kind, view[at + 8 : at + 8 + length]
        at += 12 + length


def _riff(data: bytes) -> Iterator[bytes]:
    at = 12
    while at + 8 <= len(data):
        kind, size = struct.unpack_from("<4sI", data, at)
        yield kind
        at += 8 + size + size % 2


def _gif(data: bytes) -> Iterator[int]:
    """The labels of the extensions (GIF89a, §18 and following), up to where it is cut short."""

    def colours(flags: int) -> int:
        return 3 << ((flags & 7) + 1) if flags & 0x80 else 0

    def after_blocks(at: int) -> int:
        while at < len(data) and data[at]:
            at += 1 + data[at]
        return at + 1

    at = 13 + (colours(data[10]) if len(data) > 12 else 0)
    while at + 9 < len(data):
        if data[at] == 0x21:
            yield data[at + 1]
            at = after_blocks(at + 2)
        elif data[at] == 0x2C:
            at = after_blocks(at + 11 + colours(data[at + 9]))
        else:
            return
