"""What the trainer hears."""

from __future__ import annotations

import numpy as np
import pytest

from stickerstudio.training.captions import (
    as_heard,
    clean_caption,
    frequencies,
    from_emoji,
    from_file_name,
)


@pytest.mark.parametrize(
    ("name", "caption"),
    [
        ("red-heart_02.png", ("red heart",)),
        ("art/Happy Otter (3).webp", ("happy otter",)),
        ("水獺.png", ("水獺",)),
        ("IMG_0042.jpg", ()),
        ("a1b2c3d4e5.png", ()),
        ("redHeart.png", ("red heart",)),
    ],
)
def test_file_names(name: str, caption: tuple[str, ...]) -> None:
    assert from_file_name(name) == caption


def test_emoji_have_names() -> None:
    assert "otter" in " ".join(from_emoji(("🦦",)))
    assert from_emoji(("x",)) == ()


def test_the_subject_stays_first_and_the_trigger_comes_last() -> None:
    heard = {
        as_heard(("otter, red, happy",), "my-sticker", np.random.default_rng(seed), shuffle=True)
        for seed in range(40)
    }
    assert heard == {"otter, red, happy, my-sticker", "otter, happy, red, my-sticker"}


def test_dropout_leaves_the_trigger() -> None:
    rng = np.random.default_rng(0)
    heard = [as_heard(("otter",), "my-sticker", rng, dropout=0.3) for _ in range(1_000)]
    assert 0.25 < heard.count("my-sticker") / 1_000 < 0.35


def test_frequencies_count_pictures() -> None:
    counts = frequencies([("otter, red", "otter"), ("cat, red",), ()], "my-sticker")
    assert counts == {"my-sticker": 3, "red": 2, "otter": 1, "cat": 1}


def test_captions_are_one_line() -> None:
    assert clean_caption(" a\tred\x00 heart, ") == "a red heart"
