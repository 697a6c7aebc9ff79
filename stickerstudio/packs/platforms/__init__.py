"""Every platform there is, in the order they are offered."""

from stickerstudio.core.errors import NotFoundError
from stickerstudio.core.i18n import tr
from stickerstudio.packs.platform import Platform
from stickerstudio.packs.platforms import (
    discord,
    imessage,
    kakaotalk,
    line,
    plain,
    signal,
    slack,
    telegram,
    viber,
    wechat,
    whatsapp,
)

PLATFORMS: tuple[Platform, ...] = (
    whatsapp.STICKERS,
    telegram.STICKERS,
    telegram.EMOJI,
    line.STICKERS,
    line.ANIMATED,
    line.EMOJI,
    signal.STICKERS,
    discord.STICKERS,
    discord.EMOJI,
    slack.EMOJI,
    imessage.STICKERS,
    kakaotalk.STILL,
    kakaotalk.ANIMATED,
    viber.STICKERS,
    wechat.STICKERS,
    plain.PNG,
    plain.WEBP,
    plain.PNG_ZIP,
    plain.WEBP_ZIP,
)


def find(key: str) -> Platform:
    """The platform of that key. Raises NotFoundError."""
    for platform in PLATFORMS:
        if platform.key == key:
            return platform
    raise NotFoundError(
        tr("There is no platform called {name}.", name=key),
        "",
        tr("Choose one of: {names}.", names=", ".join(platform.key for platform in PLATFORMS)),
    )
