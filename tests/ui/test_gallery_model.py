"""The gallery's rows follow the library without losing selection or place."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import cast

import pytest
from PIL import Image
from PySide6.QtCore import QItemSelectionModel, QPersistentModelIndex, Qt
from PySide6.QtTest import QAbstractItemModelTester
from pytestqt.qtbot import QtBot

from stickerstudio.core.library import Library
from stickerstudio.core.recipe import LoraWeight, Recipe
from stickerstudio.core.sticker import Sticker
from stickerstudio.ui import gallery_model
from stickerstudio.ui.gallery_model import GalleryModel, Question, Role

PROMPTS = ("red heart", "happy otter", "sleepy cat", "水獺 我愛你", "robot")


def add(library: Library, prompt: str, lora: str = "") -> Sticker:
    loras = (LoraWeight(lora, 0.5),) if lora else ()
    return library.add(Image.new("RGBA", (8, 8), "red"), Recipe(prompt, seed=9, loras=loras), 0.1)


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    with Library(tmp_path / "library") as library:
        for prompt in PROMPTS:
            add(library, prompt)
        yield library


@pytest.fixture
def model(library: Library, qtbot: QtBot) -> Iterator[GalleryModel]:
    model = GalleryModel(library)
    tester = QAbstractItemModelTester(
        model, QAbstractItemModelTester.FailureReportingMode.Fatal, model
    )
    ask(model, qtbot)
    yield model
    model.close()
    del tester


def ask(model: GalleryModel, qtbot: QtBot, words: str = "", favourites: bool = False) -> None:
    with qtbot.waitSignal(model.searched):
        model.ask(Question(words, favourites))


def prompts(model: GalleryModel) -> list[str]:
    rows = range(model.rowCount())
    return [model.index(row).data(Qt.ItemDataRole.DisplayRole) for row in rows]


def painted(model: GalleryModel, row: int, qtbot: QtBot) -> Sticker:
    """The sticker of a row, as a delegate comes to it: not at once."""
    qtbot.waitUntil(lambda: model.index(row).data(Role.STICKER) is not None)
    return cast(Sticker, model.index(row).data(Role.STICKER))


def test_newest_first(model: GalleryModel) -> None:
    assert prompts(model) == list(reversed(PROMPTS))


def test_words_and_favourites(model: GalleryModel, library: Library, qtbot: QtBot) -> None:
    ask(model, qtbot, "otter")
    assert prompts(model) == ["happy otter"]
    ask(model, qtbot, "水獺")
    assert prompts(model) == ["水獺 我愛你"]
    ask(model, qtbot, "nowhere")
    assert prompts(model) == []
    ask(model, qtbot, favourites=True)
    assert prompts(model) == []
    library.set_favourite([library.search("robot")[0].id], True)
    ask(model, qtbot, favourites=True)
    assert prompts(model) == ["robot"]
    ask(model, qtbot)
    assert len(prompts(model)) == 5


def test_only_the_last_question_is_answered(model: GalleryModel, qtbot: QtBot) -> None:
    answers: list[int] = []
    model.searched.connect(lambda: answers.append(model.rowCount()))
    for words in ("o", "ot", "ott", "otte", "otter"):
        model.ask(Question(words))
    assert model.is_searching
    qtbot.waitUntil(lambda: not model.is_searching)
    qtbot.wait(50)
    assert answers == [1]


def test_a_new_sticker_comes_to_the_top_and_nothing_else_moves(
    model: GalleryModel, library: Library, qtbot: QtBot
) -> None:
    selection = QItemSelectionModel(model)
    selection.select(model.index(2), QItemSelectionModel.SelectionFlag.Select)
    chosen = model.ids_in(selection.selection())
    resets: list[int] = []
    model.modelReset.connect(lambda: resets.append(1))
    sticker = add(library, "new")
    model.add_newest(sticker)
    assert prompts(model)[0] == "new"
    assert model.ids_in(selection.selection()) == chosen
    model.add_newest(sticker)  # told twice
    with qtbot.waitSignal(model.searched):
        model.refresh()
    assert prompts(model) == ["new", *reversed(PROMPTS)]
    assert not resets


def test_a_new_sticker_that_does_not_match_stays_out(
    model: GalleryModel, library: Library, qtbot: QtBot
) -> None:
    ask(model, qtbot, "otter")
    with qtbot.waitSignal(model.searched):
        model.add_newest(add(library, "a cat"))
    assert prompts(model) == ["happy otter"]
    with qtbot.waitSignal(model.searched):
        model.add_newest(add(library, "an otter"))
    assert prompts(model) == ["an otter", "happy otter"]


def test_delete_and_undo_keep_the_others_where_they_are(
    model: GalleryModel, library: Library, qtbot: QtBot
) -> None:
    kept = [QPersistentModelIndex(model.index(row)) for row in range(5)]
    doomed = [cast(str, model.index(row).data(Role.ID)) for row in (1, 2, 4)]
    library.delete(doomed)
    with qtbot.waitSignal(model.searched):
        model.refresh()
    assert prompts(model) == ["robot", "happy otter"]
    assert [index.row() for index in kept] == [0, -1, -1, 1, -1]
    library.restore(doomed)
    with qtbot.waitSignal(model.searched):
        model.refresh()
    assert prompts(model) == list(reversed(PROMPTS))
    assert [index.row() for index in kept] == [0, -1, -1, 3, -1]


def test_another_window_makes_one(model: GalleryModel, library: Library, qtbot: QtBot) -> None:
    with Library(library.folder) as other:
        add(other, "from the other window")
    with qtbot.waitSignal(model.searched):
        model.refresh()
    assert prompts(model)[0] == "from the other window"


def test_a_star_is_seen_after_a_refresh(
    model: GalleryModel, library: Library, qtbot: QtBot
) -> None:
    index = model.index(0)
    assert not painted(model, 0, qtbot).favourite
    library.set_favourite([index.data(Role.ID)], True)
    with qtbot.waitSignal(model.searched):
        model.refresh()
    # Seen without ever having been blank.
    assert index.data(Role.STICKER) is not None
    qtbot.waitUntil(lambda: index.data(Role.STICKER).favourite)
    assert index.data(Qt.ItemDataRole.AccessibleTextRole) == "robot, favourite"


def test_a_row_is_painted_without_waiting_for_the_library(
    model: GalleryModel, qtbot: QtBot
) -> None:
    model._stickers.clear()
    with qtbot.waitSignal(model.dataChanged) as changed:
        assert model.index(3).data(Role.STICKER) is None
    assert changed.args is not None
    assert changed.args[0].row() == 3
    assert painted(model, 3, qtbot).recipe.prompt == "happy otter"


def test_a_sticker_made_while_the_library_is_asked_is_not_lost(
    model: GalleryModel, library: Library, qtbot: QtBot
) -> None:
    model.refresh()
    model.add_newest(add(library, "in between"))
    qtbot.waitUntil(lambda: not model.is_searching)
    assert prompts(model) == ["in between", *reversed(PROMPTS)]


def test_a_sticker_deleted_meanwhile_is_an_empty_card(
    model: GalleryModel, library: Library, qtbot: QtBot
) -> None:
    library.delete([model.index(0).data(Role.ID)])
    model._stickers.clear()
    assert model.index(0).data(Role.STICKER) is None
    qtbot.wait(50)
    assert model.index(0).data(Role.STICKER) is None
    assert model.index(0).data(Qt.ItemDataRole.DisplayRole) is None


def test_the_tip_says_how_it_was_made(model: GalleryModel, library: Library) -> None:
    model.add_newest(add(library, "inked otter", lora="ink"))
    tip = model.index(0).data(Qt.ItemDataRole.ToolTipRole)
    assert "inked otter" in tip
    assert "Seed 9" in tip
    assert "ink +0.50" in tip


def test_a_library_that_cannot_be_read_is_told_once(
    model: GalleryModel, library: Library, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    from stickerstudio.core.errors import DiskError

    def fail(*_: object, **__: object) -> list[str]:
        raise DiskError("The library could not be read.")

    monkeypatch.setattr(library, "ids", fail)
    with qtbot.waitSignal(model.failed) as failed:
        model.ask(Question("otter"))
    assert failed.args is not None
    assert failed.args[0].what == "The library could not be read."
    assert not model.is_searching
    assert len(prompts(model)) == 5  # what was shown stays


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", "abc"),
        ("abc", ""),
        ("abc", "abc"),
        ("bcd", "abcde"),
        ("abcde", "bd"),
        ("abdeg", "bcdfg"),
        ("abc", "xyz"),
        ("ace", "abcdef"),
    ],
)
def test_any_change_ends_in_what_the_library_says(
    library: Library, qtbot: QtBot, before: str, after: str
) -> None:
    model = GalleryModel(library)
    QAbstractItemModelTester(model, QAbstractItemModelTester.FailureReportingMode.Fatal, model)
    for ids in (before, after):
        library.ids = lambda *_, ids=ids, **__: list(ids)  # type: ignore[method-assign]
        ask(model, qtbot)
        assert [model.index(row).data(Role.ID) for row in range(model.rowCount())] == list(ids)
    model.close()


def test_nothing_is_asked_of_a_closed_library(
    model: GalleryModel, library: Library, qtbot: QtBot
) -> None:
    model.close()
    library.close()
    model._stickers.clear()
    model.refresh()
    assert model.index(0).data(Role.STICKER) is None
    qtbot.wait(30)


def test_the_first_rows_come_before_the_rest(
    model: GalleryModel, library: Library, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gallery_model, "_FIRST", 2)
    answers: list[list[str]] = []
    model.searched.connect(lambda: answers.append(prompts(model)))
    for number in range(3):
        add(library, f"otter {number}")
    model.ask(Question("otter"))
    qtbot.waitUntil(lambda: len(answers) == 2 and not model.is_counting)
    assert answers == [
        ["otter 2", "otter 1"],
        ["otter 2", "otter 1", "otter 0", "happy otter"],
    ]
    ask(model, qtbot, "robot")
    assert prompts(model) == ["robot"]
