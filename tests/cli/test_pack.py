"""`stickerstudio pack`: export, check and import, with their exit codes and JSON."""

from __future__ import annotations

import io
import json
from pathlib import Path

from PIL import Image

from stickerstudio.core.library import Library
from stickerstudio.core.paths import Paths
from stickerstudio.core.recipe import Recipe
from stickerstudio.packs import pack as projects
from stickerstudio.packs.pack import Pack, PackSticker
from tests.cli.conftest import Cli

ART = Path(__file__).parents[1] / "packs" / "art"


def test_stickers_of_the_library_become_packs(cli: Cli, home: Paths, tmp_path: Path) -> None:
    with Library(home.library) as library, Image.open(ART / "otter.webp") as image:
        sticker = library.add(image, Recipe("I love you, otter"), 1.0)
    result = cli(
        "pack",
        "export",
        "--to",
        "slack,telegram-emoji",
        sticker.id,
        ART / "cat.webp",
        "-o",
        tmp_path / "out",
        "--title",
        "水獺 🦦",
        "--author",
        "me",
        "--json",
    )
    assert result.code == 0
    slack, telegram = result.json["packs"]
    assert [slack["platform"], telegram["platform"]] == ["slack", "telegram-emoji"]
    assert Path(slack["path"]) == tmp_path / "out" / "水獺 🦦-slack"
    assert all(one["bytes"] <= one["max_bytes"] for one in slack["files"])
    listing = json.loads((Path(telegram["path"]) / "stickers.json").read_bytes())
    assert listing["title"] == "水獺 🦦"
    assert listing["stickers"][0]["emoji_list"][0] == "🦦"


def test_a_pack_that_is_not_taken_is_refused_with_every_reason(cli: Cli, tmp_path: Path) -> None:
    files = [ART / "cat.webp", ART / "dog.webp"]
    result = cli("pack", "export", "--to", "whatsapp", *files, "-o", tmp_path / "out")
    assert result.code == 3
    assert "WhatsApp takes 3 to 30 stickers; there are 2. Add 1." in result.err
    assert not (tmp_path / "out").exists()


def test_fix_does_what_costs_something(cli: Cli, tmp_path: Path) -> None:
    project = tmp_path / f"pack{projects.SUFFIX}"
    stickers = (PackSticker(ART / "cat.webp", ("😺",), "cat"), PackSticker(tmp_path / "gone.png"))
    projects.save(Pack("Cats", "me", "", stickers), project)
    arguments = ("pack", "export", "--to", "slack", "--project", project, "-o", tmp_path / "out")
    refused = cli(*arguments)
    assert refused.code == 3
    assert "Sticker 2: " in refused.err
    assert "gone.png" in refused.err
    done = cli(*arguments, "--fix")
    assert done.code == 0
    assert "Sticker 2: " in done.err
    assert len(list((tmp_path / "out" / "Cats-slack").glob("*.png"))) == 1


def test_check_names_each_file_and_limit(cli: Cli, tmp_path: Path) -> None:
    folder = tmp_path / "emoji"
    folder.mkdir()
    noise = Image.effect_noise((200, 128), 90).convert("RGB")
    buffer = io.BytesIO()
    noise.save(buffer, "PNG")
    (folder / "noise.png").write_bytes(buffer.getvalue())
    result = cli("pack", "check", folder, "--for", "slack", "--json")
    assert result.code == 3
    assert not result.json["accepted"]
    problems = {problem["limit"]: problem for problem in result.json["problems"]}
    assert problems["size"]["text"] == "noise.png: 200 × 128 pixels; exactly 128 × 128."
    assert problems["size"]["sticker"] == 1
    assert result.json["sources"][0].startswith("https://")


def test_what_was_exported_passes_the_check_and_comes_back(cli: Cli, tmp_path: Path) -> None:
    files = sorted(ART.glob("*.webp"))[:2]
    cli("pack", "export", "--to", "slack", *files, "-o", tmp_path / "out")
    place = tmp_path / "out" / "Stickers-slack"
    checked = cli("pack", "check", place, "--for", "slack")
    assert (checked.code, checked.out) == (0, "Slack emoji would accept it.\n")
    taken = cli("pack", "import", place, "-o", tmp_path / "in", "--json")
    assert taken.code == 0
    assert len(taken.json["stickers"]) == 2
    project = Path(taken.json["project"])
    assert all(sticker.source.is_file() for sticker in projects.load(project).stickers)
    again = cli("pack", "check", project, "--for", "slack")
    assert again.code == 0


def test_wrong_usage(cli: Cli, tmp_path: Path) -> None:
    assert cli("pack", "check", tmp_path, "--for", "myspace").code == 2
    assert cli("pack").code == 2
    assert cli("pack", "export", "--to", "slack", "-o", tmp_path).code == 3
    assert cli("pack", "import", tmp_path / "nothing.zip", "-o", tmp_path).code == 3
