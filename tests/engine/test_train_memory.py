"""The memory plan: what fits, what is made smaller, and what is said."""

from __future__ import annotations

import pytest

from stickerstudio.core.errors import MemoryShortError
from stickerstudio.engine.train.memory import SDXL_UNET, Plan, Wanted, choose, sentence

GB = 10**9
SDXL_TURBO = Wanted(
    unet=SDXL_UNET,
    text=817_000_000,
    vae=84_000_000,
    value_bytes=2,
    learning=25_000_000,  # rank 16 on attention and feed-forward
    pixels=512 * 512,
    text_learns=False,
)


def _choose(free: int, *, batch: int = 4, eight_bit: bool = False) -> Plan:
    return choose(
        SDXL_TURBO,
        "cuda",
        free,
        batch=batch,
        accumulation=1,
        checkpointing=None,
        eight_bit=eight_bit,
    )


def test_sdxl_turbo_fits_into_12_gb_and_keeps_the_batch() -> None:
    plan = _choose(12 * GB)
    assert plan.needed(SDXL_TURBO) < 12 * GB
    assert plan.batch * plan.accumulation == 4


def test_a_large_card_computes_nothing_twice() -> None:
    assert _choose(80 * GB) == Plan(4, 1, False, False, False)


def test_smaller_memory_never_means_a_larger_plan() -> None:
    needed = [_choose(gb * GB).needed(SDXL_TURBO) for gb in (80, 40, 24, 16, 12)]
    assert needed == sorted(needed, reverse=True)


def test_too_small_says_both_figures() -> None:
    with pytest.raises(MemoryShortError, match=r"needs \d+\.\d GB; 4\.0 GB are free"):
        _choose(4 * GB)


def test_a_smaller_plan_is_told_with_its_figure() -> None:
    asked = Plan(4, 1, False, False, False)
    plan = _choose(12 * GB)
    said = sentence(plan, SDXL_TURBO, 12 * GB, asked=asked)
    assert f"{asked.needed(SDXL_TURBO) / GB:.1f} GB" in said
    assert "held smaller" in said
    assert "held smaller" not in sentence(asked, SDXL_TURBO, 80 * GB, asked=asked)
