"""Step ``latents``: fit the code to the base drawings and encode everything the UNet learns."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import torch
from torch import Tensor

from recipes.starter import codec, poses
from recipes.starter.poses import Pose
from recipes.starter.sources import BASE_STYLES


def run(work: Path) -> None:
    """Write ``codec.pt`` and ``latents.pt``."""
    if (work / "latents.pt").exists():
        return
    rows, pictures = poses.build(work, BASE_STYLES)
    plain = [i for i, p in enumerate(rows) if p == Pose(p.concept, p.style)]
    if not (work / "codec.pt").exists():
        codec.save(codec.fit(pictures[plain]), work)
    code = codec.load(work)
    latents = code.encode_bytes(pictures)
    table = json.dumps([asdict(p) for p in rows])
    partial = work / "latents.partial"
    torch.save({"latents": latents, "poses": table}, partial)
    partial.rename(work / "latents.pt")
    print(f"latents: {tuple(latents.shape)}, deviation {latents.std():.3f}", flush=True)


def load(work: Path) -> tuple[list[Pose], Tensor]:
    """What :func:`run` wrote: the poses and (poses, 80, 8, 8)."""
    state = torch.load(work / "latents.pt", weights_only=True)
    return [Pose(**row) for row in json.loads(state["poses"])], state["latents"]
