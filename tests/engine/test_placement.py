"""With offloading, only what is at work is on the device; the picture is the same.

On the CPU "the device" and "away" are one memory, so that what is shown here is who is asked to
move and when. The moves themselves are torch's own.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from stickerstudio.engine.loop import Loop, Painting, Start
from stickerstudio.engine.memory import TILE, MemoryPlan
from stickerstudio.engine.placement import Placement
from tests.engine.test_loop import a_picture, model_of
from tests.engine.tiny_sdxl import build_pipeline

PAINTING = Painting("a red heart", (7,), 2, 5.0, 32, 32, negative_prompt="cat")


def watch(pipe: Any, placement: Placement) -> dict[str, set[str]]:
    """What is on the device while each module works."""
    seen: dict[str, set[str]] = {}

    def note(name: str) -> None:
        seen[name] = set(placement._on_device)

    works = {
        "unet": pipe.unet,
        "text_encoder": pipe.text_encoder,
        "text_encoder_2": pipe.text_encoder_2,
        "vae encoder": pipe.vae.encoder,
        "vae decoder": pipe.vae.decoder,
    }
    for name, module in works.items():
        module.register_forward_pre_hook(lambda *_, name=name: note(name))
    return seen


@pytest.mark.parametrize("start", [None, Start(a_picture(), 0.5)], ids=["words", "a picture"])
def test_offload_holds_only_what_is_at_work(start: Start | None) -> None:
    painting = Painting(
        PAINTING.prompt, PAINTING.seeds, 2, 5.0, 32, 32, PAINTING.negative_prompt, start
    )
    pipe = build_pipeline()
    model = model_of(pipe)
    resident = Loop(model, Placement(model.modules, "cpu"))
    expected = resident.decode(resident.denoise(painting))

    placement = Placement(model.modules, "cpu")
    placement.follow(MemoryPlan.OFFLOAD)
    seen = watch(pipe, placement)
    loop = Loop(model, placement)
    assert np.array_equal(loop.decode(loop.denoise(painting)), expected)
    encoders = {"text_encoder", "text_encoder_2"}
    assert seen.pop("vae encoder", {"vae"}) == {"vae"}
    assert seen == {
        "unet": {"unet"},
        "text_encoder": encoders,
        "text_encoder_2": encoders,
        "vae decoder": {"vae"},
    }


@pytest.mark.parametrize("plan", [MemoryPlan.RESIDENT, MemoryPlan.TILED])
def test_the_other_plans_hold_everything(plan: MemoryPlan) -> None:
    pipe = build_pipeline()
    placement = Placement(model_of(pipe).modules, "cpu")
    placement.follow(plan)
    seen = watch(pipe, placement)
    loop = Loop(model_of(pipe), placement)
    loop.decode(loop.denoise(PAINTING))
    everything = {"unet", "vae", "text_encoder", "text_encoder_2"}
    assert all(held == everything for held in seen.values())


def test_tiles_are_small_enough_to_help() -> None:
    pipe = build_pipeline()
    placement = Placement(model_of(pipe).modules, "cpu")
    placement.follow(MemoryPlan.TILED)
    sizes: list[torch.Size] = []
    pipe.vae.decoder.register_forward_pre_hook(lambda _, inputs: sizes.append(inputs[0].shape))
    with torch.inference_mode():
        pipe.vae.decode(torch.zeros(2, 4, 32, 200))
    assert len(sizes) > 2
    assert all(size[0] == 1 and max(size[2:]) <= TILE // 2 for size in sizes)
