"""Discord: a server's stickers and emoji. Files are uploaded one by one under their names."""

from stickerstudio.finish.fit_place import Canvas, Timing
from stickerstudio.packs import layouts
from stickerstudio.packs.platform import Counts, FileRule, Platform

_KIB = 1_024  # Discord's documents write KiB
_SLOTS = 60  # stickers of a server at its highest level; 5 without one
_STICKER, _EMOJI = Canvas(320, 320), Canvas(128, 128)

STICKERS = Platform(
    key="discord",
    title="Discord",
    sources=("https://discord.com/developers/docs/resources/sticker",),
    write=layouts.plain,
    still=FileRule("png", _STICKER, 512 * _KIB),
    moving=FileRule("apng", _STICKER, 512 * _KIB, Timing(5_000), accepts=("gif",)),
    counts=Counts(1, _SLOTS),
    emoji=(1, 1),
    name=layouts.shortcode,
)
EMOJI = Platform(
    key="discord-emoji",
    title="Discord emoji",
    sources=("https://discord.com/developers/docs/resources/emoji",),
    write=layouts.plain,
    still=FileRule("png", _EMOJI, 256 * _KIB, accepts=("webp",)),
    moving=FileRule("gif", _EMOJI, 256 * _KIB, Timing(5_000, min_frame_ms=20), accepts=("webp",)),
    counts=Counts(1, 250),
    name=layouts.shortcode,
)
