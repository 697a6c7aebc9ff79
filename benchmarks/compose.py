"""A change in the editor: how long until a 512-pixel sticker is composed anew.

    python -m benchmarks.compose

The rim is also drawn as image editors without a distance transform do it, by growing the shape with
a maximum filter (Pillow's, square joins, no anti-aliasing), in turns with ours.
"""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from stickerstudio.core.design import Caption, Cutout, Design, Outline, Shadow, Stamp
from stickerstudio.finish.compose import arrange
from stickerstudio.finish.outline import rim

SIDE = 512
RUNS = 7
BAR = 0.050  # seconds of processor time: twenty pictures a second while a slider is dragged
KEEP = Cutout("none")
STAMPS = (Stamp("a", 0.85, 0.2, 0.3, 20), Stamp("a", 0.15, 0.3, 0.2))


def main() -> int:
    """Print the table; 1 where the rim and shadow take too long on the processor."""
    subject = _subject()
    stamp = Image.new("RGBA", (200, 160), "#cc2244")
    coverage = np.asarray(subject.getchannel("A"), np.float32) / np.float32(255)
    width = Outline().width * SIDE
    filter_ = ImageFilter.MaxFilter(2 * round(width) + 1)
    alpha = subject.getchannel("A")

    def composing(design: Design) -> Callable[[], object]:
        return lambda: arrange(subject, design, stamp=lambda _: stamp)

    rows: dict[str, Callable[[], object]] = {
        "rim alone": lambda: rim(coverage, width),
        "the same by a maximum filter": lambda: alpha.filter(filter_),
        "outline and shadow": composing(Design(KEEP, Outline(), Shadow())),
        "the widest outline": composing(Design(KEEP, Outline(0.1))),
        "two stamps, outline, shadow": composing(Design(KEEP, Outline(), Shadow(), STAMPS)),
        "a caption, outline, shadow": composing(
            Design(KEEP, Outline(), Shadow(), (Caption("good dog!"),))
        ),
    }
    times: dict[str, list[tuple[float, float]]] = {name: [] for name in rows}
    for _ in range(RUNS):
        for name, action in rows.items():
            clock, work = time.perf_counter(), time.process_time()
            action()
            times[name].append((time.perf_counter() - clock, time.process_time() - work))
    works = {name: statistics.median(work for _, work in each) for name, each in times.items()}
    print(f"composing at {SIDE} × {SIDE}, median of {RUNS} runs")
    for name, each in times.items():
        clock = statistics.median(clock for clock, _ in each)
        print(f"  {name:30} {clock * 1e3:7.1f} ms (CPU {works[name] * 1e3:6.1f} ms)")
    ratio = works["the same by a maximum filter"] / works["rim alone"]
    print(f"  the rim is {ratio:.1f} times as fast as the maximum filter")
    missed = works["outline and shadow"] > BAR
    print(f"  outline and shadow ≤ {BAR * 1e3:.0f} ms of CPU{' MISSED' * missed}")
    return int(missed)


def _subject() -> Image.Image:
    """A ring with an eye, drawn four times as large."""
    large = Image.new("RGBA", (SIDE * 4, SIDE * 4))
    pen = ImageDraw.Draw(large)
    pen.ellipse((300, 300, 1750, 1750), "#ffb000")
    pen.ellipse((900, 900, 1150, 1150), (0, 0, 0, 0))
    return large.reduce(4)


if __name__ == "__main__":
    sys.exit(main())
