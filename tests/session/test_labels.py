"""Collections, tags, trash and the disk's use as the session tells of them."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from PIL import Image
from pytestqt.qtbot import QtBot

from stickerstudio.core.collections import Label
from stickerstudio.core.library import Library
from stickerstudio.core.paths import Paths
from stickerstudio.core.recipe import Recipe
from stickerstudio.session.session import Session
from stickerstudio.session.state import Notice

CATS = Label("collection", "貓咪 🐱")
WORK = Label("tag", "work")


@pytest.fixture
def ids(session: Session) -> list[str]:
    picture = Image.new("RGBA", (8, 8), "red")
    return [session.library.add(picture, Recipe(name), 0.1).id for name in ("a", "b", "c")]


def until(qtbot: QtBot, condition: Callable[[], object]) -> None:
    qtbot.waitUntil(lambda: bool(condition()), timeout=60_000)


def test_putting_and_taking(session: Session, ids: list[str], qtbot: QtBot) -> None:
    notices: list[Notice] = []
    session.notice.connect(notices.append)
    labels = session.labels
    labels.put(CATS, ids[:2])
    labels.put(WORK, ids[2:])
    until(qtbot, lambda: (labels.collections, labels.tags) == ({CATS: 2}, {WORK: 1}))
    assert [notice.text for notice in notices] == [
        "2 stickers are now in “貓咪 🐱”.",
        "One sticker is now tagged “work”.",
    ]
    labels.take(CATS, ids[:1])
    until(qtbot, lambda: labels.collections == {CATS: 1})

    renamed: list[tuple[Label, Label | None]] = []
    labels.renamed.connect(lambda old, new: renamed.append((old, new)))
    labels.rename(CATS, " cats ")
    until(qtbot, lambda: labels.collections == {Label("collection", "cats"): 1})
    labels.drop(Label("collection", "cats"))
    until(qtbot, lambda: not labels.collections)
    assert renamed == [
        (CATS, Label("collection", "cats")),
        (Label("collection", "cats"), None),
    ]


def test_a_name_that_cannot_be_used_is_a_notice(session: Session, ids: list[str]) -> None:
    notices: list[Notice] = []
    session.notice.connect(notices.append)
    session.labels.put(Label("tag", "  "), ids)
    session.labels.rename(CATS, "\n")
    assert [notice.error is not None for notice in notices] == [True, True]


def test_trash_is_counted_restored_and_emptied(
    session: Session, ids: list[str], qtbot: QtBot
) -> None:
    labels = session.labels
    session.delete(ids)
    until(qtbot, lambda: labels.in_trash == 3)
    labels.restore(ids[:1])
    until(qtbot, lambda: labels.in_trash == 2)
    assert session.library.ids() == ids[:1]
    labels.empty_trash()
    until(qtbot, lambda: labels.in_trash == 0)
    assert session.library.trash() == []


def test_the_disks_use_adds_up(session: Session, ids: list[str], qtbot: QtBot) -> None:
    session.delete(ids[:1])
    until(qtbot, lambda: session.labels.in_trash == 1)
    (session.paths.cache / "thumbnails").mkdir(parents=True)
    (session.paths.cache / "thumbnails" / "x").write_bytes(bytes(1000))
    session.labels.measure()
    until(qtbot, lambda: session.labels.use is not None)
    use = session.labels.use
    assert use is not None
    files = [file for file in session.paths.library.rglob("*") if file.is_file()]
    kept = sum(file.stat().st_size for file in files if file.suffix == ".png")
    assert use.stickers + use.trash == kept
    assert use.trash == next((session.paths.library / "trash").glob("*.png")).stat().st_size
    assert use.cache == 1000
    assert use.rest > 0
    assert use.total == use.stickers + use.trash + use.rest + use.cache


def test_a_library_without_its_index_is_read_by_a_worker(
    paths: Paths, make_session: Callable[[], Session], qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    from stickerstudio.session import collection

    monkeypatch.setattr(collection, "PATIENCE", 0)
    with Library(paths.library) as library:
        ids = [library.add(Image.new("RGBA", (8, 8)), Recipe(str(n)), 0.1).id for n in range(9)]
    for index in paths.library.glob("index-*"):
        index.unlink()

    session = make_session()
    assert session.library.ids() == []
    changes: list[int] = []
    session.library_changed.connect(lambda: changes.append(session.library.count()))
    session.start()
    until(qtbot, lambda: changes and changes[-1] == 9)
    assert session.library.ids() == ids[::-1]
    assert not session.library.is_behind
