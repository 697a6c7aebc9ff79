"""How the UNet looks up what the tokens hold: it learns where it is, and is shown how to ask.

A UNet knows of places only by the zeros around the grid, and has no reason to carry that inwards:
its features said little of row and column after an hour, and looking things up stalled. Here its
features are asked for their row and column while it trains (``Compass``), which it learns within a
hundred batches. Then two of its attentions are set by hand (``plant``): their queries ask for the
token with their own row and column, their values are what the layout's map reads from it. From
there on gradients do the rest.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from recipes.starter import layout, nets

SHARPNESS = 4.0
"""How much less a neighbouring place is heard, in the logits of attention."""

OFFSET = 3.0
"""Raises every place's logit above those of the prompt's own tokens, which carry no marks."""

RIDGE = 1e-3


def _spots(unet: Any) -> list[Any]:
    """The attentions on the way: first where the grid is fine, last where it is fine again."""
    return [
        *(block.attentions[0] for block in unet.down_blocks[:2]),
        *unet.up_blocks[1].attentions,
        *unet.up_blocks[2].attentions,
    ]


def _centred(side: int) -> Tensor:
    """Rows or columns of a grid ``side`` wide in units of the finest one, their mean 0."""
    return (torch.arange(side) - (side - 1) / 2) * (nets.LATENT_SIDE / side)


def _places(side: int) -> Tensor:
    """Row and column of every place, (side², 2)."""
    line = _centred(side)
    return torch.stack([line.repeat_interleave(side), line.repeat(side)], 1)


class Compass(nn.Module):
    """Linear maps that guess row and column from what each attention's queries are made of."""

    def __init__(self, unet: Any) -> None:
        super().__init__()
        spots = [spot.transformer_blocks[0].norm2 for spot in _spots(unet)]
        self.heads = nn.ModuleList(nn.Linear(spot.weight.shape[0], 2, bias=False) for spot in spots)
        self._seen: dict[int, Tensor] = {}
        for index, spot in enumerate(spots):
            spot.register_forward_hook(self._watch(index))

    def _watch(self, index: int) -> Callable[[Any, Any, Tensor], None]:
        def keep(module: Any, inputs: Any, output: Tensor) -> None:
            self._seen[index] = output

        return keep

    def loss(self) -> Tensor:
        """Mean squared error of the guesses for the batch just painted, in places squared."""
        errors: list[Tensor] = []
        for index, head in enumerate(self.heads):
            features = self._seen.pop(index).float()
            goal = _places(round(features.shape[1] ** 0.5)).to(features.device)
            errors.append((head(features) - goal).square().mean())
        return torch.stack(errors).mean()


@torch.no_grad()
def plant(unet: Any, reader: layout.Reader, paint: Callable[[], object]) -> None:
    """Set the attentions of the last level so that each place reads its own token.

    Args:
        paint: runs the UNet on a batch; asked a few times, for the features to solve from.
    """
    for spot in unet.up_blocks[2].attentions:
        block = spot.transformer_blocks[0]
        seen: list[Tensor] = []
        hook = block.norm2.register_forward_hook(lambda _, __, out, seen=seen: seen.append(out))
        for _ in range(5):
            paint()
        hook.remove()
        features = torch.cat(seen).flatten(0, 1).double()
        places = _places(nets.LATENT_SIDE).to(features)
        goal = torch.cat([places, torch.ones_like(places[:, :1])], 1)
        goal = goal.repeat(len(features) // len(goal), 1)
        square = features.T @ features
        ridge = RIDGE * square.diagonal().mean() * torch.eye(len(square)).to(square)
        ask = torch.linalg.solve(square + ridge, features.T @ goal).float().T  # row, column, one
        plant_one(block.attn2, ask, reader)


@torch.no_grad()
def plant_one(attention: Any, ask: Tensor, reader: layout.Reader) -> None:
    """Every head asks for the same token and reads a share of it.

    Args:
        ask: the linear map from the features to row, column and one, (3, width).

    A query (r, c, 1) and a key (2·r', 2·c', offset − r'² − c'²) have the greatest product where
    r' = r and c' = c.
    """
    inner = attention.to_q.weight.shape[0]
    wide = inner // attention.heads
    line = _centred(nets.LATENT_SIDE).to(ask)
    rows = slice(-layout.MARKED, -layout.MARKED // 2)
    columns = slice(-layout.MARKED // 2, None)
    scale = SHARPNESS * wide**0.5
    query, key = torch.zeros_like(attention.to_q.weight), torch.zeros_like(attention.to_k.weight)
    for first in range(0, inner, wide):
        query[first : first + 3] = ask
        key[first, rows] = 2 * line * scale
        key[first + 1, columns] = 2 * line * scale
        key[first + 2, rows] = key[first + 2, columns] = (OFFSET - line.square()) * scale
    value = torch.zeros_like(attention.to_v.weight)
    value[: nets.LATENT_CHANNELS, : -layout.MARKED] = reader.read.weight
    out = attention.to_out[0]
    attention.to_q.weight.copy_(query)
    attention.to_k.weight.copy_(key)
    attention.to_v.weight.copy_(value)
    out.weight.copy_(torch.eye(inner))
    out.bias.zero_()
    out.bias[: nets.LATENT_CHANNELS] = reader.read.bias
