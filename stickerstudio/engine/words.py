"""Which words of a prompt a model has never seen: small models know their own lists only."""

from __future__ import annotations

import re
from collections.abc import Iterable

from stickerstudio.models.cards import ModelCard

_CHINESE = r"\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
_WORD = re.compile(rf"[{_CHINESE}]+|[^\W_{_CHINESE}]+(?:['’-][^\W_{_CHINESE}]+)*")

COMMA = r"\s*[,，、;!！]\s*"
PART = re.compile(f"({COMMA})")
"""What parts a prompt; kept by a split."""

COLOUR = re.compile(
    r"(?:red|orange|green|blue|purple|pink)\s+|(?:紅色|橘色|綠色|藍色|紫色|粉紅)的?", re.IGNORECASE
)
"""The colours that the bundled model paints things in."""

_SMALL = (
    "a an the and or of in on at to with for from by as is are be it its this that these those"
    " i you he she we they me my your his her our their"
    " 的 和 與 在 一個 一隻 有 是 我 你 他 她"
)
"""Words that draw nothing by themselves, and need no warning."""


def any_of(words: Iterable[str], *, plural: bool = False) -> re.Pattern[str]:
    """Finds any of `words`: English ones as words of their own, Chinese ones within a sentence."""
    longest_first = sorted(filter(None, words), key=len, reverse=True)
    english = "|".join(re.escape(word) for word in longest_first if word.isascii())
    chinese = [re.escape(word) for word in longest_first if not word.isascii()]
    end = "(?:s|es)?" if plural else ""
    alone = rf"(?<![\w-])(?:{english}){end}(?![\w-])" if english else r"(?!)"
    return re.compile("|".join([alone, *chinese]), re.IGNORECASE)


class KnownWords:
    """The words of a card's concepts, moods, styles and triggers."""

    def __init__(self, card: ModelCard) -> None:
        moods = (word for word, _ in card.moods)
        phrases = [_SMALL, *card.own_words, *moods, *card.concept_names]
        self._lists_concepts = bool(card.concepts)
        self._words = frozenset(word for phrase in phrases for word in _split(phrase.casefold()))
        self._chinese = sorted(filter(_is_chinese, self._words), key=len, reverse=True)

    def unknown(self, prompt: str) -> tuple[str, ...]:
        """The words of `prompt` that are not among them, in order, each once, as typed.

        English words are known in the plural too. Chinese is written without spaces: what is left
        after taking out known words is unknown. Empty for a model that lists no concepts: it was
        trained on the whole language.
        """
        if not self._lists_concepts:
            return ()
        found: dict[str, str] = {}
        for word in _split(prompt):
            if _is_chinese(word):
                found.update((piece, piece) for piece in self._without_known(word).split())
            elif not self._knows(word.casefold()):
                found.setdefault(word.casefold(), word)
        return tuple(found.values())

    def _without_known(self, chinese: str) -> str:
        for word in self._chinese:
            chinese = chinese.replace(word, " ")
        return chinese

    def _knows(self, word: str) -> bool:
        singulars = (word, word.removesuffix("s"), word.removesuffix("es"))
        if word.isdigit() or any(form in self._words for form in singulars):
            return True
        parts = re.split(r"['’-]", word)  # "cat's", "t-shirt" where both words are listed
        return len(parts) > 1 and all(part == "s" or self._knows(part) for part in parts)


def _split(text: str) -> list[str]:
    return _WORD.findall(text)


def _is_chinese(word: str) -> bool:
    return re.match(rf"[{_CHINESE}]", word) is not None
