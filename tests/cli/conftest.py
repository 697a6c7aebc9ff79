"""The command line in this process, where torch is loaded once, and as a program of its own."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from stickerstudio.cli import main
from stickerstudio.core.paths import Paths


@dataclass(frozen=True)
class Result:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> dict[str, Any]:
        """The one JSON object on stdout; anything else there fails."""
        assert self.out.endswith("\n")
        assert self.out.count("\n") == 1
        return json.loads(self.out)


Cli = Callable[..., Result]


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Paths:
    """The user's folders, below the test's own: for this process and for its children."""
    home = tmp_path / "home"
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("XDG_DATA_HOME", str(home / "data"))
    monkeypatch.setenv("XDG_STATE_HOME", str(home / "state"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(home / "cache"))
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    monkeypatch.setenv("LC_ALL", "C.UTF-8")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[2]))
    monkeypatch.chdir(tmp_path)
    return Paths.default()


@pytest.fixture
def cli(capfdbinary: pytest.CaptureFixture[bytes]) -> Cli:
    """Run a command in this process."""

    def run(*arguments: object) -> Result:
        capfdbinary.readouterr()
        code = main([str(argument) for argument in arguments])
        out, err = capfdbinary.readouterr()
        return Result(code, out.decode("utf-8"), err.decode("utf-8"))

    return run


def program(
    *arguments: object,
    stdout: int = subprocess.PIPE,
    env: dict[str, str] | None = None,
    preexec_fn: Callable[[], None] | None = None,
) -> subprocess.Popen[bytes]:
    """Start `python -m stickerstudio` as a user's shell would."""
    return subprocess.Popen(
        [sys.executable, "-m", "stickerstudio", *map(str, arguments)],
        stdout=stdout,
        stderr=subprocess.PIPE,
        env=env,
        preexec_fn=preexec_fn,
    )


def run_program(*arguments: object, **options: Any) -> Result:
    """Run it to its end."""
    with program(*arguments, **options) as process:
        out, err = process.communicate(timeout=120)
    return Result(process.returncode, (out or b"").decode("utf-8"), (err or b"").decode("utf-8"))


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A real SDXL in miniature, painting 64 × 64; read only."""
    from tests.engine.tiny_sdxl import build_pipeline

    folder = tmp_path_factory.mktemp("models") / "tiny"
    build_pipeline("epsilon").save_pretrained(folder)
    return folder


@pytest.fixture(scope="session")
def tiny_lora(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A LoRA for `tiny`; read only."""
    from tests.engine.lora_files import make_lora
    from tests.engine.tiny_sdxl import build_pipeline

    file = tmp_path_factory.mktemp("loras") / "pastel.safetensors"
    make_lora(file, {"unet": build_pipeline("epsilon").unet}, style="kohya-ldm")
    return file
