"""What is computed once: the drawings as latents, and captions as embeddings."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from stickerstudio.core.errors import Cancelled
from stickerstudio.core.messages import IsCancelled
from stickerstudio.engine.pipeline import Model
from stickerstudio.training.buckets import buckets, nearest
from stickerstudio.training.dataset import TrainingSet
from stickerstudio.training.settings import TrainingSettings

CACHE_BYTES = 256 * 2**20  # of embeddings; SDXL's are 0.3 MB each in half precision


@dataclass(frozen=True, slots=True)
class Shown:
    """One drawing as it is trained on.

    Attributes:
        size: (width, height) in pixels.
        variants: latents (variants, channels, height / factor, width / factor), in the computer's
            memory: one for each background, and mirrored ones where allowed.
        captions: what it shows.
    """

    size: tuple[int, int]
    variants: Tensor
    captions: tuple[str, ...]


@torch.no_grad()
def encode_set(
    model: Model,
    data: TrainingSet,
    settings: TrainingSettings,
    size: tuple[int, int],
    on_progress: Callable[[int, int], None],
    is_cancelled: IsCancelled,
) -> list[Shown]:
    """Every drawing through the VAE.

    Latents are the middle of the VAE's distribution, not drawn from it: its deviation is far below
    what an eye sees, and so they can be computed once.

    Raises:
        NotFoundError: a drawing has gone or changed since the set was read.
        Cancelled: `is_cancelled` said so.
    """
    sizes = buckets(size) if settings.keep_shape else (size,)
    shown: list[Shown] = []
    for index, picture in enumerate(data.pictures):
        if is_cancelled():
            raise Cancelled
        own = nearest(picture.page if settings.keep_place else picture.size, sizes)
        mirrored = (False, True) if settings.flips and picture.flip else (False,)
        pixels = [
            data.pixels(
                picture,
                own,
                background,
                settings.margin,
                flip=flip,
                keep_place=settings.keep_place,
            )
            for background in settings.backgrounds
            for flip in mirrored
        ]
        shown.append(Shown(own, to_latents(model, pixels).float().cpu(), picture.captions))
        on_progress(index + 1, len(data.pictures))
    return shown


@torch.no_grad()
def to_latents(model: Model, pixels: Sequence[NDArray[np.uint8]]) -> Tensor:
    """(count, channels, …) as the UNet works on them, of pictures of one size."""
    vae = model.vae
    batch = torch.from_numpy(np.stack(pixels)).permute(0, 3, 1, 2)
    batch = batch.to(vae.device, vae.dtype) / 127.5 - 1
    latents: Tensor = vae.encode(batch).latent_dist.mode()
    mean, std = vae.config.latents_mean, vae.config.latents_std
    if mean is None or std is None:
        return latents * vae.config.scaling_factor
    mean, std = (latents.new_tensor(values).view(1, -1, 1, 1) for values in (mean, std))
    return (latents - mean) * vae.config.scaling_factor / std


def token_ids(model: Model, captions: Sequence[str]) -> tuple[Tensor, Tensor]:
    """What both text encoders are given, (count, length) each."""
    first, second = (
        tokenizer(
            list(captions),
            padding="max_length",
            max_length=tokenizer.model_max_length,
            truncation=True,
            return_tensors="pt",
        ).input_ids
        for tokenizer in (model.tokenizer, model.tokenizer_2)
    )
    return first, second


def embed(first: Any, second: Any, ids: tuple[Tensor, Tensor]) -> tuple[Tensor, Tensor]:
    """Both encoders' sequence (count, length, width) and the second one's pooled vector."""
    one: Any = first(ids[0], output_hidden_states=True)
    two: Any = second(ids[1], output_hidden_states=True)
    # SDXL reads the layer before the last
    return torch.cat([one.hidden_states[-2], two.hidden_states[-2]], -1), two.text_embeds


class Embeddings:
    """Captions through frozen text encoders, each computed once while there is room.

    Args:
        device: where they compute.
        aside: the encoders wait in the computer's memory while they are not needed.
    """

    def __init__(self, model: Model, device: torch.device, *, aside: bool = False) -> None:
        self._model = model
        self._device = device
        self._aside = aside
        self._encoders: tuple[Any, Any] = (model.text_encoder, model.text_encoder_2)
        if aside:
            self._move("cpu")
        self._known: OrderedDict[str, tuple[Tensor, Tensor]] = OrderedDict()
        self._bytes = 0

    @torch.no_grad()
    def of(self, captions: Sequence[str]) -> tuple[Tensor, Tensor]:
        """The embeddings of `captions` in the computer's memory, (count, …)."""
        missing = [each for each in dict.fromkeys(captions) if each not in self._known]
        found = {each: self._known[each] for each in captions if each in self._known}
        if missing and self._aside:
            self._move(self._device)
        # one by one: the numbers must not depend on which captions come together
        for caption in missing:
            first, second = token_ids(self._model, [caption])
            ids = first.to(self._device), second.to(self._device)
            hidden, pooled = embed(*self._encoders, ids)
            found[caption] = self._known[caption] = hidden[0].cpu(), pooled[0].cpu()
            self._bytes += hidden.nbytes + pooled.nbytes
        if missing and self._aside:
            self._move("cpu")
        while self._bytes > CACHE_BYTES and len(self._known) > 1:
            _, (hidden, pooled) = self._known.popitem(last=False)
            self._bytes -= hidden.nbytes + pooled.nbytes
        return (
            torch.stack([found[each][0] for each in captions]),
            torch.stack([found[each][1] for each in captions]),
        )

    @contextmanager
    def at_hand(self) -> Generator[None]:
        """In here the encoders are on the device, for someone else to use."""
        if self._aside:
            self._move(self._device)
        yield
        if self._aside:
            self._move("cpu")

    def _move(self, device: torch.device | str) -> None:
        for encoder in self._encoders:
            encoder.to(device)
