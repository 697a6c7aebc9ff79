"""The picture under a sticker, and what was made of it: kept, replaced whole, found again."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from stickerstudio.core.design import Caption, Cutout, Design, Outline, Stamp
from stickerstudio.core.errors import BadFileError, BadInputError, DiskError, NotFoundError
from stickerstudio.core.library import Library, read_recipe
from stickerstudio.core.library_painted import Painted
from stickerstudio.core.library_png import DESIGN_KEY, RECIPE_KEY, encode, read_facts
from stickerstudio.core.recipe import Recipe
from tests.core.disks import FullDisk
from tests.core.stickers import add, picture, remove_index

DESIGN = Design(Cutout("flat"), Outline(0.05, "#ff8800"), None, (Caption("水獺 🎂"), Stamp("a")))


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    with Library(tmp_path / "library") as library:
        yield library


def _painted() -> Image.Image:
    return picture((9, 7)).convert("RGB")


def _with_mask() -> Painted:
    return Painted(_painted(), Image.linear_gradient("L").resize((9, 7)))


def _pixels(image: Image.Image) -> bytes:
    return image.convert("RGBA").tobytes()


def test_the_painted_picture_and_the_design_are_kept(library: Library) -> None:
    sticker = library.add(
        picture(), Recipe("otter"), 0.5, painted=Painted(_painted()), design=DESIGN
    )

    assert _pixels(library.painted(sticker.id).picture) == _pixels(_painted())
    assert library.design(sticker.id) == DESIGN
    assert read_recipe(sticker.path) == Recipe("otter")


def test_colours_under_full_transparency_are_kept_as_well(library: Library) -> None:
    painted = picture(alpha=0)

    sticker = library.add(picture(), Recipe("otter"), 0.5, painted=Painted(painted))

    assert _pixels(library.painted(sticker.id).picture) == _pixels(painted)


def test_a_sticker_of_an_old_library_stands_in_for_its_painted_picture(library: Library) -> None:
    sticker = add(library)

    assert _pixels(library.painted(sticker.id).picture) == _pixels(picture())
    assert library.design(sticker.id) == Design(Cutout("none"))


def test_redesign_replaces_picture_and_design_and_nothing_else(library: Library) -> None:
    first = library.add(picture(), Recipe("otter"), 0.5, painted=Painted(_painted()))
    add(library, "another")
    library.set_favourite([first.id], True)

    after = library.redesign(first.id, picture((20, 11)), DESIGN)

    assert (after.width, after.height) == (20, 11)
    assert (after.id, after.path, after.recipe, after.created, after.seconds, after.favourite) == (
        *(first.id, first.path, first.recipe, first.created, first.seconds),
        True,
    )
    assert _pixels(Image.open(after.path)) == _pixels(picture((20, 11)))
    assert library.design(first.id) == DESIGN
    assert _pixels(library.painted(first.id).picture) == _pixels(_painted())
    assert library.ids("otter") == [first.id]


def test_redesign_of_an_old_sticker_keeps_it_as_the_painted_picture(library: Library) -> None:
    sticker = add(library)

    library.redesign(sticker.id, picture((20, 11)), DESIGN)
    library.redesign(sticker.id, picture((30, 12)), Design())

    assert _pixels(library.painted(sticker.id).picture) == _pixels(picture())


def test_what_a_newer_program_wrote_into_the_recipe_survives_a_redesign(library: Library) -> None:
    sticker = add(library)
    recipe = sticker.recipe.to_json().replace("{", '{"glitter": 1, ', 1)
    sticker.path.write_bytes(encode(picture(), recipe, sticker.created, sticker.seconds))

    library.redesign(sticker.id, picture(), DESIGN)

    assert read_facts(sticker.path).json == recipe


def test_a_damaged_sticker_is_not_redesigned(library: Library) -> None:
    sticker = add(library)
    damaged = sticker.path.read_bytes()[:-30]
    sticker.path.write_bytes(damaged)

    with pytest.raises(BadFileError):
        library.redesign(sticker.id, picture(), DESIGN)
    assert sticker.path.read_bytes() == damaged


def test_an_index_made_anew_finds_designs_and_sizes(library: Library, tmp_path: Path) -> None:
    sticker = library.add(picture(), Recipe("otter"), 0.5, painted=Painted(_painted()))
    after = library.redesign(sticker.id, picture((20, 11)), DESIGN)
    library.close()
    remove_index(library.folder)

    with Library(library.folder) as again:
        assert again.search() == [after]
        assert again.design(sticker.id) == DESIGN
        assert again.skipped() == []


def test_trash_and_restore_keep_what_is_under_the_sticker(library: Library) -> None:
    sticker = library.add(
        picture(), Recipe("otter"), 0.5, painted=Painted(_painted()), design=DESIGN
    )

    library.delete([sticker.id])
    assert library.restore([sticker.id]) == [sticker]

    assert library.design(sticker.id) == DESIGN
    assert _pixels(library.painted(sticker.id).picture) == _pixels(_painted())


def test_emptying_the_trash_takes_the_painted_picture_along(library: Library) -> None:
    gone = library.add(picture(), Recipe("gone"), 0.5, painted=Painted(_painted()))
    kept = library.add(picture(), Recipe("kept"), 0.5, painted=Painted(_painted()))

    library.delete([gone.id])
    assert library.empty_trash() == 1

    assert [file.stem for file in (library.folder / "painted").iterdir()] == [kept.id]


def test_the_mask_outlives_redesign_trash_and_a_new_index(library: Library) -> None:
    given = _with_mask()
    sticker = library.add(picture(), Recipe("otter"), 0.5, painted=given, design=DESIGN)

    library.redesign(sticker.id, picture((20, 11)), Design())
    library.delete([sticker.id])
    library.restore([sticker.id])
    library.rebuild()

    kept = library.painted(sticker.id)
    assert kept.mask is not None
    assert given.mask is not None
    assert kept.mask.tobytes() == given.mask.tobytes()
    assert _pixels(kept.picture) == _pixels(given.picture)


def test_a_mask_goes_with_its_sticker_for_good(library: Library) -> None:
    sticker = library.add(picture(), Recipe("gone"), 0.5, painted=_with_mask())

    library.delete([sticker.id])
    library.empty_trash()

    assert not list((library.folder / "painted").iterdir())


@pytest.mark.parametrize("harm", ["missing", "damaged", "of another picture"])
def test_a_mask_that_cannot_be_used_is_no_loss(library: Library, harm: str) -> None:
    sticker = library.add(picture(), Recipe("otter"), 0.5, painted=_with_mask())
    file = library.folder / "painted" / f"{sticker.id}.mask.webp"
    if harm == "missing":
        file.unlink()
    elif harm == "damaged":
        file.write_bytes(b"RIFF")
    else:
        Image.new("L", (3, 3)).save(file, lossless=True)

    kept = library.painted(sticker.id)

    assert kept.mask is None
    assert _pixels(kept.picture) == _pixels(_painted())


def test_a_mask_is_for_the_recipes_own_way_to_cut_out() -> None:
    painted = _with_mask()
    recipe = Recipe("otter", cutout_method="flat")

    assert painted.mask_for(Design(Cutout("flat")), recipe) is painted.mask
    assert painted.mask_for(Design(Cutout("model")), recipe) is None


def test_a_full_disk_leaves_the_old_sticker_whole(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    sticker = library.add(
        picture(), Recipe("otter"), 0.5, painted=Painted(_painted()), design=DESIGN
    )
    before = sticker.path.read_bytes()
    disk = FullDisk(monkeypatch)

    disk.room = 50
    with pytest.raises(DiskError):
        library.redesign(sticker.id, picture((20, 11)), Design())

    assert sticker.path.read_bytes() == before
    assert library.get(sticker.id) == sticker
    assert library.design(sticker.id) == DESIGN


def test_a_damaged_painted_picture_is_a_sentence(library: Library) -> None:
    sticker = library.add(picture(), Recipe("otter"), 0.5, painted=Painted(_painted()))
    (library.folder / "painted" / f"{sticker.id}.webp").write_bytes(b"RIFF")

    with pytest.raises(BadFileError, match=sticker.id):
        library.painted(sticker.id)


def test_a_design_that_cannot_be_read_is_a_sentence_and_the_sticker_stays(
    library: Library,
) -> None:
    sticker = add(library)
    texts = PngInfo()
    texts.add_itxt(RECIPE_KEY, sticker.recipe.to_json())
    texts.add_itxt(DESIGN_KEY, "{")
    picture().save(sticker.path, pnginfo=texts)

    with pytest.raises(BadInputError):
        library.design(sticker.id)
    library.rebuild()
    assert library.ids() == [sticker.id]


@pytest.mark.parametrize("name", ["nobody", "../nobody", ""])
def test_an_unknown_sticker_has_nothing_under_it(library: Library, name: str) -> None:
    for ask in (library.painted, library.design):
        with pytest.raises(NotFoundError):
            ask(name)
    with pytest.raises(NotFoundError):
        library.redesign(name, picture(), DESIGN)


_REDESIGNER = """
import sys
from pathlib import Path
from PIL import Image
from stickerstudio.core.design import Caption, Design
from stickerstudio.core.library import Library
library = Library(Path(sys.argv[1]))
(sticker_id,) = library.ids()
print("ready", flush=True)
for side in range(int(sys.argv[2]), 10_000):
    image = Image.new("RGBA", (side, side))
    library.redesign(sticker_id, image, Design(layers=(Caption(str(side)),)))
    print(side, flush=True)
"""


@pytest.mark.slow
def test_a_program_killed_while_it_redesigns_leaves_picture_size_and_design_in_step(
    tmp_path: Path,
) -> None:
    rng = random.Random(5)
    with Library(tmp_path) as library:
        sticker = library.add(picture(), Recipe("otter"), 0, painted=Painted(_painted()))
    side = 10
    for _ in range(12):
        process = subprocess.Popen(
            [sys.executable, "-c", _REDESIGNER, str(tmp_path), str(side)],
            stdout=subprocess.PIPE,
            text=True,
            cwd=Path(__file__).parents[2],
        )
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        time.sleep(rng.uniform(0.0, 0.2))
        process.kill()
        shown = [int(line) for line in process.communicate()[0].split()]

        with Library(tmp_path) as library:
            after = library.get(sticker.id)
            with Image.open(after.path) as image:
                image.load()
                assert (after.width, after.height) == image.size
            if shown or side > 10:
                assert after.width >= max(shown, default=side)
                side = after.width
                assert library.design(sticker.id).layers == (Caption(str(side)),)
            assert _pixels(library.painted(sticker.id).picture) == _pixels(_painted())
            assert library.skipped() == []
    assert side > 10
