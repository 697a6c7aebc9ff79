"""Unknown words are painted as what the bundled model takes them for."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTextModelWithProjection
from transformers.models.clip.tokenization_clip import CLIPTokenizer

from stickerstudio.core.errors import BadFileError
from stickerstudio.engine.placement import Placement
from stickerstudio.engine.reading import ConceptReader
from stickerstudio.models.cards import Concept, ModelCard, read_card

STARTER = Path(__file__).parents[2] / "resources" / "models" / "starter"


def reader_of(encoders: list[tuple[Any, Any]], card: ModelCard, layer: int) -> ConceptReader:
    modules = {"text_encoder": encoders[0][1], "text_encoder_2": encoders[1][1]}
    return ConceptReader(encoders, Placement(modules, "cpu"), card, layer)


@pytest.fixture(scope="module")
def starter() -> ConceptReader:
    card, _ = read_card(STARTER / "card.json")
    assert card.concept_layer is not None
    encoders = [
        (
            CLIPTokenizer.from_pretrained(STARTER / f"tokenizer{number}"),
            kind.from_pretrained(STARTER / f"text_encoder{number}", dtype=torch.float32),
        )
        for number, kind in (("", CLIPTextModel), ("_2", CLIPTextModelWithProjection))
    ]
    return reader_of(encoders, card, card.concept_layer)


@pytest.mark.parametrize(
    ("typed", "painted"),
    [
        ("kitty", {"cat face", "cat"}),
        ("早安", {"sun", "sun with face"}),
        ("加油", {"flexed biceps", "fire", "sparkles", "party popper"}),
        ("i am starving for spaghetti", {"spaghetti"}),
    ],
)
def test_an_unseen_word_is_painted_as_what_it_means(
    starter: ConceptReader, typed: str, painted: set[str]
) -> None:
    prompt, changed = starter.reworded(typed, None)
    assert prompt in painted
    assert changed == ((typed, prompt),)


def test_only_the_part_with_the_unknown_word_changes(starter: ConceptReader) -> None:
    prompt, changed = starter.reworded("kitty with a red heart, flat, dm-sticker", None)
    assert [typed for typed, _ in changed] == ["kitty"]
    assert prompt == f"{changed[0][1]} with a red heart, flat, dm-sticker"


def test_a_phrase_of_known_words_that_names_nothing_is_read(starter: ConceptReader) -> None:
    assert starter.reworded("good night", None)[0] in {"sleeping face", "crescent moon"}


def test_a_phrase_said_to_something_stays(starter: ConceptReader) -> None:
    assert starter.reworded("good night, bear", None) == ("good night, bear", ())


def test_a_trigger_word_of_a_lora_stays(starter: ConceptReader) -> None:
    prompt = "otter, zorblax-sticker"
    assert starter.reworded(prompt, None, ["zorblax-sticker"]) == (prompt, ())
    assert starter.reworded(prompt, None)[1]


@pytest.mark.parametrize("typed", ["flat kitty", "kitty flat", "kitty, flat"])
def test_a_style_word_stays_wherever_it_is(starter: ConceptReader, typed: str) -> None:
    prompt, changed = starter.reworded(typed, None)
    assert prompt == f"{changed[0][1]}, flat"
    assert changed[0][0] == "kitty"


def test_a_colour_stays_with_its_thing(starter: ConceptReader) -> None:
    assert starter.reworded("blue doggo", None)[0] == "blue dog face"


def test_a_phrase_that_the_card_lists_is_what_it_says(
    small: list[tuple[Any, Any]], card: ModelCard
) -> None:
    answering(small, 4, 1.0)
    said = replace(card.concepts[1], phrases=("no worries", "沒關係", "thing 3"))
    listed = replace(card, concepts=(card.concepts[0], said, *card.concepts[2:]))
    reader = reader_of(small, listed, 1)
    assert reader.reworded("No worries!", None) == ("thing 1", (("No worries", "thing 1"),))
    assert reader.reworded("no worries, flat", None)[0] == "thing 1, flat"
    assert reader.reworded("沒關係～", None)[0] == "thing 1"
    assert reader.reworded("no worries face, flat", None)[0] == "thing 1, flat"
    # said to something, or a name of something else
    assert reader.reworded("no worries, thing 2", None)[0] != "thing 1, thing 2"
    assert reader.reworded("thing 3", None) == ("thing 3", ())


def test_an_and_in_chinese_parts_things_but_not_words(starter: ConceptReader) -> None:
    prompt, changed = starter.reworded("汪星人和愛心", None)
    assert [typed for typed, _ in changed] == ["汪星人"]
    assert prompt.endswith("和愛心")
    assert starter.reworded("和平", None)[0] != "和平"


@pytest.mark.parametrize(
    "prompt", ["", "otter", "blue cat", "two pizzas", "水獺和愛心", "otter, flat, dm-sticker"]
)
def test_what_the_model_knows_stays_as_typed(starter: ConceptReader, prompt: str) -> None:
    assert starter.reworded(prompt, None) == (prompt, ())


@pytest.fixture
def small() -> list[tuple[Any, Any]]:
    """Two text encoders of two layers and eight neurons, with the starter's tokenizer."""
    tokenizer = CLIPTokenizer.from_pretrained(STARTER / "tokenizer")
    config = CLIPTextConfig(
        vocab_size=len(tokenizer),
        hidden_size=8,
        intermediate_size=8,
        num_hidden_layers=2,
        num_attention_heads=2,
        max_position_embeddings=88,
        projection_dim=8,
    )
    return [(tokenizer, CLIPTextModel(config)), (tokenizer, CLIPTextModelWithProjection(config))]


@pytest.fixture
def card() -> ModelCard:
    card, _ = read_card(STARTER / "card.json")
    return replace(card, concepts=tuple(Concept(f"thing {n}", f"東西{n}", ()) for n in range(6)))


def answering(encoders: list[tuple[Any, Any]], concept: int, strength: float) -> None:
    for _, encoder in encoders:
        first = getattr(encoder, "text_model", encoder).encoder.layers[1].mlp.fc1
        with torch.no_grad():
            first.weight.zero_()
            first.bias.fill_(-20)
            first.bias[concept] = strength


def test_the_neuron_that_answers_most_names_the_concept(
    small: list[tuple[Any, Any]], card: ModelCard
) -> None:
    answering(small, 4, -3.0)
    assert reader_of(small, card, 1).reworded("zorblax", None)[0] == "thing 4"


def test_what_means_nothing_to_it_stays_as_typed(
    small: list[tuple[Any, Any]], card: ModelCard
) -> None:
    answering(small, 4, -15.0)
    assert reader_of(small, card, 1).reworded("zorblax", None) == ("zorblax", ())


def test_an_answer_is_kept_until_the_text_encoders_change(
    small: list[tuple[Any, Any]], card: ModelCard
) -> None:
    answering(small, 4, 1.0)
    reader = reader_of(small, card, 1)
    assert reader.reworded("zorblax", "before")[0] == "thing 4"
    answering(small, 2, 1.0)
    assert reader.reworded("zorblax", "before")[0] == "thing 4"
    assert reader.reworded("zorblax", "after")[0] == "thing 2"


def test_a_card_that_asks_for_what_is_not_there_is_refused(
    small: list[tuple[Any, Any]], card: ModelCard
) -> None:
    with pytest.raises(BadFileError):
        reader_of(small, card, 2)
    many = replace(card, concepts=card.concepts * 2)
    with pytest.raises(BadFileError):
        reader_of(small, many, 1)
