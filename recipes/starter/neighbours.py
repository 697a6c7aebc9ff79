"""Step ``neighbours``: which common words and phrases mean something that can be drawn.

No caption can hold every word. The teacher of ``teach.py`` knows that "pup" is near "puppy" and
"bummed out" near "sad", so each common word and pair of words is given to the concept whose names
are nearest, where they are near enough; the captions then say them now and then. The held-out
wordings are left out, so that they stay unseen.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from recipes.starter import manifest, teach, vocabulary
from recipes.starter.captions import Words, held_out, load_words

FILE = "neighbours.json"

NEAR = 0.5
"""Least cosine to a name of the concept. At 0.6 there are 9,500 wordings and few mistakes; at 0.5
22,800, some of them far-fetched. What matters is that there are too many to learn by heart."""

MOST = 150
"""Of one concept, the nearest."""


def _unit(vectors: NDArray[np.float16]) -> NDArray[np.float32]:
    values = vectors.astype(np.float32)
    return values / np.linalg.norm(values, axis=1, keepdims=True)


def names(words: dict[str, Words]) -> tuple[list[str], list[str]]:
    """Every name and phrase of every concept, and the concept each belongs to."""
    texts: list[str] = []
    owners: list[str] = []
    for concept, w in words.items():
        for text in dict.fromkeys(w.wordings):
            texts.append(text)
            owners.append(concept)
    return texts, owners


def assign(
    candidates: list[str],
    vectors: NDArray[np.float32],
    known: NDArray[np.float32],
    owners: list[str],
) -> dict[str, list[str]]:
    """The candidates of each concept, nearest first.

    Args:
        vectors, known: unit vectors of the candidates and of the names.
        owners: the concept of each name.
    """
    concepts = list(dict.fromkeys(owners))
    number = {concept: i for i, concept in enumerate(concepts)}
    column = np.array([number[owner] for owner in owners])
    found: dict[str, list[tuple[float, str]]] = {concept: [] for concept in concepts}
    for first in range(0, len(candidates), 2048):
        nearness = vectors[first : first + 2048] @ known.T
        best = np.full((len(nearness), len(concepts)), -1.0, np.float32)
        np.maximum.at(best.T, column, nearness.T)
        nearest, value = best.argmax(1), best.max(1)
        for row in np.flatnonzero(value >= NEAR):
            wording = candidates[first + int(row)]
            found[concepts[int(nearest[row])]].append((float(value[row]), wording))
    return {c: [text for _, text in sorted(rows, reverse=True)[:MOST]] for c, rows in found.items()}


def run(work: Path) -> None:
    """Ask the teacher and write ``neighbours.json``: concept to wordings."""
    words = load_words(manifest.load(work))
    texts, owners = names(words)
    known = {text.lower() for text in texts} | held_out()
    candidates = [*vocabulary.english(), *vocabulary.pairs(), *vocabulary.chinese()]
    candidates = [text for text in dict.fromkeys(candidates) if text.lower() not in known]
    vectors = _unit(teach.teacher(candidates))
    found = assign(candidates, vectors, _unit(teach.teacher(texts)), owners)
    (work / FILE).write_text(json.dumps(found, ensure_ascii=False), "utf-8")
    total = sum(map(len, found.values()))
    print(f"neighbours: {total} wordings of {sum(map(bool, found.values()))} concepts", flush=True)


def load(work: Path) -> dict[str, list[str]]:
    """What :func:`run` wrote."""
    return json.loads((work / FILE).read_text("utf-8"))
