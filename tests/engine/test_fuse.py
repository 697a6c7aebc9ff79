"""A blend saved as one file is the same blend, in stock diffusers and in ours."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from diffusers.pipelines.stable_diffusion_xl.pipeline_stable_diffusion_xl import (
    StableDiffusionXLPipeline,
)
from numpy.typing import NDArray
from safetensors.torch import load_file
from torch import nn

from stickerstudio.core.errors import BadInputError, Cancelled, NotFoundError, WrongModelError
from stickerstudio.core.recipe import BLOCKS, BlockWeight
from stickerstudio.engine.blend import Blend
from stickerstudio.engine.blend_read import Factors
from stickerstudio.engine.fuse import FuseReport, Ingredient, KeyFormat, fuse
from stickerstudio.engine.fuse_merge import concatenate, dare, ties, truncate
from stickerstudio.engine.fuse_targets import shapes_of
from stickerstudio.models.safetensors_header import read_header
from tests.engine.lora_files import make_lora
from tests.engine.tiny_sdxl import build_pipeline

WEIGHTS = {"one": 0.8, "two": -0.5, "three": 0.4}


def parts_of(pipe: StableDiffusionXLPipeline) -> dict[str, nn.Module]:
    return {part: getattr(pipe, part) for part in ("unet", "text_encoder", "text_encoder_2")}


def picture(pipe: StableDiffusionXLPipeline) -> NDArray[np.float64]:
    call: Any = pipe
    generator = torch.Generator().manual_seed(3)
    result = call(
        "red heart",
        num_inference_steps=1,
        guidance_scale=0.0,
        generator=generator,
        output_type="np",
    )
    return result.images[0].astype(np.float64) * 255


@pytest.fixture(scope="module")
def ingredients(tmp_path_factory: pytest.TempPathFactory) -> list[Ingredient]:
    parts = parts_of(build_pipeline())
    folder = tmp_path_factory.mktemp("loras")
    kinds: dict[str, dict[str, Any]] = {
        "one": {"style": "diffusers", "text": True},
        "two": {"style": "kohya-ldm", "convolutions": True, "alpha": 2.0, "mixed_ranks": True},
        "three": {"style": "kohya-diffusers", "text": True, "alpha": 8.0},
    }
    for seed, (name, kind) in enumerate(kinds.items()):
        make_lora(folder / f"{name}.safetensors", parts, seed=seed, **kind)
    return [
        Ingredient(name, folder / f"{name}.safetensors", weight, licence=f"L{n % 2}",
                   author=name.title(), trigger_words=(f"word-{name}",))
        for n, (name, weight) in enumerate(WEIGHTS.items())
    ]  # fmt: skip


def blended(ingredients: list[Ingredient]) -> NDArray[np.float64]:
    pipe = build_pipeline()
    blend = Blend(parts_of(pipe))
    for ingredient in ingredients:
        blend.add(ingredient.name, ingredient.path)
    blend.set_weights({ingredient.name: ingredient.weight for ingredient in ingredients})
    return picture(pipe)


@pytest.mark.parametrize("key_format", ["diffusers", "kohya"])
@pytest.mark.parametrize("method", ["exact", "svd"])
def test_stock_diffusers_paints_the_blend_from_the_saved_file(
    tiny: StableDiffusionXLPipeline,
    ingredients: list[Ingredient],
    tmp_path: Path,
    key_format: KeyFormat,
    method: Any,
) -> None:
    wanted = blended(ingredients)
    report = fuse(
        ingredients,
        parts_of(tiny),
        tmp_path / "mix.safetensors",
        method=method,
        rank=32,  # more than all ranks together: nothing is cut
        key_format=key_format,
        dtype=torch.float32,
    )
    assert report.relative_error < 1e-5
    tiny.load_lora_weights(str(tmp_path), weight_name="mix.safetensors")
    assert np.abs(picture(tiny) - wanted).max() < 0.5
    again = Ingredient("mix", report.path, 1.0)
    assert np.abs(blended([again]) - wanted).max() < 0.5


def test_weights_per_block_are_saved_with_the_blend(
    tiny: StableDiffusionXLPipeline, ingredients: list[Ingredient], tmp_path: Path
) -> None:
    only_down = tuple(BlockWeight(b, 0.0) for b in BLOCKS if not b.startswith("down"))
    more = (BlockWeight("up.attention", 1.5), BlockWeight("text", 0.0))
    weighted = [
        replace(each, blocks=blocks)
        for each, blocks in zip(ingredients, (more, only_down, ()), strict=True)
    ]
    pipe = build_pipeline()
    blend = Blend(parts_of(pipe))
    for each in weighted:
        blend.add(each.name, each.path)
    blend.set_weights(
        {each.name: each.weight for each in weighted},
        {each.name: {b.block: b.weight for b in each.blocks} for each in weighted},
    )
    target = tmp_path / "mix.safetensors"
    report = fuse(weighted, parts_of(tiny), target, method="exact", dtype=torch.float32)
    tiny.load_lora_weights(str(tmp_path), weight_name=target.name)
    assert np.abs(picture(tiny) - picture(pipe)).max() < 0.5
    assert np.abs(picture(tiny) - blended(ingredients)).max() > 1
    said = json.loads(read_header(report.path).metadata["stickerstudio.fusion"])
    assert said["ingredients"][0]["blocks"] == {"up.attention": 1.5, "text": 0.0}


def test_a_lora_with_nothing_in_its_blocks_is_nothing_to_save(
    tiny: StableDiffusionXLPipeline, ingredients: list[Ingredient], tmp_path: Path
) -> None:
    for blocks in (BLOCKS, BLOCKS[:-1]):  # "two" has no layers in the text encoders
        two = replace(ingredients[1], blocks=tuple(BlockWeight(block, 0.0) for block in blocks))
        with pytest.raises(BadInputError, match="nothing to save"):
            fuse([two], parts_of(tiny), tmp_path / "m.safetensors")


def test_half_precision_is_enough(
    tiny: StableDiffusionXLPipeline, ingredients: list[Ingredient], tmp_path: Path
) -> None:
    report = fuse(ingredients, parts_of(tiny), tmp_path / "m.safetensors", method="exact")
    mixed = blended([Ingredient("mix", report.path, 1.0)])
    assert np.abs(mixed - blended(ingredients)).max() <= 1.0


def test_works_from_the_configuration_alone(
    ingredients: list[Ingredient],
    tiny: StableDiffusionXLPipeline,
    tiny_folder: Path,
    tmp_path: Path,
) -> None:
    real = fuse(ingredients, parts_of(tiny), tmp_path / "a.safetensors")
    shapes = shapes_of(tiny_folder)
    assert all(p.is_meta for module in shapes.values() for p in module.parameters())
    assert same(real, fuse(ingredients, shapes, tmp_path / "b.safetensors"))


def test_says_what_went_in(
    tiny: StableDiffusionXLPipeline, ingredients: list[Ingredient], tmp_path: Path
) -> None:
    report = fuse(
        ingredients, parts_of(tiny), tmp_path / "m.safetensors", rank=4, key_format="kohya"
    )
    texts = read_header(report.path).metadata
    assert texts["modelspec.license"] == "L0 + L1"
    assert texts["modelspec.author"] == "One, Two, Three"
    assert texts["modelspec.trigger_phrase"] == "word-one, word-two, word-three"
    assert texts["ss_network_dim"] == "4"
    fusion = json.loads(texts["stickerstudio.fusion"])
    assert {i["name"]: i["weight"] for i in fusion["ingredients"]} == WEIGHTS


def test_a_lower_rank_loses_more_and_says_so(
    tiny: StableDiffusionXLPipeline, ingredients: list[Ingredient], tmp_path: Path
) -> None:
    def at(rank: int) -> FuseReport:
        return fuse(ingredients, parts_of(tiny), tmp_path / f"{rank}.safetensors", rank=rank)

    reports = [at(rank) for rank in (2, 6, 10)]
    errors = [report.relative_error for report in reports]
    assert errors[0] > errors[1] > errors[2] > 0
    assert [report.rank for report in reports] == [2, 6, 10]
    assert reports[0].worst_error >= errors[0]
    assert reports[0].size_bytes < reports[2].size_bytes


def random_parts(count: int = 3, rank: int = 4) -> list[Factors]:
    generator = torch.Generator().manual_seed(count)
    return [
        Factors(
            torch.randn(rank, 48, generator=generator),
            torch.randn(64, rank, generator=generator),
            0.5 + n,
        )
        for n in range(count)
    ]


def dense(parts: list[Factors]) -> torch.Tensor:
    return torch.stack([part.scale * part.up @ part.down for part in parts]).sum(0)


def test_concatenation_is_the_sum() -> None:
    parts = random_parts()
    merged = concatenate(parts)
    torch.testing.assert_close(merged.up @ merged.down, dense(parts))
    assert merged.norm == pytest.approx(dense(parts).norm().item(), rel=1e-5)


@pytest.mark.parametrize("rank", [1, 5, 12, 100])
def test_truncation_is_as_good_as_the_full_svd(rank: int) -> None:
    parts = random_parts()
    whole = dense(parts)
    values = torch.linalg.svdvals(whole)
    optimal = (values[rank:].square().sum().sqrt() / whole.norm()).item()
    merged = truncate(parts, rank)
    real = ((whole - merged.up @ merged.down).norm() / whole.norm()).item()
    assert real == pytest.approx(optimal, abs=1e-5)
    assert merged.error == pytest.approx(optimal, abs=1e-5)
    assert merged.down.shape[0] == min(rank, 12)


def test_ties_by_hand() -> None:
    """Entry by entry: the larger half kept, signs elected, those who agree averaged."""
    a = torch.tensor([[4.0, -1.0, 0.5, 3.0]])
    b = torch.tensor([[-2.0, -3.0, 0.1, 5.0]])
    one = torch.ones(1, 1)
    merged = ties(
        [Factors(a, one, 1.0), Factors(b, one, 1.0)], 1, 0.5, torch.Generator().manual_seed(0)
    )
    torch.testing.assert_close(merged.up @ merged.down, torch.tensor([[4.0, -3.0, 0.0, 4.0]]))


def test_dare_keeps_the_sum_on_average_and_everything_at_density_one() -> None:
    parts = random_parts(2)
    whole = dense(parts)
    full = dare(parts, 48, 1.0, torch.Generator().manual_seed(0))
    torch.testing.assert_close(full.up @ full.down, whole, atol=1e-3, rtol=1e-3)
    draws = [dare(parts, 48, 0.5, torch.Generator().manual_seed(n)) for n in range(200)]
    mean = torch.stack([draw.up @ draw.down for draw in draws]).mean(0)
    assert ((mean - whole).norm() / whole.norm()).item() < 0.1
    assert ((draws[0].up @ draws[0].down - whole).norm() / whole.norm()).item() > 0.5


@pytest.mark.parametrize("method", ["ties", "dare"])
def test_ties_and_dare_give_a_file_and_the_same_one_for_the_same_seed(
    tiny: StableDiffusionXLPipeline, ingredients: list[Ingredient], tmp_path: Path, method: Any
) -> None:
    def at(name: str, seed: int) -> FuseReport:
        target = tmp_path / f"{name}.safetensors"
        return fuse(ingredients, parts_of(tiny), target, method=method, rank=8, seed=seed)

    first = at("a", 0)
    assert same(first, at("b", 0))
    if method == "dare":
        assert not same(first, at("c", 1))
    assert np.isfinite(blended([Ingredient("mix", first.path, 1.0)])).all()


def same(one: FuseReport, other: FuseReport) -> bool:
    """Whether both files hold the same tensors."""
    a, b = load_file(one.path), load_file(other.path)
    return a.keys() == b.keys() and all(torch.equal(a[name], b[name]) for name in a)


def test_refusals_leave_nothing_behind(
    tiny: StableDiffusionXLPipeline, ingredients: list[Ingredient], tmp_path: Path
) -> None:
    parts, target = parts_of(tiny), tmp_path / "out" / "m.safetensors"
    asked: list[int] = []

    def third_time() -> bool:
        asked.append(1)
        return len(asked) > 3

    with pytest.raises(Cancelled):
        fuse(ingredients, parts, target, is_cancelled=third_time)
    with pytest.raises(BadInputError, match="weight 0"):
        fuse([Ingredient("one", ingredients[0].path, 0.0)], parts, target)
    with pytest.raises(BadInputError, match="rank"):
        fuse(ingredients, parts, target, rank=0)
    with pytest.raises(NotFoundError):
        fuse([Ingredient("x", tmp_path / "x.safetensors", 1.0)], parts, target)
    wide = build_pipeline(unet={"cross_attention_dim": 96})
    with pytest.raises(WrongModelError):
        fuse(ingredients, parts_of(wide), target)
    assert not target.parent.exists()
    target.parent.mkdir()
    target.write_bytes(b"mine")
    with pytest.raises(BadInputError, match="already"):
        fuse(ingredients, parts, target)
    assert target.read_bytes() == b"mine"
    assert fuse(ingredients, parts, target, overwrite=True).size_bytes > 1000
    assert [path.name for path in target.parent.iterdir()] == ["m.safetensors"]


def test_progress_counts_layers(
    tiny: StableDiffusionXLPipeline, ingredients: list[Ingredient], tmp_path: Path
) -> None:
    told: list[tuple[int, int]] = []
    report = fuse(
        ingredients,
        parts_of(tiny),
        tmp_path / "m.safetensors",
        progress=lambda done, total: told.append((done, total)),
    )
    assert told == [(n + 1, report.layers) for n in range(report.layers)]
