"""Settings, jobs on disk, and two trainings at once."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from stickerstudio.core.errors import BadFileError, BadInputError
from stickerstudio.core.paths import Paths
from stickerstudio.training import jobs
from stickerstudio.training.buckets import buckets, nearest
from stickerstudio.training.dataset import read_set
from stickerstudio.training.interrupted import Interrupted, last_interrupted
from stickerstudio.training.settings import (
    TrainingSettings,
    default_trigger,
    settings_from_json,
    with_preset,
)
from tests.training.drawings import fill


def test_round_trip() -> None:
    settings = TrainingSettings(name="風格", targets=("attention", "convolutions"), steps=7)
    assert settings_from_json(settings.to_json()) == settings


def test_settings_from_before_places_were_kept_are_the_same_text() -> None:
    """A state knows its settings by their text: a training begun before can go on."""
    older = TrainingSettings(name="x")
    text = older.to_json()
    assert "keep_place" not in text
    assert settings_from_json(text) == older
    assert not older.keep_place
    kept = replace(older, keep_place=True)
    assert settings_from_json(kept.to_json()) == kept
    assert kept.to_json() != text


@pytest.mark.parametrize(
    "changes",
    [
        {"name": "../evil"},
        {"name": ""},
        {"trigger": "a, b"},
        {"steps": 0},
        {"learning_rate": float("nan")},
        {"accumulation": 3},
        {"targets": ()},
    ],
)
def test_what_cannot_be_is_refused(changes: dict[str, object]) -> None:
    with pytest.raises(BadInputError):
        replace(TrainingSettings(name="x"), **changes).checked()  # type: ignore[arg-type]


def test_presets_differ_in_length() -> None:
    base = TrainingSettings(name="x")
    steps = [with_preset(base, preset).steps for preset in ("quick", "good", "thorough")]
    assert steps == sorted(steps)
    assert len(set(steps)) == 3


def test_trigger_is_one_short_word() -> None:
    assert default_trigger("My Art!") == "my-art-sticker"
    assert default_trigger("!!!") == "my-sticker"
    replace(TrainingSettings(name="x"), trigger=default_trigger("y" * 64)).checked()


def test_job_is_kept_and_found_again(paths: Paths, tmp_path: Path) -> None:
    data = read_set(fill(tmp_path / "art"))
    job = jobs.create(paths, TrainingSettings(name="mine"), data)
    assert jobs.load(job.folder) == job
    assert [each.settings.name for each in jobs.unfinished(paths)] == ["mine"]
    jobs.drop(job)
    assert jobs.unfinished(paths) == []


def test_job_of_another_version_says_so(paths: Paths, tmp_path: Path) -> None:
    job = jobs.create(paths, TrainingSettings(name="mine"), read_set(fill(tmp_path / "art")))
    (job.folder / "settings.json").write_text(json.dumps(["other"]))
    with pytest.raises(BadFileError, match="another version"):
        jobs.load(job.folder)
    assert jobs.unfinished(paths) == []


def test_the_latest_unfinished_training_is_told_of(paths: Paths, tmp_path: Path) -> None:
    assert last_interrupted(paths) is None
    data = read_set(fill(tmp_path / "art"))
    job = jobs.create(paths, TrainingSettings(name="蠟筆", steps=300), data)
    assert last_interrupted(paths) == Interrupted("蠟筆", 0, 300)
    for step in range(1, 42):
        jobs.append_log(job, {"step": step, "loss": 0.1})
    jobs.append_log(job, {"sample": 41, "files": []})
    with job.log.open("a") as log:
        log.write('{"step": 4')  # the power went here
    assert last_interrupted(paths) == Interrupted("蠟筆", 41, 300)
    with jobs.only_one(paths):  # it goes on, in another window
        assert last_interrupted(paths) is None
    job.report.write_text("{}")
    assert last_interrupted(paths) is None


def test_to_look_for_a_training_is_light() -> None:
    """The window does so at every start."""
    code = (
        "import sys, stickerstudio.training.interrupted\n"
        "heavy = {'numpy', 'PIL', 'filelock', 'stickerstudio.training.jobs'}\n"
        "assert not heavy & sys.modules.keys(), heavy & sys.modules.keys()"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


def test_two_trainings_at_once_are_refused_with_a_sentence(paths: Paths) -> None:
    refused = pytest.raises(BadInputError, match="Another style is being trained")
    with jobs.only_one(paths), refused, jobs.only_one(paths):
        pass
    with jobs.only_one(paths):  # and afterwards it goes
        pass


def test_buckets_keep_area_and_shape() -> None:
    sizes = buckets((512, 512))
    assert (512, 512) in sizes
    assert all(w * h <= 512 * 512 and w % 64 == h % 64 == 0 for w, h in sizes)
    wide = nearest((300, 160), sizes)
    assert wide[0] > wide[1]
    assert nearest((100, 100), sizes) == (512, 512)
    assert buckets((128, 128)) == ((128, 128),)
