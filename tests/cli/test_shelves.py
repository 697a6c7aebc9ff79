"""`models`, `loras` and `doctor`: what is there, what is wrong, what comes and goes."""

from __future__ import annotations

import json
import shutil
import signal
import threading
import time
from pathlib import Path

import pytest

from stickerstudio.core.paths import Paths
from stickerstudio.models.cards import read_card
from stickerstudio.models.catalogue import partial_folder
from tests.cli.conftest import Cli, program, run_program
from tests.models.hub import HubStandIn
from tests.models.sdxl_layout import write_folder


def test_models_are_listed_with_and_without_json(cli: Cli) -> None:
    listed = {model["name"]: model for model in cli("models", "--json").json["models"]}
    turbo = listed["sdxl-turbo"]
    assert (turbo["installed"], turbo["path"], turbo["size"]) == (False, None, [512, 512])
    assert turbo["licence"] == "sai-nc-community"
    lines = cli("models", "list").out.splitlines()
    assert any(line.startswith("sdxl-turbo") and "6.9 GB" in line for line in lines)


def test_models_come_and_go(cli: Cli, tmp_path: Path, home: Paths) -> None:
    folder = write_folder(tmp_path / "My Model")
    assert cli("models", "add", folder).out == "Added as my-model.\n"
    assert str(folder) in cli("models").out
    assert cli("models", "remove", "my-model", "--json").json == {"removed": "my-model"}
    assert folder.is_dir()
    again = cli("models", "remove", "my-model", "--json")
    assert (again.code, again.json["error"]["kind"]) == (3, "NotFoundError")
    (home.models / "broken.json").write_text("{")
    broken = cli("models", "list", "--json")
    assert broken.code == 0
    assert "broken.json" in broken.json["problems"][0]
    assert "broken.json" in broken.err


def test_what_is_no_model_gives_3(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "x.ckpt").write_bytes(b"\x80\x04")
    result = cli("models", "add", tmp_path / "x.ckpt", "--json")
    assert (result.code, result.json["error"]["kind"]) == (3, "UnsafeFileError")


def test_loras_come_and_go(cli: Cli, tiny_lora: Path, tmp_path: Path) -> None:
    assert cli("loras", "add", tiny_lora).out == "Added as pastel.\n"
    listed = cli("loras", "--json").json
    assert "pastel" in [lora["name"] for lora in listed["loras"]]
    shown = cli("loras", "show", "pastel", "--json").json["lora"]
    assert (shown["name"], shown["bundled"]) == ("pastel", False)
    assert shown["rank"] > 0
    assert "pastel" in cli("loras", "show", "pastel").out
    assert cli("loras", "remove", "pastel").code == 0
    near = cli("loras", "show", "pastel", "--json")
    assert (near.code, near.json["error"]["kind"]) == (3, "NotFoundError")
    pickle = tmp_path / "evil.safetensors"
    pickle.write_bytes(b"\x80\x04K\x01.")
    evil = cli("loras", "add", pickle, "--json")
    assert (evil.code, evil.json["error"]["kind"]) == (3, "UnsafeFileError")


def test_a_blend_is_fused_into_one_file_that_can_be_added(
    cli: Cli, tiny: Path, tiny_lora: Path, tmp_path: Path
) -> None:
    cli("loras", "add", tiny_lora)
    file = tmp_path / "both.safetensors"
    order = ("loras", "fuse", "pastel=0.5", "--model", tiny, "-o", file, "--json")
    made = cli(*order, "--exact").json["lora"]
    assert made["path"] == str(file)
    assert (made["relative_error"], made["size_bytes"]) == (0, file.stat().st_size)
    assert made["layers"] > 0
    assert cli("loras", "add", file, "--json").json["lora"]["name"] == "both"
    again = cli(*order, "--rank", 2)
    assert (again.code, again.json["error"]["kind"]) == (3, "BadInputError")  # it exists
    file.unlink()
    assert 0 < cli(*order, "--rank", 2).json["lora"]["relative_error"] < 1
    assert cli(*order, "--rank", 2, "--exact", "--method", "ties").code == 2


# --- download ---


@pytest.fixture
def hub(tmp_path: Path) -> HubStandIn:
    """A mirror that has everything SDXL-Turbo's card names, in miniature."""
    card, _ = read_card(Paths.default().bundled_models / "sdxl-turbo" / "card.json")
    assert card.hub is not None
    folder = write_folder(tmp_path / "mirror", "fp16")
    for name in card.hub.files:
        if not (folder / name).exists():
            (folder / name).write_text("{}")
    (folder / "LICENSE.md").write_text("Not for sale.")
    return HubStandIn(folder, repo=card.hub.repo, commit=card.hub.revision)


def test_a_download_needs_a_yes_and_then_installs(cli: Cli, hub: HubStandIn, home: Paths) -> None:
    with hub:
        order = ("models", "download", "sdxl-turbo", "--endpoint", hub.address, "--json")
        refused = cli(*order)
        assert (refused.code, refused.json["error"]["kind"]) == (3, "LicenceError")
        assert "non-commercial" in refused.err
        assert not hub.asked
        done = cli(*order, "--accept-licence")
        assert done.code == 0
        assert done.json["model"]["path"] == str(home.models / "sdxl-turbo")
        assert "MB" in done.err
        hub.asked.clear()
        assert cli(*order).json["model"]["installed"]
        assert not hub.asked
    assert cli("models", "remove", "sdxl-turbo").code == 0
    assert not (home.models / "sdxl-turbo").exists()


def test_a_mirror_that_is_away_gives_3(cli: Cli, hub: HubStandIn) -> None:
    with hub:
        hub.refuse = 403
        result = cli(
            "models", "download", "sdxl-turbo", "--accept-licence", "--endpoint", hub.address
        )
    assert result.code == 3
    assert "HF_TOKEN" in result.err


def test_ctrl_c_stops_even_a_download_that_hangs_and_keeps_the_part(
    hub: HubStandIn, home: Paths
) -> None:
    hub.gate = threading.Event()
    part = partial_folder(home.models / "sdxl-turbo")
    with hub:
        order = ("models", "download", "sdxl-turbo", "--accept-license", "--json")
        with program(*order, "--endpoint", hub.address) as process:
            deadline = time.monotonic() + 60
            while not any(file.stat().st_size > 3000 for file in part.rglob("*.part")):
                assert process.poll() is None
                assert time.monotonic() < deadline
                time.sleep(0.02)
            pressed = time.monotonic()
            process.send_signal(signal.SIGINT)
            out, _ = process.communicate(timeout=30)
            took = time.monotonic() - pressed
        hub.gate.set()
    assert process.returncode == 130
    assert json.loads(out) == {"interrupted": True}
    assert took < 3
    assert list(part.rglob("*.part"))


# --- doctor ---


def test_a_healthy_program_makes_its_test_sticker(cli: Cli, tiny: Path, home: Paths) -> None:
    cli("models", "add", tiny)
    result = cli("doctor", "--model", "tiny", "--json")
    assert result.code == 0, result.out
    checks = {check["name"]: check for check in result.json["checks"]}
    assert result.json["ok"]
    assert "tiny made one in" in checks["test sticker"]["text"]
    assert checks["torch"]["text"].startswith("2.")
    assert "CPU core" in checks["device"]["text"]
    assert not home.library.exists()  # the test sticker went elsewhere


def test_the_doctor_names_every_problem(cli: Cli, tiny: Path, tmp_path: Path, home: Paths) -> None:
    model = shutil.copytree(tiny, tmp_path / "ill")
    cli("models", "add", model)
    file = model / "unet" / "diffusion_pytorch_model.safetensors"
    file.write_bytes(file.read_bytes()[:-1])
    home.loras.mkdir(parents=True)
    (home.loras / "torn.safetensors").write_bytes(b"\x00" * 20)
    (home.models / "torn.json").write_text("[]")
    home.state.mkdir(parents=True)
    result = cli("--library", file, "doctor", "--model", "nobody", "--json")
    assert result.code == 3
    wrong = {c["name"]: c["text"] for c in result.json["checks"] if not c["ok"]}
    assert set(wrong) == {"stickers", "model ill", "models", "LoRAs", "test sticker"}
    assert "cut off" in wrong["model ill"]
    assert "torn.json" in wrong["models"]
    assert "torn.safetensors" in wrong["LoRAs"]
    assert "There is no model nobody." in wrong["test sticker"]


def test_doctor_speaks_in_lines(cli: Cli, home: Paths) -> None:
    result = cli("doctor", "--model", "nobody")
    assert result.code == 3
    lines = result.out.splitlines()
    assert any(line.startswith("ok ") and "torch" in line for line in lines)
    assert any(line.startswith("PROBLEM") and "no model nobody" in line for line in lines)


# --- the program itself ---


def test_version_help_and_usage_as_a_program() -> None:
    assert run_program("--version").out.startswith("stickerstudio 0.")
    wrong = run_program("generate")
    assert (wrong.code, wrong.out) == (2, "")
    assert "PROMPT" in wrong.err
