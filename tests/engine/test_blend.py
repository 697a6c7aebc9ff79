"""The blend against stock diffusers + peft on a tiny real SDXL: same pictures, no drift."""

from __future__ import annotations

import random
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from diffusers.pipelines.stable_diffusion_xl.pipeline_stable_diffusion_xl import (
    StableDiffusionXLPipeline,
)
from torch import nn

from stickerstudio.core.errors import BadFileError, BadInputError, NotFoundError, WrongModelError
from stickerstudio.engine.blend import Blend
from tests.engine.lora_files import make_lora
from tests.engine.pictures import parts_of, picture
from tests.engine.tiny_sdxl import build_pipeline

WEIGHTS = {"one": 0.8, "two": -0.5, "three": 1.7, "four": 0.3}


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Four LoRAs: of different formats, layers and ranks, all with text encoder layers but one."""
    parts = parts_of(build_pipeline())
    folder = tmp_path_factory.mktemp("loras")
    kinds: dict[str, dict[str, Any]] = {
        "one": {"style": "diffusers", "text": True},
        "two": {"style": "kohya-ldm", "convolutions": True, "alpha": 2.0, "mixed_ranks": True},
        "three": {"style": "kohya-diffusers", "text": True, "alpha": 8.0, "convolutions": True},
        "four": {"style": "diffusers-old", "text": True, "only": ("attn2", "q_proj")},
    }
    for seed, (name, kind) in enumerate(kinds.items()):
        make_lora(folder / f"{name}.safetensors", parts, seed=seed, **kind)
    return {name: folder / f"{name}.safetensors" for name in kinds}


def loaded(pipe: StableDiffusionXLPipeline, files: Mapping[str, Path]) -> Blend:
    blend = Blend(parts_of(pipe))
    for name, path in files.items():
        blend.add(name, path)
    return blend


@pytest.fixture(scope="module")
def stock(files: dict[str, Path]) -> StableDiffusionXLPipeline:
    """Stock diffusers with the same files and weights."""
    pipe = build_pipeline()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # peft wonders about a second adapter
        for name, path in files.items():
            pipe.load_lora_weights(str(path.parent), weight_name=path.name, adapter_name=name)
    pipe.set_adapters(list(WEIGHTS), list(WEIGHTS.values()))
    return pipe


def test_same_picture_as_stock_diffusers(
    tiny: StableDiffusionXLPipeline, files: dict[str, Path], stock: StableDiffusionXLPipeline
) -> None:
    plain = picture(tiny)
    blend = loaded(tiny, files)
    blend.set_weights(WEIGHTS)
    ours, theirs = picture(tiny), picture(stock)
    assert np.abs(theirs - plain).mean() > 5  # the LoRAs do something
    assert np.abs(ours - theirs).max() < 0.05


def test_same_picture_after_a_thousand_random_slider_moves(
    tiny: StableDiffusionXLPipeline, files: dict[str, Path], stock: StableDiffusionXLPipeline
) -> None:
    dice = random.Random(0)
    blend = loaded(tiny, files)
    blend.set_weights(WEIGHTS)
    before = picture(tiny)
    for _ in range(1000):
        chosen = dice.sample(list(files), dice.randint(0, 4))
        blend.set_weights({name: dice.uniform(-2, 2) for name in chosen})
    blend.set_weights(WEIGHTS)
    after = picture(tiny)
    assert np.array_equal(before, after)
    assert np.abs(after - picture(stock)).max() < 0.05


@pytest.mark.parametrize("name", ["one", "two", "three", "four"])
def test_each_lora_alone_is_stock_diffusers(
    tiny: StableDiffusionXLPipeline, files: dict[str, Path], name: str
) -> None:
    theirs = build_pipeline()
    theirs.load_lora_weights(str(files[name].parent), weight_name=files[name].name)
    blend = loaded(tiny, files)
    blend.set_weights({name: 1.0})
    assert np.abs(picture(tiny) - picture(theirs)).max() < 0.05


def test_weight_zero_is_the_model_itself(
    tiny: StableDiffusionXLPipeline, files: dict[str, Path]
) -> None:
    plain = picture(tiny)
    blend = loaded(tiny, files)
    assert np.array_equal(picture(tiny), plain)
    blend.set_weights(WEIGHTS)
    assert not np.array_equal(picture(tiny), plain)
    blend.set_weights(dict.fromkeys(files, 0.0))
    assert np.array_equal(picture(tiny), plain)


def test_always_on_at_zero_gives_the_same_picture(
    tiny: StableDiffusionXLPipeline, files: dict[str, Path]
) -> None:
    plain = picture(tiny)
    blend = Blend(parts_of(tiny), always_on=True)
    for name, path in files.items():
        blend.add(name, path)
    assert np.array_equal(picture(tiny), plain)


def test_removing_leaves_no_trace(tiny: StableDiffusionXLPipeline, files: dict[str, Path]) -> None:
    classes = {name: type(module) for name, module in tiny.unet.named_modules()}
    keys = list(tiny.unet.state_dict())
    plain = picture(tiny)
    blend = loaded(tiny, files)
    blend.set_weights(WEIGHTS)
    assert list(tiny.unet.state_dict()) == keys  # nor while they are loaded
    blend.clear()
    assert blend.names == ()
    assert {name: type(module) for name, module in tiny.unet.named_modules()} == classes
    assert [name for name, _ in tiny.unet.named_buffers() if "blend" in name] == []
    assert np.array_equal(picture(tiny), plain)


def test_what_stays_is_untouched_by_what_goes(
    tiny: StableDiffusionXLPipeline, files: dict[str, Path]
) -> None:
    blend = loaded(tiny, {name: files[name] for name in ("one", "two")})
    blend.set_weights({"one": 0.7, "two": 0.2})
    before = picture(tiny)
    blend.add("three", files["three"])
    assert blend.weights == {"one": 0.7, "two": 0.2, "three": 0.0}
    blend.remove("three")
    assert np.array_equal(picture(tiny), before)
    blend.remove("one")
    alone = build_pipeline()
    loaded(alone, {"two": files["two"]}).set_weights({"two": 0.2})
    assert np.abs(picture(tiny) - picture(alone)).max() < 0.05


def test_adding_and_removing_rebuilds_only_what_it_touches(
    tiny: StableDiffusionXLPipeline, files: dict[str, Path]
) -> None:
    blend = loaded(tiny, {name: files[name] for name in ("one", "two")})
    places = {name: b.data_ptr() for name, b in tiny.unet.named_buffers() if "blend" in name}
    blend.add("four", files["four"])  # attn2 only
    for name, buffer in tiny.unet.named_buffers():
        if "blend" in name:
            assert (buffer.data_ptr() == places[name]) is ("attn2" not in name)


def test_a_slider_moves_no_tensor(tiny: StableDiffusionXLPipeline, files: dict[str, Path]) -> None:
    blend = loaded(tiny, files)
    layer: Any = tiny.unet.get_submodule("mid_block.attentions.0.transformer_blocks.0.attn1.to_q")
    addresses = [getattr(layer, f"blend_{n}").data_ptr() for n in ("gate", "down", "up")]
    gate = layer.blend_gate
    blend.set_weights({"one": 0.5})
    assert layer.blend_gate is gate
    assert gate.max() == 0.5
    blend.set_weights({"one": -2.0})
    assert gate.min() == -2.0
    assert [getattr(layer, f"blend_{n}").data_ptr() for n in ("gate", "down", "up")] == addresses


def test_text_key_changes_with_text_weights_only(
    tiny: StableDiffusionXLPipeline, files: dict[str, Path]
) -> None:
    blend = loaded(tiny, files)
    nothing = blend.text_key()
    blend.set_weights({"two": 1.0})  # has no text encoder layers
    assert blend.text_key() == nothing
    blend.set_weights({"one": 1.0, "two": 1.0})
    one = blend.text_key()
    assert one != nothing
    blend.set_weights({"one": 1.0, "two": 0.3})
    assert blend.text_key() == one
    blend.set_weights({"one": 0.9})
    assert blend.text_key() != one
    blend.remove("one")
    blend.add("one", files["three"])  # another file under an old name
    blend.set_weights({"one": 1.0})
    assert blend.text_key() != one


def test_text_encoder_layers_change_the_embedding(
    tiny: StableDiffusionXLPipeline, files: dict[str, Path]
) -> None:
    blend = loaded(tiny, files)
    before = tiny.encode_prompt("red heart", do_classifier_free_guidance=False)[0]
    blend.set_weights({"one": 1.0})
    after = tiny.encode_prompt("red heart", do_classifier_free_guidance=False)[0]
    assert (before - after).abs().max() > 0.01


def test_follows_the_model_to_another_type(
    tiny: StableDiffusionXLPipeline, files: dict[str, Path]
) -> None:
    blend = loaded(tiny, files)
    blend.set_weights({"one": 0.5})
    tiny.unet.to(torch.float64)
    layer: Any = tiny.unet.get_submodule("mid_block.attentions.0.transformer_blocks.0.attn1.to_q")
    for tensor in (layer.blend_gate, layer.blend_down, layer.blend_up):
        assert tensor.dtype == torch.float64
    x = torch.randn(2, 5, layer.in_features, dtype=torch.float64)
    blend.set_weights({"one": 0.25})  # reaches the moved gates
    small = layer(x) - nn.functional.linear(x, layer.weight, layer.bias)
    blend.set_weights({"one": 0.5})
    large = layer(x) - nn.functional.linear(x, layer.weight, layer.bias)
    torch.testing.assert_close(large, 2 * small)


def test_works_across_inference_mode(
    tiny: StableDiffusionXLPipeline, files: dict[str, Path]
) -> None:
    with torch.inference_mode():
        blend = loaded(tiny, files)
        blend.set_weights({"one": 1.0})
        inside = picture(tiny)
    blend.set_weights({"one": 0.0})
    blend.set_weights({"one": 1.0})
    assert np.array_equal(picture(tiny), inside)


def test_a_compiled_model_stays_valid_while_sliders_move(
    tiny: StableDiffusionXLPipeline, files: dict[str, Path]
) -> None:
    blend = Blend({"unet": tiny.unet}, always_on=True)
    blend.add("two", files["two"])
    unet: Any = tiny.unet
    block = unet.mid_block
    shape = torch.Size((1, 64, 8, 8))
    args = {
        "hidden_states": torch.randn(shape),
        "temb": torch.randn(1, unet.time_embedding.linear_2.out_features),
        "encoder_hidden_states": torch.randn(1, 7, 64),
    }
    torch.compiler.reset()
    with torch.no_grad():
        compiled = torch.compile(block, backend="eager", fullgraph=True)
        compiled(**args)
        with torch.compiler.set_stance("fail_on_recompile"):
            for weight in (1.0, 0.0, -0.5):
                blend.set_weights({"two": weight})
                torch.testing.assert_close(compiled(**args), block(**args))
    torch.compiler.reset()


def test_a_lora_for_a_wider_model_names_its_layers(
    tiny: StableDiffusionXLPipeline, tmp_path: Path
) -> None:
    wide = build_pipeline(unet={"cross_attention_dim": 96})
    make_lora(tmp_path / "wide.safetensors", parts_of(wide))
    blend = Blend(parts_of(tiny))
    with pytest.raises(WrongModelError) as caught:
        blend.add("wide", tmp_path / "wide.safetensors")
    assert "attn2_to_k" in caught.value.why
    assert blend.names == ()
    assert not any("blend" in name for name, _ in tiny.unet.named_buffers())


def test_a_lora_with_layers_this_model_lacks_is_refused(
    tiny: StableDiffusionXLPipeline, tmp_path: Path
) -> None:
    deep = build_pipeline(unet={"transformer_layers_per_block": (1, 3)})
    make_lora(tmp_path / "deep.safetensors", parts_of(deep), style="kohya-ldm")
    with pytest.raises(WrongModelError, match="transformer_blocks_2"):
        Blend(parts_of(tiny)).add("deep", tmp_path / "deep.safetensors")


def test_a_bad_tensor_at_the_end_leaves_the_blend_as_it_was(
    tiny: StableDiffusionXLPipeline, files: dict[str, Path], tmp_path: Path
) -> None:
    from safetensors.torch import load_file, save_file

    blend = loaded(tiny, {"one": files["one"]})
    blend.set_weights({"one": 1.0})
    before = picture(tiny)
    tensors = load_file(files["two"])
    tensors[[name for name in tensors if "up" in name][-1]][0, 0] = float("nan")
    save_file(tensors, tmp_path / "bad.safetensors")
    with pytest.raises(BadFileError, match="not numbers"):
        blend.add("bad", tmp_path / "bad.safetensors")
    assert blend.names == ("one",)
    assert np.array_equal(picture(tiny), before)


def test_says_no_to_nonsense(tiny: StableDiffusionXLPipeline, files: dict[str, Path]) -> None:
    blend = loaded(tiny, {"one": files["one"]})
    with pytest.raises(BadInputError):
        blend.set_weights({"one": float("nan")})
    with pytest.raises(ValueError, match="two"):
        blend.set_weights({"two": 1.0})
    with pytest.raises(ValueError, match="already"):
        blend.add("one", files["one"])
    with pytest.raises(NotFoundError):
        blend.add("none", files["one"].with_name("none.safetensors"))
