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
from pathlib import Path

from scripts.photographing import photograph, save_both, until
from stickerstudio.session.session import Session
from stickerstudio.session.training import TrainingView, views_of
from stickerstudio.training import jobs
from stickerstudio.training.messages import TrainingStep
from stickerstudio.training.report import load_report
from stickerstudio.ui.main_window import MainWindow
from stickerstudio.ui.train_window import TrainWindow

SIZE = (1120, 780)


async def take_captions(window: TrainWindow, session: Session, art: Path, folder: Path) -> None:
    """The drawings, their captions, and the settings."""
    settings = jobs.load(folder).settings
    session.training.read(art)
    await until(lambda: session.training.data is not None)
    form = window.data.form
    form.name.setText(settings.name)
    form.licence.setEditText(settings.licence)
    form.author.setText(settings.author)
    form.consent.setChecked(True)
    window.data.refused.setChecked(True)
    await asyncio.sleep(3)  # the thumbnails
    await save_both(window, session, "train-captions")


async def take_running(window: TrainWindow, session: Session, folder: Path) -> None:
    """The training as it was at three quarters."""
    training, job = session.training, jobs.load(folder)
    losses, rows = views_of(job, jobs.read_log(job))
    now = losses[len(losses) * 3 // 4][0]
    steps = job.settings.steps
    pace = _measured_pace(folder, job.settings.model)
    training.view = TrainingView(
        "running",
        job.settings.name,
        "training",
        step=TrainingStep(1, now, steps, losses[now - 1][1], 0.0, pace, pace * (steps - now)),
        losses=tuple(each for each in losses if each[0] <= now),
        rows=tuple(row for row in rows if row.step <= now),
    )
    training.view_changed.emit()
    await save_both(window, session, "train-running")


def _measured_pace(folder: Path, model: str) -> float:
    """Seconds a step took in that training; 0 where it was not kept."""
    file = folder.parent / "pace.json"
    return float(json.loads(file.read_text())[model]) if file.is_file() else 0.0


async def take_report(window: TrainWindow, session: Session, folder: Path) -> None:
    """What came out."""
    job = jobs.load(folder)
    session.training.view = TrainingView()  # the one that was shown as running
    session.training.show_report(job, load_report(job.report))
    await save_both(window, session, "train-report")


async def take(main: MainWindow, session: Session) -> None:
    """The training window's pages."""
    art, folder = map(Path, sys.argv[1:3])
    main.show_train()
    assert main.train is not None
    main.train.resize(*SIZE)
    await take_captions(main.train, session, art, folder)
    await take_running(main.train, session, folder)
    await take_report(main.train, session, folder)


if __name__ == "__main__":
    sys.exit(photograph(take))
