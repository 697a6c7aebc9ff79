"""Packing: a pack is kept on disk, watched, judged, and exported by the workers."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image
from pytestqt.qtbot import QtBot

from stickerstudio.core.recipe import Recipe
from stickerstudio.packs import pack as projects
from stickerstudio.packs.pack import Pack
from stickerstudio.packs.platforms import find
from stickerstudio.session import packing as module
from stickerstudio.session.packing import Packing
from stickerstudio.session.session import Session
from tests.packs.make import ART, NAMES

MakeSession = Callable[..., Session]
PATIENCE = 60_000


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits for what a person would."""
    monkeypatch.setattr(module, "SAVE_DELAY", 10)
    monkeypatch.setattr(module, "POLL", 50)


def fill(session: Session, names: tuple[str, ...] = NAMES) -> list[str]:
    """Put real stickers into the library; their ids."""
    ids: list[str] = []
    for name in names:
        with Image.open(ART / f"{name}.webp") as image:
            ids.append(session.library.add(image.convert("RGBA"), Recipe(f"happy {name}"), 1.0).id)
    return ids


def opened(packing: Packing) -> Pack:
    """The pack that is open."""
    assert packing.pack is not None
    return packing.pack


@pytest.fixture
def packing(make_session: MakeSession, qtbot: QtBot) -> Packing:
    """With a pack of four open, judged for the platforms of a new pack."""
    session = make_session()
    ids = fill(session, NAMES[:4])
    session.packing.create(ids, "Friends", "me")
    qtbot.waitUntil(lambda: len(session.packing.judgements) == 3, timeout=PATIENCE)
    return session.packing


def test_a_new_pack_has_emoji_after_the_prompts_and_is_on_disk(packing: Packing) -> None:
    pack = opened(packing)
    assert [sticker.emoji for sticker in pack.stickers][:1] == [("🦦",)]
    assert packing.path is not None
    assert projects.load(packing.path) == pack
    assert [(one.title, one.count) for one in packing.projects] == [("Friends", 4)]
    assert not packing.judgements["whatsapp"].open
    assert packing.judgements["line"].open


def test_a_change_is_judged_saved_and_can_be_undone(packing: Packing, qtbot: QtBot) -> None:
    path, before = packing.path, opened(packing)
    assert path is not None
    packing.set_sticker(1, emoji=())
    (problem,) = packing.judgements["whatsapp"].open
    assert problem.sticker == 1
    qtbot.waitUntil(lambda: projects.load(path).stickers[1].emoji == (), timeout=5_000)
    packing.fix(problem)
    assert opened(packing).stickers[1].emoji
    assert not packing.judgements["whatsapp"].open
    packing.undo()
    packing.undo()
    assert opened(packing) == before
    qtbot.waitUntil(lambda: projects.load(path) == before, timeout=5_000)


def test_order_removal_and_cover_go_together(packing: Packing) -> None:
    sources = [sticker.source for sticker in opened(packing).stickers]
    packing.edit(cover=2)
    packing.reorder([3, 2, 0, 1])
    assert [sticker.source for sticker in opened(packing).stickers] == [
        sources[i] for i in (3, 2, 0, 1)
    ]
    assert opened(packing).cover == 1
    packing.remove([0])
    assert opened(packing).cover == 0
    assert opened(packing).stickers[0].source == sources[2]


def test_an_agreed_loss_is_remembered(packing: Packing) -> None:
    packing.edit(title="x" * 41)
    problem = next(p for p in packing.judgements["line"].open if p.fix == "shorten")
    packing.fix(problem)
    assert ("line", "shorten") in opened(packing).accepted
    assert "shorten" not in {p.fix for p in packing.judgements["line"].open}


def test_another_windows_change_is_shown(packing: Packing, qtbot: QtBot) -> None:
    path = packing.path
    assert path is not None
    other = Pack(**{**_fields(opened(packing)), "title": "Theirs"})
    projects.save(other, path)
    qtbot.waitUntil(lambda: opened(packing).title == "Theirs", timeout=5_000)


def test_two_windows_that_both_changed_ask(packing: Packing, qtbot: QtBot) -> None:
    path = packing.path
    assert path is not None
    packing._poll.stop()  # the other window was quicker than the look
    other = Pack(**{**_fields(opened(packing)), "title": "Theirs"})
    projects.save(other, path)
    with qtbot.waitSignal(packing.changed_elsewhere, timeout=5_000):
        packing.edit(title="Mine")
    assert projects.load(path).title == "Theirs"
    packing.keep_mine()
    qtbot.waitUntil(lambda: projects.load(path).title == "Mine", timeout=5_000)


def test_what_is_exported_is_what_the_workers_made(
    packing: Packing, qtbot: QtBot, tmp_path: Path
) -> None:
    packing.edit(platforms=("slack", "line"))
    seen: list[tuple[int, int] | None] = []
    told: list[object] = []
    packing.progressed.connect(lambda: seen.append(packing.progress))
    packing.notice.connect(told.append)
    with qtbot.waitSignal(packing.exported, timeout=PATIENCE) as caught:
        packing.export(tmp_path / "out")
    assert caught.args is not None
    assert caught.args == [[tmp_path / "out" / "Friends-slack"]]
    assert len(list((tmp_path / "out" / "Friends-slack").glob("*.png"))) == 4
    assert (4, 4) in seen
    assert seen[-1] is None
    assert len(told) == 1  # LINE takes eight: said, and the other pack made all the same
    assert "LINE" in str(told[0])


def test_a_cancelled_export_leaves_nothing(packing: Packing, qtbot: QtBot, tmp_path: Path) -> None:
    packing.edit(platforms=("whatsapp",))
    packing.export(tmp_path / "out")
    qtbot.waitUntil(lambda: packing.progress is not None and packing.progress[1] > 0)
    packing.cancel_export()
    qtbot.waitUntil(lambda: packing.progress is None, timeout=PATIENCE)
    assert not (tmp_path / "out").exists()


def test_an_imported_pack_can_be_edited(packing: Packing, qtbot: QtBot, tmp_path: Path) -> None:
    packing.edit(platforms=("slack",))
    with qtbot.waitSignal(packing.exported, timeout=PATIENCE) as caught:
        packing.export(tmp_path)
    first = packing.path
    assert caught.args is not None
    packing.import_from(caught.args[0][0])
    qtbot.waitUntil(lambda: packing.path != first, timeout=PATIENCE)
    pack = opened(packing)
    assert (pack.title, len(pack.stickers)) == ("Friends", 4)
    assert all(sticker.source.is_relative_to(packing.folder) for sticker in pack.stickers)
    qtbot.waitUntil(lambda: len(packing.projects) == 2, timeout=PATIENCE)
    assert first is not None
    packing.remove_project(first)
    qtbot.waitUntil(lambda: [one.path for one in packing.projects] == [packing.path])


def test_a_broken_pack_is_a_notice(packing: Packing, qtbot: QtBot, tmp_path: Path) -> None:
    path = tmp_path / "x.zip"
    path.write_bytes(b"PK")
    with qtbot.waitSignal(packing.notice, timeout=PATIENCE) as caught:
        packing.import_from(path)
    assert caught.args is not None
    assert caught.args[0].error.kind == "BadFileError"
    assert opened(packing).title == "Friends"


def test_new_packs_are_for_platforms_there_are() -> None:
    assert all(find(key) for key in module.AT_FIRST)


def _fields(pack: Pack) -> dict[str, object]:
    return {name: getattr(pack, name) for name in Pack.__slots__}
