"""Expressions and boards: prompts, lists and what is kept on disk."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from stickerstudio.core.errors import BadInputError, DiskError
from stickerstudio.core.expressions import (
    FORTY,
    SIZES,
    BoardShelf,
    Expression,
    checked,
    new_board,
    prompt_for,
    read_list,
    save_list,
)
from stickerstudio.core.recipe import LoraWeight, Recipe
from tests.core.disks import FullDisk

HAPPY = Expression("happy", "開心", "😀")


def test_forty_expressions_in_two_languages_each_with_its_own_emoji() -> None:
    assert len(FORTY) == max(SIZES) == 40
    assert all(each.en and each.zh_hant and each.emoji for each in FORTY)
    for part in ("en", "zh_hant", "emoji"):
        assert len({getattr(each, part) for each in FORTY}) == 40


@pytest.mark.parametrize(
    ("character", "prompt"),
    [
        ("otter", "otter, happy"),
        (" otter, ", "otter, happy"),
        ("水獺", "水獺, 開心"),
        ("水獺，", "水獺, 開心"),
        ("{expression} face, flat", "happy face, flat"),
        ("{expression}的臉", "開心的臉"),
        ("", "happy"),
    ],
)
def test_the_prompt(character: str, prompt: str) -> None:
    assert prompt_for(character, HAPPY) == prompt


def test_an_expression_without_a_translation_uses_what_there_is() -> None:
    assert prompt_for("水獺", Expression("happy", "")) == "水獺, happy"
    assert Expression("", "開心").words("en") == "開心"


def test_a_list_is_tidied_and_refused_where_it_cannot_be_used() -> None:
    assert checked([Expression(" a \n b ", "", " 😀 "), Expression(" ", "\t")]) == (
        Expression("a b", "", "😀"),
    )
    for wrong in ([], [Expression("", "")], [HAPPY] * 41):
        with pytest.raises(BadInputError):
            checked(wrong)


def test_the_users_list_is_kept_and_a_broken_one_does_no_harm(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "state" / "expressions.json"
    assert read_list(path) == FORTY
    mine = (HAPPY, Expression("dancing", "跳舞", "💃🏽"))
    save_list(path, mine)
    assert read_list(path) == mine
    disk = FullDisk(monkeypatch)
    disk.room = 10
    with pytest.raises(DiskError):
        save_list(path, FORTY)
    disk.room = None
    assert read_list(path) == mine
    for broken in ("", "[]", "{}", '{"expressions": [1]}', '{"expressions": []}', "\x00"):
        path.write_text(broken)
        assert read_list(path) == FORTY


def test_boards_are_kept_the_newest_first(tmp_path: Path) -> None:
    shelf = BoardShelf(tmp_path / "boards")
    assert shelf.read() == []
    recipe = Recipe("水獺 {expression}", seed=7, loras=(LoraWeight("neon", -0.5),))
    old = new_board(recipe, FORTY[:8])
    assert old.recipe_of(0) == replace(recipe, prompt="水獺 開心")
    cell = replace(old.cells[3], sticker="abc", locked=True, seed=99)
    new = replace(new_board(recipe, FORTY), made=old.made + 1).with_cell(3, cell)
    shelf.save(old)
    shelf.save(new)
    assert shelf.read() == [new, old]
    assert new.recipe_of(3).seed == 99
    shelf.delete(new.name)
    shelf.delete("../nowhere")
    assert shelf.read() == [old]


def test_a_broken_board_costs_only_itself(tmp_path: Path) -> None:
    shelf = BoardShelf(tmp_path)
    board = new_board(Recipe("otter"), FORTY[:8])
    shelf.save(board)
    whole = json.loads((tmp_path / f"{board.name}.json").read_text())
    for name, change in (("a", {"cells": 3}), ("b", {"recipe": {}}), ("c", {"made": None})):
        (tmp_path / f"{name}.json").write_text(json.dumps(whole | change))
    (tmp_path / "d.json").write_bytes(b"\xff")
    (tmp_path / "e.json").write_text("[]")
    assert shelf.read() == [board]
    assert len(list(tmp_path.iterdir())) == 6


def test_cells_change_places(tmp_path: Path) -> None:
    board = new_board(Recipe("otter"), FORTY[:4])
    names = [cell.expression.en for cell in board.cells]
    swapped = [cell.expression.en for cell in board.swapped(0, 2).cells]
    assert swapped == [names[2], names[1], names[0], names[3]]
    moved = [cell.expression.en for cell in board.moved(3, 0).cells]
    assert moved == [names[3], *names[:3]]
