"""Trainings that were begun and not finished, as folders and numbers only.

The window asks at every start, before anyone has asked for a training: nothing here imports what
reads drawings. Going on with one is for training.jobs.
"""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stickerstudio.core.paths import Paths

_LAST = 64 * 1024  # bytes of the log in which its last step is looked for


@dataclass(frozen=True, slots=True)
class Interrupted:
    """A training that can go on: its name, and how many of its steps were done."""

    name: str
    step: int
    steps: int


def trainings_folder(paths: Paths) -> Path:
    """Where all trainings are kept."""
    return paths.state / "training"


def lock_file(paths: Paths) -> Path:
    """Locked by the one training that runs on this computer."""
    return trainings_folder(paths) / "lock"


def unfinished_folders(paths: Paths) -> list[Path]:
    """The folders of trainings begun and not finished, the latest first."""
    with suppress(OSError):
        folders = trainings_folder(paths).iterdir()
        return [
            folder
            for folder in sorted(folders, key=lambda each: each.stat().st_mtime, reverse=True)
            if (folder / "settings.json").is_file() and not (folder / "report.json").is_file()
        ]
    return []


def last_interrupted(paths: Paths) -> Interrupted | None:
    """The latest unfinished training; None where there is none, or one is under way."""
    folders = unfinished_folders(paths)
    if not folders or _is_under_way(paths):
        return None
    for folder in folders:
        with suppress(OSError, ValueError, TypeError, KeyError):
            settings = json.loads((folder / "settings.json").read_text("utf-8"))
            return Interrupted(str(settings["name"]), _last_step(folder), int(settings["steps"]))
    return None


def _is_under_way(paths: Paths) -> bool:
    import filelock  # only now: mostly there is nothing to ask about

    try:
        with filelock.FileLock(lock_file(paths), blocking=False):
            return False
    except (filelock.Timeout, OSError):
        return True


def _last_step(folder: Path) -> int:
    """The last step in the log; 0 where there is none."""
    with suppress(OSError), (folder / "log.jsonl").open("rb") as log:
        log.seek(max(0, log.seek(0, 2) - _LAST))
        for line in reversed(log.read().splitlines()):
            with suppress(ValueError, TypeError, KeyError):
                row: dict[str, Any] = json.loads(line)
                return int(row["step"])
    return 0
