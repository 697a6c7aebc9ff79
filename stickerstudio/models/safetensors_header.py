"""Read the table of contents of a .safetensors file, trusting nothing in it. No torch, no tensors.

The format (https://huggingface.co/docs/safetensors): eight bytes, the header's length N as a
little-endian integer; N bytes of JSON, `{"name": {"dtype", "shape", "data_offsets"}, …}` with an
optional `"__metadata__"` of texts; then the tensors, one after the other, without gaps.

The JSON is read by a reader of exactly that shape instead of `json.loads`: it stops at the first
character that does not belong, so nesting, floods of entries and repeated names cost nothing.
"""

from __future__ import annotations

import json
import math
import re
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

from stickerstudio.core.errors import BadFileError, UnsafeFileError, disk_errors
from stickerstudio.core.i18n import tr

MAX_HEADER: Final = 16 * 2**20  # bytes; SDXL's own is 0.3 MB, a LoRA with its picture inside 2 MB
MAX_TENSORS: Final = 20_000  # SDXL with its encoders has 2,800; a LoRA of all its layers 3,000
MAX_DIMENSIONS: Final = 8

DTYPE_BYTES: Final[Mapping[str, int]] = {
    "BOOL": 1, "U8": 1, "I8": 1, "F8_E4M3": 1, "F8_E5M2": 1,
    "U16": 2, "I16": 2, "F16": 2, "BF16": 2,
    "U32": 4, "I32": 4, "F32": 4,
    "U64": 8, "I64": 8, "F64": 8,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class TensorInfo:
    """One tensor: its type, its shape, and where its bytes are in the file (absolute)."""

    dtype: str
    shape: tuple[int, ...]
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Header:
    """What a file holds: tensors by name, in the order of the file, and its metadata texts."""

    tensors: Mapping[str, TensorInfo]
    metadata: Mapping[str, str]


def read_header(path: Path) -> Header:
    """Read and check the header of the .safetensors file at `path`.

    Raises:
        UnsafeFileError: it is a pickle, which could run code when opened.
        BadFileError: it is another kind of file, cut off, or says things that cannot be true.
        NotFoundError, DiskError: it could not be read.
    """
    with disk_errors(path), path.open("rb") as file:
        size = path.stat().st_size
        start = file.read(16)
        length = struct.unpack("<Q", start[:8])[0] if len(start) >= 8 else 0
        if start[8:9] != b"{":
            raise _other_kind(path, start, file)
        if length > size - 8:
            raise _broken(
                path,
                tr(
                    "It is cut off: {expected} bytes are announced and {actual} are there.",
                    expected=length + 8,
                    actual=size,
                ),
            )
        if length > MAX_HEADER:
            raise _broken(
                path,
                tr(
                    "Its table of contents claims {size} MB; {limit} MB is the most we read.",
                    size=length // 2**20,
                    limit=MAX_HEADER // 2**20,
                ),
            )
        file.seek(8)
        raw = file.read(length)
    try:
        reader = _Reader(raw.decode("utf-8"))
        header = reader.header(8 + length)
        _check_layout(header.tensors, 8 + length, size)
    except UnicodeDecodeError as error:
        raise _broken(path, tr("Its table of contents is not text.")) from error
    except _MalformedError as error:
        raise _broken(path, str(error)) from error
    return header


def read_number(path: Path, tensor: TensorInfo) -> float | None:
    """The value of a tensor of one element, such as a LoRA's alpha; None where it is not one."""
    codes = {"F16": "<e", "F32": "<f", "F64": "<d", "I32": "<i", "I64": "<q", "BF16": "<f"}
    if math.prod(tensor.shape) != 1 or tensor.dtype not in codes:
        return None
    with disk_errors(path), path.open("rb") as file:
        file.seek(tensor.start)
        data = file.read(tensor.end - tensor.start)
    if tensor.dtype == "BF16":  # the upper half of a float32
        data = b"\0\0" + data
    try:
        return float(struct.unpack(codes[tensor.dtype], data)[0])
    except struct.error:  # the file shrank since its header was read
        return None


class _MalformedError(ValueError):
    """What is wrong with a header, as a sentence."""


class _Reader:
    """Reads the one JSON shape a header may have."""

    _number = re.compile(r"(?:0|[1-9][0-9]{0,18})(?![0-9.eE])")
    _space = re.compile(r"[ \t\r\n]*")
    _strings = json.JSONDecoder()

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0

    def header(self, data_start: int) -> Header:
        """Read all of it; offsets become absolute by adding `data_start`."""
        tensors: dict[str, TensorInfo] = {}
        metadata: dict[str, str] = {}
        seen_metadata = False
        self._expect("{")
        more = not self._accept("}")
        while more:
            name = self._string()
            self._expect(":")
            if name == "__metadata__":
                if seen_metadata:
                    raise _MalformedError(tr("It has two sets of metadata."))
                seen_metadata = True
                metadata = self._texts()
            else:
                if name in tensors:
                    raise _MalformedError(tr("It names the tensor {name} twice.", name=_cut(name)))
                if len(tensors) == MAX_TENSORS:
                    raise _MalformedError(
                        tr("It names more than {limit} tensors.", limit=MAX_TENSORS)
                    )
                tensors[name] = self._tensor(name, data_start)
            more = self._more()
        self._space_only()
        return Header(tensors, metadata)

    def _texts(self) -> dict[str, str]:
        texts: dict[str, str] = {}
        self._expect("{")
        more = not self._accept("}")
        while more:
            key = self._string()
            self._expect(":")
            if key in texts:
                raise _MalformedError(tr("Its metadata names {name} twice.", name=_cut(key)))
            if len(texts) == MAX_TENSORS:
                raise _MalformedError(tr("Its metadata has too many entries."))
            texts[key] = self._string()
            more = self._more()
        return texts

    def _tensor(self, name: str, data_start: int) -> TensorInfo:
        dtype: str | None = None
        numbers: dict[str, list[int]] = {}
        self._expect("{")
        more = True
        while more:
            key = self._string()
            self._expect(":")
            if key == "dtype" and dtype is None:
                dtype = self._string()
            elif key in ("shape", "data_offsets") and key not in numbers:
                numbers[key] = self._numbers()
            else:
                raise self._wrong()
            more = self._more()
        shape, offsets = numbers.get("shape"), numbers.get("data_offsets")
        if dtype is None or shape is None or offsets is None or len(offsets) != 2:
            raise _MalformedError(tr("The tensor {name} is not fully described.", name=_cut(name)))
        if dtype not in DTYPE_BYTES:
            raise _MalformedError(
                tr(
                    "The tensor {name} has the unknown type {dtype}.",
                    name=_cut(name),
                    dtype=_cut(dtype),
                )
            )
        if offsets[1] - offsets[0] != math.prod(shape) * DTYPE_BYTES[dtype]:
            raise _MalformedError(
                tr("The tensor {name} does not have the size it claims.", name=_cut(name))
            )
        return TensorInfo(dtype, tuple(shape), data_start + offsets[0], data_start + offsets[1])

    def _numbers(self) -> list[int]:
        numbers: list[int] = []
        self._expect("[")
        if self._accept("]"):
            return numbers
        while True:
            self._space_only(end=False)
            match = self._number.match(self._text, self._at)
            if match is None or len(numbers) == MAX_DIMENSIONS:
                raise self._wrong()
            numbers.append(int(match[0]))
            self._at = match.end()
            if self._accept("]"):
                return numbers
            self._expect(",")

    def _string(self) -> str:
        self._space_only(end=False)
        if not self._text.startswith('"', self._at):
            raise self._wrong()
        try:
            value, self._at = self._strings.raw_decode(self._text, self._at)
        except json.JSONDecodeError as error:
            raise self._wrong() from error
        return value

    def _more(self) -> bool:
        """Whether another entry follows in this object; else its end has been read."""
        if self._accept("}"):
            return False
        self._expect(",")
        return True

    def _accept(self, char: str) -> bool:
        self._space_only(end=False)
        if not self._text.startswith(char, self._at):
            return False
        self._at += 1
        return True

    def _expect(self, char: str) -> None:
        if not self._accept(char):
            raise self._wrong()

    def _space_only(self, *, end: bool = True) -> None:
        match = self._space.match(self._text, self._at)
        self._at = match.end() if match else self._at
        if end and self._at != len(self._text):
            raise self._wrong()

    def _wrong(self) -> _MalformedError:
        return _MalformedError(
            tr("Its table of contents makes no sense at byte {at}.", at=self._at + 8)
        )


def _check_layout(tensors: Mapping[str, TensorInfo], data_start: int, size: int) -> None:
    """The tensors must fill the rest of the file: no gap, no overlap, nothing outside."""
    at = data_start
    for name, tensor in sorted(tensors.items(), key=lambda item: (item[1].start, item[1].end)):
        if tensor.start < at:
            raise _MalformedError(tr("The tensor {name} lies on top of another.", name=_cut(name)))
        if tensor.start > at:
            raise _MalformedError(tr("There is a hole before the tensor {name}.", name=_cut(name)))
        at = tensor.end
    if at > size:
        raise _MalformedError(
            tr(
                "It is cut off: {expected} bytes are announced and {actual} are there.",
                expected=at,
                actual=size,
            )
        )
    if at < size:
        raise _MalformedError(tr("It has {n} bytes too many.", n=size - at))


def _other_kind(path: Path, start: bytes, file: BinaryIO) -> BadFileError:
    """What a file is that does not begin like safetensors."""
    if start.startswith(b"PK\x03\x04"):
        head = start + file.read(1024)
        if b".pkl" in head or b"/data" in head or b"version" in head:
            return _pickle(path)
        return _wrong_kind(path, tr("It is a ZIP archive."))
    if start[:1] == b"\x80" and start[1:2] in (b"\x02", b"\x03", b"\x04", b"\x05"):
        return _pickle(path)
    if start.startswith(b"GGUF"):
        return _wrong_kind(path, tr("It is a GGUF file, a format for other programs."))
    if start.lstrip().lower().startswith((b"<!doctype", b"<html")):
        return _wrong_kind(path, tr("It is a web page: the download probably asked for a log-in."))
    if start.startswith(b"version https:/"):
        return _wrong_kind(path, tr("It is a Git LFS pointer; the real file was not fetched."))
    if not start:
        return _wrong_kind(path, tr("It is empty."))
    return _wrong_kind(path, tr("It does not begin as such a file must."))


def _pickle(path: Path) -> UnsafeFileError:
    return UnsafeFileError(
        tr("{name} was not opened.", name=path.name),
        tr("It is a pickle (.ckpt, .pt, .bin), which can run any program when opened."),
        tr("Look for the .safetensors version of it."),
    )


def _wrong_kind(path: Path, why: str) -> BadFileError:
    return BadFileError(
        tr("{name} is not a .safetensors file.", name=path.name),
        why,
        tr("Download it again, or choose another file."),
    )


def _broken(path: Path, why: str) -> BadFileError:
    return BadFileError(
        tr("{name} is damaged.", name=path.name),
        why,
        tr("Download it again, or choose another file."),
    )


def _cut(name: str) -> str:
    """A name from a hostile file, fit for a sentence."""
    short = name if len(name) <= 80 else name[:79] + "…"
    return "".join(char if char.isprintable() else "?" for char in short)
