"""Step ``manifest``: one line per drawing: where it is, whose it is, and what it shows."""

from __future__ import annotations

import json
import re
import unicodedata
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, cast

from recipes.starter.sources import ART, EMOJIBASE, ArtSet

COMPONENT_GROUP, FLAG_GROUP = 2, 9
TYPE_SELECTORS = {"FE0F", "FE0E", "200D"}


@dataclass(frozen=True)
class Drawing:
    """One picture of one concept in one style.

    ``concept`` is the Unicode code points in upper-case hex joined by ``-`` (without selectors);
    the words are emojibase's, in English and in Traditional Chinese.
    """

    file: str
    style: str
    licence: str
    slug: str
    concept: str
    group: int
    en: str
    zh_hant: str
    en_tags: tuple[str, ...]
    zh_hant_tags: tuple[str, ...]


def _plain(hexcode: str) -> str:
    return "-".join(p for p in hexcode.upper().split("-") if p not in TYPE_SELECTORS)


def _slug(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", text.lower().replace("’", "")).strip("-")


def load_words(work: Path) -> dict[str, dict[str, Any]]:
    """Emojibase's entries by concept; skin tones are nested there and so never appear."""
    folder = work / "packages" / EMOJIBASE.folder
    english = json.loads((folder / "en" / "data.json").read_text("utf-8"))
    chinese = {
        _plain(entry["hexcode"]): entry
        for entry in json.loads((folder / "zh-hant" / "data.json").read_text("utf-8"))
    }
    words: dict[str, dict[str, Any]] = {}
    for entry in english:
        group = entry.get("group")
        if group is None or group in (COMPONENT_GROUP, FLAG_GROUP):
            continue
        key = _plain(entry["hexcode"])
        other = chinese.get(key, {})
        words[key] = {
            "group": group,
            "en": entry["label"],
            "zh_hant": other.get("label", ""),
            "en_tags": tuple(entry.get("tags", ())),
            "zh_hant_tags": tuple(
                part.strip()
                for tag in other.get("tags", ())
                for part in re.split("[，、,]", tag)
                if part.strip()
            ),
        }
    return words


def _old_name(concept: str) -> str:
    """The squashed Unicode name that older sets use as their file name."""
    if "-" in concept:
        return ""
    name = unicodedata.name(chr(int(concept, 16)), "")
    return re.sub(r"[^a-z0-9]", "", name.lower())


def match_slugs(art: ArtSet, work: Path, words: dict[str, dict[str, Any]]) -> dict[str, str]:
    """Which icon of a set draws which concept: by code point where known, else by name."""
    folder = work / "packages" / art.package.folder
    icons = json.loads((folder / "icons.json").read_text("utf-8"))
    known: dict[str, str] = {}
    chars = folder / "chars.json"
    if chars.exists():
        for code, slug in json.loads(chars.read_text("utf-8")).items():
            key = _plain(code)
            if key in words and slug in icons["icons"]:
                known.setdefault(slug, key)
    by_name = {_slug(entry["en"]): key for key, entry in words.items()}
    by_name |= {_old_name(key): key for key in words if _old_name(key)}
    for slug in icons["icons"]:
        base = re.sub(r"-\d+$", "", slug)
        for name in (slug, base, base.removesuffix("-face"), base + "-face"):
            if slug not in known and name in by_name:
                known[slug] = by_name[name]
    return known


def run(work: Path) -> list[Drawing]:
    """Write ``manifest.json``; duplicates of a concept within a set are kept as its variants."""
    words = load_words(work)
    drawings: list[Drawing] = []
    for art in ART:
        slugs = match_slugs(art, work, words)
        for slug, concept in sorted(slugs.items()):
            entry = words[concept]
            drawings.append(
                Drawing(f"{art.style}/{slug}", art.style, art.licence, slug, concept, **entry)
            )
        print(f"manifest: {art.style}: {len(slugs)} drawings", flush=True)
    text = json.dumps([asdict(d) for d in drawings], ensure_ascii=False, indent=0)
    (work / "manifest.json").write_text(text, "utf-8")
    return drawings


def load(work: Path) -> list[Drawing]:
    """Read what :func:`run` wrote."""
    rows = json.loads((work / "manifest.json").read_text("utf-8"))
    return [
        Drawing(**cast(Any, {k: tuple(v) if isinstance(v, list) else v for k, v in row.items()}))
        for row in rows
    ]
