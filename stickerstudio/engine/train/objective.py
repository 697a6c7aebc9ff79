"""What is learned: at which timesteps, and how far a prediction is from right.

A picture x is noised to a·x + s·n, where a² is the schedule's cumulative alpha and s² = 1 − a². The
model predicts n (epsilon) or a·n − s·x (velocity, https://arxiv.org/abs/2202.00512); from either
follows its guess of x, "x0". Three losses:

ordinary: mean squared error of the prediction at timesteps drawn evenly from all, weighted by
    min-SNR (https://arxiv.org/abs/2303.09556). What most trainers do, and right for models of many
    steps. A few-step model never visits most of these timesteps.
x0: at the sampler's own timesteps, the distance of the guessed x to the drawing. A few-step model
    shows that guess nearly as it is, so this measures what will be seen. Pseudo-Huber instead of
    squares: where several drawings would fit, squares choose their blurred mean.
teacher: x0, and on the base's own pictures what the frozen base guesses there: without the trigger
    the same guess, with it the same in coarse, so that the trigger changes how a subject is drawn
    and not which, also for subjects that no drawing showed.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor

from stickerstudio.training.settings import Loss

OWN_SHARE = 0.85
"""How many are drawn at timesteps of the model's usual number of steps; the rest at those of the
most steps it can do, which lie between."""

HUBER = 0.3  # of a latent's deviation of 1: below it the distance is squared, above it is straight


class Objective:
    """The noise schedule of one model, and a loss on it.

    Args:
        scheduler: the model's own; its sampler's timesteps are asked for and its state is used up.
        loss: see the module.
        steps, most_steps: the model's usual number of steps, and its largest.
        min_snr: γ of the ordinary loss; 0 for none.
    """

    def __init__(
        self, scheduler: Any, loss: Loss, steps: int, most_steps: int, min_snr: float
    ) -> None:
        cumulative = scheduler.alphas_cumprod.double().cpu()
        self._signal = cumulative.sqrt().float()
        self._noise = (1 - cumulative).sqrt().float()
        self._velocity = scheduler.config.prediction_type == "v_prediction"
        self._min_snr = min_snr
        self.loss: Loss = loss
        self.own = _timesteps(scheduler, steps)
        self._others = sorted(set(_timesteps(scheduler, most_steps)) - set(self.own))

    def to(self, device: torch.device) -> None:
        """Keep the schedule on `device`."""
        self._signal, self._noise = self._signal.to(device), self._noise.to(device)

    def draw(self, count: int, rng: np.random.Generator) -> Tensor:
        """`count` timesteps to train at."""
        if self.loss == "ordinary":
            return torch.from_numpy(rng.integers(0, len(self._signal), count))
        drawn: list[int] = []
        for kind, which in rng.random((count, 2)):
            among = self._others if kind > OWN_SHARE and self._others else self.own
            drawn.append(among[int(which * len(among))])
        return torch.tensor(drawn)

    def noised(self, latents: Tensor, noise: Tensor, timesteps: Tensor) -> Tensor:
        """What the model is shown, shaped as `latents`."""
        return (
            self._at(self._signal, timesteps) * latents + self._at(self._noise, timesteps) * noise
        )

    def x0(self, prediction: Tensor, noisy: Tensor, timesteps: Tensor) -> Tensor:
        """The picture that a prediction means."""
        a, s = self._at(self._signal, timesteps), self._at(self._noise, timesteps)
        if self._velocity:
            return a * noisy - s * prediction
        return (noisy - s * prediction) / a

    def distance(
        self,
        prediction: Tensor,
        latents: Tensor,
        noise: Tensor,
        noisy: Tensor,
        timesteps: Tensor,
    ) -> Tensor:
        """How far each prediction is from right, (count,)."""
        if self.loss == "ordinary":
            a, s = self._at(self._signal, timesteps), self._at(self._noise, timesteps)
            target = a * noise - s * latents if self._velocity else noise
            each = (prediction.float() - target).square().flatten(1).mean(1)
            return each * self._snr_weight(timesteps)
        return self.huber(self.x0(prediction.float(), noisy, timesteps), latents, timesteps)

    def huber(self, guess: Tensor, wanted: Tensor, timesteps: Tensor) -> Tensor:
        """The pseudo-Huber distance of guessed pictures, (count,).

        A model that predicts noise amplifies its errors by s/a when it guesses x; near pure noise,
        where a is small, that would be all the loss is made of. It is counted down to at most 1.
        """
        each = ((guess - wanted) / HUBER).square().add(1).sqrt().sub(1).flatten(1).mean(1)
        if self._velocity:
            return each
        ratio = self._signal[timesteps] / self._noise[timesteps]
        return each * ratio.clamp(max=1)

    def _snr_weight(self, timesteps: Tensor) -> Tensor:
        if not self._min_snr:
            return torch.ones_like(self._signal[timesteps])
        snr = (self._signal[timesteps] / self._noise[timesteps]).square()
        capped = snr.clamp(max=self._min_snr)
        return capped / (snr + 1) if self._velocity else capped / snr.clamp(min=1e-8)

    def _at(self, values: Tensor, timesteps: Tensor) -> Tensor:
        return values[timesteps].view(-1, 1, 1, 1)


def _timesteps(scheduler: Any, steps: int) -> list[int]:
    """Where `steps` steps of the sampler land, the noisiest first."""
    scheduler.set_timesteps(steps)
    return list(dict.fromkeys(round(float(each)) for each in scheduler.timesteps))
