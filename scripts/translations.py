"""The message catalogues: `update` extracts, merges and compiles; `check` proves them complete.

python scripts/translations.py update   # then fill in the empty msgstr, and run it again
python scripts/translations.py check    # exit code 1 and a list where something is missing
"""

from __future__ import annotations

import io
import string
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "stickerstudio"
LOCALES = ROOT / "resources" / "locales"
DOMAIN = "stickerstudio"
LANGUAGES = ("zh_TW",)
KEYWORDS: dict[str, tuple[int, ...] | None] = {"tr": None, "tr_n": (1, 2)}
_UNDATED = datetime(2026, 1, 1, tzinfo=UTC)  # a date of its own would change with every run


def extract() -> Catalog:
    """Every text marked in the package."""
    catalog = Catalog(project="Sticker Studio", charset="utf-8", creation_date=_UNDATED)
    found = extract_from_dir(
        str(PACKAGE), [("**.py", "python")], keywords=KEYWORDS, comment_tags=()
    )
    for name, _, message, comments, context in found:
        place = (f"stickerstudio/{Path(name).as_posix()}", 0)
        catalog.add(message, None, [place], auto_comments=comments, context=context)
    return catalog


def update() -> None:
    """Write the template, merge it into each language and compile."""
    template = extract()
    _write(LOCALES / f"{DOMAIN}.pot", _po_bytes(template))
    for language in LANGUAGES:
        catalog = _read(language)
        catalog.update(template, no_fuzzy_matching=True)
        catalog.obsolete.clear()
        catalog.revision_date = _UNDATED
        _write(_file(language, "po"), _po_bytes(catalog))
        _write(_file(language, "mo"), _mo_bytes(_read(language)))


def problems() -> Iterator[str]:
    """What is missing or wrong, a line each."""
    template = extract()
    for language in LANGUAGES:
        catalog = _read(language)
        for message in template:
            if message.id:
                yield from _wrong(language, message, catalog.get(message.id, message.context))
        for message in catalog:
            if message.id and template.get(message.id, message.context) is None:
                yield f"{language}: no longer in the program: {_name(message)!r}"
        compiled = _file(language, "mo")
        if not compiled.is_file() or compiled.read_bytes() != _mo_bytes(catalog):
            yield f"{language}: {compiled.name} is older than its .po; run update"


def _wrong(language: str, message: Message, translated: Message | None) -> Iterator[str]:
    name = _name(message)
    texts = _texts(translated) if translated else []
    if not texts or not all(texts):
        yield f"{language}: not translated: {name!r}"
        return
    if translated is not None and translated.fuzzy:
        yield f"{language}: marked fuzzy: {name!r}"
    wanted = _fields(_name(message))
    for text in texts:
        if _fields(text) != wanted:
            yield f"{language}: {name!r} has the fields {sorted(wanted)}, {text!r} others"


def _name(message: Message) -> str:
    """The msgid; of a plural, its plural form, which has every field."""
    return message.id if isinstance(message.id, str) else message.id[-1]


def _texts(message: Message) -> list[str]:
    text = message.string
    return [text] if isinstance(text, str) else list(text or ())


def _fields(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


def _file(language: str, suffix: str) -> Path:
    return LOCALES / language / "LC_MESSAGES" / f"{DOMAIN}.{suffix}"


def _read(language: str) -> Catalog:
    file = _file(language, "po")
    if not file.is_file():
        return _empty(language)
    with file.open("rb") as handle:
        return read_po(handle, locale=language)


def _empty(language: str | None = None) -> Catalog:
    return Catalog(
        locale=language,
        header_comment="# Texts of Sticker Studio. Written by scripts/translations.py.",
        project="stickerstudio",
        version="1",
        copyright_holder="the authors of Sticker Studio",
        msgid_bugs_address="the project's issues",
        creation_date=_UNDATED,
        revision_date=_UNDATED,
        last_translator="the authors of Sticker Studio",
        language_team="zh_TW" if language else None,
        fuzzy=False,
    )


def _po_bytes(catalog: Catalog) -> bytes:
    buffer = io.BytesIO()
    write_po(buffer, catalog, width=100, sort_output=True, include_lineno=False, omit_header=False)
    return buffer.getvalue()


def _mo_bytes(catalog: Catalog) -> bytes:
    buffer = io.BytesIO()
    write_mo(buffer, catalog)
    return buffer.getvalue()


def _write(file: Path, data: bytes) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(data)


def main(arguments: list[str]) -> int:
    """The command line; the exit code."""
    match arguments:
        case ["update"]:
            update()
        case ["check"]:
            pass
        case _:
            print(__doc__)
            return 2
    found = list(problems())
    for line in found:
        print(line)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
