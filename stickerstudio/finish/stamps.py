"""The stamps that come with the program: small drawings to be put onto a sticker.

Drawn for this project by `scripts/build_stamps.py`, which writes an SVG and a WebP of each; the
WebP is shown, so that nothing has to draw SVG where there is no window.
"""

from __future__ import annotations

from functools import lru_cache

from PIL import Image

from stickerstudio.core.errors import NotFoundError
from stickerstudio.core.i18n import tr
from stickerstudio.core.paths import Paths
from stickerstudio.core.pictures import open_picture

PREFIX = "shipped:"
_NAMES = (
    *("heart", "sparkle", "star", "flower", "bubble", "zzz"),
    *("tears", "sweat", "anger", "flame", "crown", "party-hat"),
)


def shipped() -> tuple[str, ...]:
    """Every stamp's source, as a design.Stamp keeps it: "shipped:heart" …"""
    return tuple(PREFIX + name for name in _NAMES)


def title(source: str) -> str:
    """What a shipped stamp is called in the window."""
    return {
        "heart": tr("Heart"),
        "sparkle": tr("Sparkles"),
        "star": tr("Star"),
        "flower": tr("Flower"),
        "bubble": tr("Speech bubble"),
        "zzz": tr("Zzz"),
        "tears": tr("Tears"),
        "sweat": tr("Drop of sweat"),
        "anger": tr("Anger mark"),
        "flame": tr("Flame"),
        "crown": tr("Crown"),
        "party-hat": tr("Party hat"),
    }[source.removeprefix(PREFIX)]


def load(source: str, side: int) -> Image.Image:
    """A shipped stamp as RGBA, `side` pixels wide and high; a picture of its own each time.

    Raises:
        NotFoundError: there is no such stamp.
        BadFileError, DiskError: its file is damaged or cannot be read.
    """
    name = source.removeprefix(PREFIX)
    if not source.startswith(PREFIX) or name not in _NAMES:
        raise NotFoundError(
            tr("There is no stamp {name}.", name=name),
            tr("There are: {names}.", names=", ".join(_NAMES)),
            tr("Choose one of them, or a sticker of your gallery."),
        )
    whole = _whole(name)
    if whole.size == (side, side):
        return whole.copy()
    smaller = whole.convert("RGBa").resize((side, side), Image.Resampling.LANCZOS)
    return smaller.convert("RGBA")


@lru_cache(maxsize=len(_NAMES))
def _whole(name: str) -> Image.Image:
    return open_picture(Paths.default().resources / "stamps" / f"{name}.webp")
