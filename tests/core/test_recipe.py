"""A Recipe says everything an image needs, survives JSON, and refuses what cannot be painted."""

from __future__ import annotations

import dataclasses
import json
import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stickerstudio.core import recipe as module
from stickerstudio.core.errors import BadInputError
from stickerstudio.core.recipe import (
    BLOCKS,
    MAX_PROMPT,
    MAX_SEED,
    BlockWeight,
    LoraWeight,
    Recipe,
)

TEXTS = {
    "empty": "",
    "emoji": "👨‍👩‍👧‍👦 ❤️‍🔥 🇹🇼",
    "chinese": "我愛你，水獺；一隻抱著紅心的水獺",
    "right to left": "أحبك يا ثعلب الماء \u202eotter",
    "controls": "line\nbreak\ttab\0nul\x1b[31m",
    "quotes": "\"'\\ {braces} %s </script>",
    "longest": "水" * MAX_PROMPT,
}

_weights = st.floats(-module.MAX_WEIGHT, module.MAX_WEIGHT)
_blocks = st.dictionaries(st.sampled_from(BLOCKS), _weights, max_size=3).map(
    lambda blocks: tuple(BlockWeight(name, weight) for name, weight in blocks.items())
)
_sides = st.integers(1, module.MAX_SIDE // 8).map(lambda blocks: blocks * 8)
recipes = st.builds(
    Recipe,
    prompt=st.text(),
    negative_prompt=st.text(),
    seed=st.integers(0, MAX_SEED),
    num_inference_steps=st.integers(1, module.MAX_STEPS),
    guidance_scale=st.floats(0, 100),
    width=_sides,
    height=_sides,
    model=st.text(min_size=1),
    loras=st.dictionaries(st.text(), st.tuples(_weights, _blocks), max_size=5).map(
        lambda blend: tuple(LoraWeight(name, *values) for name, values in blend.items())
    ),
    cutout=st.booleans(),
    upscale=st.integers(1, 4),
    start=st.none() | st.text("0123456789abcdef", min_size=64, max_size=64),
    strength=st.floats(0, 1, exclude_min=True),
    variation_seed=st.integers(0, MAX_SEED),
    variation_strength=st.floats(0, 1),
    cutout_method=st.sampled_from(["auto", "flat", "model"]),
)


@settings(deadline=None, max_examples=60)
@given(recipes)
def test_json_round_trip(recipe: Recipe) -> None:
    text = recipe.to_json()

    assert "\n" not in text
    assert Recipe.from_json(text) == recipe
    assert hash(Recipe.from_json(text)) == hash(recipe)


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS.keys())
def test_prompts_in_every_script_are_kept_as_typed(text: str) -> None:
    assert Recipe.from_json(Recipe(text, negative_prompt=text).to_json()).prompt == text


def test_json_is_readable_in_every_script() -> None:
    assert "水獺" in Recipe("水獺").to_json()


@pytest.mark.parametrize(
    "values",
    [
        {"prompt": "x" * (MAX_PROMPT + 1)},
        {"negative_prompt": "x" * (MAX_PROMPT + 1)},
        {"prompt": "half a character \ud83e"},
        {"seed": -1},
        {"seed": MAX_SEED + 1},
        {"seed": 10**400},
        {"num_inference_steps": 0},
        {"num_inference_steps": 101},
        {"guidance_scale": -0.1},
        {"guidance_scale": math.inf},
        {"guidance_scale": math.nan},
        {"width": 0},
        {"width": 2056},
        {"height": 100},
        {"upscale": 0},
        {"upscale": 5},
        {"loras": (LoraWeight("a", 10.5),)},
        {"loras": (LoraWeight("a", math.nan),)},
        {"loras": (LoraWeight("a", 1), LoraWeight("a", 2))},
        {"loras": (LoraWeight("a", 1, (BlockWeight("down", 1),)),)},
        {"loras": (LoraWeight("a", 1, (BlockWeight("text", math.inf),)),)},
        {"loras": (LoraWeight("a", 1, (BlockWeight("text", 1), BlockWeight("text", 0))),)},
        {"start": "../../secret"},
        {"start": "A" * 64},
        {"start": "a" * 64 + "\n"},
        {"strength": 0.0},
        {"strength": 1.01},
        {"strength": math.nan},
        {"variation_seed": -1},
        {"variation_strength": 1.5},
        {"cutout_method": "scissors"},
    ],
    ids=str,
)
def test_values_out_of_range_are_a_sentence(values: dict[str, object]) -> None:
    with pytest.raises(BadInputError) as caught:
        Recipe(**{"prompt": "otter", **values})  # pyright: ignore[reportArgumentType]

    assert caught.value.what.endswith(".")
    assert caught.value.todo.endswith(".")
    assert caught.value.exit_code == 3


@pytest.mark.parametrize(("side", "near"), [(100, 96), (127, 128), (12, 16)])
def test_a_size_that_does_not_fit_names_one_that_does(side: int, near: int) -> None:
    with pytest.raises(BadInputError, match=f"such as {near}"):
        Recipe("otter", width=side)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "null",
        "3",
        '"otter"',
        "{}",
        '{"prompt": 3}',
        '{"prompt": null}',
        '{"prompt": "x", "seed": "7"}',
        '{"prompt": "x", "seed": 7.5}',
        '{"prompt": "x", "seed": true}',
        '{"prompt": "x", "seed": -1}',
        '{"prompt": "x", "width": null}',
        '{"prompt": "x", "seed": 1' + "0" * 400 + "}",
        '{"prompt": "x", "guidance_scale": 1' + "0" * 400 + "}",
        '{"prompt": "x", "guidance_scale": "much"}',
        '{"prompt": "x", "guidance_scale": NaN}',
        '{"prompt": "x", "cutout": 1}',
        '{"prompt": "x", "model": []}',
        '{"prompt": "x", "loras": 3}',
        '{"prompt": "x", "loras": [3]}',
        '{"prompt": "x", "loras": [{"name": "a"}]}',
        '{"prompt": "x", "loras": [{"name": "a", "weight": "heavy"}]}',
        '{"prompt": "x", "loras": [{"name": "a", "weight": 1, "blocks": [3]}]}',
        '{"prompt": "x", "loras": [{"name": "a", "weight": 1, "blocks": [{"block": "text"}]}]}',
        '{"prompt": "x", "start": 3}',
        '{"prompt": "x", "start": "../escape"}',
        '{"prompt": "x", "strength": "much"}',
        '{"prompt": "x", "strength": null}',
        '{"prompt": "x", "variation_seed": 0.5}',
        '{"prompt": "x", "variation_strength": []}',
        '{"prompt": "x", "cutout_method": {}}',
        '{"prompt": "\\ud83e"}',
        "[" * 100_000,
    ],
)
def test_json_that_is_no_recipe_is_a_sentence(text: str) -> None:
    with pytest.raises(BadInputError):
        Recipe.from_json(text)


_KEYS = [*(field.name for field in dataclasses.fields(Recipe)), "name", "weight", "blocks"]


@settings(deadline=None, max_examples=60)
@given(
    st.text()
    | st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
        lambda inner: (
            st.lists(inner)
            | st.dictionaries(
                st.sampled_from(_KEYS),
                inner,
            )
        ),
    ).map(json.dumps)
)
def test_no_text_breaks_the_reader(text: str) -> None:
    try:
        recipe = Recipe.from_json(text)
    except BadInputError:
        return
    assert Recipe.from_json(recipe.to_json()) == recipe


def test_fields_of_a_newer_version_are_passed_over() -> None:
    data = {"format": 9, "prompt": "otter", "seed": 5, "sparkles": [1, 2]}

    assert Recipe.from_json(json.dumps(data)) == Recipe("otter", seed=5)


def test_a_recipe_of_the_first_version_is_still_read() -> None:
    text = (
        '{"format": 1, "prompt": "otter", "negative_prompt": "", "seed": 7,'
        ' "num_inference_steps": 2, "guidance_scale": 0.0, "width": 64, "height": 128,'
        ' "model": "starter", "loras": [{"name": "pixel", "weight": -0.5}],'
        ' "cutout": false, "upscale": 2}'
    )

    assert Recipe.from_json(text) == Recipe(
        "otter",
        seed=7,
        num_inference_steps=2,
        width=64,
        loras=(LoraWeight("pixel", -0.5),),
        cutout=False,
        upscale=2,
    )


def test_variations_of_one_sticker_keep_its_seed() -> None:
    batch = Recipe("otter", seed=5, variation_seed=MAX_SEED, variation_strength=0.2)

    assert [(each.seed, each.variation_seed) for each in map(batch.for_index, range(3))] == [
        (5, MAX_SEED),
        (5, 0),
        (5, 1),
    ]


def test_the_stickers_of_a_batch_take_the_seeds_that_follow() -> None:
    batch = Recipe("otter", seed=MAX_SEED - 1, width=64)

    assert [batch.for_index(i).seed for i in range(3)] == [MAX_SEED - 1, MAX_SEED, 0]
    assert batch.for_index(0) == batch
    assert batch.for_index(2) == Recipe("otter", seed=0, width=64)


def test_a_lora_of_weight_zero_has_no_effect() -> None:
    loras = (LoraWeight("off", 0.0), LoraWeight("on", -0.5), LoraWeight("faint", 1e-9))

    assert Recipe("otter", loras=loras).active_loras == loras[1:]
