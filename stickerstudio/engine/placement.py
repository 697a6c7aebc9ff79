"""Where a model's modules are while it is at work, after a memory plan."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import torch

from stickerstudio.engine.device import DeviceType
from stickerstudio.engine.memory import TILE, MemoryPlan


class Placement:
    """Moves modules to the device and back. With everything resident it does nothing at all."""

    def __init__(self, modules: Mapping[str, torch.nn.Module], device: DeviceType) -> None:
        self._modules = dict(modules)
        self._on_device: set[str] = set()
        self.device = torch.device(device)
        self.plan = MemoryPlan.RESIDENT

    def follow(self, plan: MemoryPlan) -> None:
        """Hold the modules as `plan` says from now on."""
        self.plan = plan
        vae: Any = self._modules["vae"]
        if plan is not MemoryPlan.RESIDENT:
            vae.enable_slicing()
            vae.enable_tiling()
            # SDXL's VAE takes 1024 pixels for one tile, which would leave most pictures whole
            factor = 2 ** (len(vae.config.block_out_channels) - 1)
            vae.tile_sample_min_size = TILE
            vae.tile_latent_min_size = TILE // factor
        if plan is MemoryPlan.OFFLOAD:
            self._keep_only(())
        else:
            self._bring(self._modules)

    def need(self, *names: str) -> None:
        """Have `names` on the device, and with OFFLOAD nothing else."""
        if self.plan is MemoryPlan.OFFLOAD and not self._on_device.issuperset(names):
            self._keep_only(names)
            self._bring(names)

    def _bring(self, names: Iterable[str]) -> None:
        for name in names:
            if name not in self._on_device:
                self._on_device.add(name)  # first: should memory run out half way, it must go back
                self._modules[name].to(self.device)

    def _keep_only(self, names: tuple[str, ...]) -> None:
        for name in self._on_device.difference(names):
            self._modules[name].to("cpu")
        self._on_device.intersection_update(names)
        if self.device.type == "cuda":
            torch.cuda.empty_cache()
