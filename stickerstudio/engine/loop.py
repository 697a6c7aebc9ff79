"""The generation loop over a pipeline's modules: encode, denoise, decode.

It computes what StableDiffusionXLPipeline and StableDiffusionXLImg2ImgPipeline compute, number for
number (diffusers 0.42, Apache-2.0; the paper is https://arxiv.org/abs/2307.01952), without what
their calls do besides: walking all submodules about eight times, encoding a known prompt again,
converting the VAE to float32 and back, and decoding what was cancelled.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import PIL.Image
import torch

from stickerstudio.core.errors import BadInputError, Cancelled
from stickerstudio.core.i18n import tr
from stickerstudio.core.messages import IsCancelled
from stickerstudio.engine.noise import Variation, draw
from stickerstudio.engine.pipeline import Model
from stickerstudio.engine.placement import Placement
from stickerstudio.engine.prompt_cache import Embedding, PromptCache

OnStep = Callable[[int, int], None]
"""Told (steps done, steps in all) after each step."""


@dataclass(frozen=True, slots=True)
class Start:
    """A picture to start from instead of pure noise.

    Attributes:
        image: any size and mode; it is laid on white and resized. Painted from again, the very
            same object is not encoded again.
        strength: 0 … 1, the share of the steps that repaint it; at least one step is made.
    """

    image: PIL.Image.Image
    strength: float


@dataclass(frozen=True, slots=True)
class Painting:
    """A batch of pictures of one prompt, one per seed.

    Attributes:
        seeds: picture i draws from torch.Generator("cpu").manual_seed(seeds[i]) alone, so it is
            the same picture in any batch.
        negative_prompt: "" means none: zeros where the model was trained so.
        guidance_scale: classifier-free guidance where it is above 1.
        width, height: pixels, multiples of the model's scale factor.
    """

    prompt: str
    seeds: Sequence[int]
    num_inference_steps: int
    guidance_scale: float
    width: int
    height: int
    negative_prompt: str = ""
    start: Start | None = None
    variation: Variation | None = None


class Loop:
    """Paints with one model. Used by one thread at a time."""

    def __init__(self, model: Model, placement: Placement) -> None:
        self._model = model
        self._placement = placement
        self._cache = PromptCache()
        self._last_start: tuple[object, Any] = (None, None)
        step_arguments = inspect.signature(model.scheduler.step).parameters
        self._step_takes_generator = "generator" in step_arguments
        # some schedulers (DDIM) find their place by the timestep and have no begin index
        self._set_begin_index = getattr(model.scheduler, "set_begin_index", lambda index: None)

    @torch.inference_mode()
    def denoise(
        self,
        painting: Painting,
        *,
        text_key: Hashable = None,
        on_step: OnStep = lambda step, steps: None,
        is_cancelled: IsCancelled = lambda: False,
    ) -> torch.Tensor:
        """The latents of `painting`: (seeds, channels, height / factor, width / factor).

        Args:
            text_key: changes when LoRA weights in the text encoders do (Blend.text_key).

        Raises:
            Cancelled: `is_cancelled` said so before an encoding or a step.
            BadInputError: the size is not a multiple of the model's factor.
        """
        model, placement = self._model, self._placement
        self._check_size(painting)
        guided = painting.guidance_scale > 1 and model.unet.config.time_cond_proj_dim is None
        hidden, pooled = self._conditioning(painting, guided, text_key, is_cancelled)
        count = len(painting.seeds)
        generators = [torch.Generator("cpu").manual_seed(seed) for seed in painting.seeds]
        scheduler = model.scheduler
        scheduler.set_timesteps(painting.num_inference_steps, device=placement.device)
        if painting.start is None:
            timesteps = scheduler.timesteps
            latents = self._noise(painting, generators) * scheduler.init_noise_sigma
            self._set_begin_index(0)
        else:
            latents, timesteps = self._started(painting, painting.start, generators)
        added = {
            "text_embeds": pooled,
            "time_ids": self._time_ids(painting, count * (2 if guided else 1)),
        }
        arguments: dict[str, Any] = {"generator": generators} if self._step_takes_generator else {}
        guidance_embedding = self._guidance_embedding(painting.guidance_scale, count)
        placement.need("unet")
        for index, timestep in enumerate(timesteps):
            _stop_if(is_cancelled)
            doubled = torch.cat([latents] * 2) if guided else latents
            prediction = model.unet(
                scheduler.scale_model_input(doubled, timestep),
                timestep,
                encoder_hidden_states=hidden,
                timestep_cond=guidance_embedding,
                added_cond_kwargs=added,
                return_dict=False,
            )[0]
            if guided:
                without, with_prompt = prediction.chunk(2)
                prediction = without + painting.guidance_scale * (with_prompt - without)
            latents = scheduler.step(prediction, timestep, latents, **arguments, return_dict=False)
            latents = latents[0].to(model.dtype)  # some schedulers answer in float32
            on_step(index + 1, len(timesteps))
        return latents

    @torch.inference_mode()
    def decode(
        self,
        latents: torch.Tensor,
        *,
        quick: bool = False,
        is_cancelled: IsCancelled = lambda: False,
    ) -> np.ndarray:
        """The pictures in `latents` as (count, height, width, 3) bytes, RGB.

        Args:
            quick: use the small preview decoder, where the model has one.

        Raises:
            Cancelled: `is_cancelled` said so before the decoding.
            BadInputError: the numbers overflowed, as they do under extreme LoRA weights.
        """
        _stop_if(is_cancelled)
        model = self._model
        if quick and model.preview_decoder is not None:
            self._placement.need("preview_decoder")
            factor = model.preview_decoder.config.scaling_factor
            images: torch.Tensor = model.preview_decoder.decode(
                latents / factor, return_dict=False
            )[0]
        else:
            self._placement.need("vae")
            images = model.vae.decode(self._unscaled(latents), return_dict=False)[0]
        if not torch.isfinite(images).all():
            raise BadInputError(
                tr("The picture came out empty."),
                tr("Its numbers grew beyond what the model can hold."),
                tr("Bring the LoRA weights closer to 0, or lower the guidance scale."),
            )
        pixels = (images * 0.5 + 0.5).clamp(0, 1).float().mul(255).round().to(torch.uint8)
        return pixels.permute(0, 2, 3, 1).contiguous().cpu().numpy()

    def _conditioning(
        self, painting: Painting, guided: bool, text_key: Hashable, is_cancelled: IsCancelled
    ) -> Embedding:
        """Both embeddings for the whole batch, the negative ones first where there is guidance."""
        positive = self._encode(painting.prompt, text_key, is_cancelled)
        count = len(painting.seeds)
        hidden = positive.hidden.expand(count, -1, -1)
        pooled = positive.pooled.expand(count, -1)
        if not guided:
            return Embedding(hidden, pooled)
        if not painting.negative_prompt and self._model.force_zeros_for_empty_prompt:
            negative = Embedding(*map(torch.zeros_like, positive))
        else:
            negative = self._encode(painting.negative_prompt, text_key, is_cancelled)
        return Embedding(
            torch.cat([negative.hidden.expand(count, -1, -1), hidden]),
            torch.cat([negative.pooled.expand(count, -1), pooled]),
        )

    def _encode(self, prompt: str, text_key: Hashable, is_cancelled: IsCancelled) -> Embedding:
        """`prompt` through both text encoders, or from the cache."""
        known = self._cache.get(prompt, text_key)
        if known is not None:
            return known
        _stop_if(is_cancelled)
        model, device = self._model, self._placement.device
        self._placement.need("text_encoder", "text_encoder_2")
        hidden: list[torch.Tensor] = []
        pooled: Any = None
        for tokenizer, encoder in (
            (model.tokenizer, model.text_encoder),
            (model.tokenizer_2, model.text_encoder_2),
        ):
            tokens = tokenizer(
                prompt,
                padding="max_length",
                max_length=tokenizer.model_max_length,
                truncation=True,
                return_tensors="pt",
            ).input_ids
            output: Any = encoder(tokens.to(device), output_hidden_states=True)
            pooled = output[0]  # the second encoder's: its projection
            hidden.append(output.hidden_states[-2])  # SDXL reads the layer before the last
        embedding = Embedding(torch.cat(hidden, dim=-1).to(model.dtype), pooled.to(model.dtype))
        self._cache.put(prompt, text_key, embedding)
        return embedding

    def _noise(self, painting: Painting, generators: list[torch.Generator]) -> torch.Tensor:
        model = self._model
        shape = (
            model.unet.config.in_channels,
            painting.height // model.scale_factor,
            painting.width // model.scale_factor,
        )
        return draw(shape, generators, painting.variation, self._placement.device, model.dtype)

    def _started(
        self, painting: Painting, start: Start, generators: list[torch.Generator]
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """The start picture's noised latents, and the timesteps that are left to do."""
        model, scheduler = self._model, self._model.scheduler
        distribution = self._encoded_start(start.image, painting.width, painting.height)
        drawn = [distribution.sample(generator) for generator in generators]
        latents = self._scaled(torch.cat(drawn).to(model.dtype))
        steps = painting.num_inference_steps
        left = max(1, min(int(steps * start.strength), steps))
        skipped = (steps - left) * scheduler.order
        timesteps = scheduler.timesteps[skipped:]
        self._set_begin_index(skipped)
        noise = self._noise(painting, generators)
        first = timesteps[:1].repeat(len(generators))
        return scheduler.add_noise(latents, noise, first), timesteps

    def _encoded_start(self, image: PIL.Image.Image, width: int, height: int) -> Any:
        """The VAE's distribution for `image`; the last one is kept, as a moved slider asks it."""
        key = (image, width, height)
        if self._last_start[0] != key:
            vae = self._model.vae
            self._placement.need("vae")
            pixels = _to_tensor(image, width, height).to(self._placement.device, vae.dtype)
            self._last_start = key, vae.encode(pixels, return_dict=False)[0]
        return self._last_start[1]

    def _time_ids(self, painting: Painting, count: int) -> torch.Tensor:
        """SDXL's size conditioning: original size, crop corner, target size."""
        size = (painting.height, painting.width)
        ids = torch.tensor([[*size, 0, 0, *size]], dtype=self._model.dtype)
        return ids.to(self._placement.device).expand(count, -1)

    def _guidance_embedding(self, guidance_scale: float, count: int) -> torch.Tensor | None:
        """The guidance as an input, for models that were distilled to take it so (LCM)."""
        unet = self._model.unet
        if unet.config.time_cond_proj_dim is None:
            return None
        half = unet.config.time_cond_proj_dim // 2
        frequencies = torch.exp(torch.arange(half) * -(np.log(10_000.0) / (half - 1)))
        angles = 1_000.0 * (guidance_scale - 1) * frequencies
        embedding = torch.cat([angles.sin(), angles.cos()]).expand(count, -1)
        return embedding.to(self._placement.device, self._model.dtype)

    def _unscaled(self, latents: torch.Tensor) -> torch.Tensor:
        """From what the UNet works on to what the VAE decodes."""
        mean, std = self._latent_statistics()
        factor = self._model.vae.config.scaling_factor
        latents = latents / factor if mean is None else latents * std / factor + mean
        return latents.to(self._model.vae.dtype)

    def _scaled(self, latents: torch.Tensor) -> torch.Tensor:
        """The inverse of `_unscaled`."""
        mean, std = self._latent_statistics()
        factor = self._model.vae.config.scaling_factor
        return latents * factor if mean is None else (latents - mean) * factor / std

    def _latent_statistics(self) -> tuple[Any, Any]:
        config = self._model.vae.config
        mean, std = config.latents_mean, config.latents_std
        if mean is None or std is None:
            return None, None
        place: dict[str, Any] = {"device": self._placement.device, "dtype": self._model.dtype}
        mean, std = (torch.tensor(values, **place).view(1, -1, 1, 1) for values in (mean, std))
        return mean, std

    def _check_size(self, painting: Painting) -> None:
        factor = self._model.scale_factor
        for side in (painting.width, painting.height):
            if side % factor:
                raise BadInputError(
                    tr("The size {side} cannot be painted.", side=side),
                    tr("This model works in blocks of {n} pixels.", n=factor),
                    tr(
                        "Choose a multiple of {n}, such as {near}.",
                        n=factor,
                        near=max(factor, round(side / factor) * factor),
                    ),
                )


def _to_tensor(image: PIL.Image.Image, width: int, height: int) -> torch.Tensor:
    """(1, 3, height, width) in −1 … 1."""
    if "A" in image.getbands() or "transparency" in image.info:
        image = image.convert("RGBA")
        white = PIL.Image.new("RGBA", image.size, "white")
        image = PIL.Image.alpha_composite(white, image)
    image = image.convert("RGB")
    if image.size != (width, height):
        image = image.resize((width, height), PIL.Image.Resampling.LANCZOS)
    pixels = torch.from_numpy(np.array(image, dtype=np.float32) / 255)
    return pixels.permute(2, 0, 1)[None] * 2 - 1


def _stop_if(is_cancelled: IsCancelled) -> None:
    if is_cancelled():
        raise Cancelled
