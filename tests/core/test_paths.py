"""Where things are: in a checkout, in a wheel, in a frozen bundle."""

from __future__ import annotations

import sys
from dataclasses import fields
from pathlib import Path

import pytest

from stickerstudio.core import paths as module
from stickerstudio.core.paths import Paths


def test_in_a_checkout_the_bundled_things_lie_beside_the_package() -> None:
    root = Path(__file__).parents[2]

    assert Paths.default().resources == root / "resources"
    assert Paths.default().bundled_loras == root / "loras"
    assert Paths.default().bundled_models == root / "resources" / "models"
    assert Paths.default().locales == root / "resources" / "locales"


def test_in_a_wheel_they_lie_inside_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    inside = tmp_path / "stickerstudio" / "_bundled"
    inside.mkdir(parents=True)
    monkeypatch.setattr(module, "__file__", str(tmp_path / "stickerstudio" / "core" / "paths.py"))

    assert Paths.default().resources == inside / "resources"


def test_in_a_frozen_bundle_they_lie_where_it_was_unpacked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    monkeypatch.setattr(sys, "_MEIPASS", str(tmp_path), raising=False)

    assert Paths.default().bundled_loras == tmp_path / "loras"


def test_the_library_can_be_put_elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)

    assert Paths.default(Path("mine")).library == tmp_path / "mine"
    assert Paths.default(Path("mine")).state == Paths.default().state


def test_everything_of_the_users_can_lie_below_one_folder(tmp_path: Path) -> None:
    paths = Paths.under(tmp_path)

    own = {field.name for field in fields(Paths)} - {"resources", "bundled_loras"}
    places = [getattr(paths, name) for name in own]
    assert all(place.parent == tmp_path for place in places)
    assert len(set(places)) == len(own)
    assert list(tmp_path.iterdir()) == []  # nothing is made before it is needed


def test_every_place_is_absolute() -> None:
    paths = Paths.default()

    assert all(getattr(paths, field.name).is_absolute() for field in fields(Paths))
