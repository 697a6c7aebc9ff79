"""Translation of every visible sentence, in rooms with and without Qt alike.

gettext, and not Qt Linguist: errors are worded in `core` and `engine`, which may not import Qt, and
one catalogue for all rooms can be checked for completeness in one test.
"""

from __future__ import annotations

import gettext
import locale
from pathlib import Path

LANGUAGES = {"en": "English", "zh_TW": "繁體中文"}

_translations: gettext.NullTranslations = gettext.NullTranslations()
_language = "en"


def system_language() -> str:
    """The key of LANGUAGES nearest to the system's own language."""
    name = (locale.getlocale()[0] or "").replace("-", "_").lower()
    if name.startswith(("zh_tw", "zh_hk", "zh_mo", "zh_hant", "chinese (traditional)")):
        return "zh_TW"
    return "en"


def set_language(language: str, locales: Path) -> None:
    """Make `tr` answer in `language`, a key of LANGUAGES; `locales` holds the compiled catalogues.

    Texts already on screen stay as they are until their owner asks again.
    """
    global _translations, _language
    if language not in LANGUAGES:
        raise ValueError(f"unknown language {language!r}; one of {', '.join(LANGUAGES)}")
    _translations = gettext.translation(
        "stickerstudio", localedir=locales, languages=[language], fallback=language == "en"
    )
    _language = language


def current_language() -> str:
    """The key of LANGUAGES that `tr` answers in."""
    return _language


def tr(message: str, /, **values: object) -> str:
    """`message` in the current language, its `{name}` fields filled from `values`."""
    text = _translations.gettext(message)
    return text.format(**values) if values else text


def tr_n(singular: str, plural: str, n: int, /, **values: object) -> str:
    """Like `tr`, choosing the form for `n`; `{n}` is filled in as well."""
    return _translations.ngettext(singular, plural, n).format(n=n, **values)
