"""Transcript: everything that was said in the chat, on disk as it is said.

One JSON object a line, appended and fsynced: a crash loses at most the line being written, and a
torn line is skipped at the next start. Pictures are copied beside the transcript, so that deleting
a sticker from the library, or moving a dropped file, leaves the chat as it was.
"""

from __future__ import annotations

import json
import math
import os
import threading
import time as clock
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, cast, get_args

from stickerstudio.chat.pictures import keep_picture, keep_sticker
from stickerstudio.core.errors import disk_errors

FORMAT = 1
Author = Literal["me", "friend"]
Kind = Literal["text", "sticker", "image"]


@dataclass(frozen=True, slots=True)
class Message:
    """One thing that was said.

    Attributes:
        id: unique in its transcript.
        author: "me" or "friend".
        kind: "text", "sticker" (shown without a bubble) or "image" (a picture from elsewhere).
        text: what was written; for a sticker its prompt, for an image its file name.
        picture: the transcript's own copy of the picture; None for a text.
        time: seconds since the epoch, UTC.
    """

    id: str
    author: Author
    kind: Kind
    text: str
    picture: Path | None
    time: float


class Transcript:
    """The messages of one chat, oldest first. Usable from several threads and processes."""

    def __init__(self, path: Path) -> None:
        """Read what is at `path`; a file that is not there yet is an empty chat.

        Raises:
            DiskError: the file is there and cannot be read.
        """
        self.path = path
        self._pictures = path.with_name(f"{path.stem}-pictures")
        self._lock = threading.Lock()
        self._messages: list[Message] = []
        if path.exists():
            with disk_errors(path):
                lines = path.read_bytes().split(b"\n")
            self._messages = [message for line in lines if (message := self._read(line))]

    @property
    def messages(self) -> tuple[Message, ...]:
        """Everything said so far, oldest first."""
        with self._lock:
            return tuple(self._messages)

    def __len__(self) -> int:
        return len(self._messages)

    def add_text(self, author: Author, text: str) -> Message:
        """Write down that `author` said `text`.

        Raises:
            DiskError: it could not be written; the message is not part of the chat then.
        """
        return self._add(author, "text", text, None)

    def add_sticker(self, author: Author, sticker: Path, prompt: str) -> Message:
        """Write down that `author` sent the sticker in the file `sticker`, made from `prompt`.

        Raises:
            NotFoundError, DiskError: the file could not be read or copied.
        """
        return self._add(author, "sticker", prompt, keep_sticker(sticker, self._pictures))

    def add_image(self, author: Author, source: Path | bytes, name: str = "") -> Message:
        """Write down that `author` sent a picture: a file, or the bytes of one called `name`.

        What is kept is a clean copy of its first frame, upright, at most pictures.MAX_KEPT pixels
        a side and without metadata.

        Raises:
            BadFileError: it is no picture, broken, or too large to be opened safely.
            NotFoundError, DiskError: it could not be read, or its copy not written.
        """
        label = name or (source.name if isinstance(source, Path) else "")
        return self._add(author, "image", label, keep_picture(source, self._pictures))

    def _add(self, author: Author, kind: Kind, text: str, picture: Path | None) -> Message:
        message = Message(uuid.uuid4().hex, author, kind, text, picture, clock.time())
        record = {
            "format": FORMAT,
            "id": message.id,
            "author": author,
            "kind": kind,
            # A lone surrogate, which Qt and file names can hold, has no UTF-8 form.
            "text": text.encode("utf-8", "replace").decode("utf-8"),
            "picture": picture.name if picture else None,
            "time": message.time,
        }
        line = json.dumps(record, ensure_ascii=False).encode() + b"\n"
        with self._lock, disk_errors(self.path):
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with self.path.open("a+b") as file:
                end = file.seek(0, os.SEEK_END)
                if end:
                    file.seek(end - 1)
                    if file.read(1) != b"\n":  # a torn line stays alone on its line
                        line = b"\n" + line
                file.write(line)
                file.flush()
                os.fsync(file.fileno())
            self._messages.append(message)
        return message

    def _read(self, line: bytes) -> Message | None:
        """The message in `line`, or None where it is torn, damaged or from another version."""
        try:
            data: Any = json.loads(line)
            record = cast("dict[str, Any]", data)
            author, kind, name = record["author"], record["kind"], record["picture"]
            if author not in get_args(Author) or kind not in get_args(Kind):
                return None
            time = float(record["time"])
            if (kind == "text") != (name is None) or not math.isfinite(time):
                return None
            return Message(
                id=str(record["id"]),
                author=author,
                kind=kind,
                text=str(record["text"]),
                # Only the name is taken: a transcript never points outside its own folder.
                picture=None if name is None else self._pictures / Path(str(name)).name,
                time=time,
            )
        except (ValueError, TypeError, KeyError, RecursionError):
            return None
