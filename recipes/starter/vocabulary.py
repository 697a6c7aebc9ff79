"""Common English and Traditional Chinese words, so that the text encoders know more than captions.

The lists are those of three permissively licensed packages of the Python registry: symspellpy (MIT)
counts English words, jieba (MIT) counts Chinese ones, OpenCC (Apache-2.0) writes them in
Traditional characters. Only the words are read; none of it is shipped.
"""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import numpy as np

ENGLISH, CHINESE, PAIRS = 16_000, 14_000, 40_000
"""How many of the most frequent words, and pairs of English words, are taken; rarer ones are names
and misspellings."""

TEMPLATES = {
    "en": (
        *("so {}", "i'm so {}", "feeling {}", "i feel {} today", "you are {}", "how {}"),
        *("that was {}", "let's {}", "time to {}", "i want to {}", "going to {}", "can't {}"),
        *("{} with me", "{} now", "i want {}", "give me {}", "happy {}", "good {}", "my {}"),
        *("time for {}", "look, a {}", "baby {}", "little {}", "big {}", "the {} is here"),
        *("some {} please", "{} day", "{} again"),
    ),
    "zh": (
        *("好{}", "我很{}", "太{}了", "今天{}", "真{}", "覺得{}", "{}死了", "{}喔", "超{}"),
        *("我要{}", "一起{}", "去{}", "不想{}", "正在{}", "{}中", "我們{}吧", "來{}"),
        *("我的{}", "想吃{}", "給你{}", "{}快樂", "小{}", "看{}", "{}時間", "可愛的{}", "{}來了"),
    ),
}
"""Beginnings and ends that make a phrase of a word, whether or not it fits: the words' teacher says
what it calls for."""

PHRASES, PHRASE_WORDS = 45_000, 10_000
"""Phrases of each language, made of this many of its most frequent words."""


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


def phrases(seed: int = 0) -> list[str]:
    """Words in a phrase (``TEMPLATES``), drawn at random, without repeats."""
    rng = np.random.default_rng((seed, 11))
    made: list[str] = []
    for templates, words in ((TEMPLATES["en"], english()), (TEMPLATES["zh"], chinese())):
        words = words[:PHRASE_WORDS]
        drawn = rng.integers(0, (len(templates), len(words)), (PHRASES, 2))
        made += [templates[form].format(words[word]) for form, word in drawn]
    return list(dict.fromkeys(made))
