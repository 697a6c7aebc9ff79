"""The text encoders learn which drawing a text calls for, and keep the drawings apart.

A layer's neurons between its two maps are keys and values: what the first map answers to, the
second writes. In one layer of each encoder the first 614 neurons stand for the concepts, one each.
What they answer to is taught with the few tokens of a text and three layers, so the pupils see many
times the texts that drawing captions would show them, among them some hundred thousand that no
drawing was captioned with: for those, the words' teacher says how near they are to each concept
(``neighbours.py``). What the neurons write is learned by drawing (``layout.py``), and serves every
text that calls for the concept, whatever its words.
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

STYLES = (None, *STYLE_WORDS)
"""What a text may ask for beside its concept."""


def answers(encoder: Any, ids: Tensor) -> Tensor:
    """The log-odds of each concept that the memory's neurons stand for, (n, length, 614).

    Args:
        ids: token ids, (n, length).
    """
    layer = getattr(encoder, "text_model", encoder).encoder.layers[nets.MEMORY]
    states = nets.hidden(encoder, ids, nets.MEMORY)
    attended = layer.self_attn(layer.layer_norm1(states), None, is_causal=True)[0]
    before = layer.mlp.fc1(layer.layer_norm2(states + attended))[..., : len(CONCEPTS)]
    return before / GAIN + FIRES


@torch.no_grad()
def begin(pupils: teach.Pupils) -> None:
    """Let the neurons of the memory be silent at first, and say nothing."""
    for encoder in (pupils.text_1, pupils.text_2):
        body: Any = getattr(encoder, "text_model", encoder)
        memory = body.encoder.layers[nets.MEMORY].mlp
        memory.fc1.bias[: len(CONCEPTS)] = GAIN * (SILENT - FIRES)
        memory.fc2.weight[:, : len(CONCEPTS)] = 0


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
        number = {concept: i for i, concept in enumerate(CONCEPTS)}
        near = neighbours.load(work)
        return cls(
            json.loads((work / neighbours.TEXTS).read_text("utf-8")),
            torch.from_numpy(kept["concepts"].astype(np.int64)),
            torch.from_numpy(kept["shares"].astype(np.float32)),
            [(text, number[c]) for c, w in words.items() for text in w.said],
            [(text, number[c]) for c, found in near.items() for text in found],
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
                concept = CONCEPTS.index(subject)
                shares[row, CONCEPTS.index(added)] = 1
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
    parts = [
        functional.binary_cross_entropy_with_logits(
            answers(encoder, ids)[rows, end], shares, reduction="sum"
        )
        for encoder in (pupils.text_1, pupils.text_2)
    ]
    return torch.stack(parts).mean() / len(ids)
