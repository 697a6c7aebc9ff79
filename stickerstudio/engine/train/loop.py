"""The steps of a training: deal, predict, compare, learn; on one device or several."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import torch
from accelerate import Accelerator
from torch import Tensor, nn

from stickerstudio.engine.pipeline import Model
from stickerstudio.engine.train.adapters import Adapters
from stickerstudio.engine.train.batches import Batch, Deck
from stickerstudio.engine.train.encode import Embeddings, embed, token_ids
from stickerstudio.engine.train.objective import Objective
from stickerstudio.engine.train.state import State
from stickerstudio.training.settings import TrainingSettings


class Trainee(nn.Module):
    """What learns, as one module, so that gradients of all processes meet in one place."""

    def __init__(self, model: Model, text_learns: bool) -> None:
        super().__init__()
        self.unet = model.unet
        self.text = (
            nn.ModuleList([model.text_encoder, model.text_encoder_2]) if text_learns else None
        )

    def forward(
        self, noisy: Tensor, timesteps: Tensor, words: Sequence[Tensor], time_ids: Tensor
    ) -> Tensor:
        """The prediction, shaped as `noisy`.

        Args:
            words: token ids for both text encoders where they learn, else both embeddings.
        """
        if self.text is None:
            hidden, pooled = words
        else:
            hidden, pooled = embed(self.text[0], self.text[1], (words[0], words[1]))
        added = {"text_embeds": pooled, "time_ids": time_ids}
        return self.unet(noisy, timesteps, hidden, added_cond_kwargs=added, return_dict=False)[0]


class Course:
    """A training under way.

    Args:
        accelerator: made for the precision to compute in; one a process.
        eight_bit: use bitsandbytes' optimiser.
    """

    def __init__(
        self,
        accelerator: Accelerator,
        model: Model,
        adapters: Adapters,
        deck: Deck,
        objective: Objective,
        embeddings: Embeddings,
        settings: TrainingSettings,
        *,
        eight_bit: bool = False,
    ) -> None:
        self._accelerator = accelerator
        self._model = model
        self._adapters = adapters
        self._deck = deck
        self._objective = objective
        self._embeddings = embeddings
        self._settings = settings
        groups: list[dict[str, Any]] = [
            {"params": adapters.parameters("unet"), "highest": settings.learning_rate}
        ]
        if settings.text_encoders:
            text = adapters.parameters("text_encoder", "text_encoder_2")
            groups.append({"params": text, "highest": settings.text_learning_rate})
        optimiser = _optimiser(groups, settings, eight_bit)
        trainee = Trainee(model, settings.text_encoders)
        self._trainee, self._optimiser = accelerator.prepare(trainee, optimiser)
        objective.to(accelerator.device)

    def restore(self, state: State) -> None:
        """Go on where `state` was kept."""
        self._adapters.load(state.tensors)
        self._optimiser.load_state_dict(state.optimiser)
        if state.scaler and self._accelerator.scaler is not None:
            self._accelerator.scaler.load_state_dict(state.scaler)

    def state(self, key: str, step: int) -> State:
        """Everything that `restore` needs."""
        scaler = self._accelerator.scaler
        return State(
            key=key,
            step=step,
            tensors=self._adapters.tensors(),
            optimiser=self._optimiser.state_dict(),
            scaler={} if scaler is None else scaler.state_dict(),
        )

    def step(self, step: int) -> tuple[float, float]:
        """Do step `step`, from 0.

        Returns:
            The loss before it, and the learning rate.
        """
        settings = self._settings
        factor = rate_factor(step, settings)
        for group in self._optimiser.param_groups:
            group["lr"] = group["highest"] * factor
        if settings.lora_dropout:  # else nothing draws from torch's own generator
            torch.manual_seed((settings.seed * 1_000_003 + step) % 2**63)
        parts = self._deck.deal(step)
        total = 0.0
        for index, part in enumerate(parts):
            if index < len(parts) - 1:
                with self._accelerator.no_sync(self._trainee):
                    total += self._learn_part(part, len(parts))
            else:
                total += self._learn_part(part, len(parts))
        self._accelerator.clip_grad_norm_(self._adapters.parameters(), 1.0)
        self._optimiser.step()
        self._optimiser.zero_grad(set_to_none=True)
        return total, settings.learning_rate * factor

    def _learn_part(self, part: Batch, parts: int) -> float:
        accelerator, objective = self._accelerator, self._objective
        device = accelerator.device
        latents, noise = part.latents.to(device), part.noise.to(device)
        timesteps = part.timesteps.to(device)
        noisy = objective.noised(latents, noise, timesteps)
        words = self._words(part.captions)
        time_ids = _time_ids(part.size, len(part.captions), self._model.dtype, device)
        shown = noisy.to(self._model.dtype)
        with accelerator.autocast():
            prediction = self._trainee(shown, timesteps, words, time_ids)
        loss = objective.distance(prediction, latents, noise, noisy, timesteps)
        if part.prior and objective.loss == "teacher":
            kept = slice(len(part.captions) - part.prior, None)
            theirs = self._teacher(shown[kept], timesteps[kept], part.prior_prompts, time_ids[kept])
            guess = objective.x0(prediction[kept].float(), noisy[kept], timesteps[kept])
            wanted = objective.x0(theirs.float(), noisy[kept], timesteps[kept])
            same = objective.huber(guess, wanted, timesteps[kept])
            coarse = objective.huber(_coarse(guess), _coarse(wanted), timesteps[kept])
            styled = torch.tensor(
                [a != b for a, b in zip(part.captions[kept], part.prior_prompts, strict=True)],
                device=device,
            )
            loss = torch.cat([loss[: kept.start], torch.where(styled, coarse, same)])
        mean = loss.mean()
        accelerator.backward(mean / parts)
        return float(mean.detach()) / parts

    @torch.no_grad()
    def _teacher(
        self, shown: Tensor, timesteps: Tensor, captions: list[str], time_ids: Tensor
    ) -> Tensor:
        """What the frozen base predicts."""
        with self._adapters.off(), self._accelerator.autocast():
            trainee: Any = self._accelerator.unwrap_model(self._trainee)
            return trainee(shown, timesteps, self._words(captions), time_ids)

    def _words(self, captions: list[str]) -> tuple[Tensor, Tensor]:
        device = self._accelerator.device
        if self._settings.text_encoders:
            first, second = token_ids(self._model, captions)
        else:
            first, second = self._embeddings.of(captions)
        return first.to(device), second.to(device)


def rate_factor(step: int, settings: TrainingSettings) -> float:
    """The learning rate of step `step` as a share of the highest: a rise, then the decay."""
    if step < settings.warmup:
        return (step + 1) / (settings.warmup + 1)
    if settings.decay == "constant":
        return 1.0
    done = (step - settings.warmup) / max(1, settings.steps - settings.warmup)
    return 0.5 * (1 + math.cos(math.pi * min(done, 1.0)))


def _optimiser(
    groups: list[dict[str, Any]], settings: TrainingSettings, eight_bit: bool
) -> torch.optim.Optimizer:
    arguments: dict[str, Any] = {
        "lr": settings.learning_rate,
        "betas": (0.9, 0.99),  # short memory: a training has some hundred steps, not millions
        "weight_decay": settings.weight_decay,
    }
    if eight_bit:
        import bitsandbytes  # pyright: ignore[reportMissingImports] — only where it is installed

        return bitsandbytes.optim.AdamW8bit(groups, **arguments)
    return torch.optim.AdamW(groups, **arguments)


def _coarse(latents: Tensor) -> Tensor:
    """Where what is, without how it is drawn: means over 2 × 2."""
    return nn.functional.avg_pool2d(latents, 2)


def _time_ids(size: tuple[int, int], count: int, dtype: torch.dtype, device: Any) -> Tensor:
    """SDXL's size conditioning: original size, crop corner, target size, (count, 6)."""
    width, height = size
    row = [height, width, 0, 0, height, width]
    return torch.tensor([row], dtype=dtype, device=device).expand(count, -1)
