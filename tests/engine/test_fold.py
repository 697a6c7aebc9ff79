"""Folding a blend into the weights paints what stock diffusers paints, and leaves no trace."""

from __future__ import annotations

import random
import warnings
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from diffusers.models.unets.unet_2d_condition import UNet2DConditionModel
from diffusers.pipelines.stable_diffusion_xl.pipeline_stable_diffusion_xl import (
    StableDiffusionXLPipeline,
)
from torch import nn

from stickerstudio.engine import fold as fold_module
from stickerstudio.engine.blend import Blend
from stickerstudio.engine.blend_layers import StackedLayer
from stickerstudio.engine.fold_cost import Costs, Gain, Work, choose, positions, prices
from stickerstudio.engine.memory import MemoryPlan, Need, fold_room
from tests.engine.lora_files import make_lora
from tests.engine.pictures import parts_of, picture
from tests.engine.tiny_sdxl import build_pipeline

ROOM = 10**9
LONG = Work(passes=100_000, batch=1, height=32, width=32)
SHORT = Work(passes=3, batch=1, height=2, width=2)
WEIGHTS = {"one": 0.8, "two": -0.5, "three": 1.2}


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    parts = parts_of(build_pipeline())
    folder = tmp_path_factory.mktemp("loras")
    kinds: dict[str, dict[str, Any]] = {
        "one": {"text": True},
        "two": {"style": "kohya-ldm", "convolutions": True, "alpha": 2.0, "mixed_ranks": True},
        "three": {"style": "kohya-diffusers", "convolutions": True, "only": ("attn2", "conv")},
    }
    for seed, (name, kind) in enumerate(kinds.items()):
        make_lora(folder / f"{name}.safetensors", parts, seed=seed, **kind)
    return {name: folder / f"{name}.safetensors" for name in kinds}


def loaded(pipe: StableDiffusionXLPipeline, files: Mapping[str, Path], room: int = ROOM) -> Blend:
    blend = Blend(parts_of(pipe), fold_room=room)
    for name, path in files.items():
        blend.add(name, path)
    return blend


def weights_of(pipe: StableDiffusionXLPipeline) -> dict[str, tuple[int, torch.Tensor]]:
    return {
        name: (weight.data_ptr(), weight.detach().clone())
        for name, weight in pipe.unet.named_parameters()
    }


def assert_pristine(
    pipe: StableDiffusionXLPipeline, before: Mapping[str, tuple[int, torch.Tensor]]
) -> None:
    for name, (address, weight) in weights_of(pipe).items():
        assert address == before[name][0], name
        assert torch.equal(weight, before[name][1]), name


@pytest.fixture(scope="module")
def stock(files: dict[str, Path]) -> StableDiffusionXLPipeline:
    """Stock diffusers with the same files, at WEIGHTS."""
    stock = build_pipeline()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # peft wonders about a second adapter
        for name, path in files.items():
            stock.load_lora_weights(str(path.parent), weight_name=path.name, adapter_name=name)
    stock.set_adapters(list(WEIGHTS), list(WEIGHTS.values()))
    return stock


def test_the_same_picture_as_stock_diffusers_after_a_thousand_moves(
    tiny: StableDiffusionXLPipeline, files: dict[str, Path], stock: StableDiffusionXLPipeline
) -> None:
    theirs = picture(stock)
    before = weights_of(tiny)
    blend = loaded(tiny, files)
    blend.set_weights(WEIGHTS)
    stacked = picture(tiny)
    blend.settle(LONG, exact=True)
    assert len(blend.folded) > 40
    folded = picture(tiny)
    assert np.abs(folded - stacked).max() < 0.05
    assert np.abs(folded - theirs).max() < 0.05
    dice = random.Random(0)
    for move in range(1000):
        blend.set_weights({name: dice.uniform(-2, 2) for name in dice.sample(list(files), 2)})
        if move % 5 == 0:
            passes = dice.choice((1, 4, 100, 100_000))
            blend.settle(replace(LONG, passes=passes), exact=dice.random() < 0.5)
    blend.set_weights(WEIGHTS)
    blend.settle(LONG, exact=True)
    assert np.array_equal(picture(tiny), folded)
    blend.clear()
    assert_pristine(tiny, before)


def running(pipe: StableDiffusionXLPipeline) -> dict[str, int]:
    """By layer that runs LoRAs, how many ranks; of padding there may be up to seven more."""
    found: dict[str, int] = {}
    for name, module in pipe.unet.named_modules():
        if isinstance(module, StackedLayer) and module.blend_run:
            gates = [gate for _, _, gate in module.blend_run]
            found[name] = sum(int((gate != 0).sum()) for gate in gates)
            assert sum(len(gate) for gate in gates) - found[name] < 8
    return found


def test_moved_sliders_run_the_stack_again_over_untouched_weights(
    tiny: StableDiffusionXLPipeline, files: dict[str, Path]
) -> None:
    before = weights_of(tiny)
    blend = loaded(tiny, files)
    blend.set_weights(WEIGHTS)
    blend.settle(LONG, exact=True)
    blend.set_weights(dict(WEIGHTS))  # to where they are
    assert blend.folded
    moved = {name: weight - 0.1 for name, weight in WEIGHTS.items()}
    blend.set_weights(moved)
    assert not blend.folded
    assert_pristine(tiny, before)
    other = build_pipeline()
    alone = loaded(other, files, room=0)
    alone.set_weights(moved)
    assert np.array_equal(picture(tiny), picture(other))


def test_under_a_moving_slider_what_rests_is_folded_and_one_lora_is_run(
    tiny: StableDiffusionXLPipeline, files: dict[str, Path]
) -> None:
    other = build_pipeline()
    alone = loaded(other, files, room=0)
    blend = loaded(tiny, files)
    for slider in ("one", "three"):
        blend.set_weights(WEIGHTS)
        blend.settle(replace(SHORT, passes=100_000), exact=False)
        for turn in range(20):
            moved = {**WEIGHTS, slider: (turn - 10) / 5}
            blend.set_weights(moved)
            blend.settle(replace(SHORT, passes=1), exact=False)
            if turn % 6 == 1:
                alone.set_weights(moved)
                assert np.abs(picture(tiny) - picture(other)).max() < 0.05
        assert len(blend.folded) > 40
        alone.set_weights({slider: 1.0})
        assert running(tiny) == running(other)


def test_a_slider_that_starts_to_move_leaves_layers_without_its_lora_folded(
    tiny: StableDiffusionXLPipeline, files: dict[str, Path]
) -> None:
    before = weights_of(tiny)
    blend = loaded(tiny, files)
    blend.set_weights(WEIGHTS)
    blend.settle(LONG, exact=True)
    whole = blend.folded
    alone = build_pipeline()
    loaded(alone, {"one": files["one"]}).set_weights({"one": 1.0})
    blend.set_weights({**WEIGHTS, "one": 0.7})
    assert blend.folded == whole - running(alone).keys() != set()
    for name in whole - blend.folded:
        weight: Any = tiny.unet.get_submodule(name).weight
        assert weight.data_ptr() == before[f"{name}.weight"][0]


def test_a_thousand_moves_of_one_slider_at_a_time(
    tiny: StableDiffusionXLPipeline, files: dict[str, Path], stock: StableDiffusionXLPipeline
) -> None:
    before = weights_of(tiny)
    blend = loaded(tiny, files)
    dice = random.Random(1)
    weights = dict(WEIGHTS)
    slider, most = "", 0
    for _ in range(50):
        slider = dice.choice(list(files))
        for _ in range(20):
            weights[slider] = dice.uniform(-2, 2)
            block = {slider: {"up.attention": dice.random()}} if dice.random() < 0.2 else {}
            blend.set_weights(weights, block)
            blend.settle(replace(LONG, passes=dice.choice((1, 4))), exact=dice.random() < 0.05)
        most = max(most, len(blend.folded))
    assert most > 40
    blend.set_weights({**WEIGHTS, slider: 0.1})
    blend.settle(LONG, exact=False)
    blend.set_weights(WEIGHTS)
    blend.settle(replace(LONG, passes=1), exact=False)
    assert blend.folded
    assert np.abs(picture(tiny) - picture(stock)).max() < 0.05
    blend.clear()
    assert_pristine(tiny, before)


def test_loras_at_zero_are_not_run(tiny: StableDiffusionXLPipeline, files: dict[str, Path]) -> None:
    blend = loaded(tiny, files, room=0)
    blend.set_weights({"three": 0.5})
    alone = build_pipeline()
    loaded(alone, {"three": files["three"]}).set_weights({"three": 0.5})
    assert running(tiny) == running(alone)
    assert np.abs(picture(tiny) - picture(alone)).max() < 0.05


def test_what_is_folded_for_an_order_does_not_depend_on_what_came_before(
    tiny: StableDiffusionXLPipeline, files: dict[str, Path]
) -> None:
    blend = loaded(tiny, files)
    blend.set_weights(WEIGHTS)
    blend.settle(SHORT, exact=True)
    chosen, first = blend.folded, picture(tiny)
    assert chosen
    blend.settle(LONG, exact=False)
    assert blend.folded > chosen
    blend.settle(SHORT, exact=True)
    assert blend.folded == chosen
    assert np.array_equal(picture(tiny), first)


def test_a_resting_slider_is_folded_in_time(
    tiny: StableDiffusionXLPipeline, files: dict[str, Path]
) -> None:
    blend = loaded(tiny, files)
    blend.set_weights(WEIGHTS)
    seen = [0]
    for _ in range(40):
        blend.settle(replace(SHORT, passes=1), exact=False)
        seen.append(len(blend.folded))
    assert seen == sorted(seen)
    assert seen[-1] > seen[1]


def test_only_layers_in_use_are_folded(
    tiny: StableDiffusionXLPipeline, files: dict[str, Path]
) -> None:
    blend = loaded(tiny, files)
    blend.settle(LONG, exact=True)
    assert not blend.folded  # every weight is 0
    blend.set_weights({"one": 1.0}, {"one": {"up.attention": 0.0, "up.feed_forward": 0.0}})
    blend.settle(LONG, exact=True)
    assert blend.folded
    assert not any(name.startswith("up_blocks") for name in blend.folded)


def test_a_model_that_moves_takes_its_own_weights_along(
    tiny: StableDiffusionXLPipeline, files: dict[str, Path]
) -> None:
    blend = loaded(tiny, files)
    blend.set_weights(WEIGHTS)
    before = picture(tiny)
    blend.settle(LONG, exact=True)
    tiny.unet.to(torch.float64)
    other = build_pipeline()
    other.unet.to(torch.float64)
    for name, weight in other.unet.state_dict().items():
        assert torch.equal(tiny.unet.state_dict()[name], weight)
    tiny.unet.to(torch.float32)
    assert np.abs(picture(tiny) - before).max() < 0.05


def test_no_more_memory_is_taken_than_there_is_room(
    tiny: StableDiffusionXLPipeline, files: dict[str, Path]
) -> None:
    room = 100_000
    blend = loaded(tiny, files, room=room)
    blend.set_weights(WEIGHTS)
    for passes in (1, 10, 100_000):
        blend.settle(replace(LONG, passes=passes), exact=False)
        kept = sum(t.numel() * t.element_size() for t in blend._fold._rooms.values())
        assert 0 < kept <= room
    assert blend.folded
    blend.clear()
    assert not blend._fold._rooms
    without = loaded(tiny, files, room=0)
    without.set_weights(WEIGHTS)
    without.settle(LONG, exact=True)
    assert not without.folded


def test_a_group_of_layers_in_one_product_is_the_layers_one_by_one(
    tiny: StableDiffusionXLPipeline, files: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    blend = loaded(tiny, files)
    blend.set_weights(WEIGHTS)
    blend.settle(LONG, exact=True)
    one_by_one = picture(tiny)
    grouped = build_pipeline()
    again = loaded(grouped, files)
    again.set_weights(WEIGHTS)
    monkeypatch.setattr(fold_module, "_together", lambda weight: 4)
    again.settle(LONG, exact=True)
    sizes = [len(part) for part in again._fold._rooms]
    assert max(sizes) == 4
    assert np.abs(picture(grouped) - one_by_one).max() < 0.05


def test_bfloat16_is_never_folded(tiny: StableDiffusionXLPipeline, files: dict[str, Path]) -> None:
    tiny.unet.to(torch.bfloat16)
    blend = loaded(tiny, files)
    blend.set_weights(WEIGHTS)
    blend.settle(LONG, exact=True)
    assert not blend.folded


# --- the cost model ---


@pytest.mark.parametrize("batch", [1, 2])
def test_it_knows_how_much_every_layer_sees(batch: int) -> None:
    unet: Any = build_pipeline().unet
    assert isinstance(unet, UNet2DConditionModel)
    seen: dict[str, int] = {}

    def note(name: str) -> Any:
        def hook(module: nn.Module, _inputs: object, output: torch.Tensor) -> None:
            is_conv = isinstance(module, nn.Conv2d)
            seen[name] = output[:, 0].numel() if is_conv else output[..., 0].numel()

        return hook

    for name, module in unet.named_modules():
        if isinstance(module, nn.Linear | nn.Conv2d):
            module.register_forward_hook(note(name))
    with torch.inference_mode():
        unet(
            torch.randn(batch, 4, 16, 24),
            5,
            encoder_hidden_states=torch.randn(batch, 77, 64),
            added_cond_kwargs={
                "text_embeds": torch.randn(batch, 32),
                "time_ids": torch.zeros(batch, 6),
            },
        )
    work = Work(passes=1, batch=batch, height=16, width=24)
    assert len(seen) > 100
    # the time embedding is of one timestep until a batch makes it more
    assert {name: positions(name, 2, work) for name in seen if "time_embedding" not in name} == {
        name: count for name, count in seen.items() if "time_embedding" not in name
    }


def test_many_passes_and_ranks_favour_the_fold(
    tiny: StableDiffusionXLPipeline, files: dict[str, Path]
) -> None:
    blend = loaded(tiny, files)
    blend.set_weights(WEIGHTS)
    name = "down_blocks.1.attentions.0.transformer_blocks.0.attn1.to_q"
    layer: Any = tiny.unet.get_submodule(name)
    costs = Costs(launch=1e-6, fold=2e-6, flops=50e9, bytes=10e9)
    price = prices(name, layer, 2, SHORT, costs)
    seconds = [
        price.gain(passes, running=24, then=0, folded=24).seconds for passes in (1, 2, 8, 64)
    ]
    assert seconds == sorted(seconds)
    assert seconds[0] < 0 < seconds[-1]
    large = prices(name, layer, 2, replace(SHORT, height=128, width=128), costs)
    assert large.gain(8, running=24, then=0, folded=24).seconds > seconds[2]
    some = price.gain(64, running=24, then=8, folded=16).seconds
    assert 0 < some < seconds[-1]  # one that moves is left beside
    assert price.gain(64, running=8, then=8, folded=16).seconds < 0  # nothing less to run


def test_what_saves_most_per_byte_comes_first() -> None:
    gains = {
        "never": Gain(-1.0, 1),
        "much": Gain(2.0, 100),
        "dear": Gain(3.0, 1000),
        "little": Gain(0.5, 50),
    }
    assert choose(gains, 10_000) == ["much", "dear", "little"]
    assert choose(gains, 150) == ["much", "little"]
    assert choose(gains, 0) == []


def test_second_copies_take_half_of_what_the_model_leaves() -> None:
    need = Need(weights=100, largest_module=60, painting=20, decoding=50, decoding_tiled=10)
    assert fold_room(MemoryPlan.RESIDENT, need, 350) == 100
    assert fold_room(MemoryPlan.RESIDENT, need, 120) == 0
    assert fold_room(MemoryPlan.TILED, need, 10_000) == 0
