"""The library at 100,000 stickers: open, search, page, count, add and rebuild.

    python -m benchmarks.library [--stickers N]

Every sticker is a real file of one pixel with its recipe inside, so that opening and rebuilding
meet as many files as a real library has. Each figure is the median of several runs, with the work
of this process beside it: the clock alone cannot tell a slow library from a busy machine.

In the same run, what galleries commonly do: a walk over the folder to open, and LIKE over the JSON
of one SQLite table to search.
"""

from __future__ import annotations

import argparse
import os
import random
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Self

from PIL import Image

from stickerstudio.core.collections import Label
from stickerstudio.core.library import Library
from stickerstudio.core.library_png import encode
from stickerstudio.core.library_use import measure as measure_use
from stickerstudio.core.recipe import LoraWeight, Recipe

RUNS = 5
_MONTHS = 24
_ANIMALS = ("otter", "cat", "dog", "fox", "penguin", "水獺", "貓咪", "企鵝")
_MOODS = ("happy", "sleepy", "crying", "angry", "shy", "開心", "想睡", "生氣")
_THINGS = ("red heart", "birthday cake", "balloon", "rainbow", "rocket", "紅心", "生日蛋糕", "彩虹")


@dataclass(frozen=True)
class Figure:
    """One measured thing, and the most it may take (seconds; None where nothing was promised).

    `cpu_seconds` tells a slow library from a busy machine.
    """

    name: str
    seconds: float
    cpu_seconds: float
    limit: float | None = None


def fill(folder: Path, count: int) -> None:
    """Write `count` stickers as files over the last months, without an index."""
    rng = random.Random(1)
    pixel = Image.new("RGBA", (1, 1))
    now = time.time()
    span = _MONTHS * 30 * 86_400
    for number in range(count):
        created = now - span * (1 - number / count)
        words = f"{rng.choice(_MOODS)} {rng.choice(_ANIMALS)} with {rng.choice(_THINGS)}"
        recipe = Recipe(
            f"{words}, number {number}, dm-sticker",
            seed=number,
            loras=(LoraWeight("pixel", 0.5),) if number % 3 == 0 else (),
        )
        moment = datetime.fromtimestamp(created, UTC)
        month = folder / f"{moment:%Y-%m}"
        month.mkdir(parents=True, exist_ok=True)
        name = f"{moment:%Y%m%d-%H%M%S-%f}-{number % 65536:04x}.png"
        (month / name).write_bytes(encode(pixel, recipe, created, 0.5))


def measure(folder: Path) -> list[Figure]:
    """The figures of the library in `folder`, which has no index yet."""
    begun = _median(lambda: Library(folder, patience=0.25).close(), 1)
    figures = [Figure("open where the index is gone", *begun, 1.0)]
    figures.append(Figure("the rest, read by a worker", *_median(lambda: _open(folder), 1)))
    figures.append(Figure("open", *_median(lambda: _open(folder)), 1.0))
    figures.append(Figure("  commonly: walk and sort by time", *_median(lambda: _walk(folder))))
    with Library(folder) as library, Common(library) as common:
        total = library.count()

        def timed(name: str, action: Callable[[], object], limit: float | None = 0.05) -> None:
            figures.append(Figure(name, *_median(action), limit))

        timed("first page of 100", lambda: library.search(limit=100))
        timed("last page of 100", lambda: library.search(limit=100, offset=total - 100))
        timed("count of everything", library.count)
        timed("ids of everything", library.ids, None)
        for words in (
            "otter",
            "sleepy penguin rainbow",
            "sticker",
            "number 99",
            "水獺",
            "生日蛋糕",
        ):
            timed(f"search {words!r}, 100", lambda words=words: library.search(words, limit=100))
            timed(f"ids {words!r}", lambda words=words: library.ids(words))
            timed(f"  commonly: LIKE {words!r}", lambda words=words: common.search(words), None)
        for words in ("ox", "獺", "x", "zq", "number zq", "nothing at all"):
            timed(f"search {words!r}, 100", lambda words=words: library.search(words, limit=100))
        middle = library.ids()[total // 4 : total // 4 + 1000]
        timed("mark 1,000 favourites", lambda: library.set_favourite(middle, True), None)
        cats = Label("collection", "cats")
        timed("put 1,000 into a collection", lambda: library.put(cats, middle), None)
        timed("the collection", lambda: library.ids(label=cats))
        timed("search 'otter' in it", lambda: library.ids("otter", label=cats))
        timed("tag 1,000", lambda: library.put(Label("tag", "work"), middle), None)
        timed("search 'work otter'", lambda: library.search("work otter", limit=100))
        timed("collections and their counts", lambda: library.labels("collection"))
        timed("ids by prompt", lambda: library.ids(order="prompt"), None)
        timed("use of the disk", lambda: measure_use(folder, folder / "none"), None)
        timed("favourites", lambda: library.search(favourites=True, limit=100))
        picture = Image.effect_noise((512, 512), 60).convert("RGBA")
        timed("add one of 512×512", lambda: library.add(picture, Recipe("added"), 1.0), None)
    return figures


class Common:
    """One table of JSON, searched by LIKE, for comparison."""

    def __init__(self, library: Library) -> None:
        self._rows = sqlite3.connect(":memory:")
        self._rows.execute("CREATE TABLE image(created REAL PRIMARY KEY, id TEXT, json TEXT)")
        stickers = library.search()
        self._rows.executemany(
            "INSERT INTO image VALUES (?, ?, ?)",
            ((each.created, each.id, each.recipe.to_json()) for each in stickers),
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._rows.close()

    def search(self, words: str) -> list[str]:
        """The ids of all that hold every word, newest first."""
        parts = words.split()
        tests = " AND ".join(["json LIKE ?"] * len(parts))
        rows = self._rows.execute(
            f"SELECT id FROM image WHERE {tests} ORDER BY created DESC",
            [f"%{part}%" for part in parts],
        )
        return [sticker_id for (sticker_id,) in rows]


def _walk(folder: Path) -> list[str]:
    """Every picture below `folder`, the newest first."""
    found: list[tuple[float, str]] = []
    for root, _, names in os.walk(folder):
        files = [os.path.join(root, name) for name in names if name.endswith(".png")]  # noqa: PTH118
        found += [(os.stat(file).st_mtime, file) for file in files]  # noqa: PTH116
    return [file for _, file in sorted(found, reverse=True)]


def _open(folder: Path) -> None:
    Library(folder).close()


def _median(action: Callable[[], object], runs: int = RUNS) -> tuple[float, float]:
    """Seconds by the clock and of this process's own work, each the median of `runs`."""
    times: list[tuple[float, float]] = []
    for _ in range(runs):
        clock, work = time.perf_counter(), time.process_time()
        action()
        times.append((time.perf_counter() - clock, time.process_time() - work))
    clocks, works = zip(*times, strict=True)
    return statistics.median(clocks), statistics.median(works)


def main() -> int:
    """Print the figures; 1 where one is over its limit."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--stickers", type=int, default=100_000)
    count = parser.parse_args().stickers
    with tempfile.TemporaryDirectory() as root:
        folder = Path(root) / "library"
        fill(folder, count)
        print(f"library of {count:,} stickers, median of {RUNS} runs")
        missed = 0
        for figure in measure(folder):
            over = figure.limit is not None and figure.seconds > figure.limit
            missed += over
            limit = "" if figure.limit is None else f"  (≤ {figure.limit * 1e3:,.0f} ms)"
            took = f"{figure.seconds * 1e3:9,.1f} ms (CPU {figure.cpu_seconds * 1e3:9,.1f} ms)"
            print(f"  {figure.name:34} {took}{limit}{' MISSED' * over}")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
