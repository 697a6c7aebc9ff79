"""An engine that dies, hangs or never starts: one sentence, a new engine, nothing lost."""

from __future__ import annotations

import os
import signal
import sys
import time

import pytest

from stickerstudio.session import lane
from stickerstudio.session.session import Session
from tests.session import scripted
from tests.session.conftest import MakeSession
from tests.session.watch import Watch, exists


def make(session: Session, prompt: str, count: int = 1) -> int:
    session.edit(prompt=prompt, count=count)
    job_id = session.make()
    assert job_id is not None
    return job_id


@pytest.mark.parametrize(
    ("word", "reason"),
    [
        ("killed", "memory was full"),
        ("exits", "code 3"),
        pytest.param(
            "crashes",
            "SIGSEGV",
            marks=pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signal"),
        ),
    ],
)
def test_a_crash_is_one_sentence_and_the_engine_is_started_again(
    session: Session, watch: Watch, word: str, reason: str
):
    watch.idle()
    before = watch.engine_pid
    make(session, f"otter {word}")
    make(session, "cat")  # waits, and is not lost
    watch.until(lambda: watch.stickers)
    assert [sticker.recipe.prompt for sticker in watch.stickers] == ["cat"]
    assert watch.engine_pid != before
    assert not exists(before)
    assert "restarting" in watch.states
    (notice,) = watch.notices
    assert notice.error is not None
    assert notice.error.kind == "EngineCrashError"
    assert reason in notice.error.why
    assert notice.action == "retry_lost"
    if word == "crashes":
        assert "Segmentation fault" in notice.error.details


def test_sigkill_from_outside_in_the_middle_of_a_job(session: Session, watch: Watch):
    session.edit(seed=10, seed_locked=True, steps=1)
    make(session, "slow otter", 4)
    watch.until(lambda: len(watch.stickers) == 2)
    os.kill(watch.engine_pid, signal.SIGKILL)
    watch.until(lambda: watch.notices)
    watch.idle()
    made = len(watch.stickers)
    assert session.library.count() >= made
    session.perform("retry_lost")
    watch.until(lambda: session.jobs)
    assert session.jobs[0].count == 4 - made
    watch.idle()
    assert [sticker.recipe.seed for sticker in watch.stickers] == [10, 11, 12, 13]


def test_a_lost_order_is_offered_and_made_again(session: Session, watch: Watch):
    session.edit(seed=5, seed_locked=True)
    make(session, "otter killed-once", 3)
    watch.until(lambda: watch.notices)
    watch.idle()
    assert [sticker.recipe.seed for sticker in watch.stickers] == [5, 6]
    session.retry_lost()
    session.retry_lost()  # a second press of the button orders nothing twice
    watch.idle()
    assert [sticker.recipe.seed for sticker in watch.stickers] == [5, 6, 7]
    assert len(watch.notices) == 1


def test_an_order_that_always_crashes_the_engine_does_not_loop(session: Session, watch: Watch):
    make(session, "otter killed")
    for presses in range(1, lane.MAX_FAILURES + 2):
        watch.until(lambda n=presses: len(watch.notices) == n)
        watch._qtbot.wait(100)
        assert len(watch.notices) == presses  # nothing happens until the user asks for it
        session.retry_lost()
    watch.until(lambda: len(watch.notices) > lane.MAX_FAILURES + 1)


def test_a_preview_that_always_crashes_the_engine_does_not_loop(session: Session, watch: Watch):
    session.edit(live=True, prompt="otter killed")
    watch.until(lambda: watch.notices)
    watch.idle()
    watch._qtbot.wait(200)
    assert len(watch.notices) == 1
    assert watch.notices[0].action is None
    session.edit(prompt="otter")
    watch.until(lambda: watch.previews)


def test_an_engine_that_dies_before_it_is_ready_is_given_up(make_session: MakeSession, qtbot):
    session = make_session(scripted.create_dying)
    watch = Watch(session, qtbot)
    session.start()
    make(session, "otter")
    watch.until(lambda: session.engine.state == "stopped")
    assert len(watch.notices) == lane.MAX_FAILURES
    assert watch.notices[-1].action == "restart_engine"
    assert [job.title for job in session.jobs] == ["otter"]  # waits for an engine
    session._create = scripted.create  # the user has repaired it
    session.perform("restart_engine")
    watch.until(lambda: watch.stickers)


def test_an_engine_that_cannot_be_made_says_why_once(make_session: MakeSession, qtbot):
    session = make_session(scripted.create_broken)
    watch = Watch(session, qtbot)
    session.start()
    watch.until(lambda: session.engine.state == "stopped")
    (notice,) = watch.notices
    assert notice.error is not None
    assert "libtorch is missing" in notice.error.why
    assert "Traceback" in notice.error.details
    assert notice.action == "restart_engine"


def test_an_engine_deaf_to_a_cancel_is_killed_and_started_again(
    session: Session, watch: Watch, monkeypatch: pytest.MonkeyPatch
):
    session._workbench._lane._patience = 0.5
    watch.idle()
    before = watch.engine_pid
    make(session, "otter hangs")
    watch.until(lambda: watch.progress)
    begun = time.monotonic()
    session.stop()
    watch.until(lambda: not session.jobs)
    assert time.monotonic() - begun > 0.4
    make(session, "cat")
    watch.until(lambda: watch.stickers)
    assert not exists(before)
    assert not watch.notices  # the user asked for it


def test_a_second_stop_does_not_wait(session: Session, watch: Watch):
    make(session, "otter hangs")
    watch.until(lambda: watch.progress)
    session.stop()
    session.stop()
    watch.until(lambda: not session.jobs, seconds=lane.CANCEL_PATIENCE - 1)
    make(session, "cat")
    watch.until(lambda: watch.stickers)


@pytest.mark.parametrize("word", ["unlisted", "untold"])
def test_a_sticker_whose_engine_was_ended_before_it_told_of_it_is_shown(
    session: Session, watch: Watch, word: str
):
    session._collection._poll.setInterval(20)
    changes: list[int] = []
    session.library_changed.connect(lambda: changes.append(session.library.count()))
    make(session, "cat")
    watch.idle()
    make(session, f"otter {word}")
    watch.until(lambda: len(list(session.paths.library.glob("????-??/*.png"))) == 2)
    session.stop()
    session.stop()
    watch.until(lambda: 2 in changes, seconds=20)
    assert len(watch.stickers) == 1


def test_a_stopped_engine_starts_again_with_the_next_order(make_session: MakeSession, qtbot):
    session = make_session(scripted.create_broken_once)
    watch = Watch(session, qtbot)
    session.edit(live=False)
    session.start()
    watch.until(lambda: session.engine.state == "stopped")
    make(session, "otter")
    watch.until(lambda: watch.stickers)
