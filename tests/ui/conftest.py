"""Real sessions for the widgets; the engine, where a test starts it, is scripted."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot
from qasync import QEventLoop

from stickerstudio.core import i18n
from stickerstudio.core.paths import Paths
from stickerstudio.session.session import Session
from tests.session import scripted
from tests.ui import studio

MakeSession = Callable[[], Session]


@pytest.fixture
def studio_paths(paths: Paths, tmp_path: Path) -> Paths:
    """The test's own folders, with the little model of tests.ui.studio and two LoRAs."""
    made = studio.furnish(paths, tmp_path)
    studio.write_lora(made.bundled_loras / "chalk.safetensors", trigger="chalk style")
    studio.write_lora(made.loras / "neon.safetensors", trigger="neon", title="Neon sign")
    return made


@pytest.fixture
def make_session(studio_paths: Paths, qapp: QApplication, qtbot: QtBot) -> Iterator[MakeSession]:
    """Sessions over the same folders, one after the other or at once."""
    loop = QEventLoop(qapp)
    asyncio._set_running_loop(loop)
    made: list[Session] = []

    def make() -> Session:
        session = Session(studio_paths, scripted.create, loop)
        made.append(session)
        return session

    yield make
    for session in made:
        if not session.is_closed:
            with qtbot.waitSignal(session.closed):
                session.close()
    asyncio._set_running_loop(None)
    loop.close()


@pytest.fixture
def session(make_session: MakeSession, qtbot: QtBot) -> Session:
    """One with its LoRAs read, but not started: no engine, no previews."""
    session = make_session()
    qtbot.waitUntil(lambda: len(session.loras) == 2)
    return session


@pytest.fixture(autouse=True)
def plain_english(qapp: QApplication) -> Iterator[None]:
    """Each test begins in English and undressed."""
    yield
    i18n.set_language("en", Path())
    qapp.setStyleSheet("")
    qapp.setPalette(qapp.style().standardPalette())
