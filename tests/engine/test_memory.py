"""The memory plan follows the numbers given, and steps down to something that can help."""

from __future__ import annotations

import pytest
import torch

from stickerstudio.engine.memory import (
    MemoryPlan,
    choose_plan,
    is_out_of_memory,
    need,
    step_down,
)

GB = 10**9
SDXL = {
    "unet": 5_135_000_000,
    "vae": 335_000_000,  # float32
    "text_encoder": 246_000_000,
    "text_encoder_2": 1_389_000_000,
}
AT_512 = need(SDXL, 512, 512, value_bytes=2, vae_value_bytes=4)


@pytest.mark.parametrize(
    ("free", "expected"),
    [
        (24, MemoryPlan.RESIDENT),
        (10, MemoryPlan.RESIDENT),
        (8, MemoryPlan.TILED),
        (6, MemoryPlan.OFFLOAD),
        (2, MemoryPlan.OFFLOAD),  # still tried: the device has the last word
    ],
)
def test_sdxl_at_512_on_a_card(free: float, expected: MemoryPlan) -> None:
    assert choose_plan("cuda", AT_512, int(free * GB)) is expected


def test_a_larger_picture_needs_a_smaller_plan() -> None:
    at_1024 = need(SDXL, 1024, 1024, value_bytes=2, vae_value_bytes=4)
    assert choose_plan("cuda", AT_512, 12 * GB) is MemoryPlan.RESIDENT
    assert choose_plan("cuda", at_1024, 12 * GB) is MemoryPlan.TILED


def test_nothing_is_offloaded_where_memory_is_one() -> None:
    assert choose_plan("cpu", AT_512, GB) is MemoryPlan.TILED
    assert choose_plan("mps", AT_512, GB) is MemoryPlan.TILED


@pytest.mark.parametrize(
    ("plan", "device", "decoding", "expected"),
    [
        (MemoryPlan.RESIDENT, "cuda", True, MemoryPlan.TILED),
        (MemoryPlan.RESIDENT, "cuda", False, MemoryPlan.OFFLOAD),
        (MemoryPlan.TILED, "cuda", True, MemoryPlan.OFFLOAD),
        (MemoryPlan.OFFLOAD, "cuda", True, None),
        (MemoryPlan.RESIDENT, "cpu", True, MemoryPlan.TILED),
        (MemoryPlan.RESIDENT, "cpu", False, None),
        (MemoryPlan.TILED, "mps", True, None),
    ],
)
def test_step_down(plan, device, decoding, expected) -> None:
    assert step_down(plan, device, decoding=decoding) is expected


def test_out_of_memory_is_known_in_every_dialect() -> None:
    assert is_out_of_memory(torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB"))
    assert is_out_of_memory(MemoryError())
    assert is_out_of_memory(RuntimeError("MPS backend out of memory (MPS allocated: 5 GB)"))
    assert not is_out_of_memory(RuntimeError("mat1 and mat2 shapes cannot be multiplied"))
    with pytest.raises(RuntimeError) as caught:  # what this CPU really says
        torch.empty(2**55)
    assert is_out_of_memory(caught.value)
