"""The whole way of one sticker, in the real program, and all of it again after a restart."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from stickerstudio.core.library import read_recipe
from tests.e2e.user import PROMPT

ROOT = Path(__file__).resolve().parents[2]


def visit(name: str, home: Path) -> dict[str, Any]:
    """What the user saw on one visit, in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.e2e.user", name, str(home)],
        cwd=ROOT,
        env={**os.environ, "QT_QPA_PLATFORM": "offscreen"},
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads(done.stdout)


@pytest.mark.slow
def test_from_words_to_a_sticker_in_the_chat_and_all_of_it_again_after_a_restart(
    tmp_path: Path,
) -> None:
    home = tmp_path / "home 家 🦦"
    first = visit("first", home)
    assert first["notices"] == []
    assert first["prompts"] == [PROMPT] * 4
    assert first["same_seed"]
    assert first["preview_changed"]
    assert first["sticker_changed"]
    assert not first["torch_in_window"]

    saved = Path(first["saved"])
    with Image.open(saved) as copy:
        assert copy.format == "WEBP"
        assert max(copy.size) == 512  # enlarged, without being asked to
        assert copy.convert("RGBA").getchannel("A").getextrema()[0] == 0, (
            "no transparent background"
        )
    pictures = {path.stem: path for path in (home / "library").rglob("*.png")}
    for sticker in first["stickers"]:
        recipe = read_recipe(pictures[sticker])
        assert recipe is not None
        assert recipe.prompt == PROMPT

    second = visit("second", home)
    assert sorted(second["stickers"]) == sorted(first["stickers"])
    assert second["rows"] == 4
    assert sorted(second["found"]) == sorted(first["stickers"])
    assert second["prompt"] == PROMPT
    assert second["weight"] == first["weight"]
    assert second["sent"] == ["sticker"]
    assert all(second["chat_pictures"])
