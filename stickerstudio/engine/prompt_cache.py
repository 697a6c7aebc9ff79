"""Text embeddings of the last prompts: encoding costs a third of a small model's step."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable
from typing import NamedTuple

import torch

CAPACITY = 64  # of SDXL's 0.3 MB each


class Embedding(NamedTuple):
    """A prompt as the UNet reads it.

    Attributes:
        hidden: (1, tokens, channels), both encoders side by side.
        pooled: (1, channels), the second encoder's summary.
    """

    hidden: torch.Tensor
    pooled: torch.Tensor


class PromptCache:
    """The last `CAPACITY` embeddings, by prompt and by the LoRA weights in the text encoders."""

    def __init__(self) -> None:
        self._entries: OrderedDict[tuple[str, Hashable], Embedding] = OrderedDict()

    def get(self, prompt: str, text_key: Hashable) -> Embedding | None:
        """The embedding, if it is still there; it counts as used."""
        entry = self._entries.get((prompt, text_key))
        if entry is not None:
            self._entries.move_to_end((prompt, text_key))
        return entry

    def put(self, prompt: str, text_key: Hashable, embedding: Embedding) -> None:
        """Remember it, and forget the one unused for longest."""
        self._entries[prompt, text_key] = embedding
        self._entries.move_to_end((prompt, text_key))
        while len(self._entries) > CAPACITY:
            self._entries.popitem(last=False)
