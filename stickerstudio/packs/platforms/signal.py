"""Signal: files for the sticker creator of Signal Desktop."""

from stickerstudio.finish.fit_place import Canvas, Timing
from stickerstudio.packs import layouts
from stickerstudio.packs.platform import Counts, FileRule, Platform, TextRule

_KIB = 1_024  # Signal's own code counts so
_CANVAS = Canvas(512, 512, margin=16)

STICKERS = Platform(
    key="signal",
    title="Signal",
    sources=(
        "https://support.signal.org/hc/articles/360031836512",
        "https://github.com/signalapp/Signal-Server (StickerController.java: 200 and a cover)",
        "https://github.com/signalapp/Signal-Desktop (sticker-creator: sizes, formats, loops)",
    ),
    write=layouts.plain,
    still=FileRule("webp", _CANVAS, 300 * _KIB, accepts=("png",)),
    moving=FileRule("apng", _CANVAS, 300 * _KIB, Timing(3_000)),
    counts=Counts(1, 200),
    covers={"cover": FileRule("webp", _CANVAS, 300 * _KIB, accepts=("png",))},
    emoji=(1, 1),
    title_rule=TextRule(100, is_required=True),
    author_rule=TextRule(100, is_required=True),
)
