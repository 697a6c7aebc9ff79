"""The editor's document without its window: newest design wins, undo in steps, saved whole."""

from __future__ import annotations

from dataclasses import replace

import pytest
from PIL import Image, ImageChops, ImageDraw
from pytestqt.qtbot import QtBot

from stickerstudio.core.design import Caption, Cutout, Design, Outline, Stamp
from stickerstudio.core.library_painted import Painted
from stickerstudio.core.pictures import open_picture
from stickerstudio.core.recipe import Recipe
from stickerstudio.core.sticker import Sticker
from stickerstudio.finish.composed import Composed
from stickerstudio.finish.cutout import apply_cutout, cut_out
from stickerstudio.finish.enlarge import enlarge_both
from stickerstudio.session.designing import PREVIEW_SIDE, Designing
from stickerstudio.session.session import Session
from stickerstudio.session.state import Notice
from tests.session.conftest import MakeSession

SOON = 60_000  # milliseconds: a worker process may have to start first


@pytest.fixture
def session(make_session: MakeSession) -> Session:
    return make_session()


def _add(session: Session, side: int = 60) -> Sticker:
    painted = Image.new("RGB", (side, side), "white")
    painted.paste("#c03030", (side // 4, side // 4, side // 2, side // 2))
    design = Design(Cutout("none"))
    return session.library.add(
        painted, Recipe("square"), 1.0, painted=Painted(painted), design=design
    )


def _open(session: Session, qtbot: QtBot, sticker: Sticker) -> Designing:
    document = session.designing
    with qtbot.waitSignal(document.composed, timeout=SOON):
        document.open(sticker.id)
    _settle(document, qtbot)
    return document


def _settle(document: Designing, qtbot: QtBot) -> None:
    qtbot.waitUntil(lambda: not document.composing, timeout=SOON)


def test_of_a_stream_of_changes_only_some_are_composed_and_the_last_is_shown(
    session: Session, qtbot: QtBot
) -> None:
    document = _open(session, qtbot, _add(session))
    shown: list[Design] = []
    document.composed.connect(lambda _: shown.append(document.composed_design))

    for step in range(1, 41):
        document.edit(replace(document.design, outline=Outline(step / 200)), "width")
    _settle(document, qtbot)

    assert shown[-1] == document.design == Design(Cutout("none"), Outline(0.2))
    assert len(shown) <= 3


def test_undo_goes_by_steps_and_a_new_step_forgets_what_was_undone(
    session: Session, qtbot: QtBot
) -> None:
    document = _open(session, qtbot, _add(session))
    first = document.design

    for width in (0.01, 0.02, 0.03):
        document.edit(replace(document.design, outline=Outline(width)), "one pull")
    document.end_merge()
    document.edit(replace(document.design, outline=Outline(0.1)), "one pull")
    document.undo()
    assert document.design.outline == Outline(0.03)
    document.undo()
    assert document.design == first
    assert not document.can_undo
    document.redo()
    assert document.design.outline == Outline(0.03)

    document.add_layer(Caption("hi"))
    assert document.selected == 0
    assert not document.can_redo
    document.undo()
    assert document.selected is None  # the layer it chose is gone
    _settle(document, qtbot)


def test_layers_change_places_and_the_chosen_one_stays_chosen(
    session: Session, qtbot: QtBot
) -> None:
    document = _open(session, qtbot, _add(session))
    for text in ("a", "b", "c"):
        document.add_layer(Caption(text))

    document.raise_layer(0, 1)
    assert [layer.text for layer in document.design.layers if isinstance(layer, Caption)] == [
        *("b", "a", "c")
    ]
    assert document.layer == Caption("a")
    document.raise_layer(2, 1)  # on top already
    assert document.selected == 2
    document.remove_layer(2)
    assert document.layer == Caption("a")
    _settle(document, qtbot)


def test_a_large_picture_is_edited_small_and_saved_large(session: Session, qtbot: QtBot) -> None:
    sticker = _add(session, PREVIEW_SIDE * 2)
    pictures: list[Composed] = []
    session.designing.composed.connect(pictures.append)
    document = _open(session, qtbot, sticker)

    assert document.painted_size == (PREVIEW_SIDE * 2, PREVIEW_SIDE * 2)
    assert pictures[-1].image.size == (PREVIEW_SIDE, PREVIEW_SIDE)
    document.edit(replace(document.design, cutout=Cutout("flat")))
    with qtbot.waitSignal(document.saved, timeout=SOON):
        document.save()

    saved = session.library.get(sticker.id)
    assert (saved.width, saved.height) == (PREVIEW_SIDE * 2, PREVIEW_SIDE * 2)
    assert not document.is_dirty
    _settle(document, qtbot)


def test_a_stamp_whose_sticker_is_gone_is_told_once_and_the_rest_is_shown(
    session: Session, qtbot: QtBot
) -> None:
    document = _open(session, qtbot, _add(session))
    told: list[Notice] = []
    session.notice.connect(told.append)

    document.add_layer(Stamp("nobody"))
    _settle(document, qtbot)
    document.add_layer(Caption("hi"))
    _settle(document, qtbot)

    assert len(told) == 1
    assert document.composed_design == document.design


def test_a_sticker_that_is_gone_is_a_notice(session: Session, qtbot: QtBot) -> None:
    with qtbot.waitSignal(session.notice, timeout=SOON):
        session.designing.open("nobody")

    assert session.designing.sticker is None


def test_a_sticker_opened_and_saved_unchanged_stays_what_it_was(
    session: Session, qtbot: QtBot
) -> None:
    small = Image.new("RGB", (40, 40), "white")
    ImageDraw.Draw(small).ellipse((8, 8, 31, 31), fill="#c03030")
    picture, mask = enlarge_both(small, cut_out(small, None, "flat"), 4)
    painted = Painted(picture, mask)
    design = Design(Cutout("auto"))
    image = apply_cutout(picture, design.cutout, mask)
    sticker = session.library.add(image, Recipe("ball"), 1.0, painted=painted, design=design)
    before = open_picture(sticker.path)

    document = _open(session, qtbot, sticker)
    with qtbot.waitSignal(document.saved, timeout=SOON):
        document.save()

    after = open_picture(session.library.get(sticker.id).path)
    assert _difference(before, after) <= 1
    kept = session.library.painted(sticker.id).mask
    assert kept is not None
    assert _difference(kept, mask) == 0

    document.edit(replace(design, cutout=Cutout("flat")))  # found anew, in the large picture
    with qtbot.waitSignal(document.saved, timeout=SOON):
        document.save_as_new()
    other = session.library.search()[0]
    assert _difference(open_picture(other.path), cut_out(picture, None, "flat")) == 0
    assert session.library.painted(other.id).mask == kept
    _settle(document, qtbot)


def _difference(first: Image.Image, second: Image.Image) -> int:
    """The largest of any pixel and channel, levels."""
    return max(ImageChops.difference(first, second).tobytes())
