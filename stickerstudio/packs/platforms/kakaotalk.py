"""KakaoTalk Emoticon Studio: 32 still pictures, or 24 animated ones."""

from stickerstudio.finish.fit_place import Canvas, Timing
from stickerstudio.packs import layouts
from stickerstudio.packs.platform import KB, Counts, FileRule, Platform, TextRule

_CANVAS = Canvas(360, 360)
_SOURCES = ("https://emoticonstudio.kakao.com/pages/start", "https://fancysailor.tistory.com/76")
_TITLE = TextRule(20, is_required=True)

STILL = Platform(
    key="kakaotalk",
    title="KakaoTalk",
    sources=_SOURCES,
    write=layouts.plain,
    still=FileRule("png", _CANVAS, 150 * KB, is_transparent=True),
    moving=None,
    counts=Counts(32, 32, step=32),
    title_rule=_TITLE,
)
# A proposal shows 3 of the 24 in motion, as GIFs on white, and 21 still.
ANIMATED = Platform(
    key="kakaotalk-animated",
    title="KakaoTalk animated",
    sources=_SOURCES,
    write=layouts.plain,
    still=FileRule("png", _CANVAS, 150 * KB, is_transparent=True),
    moving=FileRule(
        "gif",
        _CANVAS,
        2_000 * KB,
        Timing(5_000, max_frames=24, min_frame_ms=20),
        background="#ffffff",
    ),
    counts=Counts(24, 24, step=24),
    moving_share=3,
    title_rule=_TITLE,
)
