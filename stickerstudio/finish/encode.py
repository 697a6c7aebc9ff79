"""Pictures and animations as files, in memory: pixels in, bytes out, and nothing else inside.

No function writes metadata: no times, no program's name where the format allows to leave it out, no
colour profile. The same input gives the same bytes.
"""

from __future__ import annotations

import io
import itertools
import struct
import zlib
from collections.abc import Iterator
from fractions import Fraction
from typing import Any, Literal

import numpy as np
from PIL import Image

from stickerstudio.core.errors import NotFoundError
from stickerstudio.core.i18n import tr
from stickerstudio.finish.animation import Animation
from stickerstudio.finish.palette import palette_of, with_palette

Format = Literal["png", "webp", "apng", "gif", "webm"]

_PNG = b"\x89PNG\r\n\x1a\n"
MIN_GIF_MS = 20  # browsers and chat programs show shorter frames for 100 ms instead
MAX_CRF = 63  # libvpx's worst quality; its best is 0


def png(image: Image.Image, colours: int | None = None) -> bytes:
    """`image`, any mode, as a PNG with alpha.

    Args:
        colours: the most there may be, 2 … 256; None keeps every pixel as it is.
    """
    image = bare(image)
    if colours is not None:
        image = with_palette(image, palette_of([image], colours))
    return _written(image, "PNG", optimize=True)


def apng(animation: Animation, colours: int | None = None) -> bytes:
    """`animation` as an animated PNG; arguments as for `png`. Every frame has the same palette.

    Each frame after the first holds only the rectangle that differs. Equal frames are kept, as some
    platforms count them. PNG (Third Edition), W3C 2025, §11.3.6 (acTL, fcTL, fdAT).
    """
    frames = [bare(frame) for frame in animation.frames]
    before: list[Image.Image | None] = [None, *frames]
    boxes = [
        (0, 0, *frame.size) if last is None else _difference(last, frame)
        for last, frame in zip(before, frames, strict=False)
    ]
    if colours is not None:
        palette = palette_of(frames, colours)
        frames = [with_palette(frame, palette) for frame in frames]
    head: list[bytes] = []
    body: list[bytes] = []
    sequence = itertools.count()
    for frame, box, duration in zip(frames, boxes, animation.durations_ms, strict=True):
        part = frame.crop(box)
        part.info.update(frame.info)
        # `bits` fixed: Pillow packs small palettes, and each part would have to agree with the head
        chunks = list(_png_chunks(_written(part, "PNG", compress_level=7, bits=8)))
        left, top, right, bottom = box
        size = (right - left, bottom - top, left, top)
        control = struct.pack(">5I2H2B", next(sequence), *size, duration, 1000, 0, 0)
        data = b"".join(content for kind, content in chunks if kind == b"IDAT")
        if not head:
            head = [_png_chunk(kind, it) for kind, it in chunks if kind not in (b"IDAT", b"IEND")]
            body = [_png_chunk(b"fcTL", control), _png_chunk(b"IDAT", data)]
        else:
            data = struct.pack(">I", next(sequence)) + data
            body += [_png_chunk(b"fcTL", control), _png_chunk(b"fdAT", data)]
    count = _png_chunk(b"acTL", struct.pack(">2I", len(frames), animation.loop))
    return b"".join([_PNG, head[0], count, *head[1:], *body, _png_chunk(b"IEND", b"")])


def webp(image: Image.Image, quality: float | None = None, *, effort: int = 4) -> bytes:
    """`image`, any mode, as a WebP with alpha, which is always kept without loss.

    Args:
        quality: of the colours, 0 … 100, fractions count; None for no loss at all.
        effort: libwebp's method, 0 (fast) … 6 (small).
    """
    return _written(bare(image), "WEBP", **_webp_settings(quality, effort))


def animated_webp(animation: Animation, quality: float | None = None, *, effort: int = 4) -> bytes:
    """`animation` as an animated WebP; arguments as for `webp`. Equal frames become one."""
    frames = [bare(frame) for frame in animation.frames]
    return _written(
        frames[0],
        "WEBP",
        save_all=True,
        append_images=frames[1:],
        duration=list(animation.durations_ms),
        loop=animation.loop,
        allow_mixed=quality is not None,
        **_webp_settings(quality, effort),
    )


def gif(animation: Animation, colours: int = 256, *, background: str | None = None) -> bytes:
    """`animation` as a GIF: whole pixels are there or not, time runs in steps of 10 ms.

    Args:
        colours: the most there may be in all frames together, 2 … 256, the invisible one included.
        background: painted under every frame, "#rrggbb"; None keeps what is mostly transparent
            transparent and puts white under the rest.
    """
    frames = [_without_partial_alpha(bare(frame), background) for frame in animation.frames]
    palette = palette_of(frames, colours)
    pictures = [with_palette(frame, palette) for frame in frames]
    settings: dict[str, Any] = {}
    if palette[0, 3] == 0:
        settings = {"transparency": 0, "disposal": 2}
    for picture in pictures:
        picture.info.clear()
    return _written(
        pictures[0],
        "GIF",
        save_all=True,
        append_images=pictures[1:],
        duration=gif_durations(animation.durations_ms),
        loop=animation.loop,
        optimize=False,
        **settings,
    )


def gif_durations(durations_ms: tuple[int, ...]) -> list[int]:
    """The same in hundredths of a second, in milliseconds; rounding does not add up."""
    ends = [0, *(round(end / 10) * 10 for end in itertools.accumulate(durations_ms))]
    return [max(MIN_GIF_MS, end - start) for start, end in itertools.pairwise(ends)]


def webm_vp9(animation: Animation, crf: int, *, speed: int = 3) -> bytes:
    """`animation` as a WebM with one VP9 stream, alpha and no sound; frames evenly spaced.

    Args:
        crf: constant quality, 0 (best) … MAX_CRF.
        speed: libvpx's cpu-used, 0 (small) … 8 (fast).

    Raises:
        NotFoundError: PyAV, which brings libvpx, is not installed.
    """
    try:
        import av  # its wheels carry GPL libraries beside the one we use: not in every bundle
    except ImportError as error:
        raise NotFoundError(
            tr("WebM videos cannot be made here."),
            tr("The part that writes them, PyAV, is not installed."),
            tr("Install it with “pip install av”, or choose a platform that takes other formats."),
        ) from error
    width, height = animation.size
    rate = Fraction(1000 * len(animation.frames), animation.total_ms).limit_denominator(1000)
    buffer = io.BytesIO()
    container: Any  # PyAV's types are half written
    with av.open(buffer, "w", format="webm", options={"fflags": "+bitexact"}) as container:
        stream = container.add_stream(
            "libvpx-vp9",
            rate=rate,
            options={
                "crf": str(crf),
                "b": "0",
                "deadline": "good",
                "cpu-used": str(speed),
                "auto-alt-ref": "0",  # libvpx has no alternate reference frames with alpha
                "flags": "+bitexact",
            },
        )
        stream.width, stream.height, stream.pix_fmt = width, height, "yuva420p"
        for number, frame in enumerate(animation.frames):
            pixels = np.asarray(bled(bare(frame)))
            picture = av.VideoFrame.from_ndarray(pixels, format="rgba")
            picture = picture.reformat(format="yuva420p")
            picture.pts = number
            container.mux(stream.encode(picture))
        container.mux(stream.encode())
    return buffer.getvalue()


def bare(image: Image.Image) -> Image.Image:
    """`image` as RGBA with nothing beside its pixels."""
    image = image.convert("RGBA") if image.mode != "RGBA" else image.copy()
    image.info.clear()
    return image


def bled(image: Image.Image) -> Image.Image:
    """RGBA with the colours of the edge spread over what is transparent; the alpha stays.

    Video halves the resolution of colour: black under transparent pixels would become a dark rim.
    """
    under = image
    for side in (2, 8, 32, 128):
        small = image.resize(
            (max(1, image.width // side), max(1, image.height // side)), Image.Resampling.BOX
        )
        around = small.resize(image.size, Image.Resampling.BILINEAR)
        alpha = around.getchannel("A").point([0] * 9 + [255] * 247)
        around.putalpha(alpha)
        under = Image.alpha_composite(around, under)
    under.putalpha(image.getchannel("A"))
    return under


def _difference(last: Image.Image, frame: Image.Image) -> tuple[int, int, int, int]:
    """The smallest rectangle outside of which both are the same; one pixel where there is none."""
    changed = np.any(np.asarray(last) != np.asarray(frame), axis=2)
    rows, columns = np.flatnonzero(changed.any(axis=1)), np.flatnonzero(changed.any(axis=0))
    if not rows.size:
        return 0, 0, 1, 1
    return int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1


def _png_chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = len(_PNG)
    while at < len(data):
        length, kind = struct.unpack_from(">I4s", data, at)
        yield kind, data[at + 8 : at + 8 + length]
        at += 12 + length


def _png_chunk(kind: bytes, content: bytes) -> bytes:
    checksum = zlib.crc32(content, zlib.crc32(kind))
    return struct.pack(">I4s", len(content), kind) + content + struct.pack(">I", checksum)


def _webp_settings(quality: float | None, effort: int) -> dict[str, Any]:
    if quality is None:
        return {"lossless": True, "quality": 75, "method": effort}
    return {"quality": quality, "alpha_quality": 100, "method": effort, "use_sharp_yuv": True}


def _without_partial_alpha(image: Image.Image, background: str | None) -> Image.Image:
    flat = Image.alpha_composite(Image.new("RGBA", image.size, background or "white"), image)
    if background is None:
        flat.putalpha(image.getchannel("A").point([0] * 128 + [255] * 128))
    return flat


def _written(image: Image.Image, format: str, **settings: Any) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, format, **settings)
    return buffer.getvalue()
