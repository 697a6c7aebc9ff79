"""The library in company: several threads, several programs, and one that is killed."""

from __future__ import annotations

import random
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from PIL import Image

from stickerstudio.core.library import Library
from tests.core.stickers import add, indexes, remove_index

_ADDER = """
import sys
from pathlib import Path
from PIL import Image
from stickerstudio.core.library import Library
from stickerstudio.core.recipe import Recipe
library = Library(Path(sys.argv[1]))
print("ready", flush=True)
sys.stdin.readline()
for number in range(int(sys.argv[2])):
    image = Image.effect_noise((64, 64), 50).convert("RGBA")
    print(library.add(image, Recipe(f"{sys.argv[3]} {number}"), 0).id, flush=True)
"""


def _adder(folder: Path, count: int, prompt: str) -> subprocess.Popen[str]:
    """Another program that adds stickers, printing each id after add() returned; waits for go."""
    process = subprocess.Popen(
        [sys.executable, "-c", _ADDER, str(folder), str(count), prompt],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[2],
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


def _go(process: subprocess.Popen[str]) -> None:
    assert process.stdin is not None
    process.stdin.write("go\n")
    process.stdin.flush()


@pytest.mark.slow
def test_a_program_killed_at_20_random_moments_loses_nothing_it_showed(tmp_path: Path) -> None:
    rng = random.Random(20)
    shown: list[str] = []
    for _ in range(20):
        process = _adder(tmp_path, 10_000, "otter")
        _go(process)
        time.sleep(rng.uniform(0.0, 0.25))
        process.kill()
        shown += process.communicate()[0].split()

        with Library(tmp_path) as library:
            assert set(shown) <= set(library.ids())
            assert library.skipped() == []
    assert len(shown) > 20
    with Library(tmp_path) as library:
        for sticker in library.search():
            with Image.open(sticker.path) as image:
                image.load()


def test_two_programs_and_this_one_add_to_one_library(tmp_path: Path) -> None:
    with Library(tmp_path) as library:
        stamp = library.change_stamp()
        programs = [_adder(tmp_path, 15, name) for name in ("first", "second")]
        for program in programs:
            _go(program)
        mine = [add(library, f"mine {number}").id for number in range(15)]
        theirs = [program.communicate(timeout=60)[0].split() for program in programs]

        assert library.change_stamp() != stamp
        assert sorted(library.ids()) == sorted([*mine, *theirs[0], *theirs[1]])
        assert sorted(library.ids("second")) == sorted(theirs[1])


def test_two_windows_see_each_others_changes(tmp_path: Path) -> None:
    with Library(tmp_path) as one, Library(tmp_path) as two:
        first, second = add(one, "first"), add(two, "second")
        stamp = two.change_stamp()

        one.set_favourite([second.id], True)
        one.delete([first.id])

        assert two.change_stamp() != stamp
        assert two.ids(favourites=True) == [second.id]
        two.delete([first.id])  # both windows delete the same one: no harm
        assert two.restore([first.id]) == [first]
        assert one.restore([first.id]) == [first]
        assert one.ids() == [second.id, first.id]


def test_two_windows_open_a_library_without_an_index_at_once(tmp_path: Path) -> None:
    with Library(tmp_path) as library:
        ids = [add(library, str(number)).id for number in range(30)]
    for damage in (remove_index, lambda folder: indexes(folder)[0].write_bytes(b"damage" * 999)):
        damage(tmp_path)
        barrier = threading.Barrier(4)

        def open_and_list(barrier: threading.Barrier = barrier) -> list[str]:
            barrier.wait()
            with Library(tmp_path) as library:
                return library.ids()

        with ThreadPoolExecutor(4) as pool:
            lists = [pool.submit(open_and_list) for _ in range(4)]
            assert [each.result() for each in lists] == [ids[::-1]] * 4


def test_many_threads_use_one_library(tmp_path: Path) -> None:
    with Library(tmp_path) as library:
        start = add(library, "start")

        def work(name: int) -> list[str]:
            ids = [add(library, f"thread{name} {number}").id for number in range(8)]
            library.set_favourite(ids[:4], True)
            library.delete(ids[6:])
            assert library.restore(ids[6:7])[0].id == ids[6]
            assert library.get(start.id) == start
            assert len(library.search(f"thread{name}")) == 7
            return ids[:7]

        with ThreadPoolExecutor(6) as pool:
            lists = list(pool.map(work, range(6)))

        assert sorted(library.ids()) == sorted([start.id, *(i for ids in lists for i in ids)])
        assert library.count(favourites=True) == 24


def test_reading_goes_on_while_another_thread_writes(tmp_path: Path) -> None:
    """A gallery that scrolls must not wait for a rebuild."""
    with Library(tmp_path) as library:
        sticker = add(library)
        reached, go_on = threading.Event(), threading.Event()

        def wait_inside(_connection: object) -> None:
            reached.set()
            assert go_on.wait(30)

        write: Callable[[Callable[[object], None]], None] = library._index.write  # pyright: ignore[reportPrivateUsage]
        with ThreadPoolExecutor(1) as pool:
            writing = pool.submit(write, wait_inside)
            assert reached.wait(30)
            assert library.search() == [sticker]
            assert not writing.done()
            go_on.set()
            writing.result()
