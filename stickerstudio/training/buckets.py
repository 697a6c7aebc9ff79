"""Resolution buckets: shapes of about one area that wide and tall drawings are painted in."""

from __future__ import annotations

import math

STEP = 64  # pixels; SDXL's own buckets are multiples of it (arXiv 2307.01952, appendix I)
MAX_RATIO = 2.0


def buckets(size: tuple[int, int], step: int = STEP) -> tuple[tuple[int, int], ...]:
    """Sizes (width, height) of at most the area of `size`, sides multiples of `step`.

    A model smaller than two steps a side gets only its own size.
    """
    area = size[0] * size[1]
    side = math.isqrt(area)
    if side < 4 * step:
        return (size,)
    found: dict[tuple[int, int], None] = {size: None}
    for width in range(step, 2 * side + 1, step):
        height = area // width // step * step
        if height and max(width / height, height / width) <= MAX_RATIO:
            found[width, height] = None
    return tuple(sorted(found))


def nearest(drawing: tuple[int, int], sizes: tuple[tuple[int, int], ...]) -> tuple[int, int]:
    """The bucket whose shape is nearest to the drawing's; of two, the larger."""
    wanted = math.log(drawing[0] / drawing[1])
    return min(
        sizes, key=lambda size: (abs(math.log(size[0] / size[1]) - wanted), -size[0] * size[1])
    )
