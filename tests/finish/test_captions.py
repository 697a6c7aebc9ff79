"""Captions: every script drawn as its readers expect, inside its width, bent, turned, rimmed."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from stickerstudio.core.design import Caption
from stickerstudio.core.errors import BadFileError, NotFoundError
from stickerstudio.finish import fonts
from stickerstudio.finish.bidi import levels, visual_order
from stickerstudio.finish.caption_lines import cleaned, lines
from stickerstudio.finish.captions import render_caption

SIDE = 256
PLAIN = Caption("", fill="#000000", outline_width=0.0, width=4.0, size=0.2)
SCRIPTS = {
    "Latin": "Schön",
    "Vietnamese": "Việt ặ",
    "Cyrillic": "Їжак",
    "Greek": "Λέξη",
    "Traditional Chinese": "愛臺灣",
    "kana": "ありがとう",
    "Hangul": "사랑해",
    "Arabic": "محبة",
    "Hebrew": "שלום",
    "Devanagari": "हिन्दी",
    "Thai": "กำลังใจ",
}


def _levels(image: Image.Image) -> NDArray[np.int16]:
    return np.asarray(image, np.int16)


def _alpha(caption: Caption, side: int = SIDE) -> NDArray[np.int16]:
    return _levels(render_caption(caption, side).image)[..., 3]


def _drawn(text: str, side: int = SIDE) -> NDArray[np.int16]:
    return _alpha(replace(PLAIN, text=text), side)


def _same(one: NDArray[np.int16], other: NDArray[np.int16]) -> bool:
    return one.shape == other.shape and bool((np.abs(one - other) < 16).all())


@pytest.mark.parametrize("text", SCRIPTS.values(), ids=SCRIPTS)
def test_every_script_is_drawn_and_not_as_empty_boxes(text: str) -> None:
    ours = _drawn(text)
    assert np.count_nonzero(ours > 200) > 100
    assert not fonts.substitutes(text, "")
    for letter in text.replace(" ", ""):
        assert fonts.font_for(letter, "").covers(letter)
    box = fonts.font_for(text[0], "").sized(51)  # its .notdef, by a character it cannot have
    missing = Image.new("L", (ours.shape[1], ours.shape[0]))
    ImageDraw.Draw(missing).text((0, ours.shape[0]), "\U0010fffe" * len(text), 255, box, "ls")
    assert not _same(ours, _levels(missing))


def _letter_by_letter(text: str) -> NDArray[np.int16]:
    """What a program that cannot shape draws: each letter alone, left to right."""
    font = fonts.font_for(text[0], "").sized(51)
    image = Image.new("L", (600, 150))
    x = 20.0
    for letter in text:
        ImageDraw.Draw(image).text((x, 100), letter, 255, font, "ls")
        x += font.getlength(letter)
    return _levels(image.crop(image.getbbox()))


@pytest.mark.parametrize("script", ["Arabic", "Devanagari"])
def test_letters_are_joined_and_in_order(script: str) -> None:
    text = SCRIPTS[script]
    ours = _drawn(text)
    ink = ours[:, ours.any(axis=0)]
    for wrong in (text, text[::-1]):
        plain = _letter_by_letter(wrong)
        assert abs(ink.shape[1] - plain.shape[1]) > 5, "as wide as unshaped letters"
    assert np.count_nonzero(ours.max(axis=0) == 0) < 30, "gaps between letters that should touch"


def test_hebrew_runs_to_the_left() -> None:
    first = _drawn("ש")
    both = _drawn("שו")
    width = first.shape[1]
    right = both[:, both.shape[1] - width + 4 :]
    assert abs(int((right > 128).sum()) - int((first > 128).sum())) < 60


def test_parts_of_two_directions_stand_in_their_readers_order() -> None:
    def shown(text: str) -> str:
        return "".join(visual_order(list(text), levels(list(text))))

    assert shown("abc") == "abc"
    assert shown("אבג") == "גבא"
    assert shown("ab אב cd") == "ab בא cd"
    assert shown("אב 12.5 גד") == "דג 12.5 בא"
    assert shown("אב cd!") == "!cd בא"
    assert shown("cost 5% אב 7, 8") == "cost 5% 8 ,7 בא"


@pytest.mark.parametrize("text", ["❤️", "😀", "👨‍👩‍👧", "🇹🇼", "👍🏽", "1️⃣", "🦦"])
def test_emoji_are_one_coloured_picture(text: str) -> None:
    image = _levels(render_caption(replace(PLAIN, text=text), SIDE).image)
    seen = image[image[..., 3] > 250][:, :3]
    assert len(seen) > 200
    assert (seen.max(axis=1) - seen.min(axis=1)).max() > 30
    assert image.shape[1] < 1.6 * 0.2 * SIDE, "wider than one emoji"


@pytest.mark.parametrize("text", ["🦦 says", "x 🦦 y", "🦦 🦦", "愛 🦦 صديق 🦦 a"])
def test_every_run_is_in_a_font_that_has_all_of_it(text: str) -> None:
    for line in lines(cleaned(text), "hand", 20, 900):
        for run in line.runs:
            assert all(run.font.covers(letter) for letter in run.text), run
    assert np.count_nonzero(_drawn("🦦 🦦").max(axis=0) == 0) > 5, "a box instead of a space"


def test_the_rim_goes_around_emoji_as_around_letters() -> None:
    rimmed = replace(PLAIN, text="o😀", outline_width=0.03, outline_colour="#0000ff")
    plain = render_caption(replace(rimmed, outline_width=0.0), SIDE).image
    image = render_caption(rimmed, SIDE).image
    red, _, blue_, alpha = np.moveaxis(_levels(image), 2, 0)
    blue = (blue_ > 200) & (red < 60) & (alpha > 200)
    half = image.width // 2
    assert blue[:, :half].sum() > 150
    assert blue[:, half:].sum() > 150
    for axis in (0, 1):
        outer, inner = (np.ptp(np.flatnonzero(_ink(each, axis))) for each in (image, plain))
        assert outer == pytest.approx(inner + 2 * 0.03 * SIDE, abs=2)


def _ink(image: Image.Image, axis: int) -> NDArray[np.bool_]:
    """Which rows or columns have something in them."""
    return np.asarray((_levels(image)[..., 3] > 127).any(axis=axis))


def test_colours_reach_the_edge_unmixed() -> None:
    caption = replace(PLAIN, text="愛A", fill="#ff8000", rotation=10)
    image = _levels(render_caption(caption, SIDE).image)
    partly = image[(image[..., 3] > 20) & (image[..., 3] < 235)]
    assert len(partly) > 50
    assert np.abs(partly[:, :3] - (255, 128, 0)).max() <= 8


def test_a_translucent_fill_shows_the_rim_below() -> None:
    caption = Caption("I", fill="#ff000080", outline_colour="#0000ff", outline_width=0.02, size=0.5)
    image = _levels(render_caption(caption, SIDE).image)
    middle = image[image.shape[0] // 2, image.shape[1] // 2]
    assert middle[0] == pytest.approx(128, abs=6)
    assert middle[2] == pytest.approx(127, abs=6)
    assert middle[3] == 255


# --- lines ---

LONG = {
    "Latin": "the quick brown otter jumps over the lazy dog and eats a fish",
    "one word": "Donaudampfschifffahrtsgesellschaftskapitän",
    "Chinese": "水獺在河裡游來游去，抓了好多魚。「真開心！」牠說。",
    "Japanese": "かわうそは、とてもかわいいです。「ありがとう」と言った。",
    "Korean": "수달은 정말 귀여워요 고마워요",
    "Arabic": "ثعلب الماء يسبح في النهر كل يوم",
    "emoji": "🦦❤️🦦❤️🦦❤️🦦❤️🦦❤️",
    "mixed": "I love 水獺🦦 and أحبك, 사랑해 ❤️ forever",
}


@pytest.mark.parametrize("text", LONG.values(), ids=LONG)
@pytest.mark.parametrize("width", [0.3, 0.6, 1.0])
def test_lines_stay_inside_the_width(text: str, width: float) -> None:
    caption = replace(PLAIN, text=text, width=width, size=0.1)
    found = lines(cleaned(text), "", round(0.1 * SIDE), width * SIDE)
    assert len(found) > 1 or width == 1.0
    assert max(line.width for line in found) <= width * SIDE * 1.01
    ink = np.flatnonzero(_alpha(caption).any(axis=0))
    assert np.ptp(ink) <= width * SIDE + 0.06 * SIDE  # letters may reach over their advance
    letters = "".join(run.text for line in found for run in sorted(line.runs, key=lambda r: r.text))
    assert sorted(letters.replace(" ", "")) == sorted(cleaned(text).replace(" ", ""))


def _shown(text: str, pixels: int, width: float) -> list[str]:
    return ["".join(run.text for run in line.runs) for line in lines(text, "", pixels, width)]


def test_no_line_begins_or_ends_with_the_wrong_punctuation() -> None:
    for text in (LONG["Chinese"], LONG["Japanese"]):
        for width in range(60, 400, 7):
            for line in _shown(text, 20, width):
                assert line[0] not in "，。！」、", line
                assert line[-1] != "「", line


def test_words_stay_whole_and_lines_are_about_equally_long() -> None:
    found = _shown("I love you so very much", 20, 200)
    assert [word for line in found for word in line.split()] == [
        "I",
        "love",
        "you",
        "so",
        "very",
        "much",
    ]
    long = [line.width for line in lines("one two three four five six", "", 20, 190)]
    assert len(long) == 2
    assert min(long) > 0.6 * max(long)


def test_line_breaks_of_ones_own_are_kept() -> None:
    assert _shown("愛\r\n\nyou", 20, 500) == ["愛", "", "you"]


def test_lines_stand_where_they_are_asked_to() -> None:
    def starts(align: str) -> tuple[float, float]:
        caption = replace(PLAIN, text="wwwwww\ni", align=align, size=0.1)  # type: ignore[arg-type]
        alpha = _alpha(caption)
        low = np.flatnonzero(alpha[-8:].max(axis=0) > 128)
        wide = np.flatnonzero(alpha.max(axis=0) > 128)
        return float(low.mean() - wide.min()), float(np.ptp(wide))

    left, wide = starts("left")
    middle, _ = starts("center")
    right, _ = starts("right")
    assert left < 0.2 * wide < 0.4 * wide < middle < 0.6 * wide < 0.8 * wide < right


# --- bent and turned ---


def _tops(alpha: NDArray[np.int16]) -> NDArray[np.intp]:
    """The uppermost pixel of every column that has one."""
    seen = alpha[:, (alpha > 128).any(axis=0)] > 128
    return seen.argmax(axis=0)


def test_an_arc_bends_up_or_down() -> None:
    text = "nnnnnnnn"
    straight = _tops(_alpha(replace(PLAIN, text=text)))
    rainbow = _tops(_alpha(replace(PLAIN, text=text, arc=90)))
    bowl = _tops(_alpha(replace(PLAIN, text=text, arc=-90)))
    middle = len(rainbow) // 2
    assert np.ptp(straight) < 12
    assert rainbow[:6].min() > rainbow[middle - 6 : middle + 6].min() + 15
    assert bowl[:6].min() < bowl[middle - 6 : middle + 6].min() - 15


def test_arabic_stays_joined_on_an_arc() -> None:
    bent = _alpha(replace(PLAIN, text="سسسسس", arc=120))
    columns = np.asarray((bent > 100).any(axis=0))
    inside = columns[np.flatnonzero(columns)[0] : np.flatnonzero(columns)[-1]]
    assert inside.all()


def test_turning_is_clockwise_about_the_middle() -> None:
    caption = replace(PLAIN, text="i......", x=0.3, y=0.6)
    turned = render_caption(replace(caption, rotation=90), SIDE)
    plain = render_caption(caption, SIDE)
    assert turned.image.height == pytest.approx(plain.image.width, abs=4)
    alpha = np.asarray(turned.image.getchannel("A"), np.float64)
    top = alpha[: len(alpha) // 4]
    assert np.count_nonzero(top.sum(axis=0)) > 15  # the i, now lying at the top
    for placed in (plain, turned):
        middle = (placed.x + placed.image.width / 2, placed.y + placed.image.height / 2)
        assert middle == pytest.approx((0.3 * SIDE, 0.6 * SIDE), abs=1)


def test_a_full_turn_changes_nearly_nothing() -> None:
    plain = _alpha(replace(PLAIN, text="愛")).astype(float)
    turned = _alpha(replace(PLAIN, text="愛", rotation=360)).astype(float)
    assert plain.sum() == pytest.approx(turned.sum(), rel=0.05)


# --- bad input ---


@pytest.mark.parametrize("text", ["", "   ", "\n\n\n", "\x00\x07\x1b", "\u200d", "\ufe0f"])
def test_nothing_to_draw_gives_one_clear_pixel_or_clear_pixels(text: str) -> None:
    image = render_caption(replace(PLAIN, text=text), SIDE).image
    assert image.getchannel("A").getextrema() == (0, 0)


def test_control_characters_leave_no_trace() -> None:
    assert _same(_drawn("a\x00b\x1bc\u202e"), _drawn("abc"))


@pytest.mark.parametrize("text", ["w" * 500, "\n" * 498 + "ab", "愛" * 500, "a\u0301" * 250])
def test_words_without_end_stay_within_reason(text: str) -> None:
    image = render_caption(Caption(text, size=1.0, width=4.0, arc=170, rotation=33), 128).image
    assert image.width < 128 * 8
    assert image.height < 128 * 8


@given(st.text(max_size=30), st.sampled_from(["round", "hand", ""]), st.integers(-180, 180))
@settings(max_examples=25, deadline=None)
def test_any_text_is_drawn_somehow(text: str, font: str, arc: int) -> None:
    if any(0xD800 <= ord(char) <= 0xDFFF for char in text):
        return
    image = render_caption(Caption(text, font, size=0.1, arc=arc), 64).image
    assert image.mode == "RGBA"


# --- fonts ---


def test_every_face_is_there_and_has_its_own_letters() -> None:
    pictures = [_alpha(replace(PLAIN, text="Rag", font=face.name)) for face in fonts.FACES]
    for i, one in enumerate(pictures):
        assert fonts.title(fonts.FACES[i])
        assert not any(_same(one, other) for other in pictures[i + 1 :])


def test_the_bundled_fonts_cover_what_is_promised() -> None:
    def rows(codec: str, leads: range, trails: range) -> str:
        codes = (bytes((lead, trail)) for lead in leads for trail in trails)
        text = "".join(code.decode(codec, "ignore") for code in codes)
        return "".join(char for char in text if ord(char) > 0x7F)

    font = fonts.find("")
    for codec, leads, trails in (
        ("big5", range(0xA4, 0xC7), range(0x40, 0xFF)),  # 5,401 in frequent use
        ("big5", range(0xC9, 0xF9), range(0x40, 0xFF)),
        ("euc_jp", range(0xA4, 0xA6), range(0xA1, 0xFF)),  # hiragana and katakana
        ("euc_kr", range(0xB0, 0xC9), range(0xA1, 0xFF)),  # 2,350 syllables
    ):
        text = rows(codec, leads, trails)
        assert len(text) > 150
        assert [char for char in text if not font.covers(char)] == []


def test_a_font_file_of_ones_own_is_used(tmp_path: Path) -> None:
    mine = tmp_path / "mine 字.ttf"
    shutil.copyfile(fonts.find("comic").path, mine)
    assert _same(
        _alpha(replace(PLAIN, text="Hi", font=str(mine))),
        _alpha(replace(PLAIN, text="Hi", font="comic")),
    )


@pytest.mark.parametrize("content", [b"", b"not a font" * 99, b"\x00\x01\x00\x00" + b"\xff" * 900])
def test_a_broken_font_is_told_in_words_and_drawn_in_the_default(
    content: bytes, tmp_path: Path
) -> None:
    broken = tmp_path / "broken.ttf"
    broken.write_bytes(content)
    with pytest.raises(BadFileError) as caught:
        fonts.find(str(broken))
    assert "broken.ttf" in str(caught.value)
    assert _same(_alpha(replace(PLAIN, text="Hi", font=str(broken))), _drawn("Hi"))


def test_half_a_font_is_told_in_words(tmp_path: Path) -> None:
    whole = fonts.find("comic").path.read_bytes()
    half = tmp_path / "half.ttf"
    half.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(BadFileError):
        fonts.find(str(half))


def test_missing_fonts_are_told_in_words() -> None:
    with pytest.raises(NotFoundError) as caught:
        fonts.find("wingdings")
    assert "round" in str(caught.value)
    with pytest.raises(NotFoundError):
        fonts.find("/nowhere/mine.ttf")


def test_what_no_bundled_font_has_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    runes = "ᚱᚢᚾ"
    folder = tmp_path / "fonts"
    folder.mkdir()
    monkeypatch.setattr(fonts, "_system_folders", lambda: (folder,))
    _forget()
    assert fonts.substitutes(f"Hi 愛 {runes}", "") == (fonts.Substitute(runes, None),)
    _with_runes(fonts.find("comic").path, folder / "runes.ttf", runes)
    (folder / "broken.ttf").write_bytes(b"\x00")
    _forget()
    assert fonts.substitutes(f"Hi 愛 {runes}", "") == (fonts.Substitute(runes, "Runic Test"),)
    assert np.count_nonzero(_drawn(runes) > 128) > 100
    monkeypatch.undo()
    _forget()


def _forget() -> None:
    fonts._font_for.cache_clear()
    fonts._system.cache_clear()


def _with_runes(source: Path, target: Path, runes: str) -> None:
    from fontTools.ttLib import TTFont

    font = TTFont(source)
    for table in font["cmap"].tables:
        for rune, letter in zip(runes, "RUN", strict=True):
            table.cmap[ord(rune)] = table.cmap[ord(letter)]
    for record in (1, 4, 16):
        font["name"].setName("Runic Test", record, 3, 1, 0x409)
    font.save(target)
