"""Encoders: the pixels, times and alpha come back, and nothing else is inside."""

from __future__ import annotations

import builtins
import io
import sys
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageDraw

from stickerstudio.core.errors import NotFoundError
from stickerstudio.finish import encode
from stickerstudio.finish.animation import Animation
from stickerstudio.finish.palette import palette_of, reduced


def drawing(shift: int = 0, side: int = 64) -> Image.Image:
    """A soft disc on nothing, in shades; with everything in `info` that must not be written."""
    y, x = np.mgrid[:side, :side]
    away = np.hypot(x - side / 2 - shift, y - side / 2)
    pixels = np.zeros((side, side, 4), np.uint8)
    pixels[..., 0] = 200
    pixels[..., 1] = (x * 3) % 256
    pixels[..., 2] = (y * 2) % 256
    pixels[..., 3] = np.clip((side / 3 - away) * 60, 0, 255)
    pixels[pixels[..., 3] == 0] = 0
    image = Image.fromarray(pixels)
    image.info = {"comment": b"secret", "icc_profile": b"secret", "exif": b"Exif\0\0secret"}
    image.info |= {"xmp": b"secret", "Author": "secret", "dpi": (300, 300)}
    return image


def moving(frames: int = 4) -> Animation:
    """The disc, going right."""
    return Animation(
        tuple(drawing(3 * n) for n in range(frames)), tuple(40 + 10 * n for n in range(frames))
    )


def frames_of(data: bytes) -> tuple[list[Image.Image], list[int]]:
    """Decoded by Pillow."""
    image = Image.open(io.BytesIO(data))
    frames: list[Image.Image] = []
    times: list[int] = []
    for number in range(image.n_frames):  # pyright: ignore[reportAttributeAccessIssue]
        image.seek(number)
        frames.append(image.convert("RGBA"))
        times.append(round(image.info["duration"]))
    return frames, times


def same(one: Image.Image, other: Image.Image) -> bool:
    """Whether every pixel that can be seen is equal."""
    a, b = (np.array(image.convert("RGBA")) for image in (one, other))
    for pixels in (a, b):
        pixels[pixels[..., 3] == 0] = 0
    return np.array_equal(a, b)


@pytest.mark.parametrize("write", [encode.png, encode.webp])
def test_a_picture_comes_back_and_nothing_beside_it(write: Any) -> None:
    data = write(drawing())
    assert same(Image.open(io.BytesIO(data)), drawing())
    assert b"secret" not in data
    assert write(drawing()) == data


def test_an_apng_keeps_pixels_times_and_equal_frames() -> None:
    animation = moving()
    animation = Animation((*animation.frames, animation.frames[-1]), (40, 50, 60, 70, 80), 3)
    data = encode.apng(animation)
    frames, times = frames_of(data)
    assert all(map(same, frames, animation.frames))
    assert tuple(times) == animation.durations_ms
    assert Image.open(io.BytesIO(data)).info["loop"] == 3
    assert b"secret" not in data
    whole = sum(len(encode.png(frame)) for frame in animation.frames)
    assert len(data) < whole  # only what differs is in the later frames


def test_an_apng_of_few_colours_has_one_palette() -> None:
    data = encode.apng(moving(), 16)
    assert data.count(b"PLTE") == 1
    frames, _times = frames_of(data)
    shades = {colour for frame in frames for _n, colour in frame.getcolors(1 << 16) or []}
    assert len(shades) <= 16
    assert len(data) < len(encode.apng(moving()))


def test_an_animated_webp_keeps_pixels_and_times() -> None:
    animation = moving()
    data = encode.animated_webp(animation)
    frames, times = frames_of(data)
    assert all(map(same, frames, animation.frames))
    assert tuple(times) == animation.durations_ms
    assert b"secret" not in data
    assert len(encode.animated_webp(animation, 20.0)) < len(data)


def test_lossy_webp_keeps_the_alpha_and_obeys_the_quality() -> None:
    sizes = [len(encode.webp(drawing(), quality)) for quality in (5, 50, 95)]
    assert sizes == sorted(sizes)
    decoded = Image.open(io.BytesIO(encode.webp(drawing(), 5))).convert("RGBA")
    alpha, before = (np.asarray(image.getchannel("A")) for image in (decoded, drawing()))
    assert np.array_equal(alpha, before)


def test_a_gif_is_there_or_not_and_its_time_does_not_drift() -> None:
    animation = Animation(moving(6).frames, (33,) * 6)
    data = encode.gif(animation)
    frames, times = frames_of(data)
    assert set(np.unique(np.asarray(frames[0].getchannel("A")))) == {0, 255}
    assert sum(times) == 200  # 198 ms, in hundredths of a second
    assert all(time % 10 == 0 for time in times)
    assert b"secret" not in data
    # what has moved away is gone
    assert frames[5].getpixel((12, 32)) == (0, 0, 0, 0) or frames[5].getpixel((12, 32))[3] == 0  # pyright: ignore


def test_a_gif_on_a_ground_is_whole() -> None:
    frames, _times = frames_of(encode.gif(moving(), background="#00ff00"))
    assert all(frame.getchannel("A").getextrema() == (255, 255) for frame in frames)
    assert frames[0].getpixel((0, 0)) == (0, 255, 0, 255)


def test_a_webm_is_vp9_with_alpha_and_no_sound() -> None:
    av = pytest.importorskip("av")
    animation = Animation(moving(8).frames, (50,) * 8)
    data = encode.webm_vp9(animation, 20)
    pictures: list[np.ndarray] = []
    with av.open(io.BytesIO(data)) as container:
        assert [stream.type for stream in container.streams] == ["video"]
        stream = container.streams.video[0]
        assert stream.metadata["alpha_mode"] == "1"
        assert stream.average_rate == 20
        assert container.duration == 400_000
        decoder = av.CodecContext.create("libvpx-vp9", "r")
        for packet in container.demux(stream):
            pictures += [frame.to_ndarray(format="rgba") for frame in decoder.decode(packet)]
    assert len(pictures) == 8
    wanted = np.asarray(animation.frames[3].getchannel("A"), np.float32)
    assert np.abs(pictures[3][..., 3] - wanted).mean() < 3
    inside = wanted == 255
    colours = np.asarray(animation.frames[3], np.float32)[inside][:, 0]
    assert np.abs(pictures[3][inside][:, 0] - colours).mean() < 6
    assert b"secret" not in data
    assert encode.webm_vp9(animation, 20) == data


def test_without_pyav_there_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "av", raising=False)
    plain = builtins.__import__

    def without(name: str, *arguments: Any) -> Any:
        if name == "av":
            raise ModuleNotFoundError(name)
        return plain(name, *arguments)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(NotFoundError, match="PyAV, is not installed"):
        encode.webm_vp9(moving(), 20)


def test_video_has_no_dark_rim() -> None:
    image = Image.new("RGBA", (64, 64))
    ImageDraw.Draw(image).ellipse((16, 16, 47, 47), (255, 255, 255, 255))
    spread = np.asarray(encode.bled(image))
    assert np.array_equal(spread[..., 3], np.asarray(image)[..., 3])
    assert spread[8:56, 8:56, :3].min() > 240


@pytest.mark.parametrize("colours", [2, 16, 256])
def test_a_palette_is_as_small_as_asked_and_as_good_as_can_be(colours: int) -> None:
    few = reduced(drawing(), colours)
    found = few.getcolors(1 << 16)
    assert found is not None
    assert len(found) <= colours
    assert any(colour[3] == 0 for _n, colour in found)  # pyright: ignore
    ours = np.abs(np.asarray(few.convert("RGBa"), float) - np.asarray(drawing().convert("RGBa")))
    fast = drawing().quantize(colours, Image.Quantize.FASTOCTREE).convert("RGBA")
    theirs = np.abs(np.asarray(fast.convert("RGBa"), float) - np.asarray(drawing().convert("RGBa")))
    assert ours.mean() <= theirs.mean()


def test_a_picture_of_few_colours_keeps_them_all() -> None:
    image = Image.new("RGBA", (8, 8), (10, 20, 30, 255))
    image.putpixel((0, 0), (0, 0, 0, 0))
    image.putpixel((1, 0), (250, 20, 30, 128))
    assert len(palette_of([image], 256)) == 3
    assert same(reduced(image, 256), image)
