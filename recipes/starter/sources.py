"""What the recipe downloads: packages by name, version and checksum, and the art inside them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from PIL import Image

from recipes.starter import filters


@dataclass(frozen=True)
class Package:
    """One package of the npm registry, pinned; ``integrity`` is npm's own SHA-512 value."""

    name: str
    version: str
    integrity: str

    @property
    def spec(self) -> str:
        """What the npm client is asked for."""
        return f"{self.name}@{self.version}"

    @property
    def tarball(self) -> str:
        """The file name the npm client gives the package."""
        return f"{self.name.lstrip('@').replace('/', '-')}-{self.version}.tgz"

    @property
    def folder(self) -> str:
        """Where the package is unpacked, below the work folder's ``packages/``."""
        return self.tarball.removesuffix(".tgz")


@dataclass(frozen=True)
class ArtSet:
    """One set of drawings in one style; ``licence`` is its SPDX name."""

    style: str
    licence: str
    package: Package


EMOJIBASE = Package(
    "emojibase-data",
    "17.0.0",
    "sha512-Yvgb5AWoHViHV/gq1qr5ZAarcBip+B27/ZLRsUJkbgAEaLlZ/fof9"
    "g882LTpmEpyhBNEC0m2SEmItljHsTygjA==",
)

ART: tuple[ArtSet, ...] = (
    ArtSet(
        "noto",
        "Apache-2.0",
        Package(
            "@iconify-json/noto",
            "1.2.9",
            "sha512-DQiuXENbun41ch+XPSV55H9FaWKpHTyz46YIKtSaKYD4fIDDzL1tR"
            "6H4np/T38jfrTAeI3rcKF0mqHYeZVAuaw==",
        ),
    ),
    ArtSet(
        "twemoji",
        "CC-BY-4.0",
        Package(
            "@iconify-json/twemoji",
            "1.2.5",
            "sha512-uKpuIEV0v6K5BW3Mjdyl+XKFVAbbcPxAgifKvEMtZoUZB5+YiY5za"
            "Mm2uNNCxyXzAWU9yNLlj41WU6/mvgALsw==",
        ),
    ),
    ArtSet(
        "fluent-flat",
        "MIT",
        Package(
            "@iconify-json/fluent-emoji-flat",
            "1.2.6",
            "sha512-RY47RgPb47fYUiyrA64sIOL0+UU02s29sXpNBbIQRBUlPlfNFTKUm"
            "ZDERGuxDs/7yNGWqQYvuaSYM1M4fRXlUw==",
        ),
    ),
    ArtSet(
        "noto-v1",
        "Apache-2.0",
        Package(
            "@iconify-json/noto-v1",
            "1.2.5",
            "sha512-/DsVMius69Q0fRS53z7QK1TROSuar606jiIx+laXtdsYGMXpf6LtH"
            "Bx6CGfoo3UHHb/XpBsw+1L1x3eyPqMuVA==",
        ),
    ),
    ArtSet(
        "fxemoji",
        "Apache-2.0",
        Package(
            "@iconify-json/fxemoji",
            "1.2.2",
            "sha512-UAasRaxzFUKfIGSmLwnoarsssA4LX0VLLuEmplIqM6ZNQqIQRtav8"
            "tZ4H1neTlBreXuMQyAifr5jP4kn78DpiQ==",
        ),
    ),
    ArtSet(
        "streamline",
        "CC-BY-4.0",
        Package(
            "@iconify-json/streamline-emojis",
            "1.2.4",
            "sha512-iNr9T9XuZVTyQPJO8ZlLxBzPkpi7qMl+z1l0C31vpEMqhPMelth3n"
            "7CeWQYtixdetDPdI81yeG4ROqjWpYJE6A==",
        ),
    ),
    ArtSet(
        "emojione",
        "CC-BY-4.0",
        Package(
            "@iconify-json/emojione",
            "1.2.3",
            "sha512-T9+T3HIbJNLKKsmxYKlaYhvnHYkz/HNYTV7SHCXVZPfeUi4FqskY7"
            "0YeN8yYAZT8cCv7w5vJxS4Q1m8zb9CMMg==",
        ),
    ),
)

BASE_STYLES = ("noto", "twemoji", "fluent-flat")
"""The styles the base model draws; the other sets teach the VAE and the judge."""


@dataclass(frozen=True)
class LoraArt:
    """What a LoRA learns from: drawings of a set that the base has not seen, or a base set's own,
    redrawn.

    ``pictures`` is the package's folder of pictures named by code point, or empty where it is a set
    of icons. ``redraw`` takes an RGBA page and gives another of its size.
    """

    drawings: ArtSet
    pictures: str = ""
    redraw: Callable[[Image.Image], Image.Image] | None = None


LORA_ART: dict[str, LoraArt] = {
    "ink": LoraArt(
        ArtSet(
            "ink",
            "MIT",
            Package(
                "@iconify-json/fluent-emoji-high-contrast",
                "1.2.6",
                "sha512-esqhZPpkrF7sNX3NsLoh8KW64okEr/bzko7WNnFP+qTJGAqDPDYjp"
                "0925yxuivXy3HtVQB8xhIKu3+Nq1byX5w==",
            ),
        )
    ),
    "clay": LoraArt(
        ArtSet(
            "clay",
            "MIT",
            Package(
                "@lobehub/fluent-emoji-3d",
                "1.1.0",
                "sha512-Wlq2lVStTnr8BDpIJ0pEnTKO4LuDxxqTEhTvRtD1DLRF0me7ogeRQj"
                "KoehDHXuVJ2Qaecgl5wRBv60lUAG3h7g==",
            ),
        ),
        pictures="assets",
    ),
    "pencil": LoraArt(ART[0], redraw=filters.pencil),
    "riso": LoraArt(ART[1], redraw=filters.riso),
}
"""What only LoRAs learn from, by the LoRA's name. Each repeats a base style's pictures line for
line, in ink, clay, pencil or few inks: so what a LoRA learns is how to draw, and not what."""
