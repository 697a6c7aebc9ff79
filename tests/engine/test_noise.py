"""The noise of a variation is noise: as long as its two ends, and on the arc between them."""

from __future__ import annotations

import math

import pytest
import torch

from stickerstudio.engine.noise import Variation, draw, slerp

CPU = torch.device("cpu")
SHAPE = (4, 16, 16)


def noise(*seeds: int, variation: Variation | None = None) -> torch.Tensor:
    generators = [torch.Generator("cpu").manual_seed(seed) for seed in seeds]
    return draw(SHAPE, generators, variation, CPU, torch.float32)


def test_without_a_variation_it_is_the_seeds_own() -> None:
    assert torch.equal(noise(7), torch.randn(1, *SHAPE, generator=torch.manual_seed(7)))
    assert torch.equal(noise(7, variation=Variation((8,), 0.0)), noise(7))


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_on_the_way_it_stays_as_long_as_noise(share: float) -> None:
    between = noise(7, 5, variation=Variation((8, 9), share))
    for index, (own, other) in enumerate(((7, 8), (5, 9))):
        start, end = noise(own)[0].flatten(), noise(other)[0].flatten()
        whole = torch.acos(torch.cosine_similarity(start, end, dim=0)).item()
        turned = between[index].flatten()
        angle = torch.acos(torch.cosine_similarity(start, turned, dim=0)).item()
        assert math.isclose(angle, share * whole, rel_tol=0.05)  # the ends are not quite as long
        lengths = sorted((start.norm().item(), end.norm().item()))
        assert lengths[0] * 0.98 < turned.norm().item() < lengths[1] * 1.02


def test_a_seed_varied_with_itself_stays_itself() -> None:
    torch.testing.assert_close(noise(7, variation=Variation((7,), 0.5)), noise(7))


def test_half_precision_is_turned_in_full() -> None:
    start, end = noise(7).half(), noise(8).half()
    turned = slerp(start, end, 0.3)
    assert turned.dtype == torch.float16
    torch.testing.assert_close(
        turned.float(), slerp(start.float(), end.float(), 0.3), rtol=1e-3, atol=1e-3
    )
