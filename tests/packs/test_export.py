"""What an export makes of a pack: whole or not at all, and nothing is lost without a word."""

from __future__ import annotations

import errno
import json
import unicodedata
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from stickerstudio.core.errors import BadInputError, DiskError, StudioError
from stickerstudio.packs import folder as folders
from stickerstudio.packs import pack as projects
from stickerstudio.packs.check import FIXES, judge
from stickerstudio.packs.check_files import check_finished
from stickerstudio.packs.export import look
from stickerstudio.packs.facts import Facts
from stickerstudio.packs.folder import replace_folder
from stickerstudio.packs.pack import Pack, PackSticker
from stickerstudio.packs.platforms import PLATFORMS, find
from stickerstudio.packs.reading import read_any, read_packs
from tests.core.disks import FullDisk, tiny_disk
from tests.packs import make

STILL = Facts("png", (128, 128), 10_000, is_transparent=True)
MOVING = Facts("apng", (128, 128), 10_000, frames=8, total_ms=800, shortest_ms=100)


def many(number: int, **values: object) -> Pack:
    """A pack of that many stickers, which nobody opens."""
    return make.pack_of([Path(f"{n}.png") for n in range(number)], **values)


def tree(folder: Path) -> dict[str, bytes]:
    """Every file below, hidden ones too."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


# --- the judge ---


def test_the_sentence_says_which_sticker_which_limit_and_by_how_much() -> None:
    looks = [STILL, STILL, replace(STILL, length=612_000), STILL]
    (problem,) = judge(many(4), find("whatsapp"), looks).problems
    assert problem.text.startswith("Sticker 3: 612 KB, the limit is 100 KB")
    assert (problem.sticker, problem.limit, problem.fix) == (2, "bytes", "fit")
    assert problem.is_settled


@pytest.mark.parametrize(
    ("key", "number", "sizes"),
    [
        ("whatsapp", 30, [30]),
        ("whatsapp", 31, [16, 15]),
        ("whatsapp", 62, [21, 21, 20]),
        ("line", 16, [16]),
        ("line", 48, [24, 24]),
        ("line", 80, [40, 40]),
        ("viber", 25, [13, 12]),
        ("telegram", 121, [61, 60]),
        ("signal", 200, [200]),
        ("kakaotalk", 64, [32, 32]),
    ],
)
def test_more_stickers_than_fit_become_several_packs(
    key: str, number: int, sizes: list[int]
) -> None:
    judged = judge(many(number), find(key), [STILL] * number)
    assert not judged.open
    assert [len(part.stickers) for part in judged.parts] == sizes
    assert [i for part in judged.parts for i, _moves in part.stickers] == list(range(number))
    assert bool(judged.problems) == (len(sizes) > 1)


def test_a_count_that_line_does_not_take_can_be_put_right() -> None:
    pack = many(10)
    (problem,) = judge(pack, find("line"), [STILL] * 10).open
    assert "8, 16, 24, 32 or 40" in problem.text
    assert "Add 6, or leave out the last 2" in problem.text
    agreed = replace(pack, accepted=frozenset({("line", "leave_out")}))
    judged = judge(agreed, find("line"), [STILL] * 10)
    assert not judged.open
    assert [len(part.stickers) for part in judged.parts] == [8]


def test_too_few_cannot_be_put_right_by_leaving_out() -> None:
    (problem,) = judge(many(2), find("whatsapp"), [STILL] * 2).open
    assert problem.fix is None
    assert "Add 1." in problem.text


def test_still_and_moving_ones_are_split_where_they_may_not_be_mixed() -> None:
    looks = [STILL, MOVING, STILL, MOVING, STILL, MOVING]
    judged = judge(many(6), find("whatsapp"), looks)
    assert not judged.open
    assert [[i for i, _ in part.stickers] for part in judged.parts] == [[0, 2, 4], [1, 3, 5]]
    assert [part.is_animated for part in judged.parts] == [False, True]


def test_what_would_be_lost_is_asked_for() -> None:
    broken = BadInputError("It is torn.")
    looks = [MOVING, broken, replace(STILL, is_empty=True), STILL]
    judged = judge(many(4), find("viber"), looks)
    assert [(p.sticker, p.fix) for p in judged.open] == [
        (0, "first_frame"),
        (1, "leave_out"),
        (2, "leave_out"),
    ]
    accepted = frozenset(("viber", fix) for fix in FIXES)
    judged = judge(many(4, accepted=accepted), find("viber"), looks)
    assert not judged.open
    assert judged.parts[0].stickers == ((0, False), (3, False))
    assert len(judged.problems) == 3


def test_texts_are_measured_as_each_platform_counts() -> None:
    pack = many(8, title="水" * 21, author="a")
    (problem,) = judge(pack, find("line"), [STILL] * 8).open
    assert "42 characters; 40 are allowed" in problem.text
    assert not judge(replace(pack, title="水" * 20), find("line"), [STILL] * 8).open
    (missing,) = judge(replace(pack, title=" \x07"), find("line"), [STILL] * 8).open
    assert missing.fix is None


# --- on disk ---


def test_an_export_reads_back_as_the_same_pack(tmp_path: Path) -> None:
    pack = make.pack_of(make.still_sources(3))
    for key in ("whatsapp", "telegram", "imessage", "discord-emoji", "png-zip"):
        found = read_any(make.export(pack, key, tmp_path))
        assert len(found.stickers) == 3
        assert (found.title, found.author if key != "x" else "") == (pack.title, pack.author)
        assert [sticker.emoji for sticker in found.stickers] == [s.emoji for s in pack.stickers]


def test_the_same_pack_gives_the_same_bytes(tmp_path: Path) -> None:
    pack = make.pack_of(make.still_sources(2))
    one, other = (make.export(pack, "png-zip", tmp_path / name) for name in "ab")
    assert tree(one) == tree(other)


def test_a_new_export_takes_the_place_of_the_old_one(tmp_path: Path) -> None:
    make.export(make.pack_of(make.still_sources(3)), "slack", tmp_path)
    place = make.export(make.pack_of(make.still_sources(2)), "slack", tmp_path)
    assert list(tmp_path.iterdir()) == [place]
    assert len(list(place.glob("*.png"))) == 2


def test_a_folder_with_anything_else_in_it_is_left_alone(tmp_path: Path) -> None:
    pack = make.pack_of(make.still_sources(2))
    place = make.export(pack, "slack", tmp_path)
    (place / "thesis.odt").write_bytes(b"years of work")
    second = make.export(pack, "slack", tmp_path)
    assert second.name == f"{place.name} (2)"
    assert (place / "thesis.odt").read_bytes() == b"years of work"


def test_a_disk_that_fills_leaves_the_old_pack_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = {f"{n}.png": bytes([n]) * 1000 for n in range(9)}
    place = replace_folder(tmp_path, "pack", files)
    before = tree(tmp_path)
    disk = FullDisk(monkeypatch)
    newer = {name: data[::-1] + b"new" for name, data in files.items()}
    for room in (0, 500, 1003, 5000, 9026):
        disk.room = room
        with pytest.raises(DiskError, match="The disk is full"):
            replace_folder(tmp_path, "pack", newer)
        assert tree(tmp_path) == before
        assert list(tmp_path.iterdir()) == [place]
    disk.room = None
    assert replace_folder(tmp_path, "pack", newer) == place
    assert tree(place) == newer


def test_a_real_disk_that_is_too_small(tmp_path: Path) -> None:
    with tiny_disk(tmp_path / "disk", 256) as disk:
        make.export(make.pack_of(make.still_sources(1)), "slack", disk)
        before = tree(disk)
        with pytest.raises(DiskError, match="The disk is full"):
            make.export(make.pack_of(make.still_sources(3)), "viber", disk)
        assert tree(disk) == before


def test_a_rename_that_fails_puts_the_old_pack_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = replace_folder(tmp_path, "pack", {"1.png": b"old"})
    rename = Path.rename

    def failing(self: Path, target: Path) -> Path:
        if self.name.endswith(folders._NEW):
            raise OSError(errno.EIO, "it broke")
        return rename(self, target)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "rename", failing)
        with pytest.raises(DiskError):
            replace_folder(tmp_path, "pack", {"1.png": b"new"})
    assert tree(tmp_path) == {"pack/1.png": b"old"}
    # killed between the two renames: the next export finds the old one under its hidden name
    place.rename(tmp_path / f".pack{folders._OLD}")
    replace_folder(tmp_path, "other", {"1.png": b"other"})
    assert (place / "1.png").read_bytes() == b"old"


# --- projects ---


def test_a_project_moves_together_with_its_pictures(tmp_path: Path) -> None:
    first = tmp_path / "one"
    (first / "art").mkdir(parents=True)
    (first / "art" / "cat.webp").write_bytes((make.ART / "cat.webp").read_bytes())
    sticker = PackSticker(first / "art" / "cat.webp", ("😺", "❤️"), "cat")
    pack = Pack("貓", "me", "cat-1", (sticker,), 0, frozenset({("line", "shorten")}), ("line",))
    projects.save(pack, first / "packs" / f"cat{projects.SUFFIX}")
    assert projects.load(first / "packs" / f"cat{projects.SUFFIX}") == pack
    moved = first.rename(tmp_path / "two")
    again = projects.load(moved / "packs" / f"cat{projects.SUFFIX}")
    assert again.stickers[0].source == moved / "art" / "cat.webp"
    assert isinstance(look(again.stickers[0].source), Facts)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{",
        '{"stickers": 5}',
        '{"stickers": [{"source": "a\\u0000b"}]}',
        '{"stickers": [{"source": 7}]}',
        '{"title": "\\ud800"}',
        "[" * 100_000,
    ],
)
def test_a_damaged_project_is_a_sentence(text: str, tmp_path: Path) -> None:
    path = tmp_path / f"pack{projects.SUFFIX}"
    path.write_text(text)
    with pytest.raises(StudioError, match="cannot be read as a sticker pack"):
        projects.load(path)


# --- anything at all ---

TITLES = st.text(max_size=200) | st.sampled_from(
    [
        "",
        " ",
        "繁體中文貼圖" * 30,
        "🦦" * 200,
        "\x00\x1b[31m",
        "../../etc",
        "con",
        "👨‍👩‍👧‍👦" * 40,
        "a" * 200,
    ]
)
PIXELS = st.tuples(st.integers(1, 40), st.integers(1, 40), st.integers(0, 255))


@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    key=st.sampled_from(["slack", "discord-emoji", "telegram-emoji", "line-emoji", "png", "webp"]),
    title=TITLES,
    author=TITLES,
    words=st.lists(st.tuples(TITLES, st.sampled_from(["", "🦦", "❤️😺👍🏽"])), max_size=9),
    pixels=st.lists(PIXELS, min_size=1, max_size=3),
    fix=st.booleans(),
)
def test_random_packs_are_valid_or_refused_in_a_sentence(
    tmp_path: Path,
    key: str,
    title: str,
    author: str,
    words: list[tuple[str, str]],
    pixels: list[tuple[int, int, int]],
    fix: bool,
) -> None:
    sources: list[Path] = []
    for number, (width, height, alpha) in enumerate(pixels):
        path = tmp_path / f"{number}-{width}-{height}-{alpha}.png"
        if not path.exists():
            Image.new("RGBA", (width, height), (200, width, height, alpha)).save(path)
        sources.append(path)
    stickers = tuple(
        PackSticker(sources[i % len(sources)], (emoji,) if emoji else (), text)
        for i, (text, emoji) in enumerate(words)
    )
    accepted = frozenset((key, one) for one in FIXES if fix)
    pack = Pack(title, author, "", stickers, accepted=accepted)
    out = tmp_path / "out"
    try:
        place = make.export(pack, key, out)
    except StudioError as error:
        place, refusal = None, error
    else:
        refusal = None
    assert not list(out.glob(".*"))
    if place is None:
        assert refusal is not None
        assert refusal.what.strip()
        assert refusal.exit_code == 3
        return
    assert place.parent == out
    for found in read_packs(place):
        assert check_finished(found, find(key)) == []
        assert not any(unicodedata.category(char) == "Cc" for char in found.title + found.author)


def test_every_key_is_unique_and_every_limit_is_plausible() -> None:
    assert len({platform.key for platform in PLATFORMS}) == len(PLATFORMS)
    for platform in PLATFORMS:
        assert platform.rules
        for rule in platform.rules:
            assert rule.canvas.margin * 4 < min(rule.canvas.width, rule.canvas.height)
            json.dumps(rule.max_bytes)
