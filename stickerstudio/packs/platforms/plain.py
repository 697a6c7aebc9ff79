"""Nobody's limits: pictures at 512 pixels for everything else, as a folder or one zip."""

from stickerstudio.finish.fit_place import Canvas, Timing
from stickerstudio.packs import layouts
from stickerstudio.packs.platform import Counts, FileRule, Files, Finished, Platform

_CANVAS = Canvas(512, 512, "within")
_TIMING = Timing(60_000, min_frames=1)
_COUNTS = Counts(1, 1_000)


def write_zip(pack: Finished) -> Files:
    """All of it in one archive."""
    return {f"{pack.identifier}.zip": layouts.zipped(layouts.plain(pack))}


PNG = Platform(
    key="png",
    title="PNG",
    sources=(),
    write=layouts.plain,
    still=FileRule("png", _CANVAS, None),
    moving=FileRule("apng", _CANVAS, None, _TIMING),
    counts=_COUNTS,
    name=layouts.by_text,
)
WEBP = Platform(
    key="webp",
    title="WebP",
    sources=(),
    write=layouts.plain,
    still=FileRule("webp", _CANVAS, None),
    moving=FileRule("webp", _CANVAS, None, _TIMING),
    counts=_COUNTS,
    name=layouts.by_text,
)
PNG_ZIP = Platform(
    key="png-zip",
    title="PNG (zip)",
    sources=(),
    write=write_zip,
    still=PNG.still,
    moving=PNG.moving,
    counts=_COUNTS,
    name=layouts.by_text,
)
WEBP_ZIP = Platform(
    key="webp-zip",
    title="WebP (zip)",
    sources=(),
    write=write_zip,
    still=WEBP.still,
    moving=WEBP.moving,
    counts=_COUNTS,
    name=layouts.by_text,
)
