"""Which base a training belongs to."""

from __future__ import annotations

import hashlib
from pathlib import Path

from stickerstudio.core.errors import disk_errors


def base_digest(location: Path) -> str:
    """SHA-256 of the names, sizes and safetensors headers of a model's weights.

    The header names every tensor with its place: files of one digest are one model, for all that
    a training needs to know, and seven gigabytes need not be read for it.
    """
    digest = hashlib.sha256()
    with disk_errors(location):
        files = [location] if location.is_file() else sorted(location.rglob("*.safetensors"))
        for file in files:
            with file.open("rb") as stream:
                start = stream.read(8)
                head = stream.read(min(int.from_bytes(start, "little"), 2**24))
                stream.seek(-min(4096, file.stat().st_size), 2)
                tail = stream.read()
            name = "" if file == location else file.relative_to(location).as_posix()
            digest.update(f"{name} {file.stat().st_size}\n".encode() + head + tail)
    return digest.hexdigest()
