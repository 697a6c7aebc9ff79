"""The command line as a program: signals, closed pipes, other encodings, a disk that is full."""

from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from stickerstudio.core.library import Library
from stickerstudio.core.paths import Paths
from stickerstudio.engine.studio import Studio
from tests.cli.conftest import Cli, program, run_program

LIGHT = """
import sys
from stickerstudio.cli import main
for arguments in (["models", "--json"], ["loras", "list"], ["generate", "x", "--model", "nobody"]):
    main(arguments)
heavy = {"torch", "diffusers", "transformers", "PySide6", "huggingface_hub"} & set(sys.modules)
assert not heavy, heavy
"""


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_ends_with_130_and_keeps_what_is_finished(
    tiny: Path, home: Paths, number: signal.Signals
) -> None:
    with program("generate", "otter", "--model", tiny, "-n", 10_000, "--json") as process:
        assert process.stderr is not None
        for line in process.stderr:
            if line.startswith(b"Sticker 2 is ready."):
                break
        process.send_signal(number)
        out, _ = process.communicate(timeout=30)
    assert process.returncode == 130
    answer = json.loads(out)
    assert answer["interrupted"]
    paths = [Path(sticker["path"]) for sticker in answer["stickers"]]
    assert 2 <= len(paths) < 10_000
    assert all(path.is_file() for path in paths)
    with Library(home.library) as library:
        assert library.count() == len(paths)


@pytest.mark.slow
def test_an_ascii_terminal_and_a_reader_that_left_do_no_harm(tiny: Path, home: Paths) -> None:
    environment = {**os.environ, "LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    environment |= {"PYTHONIOENCODING": "ascii"}
    reading, writing = os.pipe()
    os.close(reading)
    result = run_program("generate", "水獺", "--model", tiny, stdout=writing, env=environment)
    os.close(writing)
    assert result.code == 0, result.err
    assert "Error" not in result.err
    assert "Traceback" not in result.err
    with Library(home.library) as library:
        assert library.search()[0].recipe.prompt == "水獺"


def test_json_is_utf8_whatever_the_terminal_speaks(tmp_path: Path) -> None:
    environment = {**os.environ, "PYTHONIOENCODING": "ascii"}
    result = run_program("models", "add", tmp_path / "沒有", "--json", env=environment)
    assert result.code == 3
    assert "沒有" in result.json["error"]["what"]
    assert "\\u6c92" in result.err


def test_a_disk_that_takes_no_more_gives_3(tiny: Path) -> None:
    def no_room() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (2000, 2000))

    result = run_program("generate", "otter", "--model", tiny, "--json", preexec_fn=no_room)
    assert result.code == 3, result.err
    assert result.json["error"]["kind"] == "DiskError"


def test_light_commands_import_nothing_heavy() -> None:
    done = subprocess.run([sys.executable, "-c", LIGHT], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_ctrl_c_while_the_engine_starts_ends_at_once(
    cli: Cli, tiny: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = signal.getsignal(signal.SIGINT)

    def start(studio: Studio) -> object:
        signal.raise_signal(signal.SIGINT)
        raise ImportError("broken off")  # what an interrupted import may say instead

    monkeypatch.setattr(Studio, "start", start)
    result = cli("generate", "otter", "--model", tiny, "--json")
    assert result.code == 130
    assert result.json["stickers"] == []
    assert signal.getsignal(signal.SIGINT) is before


def test_commands_run_outside_of_the_main_thread_too(cli: Cli) -> None:
    codes: list[int] = []
    thread = threading.Thread(target=lambda: codes.append(cli("models", "--json").code))
    thread.start()
    thread.join()
    assert codes == [0]
