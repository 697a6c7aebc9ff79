"""Fixtures of the engine's tests: a tiny real SDXL, in memory and on disk."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from diffusers.pipelines.stable_diffusion_xl.pipeline_stable_diffusion_xl import (
    StableDiffusionXLPipeline,
)
from diffusers.utils import logging as diffusers_logging
from transformers.utils import logging as transformers_logging

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
