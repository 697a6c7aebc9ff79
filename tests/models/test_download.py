"""A download against a hub on loopback: whole, cut, killed, corrupted, refused, out of space."""

from __future__ import annotations

import filecmp
import json
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from stickerstudio.core.errors import (
    BadInputError,
    Cancelled,
    DiskError,
    LicenceError,
    NetworkError,
    NotFoundError,
)
from stickerstudio.core.paths import Paths
from stickerstudio.models import hub as hub_module
from stickerstudio.models.cards import HubSource, ModelCard, card_json, read_card
from stickerstudio.models.catalogue import Catalogue, partial_folder
from stickerstudio.models.download import download
from tests.models.hub import HubStandIn
from tests.models.sdxl_layout import write_folder, write_safetensors

UNET = "unet/diffusion_pytorch_model.fp16.safetensors"


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[HubStandIn]:
    """A hub with a small SDXL: four large files, the small ones, and things nobody needs."""
    monkeypatch.setattr(hub_module, "PAUSES", (0.0, 0.0))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    repository = write_folder(tmp_path / "repository", "fp16")
    write_safetensors(repository / UNET, ["unet.weight"], (1024, 1024))
    (repository / "LICENSE.md").write_text("Not for sale.")
    (repository / "unet" / "diffusion_pytorch_model.bin").write_bytes(b"\x80\x04" + bytes(9000))
    (repository / "README.md").write_text("# Tiny")
    with HubStandIn(repository) as stand_in:
        yield stand_in


@pytest.fixture
def card(paths: Paths, hub: HubStandIn) -> ModelCard:
    turbo, _ = read_card(paths.bundled_models / "sdxl-turbo" / "card.json")
    files = [n for n in hub.names() if n.endswith((".json", ".txt", ".safetensors"))]
    return replace(turbo, hub=HubSource(hub.repo, "main", tuple(files), 2_100_000))


@pytest.fixture
def fetch(card: ModelCard, paths: Paths, hub: HubStandIn) -> Callable[..., Path]:
    def call(**changes: Any) -> Path:
        arguments: dict[str, Any] = {
            "target": Catalogue(paths).download_folder(card),
            "accept_licence": True,
            "progress": lambda done, total: None,
            "is_cancelled": lambda: False,
            "endpoint": hub.address,
        }
        return download(card, **arguments | changes)

    return call


def assert_complete(folder: Path, hub: HubStandIn, card: ModelCard) -> None:
    assert card.hub is not None
    here = {p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()}
    assert here == {*card.hub.files, "LICENSE.md", "card.json"}
    for name in (*card.hub.files, "LICENSE.md"):
        assert filecmp.cmp(folder / name, hub.folder / name, shallow=False), name


def test_a_download_brings_what_the_card_names_and_the_licence(
    fetch: Callable[..., Path], hub: HubStandIn, card: ModelCard, paths: Paths
) -> None:
    told: list[tuple[int, int]] = []
    folder = fetch(progress=lambda done, total: told.append((done, total)))
    assert_complete(folder, hub, card)
    assert Catalogue(paths).find("sdxl-turbo").location == folder
    fetched, _ = read_card(folder / "card.json")
    assert fetched.hub is not None
    assert fetched.hub.revision == hub.commit
    total = sum((hub.folder / name).stat().st_size for name in (*fetched.hub.files, "LICENSE.md"))
    assert {t for _, t in told} == {total}
    assert [done for done, _ in told] == sorted(done for done, _ in told)
    assert (told[0], told[-1]) == ((0, total), (total, total))
    assert not partial_folder(folder).exists()
    hub.asked.clear()
    assert fetch() == folder
    assert not hub.asked  # what is there is not even asked for


def test_nothing_is_asked_before_the_licence_is_accepted(
    fetch: Callable[..., Path], hub: HubStandIn
) -> None:
    with pytest.raises(LicenceError, match=r"sai-nc-community.*LICENSE"):
        fetch(accept_licence=False)
    assert not hub.asked


def test_a_mirror_comes_from_the_environment(
    fetch: Callable[..., Path], hub: HubStandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_ENDPOINT", hub.address + "/")
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    assert fetch(endpoint=None).is_dir()
    assert not any("authorization" in {key.lower() for key in each} for each in hub.headers)


@pytest.mark.parametrize("endpoint", ["nonsense", "ftp://x", "http://", "https://", "file:///x"])
def test_a_senseless_mirror_is_a_sentence(fetch: Callable[..., Path], endpoint: str) -> None:
    with pytest.raises(BadInputError, match="not the address"):
        fetch(endpoint=endpoint)


def test_a_cut_connection_is_taken_up_where_it_ended(
    fetch: Callable[..., Path], hub: HubStandIn, card: ModelCard
) -> None:
    hub.cut_after, hub.cuts = 3000, 1
    assert_complete(fetch(), hub, card)
    first = next(name for name, range_ in hub.asked if range_)
    assert "bytes=3000-" in hub.asked_for(first)


def test_a_connection_cut_again_and_again_still_arrives_while_it_brings_something(
    fetch: Callable[..., Path], hub: HubStandIn, card: ModelCard
) -> None:
    hub.cut_after, hub.cuts = 2500, 12
    assert_complete(fetch(), hub, card)


def test_a_connection_that_brings_nothing_ends_in_a_sentence_and_keeps_the_part(
    fetch: Callable[..., Path], hub: HubStandIn, card: ModelCard, paths: Paths
) -> None:
    hub.cut_after, hub.cuts = 5000, 1
    fetched: list[int] = []
    with pytest.raises(NetworkError, match=r"interrupted.*kept"):
        # the second and later answers are cut at once
        fetch(
            progress=lambda done, _: fetched.append(done),
            is_cancelled=lambda: _cut_at_once_after_first(hub),
        )
    part = partial_folder(paths.models / "sdxl-turbo")
    kept = next(part.rglob("*.part"))
    assert kept.stat().st_size == 5000
    assert not (paths.models / "sdxl-turbo").exists()
    hub.cuts = 0
    hub.asked.clear()
    assert_complete(fetch(), hub, card)
    assert "bytes=5000-" in [range_ for _, range_ in hub.asked]


def _cut_at_once_after_first(hub: HubStandIn) -> bool:
    if hub.cuts == 0:
        hub.cut_after, hub.cuts = 0, 1000
    return False


def test_a_hub_that_is_away_is_a_sentence(fetch: Callable[..., Path], hub: HubStandIn) -> None:
    with HubStandIn(hub.folder) as gone:
        address = gone.address
    with pytest.raises(NetworkError, match=r"127\.0\.0\.1.*interrupted"):
        fetch(endpoint=address)


def test_a_busy_hub_is_asked_again(
    fetch: Callable[..., Path], hub: HubStandIn, card: ModelCard
) -> None:
    hub.busy = 2
    assert_complete(fetch(), hub, card)
    hub.busy = 1000
    shutil.rmtree(partial_folder(fetch()).parent / "sdxl-turbo")
    with pytest.raises(NetworkError, match="answered 503"):
        fetch()


def test_a_corrupted_file_never_gets_its_name(
    fetch: Callable[..., Path], hub: HubStandIn, card: ModelCard, paths: Paths
) -> None:
    for name in ("unet/config.json", UNET):  # one with git's SHA-1, one with a SHA-256
        hub.corrupt, hub.corruptions = name, 1
        with pytest.raises(NetworkError, match=f"{name} arrived damaged"):
            fetch()
        part = partial_folder(paths.models / "sdxl-turbo")
        assert not (part / name).exists()
        assert not list(part.rglob("*.part"))
    assert_complete(fetch(), hub, card)


def test_a_part_that_was_damaged_on_the_disk_is_fetched_anew(
    fetch: Callable[..., Path], hub: HubStandIn, card: ModelCard, paths: Paths
) -> None:
    hub.corrupt, hub.corruptions = UNET, 1
    hub.cut_after, hub.cuts = 5000, 1
    stop = threading.Event()
    with pytest.raises(Cancelled):
        fetch(progress=lambda done, _: done > 4900 and stop.set(), is_cancelled=stop.is_set)
    hub.corruptions = hub.cuts = 0
    for kept in partial_folder(paths.models / "sdxl-turbo").rglob("*.part"):
        kept.write_bytes(bytes(kept.stat().st_size))
    assert_complete(fetch(), hub, card)


def test_a_server_without_ranges_starts_over(
    fetch: Callable[..., Path], hub: HubStandIn, card: ModelCard
) -> None:
    hub.cut_after, hub.cuts, hub.ranges = 3000, 1, False
    assert_complete(fetch(), hub, card)


@pytest.mark.parametrize("status", [401, 403])
def test_a_gated_model_asks_for_an_account(
    fetch: Callable[..., Path], hub: HubStandIn, status: int
) -> None:
    hub.refuse = status
    with pytest.raises(LicenceError, match="HF_TOKEN"):
        fetch()


def test_a_repository_that_is_not_there_is_a_sentence(
    fetch: Callable[..., Path], hub: HubStandIn
) -> None:
    hub.repo = "someone/else"
    with pytest.raises(NotFoundError, match="not found"):
        fetch()


def test_a_repository_without_a_file_is_a_sentence(
    fetch: Callable[..., Path], hub: HubStandIn
) -> None:
    hub.hidden = {UNET}
    with pytest.raises(NotFoundError, match=f"{UNET} is missing"):
        fetch()


def test_a_log_in_page_is_no_hub(
    fetch: Callable[..., Path], hub: HubStandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(HubStandIn, "listing", lambda self: "<html>Welcome</html>")
    with pytest.raises(NetworkError, match="log-in page"):
        fetch()


def test_a_full_disk_is_noticed_before_the_first_byte(
    fetch: Callable[..., Path], hub: HubStandIn, card: ModelCard, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = shutil.disk_usage("/")
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=201_000_000))
    with pytest.raises(DiskError, match=r"0\.00 GB are still .* 0\.20 GB are free"):
        fetch()
    assert not [path for path, _ in hub.asked if "/resolve/" in path]


def test_a_folder_that_cannot_be_written_is_a_sentence(
    fetch: Callable[..., Path], tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(DiskError):
        fetch(target=tmp_path / "file" / "sdxl-turbo")


def test_cancel_stops_within_a_chunk_and_keeps_what_came(
    fetch: Callable[..., Path], hub: HubStandIn, card: ModelCard, paths: Paths
) -> None:
    stop = threading.Event()
    with pytest.raises(Cancelled):
        fetch(progress=lambda done, _: done > 300_000 and stop.set(), is_cancelled=stop.is_set)
    part = partial_folder(paths.models / "sdxl-turbo")
    kept = sum(path.stat().st_size for path in part.rglob("*") if path.is_file())
    assert 300_000 < kept < 900_000
    told: list[int] = []
    assert_complete(fetch(progress=lambda done, _: told.append(done)), hub, card)
    assert told[0] == kept
    assert told == sorted(told)


def test_two_downloads_of_one_model_do_not_meet(
    fetch: Callable[..., Path], hub: HubStandIn
) -> None:
    hub.gate = threading.Event()
    stop = threading.Event()
    errors: list[BaseException] = []

    def run() -> None:
        try:
            fetch(is_cancelled=stop.is_set)
        except BaseException as error:  # noqa: BLE001 — handed to the test
            errors.append(error)

    first = threading.Thread(target=run)
    first.start()
    while not hub.asked_for("safetensors"):
        time.sleep(0.01)
    with pytest.raises(BadInputError, match="already"):
        fetch()
    stop.set()
    hub.gate.set()
    first.join()
    assert [type(error) for error in errors] == [Cancelled]


def test_a_killed_download_goes_on_from_where_it_was(
    fetch: Callable[..., Path], hub: HubStandIn, card: ModelCard, paths: Paths, tmp_path: Path
) -> None:
    hub.gate = threading.Event()
    (tmp_path / "card.json").write_text(card_json(card), encoding="utf-8")
    child = subprocess.Popen([sys.executable, "-c", _CHILD, tmp_path, hub.address, paths.models])
    part = partial_folder(paths.models / "sdxl-turbo")
    try:
        deadline = time.monotonic() + 30
        while not any(p.stat().st_size > 3000 for p in part.rglob("*.part")):
            assert child.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.02)
    finally:
        child.send_signal(signal.SIGKILL)
        child.wait()
        hub.gate.set()
    kept = {path.name: path.stat().st_size for path in part.rglob("*.part")}
    hub.gate = None
    hub.asked.clear()
    assert_complete(fetch(), hub, card)
    assert {f"bytes={size}-" for size in kept.values()} <= {range_ for _, range_ in hub.asked}


_CHILD = """
import sys
from pathlib import Path
from stickerstudio.models.cards import read_card
from stickerstudio.models.download import download
folder, address, models = sys.argv[1:]
card, _ = read_card(Path(folder) / "card.json")
download(card, target=Path(models) / card.name, accept_licence=True, progress=lambda *_: None,
         is_cancelled=lambda: False, endpoint=address)
"""


def test_a_newer_version_is_never_glued_to_an_older_part(
    fetch: Callable[..., Path], hub: HubStandIn, card: ModelCard
) -> None:
    stop = threading.Event()
    with pytest.raises(Cancelled):
        fetch(progress=lambda done, _: done > 300_000 and stop.set(), is_cancelled=stop.is_set)
    changed = json.loads((hub.folder / "model_index.json").read_text()) | {"new": True}
    (hub.folder / "model_index.json").write_text(json.dumps(changed))
    write_safetensors(hub.folder / UNET, ["unet.other"], (1024, 1024))
    hub.commit = "beef" * 10
    folder = fetch()
    assert filecmp.cmp(folder / UNET, hub.folder / UNET, shallow=False)
    assert json.loads((folder / "model_index.json").read_text())["new"]
