"""The set of drawings: what is taken, what is left out and why, and that nothing is changed."""

from __future__ import annotations

import hashlib
import json
import zipfile
from pathlib import Path

import numpy as np
import PIL.Image
import pytest
from numpy.typing import NDArray

from stickerstudio.core.errors import BadFileError, BadInputError, NotFoundError
from stickerstudio.training.dataset import read_set, set_from_json
from tests.training.drawings import drawing, fill


def _digests(folder: Path) -> dict[str, str]:
    return {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_reading_changes_nothing(tmp_path: Path) -> None:
    folder = fill(tmp_path / "art")
    before = _digests(folder)
    data = read_set(folder)
    data.pixels(data.pictures[0], (64, 64), "#ffffff", 0.02)
    assert _digests(folder) == before
    assert len(data.pictures) == 8


def test_empty_folder_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(BadInputError, match="at least 5"):
        read_set(tmp_path).checked()


def test_three_pictures_are_too_few(tmp_path: Path) -> None:
    with pytest.raises(BadInputError, match="It has 3"):
        read_set(fill(tmp_path / "art", 3)).checked()


def test_missing_folder(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError):
        read_set(tmp_path / "gone")


def test_neither_folder_nor_zip(tmp_path: Path) -> None:
    file = tmp_path / "notes.txt"
    file.write_text("hello")
    with pytest.raises(BadFileError):
        read_set(file)


def test_bad_ones_among_good_ones_are_listed_with_reasons(tmp_path: Path) -> None:
    folder = fill(tmp_path / "art")
    PIL.Image.new("RGBA", (1, 1), "red").save(folder / "dot.png")
    PIL.Image.new("RGBA", (100, 100)).save(folder / "nothing.png")
    (folder / "broken.png").write_bytes((folder / "heart_00000.png").read_bytes()[:60])
    (folder / "words.webp").write_text("not a picture")
    (folder / "notes.txt").write_text("left alone")
    data = read_set(folder).checked()
    reasons = {each.name: each.reason for each in data.refused}
    assert len(data.pictures) == 8
    assert reasons.keys() == {"dot.png", "nothing.png", "broken.png", "words.webp"}
    assert "too small" in reasons["dot.png"]
    assert "empty" in reasons["nothing.png"]
    assert "damaged" in reasons["broken.png"]
    assert "damaged" in reasons["words.webp"]


def test_doubles_are_found_scaled_and_in_another_format(tmp_path: Path) -> None:
    folder = fill(tmp_path / "art")
    twin = PIL.Image.open(folder / "heart_00000.png")
    twin.resize((150, 150), PIL.Image.Resampling.BICUBIC).save(folder / "z.webp", quality=80)
    (refused,) = read_set(folder).refused
    assert (refused.name, refused.like) == ("z.webp", "heart_00000.png")


def test_one_shape_in_two_colours_is_no_double(tmp_path: Path) -> None:
    for colour in ("red", "blue"):
        PIL.Image.new("RGB", (96, 96), "white").save(tmp_path / f"{colour}.png")
        image = PIL.Image.open(tmp_path / f"{colour}.png")
        image.paste(colour, (20, 20, 60, 70))
        image.save(tmp_path / f"{colour}.png")
    assert len(read_set(tmp_path).pictures) == 2


@pytest.mark.slow
def test_ten_thousand(tmp_path: Path) -> None:
    """Read through an archive, whose files are quick to make; each is opened and compared."""
    archive = tmp_path / "many.zip"
    encoded = [_encoded(index, tmp_path) for index in range(40)]
    with zipfile.ZipFile(archive, "w") as zipped:
        for index in range(10_000):
            zipped.writestr(f"{index:05}.png", encoded[index % 40])
    data = read_set(archive)
    assert len(data.pictures) + len(data.refused) == 10_000
    assert len(data.pictures) == 40


def _encoded(index: int, folder: Path) -> bytes:
    file = folder / "one.png"
    drawing(index * 101 + 1).save(file)
    return file.read_bytes()


def test_trimmed_centred_and_on_white(tmp_path: Path) -> None:
    folder = fill(tmp_path / "art")
    data = read_set(folder)
    pixels = data.pixels(data.pictures[0], (64, 64), "#ffffff", 0.0)
    drawn = np.flatnonzero((pixels < 250).any(axis=2).any(axis=0))
    assert pixels.shape == (64, 64, 3)
    assert (pixels[0, 0] == 255).all()
    # the drawing lies in the upper left of its file, and in the middle here
    assert abs((drawn[0] + drawn[-1]) / 2 - 31.5) <= 1


def _drawn_box(pixels: NDArray[np.uint8]) -> tuple[int, ...]:
    """Left, top, right, bottom of what is not white."""
    rows, columns, _ = np.nonzero(pixels < 128)
    return int(columns.min()), int(rows.min()), int(columns.max()) + 1, int(rows.max()) + 1


@pytest.mark.parametrize(
    ("page", "mode", "there"),
    [
        ((128, 128), "RGBA", (32, 36, 60, 60)),
        ((128, 128), "RGB", (32, 36, 60, 60)),
        ((256, 128), "RGBA", (16, 34, 30, 46)),
        ((128, 256), "RGBA", (32, 18, 46, 30)),
    ],
)
def test_kept_in_its_place_or_centred(
    tmp_path: Path, page: tuple[int, int], mode: str, there: tuple[int, ...]
) -> None:
    """A block in the lower right of a square page; longer pages grow to the right or down."""
    image = PIL.Image.new(mode, page, "white" if mode == "RGB" else None)
    image.paste("red", (64, 72, 120, 120))
    image.save(tmp_path / "block.png")
    (picture,) = (data := read_set(tmp_path)).pictures
    assert (picture.size, picture.page) == ((56, 48), page)
    kept = data.pixels(picture, (64, 64), "#ffffff", 0.1, keep_place=True)
    assert kept.shape == (64, 64, 3)
    assert (kept[0, 0] == 255).all()
    assert _drawn_box(kept) == there
    left, top, right, bottom = _drawn_box(data.pixels(picture, (64, 64), "#ffffff", 0.1))
    assert abs(left + right - 64) <= 1
    assert abs(top + bottom - 64) <= 1
    assert 50 <= right - left <= 52


def test_a_page_kept_at_its_own_size_stays_as_it_is(tmp_path: Path) -> None:
    """Its own ground, too: the flat colour only shows through what is clear."""
    rng = np.random.default_rng(0)
    page = np.full((64, 64, 3), (250, 240, 220), np.uint8)
    page[10:60, 5:60] = rng.integers(0, 256, (50, 55, 3), np.uint8)
    PIL.Image.fromarray(page).save(tmp_path / "noise.png")
    (picture,) = (data := read_set(tmp_path)).pictures
    kept = data.pixels(picture, (64, 64), "#0000ff", 0.1, keep_place=True)
    assert (kept == page).all()


def test_a_set_read_before_pages_were_known_can_be_used(tmp_path: Path) -> None:
    data = read_set(fill(tmp_path / "art"))
    older = json.loads(data.to_json())
    for row in older["pictures"]:
        del row["page"]
    (picture, *_) = set_from_json(json.dumps(older)).pictures
    assert picture.page == picture.size == data.pictures[0].size


def test_flip_mirrors(tmp_path: Path) -> None:
    data = read_set(fill(tmp_path / "art"))
    picture = data.pictures[1]
    straight = data.pixels(picture, (64, 64), "#ffffff", 0.1)
    mirrored = data.pixels(picture, (64, 64), "#ffffff", 0.1, flip=True)
    assert not (straight == mirrored).all()
    assert np.abs(straight[:, ::-1].astype(int) - mirrored).mean() < 3


def test_captions_come_from_the_nearest_source(tmp_path: Path) -> None:
    folder = fill(tmp_path / "art", 6)
    (folder / "heart_00000.txt").write_text("red heart, love\n愛心 ❤️\n", encoding="utf-8")
    drawing(999).save(folder / "🦦.png")
    drawing(998).save(folder / "IMG_0042.png")
    by_name = {each.name: each for each in read_set(folder).pictures}
    assert by_name["heart_00000.png"].captions == ("red heart, love", "愛心 ❤️")
    assert by_name["heart_00000.png"].captions_from == "text file"
    assert by_name["otter_00001.png"].captions == ("otter",)
    assert by_name["🦦.png"].captions[0] == "otter"
    assert by_name["IMG_0042.png"].captions_from == "none"


def test_typed_captions_and_the_round_trip(tmp_path: Path) -> None:
    data = read_set(fill(tmp_path / "art"))
    name = data.pictures[0].name
    edited = data.with_captions({name: ("水獺 🦦",)})
    assert edited.pictures[0].captions == ("水獺 🦦",)
    assert edited.digest != data.digest
    assert set_from_json(edited.to_json()) == edited


def test_a_picture_that_changed_is_not_used(tmp_path: Path) -> None:
    folder = fill(tmp_path / "art")
    data = read_set(folder)
    drawing(4095).save(folder / data.pictures[0].name)
    with pytest.raises(NotFoundError, match="changed"):
        data.pixels(data.pictures[0], (64, 64), "#ffffff", 0.0)


def test_zip_bomb_and_path_tricks_are_harmless(tmp_path: Path) -> None:
    archive = tmp_path / "art.zip"
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as zipped:
        for file in sorted(fill(tmp_path / "art").iterdir()):
            zipped.write(file, f"../../{file.name}")
        zipped.writestr("bomb.png", bytes(70 * 2**20))
    before = sorted(tmp_path.rglob("*"))
    data = read_set(archive)
    assert len(data.pictures) == 8
    assert [each.name for each in data.refused] == ["bomb.png"]
    assert "larger" in data.refused[0].reason
    assert sorted(tmp_path.rglob("*")) == before


def test_damaged_zip(tmp_path: Path) -> None:
    archive = tmp_path / "art.zip"
    with zipfile.ZipFile(archive, "w") as zipped:
        zipped.writestr("a.png", b"x" * 1000)
    archive.write_bytes(archive.read_bytes()[:-30])
    with pytest.raises(BadFileError):
        read_set(archive)


def test_a_damaged_picture_in_a_zip_is_left_out(tmp_path: Path) -> None:
    archive = tmp_path / "art.zip"
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_LZMA) as zipped:
        for file in sorted(fill(tmp_path / "art").iterdir()):
            zipped.write(file, file.name)
    contents = bytearray(archive.read_bytes())
    contents[60] ^= 0xFF
    archive.write_bytes(contents)
    data = read_set(archive)
    assert len(data.pictures) == 7
    assert len(data.refused) == 1


def test_a_caption_as_long_as_a_book_costs_only_itself(tmp_path: Path) -> None:
    folder, archive = fill(tmp_path / "art"), tmp_path / "art.zip"
    (folder / "cat_00002.txt").write_text("once upon a time " * 5_000)
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as zipped:
        for file in sorted(folder.iterdir()):
            zipped.write(file, file.name)
    for source in (folder, archive):
        data = read_set(source)
        assert len(data.pictures) == 8
        assert not any("once" in "".join(each.captions) for each in data.pictures)


def test_letters_are_not_mirrored(tmp_path: Path) -> None:
    folder = fill(tmp_path / "art", 5)
    (folder / "cat_00002.txt").write_text('cat with a sign "meow"', encoding="utf-8")
    flips = {each.name: each.flip for each in read_set(folder).pictures}
    assert flips["cat_00002.png"] is False
    assert flips["dog_00003.png"] is True
