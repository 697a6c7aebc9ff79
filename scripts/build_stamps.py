"""Draw resources/stamps: one SVG each, and its WebP of 512 pixels, which the program shows.

python scripts/build_stamps.py

Needs resvg-py (the dependency group "recipe").
"""

# ruff: noqa: E501 — a path reads better in one piece
from __future__ import annotations

import io
import math
from pathlib import Path

import resvg_py  # pyright: ignore[reportMissingImports]
from PIL import Image

TARGET = Path(__file__).resolve().parent.parent / "resources" / "stamps"
SIDE = 512  # pixels; a stamp is rarely larger than half a sticker of 1,024
LINE = 5  # of 128; as thick on every stamp, so that they belong together


def polar(radius: float, degrees: float, centre: tuple[float, float] = (64, 64)) -> str:
    """A point on a circle, "x,y"; 0° is up, clockwise."""
    angle = math.radians(degrees)
    x, y = centre[0] + radius * math.sin(angle), centre[1] - radius * math.cos(angle)
    return f"{x:.1f},{y:.1f}"


def shape(path: str, fill: str, line: str, *, width: float = LINE) -> str:
    """A closed shape with a line around it."""
    return (
        f'<path d="{path}" fill="{fill}" stroke="{line}" stroke-width="{width}"'
        ' stroke-linejoin="round" stroke-linecap="round"/>'
    )


def gloss(path: str, width: float = 6, opacity: float = 0.75) -> str:
    """A white stroke: light on a shape."""
    return (
        f'<path d="{path}" fill="none" stroke="#fff" stroke-width="{width}"'
        f' stroke-opacity="{opacity}" stroke-linecap="round" stroke-linejoin="round"/>'
    )


def shade(path: str, fill: str) -> str:
    """A darker part inside a shape."""
    return f'<path d="{path}" fill="{fill}"/>'


def heart() -> str:
    body = "M64,114 C44,98 10,74 10,43 C10,25 23,13 39,13 C50,13 59,19 64,29 C69,19 78,13 89,13 \
C105,13 118,25 118,43 C118,74 84,98 64,114 Z"
    low = (
        "M64,111 C45,96 14,74 13,46 C24,80 58,88 92,70 C101,65 111,56 115,46 C113,74 83,96 64,111 Z"
    )
    return (
        shape(body, "#ff4d6d", "#a3123f")
        + shade(low, "#e32a55")
        + gloss("M25,44 C25,35 31,28 39,27", 8)
    )


def drop(x: float, y: float, size: float, turn: float = 0) -> str:
    """A drop, its middle at x, y."""
    body = "M0,-30 C9,-14 22,0 22,13 A22,22 0 0 1 -22,13 C-22,0 -9,-14 0,-30 Z"
    low = "M-19,14 A19,19 0 0 0 19,15 C12,24 -8,25 -19,14 Z"
    inner = shape(body, "#6fd0ff", "#1b6fb5", width=LINE / size) + shade(low, "#3fb2f2")
    inner += gloss("M-11,12 C-11,6 -8,1 -5,-4", 5 / size**0.5)
    return f'<g transform="translate({x},{y}) rotate({turn}) scale({size})">{inner}</g>'


def tears() -> str:
    return drop(38, 44, 1.1, 14) + drop(90, 44, 1.1, -14) + drop(64, 94, 0.8)


def sweat() -> str:
    return drop(64, 60, 1.65, 12)


def letter_z(x: float, y: float, size: float, turn: float) -> str:
    line = '<path d="M-14,-16 H14 L-14,16 H14" fill="none" stroke-linejoin="round" \
stroke-linecap="round" '
    inner = line + f'stroke="#34408f" stroke-width="{15 + 4 / size}"/>'
    inner += line + 'stroke="#8fa2ff" stroke-width="13"/>'
    inner += '<path d="M-13,-17 H10" stroke="#fff" stroke-opacity=".7" stroke-width="4" stroke-linecap="round"/>'
    return f'<g transform="translate({x},{y}) rotate({turn}) scale({size})">{inner}</g>'


def zzz() -> str:
    return letter_z(34, 92, 1.2, -8) + letter_z(80, 55, 0.86, 6) + letter_z(110, 24, 0.56, -6)


def spark(x: float, y: float, size: float) -> str:
    body = "M0,-40 C4,-14 14,-4 40,0 C14,4 4,14 0,40 C-4,14 -14,4 -40,0 C-14,-4 -4,-14 0,-40 Z"
    inner = shape(body, "#ffd84a", "#c4780b", width=LINE / size)
    inner += shade(
        "M0,-20 C2,-7 7,-2 20,0 C7,2 2,7 0,20 C-2,7 -7,2 -20,0 C-7,-2 -2,-7 0,-20 Z", "#fff3b8"
    )
    return f'<g transform="translate({x},{y}) scale({size})">{inner}</g>'


def sparkle() -> str:
    return spark(52, 70, 1.15) + spark(100, 30, 0.6) + spark(104, 100, 0.42)


def bubble() -> str:
    body = "M64,10 C98,10 120,29 120,55 C120,81 97,99 64,99 C59,99 54,98.500 49,97.600 \
C42,107 31,114 18,116 C25,109 28,100 27,90 C15,82 8,70 8,55 C8,29 30,10 64,10 Z"
    low = (
        "M11,57 C16,78 40,90 66,89 C92,88 112,76 117,57 C117,79 95,96 64,96 C58,96 53,95.500 48,94.400 \
C42,103 34,109 26,111.500 C30,104 31,96 30,88 C18,80 11,70 11,57 Z"
    )
    return shape(body, "#ffffff", "#3b4a5a") + shade(low, "#e3eaf1")


def party_hat() -> str:
    cone = "M66,18 L104,104 C92,116 38,117 24,105 Z"
    inside = (
        '<clipPath id="cone"><path d="' + cone + '"/></clipPath><g clip-path="url(#cone)">'
        '<path d="M20,84 L112,58 L116,76 L16,104 Z M40,42 L94,28 L98,44 L32,62 Z" fill="#ffd84a"/>'
        '<path d="M88,40 L112,108 L80,122 Z" fill="#8f1f57" fill-opacity=".14"/></g>'
    )
    dots = "".join(
        f'<circle cx="{x}" cy="{y}" r="{r}" fill="#fff"/>'
        for x, y, r in ((48, 74, 5), (78, 68, 5), (64, 100, 5.5), (90, 97, 5), (40, 100, 4))
    )
    tuft = (
        "".join(
            f'<circle cx="{x}" cy="{y}" r="11" fill="#5ad1c1" stroke="#17766b" stroke-width="{LINE}"/>'
            for x, y in ((54, 20), (78, 20), (66, 12))
        )
        + '<circle cx="66" cy="19" r="12" fill="#5ad1c1"/>'
    )
    drawn = (
        shape(cone, "#f2649b", "#8f1f57") + inside + dots + shape(cone, "none", "#8f1f57") + tuft
    )
    return f'<g transform="translate(0,6)">{drawn}</g>'


def flower() -> str:
    petals = "".join(
        f'<ellipse cx="64" cy="31" rx="21" ry="24" fill="{{}}" stroke="#a82668" stroke-width="{LINE}"'
        f' transform="rotate({turn} 64 64)"/>'.format("#ff8fbf")
        for turn in range(0, 360, 72)
    )
    inner = "".join(
        f'<ellipse cx="64" cy="34" rx="17" ry="20" fill="#ff8fbf" transform="rotate({turn} 64 64)"/>'
        f'<path d="M64,24 V36" stroke="#ffc9e0" stroke-width="6" stroke-linecap="round"'
        f' transform="rotate({turn} 64 64)"/>'
        for turn in range(0, 360, 72)
    )
    heart_of_it = (
        f'<circle cx="64" cy="64" r="18" fill="#ffd84a" stroke="#c4780b" stroke-width="{LINE}"/>'
    )
    return petals + inner + heart_of_it + gloss("M55,60 C56,56 59,53 63,53", 5)


def star() -> str:
    points = [polar(54 if i % 2 == 0 else 27, 36 * i, (64, 69)) for i in range(10)]
    body = "M" + " L".join(points) + " Z"
    return (
        shape(body, "#ffcf33", "#b9700a", width=18)
        + shape(body, "#ffcf33", "#ffcf33", width=9)
        + gloss("M52,50 L60,36", 7)
    )


def anger() -> str:
    return "".join(
        f'<path d="M50,16 C52,38 46,48 18,50" fill="none" stroke="{colour}" stroke-width="{width}"'
        f' stroke-linecap="round" transform="rotate({turn} 64 64)"/>'
        for colour, width in (("#8f1226", 22), ("#f2384f", 13))
        for turn in range(0, 360, 90)
    )


def flame() -> str:
    body = "M70,8 C76,32 110,48 108,82 C107,106 88,120 64,120 C40,120 20,106 20,80 \
C20,62 30,54 36,40 C42,48 44,54 46,60 C58,48 66,32 70,8 Z"
    middle = (
        "M72,50 C76,64 92,72 90,92 C89,106 78,114 64,114 C48,114 38,104 39,90 C40,80 46,76 49,70 \
C53,75 55,79 56,82 C64,74 70,64 72,50 Z"
    )
    core = "M66,84 C70,92 78,95 77,103 C76,110 71,113 64,113 C57,113 51,109 52,102 C53,95 62,93 66,84 Z"
    return shape(body, "#ff7a2e", "#a8330c") + shade(middle, "#ffb833") + shade(core, "#fff0b0")


def crown() -> str:
    body = "M14,42 L40,66 L64,24 L88,66 L114,42 L106,104 C92,112 36,112 22,104 Z"
    band = "M20,88 C38,96 90,96 108,88 L106,103 C92,110 36,110 22,103 Z"
    balls = "".join(
        f'<circle cx="{x}" cy="{y}" r="9" fill="#ffe68a" stroke="#b9700a" stroke-width="{LINE}"/>'
        for x, y in ((14, 38), (64, 19), (114, 38))
    )
    gems = (
        '<circle cx="64" cy="99" r="6.500" fill="#ff4d6d"/><circle cx="40" cy="97" r="5" fill="#5ad1c1"/>'
        '<circle cx="88" cy="97" r="5" fill="#5ad1c1"/>'
    )
    return (
        shape(body, "#ffcf33", "#b9700a")
        + shade(band, "#f2a91c")
        + gems
        + balls
        + gloss("M30,66 L33,80", 6)
    )


STAMPS = {
    "heart": heart,
    "tears": tears,
    "zzz": zzz,
    "sparkle": sparkle,
    "bubble": bubble,
    "party-hat": party_hat,
    "flower": flower,
    "star": star,
    "sweat": sweat,
    "anger": anger,
    "flame": flame,
    "crown": crown,
}


def main() -> None:
    """Write every stamp."""
    TARGET.mkdir(parents=True, exist_ok=True)
    for name, draw in STAMPS.items():
        svg = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 128 128">{draw()}</svg>\n'
        (TARGET / f"{name}.svg").write_text(svg, "utf-8", newline="\n")
        png = resvg_py.svg_to_bytes(svg_string=svg, width=SIDE, height=SIDE)
        image = Image.open(io.BytesIO(bytes(png))).convert("RGBA")
        left, top, right, bottom = image.getchannel("A").getbbox() or (0, 0, 0, 0)
        if min(left, top, SIDE - right, SIDE - bottom) < 1:
            raise SystemExit(f"{name} touches the edge")
        image.save(TARGET / f"{name}.webp", lossless=False, quality=92, method=6, exact=False)


if __name__ == "__main__":
    main()
