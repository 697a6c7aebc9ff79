"""Step ``neighbours``: which common words and phrases mean something that can be drawn.

No caption can hold every word. The teacher of ``teach.py`` knows that "pup" is near "puppy" and
"bummed out" near "sad", so each common word and pair of words is given to the concept whose names
are nearest, where they are near enough; the captions then say them now and then. Of many more
texts, near or not, it is kept how near they are to every concept (``recognise.py``). The held-out
wordings are left out, so that they stay unseen.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from recipes.starter import manifest, teach, vocabulary
from recipes.starter.captions import Words, held_out, load_words
from recipes.starter.concepts import CONCEPTS

FILE, TEXTS, LIKELY = "neighbours.json", "likely.json", "likely.npz"

NEAR = 0.5
"""Least cosine to a name of the concept. At 0.6 there are 9,500 wordings and few mistakes; at 0.5
22,800, some of them far-fetched. What matters is that there are too many to learn by heart."""

MOST = 150
"""Of one concept, the nearest."""

SHARPNESS = 0.04
"""Of the softmax that makes shares of cosines: with it, the concepts that answer the held-out
wordings get two thirds of the teacher's vote, without those wordings being taught."""

PART = 2048
"""Texts compared at a time."""

KEPT = 8
"""Concepts whose share is kept of each text, the largest."""


def _unit(vectors: NDArray[np.float16]) -> NDArray[np.float32]:
    values = vectors.astype(np.float32)
    return values / np.linalg.norm(values, axis=1, keepdims=True)


def names(words: dict[str, Words]) -> tuple[list[str], list[str]]:
    """Every name, phrase and call of every concept, and the concept each belongs to."""
    texts: list[str] = []
    owners: list[str] = []
    for concept, w in words.items():
        for text in dict.fromkeys([*w.wordings, *w.said]):
            texts.append(text)
            owners.append(concept)
    return texts, owners


def nearness(
    vectors: NDArray[np.float32], known: NDArray[np.float32], owners: list[str]
) -> tuple[NDArray[np.float32], list[str]]:
    """The best cosine of each text to a name of each concept, (n, c), and the concepts.

    Args:
        vectors, known: unit vectors of the texts and of the names.
        owners: the concept of each name.
    """
    concepts = list(dict.fromkeys(owners))
    number = {concept: i for i, concept in enumerate(concepts)}
    column = np.array([number[owner] for owner in owners])
    best = np.full((len(vectors), len(concepts)), -1.0, np.float32)
    np.maximum.at(best.T, column, known @ vectors.T)
    return best, concepts


def assign(
    candidates: list[str],
    vectors: NDArray[np.float32],
    known: NDArray[np.float32],
    owners: list[str],
) -> dict[str, list[str]]:
    """The candidates of each concept, nearest first; arguments as of :func:`nearness`."""
    found: dict[str, list[tuple[float, str]]] = {owner: [] for owner in owners}
    for first in range(0, len(candidates), PART):
        best, concepts = nearness(vectors[first : first + PART], known, owners)
        nearest, value = best.argmax(1), best.max(1)
        for row in np.flatnonzero(value >= NEAR):
            wording = candidates[first + int(row)]
            found[concepts[int(nearest[row])]].append((float(value[row]), wording))
    return {c: [text for _, text in sorted(rows, reverse=True)[:MOST]] for c, rows in found.items()}


def shares(
    vectors: NDArray[np.float32], known: NDArray[np.float32], owners: list[str]
) -> tuple[NDArray[np.int16], NDArray[np.float16]]:
    """Of each text, the ``KEPT`` concepts it calls for most, as places in ``CONCEPTS``, and shares
    that sum to 1; arguments as of :func:`nearness`."""
    place = {concept: i for i, concept in enumerate(CONCEPTS)}
    chosen: list[NDArray[np.int16]] = []
    parts: list[NDArray[np.float16]] = []
    for first in range(0, len(vectors), PART):
        best, concepts = nearness(vectors[first : first + PART], known, owners)
        order = np.argsort(-best, 1)[:, :KEPT]
        value = np.take_along_axis(best, order, 1)
        weight = np.exp((value - value[:, :1]) / SHARPNESS)
        places = np.array([place[concept] for concept in concepts])
        chosen.append(places[order].astype(np.int16))
        parts.append((weight / weight.sum(1, keepdims=True)).astype(np.float16))
    return np.concatenate(chosen), np.concatenate(parts)


def run(work: Path) -> None:
    """Ask the teacher; write ``neighbours.json``, concept to wordings, and the texts' shares."""
    words = load_words(manifest.load(work))
    texts, owners = names(words)
    known = {text.lower() for text in texts} | held_out()
    candidates = [*vocabulary.english(), *vocabulary.pairs(), *vocabulary.chinese()]
    candidates = [text for text in dict.fromkeys(candidates) if text.lower() not in known]
    vectors, known_vectors = _unit(teach.teacher(candidates)), _unit(teach.teacher(texts))
    found = assign(candidates, vectors, known_vectors, owners)
    (work / FILE).write_text(json.dumps(found, ensure_ascii=False), "utf-8")
    total = sum(map(len, found.values()))
    more = [text for text in vocabulary.phrases() if text.lower() not in held_out()]
    vectors = np.concatenate([vectors, _unit(teach.teacher(more))])
    concepts, parts = shares(vectors, known_vectors, owners)
    (work / TEXTS).write_text(json.dumps([*candidates, *more], ensure_ascii=False), "utf-8")
    np.savez(work / LIKELY, concepts=concepts, shares=parts)
    print(f"neighbours: {total} wordings of {sum(map(bool, found.values()))} concepts", flush=True)


def load(work: Path) -> dict[str, list[str]]:
    """What :func:`run` wrote."""
    return json.loads((work / FILE).read_text("utf-8"))
