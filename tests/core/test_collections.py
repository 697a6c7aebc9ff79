"""Collections and tags: kept as plain lines, found again whatever becomes of the index."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stickerstudio.core.collections import MAX_NAME, Label, checked_name
from stickerstudio.core.errors import BadInputError, DiskError
from stickerstudio.core.library import Library
from tests.core.disks import FullDisk
from tests.core.stickers import add, remove_index

CATS = Label("collection", "貓咪 🐱")
WORK = Label("tag", "工作 work")


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    with Library(tmp_path / "library") as library:
        yield library


def test_a_collection_holds_what_was_put_into_it(library: Library) -> None:
    first, second, third = (add(library, name).id for name in "abc")
    library.put(CATS, [third, first])
    library.put(CATS, [first, second])
    library.put(Label("collection", "empty"), [])

    assert library.ids(label=CATS, order="own") == [third, first, second]
    assert library.ids(label=CATS) == [third, second, first]
    assert library.ids("b", label=CATS) == [second]
    assert library.count(label=CATS) == 3
    assert library.labels("collection") == {Label("collection", "empty"): 0, CATS: 3}

    library.take(CATS, [first])
    assert library.ids(label=CATS, order="own") == [third, second]
    assert library.labels_of(third) == [CATS]
    assert library.labels_of(first) == []


def test_a_tag_is_found_by_the_search_like_a_word_of_the_prompt(library: Library) -> None:
    otter, cat = add(library, "otter").id, add(library, "cat").id
    library.put(WORK, [otter])

    for words in ("work", "WORK otter", "工作", "作", "wo"):
        assert library.ids(words) == [otter], words
    library.rename(WORK, "Spaß")
    assert library.ids("work") == []
    assert library.ids("spass") == [otter]
    library.put(Label("tag", "Spaß"), [cat])
    library.take(Label("tag", "Spaß"), [otter])
    assert library.ids("spass") == [cat]
    library.drop(Label("tag", "Spaß"))
    assert library.ids("spass") == []
    assert library.labels("tag") == {}


def test_renaming_to_a_name_that_exists_joins_the_two(library: Library) -> None:
    first, second = add(library, "a").id, add(library, "b").id
    library.put(CATS, [first, second])
    library.put(Label("collection", "dogs"), [second])

    assert library.rename(CATS, " dogs ") == Label("collection", "dogs")
    assert library.ids(label=Label("collection", "dogs"), order="own") == [second, first]
    assert list(library.labels("collection")) == [Label("collection", "dogs")]


def test_labels_survive_the_index_and_a_stay_in_the_trash(tmp_path: Path) -> None:
    with Library(tmp_path) as library:
        first, second = add(library, "a").id, add(library, "b").id
        library.put(CATS, [second, first])
        library.put(WORK, [first])
        library.put(Label("collection", "gone"), [first])
        library.drop(Label("collection", "gone"))
        library.delete([first])
        assert library.ids(label=CATS) == [second]
        assert library.labels("collection") == {CATS: 1}
    remove_index(tmp_path)
    with Library(tmp_path) as library:
        library.restore([first])
        assert library.ids(label=CATS, order="own") == [second, first]
        assert library.ids("工作") == [first]
        assert library.labels("collection") == {CATS: 2}
        library.rebuild()
        assert library.ids("工作") == [first]


def test_two_windows_share_their_labels(tmp_path: Path) -> None:
    with Library(tmp_path) as one, Library(tmp_path) as two:
        sticker = add(one, "a").id
        stamp = two.change_stamp()
        one.put(CATS, [sticker])
        assert two.change_stamp() != stamp
        two.put(WORK, [sticker])
        assert one.labels_of(sticker) == two.labels_of(sticker) == [WORK, CATS]


def test_lines_written_without_the_index_and_strange_ones(tmp_path: Path) -> None:
    with Library(tmp_path) as library:
        first, second = add(library, "a").id, add(library, "b").id
        library.put(CATS, [first])
    journal = tmp_path / "collections.jsonl"
    line = {"deed": "put", "kind": "collection", "name": CATS.name, "ids": [second, 7, None]}
    strange = b'[1]\n{"deed": "fly", "kind": "tag", "name": "x"}\n\xff\n{"deed": "rename", "kind": "tag", "name": "y"}\n{"deed": "put", "kind": "tag", "name": "z", "ids": ["'  # fmt: skip # noqa: E501
    journal.write_bytes(journal.read_bytes() + json.dumps(line).encode() + b"\n" + strange)
    with Library(tmp_path) as library:
        assert library.ids(label=CATS, order="own") == [first, second]
        library.take(CATS, [first])  # after the torn line
    remove_index(tmp_path)
    with Library(tmp_path) as library:
        assert library.ids(label=CATS) == [second]
        assert library.labels("tag") == {}
    journal.unlink()
    with Library(tmp_path) as library:
        assert library.labels("collection") == {}


def test_a_disk_that_fills_changes_nothing(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    sticker = add(library, "a").id
    library.put(CATS, [sticker])
    journal = library.folder / "collections.jsonl"
    before = journal.read_bytes()
    disk = FullDisk(monkeypatch)
    disk.room = 10
    with pytest.raises(DiskError, match="The disk is full"):
        library.take(CATS, [sticker])
    assert journal.read_bytes() == before
    assert library.ids(label=CATS) == [sticker]


@pytest.mark.parametrize("name", ["", "  \n", "\u200d", "##", "x" * (MAX_NAME + 1), "\ud800"])
def test_names_that_cannot_be_used_are_refused(library: Library, name: str) -> None:
    with pytest.raises(BadInputError):
        library.put(Label("collection", name), [])
    library.put(CATS, [])
    with pytest.raises(BadInputError):
        library.rename(CATS, name)
    assert list(library.labels("collection")) == [CATS]


@given(st.text())
def test_a_name_that_is_taken_is_taken_the_same_again(name: str) -> None:
    try:
        once = checked_name(name)
    except BadInputError:
        return
    assert checked_name(once) == once
    assert once.isprintable() or any(char in once for char in "\u200c\u200d")


def test_orders(library: Library) -> None:
    ids = [add(library, prompt).id for prompt in ("pear", "Apple", "fig")]
    assert library.ids(order="oldest") == ids
    assert library.ids(order="newest") == ids[::-1]
    assert library.ids(order="prompt") == [ids[1], ids[2], ids[0]]
    assert library.ids(order="own") == ids[::-1]  # of no label: as it comes


# --- the trash as something to look at ---


def test_the_trash_shows_what_was_deleted_last_first(library: Library) -> None:
    stickers = [add(library, prompt) for prompt in ("a", "b", "c")]
    library.delete([stickers[1].id])
    time.sleep(0.02)
    library.delete([stickers[0].id])

    assert library.trash() == [stickers[0].id, stickers[1].id]
    shown = library.trashed(stickers[1].id)
    assert (shown.recipe, shown.created) == (stickers[1].recipe, stickers[1].created)
    assert shown.path.is_file()
    library.restore([stickers[1].id])
    assert library.trash() == [stickers[0].id]


# --- catching up in parts ---


def test_a_library_that_must_be_read_anew_opens_at_once_and_fills_up(tmp_path: Path) -> None:
    with Library(tmp_path) as library:
        ids = [add(library, str(number)).id for number in range(12)]
        library.set_favourite([ids[3]], True)
        library.put(CATS, [ids[4]])
    remove_index(tmp_path)

    with Library(tmp_path, patience=0) as library:
        assert library.is_behind
        assert library.ids() == []
        new = add(library, "made meanwhile").id  # nobody waits for the rest
        assert library.ids() == [new]
        assert library.catch_up()
        assert not library.is_behind
        assert library.ids() == [new, *ids[::-1]]
        assert library.ids(favourites=True) == [ids[3]]
        assert library.ids(label=CATS) == [ids[4]]


def test_another_program_fills_the_index_for_a_window_that_does_not_wait(tmp_path: Path) -> None:
    with Library(tmp_path) as library:
        ids = [add(library, str(number)).id for number in range(3)]
    remove_index(tmp_path)
    with Library(tmp_path, patience=0) as window:
        stamp = window.change_stamp()
        Library(tmp_path).close()
        assert window.change_stamp() != stamp
        assert window.ids() == ids[::-1]


def test_the_newest_are_read_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from stickerstudio.core import library_scan

    with Library(tmp_path) as library:
        ids = [add(library, str(number)).id for number in range(9)]
    remove_index(tmp_path)
    monkeypatch.setattr(library_scan, "_BATCH", 3)
    clock = iter(range(100))
    monkeypatch.setattr(library_scan.time, "monotonic", lambda: next(clock))

    with Library(tmp_path, patience=2) as library:  # two looks at the clock
        assert library.ids() == ids[:2:-1]
        assert library.is_behind
