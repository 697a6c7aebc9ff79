"""Resident memory while LoRAs are added and removed: after 100 cycles within 2 % of after 5."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import torch

from benchmarks import _blend_models as models
from stickerstudio.engine.blend import Blend


def resident() -> float:
    """Megabytes of this process in RAM; Linux only."""
    pages = Path("/proc/self/statm").read_text("ascii").split()[1]
    return int(pages) * 4096 / 1e6


def main() -> None:
    """Two LoRAs in, weights moved, one pass, both out, again and again."""
    torch.set_num_threads(1)
    model: Any = models.starter_size()
    given = models.unet_inputs(model, 8)
    blend = Blend({"unet": model})
    first = 0.0
    with tempfile.TemporaryDirectory() as folder, torch.inference_mode():
        files = [
            models.write_lora(
                models.random_lora(model, n, 16 + 16 * n), Path(folder) / f"{n}.safetensors"
            )
            for n in range(2)
        ]
        for cycle in range(1, 101):
            for n, file in enumerate(files):
                blend.add(str(n), file)
            blend.set_weights({"0": 0.5, "1": -0.5})
            if cycle % 5 == 0:
                model(**given)
            blend.clear()
            if cycle == 5:
                first = resident()
            if cycle in (5, 20, 50, 100):
                now = resident()
                print(
                    f"  after {cycle:3} cycles: {now:.0f} MB, {now / first:.4f} of after 5",
                    flush=True,
                )


if __name__ == "__main__":
    main()
