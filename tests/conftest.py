"""What every test stands on: no display, no network, no folder of the user's touched."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ.setdefault("HF_HUB_OFFLINE", "1")

from stickerstudio.core.paths import Paths


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    """The program's folders, the user's ones below the test's own."""
    return Paths.under(tmp_path / "home")
