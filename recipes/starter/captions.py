"""What a drawing may be called: names, synonyms, phrases, two languages, a style, a trigger."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

import numpy as np

from recipes.starter.concepts import CONCEPTS, SPOKEN_TO, key
from recipes.starter.manifest import Drawing

TRIGGER = "dm-sticker"
SAID_TO_SUBJECT = 0.25
"""Share of a subject's captions that are a phrase said to it."""

STYLE_WORDS: dict[str, tuple[str, ...]] = {
    "noto": ("soft", "soft style", "noto", "柔和"),
    "twemoji": ("flat", "flat style", "twemoji", "扁平"),
    "fluent-flat": ("bright", "bright style", "fluent", "鮮明"),
}
"""Words that ask for a style; the first is the one shown to the user."""

ZH_COLOURS = {
    "red": "紅色",
    "orange": "橘色",
    "green": "綠色",
    "blue": "藍色",
    "purple": "紫色",
    "pink": "粉紅",
}

EN_TEMPLATES = ("a {}", "cute {}", "a sticker of a {}", "{} sticker", "my {}", "draw a {}")
ZH_TEMPLATES = ("可愛的{}", "一個{}", "{}貼圖", "我要{}", "一隻{}")
WITH_TEMPLATES = ("{} with a {}", "{} with {}", "{} and {}", "{}, {}", "a {} with a small {}")
ZH_WITH_TEMPLATES = ("{}和{}", "{}加{}", "{}與{}", "{}，{}")
FILLERS = ("please", "very", "really", "nice", "little", "so", "again", "today", "!", "haha", "喔")


@dataclass
class Words:
    """Everything one concept answers to; the first of ``en`` and ``zh`` is its name."""

    concept: str
    en: list[str]
    zh: list[str]
    en_tags: list[str] = field(default_factory=list)
    zh_tags: list[str] = field(default_factory=list)
    en_phrases: list[str] = field(default_factory=list)
    zh_phrases: list[str] = field(default_factory=list)
    said: list[str] = field(default_factory=list)

    @property
    def wordings(self) -> list[str]:
        """Every name and every phrase, without the tags."""
        return [*self.en, *self.zh, *self.en_phrases, *self.zh_phrases]


@dataclass(frozen=True)
class Phrase:
    """Words that, said to a subject or of it, add a small thing to it (``added`` is a concept)."""

    added: str
    en: tuple[str, ...]
    zh: tuple[str, ...]


def _lines(name: str) -> list[list[str]]:
    text = (Path(__file__).parent / name).read_text("utf-8")
    rows = [line for line in text.splitlines() if line and not line.startswith("#")]
    return [[part.strip() for part in row.split("|")] for row in rows]


def _names(cell: str) -> list[str]:
    return [word.strip() for part in cell.split(";") for word in part.split(",") if word.strip()]


SAID_SHARE, NEIGHBOUR_SHARE = 0.1, 0.05
"""Of the captions of one thing, those that call for it as people chat (``said.txt``), and those
that say it in a word of ``neighbours.py``."""

MOOD_SHARE = 0.4
"""Of the captions of two things, those that name the second by how the first is: "sleepy otter"."""

HELD_OUT_LISTS = ("synonyms-en", "synonyms-zh", "phrases-en", "phrases-zh")


@lru_cache
def held_out() -> frozenset[str]:
    """Wordings kept from every caption, so that unseen wording can be measured."""
    return frozenset(row[0].lower() for name in HELD_OUT_LISTS for row in held_out_list(name))


def held_out_list(name: str) -> list[tuple[str, frozenset[str]]]:
    """One of the lists of ``heldout/``: a wording and the concepts that answer it."""
    rows = _lines(f"heldout/{name}.txt")
    return [(text, frozenset(key(c) for c in answers)) for text, answers in rows]


def _kept(cell: str) -> tuple[str, ...]:
    return tuple(text for text in _names(cell) if text.lower() not in held_out())


@lru_cache
def phrases() -> tuple[Phrase, ...]:
    """What people say, from ``phrases.txt``; ``added`` is empty where nothing is added."""
    return tuple(
        Phrase(key(row[3]) if row[3] else "", _kept(row[1]), _kept(row[2]))
        for row in _lines("phrases.txt")
    )


@lru_cache
def moods() -> dict[str, Phrase]:
    """How a subject may be, from ``moods.txt``, by the small thing that shows it."""
    rows = [Phrase(key(row[0]), _kept(row[1]), _kept(row[2])) for row in _lines("moods.txt")]
    return {row.added: row for row in rows}


def load_words(drawings: list[Drawing]) -> dict[str, Words]:
    """Hand-written words first, then CLDR's, but only keywords no other concept shares."""
    cldr = {d.concept: d for d in drawings}
    words = {c: Words(c, [cldr[c].en], [cldr[c].zh_hant or cldr[c].en]) for c in CONCEPTS}
    for picture, english, chinese in _lines("words.txt"):
        concept = key(picture)
        entry = cldr[concept]
        en, zh = _names(english), _names(chinese)
        en += [entry.en] if entry.en not in en else []
        zh += [entry.zh_hant] if entry.zh_hant and entry.zh_hant not in zh else []
        if concept in words:
            words[concept] = Words(concept, en, zh)
    for picture, english, chinese, _ in _lines("phrases.txt"):
        if key(picture) not in words:
            continue
        words[key(picture)].en_phrases += _names(english)
        words[key(picture)].zh_phrases += _names(chinese)
    for picture, english, chinese in _lines("said.txt"):
        words[key(picture)].said = [text.strip() for text in f"{english};{chinese}".split(";")]
    taken = Counter(word for w in words.values() for word in set(w.wordings))
    tags = Counter(t for c in words for t in {*cldr[c].en_tags, *cldr[c].zh_hant_tags})
    for concept, w in words.items():
        w.en_tags = [t for t in cldr[concept].en_tags if tags[t] == 1 and not taken[t]]
        w.zh_tags = [t for t in cldr[concept].zh_hant_tags if tags[t] == 1 and not taken[t]]
        for kept in (w.en, w.zh, w.en_tags, w.zh_tags, w.en_phrases, w.zh_phrases, w.said):
            kept[:] = [text for text in kept if text.lower() not in held_out()]
        if not (w.en and w.zh):
            raise RuntimeError(f"{cldr[concept].en} is left without a name: all are held out")
    return words


def _pick(rng: np.random.Generator, items: list[str] | tuple[str, ...]) -> str:
    return items[int(rng.integers(len(items)))]


def _pick_row(rng: np.random.Generator) -> Phrase:
    """A phrase that adds nothing to the picture."""
    rows = [row for row in phrases() if not row.added]
    return rows[int(rng.integers(len(rows)))]


class Captioner:
    """Draws captions; every call is decided by the generator it is given."""

    def __init__(
        self, words: dict[str, Words], neighbours: dict[str, list[str]] | None = None
    ) -> None:
        self.words = words
        self.neighbours = neighbours or {}

    def name(self, concept: str, rng: np.random.Generator) -> tuple[str, bool]:
        """A name of a concept, or what calls for it, and whether it is a Chinese name."""
        w = self.words[concept]
        near = self.neighbours.get(concept)
        kind = rng.random()
        if w.said and kind < SAID_SHARE:
            return _pick(rng, w.said), False
        if near and kind > 1 - NEIGHBOUR_SHARE:
            return _pick(rng, near), False
        chinese = rng.random() < 0.35
        names, tags = (w.zh, w.zh_tags) if chinese else (w.en, w.en_tags)
        said = w.zh_phrases if chinese else w.en_phrases
        draw = rng.random()
        if said and draw < 0.3:
            return _pick(rng, said), chinese
        if tags and draw > 0.92:
            return _pick(rng, tags), chinese
        if rng.random() < 0.4:
            return names[0], chinese
        name = _pick(rng, names)
        if rng.random() < 0.25:
            name = _pick(rng, ZH_TEMPLATES if chinese else EN_TEMPLATES).format(name)
        return name, chinese

    def finish(self, text: str, style: str | None, rng: np.random.Generator) -> str:
        """Add the style word, the trigger and now and then a word that means nothing here."""
        if rng.random() < 0.06:
            text = f"{text} {_pick(rng, FILLERS)}"
        if style is not None:
            word = _pick(rng, STYLE_WORDS[style])
            text = f"{word} {text}" if rng.random() < 0.3 else f"{text}, {word}"
        if rng.random() < 0.3:
            text = f"{TRIGGER}, {text}" if rng.random() < 0.15 else f"{text}, {TRIGGER}"
        return text

    def single(self, concept: str, style: str | None, rng: np.random.Generator) -> str:
        """A caption of one concept: a name, something said, or something said to it."""
        if concept in SPOKEN_TO and rng.random() < SAID_TO_SUBJECT:
            return self.finish(self.said_to(concept, rng), style, rng)
        text, _ = self.name(concept, rng)
        return self.finish(text, style, rng)

    def said_to(self, subject: str, rng: np.random.Generator) -> str:
        """A phrase and the subject it is said to, as in "I love you, otter"."""
        w = self.words[subject]
        chinese = rng.random() < 0.35
        first = _pick(rng, (w.zh if chinese else w.en)[:4])
        row = _pick_row(rng)
        if chinese:
            form = _pick(rng, ("{}，{}", "{}{}", "{} {}"))
            return form.format(_pick(rng, row.zh), first)
        return _pick(rng, ("{}, {}", "{} {}", "{1}, {0}")).format(_pick(rng, row.en), first)

    def coloured(
        self, concept: str, colour: str, style: str | None, rng: np.random.Generator
    ) -> str:
        """A caption such as "blue cat"."""
        w = self.words[concept]
        if rng.random() < 0.35:
            text = _pick(rng, ("{}{}", "{}的{}", "一隻{}{}")).format(
                ZH_COLOURS[colour], _pick(rng, w.zh[:3])
            )
        else:
            text = _pick(rng, ("{} {}", "{} {}", "{1} in {0}")).format(colour, _pick(rng, w.en[:3]))
        return self.finish(text, style, rng)

    def pair(self, subject: str, added: str, style: str | None, rng: np.random.Generator) -> str:
        """A caption of a subject with a small second thing: by name, by what is said, by a mood."""
        w, other = self.words[subject], self.words[added]
        chinese = rng.random() < 0.35
        first = _pick(rng, (w.zh if chinese else w.en)[:4])
        said = [p for p in phrases() if p.added == added]
        mood = moods().get(added)
        if mood and rng.random() < MOOD_SHARE:
            is_so = _pick(rng, mood.zh if chinese else mood.en)
            forms = ("{}{}", "{}{}", "一隻{}{}") if chinese else ("{} {}", "{} {}", "a {} {}")
            text = _pick(rng, forms).format(is_so, first)
        elif said and rng.random() < 0.5:
            text = _pick(rng, said[0].zh if chinese else said[0].en)
            if chinese:
                text = _pick(rng, ("{}，{}", "{}{}", "{} {}")).format(text, first)
            else:
                text = _pick(rng, ("{}, {}", "{} {}", "{1}, {0}")).format(text, first)
        else:
            second = _pick(rng, (other.zh if chinese else other.en)[:3])
            text = _pick(rng, ZH_WITH_TEMPLATES if chinese else WITH_TEMPLATES)
            text = text.format(first, second)
        return self.finish(text, style, rng)
