"""At the start: a training that was broken off is told of, and can go on."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from stickerstudio.session.session import Session
from stickerstudio.training import jobs
from stickerstudio.training.dataset import read_set
from stickerstudio.training.jobs import TrainingJob
from stickerstudio.training.settings import TrainingSettings
from stickerstudio.ui.main_window import MainWindow
from tests.session import scripted_trainer
from tests.training.drawings import fill

PATIENCE = 60_000  # milliseconds


@pytest.fixture
def broken_off(session: Session, tmp_path: Path) -> TrainingJob:
    data = read_set(fill(tmp_path / "art"))
    job = jobs.create(session.paths, TrainingSettings(name="crayon", steps=2_000), data)
    for step in range(1, 121):
        jobs.append_log(job, {"step": step, "loss": 0.5})
    return job


@pytest.fixture
def window(session: Session, qtbot: QtBot) -> MainWindow:
    session.make_trainer = lambda: scripted_trainer.create
    made = MainWindow(session)
    qtbot.addWidget(made)
    made.show()
    qtbot.waitExposed(made)
    return made


@pytest.mark.usefixtures("broken_off")
@pytest.mark.parametrize("opened", [False, True])
def test_a_notice_leads_to_the_training_that_can_go_on(
    window: MainWindow, session: Session, qtbot: QtBot, opened: bool
) -> None:
    if opened:
        window.show_train()
        qtbot.waitUntil(lambda: bool(session.training.waiting), timeout=PATIENCE)
    session.start()
    qtbot.waitUntil(window.notices.isVisible, timeout=PATIENCE)
    notice = window.notices.current
    assert notice is not None
    assert notice.error is None
    assert notice.text == "The training “crayon” was interrupted at step 120 of 2000. Go on?"
    qtbot.mouseClick(window.notices._action, Qt.MouseButton.LeftButton)
    assert not window.notices.isVisible()
    assert window.train is not None
    assert window.train.isVisible()
    assert session.training.view.stage == "idle"  # nothing goes on unasked

    def go_on() -> bool:
        focus = window.train.focusWidget() if window.train else None
        return focus is not None and focus.accessibleName() == "Go on with “crayon”"

    qtbot.waitUntil(go_on, timeout=PATIENCE)
    qtbot.keyClick(window.train.focusWidget(), Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: len(session.training.view.losses) > 100, timeout=PATIENCE)
    assert session.training.view.name == "crayon"


def test_one_that_runs_in_another_window_is_not_offered(
    window: MainWindow, session: Session, broken_off: TrainingJob, qtbot: QtBot
) -> None:
    with jobs.only_one(session.paths):
        session.start()
        qtbot.waitUntil(lambda: session.engine.state == "idle", timeout=PATIENCE)
        qtbot.wait(200)
    assert window.notices.current is None


def test_without_one_nothing_is_said(window: MainWindow, session: Session, qtbot: QtBot) -> None:
    session.start()
    qtbot.waitUntil(lambda: session.engine.state == "idle", timeout=PATIENCE)
    qtbot.wait(200)
    assert window.notices.current is None
    assert not session._is_made("training")
