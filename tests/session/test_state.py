"""The draft: its ranges, its way to disk and back, its Recipe."""

from __future__ import annotations

import json
import math
from dataclasses import replace

import pytest

from stickerstudio.core.recipe import MAX_SEED, BlockWeight, LoraWeight
from stickerstudio.session.state import (
    MAX_BLEND,
    BlendEntry,
    Draft,
    blend_of,
    checked,
    draft_from_json,
    draft_to_json,
    loras_of,
    merged_blend,
    recipe_of,
    title_of,
)
from tests.session.scripted import model_card

BLOCKS = (BlockWeight("mid.attention", 0.0), BlockWeight("text", 1.5))
DRAFT = Draft(
    prompt="我愛你，水獺 🦦",
    seed=7,
    seed_locked=True,
    count=16,
    steps=2,
    model="other",
    blend=(BlendEntry("ink", -1.5, enabled=True, blocks=BLOCKS), BlendEntry("gold", 0.5)),
    live=False,
    cutout=False,
    size=(512, 768),
)


def test_a_draft_survives_the_disk():
    assert draft_from_json(draft_to_json(DRAFT), Draft()) == DRAFT


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("prompt", 3),
        ("seed", "x"),
        ("seed", True),
        ("seed_locked", 1),
        ("count", None),
        ("blend", 5),
        ("blend", [{"name": 1, "weight": 1.0, "enabled": True}, "x"]),
        ("size", [1, 2, 3]),
        ("size", "big"),
        ("model", ["starter"]),
    ],
)
def test_one_bad_value_costs_nothing_but_itself(field: str, value: object):
    data = json.loads(draft_to_json(DRAFT)) | {field: value}
    default = Draft(prompt="default")
    read = draft_from_json(json.dumps(data), default)
    assert read == replace(DRAFT, **{field: getattr(default, field)})


@pytest.mark.parametrize("text", ["", "{", "[]", "null", '"x"', "[" * 100_000])
def test_a_damaged_file_gives_the_default(text: str):
    assert draft_from_json(text, DRAFT) == DRAFT


def test_numbers_are_brought_into_their_range():
    wild = Draft(
        seed=-5, count=99, steps=0, blend=(BlendEntry("a", 9.0), BlendEntry("b", math.nan))
    )
    tame = checked(wild)
    assert (tame.seed, tame.count, tame.steps) == (0, 16, 1)
    assert tame.blend[0].weight == MAX_BLEND
    assert math.isfinite(tame.blend[1].weight)
    assert checked(replace(wild, seed=2**40)).seed == MAX_SEED


def test_only_what_is_switched_on_and_not_zero_gets_into_the_recipe():
    blend = (
        BlendEntry("on", 0.5, enabled=True),
        BlendEntry("off", 1.0),
        BlendEntry("zero", 0.0, enabled=True),
    )
    recipe = recipe_of(Draft(prompt="  otter ", blend=blend), model_card("starter"), upscale=2)
    assert recipe.prompt == "otter"
    assert recipe.loras == (LoraWeight("on", 0.5),)
    assert recipe.upscale == 2
    assert (recipe.width, recipe.height) == (64, 64)  # the model's own size


def test_automatic_enlargement_follows_the_size_that_is_painted():
    card = model_card("starter")
    assert recipe_of(replace(DRAFT, size=None), card, upscale=0).upscale == 4  # of 64 pixels
    assert recipe_of(replace(DRAFT, size=(128, 256)), card, upscale=0).upscale == 2
    assert recipe_of(replace(DRAFT, size=(128, 256)), card, upscale=1).upscale == 1


def test_a_size_of_the_draft_wins():
    recipe = recipe_of(replace(DRAFT, size=(128, 64)), model_card("starter"), upscale=1)
    assert (recipe.width, recipe.height) == (128, 64)


def test_the_blend_follows_the_shelf(lora_info):
    blend = (BlendEntry("kept", 0.3, enabled=True), BlendEntry("gone", 1.0, enabled=True))
    assert merged_blend(blend, [lora_info("new", 0.8), lora_info("kept", 1.0)]) == (
        BlendEntry("new", 0.8, enabled=False),
        BlendEntry("kept", 0.3, enabled=True),
    )


def test_a_title_is_one_short_line():
    assert title_of("a\nb\t c") == "a b c"
    assert len(title_of("x" * 500)) == 60


def test_block_weights_are_brought_into_range_and_neutral_ones_left_out():
    blocks = (
        BlockWeight("text", 5.0),
        BlockWeight("down.attention", -1.0),
        BlockWeight("mid.attention", 1.0),
        BlockWeight("nose.attention", 0.5),
    )
    (entry,) = checked(Draft(blend=(BlendEntry("ink", 1.0, blocks=blocks),))).blend
    assert entry.blocks == (BlockWeight("down.attention", 0.0), BlockWeight("text", 2.0))


@pytest.mark.parametrize("blocks", [7, ["x"], [{"block": 1, "weight": 1.0}], {"block": "text"}])
def test_block_weights_that_cannot_be_read_cost_only_themselves(blocks: object):
    data = json.loads(draft_to_json(DRAFT))
    data["blend"][0]["blocks"] = blocks
    draft = draft_from_json(json.dumps(data), Draft())
    assert draft.blend == (replace(DRAFT.blend[0], blocks=()), DRAFT.blend[1])


def test_the_loras_of_a_blend_and_the_blend_of_loras():
    blend = (
        BlendEntry("ink", -1.5, enabled=True, blocks=BLOCKS),
        BlendEntry("gold", 0.5),
        BlendEntry("zero", 0.0, enabled=True),
    )
    loras = loras_of(blend)
    assert loras == (LoraWeight("ink", -1.5, BLOCKS),)
    other = (BlendEntry("gold", 0.7, enabled=True), BlendEntry("ink", 1.0))
    assert blend_of(loras, other) == (BlendEntry("gold", 0.7), blend[0])
    assert loras_of(blend_of(loras, other)) == loras
