"""Viber: a zip of 00.png, 01.png, … for its sticker tool."""

from stickerstudio.finish.fit_place import Canvas
from stickerstudio.packs import layouts
from stickerstudio.packs.platform import Counts, FileRule, Files, Finished, Platform


def write(pack: Finished) -> Files:
    """The zip, and its cover and texts beside it."""
    stickers = {item.name: item.data for item in pack.items}
    covers = {f"{role}.png": data for role, data in pack.covers.items()}
    name = f"{pack.identifier}.zip"
    return {name: layouts.zipped(stickers), **covers, **layouts.texts(pack)}


def _name(number: int, text: str) -> str:
    return f"{number:02}"


STICKERS = Platform(
    key="viber",
    title="Viber",
    sources=(
        "https://github.com/laggykiller/sticker-convert (upload_viber.py)",
        "https://github.com/laggykiller/sticker-convert/issues/144",
    ),
    write=write,
    still=FileRule("png", Canvas(490, 490), None),
    moving=None,
    counts=Counts(1, 24),
    covers={"cover": FileRule("png", Canvas(120, 120), None)},
    name=_name,
)
