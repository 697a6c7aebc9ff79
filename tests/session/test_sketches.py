"""Sketches: several pictures besides the preview, in the way of nothing."""

from __future__ import annotations

from dataclasses import replace

import pytest

from stickerstudio.core.errors import ErrorReport
from stickerstudio.core.messages import PreviewReady
from stickerstudio.core.recipe import Recipe
from stickerstudio.session.session import Session
from stickerstudio.session.sketches import SketchBatch
from tests.session import scripted
from tests.session.watch import Watch


class Noted:
    """What a batch has told, in order."""

    def __init__(self, batch: SketchBatch) -> None:
        self.batch = batch
        self.pictures: dict[int, PreviewReady] = {}
        self.errors: dict[int, ErrorReport] = {}
        self.finished = 0
        batch.ready.connect(self.pictures.__setitem__)
        batch.failed.connect(self.errors.__setitem__)
        batch.finished.connect(self._count)

    def _count(self) -> None:
        self.finished += 1


def recipes(count: int, prompt: str = "otter", steps: int = 2) -> list[Recipe]:
    return [Recipe(prompt, seed=seed, num_inference_steps=steps) for seed in range(count)]


def test_each_recipe_gives_its_picture_in_order(session: Session, watch: Watch):
    noted = Noted(session.sketches.request(recipes(4)))
    assert noted.pictures == {}
    watch.until(lambda: noted.finished)
    assert list(noted.pictures) == [0, 1, 2, 3]
    assert [picture.recipe for picture in noted.pictures.values()] == recipes(4)
    assert noted.batch.left == 0
    assert noted.finished == 1
    assert watch.previews == []  # no other picture takes the preview's place
    assert watch.progress == []


def test_a_batch_of_smaller_priority_overtakes(session: Session, watch: Watch):
    made: list[tuple[str, int]] = []
    grid = session.sketches.request(recipes(5, "grid", steps=8), priority=10)
    grid.ready.connect(lambda index, _: made.append(("grid", index)))
    watch.until(lambda: made)
    pair = session.sketches.request(recipes(2, "pair"))
    pair.ready.connect(lambda index, _: made.append(("pair", index)))
    watch.until(lambda: len(made) == 7)
    assert made.index(("pair", 1)) < made.index(("grid", 3))
    assert [each for each in made if each[0] == "grid"] == [("grid", n) for n in range(5)]


def test_an_order_and_a_preview_come_first_and_no_sketch_is_lost(session: Session, watch: Watch):
    session.edit(prompt="cat")
    noted = Noted(session.sketches.request(recipes(3, "slow otter", steps=8)))
    watch.until(lambda: session.engine.state == "busy")
    session.make()
    session.edit(live=True)
    watch.until(lambda: watch.stickers and watch.previews)
    assert noted.pictures == {}  # the first gave way: eight slow steps take longer than both
    watch.until(lambda: noted.finished)
    assert list(noted.pictures) == [0, 1, 2]
    assert not watch.notices


def test_sketches_of_a_cancelled_batch_are_not_made(session: Session, watch: Watch):
    kept = recipes(1, "kept")
    noted = Noted(session.sketches.request(recipes(50, "slow otter")))
    watch.until(lambda: session.engine.state == "busy")
    noted.batch.cancel()
    noted.batch.cancel()  # a second time says nothing new
    after = Noted(session.sketches.request(kept))
    watch.until(lambda: after.finished)
    assert after.pictures[0].recipe == kept[0]
    assert (noted.pictures, noted.errors, noted.finished) == ({}, {}, 0)
    assert scripted.steps_taken(session.paths) <= 2 + kept[0].num_inference_steps
    assert not session._workbench._sketches


@pytest.mark.parametrize("word", ["fails", "killed"])
def test_one_that_cannot_be_made_is_told_once_and_the_others_go_on(
    session: Session, watch: Watch, word: str
):
    bad = replace(recipes(1, f"{word} otter")[0], seed=9)
    noted = Noted(session.sketches.request([*recipes(1), bad, *recipes(1)]))
    watch.until(lambda: noted.finished)
    assert sorted(noted.pictures) == [0, 2]
    assert list(noted.errors) == [1]
    assert len(watch.notices) == 1
    assert watch.notices[0].error == noted.errors[1]


def test_stop_leaves_sketches_alone(session: Session, watch: Watch):
    noted = Noted(session.sketches.request(recipes(2, "slow otter")))
    watch.until(lambda: session.engine.state == "busy")
    session.stop()
    watch.until(lambda: noted.finished)
    assert list(noted.pictures) == [0, 1]


def test_the_recipe_of_a_draft_is_that_of_its_preview(session: Session, watch: Watch):
    assert session.preview_recipe() is None  # without words
    session.edit(prompt="otter", live=True)
    watch.until(lambda: watch.previews)
    assert session.preview_recipe() == watch.previews[-1].recipe
    other = session.preview_recipe(replace(session.draft, seed=1))
    assert other == replace(watch.previews[-1].recipe, seed=1)
    assert session.preview_recipe(replace(session.draft, model="lost")) is None
