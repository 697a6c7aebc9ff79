"""Open a sticker that may be anything: every format, still or moving, broken, hostile or huge.

Limits are kept before memory is spent: a file says how large it is before its pixels are read.
"""

from __future__ import annotations

import io
import itertools
from pathlib import Path
from typing import Any, cast

import numpy as np
from PIL import Image, ImageOps

from stickerstudio.core.errors import BadFileError, NotFoundError, disk_errors
from stickerstudio.core.i18n import tr
from stickerstudio.core.pictures import DAMAGE, MAX_PIXELS, broken
from stickerstudio.finish.animation import Animation
from stickerstudio.finish.fit import Picture

MAX_ALL_PIXELS = 512 * 512 * 1_000  # of an animation's frames together: 1 GB as RGBA
MAX_FRAMES = 600  # 20 s at 30 a second; the longest any platform takes is 10 s
MAX_BYTES = 64_000_000
SUFFIXES = frozenset({".png", ".apng", ".webp", ".gif", ".webm", ".jpg", ".jpeg", ".bmp", ".tiff"})
_DEFAULT_MS = 100  # what viewers show a frame for that says 0
_BROKEN = (
    *DAMAGE,
    TypeError,
    AttributeError,
    OverflowError,
    Image.DecompressionBombError,
    Image.DecompressionBombWarning,
)
_WEBM = b"\x1a\x45\xdf\xa3"


def read_file(path: Path) -> Picture:
    """The picture or animation in `path`; see `read_picture`.

    Raises:
        BadFileError: it is not a picture, damaged or too large.
        NotFoundError: it is not there, or a video and PyAV is not installed.
        DiskError: it cannot be read.
    """
    with disk_errors(path), path.open("rb") as file:
        data = file.read(MAX_BYTES + 1)
    return read_picture(data, path.name)


def read_picture(data: bytes, name: str) -> Picture:
    """What `data` shows, as RGBA: an Animation where there are several frames.

    Args:
        name: the file's, for sentences.

    Raises:
        BadFileError: it is not a picture, damaged or too large.
        NotFoundError: a video, and PyAV is not installed.
    """
    if len(data) > MAX_BYTES:
        raise too_large(name)
    if data.startswith(_WEBM):
        return _read_video(data, name)
    try:
        with Image.open(io.BytesIO(data)) as image:
            return _frames(image, name)
    except BadFileError:
        raise
    except _BROKEN as error:
        if isinstance(error, Image.DecompressionBombError | Image.DecompressionBombWarning):
            raise too_large(name) from error
        raise broken(name, str(error)) from error
    except OSError as error:  # Pillow's own: nothing is read from a disk here
        raise broken(name, str(error)) from error


def _frames(image: Image.Image, name: str) -> Picture:
    count = getattr(image, "n_frames", 1)
    pixels = image.width * image.height
    if pixels > MAX_PIXELS or count > MAX_FRAMES or pixels * count > MAX_ALL_PIXELS > pixels:
        raise too_large(name)
    if count == 1 or image.format not in ("PNG", "WEBP", "GIF"):  # a TIFF's pages are no frames
        return _rgba(ImageOps.exif_transpose(image))
    frames: list[Image.Image] = []
    durations: list[int] = []
    for number in range(count):
        image.seek(number)
        frames.append(_rgba(image))
        duration = cast("dict[str, Any]", image.info).get("duration") or 0
        durations.append(max(1, round(float(duration))) if duration else _DEFAULT_MS)
    loop = int(cast("dict[str, Any]", image.info).get("loop", 1))
    return Animation(tuple(frames), tuple(durations), loop)


def _rgba(image: Image.Image) -> Image.Image:
    if image.mode.startswith("I;16") or image.mode in ("I", "F"):
        # 16 bits a pixel: Pillow would cut off at 255 instead of scaling
        levels = np.asarray(image, np.float32)
        top = max(65535.0 if image.mode != "F" else 1.0, float(levels.max(initial=0.0)))
        image = Image.fromarray((levels * (255 / top)).clip(0, 255).astype(np.uint8))
    result = image.convert("RGBA")
    result.info.clear()
    return result


def _read_video(data: bytes, name: str) -> Picture:
    try:
        import av
    except ImportError as error:
        raise NotFoundError(
            tr("{name} cannot be opened here.", name=name),
            tr("It is a video, and the part that reads them, PyAV, is not installed."),
            tr("Install it with “pip install av”."),
        ) from error
    frames: list[Image.Image] = []
    times: list[float] = []
    container: Any
    try:
        with av.open(io.BytesIO(data), "r", format="webm") as container:
            stream = container.streams.video[0]
            length = 1000 * float((stream.duration or 0) * stream.time_base)
            # FFmpeg's own decoders of VP8 and VP9 pass the alpha by
            decoder: Any = av.CodecContext.create(_WITH_ALPHA[stream.codec_context.name], "r")
            for packet in container.demux(stream):
                for frame in decoder.decode(packet):
                    pixels = frame.width * frame.height
                    if len(frames) >= MAX_FRAMES or pixels * (len(frames) + 1) > MAX_ALL_PIXELS:
                        raise too_large(name)
                    frames.append(Image.fromarray(frame.to_ndarray(format="rgba")))
                    times.append(1000 * float((frame.pts or 0) * stream.time_base))
            rate = float(stream.average_rate or 10)
    except BadFileError:
        raise
    except (OSError, *_BROKEN) as error:
        raise broken(name, str(error)) from error
    if not frames:
        raise broken(name, tr("There is no picture inside."))
    if len(frames) == 1:
        return frames[0]
    ends = [*times[1:], max(length, times[-1] + 1000 / rate)]
    marks = [round(time) for time in (times[0], *ends)]
    durations = [max(1, end - start) for start, end in itertools.pairwise(marks)]
    if any(frame.size != frames[0].size for frame in frames):
        raise broken(name, tr("Its frames differ in size."))
    return Animation(tuple(frames), tuple(durations))


_WITH_ALPHA = {"vp9": "libvpx-vp9", "libvpx-vp9": "libvpx-vp9", "vp8": "libvpx", "libvpx": "libvpx"}


def too_large(name: str) -> BadFileError:
    """For a picture that would cost too much memory."""
    return BadFileError(
        tr("{name} is too large to be opened.", name=name),
        tr("It has more pixels or frames than a sticker can have."),
        tr("Make it smaller in another program."),
    )
