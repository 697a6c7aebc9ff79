"""The tokenizer made from merges alone is CLIP's."""

from __future__ import annotations

from pathlib import Path

import pytest

from stickerstudio.core.errors import NotFoundError
from stickerstudio.core.paths import Paths
from stickerstudio.engine.clip_vocabulary import build_tokenizer, read_tokenizer
from tests.engine.tiny_sdxl import WORDS, merges_for


def test_known_words_are_one_token_and_any_text_survives() -> None:
    tokenizer = build_tokenizer(merges_for(WORDS))
    bos, *body, eos = tokenizer("a red heart").input_ids
    assert (bos, eos) == (tokenizer.bos_token_id, tokenizer.eos_token_id)
    assert len(body) == 3
    assert tokenizer.decode(tokenizer("愛 zebra").input_ids[1:-1]) == "愛 zebra"


def test_sdxls_own_tokenizer(paths: Paths) -> None:
    tokenizer = read_tokenizer(paths.resources / "sdxl", "tokenizer")
    # the ids that OpenAI's CLIP gives, as quoted in transformers' documentation and tests
    assert tokenizer("a photo of a cat").input_ids == [49406, 320, 1125, 539, 320, 2368, 49407]
    assert len(tokenizer) == 49408
    padded = tokenizer("hello", padding="max_length", max_length=77).input_ids
    assert len(padded) == 77
    assert padded[-1] == 49407
    second = read_tokenizer(paths.resources / "sdxl", "tokenizer_2")
    assert second("hello", padding="max_length", max_length=77).input_ids[-1] == 0


def test_a_missing_vocabulary_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match=r"merges\.txt"):
        read_tokenizer(tmp_path, "tokenizer")
