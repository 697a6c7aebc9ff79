"""Models are loaded whole, from either layout, offline; or refused by a sentence."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from diffusers.models.autoencoders.autoencoder_tiny import AutoencoderTiny
from diffusers.schedulers.scheduling_euler_ancestral_discrete import (
    EulerAncestralDiscreteScheduler,
)
from diffusers.schedulers.scheduling_euler_discrete import EulerDiscreteScheduler
from safetensors.torch import load_file, save_file

from stickerstudio.core.errors import (
    BadFileError,
    NotFoundError,
    StudioError,
    UnsafeFileError,
    WrongModelError,
)
from stickerstudio.engine.loop import Loop, Painting
from stickerstudio.engine.pipeline import Model, examine, load
from stickerstudio.engine.placement import Placement
from tests.engine.sdxl_file import save_single_file
from tests.engine.tiny_sdxl import WORDS, build_pipeline, merges_for

UNET = "unet/diffusion_pytorch_model.safetensors"


@pytest.fixture
def folder(tiny_folder: Path, tmp_path: Path) -> Path:
    """A copy of the tiny model, to be spoiled."""
    return Path(shutil.copytree(tiny_folder, tmp_path / "model"))


@pytest.fixture
def sdxl(tmp_path: Path) -> Path:
    """What resources/sdxl holds for the true SDXL, for `file_pipeline`'s model."""
    place = tmp_path / "sdxl"
    file_pipeline().save_pretrained(place)
    for weights in place.rglob("*.safetensors"):
        weights.unlink()
    lines = ["#version: 0.2", *(" ".join(pair) for pair in merges_for(WORDS))]
    (place / "merges.txt").write_text("\n".join(lines), encoding="utf-8")
    return place


def file_pipeline() -> Any:
    """In a single file the two text encoders are told apart by their width."""
    return build_pipeline(second_width=48)


def open_model(location: Path, sdxl: Path, dtype: str = "float32", **options: Any) -> Model:
    return load(examine(location, sdxl), dtype, sdxl, **options)


def paint(model: Model) -> np.ndarray:
    loop = Loop(model, Placement(model.modules, "cpu"))
    return loop.decode(loop.denoise(Painting("a red heart", (7,), 2, 0.0, 32, 32)))


def levels_apart(one: np.ndarray, other: np.ndarray) -> int:
    return int(np.abs(one.astype(int) - other.astype(int)).max())


def stock_picture(pipe: Any) -> np.ndarray:
    output = pipe(
        "a red heart",
        num_inference_steps=2,
        guidance_scale=0.0,
        width=32,
        height=32,
        generator=torch.Generator("cpu").manual_seed(7),
    )
    return np.asarray(output.images)


@pytest.fixture(scope="module")
def expected() -> np.ndarray:
    """The picture of the tiny model, as the stock pipeline paints it."""
    return stock_picture(build_pipeline())


# --- what works ---


def test_a_folder(folder: Path, sdxl: Path, expected: np.ndarray) -> None:
    checkpoint = examine(folder, sdxl)
    assert (checkpoint.dtype, checkpoint.force_upcast) == ("float32", True)
    pipe = build_pipeline()
    parts = (pipe.unet, pipe.vae, pipe.text_encoder, pipe.text_encoder_2)
    assert checkpoint.parameters == sum(p.numel() for part in parts for p in part.parameters())
    assert levels_apart(paint(open_model(folder, sdxl)), expected) <= 1


def test_a_folder_of_fp16_files_only(tmp_path: Path, sdxl: Path, expected: np.ndarray) -> None:
    folder = tmp_path / "half"
    build_pipeline().to(torch.float16).save_pretrained(folder, variant="fp16")
    assert (folder / "unet/diffusion_pytorch_model.fp16.safetensors").exists()
    assert examine(folder, sdxl).dtype == "float16"
    model = open_model(folder, sdxl)
    assert {p.dtype for m in model.modules.values() for p in m.parameters()} == {torch.float32}
    assert levels_apart(paint(model), expected) < 16  # rounded once, to half


def test_a_folder_in_several_files(tmp_path: Path, sdxl: Path, expected: np.ndarray) -> None:
    folder = tmp_path / "split"
    build_pipeline().save_pretrained(folder, max_shard_size="2MB")
    assert not (folder / UNET).exists()
    assert levels_apart(paint(open_model(folder, sdxl)), expected) <= 1


def test_the_vae_stays_in_float32_for_good_where_it_would_overflow(
    folder: Path, sdxl: Path
) -> None:
    model = open_model(folder, sdxl, "float16")
    assert (model.unet.dtype, model.vae.dtype) == (torch.float16, torch.float32)
    config = folder / "vae/config.json"
    config.write_text(json.dumps(json.loads(config.read_text()) | {"force_upcast": False}))
    assert open_model(folder, sdxl, "float16").vae.dtype == torch.float16


def test_half_precision_paints_nearly_the_same(
    folder: Path, sdxl: Path, expected: np.ndarray
) -> None:
    for dtype in ("float16", "bfloat16"):
        picture = paint(open_model(folder, sdxl, dtype))
        # noise is drawn in the dtype of the model, as in diffusers, so pictures differ in kind
        assert picture.shape == expected.shape
        assert picture.std() > 10


def test_a_single_file(tmp_path: Path, sdxl: Path) -> None:
    file = tmp_path / "model.safetensors"
    save_single_file(file_pipeline(), file)
    model = open_model(file, sdxl)
    assert levels_apart(paint(model), stock_picture(file_pipeline())) <= 1


@pytest.mark.parametrize(
    ("marks", "distilled", "scheduler", "spacing", "prediction"),
    [
        ((), True, EulerAncestralDiscreteScheduler, "trailing", "epsilon"),
        ((), False, EulerDiscreteScheduler, "leading", "epsilon"),
        (("v_pred",), False, EulerDiscreteScheduler, "leading", "v_prediction"),
        (("v_pred", "ztsnr"), False, EulerAncestralDiscreteScheduler, "trailing", "v_prediction"),
    ],
)
def test_the_schedule_of_a_single_file(
    tmp_path: Path,
    sdxl: Path,
    marks: tuple[str, ...],
    distilled: bool,
    scheduler: type,
    spacing: str,
    prediction: str,
) -> None:
    file = tmp_path / "model.safetensors"
    save_single_file(file_pipeline(), file, *marks)
    made = open_model(file, sdxl, distilled=distilled).scheduler
    assert isinstance(made, scheduler)
    assert made.config.timestep_spacing == spacing
    assert made.config.prediction_type == prediction
    assert made.config.rescale_betas_zero_snr == ("ztsnr" in marks)


def test_a_preview_decoder_beside_the_model(folder: Path, sdxl: Path) -> None:
    tiny: dict[str, Any] = {
        "encoder_block_out_channels": (8, 8),
        "decoder_block_out_channels": (8, 8),
        "num_encoder_blocks": (1, 1),
        "num_decoder_blocks": (1, 1),
    }
    AutoencoderTiny(**tiny).save_pretrained(folder / "preview")
    model = open_model(folder, sdxl, preview_decoder="preview")
    assert isinstance(model.preview_decoder, AutoencoderTiny)
    assert open_model(folder, sdxl).preview_decoder is None
    with pytest.raises(NotFoundError, match="nowhere"):
        open_model(folder, sdxl, preview_decoder="nowhere")


# --- what is refused ---


def cut_off(folder: Path) -> None:
    file = folder / UNET
    file.write_bytes(file.read_bytes()[:-1000])


def drop_tensor(folder: Path) -> None:
    tensors = load_file(folder / UNET)
    del tensors["conv_in.weight"]
    save_file(tensors, folder / UNET)


def wrong_shape(folder: Path) -> None:
    tensors = load_file(folder / UNET)
    tensors["conv_in.weight"] = torch.zeros(3, 3)
    save_file(tensors, folder / UNET)


def drop_text_tensor(folder: Path) -> None:
    file = folder / "text_encoder_2/model.safetensors"
    tensors = load_file(file)
    del tensors["text_projection.weight"]
    save_file(tensors, file)


def delete(name: str) -> Callable[[Path], None]:
    def act(folder: Path) -> None:
        path = folder / name
        shutil.rmtree(path) if path.is_dir() else path.unlink()

    act.__name__ = f"without {name}"
    return act


def only_a_pickle(folder: Path) -> None:
    (folder / UNET).rename(folder / "unet/diffusion_pytorch_model.bin")


def a_pickle_renamed(folder: Path) -> None:
    torch.save({"conv_in.weight": torch.zeros(3)}, folder / UNET)


def bad_json(folder: Path) -> None:
    (folder / "unet/config.json").write_text("{")


def another_class(folder: Path) -> None:
    index = folder / "model_index.json"
    index.write_text(index.read_text().replace("StableDiffusionXLPipeline", "FluxPipeline"))


def unknown_sampler(folder: Path) -> None:
    config = folder / "scheduler/scheduler_config.json"
    config.write_text(config.read_text().replace("EulerAncestralDiscreteScheduler", "Pipeline"))


def inpainting(folder: Path) -> None:
    shutil.rmtree(folder)
    build_pipeline(unet={"in_channels": 9}).save_pretrained(folder)


@pytest.mark.parametrize(
    ("spoil", "error", "words"),
    [
        (delete("model_index.json"), NotFoundError, "model_index.json is missing"),
        (delete("vae/config.json"), NotFoundError, "config.json is missing"),
        (delete(UNET), NotFoundError, "unet/diffusion_pytorch_model.safetensors is missing"),
        (delete("tokenizer"), StudioError, "model"),
        (delete("scheduler"), NotFoundError, "scheduler_config.json is missing"),
        (cut_off, BadFileError, "cut off"),
        (drop_tensor, BadFileError, r"conv_in\.weight"),
        (drop_text_tensor, BadFileError, r"text_projection\.weight"),
        (wrong_shape, BadFileError, "conv_in"),
        (bad_json, BadFileError, r"config\.json"),
        (only_a_pickle, UnsafeFileError, "pickle"),
        (a_pickle_renamed, UnsafeFileError, "pickle"),
        (another_class, WrongModelError, "Flux"),
        (unknown_sampler, WrongModelError, "sampler Pipeline"),
        (inpainting, WrongModelError, "inpainting"),
    ],
    ids=lambda value: value.__name__ if callable(value) else "",
)
def test_a_spoiled_model_is_refused_by_a_sentence(
    folder: Path, sdxl: Path, spoil: Callable[[Path], None], error: type[StudioError], words: str
) -> None:
    spoil(folder)
    with pytest.raises(error, match=words) as caught:
        open_model(folder, sdxl)
    assert caught.value.exit_code == 3
    assert caught.value.todo


def test_a_single_file_without_a_part_is_refused(tmp_path: Path, sdxl: Path) -> None:
    file = tmp_path / "model.safetensors"
    save_single_file(file_pipeline(), file)
    tensors = load_file(file)
    save_file({key: tensors[key] for key in tensors if "embedders.1" not in key}, file)
    with pytest.raises(BadFileError):
        open_model(file, sdxl)
    save_file({key: tensors[key] for key in tensors if "input_blocks.1" not in key}, file)
    with pytest.raises(BadFileError):
        open_model(file, sdxl)
