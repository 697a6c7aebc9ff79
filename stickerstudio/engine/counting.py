"""How many of a thing a prompt asks for, where the model draws one at a time."""

from __future__ import annotations

import re

from stickerstudio.engine.words import PART, any_of
from stickerstudio.models.cards import ModelCard

MOST = 6
"""More would be too small to tell apart on a sticker."""

_ENGLISH = {"two": 2, "three": 3, "four": 4, "five": 5, "six": 6} | dict.fromkeys(
    ("a pair of", "a couple of"), 2
)
_CHINESE = {"兩": 2, "二": 2, "三": 3, "四": 4, "五": 5, "六": 6}
_DIGITS = {str(number): number for number in range(2, MOST + 1)}
_PAIR = "一對"
_VALUES = {**_ENGLISH, **_CHINESE, **_DIGITS, _PAIR: 2}

_MEASURES = "個隻顆朵條片杯塊位張把棵輛台臺頭匹枝瓶碗支架座件本根份尾艘間"
"""What stands between a number and a thing in Chinese; without it the number is part of a name, as
in 三明治."""

_NUMBER = re.compile(
    rf"\s*(?:(?P<english>{'|'.join([*_ENGLISH, *_DIGITS])})\s+(?=[^\W\d])"
    rf"|(?P<chinese>[{''.join([*_CHINESE, *_DIGITS])}])[{_MEASURES}]\s*(?=\w)"
    rf"|(?P<pair>{_PAIR})\s*(?=\w))",
    re.IGNORECASE,
)
_WITH = re.compile(r"\s(?:with|and)\s", re.IGNORECASE)
_PLURAL = re.compile(r"[a-z]+s\b", re.IGNORECASE)


class Counting:
    """Reads numbers off prompts, such as "two pizzas" and 三隻貓.

    Args:
        card: its concepts' names tell where a number is part of one ("two hearts"), and what is a
            plural.
    """

    def __init__(self, card: ModelCard) -> None:
        names = card.concept_names
        self._named = any_of(names, plural=True)
        self._numbered = any_of(name for name in names if _NUMBER.match(name))
        self._names = frozenset(name.casefold() for name in names)
        self._words = frozenset(word for name in self._names for word in name.split())

    def counted(self, prompt: str) -> tuple[int, str]:
        """How many are asked for, 1 to `MOST`, and the prompt that asks for one of them.

        The number begins a part of the prompt, as in "I love you, two otters"; a larger one, or one
        that counts nothing, stays as it is.
        """
        parts = PART.split(prompt)
        for place, part in enumerate(parts[::2]):
            number = _NUMBER.match(part)
            if number is None or self._numbered.match(part.strip()):
                continue
            thing = part[number.end() :]
            if number["english"] and not (self._named.search(thing) or _PLURAL.match(thing)):
                continue
            parts[2 * place] = self._single(thing)
            word = number["english"] or number["chinese"] or number["pair"]
            return _VALUES[word.casefold()], "".join(parts)
        return 1, prompt

    def _single(self, text: str) -> str:
        """`text` with the plurals before its first "with" or "and" made singular."""
        end = parted.start() if (parted := _WITH.search(text)) else len(text)
        return _PLURAL.sub(lambda word: self._singular(word[0]), text[:end]) + text[end:]

    def _singular(self, word: str) -> str:
        if word.casefold() in self._names:  # glasses
            return word
        forms = (word[:-1], word[:-2], word[:-3] + "y")
        return next((form for form in forms if form.casefold() in self._words), word)
