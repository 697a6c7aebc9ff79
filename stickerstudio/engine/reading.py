"""What a small model takes words for that it has never seen.

A model that was taught some hundred things paints a blur at any other word, even where its text
encoders know which thing is meant. The bundled model says so openly: in one layer of both encoders
the neuron i answers to the card's concept i (recipes/starter/recognise.py). So what holds
unknown words, or names no concept at all, is painted under the name of what it is taken for; a
phrase that the card lists needs no reading.
"""

from __future__ import annotations

import re
from collections.abc import Hashable, Sequence
from typing import Any

import torch

from stickerstudio.core.errors import BadFileError
from stickerstudio.core.i18n import tr
from stickerstudio.engine.placement import Placement
from stickerstudio.engine.words import COLOUR, COMMA, KnownWords, any_of
from stickerstudio.models.cards import Concept, ModelCard

_BETWEEN = re.compile(rf"({COMMA}|\s+(?:with|and)\s+(?:an?\s+)?)", re.IGNORECASE)
"""What parts the things in a prompt."""

_AND = re.compile("[和與加]")
"""The same in Chinese, where either may also be a piece of a word, as in 加油 and 和平."""

_NO_IDEA = -10.0
"""Below this answer nothing is likely enough to be painted instead."""

_REMEMBERED = 256
_AROUND = " ,，、;.。!！~～"

_FACE = re.compile(r"(?: face|的?臉)$", re.IGNORECASE)
"""What a phrase may end in where a face shall say it, as on a board of expressions."""

Reading = tuple[str, tuple[tuple[str, str], ...]]
"""A prompt as it is painted, and what was changed in it: pairs (as typed, as painted)."""


class ConceptReader:
    """Reads concepts off the neurons of a model's text encoders.

    Args:
        encoders: the model's tokenizers and text encoders.
        card: of the model; it names the layer with these neurons.

    Raises:
        BadFileError: the model has no such layer.
    """

    def __init__(
        self, encoders: Sequence[tuple[Any, Any]], placement: Placement, card: ModelCard, layer: int
    ) -> None:
        self._encoders = encoders
        self._placement = placement
        self._concepts = card.concepts
        self._known = KnownWords(card)
        self._own = any_of(card.own_words)
        self._name = any_of(card.concept_names, plural=True)
        self._said = {said.casefold(): c for c in card.concepts for said in c.phrases}
        for name in card.concept_names:
            self._said.pop(name.casefold(), None)
        self._answers: dict[Hashable, Concept | None] = {}
        try:
            self._maps = [_layers(encoder)[layer].mlp.fc1 for _, encoder in self._encoders]
        except IndexError as error:
            raise self._unfit(card) from error
        if any(each.out_features < len(self._concepts) for each in self._maps):
            raise self._unfit(card)

    def reworded(self, prompt: str, text_key: Hashable, triggers: Sequence[str] = ()) -> Reading:
        """`prompt` with the names of concepts in the place of parts that have to be read.

        Args:
            text_key: changes with what the text encoders compute.
            triggers: words that LoRAs know; a part with one of them stays.
        """
        text = self._own.sub(" ", prompt).strip(_AROUND)
        said = text.casefold()
        concept = self._said.get(said, self._said.get(_FACE.sub("", said)))
        if concept is not None:
            return ", ".join([concept.en, *self._own.findall(prompt)]), ((text, concept.en),)
        parts: list[str] = []
        for place, part in enumerate(_BETWEEN.split(prompt)):
            parts += [part] if place % 2 else self._in_chinese(part)
        said_to_something = any(self._name.search(part) for part in parts[::2])
        changed: list[tuple[str, str]] = []
        for place, part in enumerate(parts):
            if place % 2:
                continue
            match = COLOUR.match(part)
            colour = match[0] if match else ""
            typed = self._own.sub(" ", part[len(colour) :]).strip()
            if any(word in part for word in triggers) or not re.search(r"\w", typed):
                continue
            if said_to_something and not self._known.unknown(typed):
                continue
            concept = self._taken_for(typed, text_key)
            if concept is not None:
                name = concept.en if colour.isascii() else concept.zh_hant
                parts[place] = ", ".join([colour + name, *self._own.findall(part)])
                changed.append((typed, concept.en))
        return "".join(parts), tuple(changed)

    def _in_chinese(self, part: str) -> list[str]:
        """`part` cut where a Chinese "and" has something on either side, one of it known."""
        found = _AND.search(part)
        if found is None:
            return [part]
        before, after = part[: found.start()].strip(), part[found.end() :].strip()
        if before and after and not (self._known.unknown(before) and self._known.unknown(after)):
            return [part[: found.start()], found[0], *self._in_chinese(part[found.end() :])]
        return [part]

    def _taken_for(self, text: str, text_key: Hashable) -> Concept | None:
        key = (text, text_key)
        if key not in self._answers:
            if len(self._answers) >= _REMEMBERED:
                self._answers.clear()
            self._answers[key] = self._read(text)
        return self._answers[key]

    @torch.inference_mode()
    def _read(self, text: str) -> Concept | None:
        self._placement.need("text_encoder", "text_encoder_2")
        said: list[torch.Tensor] = []

        def hear(_module: Any, _inputs: Any, output: torch.Tensor) -> None:
            said.append(output[0, -1, : len(self._concepts)].float().cpu())

        hooks = [each.register_forward_hook(hear) for each in self._maps]
        try:
            for tokenizer, encoder in self._encoders:
                tokens = tokenizer(
                    text,
                    truncation=True,
                    max_length=tokenizer.model_max_length,
                    return_tensors="pt",
                ).input_ids
                encoder(tokens.to(self._placement.device))
        finally:
            for hook in hooks:
                hook.remove()
        best = torch.stack(said).mean(0).max(0)
        return self._concepts[int(best.indices)] if float(best.values) > _NO_IDEA else None

    def _unfit(self, card: ModelCard) -> BadFileError:
        return BadFileError(
            tr("{title} could not be loaded.", title=card.local_title),
            tr("Its card names a layer of its text encoders that is not there."),
            tr("Remove the model and add it again."),
        )


def _layers(encoder: Any) -> Any:
    # transformers keeps the layers of the encoder without a projection one level higher
    return getattr(encoder, "text_model", encoder).encoder.layers
