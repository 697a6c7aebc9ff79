"""A pytest plugin under which neither Qt nor torch can be imported, as if not installed.

    python -m pytest -p tests.no_heavy_imports tests/core tests/finish …

It proves that the rooms below the engine work on a machine that has neither.
"""

from __future__ import annotations

import importlib.abc
import sys
from collections.abc import Sequence
from importlib.machinery import ModuleSpec
from types import ModuleType

import pytest

REFUSED = frozenset(
    {"PySide6", "shiboken6", "qasync", "torch", "diffusers", "transformers", "peft", "accelerate"}
)


class Refuser(importlib.abc.MetaPathFinder):
    """Stands before every other finder and says that REFUSED packages are not there."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Refuse the packages of REFUSED and everything in them; know nothing of the rest."""
        if fullname.partition(".")[0] in REFUSED:
            raise ModuleNotFoundError(f"{fullname} is refused in this run", name=fullname)
        return None


def install() -> None:
    """Refuse from now on; what was imported before must not be there."""
    there = sorted(REFUSED & sys.modules.keys())
    if there:
        raise RuntimeError(f"already imported: {', '.join(there)}")
    sys.meta_path.insert(0, Refuser())


def pytest_addoption(parser: pytest.Parser, pluginmanager: pytest.PytestPluginManager) -> None:
    """Keep pytest-qt out, which imports Qt as it starts, and answer for its setting."""
    install()
    pluginmanager.set_blocked("pytest-qt")
    parser.addini("qt_api", "pytest-qt's own, which is not loaded in this run")
