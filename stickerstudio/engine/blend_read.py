"""From one layer of a LoRA file to two factors: ΔW = scale · up · down.

    LoRA    up · down
    LoCon   up · (mid ∘ down): the two convolutions in a row are one, down' = mid · down
    LoHa    (w1a · w1b) ⊙ (w2a · w2b): every pair of ranks is one rank of the product,
            up' = rows of w1a and w2a multiplied pairwise, down' likewise (rank r²)
    LoKr    w1 ⊗ w2 = (w1a ⊗ w2a) · (w1b ⊗ w2b) (ranks multiplied)

All of them exact. See the LyCORIS paper (arXiv:2309.14859) for the last three.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import torch

from stickerstudio.core.errors import BadFileError
from stickerstudio.core.i18n import tr
from stickerstudio.models.lora_keys import Component, LoraLayer
from stickerstudio.models.safetensors_header import TensorInfo

MAX_RANK: Final = 512  # of one layer of LoHa or LoKr once written as a product

Fetch = Callable[[str], torch.Tensor]


@dataclass(frozen=True, slots=True)
class Factors:
    """One layer's change: `scale` · `up` [out, r] · `down` [r, in·kh·kw]."""

    down: torch.Tensor
    up: torch.Tensor
    scale: float

    @property
    def rank(self) -> int:
        return self.down.shape[0]


def delta_shape(layer: LoraLayer, infos: Mapping[str, TensorInfo]) -> tuple[int, int] | None:
    """(out, in·kh·kw) of the layer's ΔW from the header alone; None where the parts disagree."""
    shapes = {role: infos[name].shape for role, name in layer.tensors.items()}
    try:
        if layer.method == "LoHa":
            (out, r1), (r2, inner) = shapes["hada_w1_a"], shapes["hada_w1_b"]
            same = shapes["hada_w2_a"] == (out, r1) and shapes["hada_w2_b"] == (r2, inner)
            return (out, inner) if same and r1 == r2 else None
        if layer.method == "LoKr":
            (a, b), (c, d) = _kron_shape("lokr_w1", shapes), _kron_shape("lokr_w2", shapes)
            return a * c, b * d
        down, up = shapes["down"], shapes["up"]
        inner = math.prod(down[1:])
        if "mid" in shapes:
            mid = shapes["mid"]
            if mid[1] != down[0] or math.prod(down[2:]) != 1 or math.prod(up[1:]) != mid[0]:
                return None
            return up[0], inner * math.prod(mid[2:])
        return (up[0], inner) if math.prod(up[1:]) == down[0] else None
    except (KeyError, ValueError, IndexError):
        return None


def _kron_shape(part: str, shapes: Mapping[str, tuple[int, ...]]) -> tuple[int, int]:
    if part in shapes:
        return shapes[part][0], math.prod(shapes[part][1:])
    left, right = shapes[f"{part}_a"], shapes[f"{part}_b"]
    if len(left) != 2 or left[1] != right[0]:
        raise ValueError(part)
    return left[0], math.prod(right[1:])


def read_factors(
    layer: LoraLayer, fetch: Fetch, config: Mapping[str, Any], component: Component, module: str
) -> Factors:
    """Read one layer, in float32, with the scaling its format defines.

    Args:
        fetch: reads a tensor of the file by name.
        config: peft's settings (models.lora_metadata.adapter_config), may be empty.
        component, module: where the layer goes, for settings per layer.

    Raises:
        BadFileError: a number in it is not finite, or its rank as a product is beyond MAX_RANK.
    """

    def part(role: str) -> torch.Tensor:
        return fetch(layer.tensors[role]).to(torch.float32)

    if layer.method == "LoHa":
        w1_a, w1_b, w2_a, w2_b = (part(f"hada_{r}") for r in ("w1_a", "w1_b", "w2_a", "w2_b"))
        rank = w1_b.shape[0]
        _check_rank(layer, rank * rank)
        up = (w1_a[:, :, None] * w2_a[:, None, :]).flatten(1)
        down = (w1_b[:, None, :] * w2_b[None, :, :]).flatten(0, 1)
    elif layer.method == "LoKr":
        (a1, b1), (a2, b2) = (
            _kron_factors(layer, "lokr_w1", part),
            _kron_factors(layer, "lokr_w2", part),
        )
        _check_rank(layer, a1.shape[1] * a2.shape[1])
        up, down = torch.kron(a1, a2), torch.kron(b1, b2)
        split = [role for role in ("lokr_w1_b", "lokr_w2_b") if role in layer.tensors]
        rank = part(split[-1]).shape[0] if split else 0
    else:
        down, up = part("down"), part("up").flatten(1)
        if "mid" in layer.tensors:
            down = torch.einsum("rskl,si->rikl", part("mid"), down.flatten(1))
        rank = down.shape[0]
        down = down.flatten(1)
    if not (torch.isfinite(down).all() and torch.isfinite(up).all()):
        raise BadFileError(
            tr("This LoRA cannot be blended."),
            tr("Its layer {layer} holds values that are not numbers.", layer=layer.name),
            tr("It was damaged, or its training failed: choose another."),
        )
    said = part("alpha").item() if "alpha" in layer.tensors else None
    return Factors(down, up, _scale(said, rank, config, component, module))


def _kron_factors(
    layer: LoraLayer, name: str, part: Callable[[str], torch.Tensor]
) -> tuple[torch.Tensor, torch.Tensor]:
    """One side of a Kronecker product as a product of its own."""
    if f"{name}_a" in layer.tensors:
        return part(f"{name}_a"), part(f"{name}_b").flatten(1)
    whole = part(name).flatten(1)
    eye = torch.eye(min(whole.shape))
    return (whole, eye) if whole.shape[1] <= whole.shape[0] else (eye, whole)


def _check_rank(layer: LoraLayer, rank: int) -> None:
    if rank > MAX_RANK:
        raise BadFileError(
            tr("This LoRA cannot be blended."),
            tr(
                "Its layer {layer} is a {method} of rank {rank}; {limit} is the most we follow.",
                layer=layer.name,
                method=layer.method,
                rank=rank,
                limit=MAX_RANK,
            ),
            tr("Look for a smaller version of it, or one as plain LoRA."),
        )


def _scale(
    alpha: float | None, rank: int, config: Mapping[str, Any], component: Component, module: str
) -> float:
    """alpha / rank, or alpha / √rank where peft's settings say rank-stabilised (2312.03732)."""

    def setting(key: str) -> Any:
        return config.get(f"{component}.{key}", config.get(key))

    if rank == 0:  # a Kronecker product of two whole matrices has no rank to divide by
        return 1.0
    if alpha is None:
        alpha = _number(_for_module(setting("alpha_pattern"), module))
    if alpha is None:
        alpha = _number(setting("lora_alpha"))
    if alpha is None or not math.isfinite(alpha):
        return 1.0
    return alpha / (math.sqrt(rank) if setting("use_rslora") is True else rank)


def _for_module(pattern: Any, module: str) -> Any:
    """The value for `module` in a mapping of module names or name endings.

    peft takes the keys as regular expressions; those come from a stranger, so here they are names.
    """
    if not isinstance(pattern, dict):
        return None
    for key, value in pattern.items():
        name = str(key).strip("^$").replace("\\.", ".")
        if module == name or module.endswith("." + name):
            return value
    return None


def _number(value: Any) -> float | None:
    return float(value) if isinstance(value, (int, float)) else None


def usable_config(path: Path, config: Mapping[str, Any]) -> Mapping[str, Any]:
    """`config`, once it is clear that it asks for nothing a slider cannot do."""
    for key, value in config.items():
        start = key.endswith("init_lora_weights") and str(value).lower().split("_")[0]
        if start in ("pissa", "olora", "corda", "loftq"):
            raise BadFileError(
                tr("{name} cannot be blended.", name=path.name),
                tr("It was trained with {method}, which changes the model itself.", method=start),
                tr("Look for a version of it as plain LoRA."),
            )
    return config
