"""Telegram: files and the list of emoji as the Bot API's createNewStickerSet takes them."""

from stickerstudio.core.i18n import tr
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

MAX_KEYWORDS = 64  # characters, all of a sticker's together
LIST = "stickers.json"


def _write(pack: Finished, sticker_type: str) -> Files:
    """The pictures, and stickers.json: the arguments of createNewStickerSet.

    A set's name must end in "_by_" and the bot's name, which only the bot's owner knows.
    """
    stickers = [
        {
            "sticker": item.name,
            "format": "video" if item.name.endswith(".webm") else "static",
            "emoji_list": list(item.emoji),
            "keywords": [item.text[:MAX_KEYWORDS]] if item.text else [],
        }
        for item in pack.items
    ]
    arguments = {
        "title": pack.title,
        "name": f"{pack.identifier.replace('-', '_')}_by_<bot_username>",
        "sticker_type": sticker_type,
        "stickers": stickers,
    }
    readme = tr(
        "Send these files to @Stickers one by one with their emoji, or let your bot call "
        "createNewStickerSet with what stickers.json says (50 stickers at once at most, the others "
        "by addStickerToSet)."
    )
    return {
        **layouts.pictures(pack),
        **layouts.texts(pack),
        LIST: layouts.json_bytes(arguments),
        "README.txt": f"{readme}\n".encode(),
    }


def _write_stickers(pack: Finished) -> Files:
    return _write(pack, "regular")


def _write_emoji(pack: Finished) -> Files:
    return _write(pack, "custom_emoji")


_SOURCES = (
    "https://core.telegram.org/stickers",
    "https://core.telegram.org/bots/api#inputsticker",
    "https://core.telegram.org/bots/api#createnewstickerset",
)
_VIDEO = Timing(3_000, max_fps=30)
_THUMBNAIL = {"thumbnail": FileRule("webp", Canvas(100, 100), 128 * KB)}
_SIDE = Canvas(512, 512, "within", min_longer=512)

STICKERS = Platform(
    key="telegram",
    title="Telegram",
    sources=_SOURCES,
    write=_write_stickers,
    still=FileRule("webp", _SIDE, 512 * KB, accepts=("png",)),
    moving=FileRule("webm", _SIDE, 256 * KB, _VIDEO),
    counts=Counts(1, 120),
    covers=_THUMBNAIL,
    emoji=(1, 20),
    title_rule=TextRule(64, is_required=True),
)
EMOJI = Platform(
    key="telegram-emoji",
    title="Telegram emoji",
    sources=_SOURCES,
    write=_write_emoji,
    still=FileRule("webp", Canvas(100, 100), 512 * KB, accepts=("png",)),
    moving=FileRule("webm", Canvas(100, 100), 256 * KB, _VIDEO),
    counts=Counts(1, 200),
    covers=_THUMBNAIL,
    emoji=(1, 20),
    title_rule=TextRule(64, is_required=True),
)
