"""A card survives the way to disk and back; a broken or hostile one is a sentence."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from stickerstudio.core.errors import BadFileError, NotFoundError
from stickerstudio.core.paths import Paths
from stickerstudio.models.cards import card_json, is_name, read_card


def turbo(paths: Paths) -> Path:
    return paths.bundled_models / "sdxl-turbo" / "card.json"


def test_sdxl_turbo_card_says_what_the_model_needs_and_what_it_forbids(paths: Paths) -> None:
    card, location = read_card(turbo(paths))
    assert (card.default_steps, card.min_steps, card.max_steps) == (4, 1, 4)
    assert (card.guidance_scale, card.size, location) == (0.0, (512, 512), None)
    assert "non-commercial" in card.licence_text
    assert card.licence_url.startswith("https://huggingface.co/stabilityai/sdxl-turbo/")
    assert card.hub is not None
    assert len(card.hub.revision) == 40
    assert "unet/diffusion_pytorch_model.fp16.safetensors" in card.hub.files
    assert 6e9 < card.hub.bytes < 8e9


@pytest.mark.parametrize(
    ("default", "most", "plain", "started"),
    [(1, 8, 1, 4), (1, 2, 1, 2), (4, 8, 4, 4), (30, 100, 30, 30)],
)
def test_a_picture_to_start_from_needs_steps_to_be_left(
    paths: Paths, default: int, most: int, plain: int, started: int
) -> None:
    card = replace(read_card(turbo(paths))[0], default_steps=default, max_steps=most)
    assert card.steps_from(started=False) == plain
    assert card.steps_from(started=True) == started


def test_every_bundled_card_survives_the_way_to_disk_and_back(paths: Paths, tmp_path: Path) -> None:
    files = list(paths.bundled_models.glob("*/card.json"))
    assert files
    for file in files:
        card, _ = read_card(file)
        copy = tmp_path / "card.json"
        copy.write_text(card_json(card, Path("/somewhere")), encoding="utf-8")
        assert read_card(copy) == (card, Path("/somewhere"))


@pytest.mark.parametrize(
    "change",
    [
        {"format": 2},
        {"format": None},
        {"name": "../../etc"},
        {"name": ".hidden"},
        {"name": "Ä"},
        {"name": 7},
        {"architecture": "flux"},
        {"size": [512]},
        {"size": [511, 512]},
        {"size": [512, 4096]},
        {"size": [True, 512]},
        {"sizes": "512"},
        {"num_inference_steps": {"default": 4, "min": 5, "max": 8}},
        {"num_inference_steps": {"default": 4}},
        {"num_inference_steps": 4},
        {"guidance_scale": float("nan")},
        {"guidance_scale": "0"},
        {"style_words": [1]},
        {"concepts": ["cat"]},
        {"moods": ["sleepy"]},
        {"moods": {"sleepy": 1}},
        {"preview_decoder": "../elsewhere"},
        {"preview_decoder": "C:\\windows"},
        {"hub": {"repo": "one", "revision": "main", "files": [], "bytes": 0}},
        {"hub": {"repo": "a/b", "revision": "main", "files": ["../x"], "bytes": 0}},
        {"hub": {"repo": "a/b", "revision": "main", "files": ["/x"], "bytes": 0}},
        {"hub": {"repo": "a/b", "revision": "main", "files": ["x"], "bytes": -1}},
    ],
)
def test_a_card_that_lies_is_refused(
    paths: Paths, tmp_path: Path, change: dict[str, object]
) -> None:
    data = json.loads(turbo(paths).read_text(encoding="utf-8"))
    file = tmp_path / "card.json"
    file.write_text(json.dumps(data | change))
    with pytest.raises(BadFileError, match="could not be read"):
        read_card(file)


@pytest.mark.parametrize("text", ["", "[]", "null", "{", '{"format": 1}', "[" * 100_000, "\xff"])
def test_what_is_no_card_at_all_is_refused(tmp_path: Path, text: str) -> None:
    file = tmp_path / "card.json"
    file.write_bytes(text.encode("latin-1"))
    with pytest.raises(BadFileError):
        read_card(file)


def test_a_card_of_many_megabytes_is_not_read(tmp_path: Path) -> None:
    file = tmp_path / "card.json"
    file.write_text('{"format": 1, "x": "' + "x" * 3_000_000 + '"}')
    with pytest.raises(BadFileError, match="longer than"):
        read_card(file)


def test_what_is_not_installed_says_how_to_get_it(paths: Paths) -> None:
    card, _ = read_card(turbo(paths))
    with pytest.raises(NotFoundError, match="models download sdxl-turbo"):
        card.installed_at()


def test_names_are_fit_for_files_and_command_lines() -> None:
    assert is_name("sdxl-turbo")
    assert is_name("my.model_2")
    for bad in ("", ".", "..", ".a", "a/b", "a\\b", "A", "a b", "a\n", "x" * 65):
        assert not is_name(bad), bad
