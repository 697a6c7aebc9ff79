"""The rooms below the engine need neither Qt nor torch."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

_IMPORT_ALL = """
import importlib, pkgutil, sys
from tests.no_heavy_imports import REFUSED, install
install()
room = importlib.import_module("stickerstudio.{room}")
for module in pkgutil.walk_packages(room.__path__, room.__name__ + "."):
    importlib.import_module(module.name)
assert not REFUSED & sys.modules.keys()
"""


def _run(code: str) -> subprocess.CompletedProcess[str]:
    root = Path(__file__).parents[2]
    return subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        cwd=root,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


@pytest.mark.parametrize("room", ["core", "models", "finish", "packs", "chat"])
def test_every_module_imports_without_qt_and_torch(room: str) -> None:
    done = _run(_IMPORT_ALL.format(room=room))

    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("name", ["torch", "PySide6.QtCore", "diffusers"])
def test_the_refusal_refuses(name: str) -> None:
    done = _run(f"from tests.no_heavy_imports import install; install(); import {name}")

    assert done.returncode == 1
    assert f"{name.partition('.')[0]}" in done.stderr
    assert "is refused in this run" in done.stderr
