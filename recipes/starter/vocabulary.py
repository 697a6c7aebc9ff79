"""Common English and Traditional Chinese words, so that the text encoders know more than captions.

The lists are those of three permissively licensed packages of the Python registry: symspellpy (MIT)
counts English words, jieba (MIT) counts Chinese ones, OpenCC (Apache-2.0) writes them in
Traditional characters. Only the words are read; none of it is shipped.
"""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

ENGLISH, CHINESE, PAIRS = 16_000, 14_000, 40_000
"""How many of the most frequent words, and pairs of English words, are taken; rarer ones are names
and misspellings."""


def _package(name: str) -> Path:
    spec = find_spec(name)
    if spec is None or spec.origin is None:
        raise RuntimeError(f"the step needs the package {name} (see recipes/starter/README.md)")
    return Path(spec.origin).parent


def english() -> list[str]:
    """Frequent English words of three letters and more, most frequent first."""
    path = _package("symspellpy") / "frequency_dictionary_en_82_765.txt"
    rows = [line.split() for line in path.read_text("utf-8-sig").splitlines()]
    rows.sort(key=lambda row: -int(row[1]))
    return [word for word, _ in rows if len(word) > 2 and word.isascii()][:ENGLISH]


def pairs() -> list[str]:
    """Frequent pairs of English words such as "good night", most frequent first."""
    path = _package("symspellpy") / "frequency_bigramdictionary_en_243_342.txt"
    rows = [line.split() for line in path.read_text("utf-8-sig").splitlines()]
    rows.sort(key=lambda row: -int(row[2]))
    return [f"{first} {second}" for first, second, _ in rows][:PAIRS]


def chinese() -> list[str]:
    """Frequent Chinese words of two to four characters in Traditional writing."""
    from opencc import OpenCC  # pyright: ignore[reportMissingImports]

    rows = [line.split() for line in (_package("jieba") / "dict.txt").open(encoding="utf-8")]
    names = {"nr", "ns", "nt", "nz", "nrt", "nrfg"}
    kept = [(int(row[1]), row[0]) for row in rows if len(row) == 3 and row[2] not in names]
    kept.sort(key=lambda row: -row[0])
    words = [word for _, word in kept if 2 <= len(word) <= 4][:CHINESE]
    convert = OpenCC("s2twp")
    return list(dict.fromkeys(str(convert.convert(word)) for word in words))
