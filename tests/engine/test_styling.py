"""A prompt without a style word gets one, so that nothing is painted between the styles."""

from __future__ import annotations

import pytest

from stickerstudio.engine.styling import with_style

WORDS, SYNONYMS = ("soft", "flat", "bright"), ("扁平", "noto")


def test_the_seed_chooses_the_style() -> None:
    styled = [with_style("otter", seed, WORDS, SYNONYMS) for seed in range(4)]
    assert styled == ["otter, soft", "otter, flat", "otter, bright", "otter, soft"]


@pytest.mark.parametrize(
    "prompt", ["otter, flat", "Soft otter", "noto otter", "扁平的水獺", "", "  "]
)
def test_a_prompt_that_names_its_style_or_nothing_stays(prompt: str) -> None:
    assert with_style(prompt, 2, WORDS, SYNONYMS) == prompt


def test_a_style_word_within_another_word_is_none() -> None:
    assert with_style("softball", 1, WORDS) == "softball, flat"


def test_the_blend_chooses_before_the_seed() -> None:
    styled = with_style("otter", 0, WORDS, triggers=["sticker", "bright", "flat"])
    assert styled == "otter, bright"


def test_a_model_without_style_words_gets_the_prompt_as_it_is() -> None:
    assert with_style("otter", 0, ()) == "otter"
