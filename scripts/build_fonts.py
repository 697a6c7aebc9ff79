"""Make resources/fonts from openly licensed families, cut down to what captions need.

python scripts/build_fonts.py FOLDER

FOLDER holds the unpacked npm packages, each in a folder of its name: `npm pack
@expo-google-fonts/NAME` for each of `sources`, and `npm pack twemoji-colr-font`. Needs `pip install
brotli cffsubr`.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cffsubr  # pyright: ignore[reportMissingImports] — only this script wants it
from fontTools import subset
from fontTools.fontBuilder import FontBuilder
from fontTools.pens.qu2cuPen import Qu2CuPen
from fontTools.pens.t2CharStringPen import T2CharStringPen
from fontTools.pens.ttGlyphPen import TTGlyphPen
from fontTools.ttLib import TTFont

TARGET = Path(__file__).resolve().parent.parent / "resources" / "fonts"
_CURVE_ERROR = 1.0  # thousandths of an em that a curve may move when quadratic ones become cubic
_NAMES = [0, 1, 2, 3, 4, 5, 6, 13, 14]  # copyright, names and licence

_LATIN = (*range(0x20, 0x250), *range(0x2B0, 0x370), *range(0x1E00, 0x1F00))
_GREEK_CYRILLIC = (*range(0x370, 0x530), *range(0x1F00, 0x2000))
_MARKS = (
    *range(0x2000, 0x2070),
    *range(0x20A0, 0x20D0),
    *range(0x2100, 0x2300),
    *range(0x2460, 0x2500),
    *range(0x25A0, 0x27C0),
)
_EAST_ASIAN = (
    *range(0x3000, 0x3130),  # punctuation, kana, bopomofo
    *range(0x3130, 0x3190),
    *range(0x31A0, 0x31C0),
    *range(0x31F0, 0x3400),
    *range(0xFF00, 0xFFF0),
)


def in_code(codec: str, leads: Iterable[int], trails: range) -> set[int]:
    """The characters of a double-byte code, as code points."""
    found: set[int] = set()
    for lead in leads:
        for trail in trails:
            found.update(map(ord, bytes((lead, trail)).decode(codec, errors="ignore")))
    return found


def east_asian() -> set[int]:
    """Big5; the first level of JIS X 0208 and of GB 2312; the syllables of KS X 1001."""
    return {
        *_EAST_ASIAN,
        *in_code("big5", range(0xA1, 0xFA), range(0x40, 0xFF)),
        *in_code("euc_jp", range(0xB0, 0xD0), range(0xA1, 0xFF)),
        *in_code("gb2312", range(0xB0, 0xD8), range(0xA1, 0xFF)),
        *in_code("euc_kr", range(0xB0, 0xC9), range(0xA1, 0xFF)),
    }


@dataclass(frozen=True)
class Source:
    """One family's file in its package, and which characters are kept."""

    package: str
    file: str
    target: str
    keep: set[int]


def sources() -> list[Source]:
    """Every family but the emoji."""
    latin = {*_LATIN, *_MARKS}
    return [
        Source(
            "chiron-goround-tc",
            "800ExtraBold/ChironGoRoundTC_800ExtraBold.ttf",
            "round.otf",
            {*latin, *_GREEK_CYRILLIC, *east_asian()},
        ),
        Source(
            "fredoka", "700Bold/Fredoka_700Bold.ttf", "bubbly.ttf", {*latin, *range(0x590, 0x600)}
        ),
        Source(
            "playpen-sans",
            "800ExtraBold/PlaypenSans_800ExtraBold.ttf",
            "hand.ttf",
            {*latin, *_GREEK_CYRILLIC},
        ),
        Source("bangers", "400Regular/Bangers_400Regular.ttf", "comic.ttf", latin),
        Source(
            "baloo-bhaijaan-2",
            "800ExtraBold/BalooBhaijaan2_800ExtraBold.ttf",
            "arabic.ttf",
            {0x20, *range(0x600, 0x780), *range(0xFB50, 0xFE00), *range(0xFE70, 0xFF00)},
        ),
        Source(
            "baloo-2",
            "800ExtraBold/Baloo2_800ExtraBold.ttf",
            "devanagari.ttf",
            {0x20, *range(0x900, 0x980), 0x200C, 0x200D, 0x25CC},
        ),
        Source(
            "mali", "700Bold/Mali_700Bold.ttf", "thai.ttf", {0x20, *range(0xE00, 0xE80), 0x25CC}
        ),
    ]


def cut(source: Source, folder: Path) -> TTFont:
    """The family's font with only what is kept."""
    options = subset.Options()
    options.hinting = False
    options.glyph_names = False
    options.name_IDs = _NAMES
    options.notdef_outline = True
    options.drop_tables += ["vhea", "vmtx", "VORG", "gasp"]
    # Handwriting that alternates its letters would triple the file.
    options.layout_features = ["*"] if source.target == "devanagari.ttf" else [
        "abvm", "blwm", "ccmp", "curs", "fina", "init", "isol", "kern", "liga", "locl", "mark",
        "medi", "mkmk", "rlig",
    ]  # fmt: skip
    font = subset.load_font(str(folder / source.package / source.file), options)
    cutter = subset.Subsetter(options)
    cutter.populate(unicodes=source.keep)
    cutter.subset(font)
    return font


def with_cubic_curves(font: TTFont) -> TTFont:
    """The same as CFF: two fifths smaller for thousands of rounded characters."""
    glyphs: Any = font.getGlyphSet()
    drawn: dict[str, Any] = {}
    for name in font.getGlyphOrder():
        pen = T2CharStringPen(font["hmtx"][name][0], glyphs)
        glyphs[name].draw(Qu2CuPen(pen, _CURVE_ERROR, all_cubic=True, reverse_direction=True))
        drawn[name] = pen.getCharString()
    for tag in ("glyf", "loca", "prep", "fpgm", "cvt "):
        if tag in font:
            del font[tag]
    font["maxp"].tableVersion = 0x5000
    font.sfntVersion = "OTTO"
    builder = FontBuilder(font=font)
    builder.isTTF = False
    builder.setupCFF(font["name"].getDebugName(6) or "round", {}, drawn, {})
    return cffsubr.subroutinize(font)


def emoji(folder: Path) -> TTFont:
    """Twemoji's layers. Each gets a box as its own outline, for Pillow measures that outline."""
    font = TTFont(folder / "twemoji-colr-font" / "twemoji.woff2")
    font.flavor = None
    glyphs = font["glyf"]
    for base, layers in font["COLR"].ColorLayers.items():
        shapes = [glyphs[layer.name] for layer in layers if glyphs[layer.name].numberOfContours]
        left, bottom = min(g.xMin for g in shapes), min(g.yMin for g in shapes)
        right, top = max(g.xMax for g in shapes), max(g.yMax for g in shapes)
        pen = TTGlyphPen(None)
        pen.moveTo((left, bottom))
        for corner in ((left, top), (right, top), (right, bottom)):
            pen.lineTo(corner)
        pen.closePath()
        glyphs[base] = pen.glyph()
        font["hmtx"][base] = (font["hmtx"][base][0], left)
    for tag in ("FFTM", "gasp", "cvt "):
        if tag in font:
            del font[tag]
    names: Any = font["post"]
    names.formatType = 3.0
    return font


def main() -> None:
    """Write every font and licence."""
    folder = Path(sys.argv[1])
    TARGET.mkdir(parents=True, exist_ok=True)
    wanted = sys.argv[2:]
    for source in sources():
        if wanted and source.target not in wanted:
            continue
        font = cut(source, folder)
        if source.target.endswith(".otf"):
            font = with_cubic_curves(font)
        save(font, source.target)
        licence = folder / source.package / "LICENSE_FONT"
        shutil.copyfile(licence, TARGET / f"LICENSE-{source.package}")
    if not wanted or "emoji.ttf" in wanted:
        save(emoji(folder), "emoji.ttf")
        shutil.copyfile(folder / "twemoji-colr-font" / "LICENSE", TARGET / "LICENSE-twemoji")


def save(font: TTFont, name: str) -> None:
    """Write `font`, and say how large it is."""
    font.recalcTimestamp = False  # the same input gives the same bytes
    font.save(TARGET / name)
    print(f"{name:16} {(TARGET / name).stat().st_size:>10,} bytes")


if __name__ == "__main__":
    main()
