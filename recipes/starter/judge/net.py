"""The judge's network: a small residual convolutional net over 64x64 pixels."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional

SIDE = 64
"""What the judge sees, in pixels."""

WIDTHS = (48, 96, 160)


def halve(pictures: Tensor) -> Tensor:
    """(n, 3, 128, 128) to (n, 3, 64, 64)."""
    return functional.avg_pool2d(pictures, pictures.shape[-1] // SIDE)


class _Block(nn.Module):
    def __init__(self, channels: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.second = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.norm_1, self.norm_2 = nn.BatchNorm2d(channels), nn.BatchNorm2d(channels)
        nn.init.zeros_(self.norm_2.weight)

    def forward(self, x: Tensor) -> Tensor:
        """Same shape."""
        y = functional.relu(self.norm_1(self.first(x)))
        return functional.relu(x + self.norm_2(self.second(y)))


class Judge(nn.Module):
    """Pictures (n, 3, 64, 64) in [-1, 1] to concept logits (n, c) and style logits (n, s).

    A picture may show several concepts: then each is taught an equal share, so the best-ranked
    concepts are those that are there.
    """

    def __init__(self, concepts: int, styles: int) -> None:
        super().__init__()
        stem, middle, deep = WIDTHS
        self.stem = nn.Conv2d(3, stem, 4, 4, bias=False)
        self.stem_norm = nn.BatchNorm2d(stem)
        self.blocks = nn.Sequential(
            _Block(stem),
            nn.Conv2d(stem, middle, 2, 2, bias=False),
            nn.BatchNorm2d(middle),
            nn.ReLU(),
            _Block(middle),
            nn.Conv2d(middle, deep, 2, 2, bias=False),
            nn.BatchNorm2d(deep),
            nn.ReLU(),
            _Block(deep),
        )
        self.concept = nn.Sequential(
            nn.Linear(deep * 4, 384), nn.ReLU(), nn.Dropout(0.1), nn.Linear(384, concepts)
        )
        self.style = nn.Linear(deep * 2, styles)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Concept and style logits."""
        x = self.blocks(functional.relu(self.stem_norm(self.stem(x))))
        mean, peak = x.mean((2, 3)), x.amax((2, 3))
        corner = x[..., x.shape[2] // 2 :, x.shape[3] // 2 :].mean((2, 3))
        upper = x[..., : x.shape[2] // 2, x.shape[3] // 2 :].mean((2, 3))
        return self.concept(torch.cat([mean, peak, corner, upper], 1)), self.style(
            torch.cat([mean, peak], 1)
        )


def load(work: Path) -> tuple[Judge, list[str], list[str]]:
    """The trained judge, its concepts and its styles, in the order of its logits."""
    state = torch.load(work / "judge.pt", weights_only=True)
    model = Judge(len(state["concepts"]), len(state["styles"]))
    model.load_state_dict(state["model"])
    return model.eval().requires_grad_(False), state["concepts"], state["styles"]
