"""`finish`: a picture in, a finished sticker out, still or in motion."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw

from stickerstudio.core.design import Caption, Cutout, Design, Stamp
from stickerstudio.finish.cutout import apply_cutout, cut_out
from stickerstudio.finish.enlarge import enlarge_both
from tests.cli.conftest import Cli


@pytest.fixture
def ball(tmp_path: Path) -> Path:
    """An orange ball on white."""
    image = Image.new("RGB", (96, 96), "white")
    ImageDraw.Draw(image).ellipse((20, 20, 76, 76), fill="#f07828")
    path = tmp_path / "ball.png"
    image.save(path)
    return path


def _levels(path: Path) -> np.ndarray[tuple[int, ...], np.dtype[np.int16]]:
    with Image.open(path) as image:
        return np.asarray(image.convert("RGBA"), np.int16)


def test_a_picture_is_cut_out_rimmed_lettered_and_stamped(cli: Cli, ball: Path) -> None:
    target = ball.with_name("out.webp")
    words = ("--cutout", "flat", "--outline", "0.04", "--outline-colour", "#0000ff", "--shadow")
    layers = ("--caption", "愛你 ❤️", "--stamp", "heart@0.8,0.2,0.3")
    done = cli("finish", ball, "-o", target, *words, *layers, "--json")
    assert done.code == 0, done.err
    assert done.json["bytes"] == target.stat().st_size
    levels = _levels(target)
    blue = (levels[..., 2] > 200) & (levels[..., 0] < 60) & (levels[..., 3] > 200)
    red = (levels[..., 0] > 200) & (levels[..., 1] < 110) & (levels[..., 3] > 200)
    assert np.count_nonzero(blue) > 200
    assert np.count_nonzero(red) > 100
    assert levels[0, 0, 3] < 60
    design = Design.from_json(done.json["design"])
    stamp, caption = design.layers
    assert stamp == Stamp("shipped:heart", 0.8, 0.2, 0.3)
    assert isinstance(caption, Caption)
    assert caption.text == "愛你 ❤️"


def test_a_picture_file_is_a_stamp_and_enlarging_comes_first(cli: Cli, ball: Path) -> None:
    target = ball.with_name("out.png")
    done = cli(
        "finish", ball, "-o", target, "--cutout", "none", "--upscale", 2, "--stamp", f"{ball}@0,0,1"
    )
    assert done.code == 0, done.err
    assert max(_levels(target).shape[:2]) > 192


def test_what_is_enlarged_was_cut_out_before(cli: Cli, ball: Path) -> None:
    target = ball.with_name("out.png")
    done = cli("finish", ball, "-o", target, "--cutout", "flat", "--upscale", 4)
    assert done.code == 0, done.err
    with Image.open(ball) as small:
        painted, mask = enlarge_both(small.convert("RGB"), cut_out(small, None, "flat"), 4)
    expected = apply_cutout(painted, Cutout("flat"), mask)
    assert np.array_equal(_levels(target), np.asarray(expected, np.int16))


@pytest.mark.parametrize("ending", ["webp", "png", "apng", "gif", "webm"])
def test_motion_is_written_in_every_format(cli: Cli, ball: Path, ending: str) -> None:
    target = ball.with_name(f"out.{ending}")
    moves = ("--cutout", "flat", "--motion", "wiggle", "--fps", 6, "--seconds", 0.5)
    done = cli("finish", ball, "-o", target, *moves, "--json")
    assert done.code == 0, done.err
    assert done.json["frames"] == 3
    if ending != "webm":
        with Image.open(target) as image:
            assert getattr(image, "n_frames", 1) == 3


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        (("--stamp", "moustache"), 3),
        (("--stamp", "heart@here"), 2),
        (("--stamp", "heart@9,9,9"), 2),
        (("--font", "wingdings", "--caption", "x"), 3),
        (("--outline", "7"), 3),
        (("--outline", "0.1", "--outline-colour", "blue"), 3),
        (("--seconds", "nan"), 2),
        (("--motion", "moonwalk"), 2),
        (("--caption", "x" * 999), 3),
    ],
)
def test_what_cannot_be_done_is_told_and_nothing_is_written(
    cli: Cli, ball: Path, wrong: tuple[str, ...], code: int
) -> None:
    target = ball.with_name("out.png")
    done = cli("finish", ball, "-o", target, "--cutout", "flat", *wrong)
    assert done.code == code
    assert done.err
    assert "Traceback" not in done.err
    assert not target.exists()


def test_an_ending_that_is_not_known_is_refused_before_anything_is_read(
    cli: Cli, tmp_path: Path
) -> None:
    done = cli("finish", tmp_path / "nothing.png", "-o", tmp_path / "out.gif", "--json")
    assert (done.code, done.json["error"]["kind"]) == (3, "BadInputError")
    assert ".webp" in done.json["error"]["todo"]


def test_characters_without_a_font_are_told_of(cli: Cli, ball: Path) -> None:
    target = ball.with_name("out.png")
    done = cli("finish", ball, "-o", target, "--cutout", "flat", "--caption", "\U00016a40 hi")
    assert done.code == 0
    assert "\U00016a40" in done.err
