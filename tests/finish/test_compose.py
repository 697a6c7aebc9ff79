"""A Design over a picture: what lies where, in which order, on how large a canvas."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from stickerstudio.core.design import Caption, Cutout, Design, Outline, Shadow, Stamp, Stroke
from stickerstudio.core.errors import NotFoundError
from stickerstudio.finish.compose import arrange, compose
from stickerstudio.finish.composed import assemble

SIDE = 200
KEEP = Cutout("none")


def _subject(box: tuple[int, int, int, int] = (60, 60, 140, 140)) -> Image.Image:
    """A blue square on nothing."""
    image = Image.new("RGBA", (SIDE, SIDE))
    ImageDraw.Draw(image).rectangle((box[0], box[1], box[2] - 1, box[3] - 1), "#2244cc")
    return image


def _red(_source: str) -> Image.Image:
    return Image.new("RGBA", (40, 20), "#cc2222")


def _none(source: str) -> Image.Image:
    raise AssertionError(f"nobody asked for {source}")


def _pixels(image: Image.Image) -> NDArray[np.uint8]:
    return np.asarray(image.convert("RGBA"))


def test_an_empty_design_changes_nothing() -> None:
    subject = _subject()

    assert compose(subject, Design(KEEP), stamp=_none).tobytes() == subject.tobytes()


def test_the_outline_lies_around_and_below_the_subject() -> None:
    result = _pixels(compose(_subject(), Design(KEEP, Outline(0.05, "#ff8800")), stamp=_none))

    assert result.shape == (SIDE, SIDE, 4)
    assert tuple(result[100, 100]) == (0x22, 0x44, 0xCC, 255)
    assert tuple(result[100, 55]) == (0xFF, 0x88, 0, 255)
    assert result[100, 45, 3] == 0


def test_the_canvas_grows_only_where_it_must() -> None:
    subject = _subject((0, 60, 80, 140))

    made = arrange(subject, Design(outline=Outline(0.05)), stamp=_none)

    assert (made.left, made.top) == (10, 0)
    assert made.image.size == (SIDE + 10, SIDE)
    assert _pixels(made.image)[100, 2, 3] == 255


def test_a_joined_stamp_shares_the_outline_and_another_one_does_not() -> None:
    for joined in (True, False):
        stamp = Stamp("a", x=0.5, y=0.1, scale=0.2, joined=joined)
        design = Design(KEEP, Outline(0.05, "#00ff00"), None, (stamp,))

        result = _pixels(compose(_subject(), design, stamp=_red))

        assert tuple(result[20, 100, :3]) == (0xCC, 0x22, 0x22)
        assert bool(result[20, 75, 3]) is joined  # 5 pixels beside the stamp


def test_layers_lie_in_their_order() -> None:
    over = Stamp("over", 0.5, 0.5, 0.4, joined=False)
    under = Stamp("under", 0.5, 0.5, 0.4, joined=True)
    colours = {"over": "#111111", "under": "#eeeeee"}

    def load(source: str) -> Image.Image:
        return Image.new("RGBA", (9, 9), colours[source])

    for layers in ((under, over), (over, under)):
        result = _pixels(compose(_subject(), Design(KEEP, None, None, layers), stamp=load))

        assert "#" + bytes(result[100, 100, :3]).hex() == colours[layers[-1].source]


def test_a_stamp_has_its_size_place_and_angle() -> None:
    stamp = Stamp("a", x=0.25, y=0.75, scale=0.4, rotation=90, joined=False)
    made = arrange(Image.new("RGBA", (SIDE, SIDE)), Design(layers=(stamp,)), stamp=_red)

    assert made.image.getchannel("A").getbbox() == (30, 110, 70, 190)  # 80 × 40, upright
    (box,) = made.boxes
    assert (box.x, box.y, box.width, box.height, box.rotation) == (0.25, 0.75, 0.4, 0.2, 90)


def test_rotation_is_clockwise() -> None:
    flag = Image.new("RGBA", (40, 40))
    flag.paste("red", (0, 0, 40, 10))  # a bar at the top

    design = Design(layers=(Stamp("a", 0.5, 0.5, 0.2, rotation=90, joined=False),))
    made = arrange(Image.new("RGBA", (SIDE, SIDE)), design, stamp=lambda _: flag)

    assert made.image.getchannel("A").getbbox() == (110, 80, 120, 120)  # at the right


def test_coordinates_are_fractions_of_width_and_height_and_sizes_of_the_longer_side() -> None:
    stamp = Stamp("a", x=0.5, y=0.5, scale=0.5, joined=False)
    wide = arrange(Image.new("RGBA", (400, 200)), Design(layers=(stamp,)), stamp=_red)
    caption = Caption("hi", x=0.5, y=0.5, size=0.2)
    words = arrange(Image.new("RGBA", (400, 200)), Design(layers=(caption,)), stamp=_none)

    assert wide.image.getchannel("A").getbbox() == (100, 50, 300, 150)
    left, top, right, bottom = words.image.getchannel("A").getbbox() or (0, 0, 0, 0)
    assert abs((left + right) / 2 - 200) < 6
    assert abs((top + bottom) / 2 - 100) < 12


def test_the_shadow_lies_below_everything_and_grows_the_canvas() -> None:
    design = Design(KEEP, None, Shadow(0.0, 0.2, 0.0, "#000000"))

    made = arrange(_subject((60, 100, 140, 200)), design, stamp=_none)
    result = _pixels(made.image)

    assert made.image.size == (SIDE, SIDE + 40)
    assert tuple(result[150, 100]) == (0x22, 0x44, 0xCC, 255)
    assert tuple(result[230, 100]) == (0, 0, 0, 255)


def test_what_lies_far_away_does_not_make_a_giant() -> None:
    layers = (Stamp("a", -2, -2, 3), Stamp("a", 3, 3, 3))

    image = compose(_subject(), Design(KEEP, Outline(0.25), Shadow(), layers), stamp=_red)

    assert max(image.size) <= 3 * SIDE


def test_a_design_gives_the_same_sticker_at_twice_the_size() -> None:
    design = Design(
        KEEP,
        Outline(0.04),
        Shadow(0.02, 0.02, 0.01),
        (Stamp("a", 0.7, 0.3, 0.3, 20), Caption("hi!", y=0.85)),
    )
    small = compose(_subject(), design, stamp=_red)
    double = _subject().resize((2 * SIDE, 2 * SIDE), Image.Resampling.NEAREST)

    large = compose(double, design, stamp=_red).resize(small.size, Image.Resampling.BOX)

    difference = np.abs(_pixels(small)[..., 3].astype(int) - _pixels(large)[..., 3])
    assert difference.mean() < 3


def test_a_stamp_that_cannot_be_had_is_told() -> None:
    def missing(source: str) -> Image.Image:
        raise NotFoundError(f"{source} is not here.")

    with pytest.raises(NotFoundError, match="heart"):
        compose(_subject(), Design(KEEP, layers=(Stamp("heart"),)), stamp=missing)


def test_a_known_mask_is_taken_instead_of_the_method() -> None:
    painted = Image.new("RGB", (SIDE, SIDE), "#2244cc")
    mask = Image.new("L", (SIDE, SIDE))
    mask.paste(255, (10, 10, 50, 50))

    result = compose(painted, Design(Cutout("model")), stamp=_none, mask=mask)

    assert result.getchannel("A").getbbox() == (10, 10, 50, 50)
    assert result.getpixel((30, 30)) == (0x22, 0x44, 0xCC, 255)


def test_the_editors_way_gives_the_same_and_can_be_sent_to_another_process() -> None:
    painted = Image.new("RGB", (SIDE, SIDE), "white")
    painted.paste("#2244cc", (60, 60, 140, 140))
    stroke = Stroke(((0.5, 0.5), (0.6, 0.5)), 0.05, False)
    design = Design(Cutout("flat", (stroke,)), Outline(0.03), None, (Stamp("a"),))
    stamps = {"a": _red("a")}

    subject, first = assemble(painted, None, design, stamps)
    again, second = pickle.loads(pickle.dumps(assemble(painted, subject, design, stamps)))

    whole = compose(painted, design, stamp=_red)
    assert first.image.tobytes() == second.image.tobytes() == whole.tobytes()
    assert subject.tobytes() == again.tobytes()
    assert subject.getpixel((100, 100)) == (0x22, 0x44, 0xCC, 255)  # before the stroke
