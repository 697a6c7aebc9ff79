"""The queue and the status line: what is made, what waits, on what it runs."""

from __future__ import annotations

from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from stickerstudio.session.session import Session
from stickerstudio.session.state import JobView
from stickerstudio.ui.queue_view import QueueView, done_part, state_text
from stickerstudio.ui.status_line import StatusLine

RUNNING = JobView(1, "otter", "order", "running", 3, 4, 2, 4, 5.4)


@pytest.fixture
def line(session: Session, qtbot: QtBot) -> StatusLine:
    session.edit(live=False, prompt="slow otter", count=8)
    line = StatusLine(session)
    qtbot.addWidget(line)
    line.show()
    return line


def test_a_running_job_tells_sticker_step_and_time_left() -> None:
    assert state_text(RUNNING) == "Sticker 2 of 4 · step 3 of 4 · 5 s left"


def test_time_and_steps_are_left_out_while_unknown() -> None:
    early = replace(RUNNING, step=0, steps=0, seconds_left=None)
    assert state_text(early) == "Sticker 2 of 4"


@pytest.mark.parametrize(("index", "step", "part"), [(1, 0, 0.0), (2, 2, 0.375), (4, 4, 1.0)])
def test_progress_counts_stickers_and_steps(index: int, step: int, part: float) -> None:
    assert done_part(replace(RUNNING, index=index, step=step)) == part


def test_the_queue_can_be_looked_at_cancelled_and_cleared(
    line: StatusLine, session: Session, qtbot: QtBot
) -> None:
    queue: QueueView = line.queue
    assert not queue.clear.isEnabled()
    session.start()
    jobs = [job for _ in range(4) if (job := session.make()) is not None]
    assert len(jobs) == 4
    qtbot.waitUntil(lambda: session.jobs[0].state == "running", timeout=40_000)
    qtbot.mouseClick(line.open_queue, Qt.MouseButton.LeftButton)
    assert queue.isVisible()
    assert list(queue.rows) == jobs
    assert "4" in line.open_queue.text()
    assert "Sticker" in line.job.text()
    assert line.bar.isVisible()

    qtbot.mouseClick(queue.rows[jobs[1]].cancel, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: jobs[1] not in queue.rows)
    qtbot.mouseClick(queue.clear, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: list(queue.rows) == [jobs[0]])
    assert not queue.clear.isEnabled()
    session.stop()
    qtbot.waitUntil(lambda: not queue.rows, timeout=40_000)
    assert queue._empty.isVisible()
    assert not line.bar.isVisible()
    qtbot.keyClick(queue, Qt.Key.Key_Escape)
    assert not queue.isVisible()


def test_the_status_names_device_model_and_reason(
    line: StatusLine, session: Session, qtbot: QtBot
) -> None:
    assert line.engine.text() == "The engine is off"
    session.start()
    qtbot.waitUntil(lambda: session.engine.model == "starter", timeout=40_000)
    text = line.engine.text()
    assert session.engine.device_name in text
    assert "Starter" in text
    tip = line.engine.toolTip()
    assert session.engine.reason in tip
    assert "float32" in tip
    assert "resident" in tip
