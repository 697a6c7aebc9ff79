"""The shelf: what files say about themselves, what is refused and in which words."""

from __future__ import annotations

import base64
import io
import json
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from stickerstudio.core.errors import (
    BadFileError,
    BadInputError,
    NotFoundError,
    UnsafeFileError,
    WrongModelError,
)
from stickerstudio.core.paths import Paths
from stickerstudio.models.loras import LoraShelf
from tests.models.lora_names import kohya_shapes, text_linears, write_file

PROJ = "lora_unet_down_blocks_1_attentions_0_proj_in"
SMALL = {f"{PROJ}.lora_down.weight": (8, 640), f"{PROJ}.lora_up.weight": (640, 8)}
SDXL = {"ss_base_model_version": "sdxl_base_v1-0"}


@pytest.fixture
def shelf(paths: Paths, tmp_path: Path) -> LoraShelf:
    """A shelf with one bundled LoRA."""
    bundled = tmp_path / "bundled"
    bundled.mkdir()
    write_file(bundled / "flat.safetensors", SMALL, metadata=SDXL)
    card = {
        "title": "Flat",
        "title_zh_hant": "扁平",
        "trigger": "flat-style",
        "base_model": "starter",
        "licence": "CC BY-SA 4.0",
        "attribution": "Somebody",
        "recommended_weight": 0.8,
    }
    (bundled / "flat.json").write_text(json.dumps(card), "utf-8")
    return LoraShelf(replace(paths, bundled_loras=bundled))


def data_url() -> str:
    buffer = io.BytesIO()
    Image.new("RGB", (600, 300), "red").save(buffer, "JPEG")
    return "data:image/jpeg;base64," + base64.b64encode(buffer.getvalue()).decode()


def test_a_card_wins_over_the_header(shelf: LoraShelf) -> None:
    info = shelf.find("flat")
    assert (info.title, info.title_zh_hant, info.base_model) == ("Flat", "扁平", "starter")
    assert info.trigger_words == ("flat-style",)
    assert (info.licence, info.author, info.recommended_weight) == ("CC BY-SA 4.0", "Somebody", 0.8)
    assert (info.family, info.format, info.rank, info.bundled) == ("sdxl", "kohya", 8, True)


def test_reads_the_header_of_a_kohya_file(shelf: LoraShelf, tmp_path: Path) -> None:
    metadata = {
        "ss_network_alpha": "1",
        "ss_sd_model_name": "base.safetensors",
        "ss_tag_frequency": json.dumps(
            {"10_otter": {"dm-sticker": 20, "otter": 19, "smiling": 3}, "2_more": {"dm-sticker": 4}}
        ),
        "modelspec.title": "Otters\nand  more",
        "modelspec.author": "Ada",
        "modelspec.license": "MIT",
        "modelspec.thumbnail": data_url(),
    }
    shapes = kohya_shapes(16)
    numbers = {
        name.replace("lora_down.weight", "alpha"): 4.0 for name in shapes if "down.w" in name
    }
    file = write_file(tmp_path / "Otter.safetensors", shapes, metadata=metadata, numbers=numbers)
    info = shelf.add(file)
    assert info.path.parent == shelf.find("Otter").path.parent != file.parent
    assert info.trigger_words == ("dm-sticker", "otter")
    assert (info.title, info.author, info.licence) == ("Otters and more", "Ada", "MIT")
    assert (info.base_model, info.rank, info.alpha) == ("base.safetensors", 16, 4.0)
    assert (info.family, info.recommended_weight, info.bundled) == ("sdxl", 1.0, False)
    assert info.preview is not None
    with Image.open(info.preview) as picture:
        assert picture.size == (256, 128)
    assert info.size_bytes == file.stat().st_size


@pytest.mark.parametrize(
    ("metadata", "words"),
    [
        ({"modelspec.trigger_phrase": "a cat, dm-sticker,"}, ("a cat", "dm-sticker")),
        ({"instance_prompt": "photo of sks dog"}, ("photo of sks dog",)),
        ({"ss_dataset_dirs": '{"10_sks cat": {"n_repeats": 10}}'}, ("sks cat",)),
        ({"ss_tag_frequency": "{broken"}, ()),
        ({"ss_tag_frequency": '{"a": 3, "b": {"x": "y"}}'}, ()),
        ({}, ()),
    ],
)
def test_trigger_words(
    shelf: LoraShelf, tmp_path: Path, metadata: dict[str, str], words: tuple[str, ...]
) -> None:
    file = write_file(tmp_path / "a.safetensors", SMALL, metadata={**SDXL, **metadata})
    assert shelf.add(file).trigger_words == words


def test_cards_of_other_programs(shelf: LoraShelf, tmp_path: Path) -> None:
    file = write_file(tmp_path / "a.safetensors", SMALL, metadata=SDXL)
    file.with_suffix(".json").write_text('{"activation text": "x1, x2", "preferred weight": 0.65}')
    file.with_suffix(".preview.png").write_bytes(b"picture")
    info = shelf.add(file)
    assert (info.trigger_words, info.recommended_weight) == (("x1", "x2"), 0.65)
    assert info.preview is not None
    assert info.preview.read_bytes() == b"picture"
    assert info.preview.parent == info.path.parent


@pytest.mark.parametrize("weight", ['"NaN"', "1e999", "0", "null", "[]", '"much"'])
def test_nonsense_weights_are_left_out(shelf: LoraShelf, tmp_path: Path, weight: str) -> None:
    file = write_file(tmp_path / "a.safetensors", SMALL, metadata=SDXL)
    file.with_suffix(".json").write_text('{"recommended_weight": %s}' % weight)  # noqa: UP031
    assert shelf.add(file).recommended_weight == 1.0


def test_a_peft_folder_keeps_its_settings_and_gets_its_name(
    shelf: LoraShelf, tmp_path: Path
) -> None:
    folder = tmp_path / "my otter"
    folder.mkdir()
    stem = "base_model.model.down_blocks.1.attentions.0.proj_in"
    write_file(
        folder / "adapter_model.safetensors",
        {f"{stem}.lora_A.weight": (4, 640), f"{stem}.lora_B.weight": (640, 4)},
    )
    (folder / "adapter_config.json").write_text('{"r": 4, "lora_alpha": 12, "use_rslora": true}')
    info = shelf.add(folder / "adapter_model.safetensors")
    assert (info.name, info.format, info.alpha) == ("my otter", "peft", 12.0)


REFUSED: dict[str, tuple[dict[str, tuple[int, ...]], dict[str, str], str]] = {
    "sd15 by width": (kohya_shapes(4, width=768), {}, "Stable Diffusion 1.5"),
    "sd2 by width": (kohya_shapes(4, width=1024), {}, "Stable Diffusion 2"),
    "sd15 by its blocks": (
        {
            "lora_unet_down_blocks_0_attentions_0_proj_in.lora_down.weight": (4, 320),
            "lora_unet_down_blocks_0_attentions_0_proj_in.lora_up.weight": (320, 4),
        },
        {},
        "Stable Diffusion 1.5",
    ),
    "flux": (
        {
            "transformer.single_transformer_blocks.0.attn.to_q.lora_A.weight": (4, 3072),
            "transformer.single_transformer_blocks.0.attn.to_q.lora_B.weight": (3072, 4),
        },
        {},
        "Flux",
    ),
    "flux by kohya": (
        {
            "lora_unet_double_blocks_0_img_attn_proj.lora_down.weight": (4, 3072),
            "lora_unet_double_blocks_0_img_attn_proj.lora_up.weight": (3072, 4),
        },
        {},
        "Flux",
    ),
    "sd3": (
        {
            "lora_unet_joint_blocks_0_x_block_attn_proj.lora_down.weight": (4, 1536),
            "lora_unet_joint_blocks_0_x_block_attn_proj.lora_up.weight": (1536, 4),
        },
        {},
        "Stable Diffusion 3",
    ),
    "another transformer": (
        {
            "diffusion_model.layers.0.attention.qkv.lora_A.weight": (4, 2304),
            "diffusion_model.layers.0.attention.qkv.lora_B.weight": (2304, 4),
        },
        {},
        "another kind",
    ),
    "said by the header": (SMALL, {"ss_base_model_version": "sd_v1"}, "Stable Diffusion 1.5"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_other_architectures_are_refused_by_name(
    shelf: LoraShelf, tmp_path: Path, case: str
) -> None:
    shapes, metadata, name = REFUSED[case]
    file = write_file(tmp_path / "a.safetensors", shapes, metadata=metadata)
    with pytest.raises(WrongModelError, match=name):
        shelf.add(file)
    assert [info.name for info in shelf.all()] == ["flat"]


def test_sdxl_is_told_by_the_second_text_encoder(shelf: LoraShelf, tmp_path: Path) -> None:
    name, out, inner = text_linears(2)[0]
    stem = "lora_te2_" + name.replace(".", "_")
    shapes = {f"{stem}.lora_down.weight": (4, inner), f"{stem}.lora_up.weight": (out, 4)}
    assert shelf.add(write_file(tmp_path / "a.safetensors", shapes)).family == "sdxl"


def test_a_miniature_is_not_taken_for_an_older_model(shelf: LoraShelf, tmp_path: Path) -> None:
    stem = "unet.down_blocks.0.attentions.0.transformer_blocks.0.attn2.to_k"
    shapes = {f"{stem}.lora_A.weight": (4, 256), f"{stem}.lora_B.weight": (96, 4)}
    assert shelf.add(write_file(tmp_path / "a.safetensors", shapes)).family == "unknown"


KINDS = {
    "dora": ({**SMALL, f"{PROJ}.dora_scale": (640, 1)}, "DoRA"),
    "diff": ({**SMALL, f"{PROJ}.diff_b": (640,)}, "full weights"),
    "oft": ({f"{PROJ}.oft_blocks": (4, 8, 8)}, "OFT"),
    "stranger": ({**SMALL, "something.else": (4,)}, "something.else"),
    "model": ({"model.diffusion_model.input_blocks.0.0.weight": (320, 4, 3, 3)}, "whole model"),
    "embedding": ({"clip_l": (1, 768), "clip_g": (1, 1280)}, "textual inversion"),
    "nothing": ({"a": (4,)}, "not a LoRA"),
}


@pytest.mark.parametrize("case", KINDS)
def test_kinds_without_a_slider_are_refused_by_name(
    shelf: LoraShelf, tmp_path: Path, case: str
) -> None:
    shapes, name = KINDS[case]
    with pytest.raises(BadFileError, match=name):
        shelf.add(write_file(tmp_path / "a.safetensors", shapes, metadata=SDXL))


def test_a_pickle_in_disguise_is_refused(shelf: LoraShelf, tmp_path: Path) -> None:
    file = tmp_path / "a.safetensors"
    file.write_bytes(b"\x80\x04\x95" + bytes(64))
    with pytest.raises(UnsafeFileError):
        shelf.add(file)


def test_adding_twice_copies_once_and_other_files_get_a_number(
    shelf: LoraShelf, tmp_path: Path
) -> None:
    file = write_file(tmp_path / "a.safetensors", SMALL, metadata=SDXL)
    assert shelf.add(file).name == shelf.add(file).name == "a"
    write_file(file, SMALL, metadata={**SDXL, "modelspec.title": "B"})
    assert shelf.add(file).name == "a 2"
    write_file(tmp_path / "flat.safetensors", SMALL, metadata=SDXL)
    assert shelf.add(tmp_path / "flat.safetensors").name == "flat 2"
    assert {info.name for info in shelf.all()} == {"flat", "a", "a 2", "flat 2"}


def test_names_that_a_folder_cannot_hold(shelf: LoraShelf, tmp_path: Path) -> None:
    file = write_file(tmp_path / "水獺=&%.safetensors", SMALL, metadata=SDXL)
    assert shelf.add(file).name == "水獺"


def test_a_damaged_file_in_the_folder_is_told_and_harms_no_other(
    shelf: LoraShelf, tmp_path: Path
) -> None:
    good = shelf.add(write_file(tmp_path / "a.safetensors", SMALL, metadata=SDXL))
    (good.path.parent / "bad.safetensors").write_bytes(good.path.read_bytes()[:-3])
    assert [info.name for info in shelf.all()] == ["flat", "a"]
    assert [error.what for error in shelf.damaged()] == ["bad.safetensors is damaged."]


def test_a_changed_file_is_read_anew(shelf: LoraShelf, tmp_path: Path) -> None:
    info = shelf.add(write_file(tmp_path / "a.safetensors", SMALL, metadata=SDXL))
    assert info.title == "a"
    write_file(info.path, SMALL, metadata={**SDXL, "modelspec.title": "Another"})
    assert shelf.find("a").title == "Another"
    info.path.with_suffix(".json").write_text('{"title": "Carded"}')
    assert shelf.find("a").title == "Carded"


def test_removing(shelf: LoraShelf, tmp_path: Path) -> None:
    file = write_file(tmp_path / "a.safetensors", SMALL, metadata=SDXL)
    file.with_suffix(".json").write_text("{}")
    folder = shelf.add(file).path.parent
    shelf.remove("a")
    assert list(folder.iterdir()) == []
    assert file.exists()
    with pytest.raises(BadInputError):
        shelf.remove("flat")


def test_an_unknown_name_gets_its_neighbours(shelf: LoraShelf) -> None:
    with pytest.raises(NotFoundError, match="flat"):
        shelf.find("flatt")


def test_a_copy_that_fails_leaves_nothing(
    shelf: LoraShelf, tmp_path: Path, paths: Paths, monkeypatch: pytest.MonkeyPatch
) -> None:
    import errno
    import os

    from stickerstudio.core.errors import DiskError

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(DiskError, match="full"):
        shelf.add(write_file(tmp_path / "a.safetensors", SMALL, metadata=SDXL))
    assert list(paths.loras.iterdir()) == []
