"""The library in good weather: what is put in is found again."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from stickerstudio.core.errors import NotFoundError
from stickerstudio.core.library import Library, read_recipe
from stickerstudio.core.recipe import LoraWeight, Recipe
from tests.core.stickers import PROMPTS, add, picture, remove_index


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    with Library(tmp_path / "library") as library:
        yield library


def test_add_writes_the_picture_with_its_alpha_and_recipe(library: Library) -> None:
    recipe = Recipe("otter ❤️", seed=7, loras=(LoraWeight("pixel", -0.5),))

    sticker = library.add(picture(), recipe, 1.25)

    with Image.open(sticker.path) as image:
        assert image.mode == "RGBA"
        assert image.tobytes() == picture().tobytes()
    assert read_recipe(sticker.path) == recipe
    assert (sticker.width, sticker.height, sticker.seconds) == (6, 4, 1.25)
    assert abs(sticker.created - time.time()) < 60
    assert not sticker.favourite


def test_files_lie_in_a_folder_for_the_month_and_are_named_by_their_id(library: Library) -> None:
    sticker = add(library)

    year, month = sticker.id[:4], sticker.id[4:6]
    assert sticker.path == library.folder / f"{year}-{month}" / f"{sticker.id}.png"


def test_get_gives_what_add_gave(library: Library) -> None:
    stickers = [add(library, prompt) for prompt in PROMPTS]

    assert [library.get(sticker.id) for sticker in stickers] == stickers


def test_get_of_an_unknown_id_is_a_sentence(library: Library) -> None:
    with pytest.raises(NotFoundError, match="nobody"):
        library.get("nobody")


def test_search_gives_the_newest_first_in_pages(library: Library) -> None:
    ids = [add(library, str(number)).id for number in range(7)]

    assert ids == sorted(ids)
    assert [sticker.id for sticker in library.search()] == ids[::-1]
    assert [sticker.id for sticker in library.search(limit=2, offset=3)] == ids[3:1:-1]
    assert library.search(limit=2, offset=7) == []
    assert library.ids() == ids[::-1]
    assert library.count() == 7


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("otter", [0]),
        ("OTTER love", [0]),
        ("ott", [0]),
        ("ot", [0]),
        ("otters", []),
        ("otter party", []),
        ("水獺", [1]),
        ("獺", [1]),
        ("水獺抱著", [1]),
        ("紅心 水獺", [1]),
        ("水豚", []),
        ("cafe", [2]),
        ("CAFÉ 🎂", [2]),
        ("قطة", [3]),
        ("pixel-art", [3, 2, 1, 0]),
        ("  ", [3, 2, 1, 0]),
        ('"', []),
        ("otter*", []),
        ("otter OR party", []),
        ("%", []),
    ],
)
def test_search_finds_any_part_of_any_word(library: Library, words: str, found: list[int]) -> None:
    stickers = [add(library, prompt) for prompt in PROMPTS]

    assert library.search(words) == [stickers[index] for index in found]
    assert library.count(words) == len(found)
    assert library.ids(words) == [stickers[index].id for index in found]


def test_search_passes_over_loras_that_had_no_effect(library: Library) -> None:
    add(library, "otter", loras=(LoraWeight("watercolour", 0.0),))

    assert library.search("watercolour") == []


def test_common_words_are_found_as_rare_ones_are(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Above a number of hits the search goes another way; what it finds may not change."""
    monkeypatch.setattr("stickerstudio.core.library._FEW", 3)
    happy = [add(library, f"happy otter {number} of 水獺") for number in range(6)]
    add(library, "sad cat")
    library.set_favourite([happy[1].id, happy[4].id], True)

    assert library.ids("otter") == [sticker.id for sticker in happy[::-1]]
    assert library.count("happy OTTER 水獺") == 6
    assert library.ids("otter 4") == [happy[4].id]
    assert library.ids("otter", favourites=True) == [happy[4].id, happy[1].id]
    assert library.ids("nothing otter") == []


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(words=st.text(max_size=60))
def test_no_query_breaks_the_search(library: Library, words: str) -> None:
    assert library.count(words) == len(library.search(words)) == len(library.ids(words))


def test_a_pasted_novel_is_a_query_like_any_other(library: Library) -> None:
    add(library)

    assert library.search("otter " * 5000) == library.search("otter")
    assert library.count(" ".join(f"word{number}" for number in range(5000))) == 0
    assert library.count("水" * 10_000) == 0


@settings(
    max_examples=30,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(prompt=st.text(max_size=80))
def test_every_prompt_finds_its_own_sticker(library: Library, prompt: str) -> None:
    sticker = library.add(Image.new("RGBA", (1, 1)), Recipe(prompt), 0)

    assert sticker.id in library.ids(prompt)
    assert read_recipe(sticker.path) == sticker.recipe


def test_favourites_are_marked_unmarked_and_filtered(library: Library) -> None:
    stickers = [add(library, f"otter {number}") for number in range(4)]

    library.set_favourite([stickers[0].id, stickers[2].id, "long gone"], True)
    library.set_favourite([stickers[0].id], False)

    assert [sticker.id for sticker in library.search(favourites=True)] == [stickers[2].id]
    assert library.get(stickers[2].id) == replace(stickers[2], favourite=True)
    assert library.search("otter", favourites=True) == [library.get(stickers[2].id)]
    assert library.search("ot", favourites=True) == [library.get(stickers[2].id)]
    assert library.count(favourites=True) == 1


def test_delete_moves_to_the_trash_and_restore_brings_all_of_it_back(library: Library) -> None:
    kept, gone = add(library, "kept"), add(library, "gone")
    library.set_favourite([gone.id], True)
    before = gone.path.read_bytes()

    library.delete([gone.id, "never there"])

    assert library.search() == [kept]
    assert library.search("gone") == []
    assert not gone.path.exists()

    assert library.restore([gone.id]) == [replace(gone, favourite=True)]
    assert gone.path.read_bytes() == before
    assert library.count() == 2
    assert library.ids("gone") == [gone.id]


def test_restore_brings_back_what_it_can_and_names_the_rest(library: Library) -> None:
    sticker = add(library)
    library.delete([sticker.id])

    with pytest.raises(NotFoundError, match="2 stickers could not be restored"):
        library.restore(["../marks", sticker.id, "nobody"])

    assert library.search() == [sticker]


def test_restore_of_what_was_never_deleted_changes_nothing(library: Library) -> None:
    sticker = add(library)

    assert library.restore([sticker.id]) == [sticker]


def test_the_trash_is_emptied_of_what_lay_there_long_enough(library: Library) -> None:
    old, young = add(library, "old"), add(library, "young")
    library.delete([old.id, young.id])
    an_hour_ago = time.time() - 3600
    os.utime(library.folder / "trash" / f"{old.id}.png", (an_hour_ago, an_hour_ago))

    assert library.empty_trash(older_than_seconds=1800) == 1
    assert library.restore([young.id]) == [young]
    with pytest.raises(NotFoundError):
        library.restore([old.id])


def test_a_sticker_deleted_today_counts_from_today_however_old_it_is(library: Library) -> None:
    sticker = add(library)
    os.utime(sticker.path, (1e9, 1e9))
    library.delete([sticker.id])

    assert library.empty_trash(older_than_seconds=3600) == 0
    assert library.restore([sticker.id]) == [sticker]


def test_everything_is_there_at_the_next_open(tmp_path: Path) -> None:
    with Library(tmp_path) as library:
        stickers = [add(library, prompt) for prompt in PROMPTS]
        library.set_favourite([stickers[1].id], True)
        library.delete([stickers[0].id])
        before = library.search()

    with Library(tmp_path) as library:
        assert library.search() == before
        assert library.get(stickers[1].id).favourite


def test_ids_are_unique_and_rise_even_when_the_clock_stands_still(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(time, "time_ns", lambda: 1_700_000_000_000_000_000)

    ids = [add(library).id for _ in range(20)]

    assert ids == sorted(set(ids))
    assert library.ids() == ids[::-1]


def test_the_change_stamp_changes_with_every_change_and_only_then(library: Library) -> None:
    stamps = [library.change_stamp()]
    sticker = add(library)
    stamps.append(library.change_stamp())
    library.set_favourite([sticker.id], True)
    stamps.append(library.change_stamp())
    library.delete([sticker.id])
    stamps.append(library.change_stamp())
    library.restore([sticker.id])
    stamps.append(library.change_stamp())
    library.search("otter")

    assert len(set(stamps)) == len(stamps)
    assert library.change_stamp() == stamps[-1]


def test_pictures_of_every_mode_are_kept_with_alpha(library: Library) -> None:
    for mode in ("1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "I;16"):
        sticker = library.add(Image.new(mode, (3, 5)), Recipe(mode), 0)
        with Image.open(sticker.path) as image:
            assert (image.mode, image.size) == ("RGBA", (3, 5))


def test_read_recipe_of_other_pictures_is_none(tmp_path: Path) -> None:
    picture().save(tmp_path / "plain.png")
    picture().convert("RGB").save(tmp_path / "photo.jpg")
    (tmp_path / "empty.png").touch()

    assert [read_recipe(file) for file in sorted(tmp_path.iterdir())] == [None, None, None]
    with pytest.raises(NotFoundError):
        read_recipe(tmp_path / "missing.png")


def test_the_index_is_rebuilt_from_the_files_alone(tmp_path: Path) -> None:
    with Library(tmp_path) as library:
        stickers = [add(library, prompt, seed=number) for number, prompt in enumerate(PROMPTS)]
        library.set_favourite([stickers[3].id, stickers[2].id], True)
        library.set_favourite([stickers[2].id], False)
        library.delete([stickers[0].id])
        before = library.search()
    remove_index(tmp_path)

    with Library(tmp_path) as library:
        assert library.search() == before
        assert library.ids("水獺") == [stickers[1].id]
        assert library.rebuild() == 3
        assert library.search() == before
        assert library.restore([stickers[0].id]) == [stickers[0]]


def test_files_that_come_and_go_by_hand_are_noticed_at_the_next_open(tmp_path: Path) -> None:
    with Library(tmp_path / "a") as library:
        stays, goes = add(library, "stays"), add(library, "goes")
    with Library(tmp_path / "b") as other:
        comes = add(other, "comes")
    goes.path.unlink()
    month = tmp_path / "a" / "2019-05"
    month.mkdir()
    comes.path.rename(month / "renamed by hand.png")

    with Library(tmp_path / "a") as library:
        assert library.search("stays") == [stays]
        assert library.search("goes") == []
        found = library.get("renamed by hand")
        assert found.recipe == comes.recipe
        assert found.created == comes.created
    (month / "renamed by hand.png").unlink()
    month.rmdir()
    with Library(tmp_path / "a") as library:
        assert library.search() == [stays]


def test_an_unchanged_folder_is_not_read_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Library(tmp_path) as library:
        sticker = add(library)
    os.utime(sticker.path.parent, (1.7e9, 1.7e9))
    Library(tmp_path).close()
    scanned: list[str] = []
    scandir = os.scandir
    monkeypatch.setattr(
        os, "scandir", lambda folder: scanned.append(str(folder)) or scandir(folder)
    )

    Library(tmp_path).close()

    assert str(sticker.path.parent) not in scanned


def test_pictures_elsewhere_in_the_folder_are_the_users_own(tmp_path: Path) -> None:
    own = tmp_path / "holidays" / "beach.png"
    own.parent.mkdir()
    picture().save(own)
    picture().save(tmp_path / "desk.png")
    before = own.read_bytes()

    with Library(tmp_path) as library:
        assert library.search() == []
        assert library.skipped() == []
    assert own.read_bytes() == before
