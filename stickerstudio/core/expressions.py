"""Expressions: what a character can show, in two languages, and the boards made of them.

The list is the user's to change; the shipped one is FORTY. A board is one character in one style,
with a sticker for each expression; it is kept as a JSON file beside the stickers.
"""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, cast

from stickerstudio.core.atomic import write_text_atomic
from stickerstudio.core.errors import (
    BadFileError,
    BadInputError,
    NotFoundError,
    UserSideError,
    disk_errors,
)
from stickerstudio.core.i18n import tr
from stickerstudio.core.recipe import Recipe

FORMAT = 1
SIZES = (8, 16, 24, 40)  # what packs commonly hold
MOST = 40  # expressions of one list
MAX_WORDS = 80  # characters
PLACE = "{expression}"  # in a character prompt: where the expression's words go
_HAN = (0x3400, 0x9FFF)  # CJK ideographs, extension A to the unified ones


@dataclass(frozen=True, slots=True)
class Expression:
    """One expression.

    Attributes:
        en, zh_hant: its name, and the words that the prompt gets.
        emoji: what it is sent for; may be empty.
    """

    en: str
    zh_hant: str
    emoji: str = ""

    def words(self, language: str) -> str:
        """Its name in a language of core.i18n, or what there is."""
        wanted, other = (self.zh_hant, self.en) if language == "zh_TW" else (self.en, self.zh_hant)
        return wanted or other


FORTY = tuple(
    Expression(*words)
    for words in (
        ("happy", "開心", "😀"),
        ("sad", "難過", "😔"),
        ("angry", "生氣", "😠"),
        ("in love", "戀愛", "🥰"),
        ("thank you", "謝謝", "🙏"),
        ("sorry", "對不起", "🥺"),
        ("good night", "晚安", "😴"),
        ("ok", "好喔", "👌"),
        ("no", "不要", "❌"),
        ("laughing", "大笑", "😂"),
        ("crying", "哭", "😢"),
        ("surprised", "驚訝", "😮"),
        ("sleepy", "想睡", "😪"),
        ("cool", "酷", "😎"),
        ("shy", "害羞", "😳"),
        ("hungry", "肚子餓", "😋"),
        ("good morning", "早安", "☀️"),
        ("hello", "你好", "👋"),
        ("you can do it", "加油", "💪"),
        ("good", "做得好", "👍"),
        ("congratulations", "恭喜", "🎉"),
        ("happy birthday", "生日快樂", "🎂"),
        ("kiss", "親親", "😘"),
        ("hug", "抱抱", "🤗"),
        ("thinking", "思考", "🤔"),
        ("laughing so hard", "笑哭", "🤣"),
        ("boo hoo", "嗚嗚", "😭"),
        ("excited", "興奮", "🤩"),
        ("partying", "慶祝", "🥳"),
        ("silly", "調皮", "😜"),
        ("winking", "眨眼", "😉"),
        ("shocked", "嚇到", "😱"),
        ("furious", "氣炸", "😡"),
        ("dizzy", "頭暈", "😵"),
        ("sick", "不舒服", "🤢"),
        ("hot", "好熱", "🥵"),
        ("cold", "好冷", "🥶"),
        ("mind blowing", "太誇張", "🤯"),
        ("be quiet", "安靜", "🤫"),
        ("innocent", "無辜", "😇"),
    )
)


def prompt_for(character: str, expression: Expression) -> str:
    """The prompt for a character with an expression: "otter, happy"; "happy face" of "{expression}
    face". Words in 繁體中文 where the character's are.
    """
    is_han = any(_HAN[0] <= ord(char) <= _HAN[1] for char in character)
    words = expression.words("zh_TW" if is_han else "en")
    if PLACE in character:
        return character.replace(PLACE, words).strip()
    start = character.strip().rstrip(",，").rstrip()
    return f"{start}, {words}" if start else words


def checked(expressions: Iterable[Expression]) -> tuple[Expression, ...]:
    """The list as it is kept: on one line each, those without words left out.

    Raises:
        BadInputError: it is empty, or longer than MOST.
    """
    tidy = [
        Expression(_line(each.en), _line(each.zh_hant), _line(each.emoji)) for each in expressions
    ]
    kept = tuple(each for each in tidy if each.en or each.zh_hant)
    if not 0 < len(kept) <= MOST:
        raise BadInputError(
            tr("This list of expressions cannot be used."),
            tr("It has {n} expressions; from 1 to {limit} are possible.", n=len(kept), limit=MOST),
            tr("Add or remove some."),
        )
    return kept


def _line(text: str) -> str:
    return " ".join(text.split())[:MAX_WORDS]


def save_list(path: Path, expressions: Sequence[Expression]) -> None:
    """Keep the user's list. Raises DiskError; the old one is still there, whole."""
    data = {"format": FORMAT, "expressions": [asdict(each) for each in expressions]}
    _write(path, data)


def read_list(path: Path) -> tuple[Expression, ...]:
    """The user's list; FORTY where there is none that can be read."""
    with suppress(UserSideError, ValueError, TypeError, KeyError, RecursionError):
        data = _read(path)
        return checked(_expression(each) for each in data["expressions"])
    return FORTY


@dataclass(frozen=True, slots=True)
class Cell:
    """One place of a board.

    Attributes:
        expression: what is to be seen there.
        seed: what its sticker is made with.
        sticker: its id in the library; None while it is not made.
        locked: left alone when the board is made again.
    """

    expression: Expression
    seed: int
    sticker: str | None = None
    locked: bool = False


@dataclass(frozen=True, slots=True)
class Board:
    """A character with many expressions.

    Attributes:
        name: of its file, without extension.
        recipe: what all stickers share; its prompt is the character, its seed the first one.
        cells: in their order.
        made: seconds since the epoch, UTC.
    """

    name: str
    recipe: Recipe
    cells: tuple[Cell, ...]
    made: float

    @property
    def character(self) -> str:
        """Who is shown."""
        return self.recipe.prompt

    def recipe_of(self, index: int) -> Recipe:
        """What the sticker of one cell is made from."""
        cell = self.cells[index]
        return replace(
            self.recipe, prompt=prompt_for(self.character, cell.expression), seed=cell.seed
        )

    def with_cell(self, index: int, cell: Cell) -> Board:
        """The same board with another cell at `index`."""
        return replace(self, cells=(*self.cells[:index], cell, *self.cells[index + 1 :]))

    def swapped(self, one: int, other: int) -> Board:
        """The same board with two cells in each other's place."""
        cells = list(self.cells)
        cells[one], cells[other] = cells[other], cells[one]
        return replace(self, cells=tuple(cells))

    def moved(self, index: int, to: int) -> Board:
        """The same board with one cell taken out and put in at `to`."""
        cells = list(self.cells)
        cells.insert(to, cells.pop(index))
        return replace(self, cells=tuple(cells))


def new_board(recipe: Recipe, expressions: Sequence[Expression]) -> Board:
    """A board of which nothing is made yet: one pose, hence one seed, for all."""
    cells = tuple(Cell(expression, recipe.seed) for expression in expressions)
    return Board(secrets.token_hex(8), recipe, cells, time.time())


class BoardShelf:
    """The boards in one folder. Safe for several threads and programs at once."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def read(self) -> list[Board]:
        """Every board that can be read, the newest first. Raises DiskError."""
        with disk_errors(self._folder):
            files = sorted(self._folder.glob("*.json")) if self._folder.is_dir() else []
        boards: list[Board] = []
        for file in files:
            with suppress(BadFileError, NotFoundError):  # stays where it is, for a newer program
                boards.append(_board(file))
        return sorted(boards, key=lambda board: -board.made)

    def save(self, board: Board) -> None:
        """Keep `board` under its name. Raises DiskError; what was kept before stays whole."""
        data = {
            "format": FORMAT,
            "recipe": json.loads(board.recipe.to_json()),
            "cells": [asdict(cell) for cell in board.cells],
            "made": board.made,
        }
        _write(self._folder / f"{board.name}.json", data)

    def delete(self, name: str) -> None:
        """Forget a board; its stickers stay in the gallery. Raises DiskError."""
        path = self._folder / f"{Path(name).name}.json"
        with disk_errors(path):
            path.unlink(missing_ok=True)


def _board(path: Path) -> Board:
    try:
        data = _read(path)
        recipe = Recipe.from_json(json.dumps(data["recipe"]))
        cells = tuple(_cell(each) for each in data["cells"])
        return Board(path.stem, recipe, cells[:MOST], float(data["made"]))
    except (ValueError, TypeError, KeyError, RecursionError, OverflowError, BadInputError) as error:
        raise BadFileError(
            tr("The board {name} cannot be read.", name=path.name),
            str(error),
            tr("The file was left as it is."),
        ) from error


def _cell(value: Any) -> Cell:
    sticker = value["sticker"]
    return Cell(
        _expression(value["expression"]),
        int(value["seed"]),
        None if sticker is None else str(sticker),
        value["locked"] is True,
    )


def _expression(value: Any) -> Expression:
    return Expression(str(value["en"]), str(value["zh_hant"]), str(value["emoji"]))


def _read(path: Path) -> dict[str, Any]:
    with disk_errors(path):
        data: Any = json.loads(path.read_bytes())
    if not isinstance(data, dict):
        raise TypeError("not an object")
    return cast("dict[str, Any]", data)


def _write(path: Path, data: dict[str, Any]) -> None:
    with disk_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        write_text_atomic(path, json.dumps(data, ensure_ascii=False, indent=1))
