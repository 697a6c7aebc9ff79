"""WeChat: GIFs of 240 pixels, each with a still picture of 120."""

from stickerstudio.finish.fit_place import Canvas, Timing
from stickerstudio.packs import layouts
from stickerstudio.packs.platform import KB, Counts, FileRule, Platform

_CANVAS = Canvas(240, 240)

STICKERS = Platform(
    key="wechat",
    title="WeChat",
    sources=("https://sticker.weixin.qq.com", "fantuan-lab/animated-sticker-studio (README.ja)"),
    write=layouts.plain,
    still=FileRule("gif", _CANVAS, 500 * KB),
    moving=FileRule("gif", _CANVAS, 500 * KB, Timing(5_000, min_frame_ms=20)),
    counts=Counts(1, 24),
    thumbnail=FileRule("png", Canvas(120, 120), None),
)
