"""`stickerstudio train`: lines of JSON, what is refused, and Ctrl+C that keeps the state."""

from __future__ import annotations

import json
import signal
from pathlib import Path

import pytest

from stickerstudio.core.paths import Paths
from stickerstudio.training import jobs
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


@pytest.mark.slow
def test_ctrl_c_keeps_the_state_and_resume_goes_on(
    cli: Cli, tiny: Path, home: Paths, tmp_path: Path
) -> None:
    art = fill(tmp_path / "art")
    (art / "broken.png").write_bytes(b"no picture")
    with program(
        "train", art, "--name", "mine", "--model", tiny, "--steps", 400, "--rank", 2, "--json"
    ) as process:
        assert process.stdout is not None
        rows = []
        for line in process.stdout:
            rows.append(json.loads(line))
            if rows[-1].get("event") == "step" and rows[-1]["step"] == 3:
                break
        process.send_signal(signal.SIGINT)
        out, _ = process.communicate(timeout=120)
    assert process.returncode == 130
    last = json.loads(out.splitlines()[-1])
    assert last["interrupted"]
    assert last["saved"] >= 3
    assert last["refused"][0]["name"] == "broken.png"
    assert [row["event"] for row in rows if row.get("event") == "plan"]
    (job,) = jobs.unfinished(home)
    jobs.ask_to_finish(job)  # so that the test need not wait for all the steps
    result = cli("train", art, "--name", "mine", "--resume", "--json")
    assert result.code == 0
    lines = [json.loads(line) for line in result.out.splitlines()]
    steps = [line["step"] for line in lines if line.get("event") == "step"]
    assert steps[0] == last["saved"] + 1
    assert Path(lines[-1]["lora"]).is_file()
    assert Path(lines[-1]["lora"]).parent == home.loras
    again = cli("train", art, "--name", "mine", "--resume")
    assert again.code == 3
    assert "is finished" in again.err
