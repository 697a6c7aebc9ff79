"""The end: within five seconds, with nothing left behind, whatever is going on."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from stickerstudio.core.library import Library
from stickerstudio.core.paths import Paths
from stickerstudio.session.session import Session
from tests.session.conftest import MakeSession
from tests.session.watch import Watch, exists

PROGRAM = """
import sys
from pathlib import Path

def main():
    from PySide6.QtCore import QCoreApplication
    from qasync import QEventLoop
    from stickerstudio.core.paths import Paths
    from stickerstudio.session.session import Session
    from tests.session import scripted
    from tests.session.watch import Watch

    app = QCoreApplication([])
    loop = QEventLoop(app)
    paths = scripted.with_models(Paths.under(Path(sys.argv[1])))
    session = Session(paths, scripted.create, loop)
    session.sticker_ready.connect(lambda sticker: print("sticker", sticker.id, flush=True))
    session.engine_changed.connect(lambda: print(session.engine.device_name, flush=True))
    session.progress.connect(lambda progress: print("step", flush=True))
    session.edit(prompt=sys.argv[2], count=16, live=False, steps=2)
    session.start()
    session.jobs_changed.connect(lambda: session.jobs or session.make())
    session.make()
    with loop:
        loop.run_forever()

if __name__ == "__main__":
    main()
"""


def threads_of_ours() -> list[threading.Thread]:
    return [t for t in threading.enumerate() if t.name.startswith(("io-", "stickerstudio"))]


@pytest.mark.parametrize("prompt", ["slow otter", "otter hangs", ""])
def test_quit_in_the_middle_of_a_job(session: Session, watch: Watch, qtbot, prompt: str):
    watch.idle()
    pid = watch.engine_pid
    if prompt:
        session.edit(prompt=prompt, count=16)
        session.make()
        session.make()
        watch.until(lambda: watch.progress)
    with qtbot.waitSignal(session.closed, timeout=5000):
        session.close()
    assert not exists(pid)
    assert session._workbench._lane.isFinished()
    watch.until(lambda: not threads_of_ours(), seconds=2)
    assert not watch.notices


def test_quit_while_the_engine_is_starting_is_immediate(make_session: MakeSession, qtbot):
    session = make_session()
    session.start()
    with qtbot.waitSignal(session.closed, timeout=2500):
        session.close()


def test_quit_before_the_engine_was_started(make_session: MakeSession, qtbot):
    session = make_session()
    with qtbot.waitSignal(session.closed, timeout=2500):
        session.close()


def test_quit_without_an_event_loop(make_session: MakeSession, session: Session, watch: Watch):
    session.edit(prompt="otter hangs")
    session.make()
    watch.until(lambda: watch.progress)
    pid = watch.engine_pid
    begun = time.monotonic()
    session.close()
    assert session.wait_closed()
    assert time.monotonic() - begun < 5
    assert not exists(pid)


def test_a_frozen_engine_does_not_keep_the_window_open(session: Session, watch: Watch, qtbot):
    """SIGSTOP: it answers nothing, and its wire stays open."""
    session.edit(prompt="slow otter", count=16)
    session.make()
    watch.until(lambda: watch.progress)
    os.kill(watch.engine_pid, signal.SIGSTOP)
    with qtbot.waitSignal(session.closed, timeout=5000):
        session.close()
    assert not exists(watch.engine_pid)


def start_program(folder: Path, prompt: str) -> tuple[subprocess.Popen[str], int]:
    """A program that makes stickers without end, and the process id of its engine."""
    program = folder / "program.py"
    program.write_text(PROGRAM, encoding="utf-8")
    process = subprocess.Popen(
        [sys.executable, str(program), str(folder), prompt],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(p for p in sys.path if p)},
    )
    assert process.stdout
    engine = 0
    for line in process.stdout:
        if line.startswith("pid "):
            engine = int(line.split()[1])
        if line.startswith("step"):
            break
    return process, engine


@pytest.mark.parametrize("prompt", ["slow otter", "otter hangs"])
def test_when_the_program_is_killed_its_engine_goes_too(tmp_path: Path, prompt: str):
    program, engine = start_program(tmp_path, prompt)
    with program:
        assert exists(engine)
        program.kill()
    end = time.monotonic() + 10
    while exists(engine):
        assert time.monotonic() < end
        time.sleep(0.02)


@pytest.mark.slow
def test_every_sticker_that_was_shown_is_there_after_20_kills_at_random_moments(tmp_path: Path):
    rng = random.Random(20)
    shown: list[str] = []
    for _ in range(20):
        program, _ = start_program(tmp_path, "otter")
        with program:
            assert program.stdout
            time.sleep(rng.uniform(0, 0.4))
            program.kill()
            # What it said before the end came is in the pipe.
            shown += [line.split()[1] for line in program.stdout if line.startswith("sticker")]
    assert len(shown) >= 20
    with Library(Paths.under(tmp_path).library) as library:
        assert set(shown) <= set(library.ids())


def test_the_draft_is_there_at_the_next_start(make_session: MakeSession, qtbot):
    first = make_session()
    first.edit(prompt="我愛你，水獺", seed=7, seed_locked=True, count=5, live=False, model="other")
    with qtbot.waitSignal(first.closed):
        first.close()
    second = make_session()
    assert second.draft == first.draft
