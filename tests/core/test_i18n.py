"""Texts in the chosen language, with their fields filled in."""

from __future__ import annotations

import locale
import struct
from collections.abc import Iterator
from pathlib import Path

import pytest

from stickerstudio.core import i18n
from stickerstudio.core.i18n import current_language, set_language, system_language, tr, tr_n


@pytest.fixture(autouse=True)
def _english_again() -> Iterator[None]:
    yield
    set_language("en", Path())


@pytest.fixture
def locales(tmp_path: Path) -> Path:
    """A compiled catalogue of three texts (GNU gettext manual, "The Format of GNU MO Files")."""
    texts = {
        "": "Content-Type: text/plain; charset=UTF-8\nPlural-Forms: nplurals=1; plural=0;\n",
        "Hello, {name}.": "你好，{name}。",
        "{n} sticker\0{n} stickers": "{n} 張貼圖",
    }
    pairs = [(key.encode(), texts[key].encode()) for key in sorted(texts)]
    at = 28 + 16 * len(pairs)
    tables, data = [b"", b""], b""
    for column in (0, 1):
        for pair in pairs:
            tables[column] += struct.pack("<II", len(pair[column]), at + len(data))
            data += pair[column] + b"\0"
    head = struct.pack("<7I", 0x950412DE, 0, len(pairs), 28, 28 + 8 * len(pairs), 0, 0)
    folder = tmp_path / "zh_TW" / "LC_MESSAGES"
    folder.mkdir(parents=True)
    (folder / "stickerstudio.mo").write_bytes(head + tables[0] + tables[1] + data)
    return tmp_path


def test_english_is_the_text_itself() -> None:
    assert tr("Hello, {name}.", name="水獺") == "Hello, 水獺."
    assert tr("100 % {as it is}") == "100 % {as it is}"
    assert tr_n("{n} sticker", "{n} stickers", 1) == "1 sticker"
    assert tr_n("{n} sticker", "{n} stickers", 0) == "0 stickers"


def test_another_language_answers_from_its_catalogue(locales: Path) -> None:
    set_language("zh_TW", locales)

    assert current_language() == "zh_TW"
    assert tr("Hello, {name}.", name="otter") == "你好，otter。"
    assert tr("not translated") == "not translated"
    assert tr_n("{n} sticker", "{n} stickers", 3) == "3 張貼圖"
    set_language("en", locales)
    assert tr("Hello, {name}.", name="otter") == "Hello, otter."


def test_a_language_without_catalogue_or_name_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        set_language("zh_TW", tmp_path)
    with pytest.raises(ValueError, match="tlh"):
        set_language("tlh", tmp_path)
    assert current_language() == "en"


@pytest.mark.parametrize(
    ("system", "language"),
    [
        ("zh_TW", "zh_TW"),
        ("zh-HK", "zh_TW"),
        ("zh_Hant_TW", "zh_TW"),
        ("Chinese (Traditional)_Taiwan", "zh_TW"),
        ("zh_CN", "en"),
        ("de_DE", "en"),
        (None, "en"),
    ],
)
def test_the_systems_language(
    monkeypatch: pytest.MonkeyPatch, system: str | None, language: str
) -> None:
    monkeypatch.setattr(locale, "getlocale", lambda: (system, "UTF-8"))

    assert system_language() == language
    assert language in i18n.LANGUAGES
