"""LINE Creators Market: one zip with main.png, tab.png, 01.png, 02.png, …"""

from stickerstudio.finish.fit_place import Canvas, Timing
from stickerstudio.packs import layouts
from stickerstudio.packs.platform import (
    KB,
    Counts,
    FileRule,
    Files,
    Finished,
    Platform,
    TextRule,
)

MAIN, TAB = "main", "tab"


def write(pack: Finished) -> Files:
    """The zip to upload, and the texts to type in beside it."""
    name = f"{pack.identifier}.zip"
    return {name: layouts.zipped(layouts.pictures(pack)), **layouts.texts(pack)}


def _emoji_name(number: int, text: str) -> str:
    return f"{number + 1:03}"


# 20 MB: the official page; newer reports say 60. Submitters tick "AI used" in LINE's form.
_MAX_ZIP = 20_000 * KB
_TITLE, _AUTHOR = TextRule(40, is_required=True, wide=True), TextRule(50, True, wide=True)
_MAIN = FileRule("png", Canvas(240, 240), 1_000 * KB, is_transparent=True)
_TAB = FileRule("png", Canvas(96, 74), 1_000 * KB, is_transparent=True)
_TIMING = Timing(4_000, min_frames=5, max_frames=20, loops=(1, 4), whole_seconds=True)

STICKERS = Platform(
    key="line",
    title="LINE",
    sources=("https://creator.line.me/en/guideline/sticker/",),
    write=write,
    still=FileRule(
        "png",
        Canvas(370, 320, "within", margin=10, even=True),
        1_000 * KB,
        is_transparent=True,
    ),
    moving=None,
    counts=Counts(8, 40, step=8),
    covers={MAIN: _MAIN, TAB: _TAB},
    title_rule=_TITLE,
    author_rule=_AUTHOR,
    max_bytes=_MAX_ZIP,
)
ANIMATED = Platform(
    key="line-animated",
    title="LINE animated",
    sources=("https://creator.line.me/en/guideline/animationsticker/",),
    write=write,
    still=None,
    moving=FileRule(
        "apng",
        Canvas(320, 270, "within", even=True, min_longer=270),
        300 * KB,
        _TIMING,
        is_transparent=True,
    ),
    counts=Counts(8, 24, step=8),
    covers={
        MAIN: FileRule("apng", Canvas(240, 240), 300 * KB, _TIMING, is_transparent=True),
        TAB: _TAB,
    },
    title_rule=_TITLE,
    author_rule=_AUTHOR,
    max_bytes=_MAX_ZIP,
)
EMOJI = Platform(
    key="line-emoji",
    title="LINE emoji",
    sources=(
        "https://creator.line.me/en/guideline/emoji/",
        "https://creator.line.me/en/guideline/animationemoji/",
    ),
    write=write,
    still=FileRule("png", Canvas(180, 180), 1_000 * KB, is_transparent=True),
    moving=FileRule("apng", Canvas(180, 180), 300 * KB, _TIMING, is_transparent=True),
    counts=Counts(8, 40),
    is_mixed=False,
    covers={TAB: _TAB},
    title_rule=_TITLE,
    author_rule=_AUTHOR,
    name=_emoji_name,
    max_bytes=_MAX_ZIP,
)
