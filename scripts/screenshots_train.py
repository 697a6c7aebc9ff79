"""Make the pictures of training in docs/: the real window over a training that was really done.

    QT_QPA_PLATFORM=offscreen .venv/bin/python scripts/screenshots_train.py ART TRAINING

ART is a folder of drawings, TRAINING the folder of a finished training of them (below the user's
state folder). Writes docs/train-captions.png, train-running.png and train-report.png, and each with
-dark; the running page shows the training's own log, as it was at three quarters of its steps.
"""

from __future__ import annotations

import asyncio
import json
import sys
import tempfile
import time
import traceback
from collections.abc import Callable
from pathlib import Path

from stickerstudio import app
from stickerstudio.core.paths import Paths
from stickerstudio.session.session import Session
from stickerstudio.session.training import TrainingView, views_of
from stickerstudio.training import jobs
from stickerstudio.training.messages import TrainingStep
from stickerstudio.training.report import load_report
from stickerstudio.ui.main_window import MainWindow
from stickerstudio.ui.train_window import TrainWindow

DOCS = Path(__file__).resolve().parents[1] / "docs"
SIZE = (1120, 780)
PATIENCE = 120.0  # seconds


async def until(seen: Callable[[], object]) -> None:
    """Wait until `seen()` holds."""
    end = time.monotonic() + PATIENCE
    while not seen():
        if time.monotonic() > end:
            raise TimeoutError
        await asyncio.sleep(0.05)


async def take(window: TrainWindow, session: Session, name: str) -> None:
    """Save `window` in both themes."""
    for theme, suffix in (("light", ""), ("dark", "-dark")):
        session.change_settings(dark=theme)
        await asyncio.sleep(0.6)
        window.grab().save(str(DOCS / f"{name}{suffix}.png"))


async def take_captions(window: TrainWindow, session: Session, art: Path) -> None:
    """The drawings, their captions, and the settings."""
    session.training.read(art)
    await until(lambda: session.training.data is not None)
    form = window.data.form
    form.name.setText("Streamline")
    form.licence.setEditText("CC-BY-4.0")
    form.author.setText("Streamline")
    form.consent.setChecked(True)
    window.data.refused.setChecked(True)
    await asyncio.sleep(3)  # the thumbnails
    await take(window, session, "train-captions")


async def take_running(window: TrainWindow, session: Session, folder: Path) -> None:
    """The training as it was at three quarters."""
    training, job = session.training, jobs.load(folder)
    losses, rows = views_of(job, jobs.read_log(job))
    now = losses[len(losses) * 3 // 4][0]
    steps = job.settings.steps
    pace = _measured_pace(folder, job.settings.model)
    training.view = TrainingView(
        "running",
        "Streamline",
        "training",
        step=TrainingStep(1, now, steps, losses[now - 1][1], 0.0, pace, pace * (steps - now)),
        losses=tuple(each for each in losses if each[0] <= now),
        rows=tuple(row for row in rows if row.step <= now),
    )
    training.view_changed.emit()
    await take(window, session, "train-running")


def _measured_pace(folder: Path, model: str) -> float:
    """Seconds a step took in that training; 0 where it was not kept."""
    file = folder.parent / "pace.json"
    return float(json.loads(file.read_text())[model]) if file.is_file() else 0.0


async def take_report(window: TrainWindow, session: Session, folder: Path) -> None:
    """What came out."""
    job = jobs.load(folder)
    session.training.view = TrainingView()  # the one that was shown as running
    session.training.show_report(job, load_report(job.report))
    await take(window, session, "train-report")


class Photographed(MainWindow):
    """The window, which takes its own pictures once it is painted, and closes."""

    failed = False

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self.painted.connect(self._begin)

    def _begin(self) -> None:
        self._task = asyncio.get_running_loop().create_task(self._visit())

    async def _visit(self) -> None:
        art, folder = map(Path, sys.argv[1:3])
        try:
            self.show_train()
            assert self.train is not None
            self.train.resize(*SIZE)
            await take_captions(self.train, self._session, art)
            await take_running(self.train, self._session, folder)
            await take_report(self.train, self._session, folder)
        except Exception:  # noqa: BLE001 — a picture that is missing must not hang the script
            traceback.print_exc()
            Photographed.failed = True
        self.close()


def main() -> int:
    """Exit status 1 where a picture could not be taken."""
    app.MainWindow = Photographed
    with tempfile.TemporaryDirectory() as home:
        app.run(["stickerstudio"], Paths.under(Path(home)))
    return int(Photographed.failed)


if __name__ == "__main__":
    sys.exit(main())
