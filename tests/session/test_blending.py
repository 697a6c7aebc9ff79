"""Playing with the blend in a session: undo, chance, mixes, parts, blends kept by name."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from pytestqt.qtbot import QtBot

from stickerstudio.core.paths import Paths
from stickerstudio.core.recipe import BlockWeight, LoraWeight
from stickerstudio.session.blend_dice import random_blend
from stickerstudio.session.session import Session
from stickerstudio.session.state import BlendEntry, loras_of
from tests.models.lora_names import write_file
from tests.session.conftest import MakeSession
from tests.session.watch import Watch

LAYER = "unet.down_blocks.1.attentions.0.transformer_blocks.0.attn2.to_k"
SHAPES = {f"{LAYER}.lora_A.weight": (1, 2048), f"{LAYER}.lora_B.weight": (640, 1)}
NAMES = ("gold", "ink", "neon")


@pytest.fixture
def paths(paths: Paths, tmp_path: Path) -> Paths:
    """Three LoRAs, recommended at 0.8."""
    bundled = tmp_path / "bundled"
    bundled.mkdir()
    for name in NAMES:
        write_file(bundled / f"{name}.safetensors", SHAPES)
        card = f'{{"name": "{name}", "title": "{name}", "recommended_weight": 0.8}}'
        (bundled / f"{name}.json").write_text(card)
    return replace(paths, bundled_loras=bundled)


@pytest.fixture
def shelf(session: Session, qtbot: QtBot) -> Session:
    """The started session, its LoRAs read."""
    qtbot.waitUntil(lambda: len(session.loras) == len(NAMES))
    return session


def weights(session: Session) -> dict[str, float]:
    return {lora.name: lora.weight for lora in loras_of(session.draft.blend)}


# --- moving, and taking it back ---


def test_a_drag_over_many_weights_is_one_undo(shelf: Session):
    blending = shelf.blending
    assert not blending.can_undo  # the shelf's LoRAs have come, which is no change of a hand
    before = shelf.draft.blend
    blending.hold()
    for n in range(20):
        blending.weigh("ink", n / 10)
    blending.release()
    moved = shelf.draft.blend
    assert weights(shelf) == {"ink": 1.9}
    blending.undo()
    assert shelf.draft.blend == before
    assert not blending.can_undo
    blending.redo()
    assert shelf.draft.blend == moved
    assert not blending.can_redo


def test_every_way_to_change_the_blend_can_be_taken_back(shelf: Session):
    blending = shelf.blending
    changes = (
        lambda: shelf.set_enabled("ink", True),
        lambda: shelf.only("gold"),
        lambda: blending.mix({"ink": 0.3, "neon": 0.4}, leave=["gold"]),
        lambda: blending.shuffle(7),
        lambda: blending.weigh_block("ink", "mid.attention", 0.0),
        lambda: shelf.set_enabled("gold", False),
        lambda: blending.reset_blocks("ink"),
        shelf.reset_blend,
    )
    states = [shelf.draft.blend]
    for change in changes:
        change()
        states.append(shelf.draft.blend)
    for state in reversed(states[:-1]):
        blending.undo()
        assert shelf.draft.blend == state
    blending.undo()  # nothing is left
    assert shelf.draft.blend == states[0]
    for state in states[1:]:
        blending.redo()
        assert shelf.draft.blend == state


def test_undo_leaves_the_words_alone_and_remakes_the_preview(shelf: Session, watch: Watch):
    shelf.edit(prompt="otter", live=True)
    shelf.blending.weigh("ink", 0.5)
    watch.idle()
    shelf.edit(prompt="otter in rain")
    shelf.blending.undo()
    watch.idle()
    assert shelf.draft.prompt == "otter in rain"
    assert watch.previews[-1].recipe.loras == ()


def test_where_the_hand_lets_go_is_shown_before_anything_older(shelf: Session, watch: Watch):
    shelf.edit(prompt="slow otter", steps=5, live=True)
    watch.idle()  # a second: the next one would be let finish while the hand moves
    watch.previews.clear()
    shelf.blending.hold()
    shelf.blending.weigh("ink", 0.5)
    watch.until(lambda: shelf.engine.state == "busy")
    shelf.blending.weigh("ink", 0.6)
    shelf.blending.release()
    watch.idle()
    assert [picture.recipe.loras[0].weight for picture in watch.previews] == [0.6]


def test_the_pane_hears_when_it_can_go_back_and_forth(shelf: Session):
    heard: list[tuple[bool, bool]] = []
    blending = shelf.blending
    blending.history_changed.connect(lambda: heard.append((blending.can_undo, blending.can_redo)))
    blending.weigh("ink", 0.5)
    blending.undo()
    assert heard[0] == (True, False)
    assert heard[-1] == (False, True)


def test_a_mix_leaves_other_loras_alone(shelf: Session):
    shelf.blending.weigh("gold", 1.25)
    shelf.blending.mix({"ink": 0.3})
    assert weights(shelf) == {"gold": 1.25, "ink": 0.3}
    shelf.blending.mix({"neon": 0.6}, leave=["ink"])
    assert weights(shelf) == {"gold": 1.25, "neon": 0.6}
    assert shelf.blending.entry("ink") == BlendEntry("ink", 0.3)  # its weight is remembered


def test_parts_of_a_lora_reach_the_recipe_and_are_reset(shelf: Session):
    blending = shelf.blending
    shelf.edit(prompt="otter")
    blending.weigh("ink", 0.5)
    blending.weigh_block("ink", "text", 1.5)
    blending.weigh_block("ink", "down.attention", 3.0)
    blending.weigh_block("nobody", "text", 0.5)
    blocks = (BlockWeight("down.attention", 2.0), BlockWeight("text", 1.5))
    recipe = shelf.preview_recipe()
    assert recipe is not None
    assert recipe.loras == (LoraWeight("ink", 0.5, blocks),)
    blending.weigh_block("ink", "text", 1.0)
    assert blending.entry("ink") == BlendEntry("ink", 0.5, True, blocks[:1])
    blending.reset_blocks("ink")
    assert blending.entry("ink") == BlendEntry("ink", 0.5, True)


# --- by chance ---


@given(
    st.dictionaries(
        st.sampled_from("abcdefgh"), st.sampled_from([-1.0, 0.0, 0.05, 0.8, 1.0, 1.5]), max_size=8
    ),
    st.integers(0, 2**32 - 1),
)
def test_chance_gives_one_to_three_loras_near_their_weights(
    recommended: dict[str, float], seed: int
):
    blend = random_blend(recommended, seed)
    assert blend == random_blend(recommended, seed)
    assert bool(blend) == any(recommended.values())
    assert len(blend) <= 3
    for name, weight in blend.items():
        assert weight != 0
        assert (weight > 0) == (recommended[name] > 0)
        assert abs(weight) <= abs(recommended[name]) * 1.1 + 0.025 + 1e-9
        assert abs(weight * 20 - round(weight * 20)) < 1e-9
    loud = [abs(weight) for weight in blend.values()]
    if len({abs(recommended[name]) for name in blend}) == 1 and min(loud, default=0) > 0.1:
        assert loud == sorted(loud, reverse=True)  # a lead and its company


def test_chance_gives_every_number_of_loras():
    seen = {len(random_blend(dict.fromkeys("abcde", 1.0), seed)) for seed in range(60)}
    assert seen == {1, 2, 3}


def test_a_shuffle_is_never_the_blend_there_is(shelf: Session):
    for _ in range(20):
        before = weights(shelf)
        shelf.blending.shuffle()
        assert 1 <= len(weights(shelf)) <= 3
        assert weights(shelf) != before


def test_the_same_seed_shuffles_alike(shelf: Session):
    shelf.blending.shuffle(42)
    first = weights(shelf)
    shelf.blending.shuffle(43)
    shelf.blending.shuffle(42)
    assert weights(shelf) == first


# --- by name ---


def saved_names(session: Session) -> list[str]:
    return [blend.name for blend in session.blending.saved]


def test_a_blend_is_kept_with_the_preview_and_recalled(
    shelf: Session, watch: Watch, qtbot: QtBot, make_session: MakeSession
):
    shelf.edit(prompt="otter", live=True, seed=77)
    shelf.blending.mix({"ink": 0.4, "neon": -0.2})
    watch.idle()
    with qtbot.waitSignal(shelf.blending.saved_changed):
        shelf.blending.save("水彩 🦦")
    (blend,) = shelf.blending.saved
    assert blend.picture is not None
    with Image.open(blend.picture) as image:
        assert image.getpixel((0, 0)) == (77, 0, 0, 255)  # as the scripted engine paints seed 77
    shelf.only("gold")
    shelf.blending.recall("水彩 🦦")
    assert weights(shelf) == {"ink": 0.4, "neon": -0.2}
    shelf.blending.recall("nothing of that name")
    assert weights(shelf) == {"ink": 0.4, "neon": -0.2}

    other = make_session()  # a second window
    with qtbot.waitSignal(other.blending.saved_changed):
        other.blending.read_saved()
    assert other.blending.saved == shelf.blending.saved


def test_a_preview_of_another_blend_is_not_its_picture(shelf: Session, watch: Watch, qtbot: QtBot):
    shelf.edit(prompt="otter", live=True)
    watch.idle()
    shelf.edit(live=False)
    shelf.only("ink")
    with qtbot.waitSignal(shelf.blending.saved_changed):
        shelf.blending.save("Ink")
    assert shelf.blending.saved[0].picture is None


def test_renaming_deleting_and_replacing(shelf: Session, qtbot: QtBot):
    blending = shelf.blending
    shelf.only("ink")
    blending.save("One")
    blending.rename("One", "Two")
    shelf.only("gold")
    blending.save("Three")
    qtbot.waitUntil(lambda: saved_names(shelf) == ["Three", "Two"])
    shelf.only("neon")
    blending.save("three")
    qtbot.waitUntil(lambda: saved_names(shelf) == ["three", "Two"])
    assert blending.saved[0].loras == (LoraWeight("neon", 0.8),)
    assert blending.saved[1].loras == (LoraWeight("ink", 0.8),)
    blending.delete("Two")
    qtbot.waitUntil(lambda: saved_names(shelf) == ["three"])


def test_what_cannot_be_kept_is_answered_with_a_sentence(shelf: Session, watch: Watch):
    shelf.blending.save("  ")
    watch.until(lambda: watch.notices)
    assert watch.notices[0].error is not None
    assert watch.notices[0].error.kind == "BadInputError"


def test_a_damaged_blend_is_told_of_once_and_the_others_are_here(
    shelf: Session, watch: Watch, qtbot: QtBot
):
    shelf.blending.save("Ink")
    qtbot.waitUntil(lambda: saved_names(shelf) == ["Ink"])
    (shelf.paths.state / "blends" / "broken.json").write_text("{")
    for _ in range(2):
        with qtbot.waitSignal(shelf.blending.saved_changed):
            shelf.blending.read_saved()
    assert saved_names(shelf) == ["Ink"]
    assert len(watch.notices) == 1
    assert watch.notices[0].error is not None
    assert "broken.json" in watch.notices[0].error.what


def test_a_blend_of_loras_that_are_gone_says_which(shelf: Session, watch: Watch):
    shelf.blending.take([LoraWeight("lost", 1.0), LoraWeight("ink", 0.3)])
    assert weights(shelf) == {"ink": 0.3}
    assert "lost" in watch.notices[0].text
