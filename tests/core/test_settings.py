"""Settings: one bad value spoils no other, and nothing of a newer version is lost."""

from __future__ import annotations

import json
from dataclasses import asdict, fields, replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as st

from stickerstudio.core.errors import DiskError
from stickerstudio.core.settings import VERSION, Settings, enlargement, load, save
from tests.core.disks import FullDisk

CHANGED = Settings(
    language="zh_TW",
    device="cpu",
    live_preview=False,
    dark="dark",
    model="/models/水獺",
    upscale=4,
    cutout=False,
    hub_endpoint="https://mirror.example/hf",
)


@pytest.mark.parametrize(
    ("size", "times"),
    [
        ((64, 64), 4),
        ((128, 128), 4),
        ((128, 129), 3),
        ((170, 100), 3),
        ((171, 100), 2),
        ((256, 256), 2),
        ((512, 512), 1),
        ((64, 1024), 1),
    ],
)
def test_by_itself_a_sticker_is_enlarged_to_at_most_512_pixels(
    size: tuple[int, int], times: int
) -> None:
    assert enlargement(Settings().upscale, *size) == times
    assert [enlargement(chosen, *size) for chosen in (1, 2, 3, 4)] == [1, 2, 3, 4]


def test_a_file_that_says_off_keeps_saying_so(tmp_path: Path) -> None:
    file = tmp_path / "settings.json"
    file.write_text('{"version": 1, "upscale": 1}', encoding="utf-8")
    assert load(file).upscale == 1


def test_every_setting_comes_back(tmp_path: Path) -> None:
    assert all(
        getattr(CHANGED, field.name) != getattr(Settings(), field.name)
        for field in fields(Settings)
    )
    file = tmp_path / "state" / "settings.json"

    save(file, CHANGED)

    assert load(file) == CHANGED
    save(file, Settings())
    assert load(file) == Settings()


@pytest.mark.parametrize(
    ("key", "bad"),
    [
        ("language", "tlh"),
        ("language", 3),
        ("language", []),
        ("device", "abacus"),
        ("device", ["cpu"]),
        ("device", None),
        ("live_preview", "yes"),
        ("live_preview", 1),
        ("dark", "grey"),
        ("model", ""),
        ("model", None),
        ("model", "a\nb"),
        ("model", "x" * 5000),
        ("upscale", -1),
        ("upscale", 5),
        ("upscale", 2.0),
        ("upscale", True),
        ("cutout", None),
        ("hub_endpoint", "ftp://mirror.example"),
        ("hub_endpoint", "mirror.example"),
        ("hub_endpoint", "https://"),
        ("hub_endpoint", "http://[broken"),
        ("hub_endpoint", 5),
    ],
)
def test_a_bad_value_falls_back_alone(tmp_path: Path, key: str, bad: object) -> None:
    file = tmp_path / "settings.json"
    file.write_text(json.dumps({**asdict(CHANGED), key: bad}))

    assert load(file) == replace(CHANGED, **{key: getattr(Settings(), key)})


@pytest.mark.parametrize(
    "data", [b"", b"{", b"[]", b"null", b"3", b"\xff\xfe", b"[" * 100_000, b'{"upscale": NaN}']
)
def test_a_broken_file_gives_the_defaults_and_can_be_saved_over(
    tmp_path: Path, data: bytes
) -> None:
    file = tmp_path / "settings.json"
    file.write_bytes(data)

    assert load(file) == Settings()
    save(file, CHANGED)
    assert load(file) == CHANGED


def test_missing_files_and_folders_in_their_place_give_the_defaults(tmp_path: Path) -> None:
    assert load(tmp_path / "missing.json") == Settings()
    assert load(tmp_path) == Settings()


@examples(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.dictionaries(
        st.sampled_from([field.name for field in fields(Settings)] + ["version", "other"]),
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
            lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
            max_leaves=4,
        ),
    )
)
def test_no_file_stops_the_program(tmp_path: Path, data: dict[str, object]) -> None:
    file = tmp_path / "settings.json"
    file.write_text(json.dumps(data))

    settings = load(file)
    save(file, settings)

    assert load(file) == settings


def test_what_a_newer_version_wrote_is_kept(tmp_path: Path) -> None:
    file = tmp_path / "settings.json"
    newer = {"version": VERSION + 6, "sparkles": {"on": True}, "cutout": False}
    file.write_text(json.dumps(newer))

    save(file, replace(load(file), upscale=3))

    data = json.loads(file.read_text())
    assert (data["version"], data["sparkles"]) == (VERSION + 6, {"on": True})
    assert (data["cutout"], data["upscale"]) == (False, 3)


def test_a_full_disk_keeps_the_old_settings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "settings.json"
    save(file, CHANGED)
    FullDisk(monkeypatch).room = 30

    with pytest.raises(DiskError, match="The disk is full"):
        save(file, Settings())

    assert load(file) == CHANGED
