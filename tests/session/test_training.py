"""Training in the window's session: it makes way, pauses, goes on, and survives a crash."""

from __future__ import annotations

from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from stickerstudio.session.session import Session
from stickerstudio.session.state import Notice
from stickerstudio.session.training import Training
from stickerstudio.training import jobs
from stickerstudio.training.settings import TrainingSettings
from tests.session import scripted_trainer
from tests.training.drawings import fill

PATIENCE = 60_000  # milliseconds; a busy machine starts a process slowly


@pytest.fixture
def training(session: Session, qtbot: QtBot, tmp_path: Path) -> Training:
    """With eight drawings read."""
    session.make_trainer = lambda: scripted_trainer.create
    made = session.training
    made.read(fill(tmp_path / "art"))
    qtbot.waitUntil(lambda: made.data is not None, timeout=PATIENCE)
    return made


def _begin(training: Training, qtbot: QtBot, name: str = "mine", steps: int = 2_000) -> None:
    training.begin(TrainingSettings(name=name, steps=steps))
    qtbot.waitUntil(lambda: training.view.step is not None, timeout=PATIENCE)


def _stage(training: Training, qtbot: QtBot, stage: str) -> None:
    qtbot.waitUntil(lambda: training.view.stage == stage, timeout=PATIENCE)


def test_pause_and_go_on(training: Training, qtbot: QtBot, session: Session) -> None:
    _begin(training, qtbot)
    assert training.view.plan is not None
    training.pause()
    _stage(training, qtbot, "paused")
    qtbot.waitUntil(lambda: bool(training.waiting), timeout=PATIENCE)
    assert [job.settings.name for job in training.waiting] == ["mine"]
    seen = len(training.view.losses)
    training.go_on()
    qtbot.waitUntil(lambda: len(training.view.losses) > seen, timeout=PATIENCE)
    training.pause()
    _stage(training, qtbot, "paused")


def test_stop_and_keep_ends_early(training: Training, qtbot: QtBot) -> None:
    _begin(training, qtbot)
    training.finish()
    _stage(training, qtbot, "done")
    assert training.view.step is not None
    assert training.view.step.step < 2_000


def test_two_at_once_are_refused_with_a_sentence(
    training: Training, qtbot: QtBot, session: Session
) -> None:
    notices: list[Notice] = []
    session.notice.connect(notices.append)
    with jobs.only_one(session.paths):  # another window's
        training.begin(TrainingSettings(name="mine"))
        qtbot.waitUntil(lambda: bool(notices), timeout=PATIENCE)
    error = notices[0].error
    assert error is not None
    assert "Another style is being trained" in error.what
    assert training.view.stage == "idle"


def test_stickers_come_first(training: Training, qtbot: QtBot, session: Session) -> None:
    _begin(training, qtbot)
    session.edit(prompt="otter")
    session.make()
    _stage(training, qtbot, "holding")
    qtbot.waitUntil(lambda: not session.jobs, timeout=PATIENCE)
    _stage(training, qtbot, "running")
    steps = len(training.view.losses)
    qtbot.waitUntil(lambda: len(training.view.losses) > steps, timeout=PATIENCE)


def test_a_crash_is_told_and_it_can_go_on(
    training: Training, qtbot: QtBot, session: Session
) -> None:
    notices: list[Notice] = []
    session.notice.connect(notices.append)
    training.begin(TrainingSettings(name="crash", steps=5))
    _stage(training, qtbot, "paused")
    assert "stopped unexpectedly" in notices[0].error.what  # type: ignore[union-attr]
    qtbot.waitUntil(lambda: bool(training.waiting), timeout=PATIENCE)
    assert training.waiting[0].settings.name == "crash"


def test_closing_the_window_leaves_a_training_to_go_on_with(
    training: Training, qtbot: QtBot, session: Session
) -> None:
    _begin(training, qtbot)
    with qtbot.waitSignal(session.closed, timeout=PATIENCE):
        session.close()
    assert training.wait_closed(10)
    assert [job.settings.name for job in jobs.unfinished(session.paths)] == ["mine"]


def test_typed_captions_and_leaving_out(training: Training) -> None:
    assert training.data is not None
    first, second = (picture.name for picture in training.data.pictures[:2])
    training.set_captions({first: ("水獺 🦦",)})
    training.leave_out({second})
    assert training.data.pictures[0].captions == ("水獺 🦦",)
    assert len(training.data.pictures) == 7
    assert training.data.refused[-1].name == second
