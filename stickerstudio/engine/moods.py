"""How a subject is, shown by a small thing beside it: "sleepy otter" is an otter with a zzz.

A small model that combines things by name loses an adjective that it was shown less often. Its card
says which thing stands for which word.
"""

from __future__ import annotations

import re

from stickerstudio.engine.words import COLOUR, PART, any_of
from stickerstudio.models.cards import ModelCard

_SECOND = re.compile(r"\b(?:with|and)\b|[和與加]", re.IGNORECASE)
_BEFORE = re.compile(
    r"\s*(?:(?:an?|the|my|one|cute|little)\s+)*(?:一[隻個])?(?:可愛的)?", re.IGNORECASE
)

Spelled = tuple[str, tuple[tuple[str, str], ...]]
"""A prompt, and the moods in it: pairs (as typed, the English name of the thing)."""


class Moods:
    """Finds the moods of a card in prompts."""

    def __init__(self, card: ModelCard) -> None:
        things = {concept.en: concept for concept in card.concepts}
        self._things = {
            word.casefold(): things[thing] for word, thing in card.moods if thing in things
        }
        self._moods = any_of(self._things)
        self._names = any_of(card.concept_names, plural=True)
        self._own = any_of(card.own_words)

    def spelled_out(self, prompt: str) -> Spelled:
        """`prompt` with the thing that a mood stands for, by name, where it has but one subject.

        Only before the plain name of a concept, or a colour and one: "crying my eyes out" stays,
        and so does a name that begins like a mood ("birthday cake").
        """
        parts = PART.split(prompt)
        named = [place for place in range(0, len(parts), 2) if self._subject(parts[place])]
        if len(named) != 1 or _SECOND.search(parts[named[0]]):
            return prompt, ()
        place = named[0]
        part = parts[place]
        before = _BEFORE.match(part)
        begin = before.end() if before else 0
        mood = self._moods.match(part, begin)
        if mood is None:
            return prompt, ()
        name = self._names.match(part, begin)
        subject = self._subject(part[mood.end() :])
        if not self._is_plain(subject) or (name and name.end() > mood.end()):
            return prompt, ()
        thing = self._things[mood[0].casefold()]
        text = f"{subject} with {thing.en}" if mood[0].isascii() else f"{subject}和{thing.zh_hant}"
        parts[place] = ", ".join([part[:begin] + text, *self._own.findall(part)])
        return "".join(parts), ((mood[0], thing.en),)

    def _is_plain(self, subject: str) -> bool:
        """Whether it is a name, or a colour and a name."""
        colour = COLOUR.match(subject)
        starts = (0, colour.end()) if colour else (0,)
        return any(self._names.fullmatch(subject, start) for start in starts)

    def _subject(self, part: str) -> str:
        """`part` without the words for styles, or nothing where it names nothing."""
        rest = self._own.sub(" ", part).strip()
        return rest if self._names.search(rest) else ""
