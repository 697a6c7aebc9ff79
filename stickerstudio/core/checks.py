"""What a text or a number from outside must hold to, worded once for all that is made of them."""

from __future__ import annotations

from stickerstudio.core.errors import BadInputError
from stickerstudio.core.i18n import tr


def check_text(label: str, text: str, most: int, todo: str = "") -> None:
    """Refuse a text that is too long, or that no file could hold.

    Args:
        label: what it is, at the beginning of a sentence.
        most: characters.
        todo: how it is best shortened.

    Raises:
        BadInputError: it has more than `most` characters, or a lone surrogate.
    """
    if len(text) > most:
        raise BadInputError(
            tr("{label} is too long.", label=label),
            tr("It has {n} characters; {limit} is the most.", n=len(text), limit=most),
            todo or tr("Shorten it."),
        )
    if any(0xD800 <= ord(char) <= 0xDFFF for char in text):
        raise BadInputError(
            tr("{label} holds a broken character.", label=label), "", tr("Type it anew.")
        )


def check_range(label: str, value: float, low: float, high: float, form: str = "") -> None:
    """Refuse a number outside `low` … `high`, and NaN.

    Args:
        label: what it is, at the beginning of a sentence.
        form: how the number is written, as in `format`.

    Raises:
        BadInputError: it is.
    """
    if not low <= value <= high:  # never true for NaN
        raise BadInputError(
            tr("{label} is out of range.", label=label),
            tr(
                "It is {value}; from {low} to {high} is possible.",
                value=format(value, form),
                low=low,
                high=high,
            ),
            tr("Choose a number in that range."),
        )
