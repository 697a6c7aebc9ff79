"""Fixtures of the engine's tests: a tiny real SDXL, in memory and on disk."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from diffusers.pipelines.stable_diffusion_xl.pipeline_stable_diffusion_xl import (
    StableDiffusionXLPipeline,
)
from diffusers.utils import logging as diffusers_logging
from transformers.utils import logging as transformers_logging

from stickerstudio.core.paths import Paths
from tests.engine.tiny_sdxl import build_pipeline


@pytest.fixture(scope="session", autouse=True)
def _quiet_libraries() -> None:
    """Their progress bars would drown the test report."""
    diffusers_logging.disable_progress_bar()
    transformers_logging.disable_progress_bar()
    diffusers_logging.set_verbosity_error()
    transformers_logging.set_verbosity_error()


@pytest.fixture(scope="session", autouse=True)
def _one_thread() -> Iterator[None]:
    """Tiny tensors are faster on one thread, and the tests share the machine."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture
def tiny() -> StableDiffusionXLPipeline:
    """A tiny SDXL that predicts noise (epsilon), as SDXL-Turbo does."""
    return build_pipeline("epsilon")


@pytest.fixture
def tiny_v() -> StableDiffusionXLPipeline:
    """A tiny SDXL that predicts velocity over a zero-terminal schedule, as the starter may."""
    return build_pipeline("v_prediction")


@pytest.fixture(scope="session")
def tiny_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The epsilon model saved in diffusers' layout; read only."""
    folder = tmp_path_factory.mktemp("models") / "tiny"
    build_pipeline("epsilon").save_pretrained(folder)
    return folder


@pytest.fixture
def studio_paths(paths: Paths, tiny_folder: Path, tmp_path: Path) -> Paths:
    """The program's folders, with the tiny model in the starter's place and no bundled LoRAs."""
    resources = tmp_path / "resources"
    starter = resources / "models" / "starter"
    shutil.copytree(tiny_folder, starter)
    write_card(starter)
    (resources / "sdxl").symlink_to(paths.resources / "sdxl")
    return replace(paths, resources=resources, bundled_loras=tmp_path / "bundled_loras")


def write_card(folder: Path, **changes: object) -> None:
    """A card for a tiny model in `folder`, which gives the model its name."""
    card: dict[str, object] = {
        "format": 1,
        "name": folder.name,
        "title": folder.name.title(),
        "architecture": "sdxl",
        "licence": "MIT",
        "size": [64, 64],
        "num_inference_steps": {"default": 2, "min": 1, "max": 8},
        "guidance_scale": 0.0,
        "background": "white",
        "concepts": [{"en": "red heart", "zh_hant": "愛心", "words": ["love"]}],
    }
    (folder / "card.json").write_text(json.dumps(card | changes), encoding="utf-8")
