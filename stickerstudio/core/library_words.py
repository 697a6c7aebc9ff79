"""Words for the library's search: how text is folded, and what a query becomes.

The index holds trigrams, which find any run of three characters inside a word, in English and in
繁體中文 alike. Shorter words ("水獺", "ok") are looked for in the text itself.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

from stickerstudio.core.recipe import Recipe

_MAX_WORDS = 32  # of a query; a pasted novel would overflow SQLite's expression stack
_MAX_WORD = 200  # characters
_INVISIBLE = {"Cc", "Cf", "Cs", "Mn"}  # controls, joiners, broken characters, accents, variants


def fold(text: str) -> str:
    """`text` without what a searcher should not need to type: case, accents, width, emoji style."""
    if text.isascii() and text.isprintable():
        return text.lower()  # most prompts; the rest of this says the same, slowly
    spread = unicodedata.normalize("NFKD", text.casefold())
    kept = "".join(
        " " if char.isspace() else char
        for char in spread
        if char.isspace() or unicodedata.category(char) not in _INVISIBLE
    )
    return unicodedata.normalize("NFKC", kept).casefold()


def words_of(recipe: Recipe) -> str:
    """What a sticker can be found by: its prompt and the names of its active LoRAs."""
    return fold("\n".join([recipe.prompt, *(lora.name for lora in recipe.active_loras)]))


@dataclass(frozen=True, slots=True)
class Query:
    """A search as SQLite takes it: all conditions must hold.

    Attributes:
        match: an FTS5 expression for the words long enough for the index; "" where there are none.
        short: the others, of one or two characters.
        words: all of them.
    """

    match: str
    short: tuple[str, ...]
    words: tuple[str, ...]


def query(words: str) -> Query:
    """What to look for, for `words` as a user typed them: every word, anywhere, in any order."""
    unique = list(dict.fromkeys(fold(words[:100_000]).split()))[:_MAX_WORDS]
    cut = tuple(word[:_MAX_WORD] for word in unique)
    quoted = ['"{}"'.format(word.replace('"', '""')) for word in cut if len(word) >= 3]
    return Query(" AND ".join(quoted), tuple(word for word in cut if len(word) < 3), cut)
