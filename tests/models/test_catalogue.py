"""Models are found, added by reference, forgotten; what is no SDXL is refused by its name."""

from __future__ import annotations

import json
import pickle
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from stickerstudio.core.errors import (
    BadFileError,
    BadInputError,
    NotFoundError,
    UnsafeFileError,
    WrongModelError,
)
from stickerstudio.core.paths import Paths
from stickerstudio.models.cards import card_json, read_card
from stickerstudio.models.catalogue import Catalogue, partial_folder
from tests.models.sdxl_layout import SINGLE_FILE_KEYS, write_folder, write_json, write_safetensors


@pytest.fixture
def catalogue(paths: Paths) -> Catalogue:
    return Catalogue(paths)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_folder(tmp_path / "disk" / "My Model")


# --- what there is ---


def test_sdxl_turbo_is_listed_before_it_is_installed(catalogue: Catalogue) -> None:
    turbo = catalogue.find("sdxl-turbo")
    assert turbo.location is None
    assert not turbo.bundled
    assert turbo not in catalogue.installed()


def test_an_unknown_name_offers_the_near_ones(catalogue: Catalogue) -> None:
    with pytest.raises(NotFoundError, match=r"There is no model sdxl-trubo.*sdxl-turbo\?"):
        catalogue.find("sdxl-trubo")
    assert catalogue.find("SDXL-Turbo").name == "sdxl-turbo"


@pytest.mark.parametrize("name", ["", " ", "a\0b", "x" * 5000, "no/such/folder", "⚡"])
def test_a_senseless_name_is_a_sentence(catalogue: Catalogue, name: str) -> None:
    with pytest.raises(NotFoundError):
        catalogue.find(name)


def test_a_path_can_be_used_without_adding_it(catalogue: Catalogue, folder: Path) -> None:
    card = catalogue.find(str(folder))
    assert (card.name, card.location) == (str(folder), folder)
    assert card.name not in [each.name for each in catalogue.all()]


# --- adding ---


def test_adding_refers_to_the_folder_and_copies_nothing(
    catalogue: Catalogue, folder: Path, paths: Paths
) -> None:
    card = catalogue.add(folder)
    assert (card.name, card.title, card.location) == ("my-model", "My Model", folder)
    assert (card.size, card.default_steps, card.guidance_scale) == ((16, 16), 4, 0.0)
    assert [path.name for path in paths.models.iterdir()] == ["my-model.json"]
    again = Catalogue(paths)
    assert again.find("my-model").location == folder
    assert again.find(str(folder)).name == "my-model"
    assert card.name in [each.name for each in again.installed()]


def test_adding_twice_gives_the_same_card(catalogue: Catalogue, folder: Path) -> None:
    assert catalogue.add(folder) == catalogue.add(folder)


def test_two_models_of_one_name_are_told_apart(catalogue: Catalogue, tmp_path: Path) -> None:
    first = catalogue.add(write_folder(tmp_path / "a" / "cats"))
    second = catalogue.add(write_folder(tmp_path / "b" / "cats"))
    assert (first.name, second.name) == ("cats", "cats-2")
    assert catalogue.find("cats-2").location == tmp_path / "b" / "cats"


def test_a_single_file_is_known_by_its_keys(catalogue: Catalogue, tmp_path: Path) -> None:
    file = write_safetensors(tmp_path / "Juggernaut XL.safetensors", SINGLE_FILE_KEYS)
    card = catalogue.add(file)
    assert (card.name, card.location, card.size) == ("juggernaut-xl", file, (1024, 1024))
    assert (card.default_steps, card.guidance_scale) == (30, 5.0)
    turbo = write_safetensors(tmp_path / "sd_xl_turbo_1.0_fp16.safetensors", SINGLE_FILE_KEYS)
    card = catalogue.add(turbo)
    assert (card.default_steps, card.guidance_scale, card.size) == (4, 0.0, (512, 512))


def test_a_folder_may_bring_a_card_of_its_own(
    catalogue: Catalogue, folder: Path, paths: Paths
) -> None:
    turbo, _ = read_card(paths.bundled_models / "sdxl-turbo" / "card.json")
    own = replace(turbo, name="mine", title="Mine", hub=None, max_steps=8)
    (folder / "card.json").write_text(card_json(own), encoding="utf-8")
    card = catalogue.add(folder)
    assert card == replace(own, location=folder)
    assert catalogue.find("mine") == card
    (folder / "card.json").write_text("{")
    assert catalogue.find("mine") == card
    catalogue.remove("mine")
    assert catalogue.add(folder).name == "my-model"


def test_a_folder_of_a_downloadable_model_becomes_it(catalogue: Catalogue, tmp_path: Path) -> None:
    cached = tmp_path / "hub" / "models--stabilityai--sdxl-turbo" / "snapshots" / "7115331"
    card = catalogue.add(write_folder(cached, "fp16"))
    assert (card.name, card.location, card.licence) == ("sdxl-turbo", cached, "sai-nc-community")
    assert catalogue.find("sdxl-turbo") == card


def test_variants_and_split_weights_are_models_too(catalogue: Catalogue, tmp_path: Path) -> None:
    folder = write_folder(tmp_path / "split")
    unet = folder / "unet"
    (unet / "diffusion_pytorch_model.safetensors").unlink()
    names = [f"diffusion_pytorch_model-0000{i}-of-00002.safetensors" for i in (1, 2)]
    for name in names:
        write_safetensors(unet / name, ["w"])
    index = {"weight_map": {"a": names[0], "b": names[1]}}
    write_json(unet / "diffusion_pytorch_model.safetensors.index.json", index)
    assert catalogue.add(folder).name == "split"
    (unet / names[1]).unlink()
    with pytest.raises(NotFoundError, match="00002-of-00002"):
        catalogue.add(shutil.copytree(folder, tmp_path / "split2"))


# --- refusing ---


def refused(catalogue: Catalogue, path: Path, kind: type[Exception], words: str) -> None:
    with pytest.raises(kind, match=words):
        catalogue.add(path)
    assert not any(each.location == path for each in catalogue.all())


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        (["cond_stage_model.transformer.text_model.x", "model.diffusion_model.y"], "Diffusion 1"),
        (["cond_stage_model.model.transformer.x", "model.diffusion_model.y"], "Diffusion 2"),
        (["double_blocks.0.img_attn.qkv.weight"], "Flux"),
        (["model.diffusion_model.joint_blocks.0.x"], "Diffusion 3"),
        (["conditioner.embedders.0.model.x", "model.diffusion_model.y"], "refiner"),
        (["lora_unet_down_blocks_1_attentions_0.lora_down.weight"], "a LoRA"),
        (["unet.down_blocks.0.to_q.lora_A.weight"], "a LoRA"),
        (["layers.0.weight"], "an unknown architecture"),
        (["model.diffusion_model.y", "first_stage_model.x"], "first text encoder, second"),
        ([SINGLE_FILE_KEYS[0], *SINGLE_FILE_KEYS[2:]], "It lacks: second text encoder"),
    ],
)
def test_other_single_files_are_refused_by_name(
    catalogue: Catalogue, tmp_path: Path, keys: list[str], words: str
) -> None:
    file = write_safetensors(tmp_path / "x.safetensors", keys)
    refused(catalogue, file, WrongModelError, words)


@pytest.mark.parametrize(
    ("pipeline", "width", "words"),
    [
        ("StableDiffusionPipeline", 768, "Stable Diffusion 1;"),
        ("StableDiffusionPipeline", 1024, "Stable Diffusion 2;"),
        ("FluxPipeline", 0, "Flux"),
        ("StableDiffusion3Pipeline", 0, "Stable Diffusion 3"),
        ("WanPipeline", 0, "Wan"),
        ("", 0, "an unknown architecture"),
    ],
)
def test_other_folders_are_refused_by_name(
    catalogue: Catalogue, tmp_path: Path, pipeline: str, width: int, words: str
) -> None:
    folder = tmp_path / "other"
    write_json(folder / "model_index.json", {"_class_name": pipeline})
    write_json(folder / "unet" / "config.json", {"cross_attention_dim": width})
    refused(catalogue, folder, WrongModelError, words)


def test_the_refiner_and_inpainting_models_are_refused(
    catalogue: Catalogue, tmp_path: Path
) -> None:
    refiner = write_folder(tmp_path / "refiner")
    index = json.loads((refiner / "model_index.json").read_text())
    write_json(refiner / "model_index.json", index | {"text_encoder": [None, None]})
    refused(catalogue, refiner, WrongModelError, "refiner")
    inpaint = write_folder(tmp_path / "inpaint")
    unet = {"addition_embed_type": "text_time", "in_channels": 9}
    write_json(inpaint / "unet" / "config.json", unet)
    refused(catalogue, inpaint, WrongModelError, "inpainting")
    single = write_safetensors(tmp_path / "i.safetensors", SINGLE_FILE_KEYS, (4, 9))
    refused(catalogue, single, WrongModelError, "inpainting")
    lookalike = write_folder(tmp_path / "lookalike")
    write_json(lookalike / "unet" / "config.json", {"in_channels": 4})
    refused(catalogue, lookalike, WrongModelError, "calls itself SDXL")


def test_a_lora_folder_is_named_as_one(catalogue: Catalogue, tmp_path: Path) -> None:
    folder = tmp_path / "style"
    write_safetensors(folder / "pytorch_lora_weights.safetensors", ["x"])
    refused(catalogue, folder, WrongModelError, "a LoRA")
    plain = tmp_path / "files"
    write_safetensors(plain / "juggernaut.safetensors", ["x"])
    refused(catalogue, plain, BadFileError, r"Choose the file juggernaut\.safetensors")


def test_pickles_are_refused_whatever_they_are_called(
    catalogue: Catalogue, folder: Path, tmp_path: Path
) -> None:
    for name in ("model.ckpt", "model.safetensors"):
        file = tmp_path / name
        file.write_bytes(pickle.dumps({"state_dict": {}}))
        refused(catalogue, file, UnsafeFileError, "pickle")
    (folder / "unet" / "diffusion_pytorch_model.safetensors").rename(
        folder / "unet" / "diffusion_pytorch_model.bin"
    )
    refused(catalogue, folder, UnsafeFileError, "pickle")


def test_truncated_files_are_noticed(catalogue: Catalogue, folder: Path, tmp_path: Path) -> None:
    file = write_safetensors(tmp_path / "x.safetensors", SINGLE_FILE_KEYS)
    file.write_bytes(file.read_bytes()[:-7])
    refused(catalogue, file, BadFileError, "cut off")
    vae = folder / "vae" / "diffusion_pytorch_model.safetensors"
    vae.write_bytes(vae.read_bytes()[:-1])
    refused(catalogue, folder, BadFileError, "cut off")


@pytest.mark.parametrize(
    "part",
    ["unet/config.json", "vae/config.json", "text_encoder_2/model.safetensors", "tokenizer"],
)
def test_an_incomplete_folder_says_what_is_missing(
    catalogue: Catalogue, folder: Path, part: str
) -> None:
    path = folder / part
    shutil.rmtree(path) if path.is_dir() else path.unlink()
    refused(catalogue, folder, NotFoundError, f"{part} is missing")


@pytest.mark.parametrize("text", ["", "[]", "{", "[" * 100_000])
def test_a_damaged_configuration_is_a_sentence(
    catalogue: Catalogue, folder: Path, text: str
) -> None:
    (folder / "unet" / "config.json").write_text(text)
    refused(catalogue, folder, BadFileError, "damaged")


def test_what_is_not_there_cannot_be_added(catalogue: Catalogue, tmp_path: Path) -> None:
    refused(catalogue, tmp_path / "nothing", NotFoundError, "no such file")
    refused(catalogue, tmp_path, BadFileError, "not a model folder")


# --- broken cards, removing ---


def test_a_broken_card_is_skipped_and_reported(
    catalogue: Catalogue, folder: Path, paths: Paths
) -> None:
    catalogue.add(folder)
    (paths.models / "broken.json").write_text("{")
    names = [card.name for card in catalogue.all()]
    assert "my-model" in names
    assert "broken" not in names
    assert [problem.kind for problem in catalogue.problems] == ["BadFileError"]


def test_a_model_whose_files_have_gone_stays_listed_and_can_come_back(
    catalogue: Catalogue, folder: Path, tmp_path: Path
) -> None:
    catalogue.add(folder)
    moved = folder.rename(tmp_path / "My Model")
    card = catalogue.find("my-model")
    assert card.location is None
    assert str(folder) in catalogue.problems[0].why
    with pytest.raises(NotFoundError, match="no longer"):
        card.installed_at()
    assert catalogue.add(moved).name == "my-model"
    assert catalogue.find("my-model").location == moved


def test_removing_an_added_model_leaves_its_files(catalogue: Catalogue, folder: Path) -> None:
    catalogue.add(folder)
    catalogue.remove("my-model")
    assert (folder / "model_index.json").exists()
    with pytest.raises(NotFoundError):
        catalogue.find("my-model")


def test_removing_a_downloaded_model_deletes_it(catalogue: Catalogue, paths: Paths) -> None:
    card = catalogue.find("sdxl-turbo")
    target = catalogue.download_folder(card)
    write_folder(target, "fp16")
    (target / "card.json").write_text(card_json(card), encoding="utf-8")
    partial_folder(target).mkdir()
    assert catalogue.find("sdxl-turbo").location == target
    catalogue.remove("sdxl-turbo")
    assert catalogue.find("sdxl-turbo").location is None
    assert list(paths.models.iterdir()) == []
    with pytest.raises(NotFoundError, match="not in your list"):
        catalogue.remove("sdxl-turbo")


def test_what_came_with_the_program_cannot_be_removed(paths: Paths, tmp_path: Path) -> None:
    bundle = tmp_path / "bundle"
    card, _ = read_card(paths.bundled_models / "sdxl-turbo" / "card.json")
    starter = write_folder(bundle / "models" / "sdxl-turbo")
    (starter / "card.json").write_text(card_json(card), encoding="utf-8")
    catalogue = Catalogue(
        Paths(**{name: getattr(paths, name) for name in Paths.__slots__} | {"resources": bundle})
    )
    assert catalogue.find("sdxl-turbo").bundled
    assert catalogue.installed()[0].location == starter
    with pytest.raises(BadInputError, match="came with"):
        catalogue.remove("sdxl-turbo")
    assert (starter / "model_index.json").exists()


def test_a_path_that_was_not_added_cannot_be_removed(catalogue: Catalogue, folder: Path) -> None:
    with pytest.raises(NotFoundError, match="not in your list"):
        catalogue.remove(str(folder))
    assert folder.exists()
