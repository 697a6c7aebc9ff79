"""How the files of a pack lie beside each other, where several platforms do it alike."""

from __future__ import annotations

import io
import json
import re
import unicodedata
import zipfile

from stickerstudio.core.save import safe_name
from stickerstudio.finish.encode import Format
from stickerstudio.packs.platform import Files, Finished

EXTENSIONS: dict[Format, str] = {
    "png": ".png",
    "apng": ".png",
    "webp": ".webp",
    "gif": ".gif",
    "webm": ".webm",
}
TITLE, AUTHOR, EMOJI = "title.txt", "author.txt", "emoji.txt"
_EPOCH = (1980, 1, 1, 0, 0, 0)  # the zip format's first moment: the same pack, the same bytes


def plain(pack: Finished) -> Files:
    """Pictures, covers, and three text files that say what cannot be seen."""
    return {**pictures(pack), **texts(pack)}


def pictures(pack: Finished) -> Files:
    """The stickers and covers alone."""
    files = {item.name: item.data for item in pack.items}
    for role, data in pack.covers.items():
        files[f"{role}{extension_of(data)}"] = data
    for item in pack.items:
        if item.thumbnail is not None:
            stem = item.name.rpartition(".")[0]
            files[f"{stem}-thumbnail{extension_of(item.thumbnail)}"] = item.thumbnail
    return files


def texts(pack: Finished) -> Files:
    """title.txt, author.txt, and emoji.txt: {"file name without extension": "emoji"}.

    Other pack tools write and read the same three.
    """
    emoji = {item.name.rpartition(".")[0]: "".join(item.emoji) for item in pack.items}
    return {
        TITLE: pack.title.encode(),
        AUTHOR: pack.author.encode(),
        EMOJI: json_bytes(emoji),
    }


def json_bytes(data: object) -> bytes:
    """`data` as a JSON file that people can read."""
    return (json.dumps(data, ensure_ascii=False, indent=2) + "\n").encode()


def zipped(files: Files, *, compressed: bool = False) -> bytes:
    """`files` as a zip archive without times or other traces; pictures do not get smaller."""
    buffer = io.BytesIO()
    method = zipfile.ZIP_DEFLATED if compressed else zipfile.ZIP_STORED
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for name, data in files.items():
            entry = zipfile.ZipInfo(name, _EPOCH)
            entry.compress_type = method
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, data)
    return buffer.getvalue()


def extension_of(data: bytes) -> str:
    """ ".png", ".webp", ".gif" or ".webm", by how `data` begins."""
    if data.startswith(b"RIFF"):
        return ".webp"
    if data.startswith(b"GIF8"):
        return ".gif"
    return ".webm" if data.startswith(b"\x1a\x45\xdf\xa3") else ".png"


def by_text(number: int, text: str) -> str:
    """A file's name that says what is seen; the number keeps the order."""
    return f"{number + 1:02} {safe_name(text)}" if text.strip() else f"{number + 1:02}"


def shortcode(number: int, text: str) -> str:
    """Small letters, digits and "_", 2 … 32: how Discord and Slack call an emoji."""
    plain_text = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    words = "_".join(re.findall("[a-z0-9]+", plain_text))[:26].strip("_")
    return f"{words}_{number + 1:02}" if words else f"sticker_{number + 1:02}"
