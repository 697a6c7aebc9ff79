"""Thumbnails: off the UI thread, the latest wish first, none for what was scrolled past."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
from PySide6.QtGui import QImage
from pytestqt.qtbot import QtBot

from stickerstudio.core.errors import BadFileError
from stickerstudio.ui import thumbnails
from stickerstudio.ui.thumbnails import Thumbnails


class Loader:
    """Notes what it is asked for, in which thread, and waits to be let go."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, int]] = []
        self.threads: set[int] = set()
        self.gate = threading.Event()
        self.gate.set()

    def __call__(self, source: str, side: int) -> QImage:
        self.asked.append((source, side))
        self.threads.add(threading.get_ident())
        assert self.gate.wait(10)
        if source == "broken":
            raise BadFileError("broken")
        image = QImage(side, side, QImage.Format.Format_RGBA8888)
        image.fill(0x80FF0000)
        return image


@pytest.fixture
def loader() -> Loader:
    return Loader()


@pytest.fixture
def pictures(loader: Loader, qtbot: QtBot) -> Iterator[Thumbnails[str]]:
    made = Thumbnails[str](loader)
    yield made
    loader.gate.set()
    made.close()


def test_a_thumbnail_comes_later_and_from_another_thread(
    pictures: Thumbnails[str], loader: Loader, qtbot: QtBot
) -> None:
    with qtbot.waitSignal(pictures.ready) as ready:
        assert pictures.get("a", "a", 64) is None
    assert ready.args == ["a"]
    pixmap = pictures.get("a", "a", 64)
    assert pixmap is not None
    assert pixmap.width() == 64
    assert threading.get_ident() not in loader.threads


def test_what_is_there_is_not_loaded_again(
    pictures: Thumbnails[str], loader: Loader, qtbot: QtBot
) -> None:
    for _ in range(3):
        pictures.get("a", "a", 64)
    qtbot.waitUntil(lambda: pictures.loads == 1)
    pictures.get("a", "a", 64)
    qtbot.wait(20)
    assert loader.asked == [("a", 64)]


def test_what_cannot_be_read_is_a_null_picture(pictures: Thumbnails[str], qtbot: QtBot) -> None:
    with qtbot.waitSignal(pictures.ready):
        pictures.get("broken", "broken", 64)
    pixmap = pictures.get("broken", "broken", 64)
    assert pixmap is not None
    assert pixmap.isNull()


def test_after_a_fling_only_the_last_screens_are_loaded(
    pictures: Thumbnails[str], loader: Loader, qtbot: QtBot
) -> None:
    loader.gate.clear()
    for number in range(5_000):
        pictures.get(str(number), str(number), 64)
    loader.gate.set()
    qtbot.waitUntil(lambda: pictures.get("4999", "4999", 64) is not None)
    qtbot.waitUntil(lambda: pictures.loads == len(loader.asked) >= thumbnails._MOST_WISHES)
    assert len(loader.asked) <= thumbnails._MOST_WISHES + thumbnails._THREADS
    begun = loader.asked[thumbnails._THREADS :]  # after those that were begun before the fling
    assert [int(name) for name, _ in begun[:50]] == sorted(
        (int(name) for name, _ in begun[:50]), reverse=True
    )


def test_memory_is_bounded(
    pictures: Thumbnails[str], qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(thumbnails, "_KEPT_BYTES", 10 * 4 * 64 * 64)
    for number in range(40):
        pictures.get(str(number), str(number), 64)
    qtbot.waitUntil(lambda: pictures.loads == 40)
    assert len(pictures._kept) == 10
    assert pictures._bytes == 10 * 4 * 64 * 64


def test_closing_waits_for_what_is_being_loaded(
    pictures: Thumbnails[str], loader: Loader, qtbot: QtBot
) -> None:
    loader.gate.clear()
    pictures.get("a", "a", 64)
    qtbot.waitUntil(lambda: len(loader.asked) == 1)
    threading.Timer(0.1, loader.gate.set).start()
    pictures.close()
    assert loader.gate.is_set()
    asked = len(loader.asked)
    pictures.get("b", "b", 64)
    assert len(loader.asked) == asked
