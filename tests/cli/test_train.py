"""`stickerstudio train`: lines of JSON, what is refused, and Ctrl+C that keeps the state."""

from __future__ import annotations

import argparse
import json
import signal
from pathlib import Path
from typing import Any

import pytest

from stickerstudio.cli import train
from stickerstudio.core.paths import Paths
from stickerstudio.training import jobs
from stickerstudio.training.dataset import read_set
from stickerstudio.training.settings import TrainingSettings
from tests.cli.conftest import Cli, program
from tests.training.drawings import fill


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--name", "x"), "at least 5 drawings"),
        (("--name", "../x"), "cannot be the name of a style"),
        (("--name", "x", "--trigger", "a, b"), "cannot be the trigger word"),
        (("--name", "x", "--model", "nobody"), "nobody"),
        (("--name", "x", "--resume"), "no training called"),
    ],
)
def test_what_cannot_be_is_refused_in_sentences(
    cli: Cli, tmp_path: Path, arguments: tuple[str, ...], said: str
) -> None:
    (tmp_path / "art").mkdir()
    result = cli("train", tmp_path / "art", *arguments)
    assert result.code == 3
    assert said in result.err
    assert "Traceback" not in result.err


def test_wrong_usage(cli: Cli, tmp_path: Path) -> None:
    assert cli("train", tmp_path).code == 2
    assert cli("train", tmp_path, "--name", "x", "--steps", "0").code == 2
    assert cli("train", tmp_path, "--name", "x", "--preset", "best").code == 2


@pytest.mark.parametrize("flags", [(), ("--keep-place",)])
def test_places_are_kept_where_asked(tmp_path: Path, flags: tuple[str, ...]) -> None:
    parser = argparse.ArgumentParser()
    train.add_arguments(parser)
    arguments = parser.parse_args([str(tmp_path), "--name", "x", "--preset", "good", *flags])
    assert train.settings_from(arguments).keep_place is bool(flags)


def test_a_finished_training_does_not_go_on(cli: Cli, home: Paths, tmp_path: Path) -> None:
    art = fill(tmp_path / "art")
    job = jobs.create(home, TrainingSettings(name="mine"), read_set(art))
    job.report.write_text("{}")
    result = cli("train", art, "--name", "mine", "--resume")
    assert result.code == 3
    assert "is finished" in result.err


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_ctrl_c_keeps_the_state_and_resume_goes_on(tiny: Path, home: Paths, tmp_path: Path) -> None:
    art = fill(tmp_path / "art")
    (art / "broken.png").write_bytes(b"no picture")
    rows, last = _interrupted(
        "train", art, "--name", "mine", "--model", tiny, "--steps", 400, "--rank", 2, "--json"
    )
    assert [row["event"] for row in rows if row.get("event") == "plan"]
    assert last["refused"][0]["name"] == "broken.png"
    assert [job.settings.name for job in jobs.unfinished(home)] == ["mine"]
    rows, again = _interrupted("train", art, "--name", "mine", "--resume", "--json")
    steps = [row["step"] for row in rows if row.get("event") == "step"]
    assert steps[0] == last["saved"] + 1
    assert again["saved"] > last["saved"]


def _interrupted(*arguments: object) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """Run until a step is told of, press Ctrl+C: the lines until then, and the last one."""
    rows: list[dict[str, Any]] = []
    with program(*arguments) as process:
        assert process.stdout is not None
        for line in process.stdout:
            rows.append(json.loads(line))
            if rows[-1].get("event") == "step":
                break
        process.send_signal(signal.SIGINT)
        out, _ = process.communicate(timeout=300)
    assert process.returncode == 130
    last = json.loads(out.splitlines()[-1])
    assert last["interrupted"]
    return rows, last
