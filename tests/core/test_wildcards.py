"""Wildcards: what is written out, what stays as it is, and that a seed always means the same."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stickerstudio.core import wildcards


@pytest.mark.parametrize(
    ("prompt", "written"),
    [
        ("otter", ["otter"]),
        ("{happy|sad} otter", ["happy otter", "sad otter"]),
        ("{a|b}{c|d}", ["ac", "ad", "bc", "bd"]),
        ("{big {red|blue}|small} cat", ["big red cat", "big blue cat", "small cat"]),
        ("{very |}happy", ["very happy", "happy"]),
        ("a {|b} c", ["a c", "a b c"]),
        (r"\{happy\|sad\} otter", ["{happy|sad} otter"]),
        (r"{a\|b|c}", ["a|b", "c"]),
        (r"C:\otter", [r"C:\otter"]),
        ("{alone} otter", ["{alone} otter"]),
        ("{expression} {cat|dog}", ["{expression} cat", "{expression} dog"]),
        ("{open|otter", ["{open|otter"]),
        ("otter}", ["otter}"]),
        ("this | that", ["this | that"]),
        ("{{a|b} c}", ["{a c}", "{b c}"]),
        ("{開心|難過}的水獺", ["開心的水獺", "難過的水獺"]),
        ("", [""]),
    ],
)
def test_what_a_prompt_stands_for(prompt: str, written: list[str]) -> None:
    assert wildcards.all_of(prompt) == written
    assert wildcards.count(prompt) == len(written)


def test_a_seed_always_gives_the_same_and_every_prompt_comes_before_one_comes_again() -> None:
    prompt = "{a|b|c} {1|2}"
    assert wildcards.sampled(prompt, 7, 4) == wildcards.sampled(prompt, 7, 4)
    assert any(
        wildcards.sampled(prompt, 7, 6) != wildcards.sampled(prompt, seed, 6) for seed in range(5)
    )
    many = wildcards.sampled(prompt, 3, 14)
    every = set(wildcards.all_of(prompt))
    assert set(many[:6]) == set(many[6:12]) == every
    assert len(set(many[12:])) == 2


def test_the_first_of_many_is_the_one_of_one() -> None:
    for prompt in ("{a|b|c}{0|1}", "{a|b|c|d}" * 6):
        for seed in range(20):
            one = wildcards.sampled(prompt, seed, 1)
            assert wildcards.sampled(prompt, seed, 8)[:1] == one


def test_numbers_beyond_any_machine_word() -> None:
    prompt = "{a|b|c|d}" * 200
    assert wildcards.count(prompt) == 4**200
    assert len(set(wildcards.sampled(prompt, 1, 16))) == 16
    assert len(wildcards.all_of(prompt, 5)) == 5


def test_what_is_nested_without_end_is_plain_text() -> None:
    prompt = "{a|" * 5000 + "b" + "}" * 5000
    assert wildcards.sampled(prompt, 1, 2) == [prompt, prompt]
    deep = "{a|" * 50 + "b" + "}" * 50
    assert wildcards.count(deep) == 51
    assert set(wildcards.all_of(deep)) == {"a", "b"}


@given(st.text(alphabet="ab {|}\\", max_size=40), st.integers(0, 2**32 - 1))
def test_anything_typed_gives_prompts_that_are_among_all(prompt: str, seed: int) -> None:
    total = wildcards.count(prompt)
    assert total >= 1
    every = wildcards.all_of(prompt)
    assert len(every) == min(total, wildcards.MOST)
    if total <= wildcards.MOST:
        assert set(wildcards.sampled(prompt, seed, 3)) <= set(every)


@given(st.text(max_size=60))
def test_an_escaped_text_stands_for_itself(text: str) -> None:
    escaped = "".join(f"\\{char}" if char in "{|}\\" else char for char in text)
    assert wildcards.count(escaped) == 1
