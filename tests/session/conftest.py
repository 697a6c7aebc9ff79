"""A Session over a scripted engine in a real child process, on qasync's loop over pytest-qt's."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QCoreApplication
from pytestqt.qtbot import QtBot
from qasync import QEventLoop

from stickerstudio.core.paths import Paths
from stickerstudio.models.loras import LoraInfo
from stickerstudio.session.session import CreateGenerator, Session
from tests.session import scripted
from tests.session.watch import Watch

MakeSession = Callable[..., Session]


@pytest.fixture
def loop(qapp: QCoreApplication) -> Iterator[QEventLoop]:
    """qasync's loop, carried by whatever runs Qt's: here the waiting of qtbot.

    Not `already_running=True`: stopping such a loop ends the application for the tests to come.
    """
    loop = QEventLoop(qapp)
    asyncio._set_running_loop(loop)
    yield loop
    asyncio._set_running_loop(None)
    loop.close()


@pytest.fixture
def paths(paths: Paths) -> Paths:
    """The test's own folders, with two models that only the scripted engine can run."""
    return scripted.with_models(paths)


@pytest.fixture
def light_child(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep spawned children from importing pytest, which takes longer than the rest of them."""
    monkeypatch.delattr(sys.modules["__main__"], "__file__", raising=False)
    monkeypatch.setattr(sys.modules["__main__"], "__spec__", None, raising=False)


@pytest.fixture
def make_session(
    paths: Paths, loop: QEventLoop, qtbot: QtBot, light_child: None
) -> Iterator[MakeSession]:
    """Sessions that are closed, thread and process and all, when the test ends."""
    made: list[Session] = []

    def make(create: CreateGenerator = scripted.create) -> Session:
        session = Session(paths, create, loop)
        session._conversation.pace = 0
        made.append(session)
        return session

    yield make
    for session in made:
        if not session.is_closed:
            with qtbot.waitSignal(session.closed):
                session.close()


@pytest.fixture
def session(make_session: MakeSession) -> Session:
    """A started one."""
    session = make_session()
    session.edit(live=False)
    session.start()
    return session


@pytest.fixture
def watch(session: Session, qtbot: QtBot) -> Watch:
    """Everything the started session says."""
    return Watch(session, qtbot)


@pytest.fixture
def lora_info() -> Callable[[str, float], LoraInfo]:
    """Makes the description of a LoRA that is on no disk."""

    def make(name: str, recommended_weight: float) -> LoraInfo:
        return LoraInfo(
            name=name,
            title=name,
            title_zh_hant=name,
            path=Path(name),
            family="sdxl",
            format="peft",
            trigger_words=(),
            base_model="",
            rank=4,
            alpha=None,
            author="",
            licence="",
            preview=None,
            recommended_weight=recommended_weight,
            bundled=False,
            size_bytes=0,
        )

    return make
