"""Make resources/emoji/emoji.tsv: every emoji with its English and Traditional Chinese names.

    npm pack cldr-annotations-full@48.0.0 && npm pack emojibase-data@16.0.3
    python scripts/emoji_names.py cldr-annotations-full-48.0.0.tgz emojibase-data-16.0.3.tgz

The names are the CLDR's (Unicode-3.0); which emoji there are, their order and groups come from
emojibase-data (MIT), which takes them from Unicode's emoji-test.txt.
"""

from __future__ import annotations

import json
import sys
import tarfile
from pathlib import Path
from typing import Any

TARGET = Path(__file__).parents[1] / "resources" / "emoji" / "emoji.tsv"
NEWEST = 15.1  # emoji of September 2023: older phones show boxes for newer ones
COMPONENTS = 2  # the group of skin tones and hair, which are no emoji of their own


def read(archive: Path, name: str) -> Any:
    """One JSON file of an npm package."""
    with tarfile.open(archive) as files:
        member = files.extractfile(f"package/{name}")
        if member is None:
            raise SystemExit(f"{archive} holds no {name}")
        return json.load(member)


def names(archive: Path, locale: str) -> dict[str, list[str]]:
    """For each emoji without U+FE0F: its name, then its keywords."""
    data = read(archive, f"annotations/{locale}/annotations.json")["annotations"]["annotations"]
    found: dict[str, list[str]] = {}
    for emoji, texts in data.items():
        words = [*texts.get("tts", []), *texts.get("default", [])]
        found[emoji.replace("\ufe0f", "")] = list(dict.fromkeys(word.strip() for word in words))
    return found


def main(cldr: Path, emojibase: Path) -> None:
    """Write the resource."""
    english, chinese = names(cldr, "en"), names(cldr, "zh-Hant")
    lines: list[str] = []
    entries = [
        e for e in read(emojibase, "en/data.json") if e.get("group", COMPONENTS) != COMPONENTS
    ]
    for entry in sorted(entries, key=lambda entry: entry["order"]):
        key = entry["emoji"].replace("\ufe0f", "")
        if entry.get("group", COMPONENTS) == COMPONENTS or entry["version"] > NEWEST:
            continue
        if key not in english:
            continue  # flags have derived names only, and no sticker is about one
        fields = (
            entry["emoji"],
            str(entry["group"]),
            "|".join(english[key]),
            "|".join(chinese.get(key, [])),
        )
        lines.append("\t".join(fields))
    TARGET.parent.mkdir(parents=True, exist_ok=True)
    TARGET.write_text("\n".join(lines) + "\n", encoding="utf-8", newline="\n")
    print(f"{len(lines)} emoji, {TARGET.stat().st_size:,} bytes")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
