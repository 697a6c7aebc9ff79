"""Variations, wildcards and start pictures, as orders that reach the engine."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image
from pytestqt.qtbot import QtBot

from stickerstudio.core import starts
from stickerstudio.core.recipe import LoraWeight, Recipe
from stickerstudio.session.session import Session
from stickerstudio.session.state import BlendEntry, Notice
from stickerstudio.session.variations import MORE, STRONG, keep_start
from tests.session.watch import Watch


def made(watch: Watch, count: int) -> list[Recipe]:
    watch.until(lambda: len(watch.stickers) == count)
    return [sticker.recipe for sticker in watch.stickers]


def test_a_prompt_with_choices_makes_each_of_them(session: Session, watch: Watch) -> None:
    session.edit(prompt="{happy|sad} otter", seed=5, seed_locked=True, count=4)
    session.make()
    recipes = made(watch, 4)
    assert sorted({recipe.prompt for recipe in recipes}) == ["happy otter", "sad otter"]
    assert [recipe.seed for recipe in recipes] == [5, 6, 7, 8]
    assert len({recipe.prompt for recipe in recipes[:2]}) == 2


def test_the_preview_is_the_first_of_what_is_made(session: Session, watch: Watch) -> None:
    session.edit(prompt="{a|b|c|d|e|f|g|h} otter", seed=5, seed_locked=True, count=1)
    preview = session.preview_recipe()
    assert preview is not None
    session.make()
    assert made(watch, 1)[0].prompt == preview.prompt
    session.edit(prompt=r"\{otter\}", live=False)
    preview = session.preview_recipe()
    assert preview is not None
    assert preview.prompt == "{otter}"


def test_more_like_this_varies_the_noise_and_nothing_else(session: Session, watch: Watch) -> None:
    session.edit(prompt="otter", seed=3, seed_locked=True)
    session.make()
    (recipe,) = made(watch, 1)
    session.variations.more_like([watch.stickers[0].id], STRONG)
    near = made(watch, 1 + MORE)[1:]
    plain = [replace(each, variation_seed=0, variation_strength=0.0) for each in near]
    assert plain == [recipe] * MORE
    assert {each.variation_strength for each in near} == {STRONG}
    assert len({each.variation_seed for each in near}) == MORE


def test_the_settings_of_a_variation_give_it_again(session: Session, watch: Watch) -> None:
    made = session.library.add(
        Image.new("RGBA", (8, 8)),
        Recipe("otter", seed=3, variation_seed=8, variation_strength=0.3),
        0.1,
    )
    session.use_settings(made)
    preview = session.preview_recipe()
    assert preview is not None
    assert (preview.variation_seed, preview.variation_strength) == (8, 0.3)
    session.edit(seed=4)
    preview = session.preview_recipe()
    assert preview is not None
    assert preview.variation_strength == 0.0


def test_the_same_pose_in_another_style(session: Session, watch: Watch) -> None:
    session.edit(prompt="otter", seed=3, seed_locked=True)
    session.make()
    (recipe,) = made(watch, 1)
    session.set_blend([BlendEntry("neon", 0.5, enabled=True)])
    session.variations.in_this_style([watch.stickers[0].id])
    assert made(watch, 2)[1] == replace(recipe, loras=(LoraWeight("neon", 0.5),))


def test_a_picture_becomes_the_start_of_the_draft_and_of_its_stickers(
    session: Session, watch: Watch, tmp_path: Path
) -> None:
    photo = tmp_path / "photo.jpg"
    exif = Image.Exif()
    exif[0x0112] = 6  # orientation: lies on its side
    Image.new("RGB", (60, 20), "red").save(photo, exif=exif)
    session.edit(steps=1)
    session.variations.start_from(photo)
    watch.until(lambda: session.draft.start)
    assert session.draft.steps == 4  # of one step the strength would leave none
    kept = session.variations.start_path()
    assert kept is not None
    with Image.open(kept) as image:
        assert image.size == (20, 60)
        assert not image.getexif()
    photo.unlink()
    session.edit(prompt="otter", strength=0.5)
    session.make()
    (recipe,) = made(watch, 1)
    assert (recipe.start, recipe.strength) == (session.draft.start, 0.5)
    session.variations.forget_start()
    assert session.draft.start is None
    assert session.variations.start_path() is None
    session.use_settings(watch.stickers[0])
    assert session.draft.start == recipe.start


def test_a_start_survives_a_restart(
    make_session: Callable[[], Session], qtbot: QtBot, tmp_path: Path
) -> None:
    session = make_session()
    Image.new("L", (8, 8)).save(tmp_path / "a.png")
    digest = keep_start(session.paths.library, tmp_path / "a.png")
    session.edit(start=digest, strength=7.0)
    assert session.draft.strength == 1.0
    with qtbot.waitSignal(session.closed):
        session.close()
    assert make_session().draft.start == digest


def test_a_start_in_the_drafts_file_that_is_no_digest_is_dropped(
    make_session: Callable[[], Session], qtbot: QtBot
) -> None:
    session = make_session()
    session.paths.state.mkdir(parents=True, exist_ok=True)
    (session.paths.state / "draft.json").write_text('{"start": "../../x", "strength": "much"}')
    assert make_session().draft.start is None


def _jpeg_cut(path: Path) -> None:
    Image.effect_noise((200, 200), 50).save(path, "JPEG")
    path.write_bytes(path.read_bytes()[:900])


@pytest.mark.parametrize(
    ("write", "usable"),
    [
        (lambda path: Image.new("CMYK", (30, 20)).save(path, "JPEG"), True),
        (lambda path: Image.new("RGB", (1, 1)).save(path, "PNG"), True),
        (lambda path: Image.new("I;16", (9, 9), 40_000).save(path, "PNG"), True),
        (lambda path: Image.new("1", (10_000, 10_000)).save(path, "PNG"), False),
        (lambda path: path.write_bytes(b""), False),
        (lambda path: path.write_text("a letter"), False),
        (lambda path: path.mkdir(), False),
        (_jpeg_cut, False),
    ],
    ids=["cmyk", "1x1", "16 bit", "100 megapixels", "empty", "text", "folder", "cut"],
)
def test_hostile_pictures_are_used_or_are_a_sentence(
    session: Session, watch: Watch, tmp_path: Path, write: Callable[[Path], None], usable: bool
) -> None:
    picture = tmp_path / "picture.bin"
    write(picture)
    answers: list[int] = []
    session.variations.start_changed.connect(lambda: answers.append(1))
    session.variations.start_from(picture)
    watch.until(lambda: answers)
    assert (session.draft.start is not None) == usable
    assert len(watch.notices) == (not usable)
    if usable:
        assert session.draft.start is not None
        assert starts.load(session.paths.library, session.draft.start).mode == "RGBA"
    else:
        error: Notice = watch.notices[0]
        assert error.error is not None
        assert not error.error.is_fault
        assert error.error.what
