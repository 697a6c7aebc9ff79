"""A report says whether its prompts ask for what the drawings show."""

from __future__ import annotations

from pathlib import Path

from stickerstudio.training.dataset import read_set
from stickerstudio.training.report import are_unseen
from tests.training.drawings import fill


def test_a_prompt_that_a_caption_names_is_not_unseen(tmp_path: Path) -> None:
    folder = fill(tmp_path / "art")
    next(iter(sorted(folder.glob("*.png")))).with_suffix(".txt").write_text("Otter, 水獺")
    data = read_set(folder)
    assert are_unseen(["penguin", "red heart"], data)
    assert not are_unseen(["penguin", "otter"], data)
    assert not are_unseen(["水獺"], data)
