"""The style of a prompt that names none."""

from __future__ import annotations

import re
from collections.abc import Sequence


def with_style(
    prompt: str,
    seed: int,
    words: Sequence[str],
    synonyms: Sequence[str] = (),
    triggers: Sequence[str] = (),
) -> str:
    """`prompt`, ended by one of a model's style words where it has none.

    A small model that learned several styles paints what lies between them when none is named. So
    one is: the first of `triggers` that is a style word, else the one that `seed` falls on. A blank
    prompt stays blank, and so does that of a model without style words.

    Args:
        words, synonyms: of the model's card.
        triggers: trigger words of the LoRAs in the blend, the strongest first.
    """
    if not words or not prompt.strip():
        return prompt
    if any(_says(prompt, word) for word in (*words, *synonyms)):
        return prompt
    called = [word for word in triggers if word in words]
    return f"{prompt}, {called[0] if called else words[seed % len(words)]}"


def _says(prompt: str, word: str) -> bool:
    """Whether the word is there; a Chinese one may stand within a sentence."""
    edge = r"(?![\w-])" if word.isascii() else ""
    start = r"(?<![\w-])" if word.isascii() else ""
    return re.search(start + re.escape(word) + edge, prompt, re.IGNORECASE) is not None
