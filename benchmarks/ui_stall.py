"""How long the window stands still: the largest gap of a 5 ms timer, phase by phase.

    python -m benchmarks.ui_stall [--model NAME_OR_PATH] [--lora FILE] [--prompt WORDS]

Opens the real window over a fresh library, starts the real engine, adds a LoRA, drags its slider
under a live preview, makes stickers, and quits. The bar is 33 ms, two frames of a common screen,
in every phase. "idle" is the same timer while nothing happens: the machine's own noise. What runs
before the first frame is on screen delays the window and cannot make it stand still; it is printed
as the time until then.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QEventLoop as QtEventLoop
from PySide6.QtCore import QObject, Qt, QTimer, SignalInstance
from PySide6.QtWidgets import QApplication  # noqa: TID251 — it measures the window
from qasync import QEventLoop

from stickerstudio.core.paths import Paths
from stickerstudio.engine.studio import create
from stickerstudio.models.catalogue import Catalogue
from stickerstudio.models.loras import LoraShelf
from stickerstudio.session.session import Session
from stickerstudio.ui.main_window import MainWindow

TICK = 5  # milliseconds
BAR = 33.0  # milliseconds
PATIENCE = 900.0  # seconds for one phase; a full-size model on a CPU takes long
STICKERS = 4
MOVES = 200  # of the slider, one in each frame of a 60 Hz screen


class Ticker(QObject):
    """The timer, and its largest gap in milliseconds since `begin`."""

    def __init__(self) -> None:
        super().__init__()
        self._timer = QTimer(self, interval=TICK, timerType=Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._tick)
        self.begin()
        self._timer.start()

    def begin(self) -> None:
        """Forget what was."""
        self._last = time.perf_counter()
        self.largest = 0.0

    def _tick(self) -> None:
        now = time.perf_counter()
        self.largest = max(self.largest, (now - self._last) * 1000)
        self._last = now


class Measurement:
    """One pass through the program, and what it showed."""

    def __init__(self, app: QApplication) -> None:
        self._app = app
        self._ticker = Ticker()
        self.gaps: dict[str, float] = {}
        self.problems: list[str] = []

    def phase(self, name: str, until: Callable[[], object]) -> None:
        """Let the program live until `until` holds, and print the gap."""
        self._ticker.begin()
        began = time.perf_counter()
        while not until() and not self.problems:
            self._app.processEvents(QtEventLoop.ProcessEventsFlag.WaitForMoreEvents)
            if time.perf_counter() - began > PATIENCE:
                self.problems.append(f"{name} did not end within {PATIENCE:.0f} s")
        self.gaps[name] = self._ticker.largest
        seconds = time.perf_counter() - began
        print(f"{name:<10} {self.gaps[name]:6.1f} ms  (in {seconds:.1f} s)", flush=True)


def measure(paths: Paths, model: str, lora: Path | None, prompt: str) -> Measurement:
    """Go through the phases with `model` and the file `lora`."""
    app = QApplication(["ui_stall"])
    app.setQuitOnLastWindowClosed(False)
    loop = QEventLoop(app, already_running=True)
    measurement = Measurement(app)
    phase = measurement.phase
    phase("idle", _after(2.0))

    began = time.perf_counter()
    session = Session(paths, create, loop)
    session.notice.connect(lambda said: measurement.problems.append(str(said.error or said.text)))
    session.edit(model=model, prompt=prompt, live=False)
    window = MainWindow(session)
    window.painted.connect(session.start)
    painted, closed = _told(window.painted), _told(session.closed)
    window.closing.connect(session.close)
    window.show()
    while not painted():
        app.processEvents()
    print(f"window on screen {time.perf_counter() - began:.2f} s after its making began")

    phase("open", _after(1.0))
    phase("load", lambda: session.engine.state == "idle" and session.engine.model == model)
    preview = _told(session.preview_ready)
    session.edit(live=True)
    phase("preview", preview)
    if lora is not None:
        preview = _told(session.preview_ready)
        session.add_lora(lora)  # switched on, which remakes the preview
        phase("LoRA", lambda: preview() and not session.previewing)
        phase("slider", _moves(session, session.draft.blend[-1].name))
    made = _told(session.sticker_ready, STICKERS)
    session.edit(count=STICKERS)
    session.make()
    phase("generate", lambda: made() and not session.previewing)
    window.close()
    phase("quit", closed)
    session.wait_closed()
    return measurement


def _after(seconds: float) -> Callable[[], bool]:
    end = time.perf_counter() + seconds
    return lambda: time.perf_counter() > end


def _told(signal: SignalInstance, times: int = 1) -> Callable[[], bool]:
    """Whether `signal` has come `times` times from now on."""
    count = 0

    def come(*_: object) -> None:
        nonlocal count
        count += 1

    signal.connect(come)
    return lambda: count >= times


def _moves(session: Session, name: str) -> Callable[[], bool]:
    """Moves the slider of LoRA `name` once a frame; whether it has come to rest."""
    frames = QTimer(session, interval=16)
    left = MOVES

    def move() -> None:
        nonlocal left
        left -= 1
        session.set_weight(name, 2 - 4 * left / MOVES)
        if not left:
            frames.stop()

    frames.timeout.connect(move)
    frames.start()
    return lambda: not left and not session.previewing


def main() -> int:
    """Exit status 1 where a gap is over the bar or something went wrong."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.ui_stall", description=__doc__)
    parser.add_argument("--model", help="in the catalogue, or a path; default: the first installed")
    parser.add_argument("--lora", type=Path, help="default: the first that came with the program")
    parser.add_argument("--prompt", default="happy otter")
    arguments = parser.parse_args()
    if "DISPLAY" not in os.environ and "WAYLAND_DISPLAY" not in os.environ:
        os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        paths = Paths.under(Path(folder))
        catalogue = Catalogue(paths)
        if arguments.model and Path(arguments.model).exists():
            model = catalogue.add(Path(arguments.model)).name
        else:
            installed = [card.name for card in catalogue.installed()]
            model = arguments.model or (installed[0] if installed else None)
        if model is None:
            print("No model is installed: name one by --model.")
            return 1
        bundled = [info.path for info in LoraShelf(paths).all()]
        lora = arguments.lora or (bundled[0] if bundled else None)
        if lora is None:
            print("No LoRA came with the program, and none was named by --lora: left out.")
        measurement = measure(paths, model, lora, arguments.prompt)
    for problem in measurement.problems:
        print(problem)
    worst = max(measurement.gaps.values())
    print(f"largest gap {worst:.1f} ms; the bar is {BAR:.0f} ms")
    if hasattr(os, "getloadavg"):
        print(f"load of the machine: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    return 1 if worst > BAR or measurement.problems else 0


if __name__ == "__main__":
    raise SystemExit(main())
