"""iMessage: a catalogue for Xcode's "Sticker Pack App"; Xcode adds the app's own icons."""

from stickerstudio.finish.fit_place import Canvas, Timing
from stickerstudio.packs import layouts
from stickerstudio.packs.platform import KB, Counts, FileRule, Files, Finished, Platform, TextRule

MAX_LABEL = 150  # characters of a sticker's description
_INFO = {"version": 1, "author": "xcode"}
_ROOT = "Stickers.xcassets"


def write(pack: Finished) -> Files:
    """Stickers.xcassets, to be put in the place of a new project's own."""
    folder = f"{_ROOT}/Sticker Pack.stickerpack"
    files = {f"{_ROOT}/Contents.json": layouts.json_bytes({"info": _INFO})}
    names: list[str] = []
    for item in pack.items:
        name = f"{item.name.rpartition('.')[0]}.sticker"
        names.append(name)
        properties = {"accessibility-label": item.text[:MAX_LABEL], "filename": item.name}
        contents = {"info": _INFO, "properties": properties}
        files[f"{folder}/{name}/Contents.json"] = layouts.json_bytes(contents)
        files[f"{folder}/{name}/{item.name}"] = item.data
    contents = {
        "info": _INFO,
        "properties": {"grid-size": "regular"},
        "stickers": [{"filename": name} for name in names],
    }
    return {
        **files,
        f"{folder}/Contents.json": layouts.json_bytes(contents),
        **layouts.texts(pack),
    }


_CANVAS = Canvas(408, 408)  # "regular"; 300 is small and 618 large
_SOURCE = "https://developer.apple.com/documentation/messages/mssticker"

STICKERS = Platform(
    key="imessage",
    title="iMessage",
    sources=(_SOURCE, "https://developer.apple.com/documentation/messages/msstickersize"),
    write=write,
    still=FileRule("png", _CANVAS, 499 * KB),  # "less than 500"
    moving=FileRule("apng", _CANVAS, 499 * KB, Timing(5_000), accepts=("gif",)),
    counts=Counts(1, 500),
    title_rule=TextRule(30, is_required=True),  # of an app in the App Store
)
