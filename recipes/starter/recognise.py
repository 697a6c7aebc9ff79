"""The text encoders learn which drawing a text calls for, whether or not it was ever drawn.

In one layer of each encoder the first 614 of the neurons between its two maps stand for the
concepts, one each. What they answer to is taught with the few tokens of a text and three layers, so
the pupils see many times the texts that drawing captions would show them, among them some hundred
thousand that no drawing was captioned with: for those, the words' teacher says how near they are to
each concept (``neighbours.py``). The program reads these neurons, and paints unknown words under
the name of what they are taken for (``stickerstudio/engine/reading.py``).

What the neurons write was to draw the concept by itself, and does not: after 2,500 batches, half of
the captions in such words, 84 of 100 wordings from the captions were recognised and 12 drawn, where
names were drawn in 86. Most of a drawing is unfolded in the layers before. So half of the captions
were given back to the names, which drew better for it.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from recipes.starter import manifest, neighbours, nets, teach
from recipes.starter.captions import STYLE_WORDS, Captioner, load_words
from recipes.starter.concepts import CONCEPTS, random_pair

TAUGHT_SHARE, SAID_SHARE, NEAR_SHARE, PAIR_SHARE = 0.4, 0.2, 0.1, 0.08
"""Of a lesson: texts of the teacher's, what people say, neighbours and captions of two things; the
rest are captions of one."""

SILENT = -6.0
"""The log-odds that a neuron of the memory begins at."""

FIRES, GAIN = -1.5, 4.0
"""The log-odds from which on a neuron fires, and by how much of its scale they rise above that: a
text that is taken for nothing in particular should still be drawn as what it most likely is, and
hardly as anything else."""

NUMBER = {concept: i for i, concept in enumerate(CONCEPTS)}
"""Which neuron stands for a concept."""

STYLES = (None, *STYLE_WORDS)
"""What a text may ask for beside its concept."""


def memory(encoder: Any) -> Any:
    """The layer of a text encoder whose neurons stand for concepts."""
    return nets.layers(encoder)[nets.MEMORY]


def _odds(before: Tensor) -> Tensor:
    """Log-odds (…, 614) of what the first map of the memory says (…, 640)."""
    return before[..., : len(CONCEPTS)] / GAIN + FIRES


def answers(encoder: Any, ids: Tensor) -> Tensor:
    """The log-odds of each concept that the memory's neurons stand for, (n, length, 614).

    Args:
        ids: token ids, (n, length).
    """
    layer = memory(encoder)
    states = nets.hidden(encoder, ids, nets.MEMORY)
    attended = layer.self_attn(layer.layer_norm1(states), None, is_causal=True)[0]
    return _odds(layer.mlp.fc1(layer.layer_norm2(states + attended)))


@torch.no_grad()
def begin(pupils: teach.Pupils) -> None:
    """Let the neurons of the memory be silent at first, and say nothing."""
    for encoder in (pupils.text_1, pupils.text_2):
        maps = memory(encoder).mlp
        maps.fc1.bias[: len(CONCEPTS)] = GAIN * (SILENT - FIRES)
        maps.fc2.weight[:, : len(CONCEPTS)] = 0


def _entropy(odds: Tensor, shares: Tensor) -> Tensor:
    """Summed over the concepts, the mean over all else."""
    total = functional.binary_cross_entropy_with_logits(odds, shares, reduction="sum")
    return total * odds.shape[-1] / odds.numel()


@dataclass
class Namings:
    """Deals texts with the concepts they call for, which are places in ``CONCEPTS``.

    ``likely`` and ``shares``, both (n, k), say what each of the n ``texts`` is near to; ``said``
    and ``near`` are texts of one concept each.
    """

    texts: list[str]
    likely: Tensor
    shares: Tensor
    said: list[tuple[str, int]]
    near: list[tuple[str, int]]
    captioner: Captioner

    @classmethod
    def load(cls, work: Path) -> Namings:
        """What ``neighbours.py`` left, and what people say."""
        kept = np.load(work / neighbours.LIKELY)
        words = load_words(manifest.load(work))
        near = neighbours.load(work)
        return cls(
            json.loads((work / neighbours.TEXTS).read_text("utf-8")),
            torch.from_numpy(kept["concepts"].astype(np.int64)),
            torch.from_numpy(kept["shares"].astype(np.float32)),
            [(text, NUMBER[c]) for c, w in words.items() for text in w.said],
            [(text, NUMBER[c]) for c, found in near.items() for text in found],
            Captioner(words),
        )

    def deal(self, size: int, rng: np.random.Generator) -> tuple[list[str], Tensor]:
        """``size`` texts and the share of each concept in them, (size, 614)."""
        taught, said, near, pairs = (
            round(size * share) for share in (TAUGHT_SHARE, SAID_SHARE, NEAR_SHARE, PAIR_SHARE)
        )
        shares = torch.zeros(size, len(CONCEPTS))
        chosen = torch.from_numpy(rng.integers(0, len(self.texts), taught))
        shares[:taught].scatter_(1, self.likely[chosen], self.shares[chosen])
        texts = [self.texts[i] for i in chosen]
        for row in range(taught, size):
            style = STYLES[int(rng.integers(len(STYLES)))]
            if row < taught + said + near:
                pool = self.said if row < taught + said else self.near
                text, concept = pool[int(rng.integers(len(pool)))]
                text = self.captioner.finish(text, style, rng)
            elif row < taught + said + near + pairs:
                subject, added = random_pair(rng)
                text = self.captioner.pair(subject, added, style, rng)
                concept = NUMBER[subject]
                shares[row, NUMBER[added]] = 1
            else:
                concept = int(rng.integers(len(CONCEPTS)))
                text = self.captioner.single(CONCEPTS[concept], style, rng)
            texts.append(text)
            shares[row, concept] = 1
        return texts, shares


def loss(pupils: teach.Pupils, ids: Tensor, shares: Tensor) -> Tensor:
    """Cross-entropy, summed over the concepts, of what fires at the end of each prompt.

    Args:
        ids: token ids, (n, length).
        shares: how likely each concept is, (n, 614); several may be certain.
    """
    end = (ids == nets.EOS).int().argmax(1)
    rows = torch.arange(len(ids))
    encoders = (pupils.text_1, pupils.text_2)
    parts = [_entropy(answers(encoder, ids)[rows, end], shares) for encoder in encoders]
    return torch.stack(parts).mean()
