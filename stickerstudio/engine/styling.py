"""The style of a prompt that names none."""

from __future__ import annotations

from collections.abc import Sequence

from stickerstudio.engine.words import any_of


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
    if any_of([*words, *synonyms]).search(prompt):
        return prompt
    called = [word for word in triggers if word in words]
    return f"{prompt}, {called[0] if called else words[seed % len(words)]}"
