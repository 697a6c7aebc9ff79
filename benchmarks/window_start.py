"""How soon: process start → first paint, and → the first starter sticker on disk and on screen.

    python -m benchmarks.window_start [--runs N]

Each run is a fresh process of the real program over an empty home; an order is given the moment
the window is painted, as the most impatient user would. Bars: 1 s to the window; 12 s from there to
the first sticker on two CPU cores, most of it the import of torch and diffusers. Beside it the same
words with stock diffusers in a fresh process, from import to a saved PNG: what a script's user
waits for.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from stickerstudio.core.paths import Paths

PROMPT = "red heart"
STOCK = """
import sys
from diffusers import StableDiffusionXLPipeline
import torch
pipe = StableDiffusionXLPipeline.from_pretrained(sys.argv[1], dtype=torch.float32)
pipe.set_progress_bar_config(disable=True)
image = pipe(sys.argv[2], num_inference_steps=4, guidance_scale=0.0,
             generator=torch.Generator("cpu").manual_seed(1)).images[0]
image.save(sys.argv[3])
"""


def visit(home: str, started: float) -> int:
    """The program itself, with a stopwatch; prints "painted" and "sticker" in seconds."""
    from stickerstudio import app
    from stickerstudio.ui.main_window import MainWindow

    class TimedWindow(MainWindow):
        def __init__(self, *args: object) -> None:
            super().__init__(*args)  # pyright: ignore[reportArgumentType]
            self.painted.connect(self._on_painted)
            self._session.sticker_ready.connect(self._on_sticker)

        def _on_painted(self) -> None:
            print(f"painted {time.time() - started:.3f}", flush=True)
            assert "torch" not in sys.modules
            self._session.edit(prompt=PROMPT, live=False, count=1, seed=1, seed_locked=True)
            self._session.make()

        def _on_sticker(self) -> None:
            print(f"sticker {time.time() - started:.3f}", flush=True)
            self.close()

    app.MainWindow = TimedWindow
    return app.run(["stickerstudio"], Paths.under(Path(home)))


def main() -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--visit", nargs=2, metavar=("HOME", "STARTED"), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.visit:
        return visit(arguments.visit[0], float(arguments.visit[1]))
    environment = dict(os.environ)
    if not environment.get("DISPLAY"):
        environment.setdefault("QT_QPA_PLATFORM", "offscreen")
    painted: list[float] = []
    sticker: list[float] = []
    stock: list[float] = []
    for _ in range(arguments.runs):
        with tempfile.TemporaryDirectory() as home:
            command = [sys.executable, "-m", "benchmarks.window_start", "--visit", home]
            done = subprocess.run(
                [*command, str(time.time())],
                env=environment,
                capture_output=True,
                text=True,
                check=True,
            )
            times = dict(line.split() for line in done.stdout.splitlines())
            painted.append(float(times["painted"]))
            sticker.append(float(times["sticker"]))
            model = Paths.default().bundled_models / "starter"
            before = time.time()
            picture = Path(home) / "stock.png"
            subprocess.run(
                [sys.executable, "-c", STOCK, str(model), PROMPT, str(picture)],
                env={**environment, "HF_HUB_OFFLINE": "1"},
                capture_output=True,
                check=True,
            )
            stock.append(time.time() - before)
    window, first, script = map(statistics.median, (painted, sticker, stock))
    print(f"start → window painted          {window:6.2f} s   bar 1.00 s")
    print(f"window → first starter sticker  {first - window:6.2f} s   bar 12.0 s")
    print(f"start → first sticker           {first:6.2f} s")
    print(
        f"stock diffusers, import → PNG   {script:6.2f} s   ratio ours/stock {first / script:.2f}"
    )
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
