"""Saved blends: any name, several windows, and a damaged file that costs only itself."""

from __future__ import annotations

import json
import threading
from pathlib import Path

import pytest
from PIL import Image

from stickerstudio.core.blends import SIDE, BlendShelf
from stickerstudio.core.errors import BadInputError, DiskError, NotFoundError, UserSideError
from stickerstudio.core.recipe import BlockWeight, LoraWeight

LORAS = (LoraWeight("ink", -0.5, (BlockWeight("mid.attention", 0.25),)), LoraWeight("水彩", 1.0))


@pytest.fixture
def shelf(tmp_path: Path) -> BlendShelf:
    return BlendShelf(tmp_path / "blends")


def picture(colour: str = "red", side: int = 300) -> Image.Image:
    return Image.new("RGBA", (side, side // 2), colour)


def names(shelf: BlendShelf) -> list[str]:
    return [blend.name for blend in shelf.read()[0]]


def files(shelf: BlendShelf) -> list[str]:
    return sorted(file.suffix for file in shelf._folder.iterdir())


def test_a_folder_that_is_not_there_holds_no_blends(shelf: BlendShelf):
    assert shelf.read() == ([], [])


@pytest.mark.parametrize(
    "name", ["Soft & round", "🦦💕", "水彩/粉彩: «測試»", "..", "CON", "e\u0301"]
)
def test_any_name_is_read_back_with_weights_and_picture(shelf: BlendShelf, name: str):
    shelf.save(f"  {name} ", LORAS, picture())
    ((blend,), problems) = shelf.read()
    assert not problems
    assert blend.name == ("é" if name == "e\u0301" else name)
    assert blend.loras == LORAS
    assert blend.picture is not None
    with Image.open(blend.picture) as image:
        assert image.size == (SIDE, SIDE // 2)
        assert image.getpixel((0, 0)) == (255, 0, 0, 255)


def test_saving_the_same_name_again_replaces_it(shelf: BlendShelf):
    shelf.save("Ink", LORAS, picture("red"))
    shelf.save("INK", LORAS[:1], picture("blue"))
    ((blend,), _) = shelf.read()
    assert (blend.name, blend.loras) == ("INK", LORAS[:1])
    assert files(shelf) == [".json", ".png"]
    shelf.save("ink", (), None)
    assert files(shelf) == [".json"]
    assert shelf.read()[0][0].picture is None


def test_the_newest_comes_first(shelf: BlendShelf):
    for name in ("one", "two", "three"):
        shelf.save(name, LORAS, None)
    assert names(shelf) == ["three", "two", "one"]
    shelf.rename("one", "uno")  # which is no change of the blend
    assert names(shelf) == ["three", "two", "uno"]


def test_renaming_takes_weights_and_picture_along(shelf: BlendShelf):
    shelf.save("Ink", LORAS, picture())
    shelf.save("Gold", (), None)
    shelf.rename("Ink", "墨")
    shelf.rename("墨", "墨 ✨")
    blend = next(each for each in shelf.read()[0] if each.name == "墨 ✨")
    assert blend.loras == LORAS
    assert blend.picture is not None
    assert files(shelf) == [".json", ".json", ".png"]
    shelf.rename("Gold", "GOLD")
    assert "GOLD" in names(shelf)
    with pytest.raises(BadInputError, match="already"):
        shelf.rename("GOLD", "墨 ✨")
    with pytest.raises(NotFoundError):
        shelf.rename("gone", "here")
    assert len(names(shelf)) == 2


def test_deleting_leaves_nothing_behind(shelf: BlendShelf):
    shelf.save("Ink", LORAS, picture())
    shelf.delete("ink")
    shelf.delete("ink")
    assert files(shelf) == []


@pytest.mark.parametrize("name", ["", "   ", "x" * 61, "two\nlines", "\ud800"])
def test_a_name_that_cannot_be_shown_is_refused(shelf: BlendShelf, name: str):
    with pytest.raises(BadInputError):
        shelf.save(name, LORAS, None)
    assert names(shelf) == []


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff\xfe",
        b"[1]",
        b"[" * 100_000,
        b'{"name": "x"}',
        b'{"name": "", "loras": [], "saved": 1, "picture": ""}',
        b'{"name": "x", "loras": [{"name": "a", "weight": 99}], "saved": 1, "picture": ""}',
        b'{"name": "x", "loras": 7, "saved": 1, "picture": ""}',
        b'{"name": "x", "loras": [], "saved": "then", "picture": ""}',
    ],
)
def test_a_damaged_file_is_told_of_and_costs_no_other(shelf: BlendShelf, content: bytes):
    shelf.save("Ink", LORAS, None)
    broken = shelf._folder / "broken.json"
    broken.write_bytes(content)
    blends, (problem,) = shelf.read()
    assert [blend.name for blend in blends] == ["Ink"]
    assert "broken.json" in problem.what
    assert isinstance(problem, UserSideError)
    assert broken.read_bytes() == content


def test_no_picture_outside_the_folder_is_shown(shelf: BlendShelf, tmp_path: Path):
    shelf.save("Ink", LORAS, None)
    (file,) = shelf._folder.glob("*.json")
    for target in ("../secret.png", str(tmp_path / "secret.png"), ""):
        picture().save(tmp_path / "secret.png")
        file.write_text(json.dumps(json.loads(file.read_text()) | {"picture": target}))
        assert shelf.read()[0][0].picture is None


def test_two_windows_saving_at_once_lose_no_blend(shelf: BlendShelf):
    def save(window: int) -> None:
        for n in range(10):
            BlendShelf(shelf._folder).save(f"{window}-{n}", LORAS, picture())
            BlendShelf(shelf._folder).save("shared", LORAS[:window], picture(side=64 + window))

    windows = [threading.Thread(target=save, args=(window,)) for window in (1, 2)]
    for window in windows:
        window.start()
    for window in windows:
        window.join()
    blends, problems = shelf.read()
    assert not problems
    assert {blend.name for blend in blends} == {f"{w}-{n}" for w in (1, 2) for n in range(10)} | {
        "shared"
    }
    assert all(blend.loras for blend in blends)


def test_a_disk_that_refuses_gives_a_sentence(tmp_path: Path):
    (tmp_path / "blends").write_text("a file, not a folder")
    with pytest.raises(DiskError):
        BlendShelf(tmp_path / "blends").save("Ink", LORAS, None)
