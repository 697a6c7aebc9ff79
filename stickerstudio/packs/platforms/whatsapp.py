"""WhatsApp: contents.json for its sample apps, and .wastickers for Sticker Maker."""

import io

from PIL import Image

from stickerstudio.finish import encode
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

TRAY = "tray"
_WASTICKERS_TRAY = "cover.png"


def write(pack: Finished) -> Files:
    """contents.json and a folder named after the identifier, as below the sample's assets/.

    Beside them the same pack as one .wastickers file, for which Sticker Maker makes its own WebP of
    still stickers: it gets them as PNG, and animated ones as they are.
    """
    folder = pack.identifier
    contents = {
        "android_play_store_link": "",
        "ios_app_store_link": "",
        "sticker_packs": [
            {
                "identifier": pack.identifier,
                "name": pack.title,
                "publisher": pack.author,
                "tray_image_file": f"{TRAY}.png",
                "image_data_version": "1",
                "avoid_cache": False,
                "publisher_email": "",
                "publisher_website": "",
                "privacy_policy_website": "",
                "license_agreement_website": "",
                "animated_sticker_pack": pack.is_animated,
                "stickers": [
                    {
                        "image_file": item.name,
                        "emojis": list(item.emoji),
                        "accessibility_text": item.text[: ACCESSIBILITY[pack.is_animated]],
                    }
                    for item in pack.items
                ],
            }
        ],
    }
    stickers = {item.name: item.data for item in pack.items}
    tray = pack.covers[TRAY]
    archive = {
        _WASTICKERS_TRAY: tray,
        layouts.AUTHOR: pack.author.encode(),
        layouts.TITLE: pack.title.encode(),
        **(stickers if pack.is_animated else dict(map(_as_png, stickers.items()))),
    }
    return {
        "contents.json": layouts.json_bytes(contents),
        f"{folder}/{TRAY}.png": tray,
        **{f"{folder}/{name}": data for name, data in stickers.items()},
        f"{folder}.wastickers": layouts.zipped(archive, compressed=True),
    }


def _as_png(sticker: tuple[str, bytes]) -> tuple[str, bytes]:
    name, data = sticker
    with Image.open(io.BytesIO(data)) as image:
        return f"{name.rpartition('.')[0]}.png", encode.png(image)


ACCESSIBILITY = {False: 125, True: 255}  # characters, of a still and an animated sticker
_CANVAS = Canvas(512, 512, margin=16)  # 16 px: the Android README's advice

STICKERS = Platform(
    key="whatsapp",
    title="WhatsApp",
    sources=(
        "https://github.com/WhatsApp/stickers/blob/main/Android/README.md",
        "https://github.com/WhatsApp/stickers/blob/main/Android/app/src/main/java/com/example/"
        "samplestickerapp/StickerPackValidator.java",
        "https://github.com/laggykiller/sticker-convert (upload_whatsapp.py: .wastickers)",
    ),
    write=write,
    still=FileRule("webp", _CANVAS, 100 * KB),
    moving=FileRule("webp", _CANVAS, 500 * KB, Timing(10_000, min_frame_ms=8)),
    counts=Counts(3, 30),
    is_mixed=False,
    covers={TRAY: FileRule("png", Canvas(96, 96), 50 * KB)},
    emoji=(1, 3),
    title_rule=TextRule(128, is_required=True),
    author_rule=TextRule(128, is_required=True),
)
