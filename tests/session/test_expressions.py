"""A board of expressions, made by the lane and kept."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from pytestqt.qtbot import QtBot

from stickerstudio.core.design import Caption, Stamp
from stickerstudio.core.errors import BadInputError
from stickerstudio.core.expressions import FORTY, Expression
from stickerstudio.session.expressions import Expressions
from stickerstudio.session.session import Session
from tests.session.watch import Watch


@pytest.fixture
def board(session: Session, watch: Watch) -> Expressions:
    """A board of eight, made."""
    session.edit(seed=11, seed_locked=True)
    session.expressions.make("otter", 8)
    watch.until(lambda: session.expressions.made == 8)
    assert not watch.notices
    return session.expressions


def names(board: Expressions) -> list[str]:
    assert board.board is not None
    return [cell.expression.en for cell in board.board.cells]


def stickers(board: Expressions) -> list[str | None]:
    assert board.board is not None
    return [cell.sticker for cell in board.board.cells]


def test_a_board_is_one_seed_and_one_sticker_for_each_expression(
    board: Expressions, session: Session
) -> None:
    assert names(board) == [each.en for each in FORTY[:8]]
    shown = [board.shown(index) for index in range(8)]
    recipes = [each.sticker.recipe for each in shown if each is not None]
    assert [recipe.prompt for recipe in recipes][:2] == ["otter, happy", "otter, sad"]
    assert {recipe.seed for recipe in recipes} == {11}
    assert session.library.count() == 8
    assert not board.is_making


def test_one_is_made_anew_and_the_old_one_stays_in_the_gallery(
    board: Expressions, session: Session, watch: Watch
) -> None:
    before = stickers(board)
    board.regenerate(2)
    assert board.state(2) in ("waiting", "making")
    watch.until(lambda: board.state(2) == "done")
    after = stickers(board)
    assert after[2] != before[2]
    assert [*after[:2], *after[3:]] == [*before[:2], *before[3:]]
    assert session.library.count() == 9
    assert session.library.get(str(after[2])).recipe.seed != 11


def test_what_is_locked_is_left_alone(board: Expressions, watch: Watch) -> None:
    before = stickers(board)
    board.set_locked(1, True)
    board.remake()
    watch.until(lambda: board.made == 8)
    after = stickers(board)
    assert [one == other for one, other in zip(before, after, strict=True)] == [
        False, True, False, False, False, False, False, False
    ]  # fmt: skip


def test_order_and_swap_survive_a_restart(
    board: Expressions, session: Session, make_session: Callable[[], Session], qtbot: QtBot
) -> None:
    board.swap(0, 7)
    board.move(3, 1)
    kept, order = stickers(board), names(board)
    board.set_expressions([Expression("dancing", "跳舞", "💃")])
    with qtbot.waitSignal(session.closed):
        session.close()

    again = make_session().expressions
    again.start()
    qtbot.waitUntil(lambda: again.board is not None and again.made == 8, timeout=30_000)
    assert (stickers(again), names(again)) == (kept, order)
    assert again.expressions == (Expression("dancing", "跳舞", "💃"),)


def test_stopping_leaves_cells_empty_and_the_rest_can_be_made(
    session: Session, watch: Watch
) -> None:
    board = session.expressions
    board.make("otter", 8)
    watch.until(lambda: board.made >= 2)
    board.stop()
    watch.until(lambda: not board.is_making)
    if board.made < 8:  # a quick engine may have been done
        states = {board.state(index) for index in range(8)}
        assert states == {"done", "empty"}
    board.make_rest()
    watch.until(lambda: board.made == 8)


def test_a_deleted_sticker_leaves_its_cell_empty(
    board: Expressions, session: Session, watch: Watch
) -> None:
    session.delete([str(stickers(board)[4])])
    watch.until(lambda: board.state(4) == "empty")
    session.undo_delete()
    watch.until(lambda: board.state(4) == "done")


def test_captions_are_layers_and_can_be_taken_away(
    board: Expressions, session: Session, watch: Watch
) -> None:
    ids = [str(each) for each in stickers(board)]
    keys = [shown.key for index in range(8) if (shown := board.shown(index))]
    board.caption("zh_TW")
    watch.until(lambda: not board.captioning)
    designs = [session.library.design(each) for each in ids]
    texts = [[layer.text for layer in d.layers if isinstance(layer, Caption)] for d in designs]
    assert texts == [[each.zh_hant] for each in FORTY[:8]]
    watch.until(lambda: all(s.key not in keys for i in range(8) if (s := board.shown(i))))
    board.caption("en")  # instead of, not beside
    watch.until(lambda: not board.captioning)
    assert [len(session.library.design(each).layers) for each in ids] == [1] * 8
    board.caption("")
    watch.until(lambda: not board.captioning)
    assert [session.library.design(each).layers for each in ids] == [()] * 8


def test_captions_leave_stamps_and_other_words_alone(
    board: Expressions, session: Session, watch: Watch
) -> None:
    first = str(stickers(board)[0])
    picture = session.library.painted(first).picture
    layers = (Stamp("shipped:heart"), Caption("mine"))
    design = replace(session.library.design(first), layers=layers)
    session.library.redesign(first, picture, design)
    board.caption("en")
    watch.until(lambda: not board.captioning)
    assert not watch.notices
    captioned = session.library.design(first).layers
    assert captioned[:2] == layers
    assert [layer.text for layer in captioned[2:] if isinstance(layer, Caption)] == ["happy"]


def test_a_pack_has_the_boards_order_and_emoji(
    board: Expressions, session: Session, watch: Watch
) -> None:
    board.swap(0, 1)
    pack = board.pack()
    assert pack.title == "otter"
    assert [sticker.emoji for sticker in pack.stickers][:2] == [("😔",), ("😀",)]
    assert [sticker.text for sticker in pack.stickers][:2] == ["sad", "happy"]
    assert all(sticker.source.is_file() for sticker in pack.stickers)
    assert board.make_pack()
    watch.until(lambda: session.packing.pack is not None)
    assert session.packing.pack is not None
    assert session.packing.pack.stickers == pack.stickers


def test_nothing_to_make_and_nothing_to_pack_are_sentences(session: Session, watch: Watch) -> None:
    session.expressions.make("  ", 8)
    assert watch.notices[-1].error is not None
    assert session.expressions.board is None
    with pytest.raises(BadInputError):
        session.expressions.pack()
    assert not session.expressions.make_pack()
    session.expressions.set_expressions([])
    assert len(watch.notices) == 3
    assert session.expressions.expressions == FORTY
