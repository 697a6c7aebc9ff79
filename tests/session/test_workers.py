"""Workers: other processes do the work, and nothing that happens there harms the window."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any

import pytest
from pytestqt.qtbot import QtBot
from qasync import QEventLoop

from stickerstudio.core import i18n
from stickerstudio.core.errors import BadFileError, Cancelled, FaultError
from stickerstudio.core.paths import Paths
from stickerstudio.session.workers import Workers
from tests.session import work

Await = Callable[[Coroutine[Any, Any, Any]], Any]


@pytest.fixture
def workers(paths: Paths, light_child: None) -> Iterator[Workers]:
    """Two of them."""
    made = Workers(paths.locales)
    yield made
    made.close()
    assert made.join(5)


@pytest.fixture
def wait(loop: QEventLoop, qtbot: QtBot) -> Await:
    """Run a coroutine to its end, as the window's loop does."""

    def run(coroutine: Coroutine[Any, Any, Any]) -> Any:
        task = loop.create_task(coroutine)
        qtbot.waitUntil(task.done, timeout=30_000)
        return task.result()

    return run


def is_alive(pid: int) -> bool:
    """Whether that process is there; a zombie of ours would count."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_work_is_done_in_a_light_process_that_is_kept(workers: Workers, wait: Await) -> None:
    async def both() -> tuple[list[int], list[str], set[int]]:
        numbers = await asyncio.gather(*(workers.run(work.double, n) for n in range(20)))
        ids = await asyncio.gather(*(workers.run(work.process_id) for _ in range(20)))
        return numbers, await workers.run(work.heavy_modules), set(ids)

    numbers, heavy, ids = wait(both())
    assert numbers == [2 * n for n in range(20)]
    assert heavy == []
    assert os.getpid() not in ids
    assert 1 <= len(ids) <= 2


def test_our_errors_cross_as_they_are(workers: Workers, wait: Await) -> None:
    with pytest.raises(BadFileError) as caught:
        wait(workers.run(work.refuse, Path("/some/otter.png")))
    assert (caught.value.what, caught.value.why) == ("otter.png is damaged.", "why")
    assert "in refuse" in "".join(caught.value.__notes__)


def test_an_error_is_worded_in_the_windows_language(
    workers: Workers, wait: Await, paths: Paths
) -> None:
    i18n.set_language("zh_TW", paths.locales)
    try:
        with pytest.raises(BadFileError, match=r"otter\.png.*損") as caught:
            wait(workers.run(work.refuse, Path("otter.png")))
    finally:
        i18n.set_language("en", paths.locales)
    assert caught.value.what != "otter.png is damaged."


def test_an_error_that_cannot_be_sent_is_a_fault_that_names_it(
    workers: Workers, wait: Await
) -> None:
    with pytest.raises(FaultError, match="AwkwardError: one"):
        wait(workers.run(work.raise_awkward))


def test_a_killed_worker_costs_its_own_job_only(workers: Workers, wait: Await) -> None:
    async def one_dies() -> list[Any]:
        jobs = [workers.run(work.double, 1), workers.run(work.die), workers.run(work.double, 2)]
        return await asyncio.gather(*jobs, return_exceptions=True)

    first, fault, last = wait(one_dies())
    assert (first, last) == (2, 4)
    assert isinstance(fault, FaultError)
    assert "try again" in fault.todo
    assert wait(workers.run(work.double, 3)) == 6


def test_a_cancelled_job_is_ended_where_it_stands(
    workers: Workers, wait: Await, loop: QEventLoop, qtbot: QtBot, tmp_path: Path
) -> None:
    begun = tmp_path / "begun"
    task = loop.create_task(workers.run(work.sleep_beside, begun, 60))
    qtbot.waitUntil(lambda: begun.exists() and bool(begun.read_text()), timeout=30_000)
    task.cancel()
    pid = int(begun.read_text())
    qtbot.waitUntil(lambda: not is_alive(pid), timeout=5_000)
    assert wait(workers.run(work.double, 4)) == 8


def test_close_ends_everything_within_five_seconds(
    workers: Workers, loop: QEventLoop, qtbot: QtBot, tmp_path: Path
) -> None:
    files = [tmp_path / "a", tmp_path / "b", tmp_path / "c"]
    tasks = [loop.create_task(workers.run(work.sleep_beside, file, 60)) for file in files]
    qtbot.waitUntil(lambda: all(f.exists() and f.read_text() for f in files[:2]), timeout=30_000)
    pids = [int(file.read_text()) for file in files[:2]]
    start = time.monotonic()
    workers.close()
    qtbot.waitUntil(lambda: all(task.done() for task in tasks), timeout=5_000)
    assert all(isinstance(task.exception(), Cancelled) for task in tasks)
    assert workers.join(5)
    assert time.monotonic() - start < 5
    assert not any(map(is_alive, pids))
    assert not files[2].exists()
