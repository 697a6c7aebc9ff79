"""How the live preview follows a hand on a slider: pictures a second, and the last one's delay.

    python -m benchmarks.blend_follow [--model NAME] [--lora NAME] [--steps N]
                                      [--rounds N] [--seconds S]

The real session with the real engine process. A LoRA's slider is moved once a frame of a 60 Hz
screen, back and forth, for some seconds; then it stops, and the picture of where it stopped is
waited for. In turns with it, in this process while the engine rests: what a stock script does for
one such picture, `set_adapters` and a call of diffusers' pipeline with peft, and the UNet and VAE
calls of that picture alone. All are medians, so that a busy machine distorts all sides alike.
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from PySide6.QtCore import QCoreApplication, QTimer
from PySide6.QtCore import QEventLoop as QtEventLoop
from qasync import QEventLoop

from benchmarks.warm_sticker import record_calls, stock_pipeline
from stickerstudio.core.messages import PreviewReady
from stickerstudio.core.paths import Paths
from stickerstudio.engine.device import choose, model_dtype, probe
from stickerstudio.engine.loop import Loop, Painting
from stickerstudio.engine.pipeline import examine, load
from stickerstudio.engine.placement import Placement
from stickerstudio.engine.studio import create
from stickerstudio.models.cards import ModelCard
from stickerstudio.models.catalogue import Catalogue
from stickerstudio.models.loras import LoraInfo, LoraShelf
from stickerstudio.session.session import Session

FRAME = 16  # milliseconds
SWEEP = 60  # frames from one end of the slider to the other
PROMPT = "happy otter, dm-sticker"
PATIENCE = 300.0  # seconds for anything


class Hand:
    """Drags the slider of one LoRA, and sees the pictures."""

    def __init__(self, session: Session, lora: str) -> None:
        self._session = session
        self._lora = lora
        self._frame = 0
        self.pictures: list[float] = []  # when each came
        self.shown = 0.0  # the weight in the picture that came last
        self._frames = QTimer(session, interval=FRAME)
        self._frames.timeout.connect(self._move)
        session.preview_ready.connect(self._see)

    def drag(self, seconds: float) -> tuple[float, float]:
        """Move for that long; pictures a second, and seconds from the last move to its picture."""
        self.pictures.clear()
        blending = self._session.blending
        blending.hold()
        self._frames.start()
        began = time.perf_counter()
        _live(lambda: time.perf_counter() - began >= seconds)
        self._frames.stop()
        during = len(self.pictures)
        self._move()
        blending.release()
        stopped = time.perf_counter()
        last = self._weight()
        _live(lambda: self.shown == last and bool(self.pictures))
        return during / seconds, self.pictures[-1] - stopped

    def _weight(self) -> float:
        entry = self._session.blending.entry(self._lora)
        assert entry is not None
        return entry.weight

    def _move(self) -> None:
        """Never the weight of before, so that each move asks for another picture."""
        self._frame += 1
        turn, step = divmod(self._frame, SWEEP)
        part = step / SWEEP if turn % 2 == 0 else 1 - step / SWEEP
        self._session.blending.weigh(self._lora, round(0.05 + 0.9 * part, 2))

    def _see(self, picture: PreviewReady) -> None:
        self.pictures.append(time.perf_counter())
        loras = picture.recipe.active_loras
        self.shown = loras[0].weight if loras else 0.0


def _live(until: Callable[[], object]) -> None:
    end = time.perf_counter() + PATIENCE
    while not until():
        QCoreApplication.processEvents(QtEventLoop.ProcessEventsFlag.WaitForMoreEvents, FRAME)
        if time.perf_counter() > end:
            raise TimeoutError


def _scripts(
    paths: Paths, card: ModelCard, lora: LoraInfo, steps: int
) -> dict[str, Callable[[], float]]:
    """What a stock script takes for one picture at a new weight, and its modules alone."""
    machine = probe()
    device = choose("auto", machine)
    sdxl = paths.resources / "sdxl"
    checkpoint = examine(card.installed_at(), sdxl)
    dtype = model_dtype(device, machine, checkpoint.dtype, checkpoint.parameters)
    model = load(checkpoint, dtype, sdxl)
    placement = Placement(model.modules, device.type)
    placement.follow(placement.plan)
    loop = Loop(model, placement)
    width, height = card.size
    guidance = card.guidance_scale
    painting = Painting(PROMPT, (7,), steps, guidance, width, height)
    calls = record_calls(model, lambda: loop.decode(loop.denoise(painting)))
    plain = load(checkpoint, dtype, sdxl)
    pipe: Any = stock_pipeline(plain).to(device.type)
    pipe.load_lora_weights(str(lora.path), adapter_name="one")
    weight = 0.0

    def sync() -> None:
        if device.type == "cuda":
            torch.cuda.synchronize()

    @torch.inference_mode()
    def modules() -> float:
        began = time.perf_counter()
        for call, args, kwargs in calls:
            call(*args, **kwargs)
        sync()
        return time.perf_counter() - began

    def stock() -> float:
        nonlocal weight
        weight = (weight + 0.37) % 1.0
        began = time.perf_counter()
        pipe.set_adapters(["one"], [weight])
        pipe(
            PROMPT,
            num_inference_steps=steps,
            guidance_scale=guidance,
            width=width,
            height=height,
            generator=torch.Generator("cpu").manual_seed(7),
        )
        return time.perf_counter() - began

    return {"modules alone": modules, "set_adapters and pipe()": stock}


def main() -> int:
    """Exit status 1 where there is no LoRA to move."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.blend_follow", description=__doc__)
    parser.add_argument("--model", default="starter")
    parser.add_argument("--lora", help="its name; default: the first that came with the program")
    parser.add_argument("--steps", type=int, help="default: the model's own")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=3.0)
    arguments = parser.parse_args()
    app = QCoreApplication(["blend_follow"])
    loop = QEventLoop(app, already_running=True)
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        paths = Paths.under(Path(folder))
        loras = LoraShelf(paths).all()
        lora = next((each for each in loras if arguments.lora in (None, each.name)), None)
        if lora is None:
            print("There is no such LoRA.")
            return 1
        card = Catalogue(paths).find(arguments.model)
        steps = arguments.steps or card.default_steps
        scripts = _scripts(paths, card, lora, steps)
        session = Session(paths, create, loop)
        session.edit(model=card.name, prompt=PROMPT, seed=7, seed_locked=True, steps=steps)
        session.start()
        _live(lambda: session.loras and session.engine.model == card.name)
        hand = Hand(session, lora.name)
        rows: dict[str, list[float]] = {name: [] for name in ("rate", "delay", *scripts)}
        for turn in range(arguments.rounds + 1):
            rate, delay = hand.drag(arguments.seconds)
            _live(lambda: not session.previewing)
            taken = {name: script() for name, script in scripts.items()}
            if turn > 0:  # the first round warms all of them up
                for name, value in {"rate": rate, "delay": delay, **taken}.items():
                    rows[name].append(value)
        _print(card, lora, steps, rows)
        session.close()
        session.wait_closed()
    return 0


def _print(card: ModelCard, lora: LoraInfo, steps: int, rows: dict[str, list[float]]) -> None:
    middle = {name: statistics.median(values) for name, values in rows.items()}
    stock, modules = middle["set_adapters and pipe()"], middle["modules alone"]
    rate, delay = middle["rate"], middle["delay"]
    print(f"{card.name}, {steps} steps, LoRA {lora.name}")
    print(
        f"  one picture: modules alone {modules * 1000:.0f} ms, stock script {stock * 1000:.0f} ms"
    )
    print(f"  pictures a second under a moving slider {rate:6.2f}")
    print(f"    over what the stock script could make {rate * stock:6.2f} ×")
    print(f"    over what the modules alone could make{rate * modules:6.2f} ×")
    print(f"  last move to its picture {delay * 1000:8.0f} ms")
    print(f"    over one picture of the stock script  {delay / stock:6.2f} ×")
    print(f"    over the modules alone                {delay / modules:6.2f} ×")
    if hasattr(os, "getloadavg"):
        print(f"load of the machine: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")


if __name__ == "__main__":
    raise SystemExit(main())
