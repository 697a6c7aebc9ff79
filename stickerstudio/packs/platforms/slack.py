"""Slack: emoji of a workspace, uploaded one by one under their names."""

from stickerstudio.finish.fit_place import Canvas, Timing
from stickerstudio.packs import layouts
from stickerstudio.packs.platform import KB, Counts, FileRule, Platform

_CANVAS = Canvas(128, 128)
_MAX = 64 * KB  # older tools say 64, newer ones 128: what keeps the smaller passes everywhere

EMOJI = Platform(
    key="slack",
    title="Slack emoji",
    sources=(
        "https://slack.com/help/articles/206870177",
        "https://github.com/sammymax/slack-emojinator",
    ),
    write=layouts.plain,
    still=FileRule("png", _CANVAS, _MAX),
    moving=FileRule("gif", _CANVAS, _MAX, Timing(5_000, max_frames=50, min_frame_ms=20)),
    counts=Counts(1, 1_000),
    name=layouts.shortcode,
)
