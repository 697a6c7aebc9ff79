"""The fitter: within every limit, as good as the limit allows, and centred."""

from __future__ import annotations

import io

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from stickerstudio.core.errors import BadInputError
from stickerstudio.finish import encode
from stickerstudio.finish.animation import Animation
from stickerstudio.finish.fit import difference, fit, rounded
from stickerstudio.finish.fit_place import Canvas, Timing, place, retimed


def noisy(side: int = 96, seed: int = 0) -> Image.Image:
    """Hard to compress, with a transparent corner."""
    random = np.random.default_rng(seed)
    coarse = random.normal(128, 60, (side // 8, side // 8)).clip(0, 255).astype(np.uint8)
    base = np.asarray(Image.fromarray(coarse).resize((side, side)))
    pixels = np.stack([base, base.T, 255 - base, np.full_like(base, 255)], axis=2)
    pixels = pixels + random.integers(0, 12, pixels.shape).astype(np.uint8) * (pixels < 240)
    pixels[..., 3] = 255
    pixels[: side // 4, : side // 4] = 0
    return Image.fromarray(pixels.astype(np.uint8))


def dot(width: int, height: int, box: tuple[int, int, int, int]) -> Image.Image:
    """A red rectangle somewhere on nothing."""
    image = Image.new("RGBA", (width, height))
    image.paste((255, 0, 0, 255), box)
    return image


def spinning(frames: int, length_ms: int, side: int = 48) -> Animation:
    """Each frame differs."""
    return Animation(
        tuple(noisy(side).rotate(360 * n / frames) for n in range(frames)), (length_ms,) * frames
    )


@pytest.mark.parametrize(
    ("canvas", "size", "box"),
    [
        (Canvas(100, 100), (100, 100), (0, 25, 100, 75)),
        (Canvas(100, 100, margin=10), (100, 100), (10, 30, 90, 70)),
        (Canvas(100, 100, "within"), (100, 50), (0, 0, 100, 50)),
        (Canvas(99, 99, "within", even=True), (98, 50), (0, 0, 98, 49)),
        (Canvas(370, 320, "within", margin=10, even=True), (370, 196), (10, 10, 360, 185)),
    ],
)
def test_what_is_visible_fills_the_canvas_from_its_middle(
    canvas: Canvas, size: tuple[int, int], box: tuple[int, int, int, int]
) -> None:
    placed = place(dot(300, 200, (200, 10, 240, 30)), canvas)
    assert placed.size == size
    found = placed.getchannel("A").point([0] * 64 + [255] * 192).getbbox()
    assert found is not None
    assert all(abs(a - b) <= 1 for a, b in zip(found, box, strict=True))


def test_frames_are_placed_alike() -> None:
    animation = Animation(
        (dot(100, 100, (0, 40, 20, 60)), dot(100, 100, (80, 40, 100, 60))), (50, 50)
    )
    placed = place(animation, Canvas(200, 200))
    boxes = [
        frame.getchannel("A").point([0] * 64 + [255] * 192).getbbox() for frame in placed.frames
    ]
    assert boxes == [(0, 80, 40, 120), (160, 80, 200, 120)]


def test_nothing_to_see_is_a_sentence() -> None:
    with pytest.raises(BadInputError, match="nothing to see"):
        fit(Image.new("RGBA", (9, 9)), Canvas(10, 10), "png")


@pytest.mark.parametrize("format", ["webp", "png"])
def test_what_fits_loses_nothing(format: encode.Format) -> None:
    image = noisy()
    fitted = fit(image, Canvas(96, 96), format, 1_000_000)
    assert fitted.is_lossless
    decoded = Image.open(io.BytesIO(fitted.data)).convert("RGBA")
    assert difference(decoded, place(image, Canvas(96, 96))) == 0


@pytest.mark.parametrize("format", ["webp", "png"])
def test_a_tighter_limit_is_kept_and_used(format: encode.Format) -> None:
    image = noisy(160)
    whole = len(fit(image, Canvas(160, 160), format).data)
    before = -1.0
    for share in (0.8, 0.5, 0.25, 0.12):
        limit = int(whole * share)
        fitted = fit(image, Canvas(160, 160), format, limit)
        assert len(fitted.data) <= limit
        assert not fitted.is_lossless
        decoded = Image.open(io.BytesIO(fitted.data)).convert("RGBA")
        lost = difference(decoded, place(image, Canvas(160, 160)))
        assert lost >= before * 0.8
        before = lost
        if fitted.quality is not None:
            assert len(fitted.data) >= 0.9 * limit


def test_the_search_beats_every_coarse_step_below_it() -> None:
    image = place(noisy(160), Canvas(160, 160))
    # Between two steps: the search stops within three per cent of a limit; a step may lie there.
    limit = len(encode.webp(image, 70))
    fitted = fit(image, Canvas(160, 160), "webp", limit)
    decoded = Image.open(io.BytesIO(fitted.data))
    steps = [encode.webp(image, quality) for quality in (95, 85, 75, 60, 45)]
    stepped = next(data for data in steps if len(data) <= limit)
    assert difference(image, decoded) < difference(image, Image.open(io.BytesIO(stepped)))


def test_what_cannot_fit_is_a_sentence() -> None:
    with pytest.raises(BadInputError, match="cannot be made small enough") as caught:
        fit(noisy(), Canvas(96, 96), "png", 100)
    assert "100 are allowed" in caught.value.why


@pytest.mark.parametrize("most", [0, 1, 2])
def test_rounding_is_never_more_than_it_says_and_keeps_the_alpha(most: int) -> None:
    image = noisy()
    a = np.asarray(image, int)
    b = np.asarray(rounded(image, most), int)
    assert np.abs(a - b)[..., :3].max() <= most
    assert np.array_equal(a[..., 3], b[..., 3])


@pytest.mark.parametrize("format", ["webp", "apng", "gif", "webm"])
def test_an_animation_gives_frames_away_before_it_falls_apart(format: encode.Format) -> None:
    if format == "webm":
        pytest.importorskip("av")
    animation = spinning(12, 60)
    whole = len(fit(animation, Canvas(48, 48), format, None, Timing(3000)).data)
    fitted = fit(animation, Canvas(48, 48), format, whole // 4, Timing(3000))
    assert len(fitted.data) <= whole // 4
    assert 2 <= fitted.frames <= 12
    assert fitted.frames_before == 12


@pytest.mark.parametrize(
    ("animation", "timing", "frames", "total", "loop"),
    [
        (spinning(8, 100, 8), Timing(3000), 8, 800, 0),
        (spinning(40, 100, 8), Timing(3000), 40, 3000, 0),
        (spinning(60, 10, 8), Timing(3000, max_fps=30), 18, 600, 0),
        (spinning(60, 100, 8), Timing(3000), 60, 3000, 0),
        (spinning(3, 100, 8), Timing(4000, 5, 20, loops=(1, 4), whole_seconds=True), 5, 1000, 4),
        (spinning(30, 60, 8), Timing(4000, 5, 20, loops=(1, 4), whole_seconds=True), 20, 2000, 2),
        (spinning(10, 4, 8), Timing(10_000, min_frame_ms=8), 5, 40, 0),
    ],
)
def test_an_animation_is_brought_into_its_time(
    animation: Animation, timing: Timing, frames: int, total: int, loop: int
) -> None:
    timed = retimed(animation, timing)
    assert (len(timed.frames), timed.total_ms, timed.loop) == (frames, total, loop)


@settings(max_examples=60, deadline=None)
@given(
    lengths=st.lists(st.integers(1, 5000), min_size=2, max_size=40),
    timing=st.sampled_from(
        [
            Timing(3000, max_fps=30),
            Timing(10_000, min_frame_ms=8),
            Timing(4000, 5, 20, loops=(1, 4), whole_seconds=True),
            Timing(5000, max_frames=24, min_frame_ms=20),
        ]
    ),
)
def test_any_animation_can_be_brought_into_any_time(lengths: list[int], timing: Timing) -> None:
    image = Image.new("RGBA", (1, 1), "red")
    timed = retimed(Animation((image,) * len(lengths), tuple(lengths)), timing)
    assert timed.total_ms * max(1, timed.loop) <= timing.max_ms
    assert len(timed.frames) >= timing.min_frames
    assert timing.max_frames is None or len(timed.frames) <= timing.max_frames
    if timing.max_fps:
        assert min(timed.durations_ms) >= int(1000 / timing.max_fps)
    assert min(timed.durations_ms) >= timing.min_frame_ms
    if timing.whole_seconds:
        assert timed.total_ms % 1000 == 0
