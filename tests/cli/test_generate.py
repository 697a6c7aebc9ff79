"""Stickers on the command line: same seed, same bytes; wishes that cannot be met are sentences."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from PIL import Image

from stickerstudio.core import starts
from stickerstudio.core.library import Library
from stickerstudio.core.paths import Paths
from stickerstudio.core.settings import Settings, save
from stickerstudio.engine.studio import Studio
from stickerstudio.models.catalogue import Catalogue
from tests.cli.conftest import Cli


def test_the_json_says_what_was_made_and_the_library_holds_it(
    cli: Cli, tiny: Path, home: Paths
) -> None:
    result = cli(
        "generate", "I love you, otter 水獺", "--model", tiny, "-n", 3, "--seed", 7, "--json"
    )
    assert result.code == 0
    answer = result.json
    assert list(answer) == ["stickers", "device", "load_seconds"]
    assert answer["device"] == "cpu"
    assert answer["load_seconds"] > 0
    stickers = answer["stickers"]
    assert [sticker["seed"] for sticker in stickers] == [7, 8, 9]
    for sticker in stickers:
        assert sticker.pop("seconds") > 0
        assert Path(sticker.pop("path")).is_file()
        del sticker["seed"]
        assert sticker == {
            "prompt": "I love you, otter 水獺",
            "loras": [],
            "model": str(tiny),
            "steps": 4,
            "guidance_scale": 0.0,
            "size": [256, 256],  # painted at 64, enlarged four times
        }
    with Library(home.library) as library:
        assert [each.recipe.seed for each in library.search("水獺")] == [9, 8, 7]
    assert "Sticker 3 is ready." in result.err


def test_the_same_seed_gives_the_same_bytes(cli: Cli, tiny: Path, tmp_path: Path) -> None:
    order = ("generate", "otter", "--model", tiny, "--json", "-o")
    batch = cli(*order, tmp_path / "a", "--seed", 5, "-n", 3).json["stickers"]
    again = cli(*order, tmp_path / "b", "--seed", 7).json["stickers"]
    paths = [Path(sticker["path"]) for sticker in (*batch, *again)]
    assert [path.parent.name for path in paths] == ["a", "a", "a", "b"]
    one, two, three, alone = (path.read_bytes() for path in paths)
    assert alone == three
    assert len({one, two, three}) == 3


def test_without_json_the_path_is_printed_and_the_seed_is_rolled(
    cli: Cli, tiny: Path, home: Paths
) -> None:
    paths = [Path(cli("generate", "otter", "--model", tiny).out.strip()) for _ in range(2)]
    assert all(path.is_file() and path.is_relative_to(home.library) for path in paths)
    with Library(home.library) as library:
        assert len({each.recipe.seed for each in library.search()}) == 2


def test_copies_hold_no_recipe_and_come_as_webp_too(cli: Cli, tiny: Path, tmp_path: Path) -> None:
    order = ("generate", "a/b: otter", "--model", tiny, "--json")
    folder = tmp_path / "new" / "folder"
    copy = Path(cli(*order, "-o", folder, "--format", "webp").json["stickers"][0]["path"])
    assert (copy.parent, copy.name) == (folder, "a b otter.webp")
    assert b"otter" not in copy.read_bytes()
    with Image.open(copy) as image:
        assert (image.format, image.size) == ("WEBP", (256, 256))
    here = Path(cli(*order, "--format", "png").json["stickers"][0]["path"])
    assert here == tmp_path / "a b otter.png"


def test_size_cutout_and_enlargement_are_the_users_choice(
    cli: Cli, tiny: Path, home: Paths
) -> None:
    save(home.state / "settings.json", Settings(upscale=2))
    order = ("generate", "otter", "--model", tiny, "--size", "32x48", "--json")
    large = cli(*order).json["stickers"][0]
    plain = cli(*order, "--no-upscale", "--no-cutout").json["stickers"][0]
    assert large["size"] == [64, 96]
    assert plain["size"] == [32, 48]
    with Library(home.library) as library:
        newest, before = library.search()
    assert (newest.recipe.cutout, before.recipe.cutout) == (False, True)
    with Image.open(plain["path"]) as image:
        assert image.getchannel("A").getextrema() == (255, 255)


def test_a_sticker_begins_with_a_picture(cli: Cli, tiny: Path, home: Paths, tmp_path: Path) -> None:
    picture = tmp_path / "photo.jpg"
    Image.radial_gradient("L").convert("RGB").save(picture)
    order = ("generate", "otter", "--model", tiny, "--seed", 5, "--no-cutout", "--json")
    made = [
        Path(cli(*order, *more).json["stickers"][0]["path"]).read_bytes()
        for more in ((), ("--start", picture), ("--start", picture, "--strength", 0.9))
    ]
    assert len(set(made)) == 3
    with Library(home.library) as library:
        strong, usual, plain = (each.recipe for each in library.search())
    assert (plain.start, usual.strength, strong.strength) == (None, 0.6, 0.9)
    assert usual.start is not None
    assert strong.start == usual.start
    with starts.load(home.library, usual.start) as kept:
        assert kept.size == (256, 256)


def test_a_start_that_is_no_picture_gives_3(cli: Cli, tiny: Path, tmp_path: Path) -> None:
    (tmp_path / "notes.png").write_text("not a picture")
    for file in ("notes.png", "nowhere.png"):
        result = cli("generate", "otter", "--model", tiny, "--start", tmp_path / file)
        assert result.code == 3
        assert file in result.err


def test_variations_stay_by_the_sticker(cli: Cli, tiny: Path, home: Paths) -> None:
    order = ("generate", "otter", "--model", tiny, "--seed", 5, "-n", 2, "--json")
    cli(*order, "--variation-seed", 8, "--variation-strength", 0.25)
    with Library(home.library) as library:
        recipes = [each.recipe for each in library.search()]
    assert [(r.seed, r.variation_seed, r.variation_strength) for r in recipes] == [
        (5, 9, 0.25),
        (5, 8, 0.25),
    ]


def test_the_library_can_be_elsewhere_and_the_model_known_by_name(
    cli: Cli, tiny: Path, tmp_path: Path, home: Paths
) -> None:
    elsewhere = tmp_path / "圖庫"
    assert cli("models", "add", tiny, "--json").json["model"]["name"] == "tiny"
    order = ("--library", elsewhere, "generate", "otter", "--model", "tiny", "--json")
    sticker = cli(*order).json["stickers"][0]
    assert sticker["model"] == "tiny"
    assert Path(sticker["path"]).is_relative_to(elsewhere)
    assert not home.library.exists()


def test_loras_are_mixed_in_by_name_and_by_file(
    cli: Cli, tiny: Path, tiny_lora: Path, tmp_path: Path
) -> None:
    shutil.copy(tiny_lora, tmp_path / "ink=wash.safetensors")
    order = ("generate", "otter", "--model", tiny, "--seed", 1, "--json", "-o", tmp_path)
    plain = cli(*order).json["stickers"][0]
    mixed = cli(*order, "--lora", f"{tmp_path}/ink=wash.safetensors=1.5").json["stickers"][0]
    name = mixed["loras"][0]["name"]
    assert mixed["loras"] == [{"name": name, "weight": 1.5}]
    nothing = cli(*order, "--lora", f"{name}=0").json["stickers"][0]
    pictures = [Path(each["path"]).read_bytes() for each in (plain, mixed, nothing)]
    assert pictures[0] == pictures[2] != pictures[1]
    twice = cli(*order, "--lora", f"{name}=1", "--lora", f"{name}=2")
    assert (twice.code, twice.json["error"]["kind"]) == (3, "BadInputError")


@pytest.mark.parametrize(
    "prompt",
    ["", "x" * 10_000, "🦦愛你的水獺" * 90, "אני\nאוהב\tאותך\0 \u202egnp."],
    ids=["empty", "long", "emoji", "control"],
)
def test_any_prompt_makes_a_sticker(cli: Cli, tiny: Path, tmp_path: Path, prompt: str) -> None:
    result = cli("generate", prompt, "--model", tiny, "--json", "-o", tmp_path / "out")
    assert result.code == 0
    sticker = result.json["stickers"][0]
    assert sticker["prompt"] == prompt.strip()
    assert Path(sticker["path"]).is_file()


# --- what cannot be done ---


@pytest.mark.parametrize(
    ("options", "kind", "words"),
    [
        (["--model", "sdxl-trubo"], "NotFoundError", "sdxl-turbo"),
        (["--model", "sdxl-turbo"], "NotFoundError", "download"),
        (["--model", "/nowhere/at/all"], "NotFoundError", "no model"),
        (["--lora", "nobody=1"], "NotFoundError", "no LoRA"),
        (["--lora", "no/file.safetensors=1"], "NotFoundError", "no such file"),
        (["--size", "63x64"], "BadInputError", "multiple of 8"),
        (["--size", "4096x4096"], "BadInputError", "out of range"),
        (["--device", "mps"], "BadInputError", "Apple"),
    ],
)
def test_what_the_user_can_put_right_is_told_and_gives_3(
    cli: Cli, tiny: Path, options: list[str], kind: str, words: str
) -> None:
    result = cli("generate", "otter", "--model", tiny, "--json", *options)
    assert result.code == 3
    error = result.json["error"]
    assert error["kind"] == kind
    assert words in " ".join(error.values())
    assert error["what"] in result.err
    assert "Traceback" not in result.err


@pytest.mark.parametrize("prompt", ["x" * 10_001, "broken \udcff"], ids=["long", "surrogate"])
def test_a_prompt_that_cannot_be_used_gives_3(cli: Cli, tiny: Path, prompt: str) -> None:
    result = cli("generate", prompt, "--model", tiny, "--json")
    assert (result.code, result.json["error"]["kind"]) == (3, "BadInputError")


def test_steps_the_model_was_not_made_for_are_refused(cli: Cli, tiny: Path, tmp_path: Path) -> None:
    turbo = shutil.copytree(tiny, tmp_path / "sdxl-turbo")
    assert cli("models", "add", turbo, "--json").json["model"]["name"] == "sdxl-turbo"
    result = cli("generate", "otter", "--model", "sdxl-turbo", "--steps", 5, "--json")
    assert result.code == 3
    assert "1 to 4" in result.json["error"]["why"]


def test_a_file_where_a_folder_should_be_gives_3(cli: Cli, tiny: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    order = ("generate", "otter", "--model", tiny, "--json")
    for options in (("-o", tmp_path / "file"), ("--library", tmp_path / "file" / "library")):
        result = cli(*order, *options)
        assert (result.code, result.json["error"]["kind"]) == (3, "DiskError")


def test_a_copy_that_cannot_be_written_stops_and_keeps_what_is_in_the_library(
    cli: Cli, tiny: Path, tmp_path: Path, home: Paths, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "out"
    begin = Studio.start

    def start_and_lose_the_folder(studio: Studio) -> object:
        folder.rmdir()
        return begin(studio)

    monkeypatch.setattr(Studio, "start", start_and_lose_the_folder)
    result = cli("generate", "otter", "--model", tiny, "-n", 5, "-o", folder, "--json")
    assert (result.code, result.json["error"]["kind"]) == (3, "NotFoundError")
    with Library(home.library) as library:
        assert library.count() == 1


def test_a_damaged_model_gives_3(cli: Cli, tiny: Path, tmp_path: Path) -> None:
    broken = shutil.copytree(tiny, tmp_path / "broken")
    file = broken / "unet" / "diffusion_pytorch_model.safetensors"
    file.write_bytes(file.read_bytes()[:-1])
    result = cli("generate", "otter", "--model", broken, "--json")
    assert (result.code, result.json["error"]["kind"]) == (3, "BadFileError")


def test_a_fault_of_ours_gives_4_and_says_where(
    cli: Cli, tiny: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Catalogue, "find", lambda self, name: 1 / 0)
    result = cli("generate", "otter", "--json")
    assert (result.code, result.json["error"]["kind"]) == (4, "FaultError")
    assert "ZeroDivisionError" in result.err
    assert "in find" in result.err or "<lambda>" in result.err


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["unknown"],
        ["generate"],
        ["generate", "a", "b"],
        ["generate", "a", "-n", "0"],
        ["generate", "a", "-n", "many"],
        ["generate", "a", "--seed", "-1"],
        ["generate", "a", "--seed", "4294967296"],
        ["generate", "a", "--steps", "0"],
        ["generate", "a", "--size", "512"],
        ["generate", "a", "--lora", "pastel"],
        ["generate", "a", "--lora", "=1"],
        ["generate", "a", "--lora", "pastel=nan"],
        ["generate", "a", "--lora", "pastel=11"],
        ["generate", "a", "--device", "tpu"],
        ["generate", "a", "--format", "gif"],
        ["generate", "a", "--strength", "1.5"],
        ["generate", "a", "--variation-strength", "nan"],
        ["generate", "a", "--variation-seed", "-1"],
        ["generate", "a", "--out", "x"],
        ["--library"],
        ["models", "add"],
        ["models", "fly"],
        ["loras", "show"],
    ],
)
def test_wrong_usage_gives_2_and_a_line_about_it(cli: Cli, arguments: list[str]) -> None:
    result = cli(*arguments)
    assert (result.code, result.out) == (2, "")
    assert "usage: stickerstudio" in result.err
