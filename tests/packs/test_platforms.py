"""Every platform: a pack of real starter stickers, read back by other code than wrote it.

Pillow, zipfile, json and PyAV read; the numbers are written here anew, from each platform's own
document, and not taken from its declaration.
"""

from __future__ import annotations

import io
import json
import re
import struct
import zipfile
from pathlib import Path

import pytest
from PIL import Image

from stickerstudio.packs.check_files import check_finished
from stickerstudio.packs.platforms import PLATFORMS, find
from stickerstudio.packs.reading import read_packs
from tests.packs import make

Moving = dict[str, int]


def opened(data: bytes) -> Image.Image:
    """Decoded to the end, with nothing in it that is no picture."""
    image = Image.open(io.BytesIO(data))
    for number in range(getattr(image, "n_frames", 1)):
        image.seek(number)
        image.load()
    image.seek(0)
    beside = {
        "exif",
        "icc_profile",
        "xmp",
        "XML:com.adobe.xmp",
        "comment",
        "Software",
        "parameters",
    }
    assert not beside & image.info.keys()
    if image.format == "PNG":
        assert not {"tEXt", "zTXt", "iTXt", "eXIf", "tIME", "iCCP"} & set(chunks(data))
    return image


def chunks(data: bytes) -> list[str]:
    """The chunk types of a PNG (PNG, §5.3)."""
    found, at = [], 8
    while at < len(data):
        length, kind = struct.unpack_from(">I4s", data, at)
        found.append(kind.decode())
        at += 12 + length
    return found


def has_alpha(image: Image.Image) -> bool:
    """Whether something of the first frame is transparent."""
    return image.convert("RGBA").getchannel("A").getextrema()[0] < 255  # pyright: ignore


def times(image: Image.Image) -> list[int]:
    """How long each frame is shown, in milliseconds."""
    found: list[int] = []
    for number in range(image.n_frames):  # pyright: ignore
        image.seek(number)
        image.load()
        found.append(round(image.info["duration"]))
    return found


def video(path: Path) -> tuple[tuple[int, int], int, float, list[Image.Image]]:
    """Size, frames, seconds and the decoded pictures of a WebM."""
    av = pytest.importorskip("av")
    frames: list[Image.Image] = []
    with av.open(str(path)) as container:
        assert [stream.type for stream in container.streams] == ["video"]
        assert container.format.name == "matroska,webm"
        assert not {"title", "date", "creation_time", "comment"} & container.metadata.keys()
        stream = container.streams.video[0]
        assert stream.codec_context.name in ("vp9", "libvpx-vp9")
        assert stream.metadata["alpha_mode"] == "1"
        decoder = av.CodecContext.create("libvpx-vp9", "r")
        for packet in container.demux(stream):
            frames += [
                Image.fromarray(frame.to_ndarray(format="rgba")) for frame in decoder.decode(packet)
            ]
        seconds = float(container.duration) / 1_000_000
        assert float(stream.average_rate) <= 30
    return frames[0].size, len(frames), seconds, frames


def box_of(image: Image.Image) -> tuple[int, int, int, int]:
    """What is visible."""
    box = image.convert("RGBA").getchannel("A").point([0] * 9 + [255] * 247).getbbox()
    assert box is not None
    return box


def is_centred(image: Image.Image) -> bool:
    """Whether what is visible is as far from one side as from the other, to 2 pixels."""
    left, top, right, bottom = box_of(image)
    across = abs(left - (image.width - right))
    return across <= 3 and abs(top - (image.height - bottom)) <= 3


def refused(path: Path, key: str) -> list[str]:
    """What our own checker says."""
    return [p.text for pack in read_packs(path) for p in check_finished(pack, find(key))]


def test_whatsapp(tmp_path: Path) -> None:
    """https://github.com/WhatsApp/stickers/blob/main/Android/README.md"""
    place = make.export(make.pack_of(make.still_sources(8)), "whatsapp", tmp_path)
    contents = json.loads((place / "contents.json").read_bytes())
    (pack,) = contents["sticker_packs"]
    assert re.fullmatch(r"[A-Za-z0-9_.\- ]{1,128}", pack["identifier"])
    assert pack["name"] == "Starter 水獺"
    assert pack["publisher"] == "Sticker Studio"
    assert pack["animated_sticker_pack"] is False
    assert 3 <= len(pack["stickers"]) <= 30
    folder = place / pack["identifier"]
    tray = (folder / pack["tray_image_file"]).read_bytes()
    assert len(tray) <= 50_000
    assert opened(tray).size == (96, 96)
    for sticker in pack["stickers"]:
        data = (folder / sticker["image_file"]).read_bytes()
        image = opened(data)
        assert image.format == "WEBP"
        assert image.size == (512, 512)
        assert not image.is_animated  # pyright: ignore
        assert len(data) <= 100_000
        assert has_alpha(image)
        assert is_centred(image)
        assert min(box_of(image)) >= 14
        assert 1 <= len(sticker["emojis"]) <= 3
        assert 0 < len(sticker["accessibility_text"]) <= 125
    (archive,) = place.glob("*.wastickers")
    with zipfile.ZipFile(archive) as files:
        assert {"title.txt", "author.txt", "cover.png"} <= set(files.namelist())
        assert files.read("title.txt").decode() == "Starter 水獺"
        assert len(files.namelist()) == 8 + 3
        assert opened(files.read("01.png")).size == (512, 512)
        assert opened(files.read("cover.png")).size == (96, 96)
    assert refused(place, "whatsapp") == []


def test_whatsapp_animated(tmp_path: Path) -> None:
    """The same document: 500 KB, frames of at least 8 ms, 10 s, never mixed with still ones."""
    sources = [*make.still_sources(3), *make.moving_sources(tmp_path, 3, 5)]
    place = make.export(make.pack_of(sources), "whatsapp", tmp_path / "out")
    assert sorted(item.name for item in place.iterdir()) == ["1", "2"]
    kinds: list[bool] = []
    for folder in (place / "1", place / "2"):
        (pack,) = json.loads((folder / "contents.json").read_bytes())["sticker_packs"]
        kinds.append(pack["animated_sticker_pack"])
        assert pack["name"].endswith(folder.name)
        for sticker in pack["stickers"]:
            data = (folder / pack["identifier"] / sticker["image_file"]).read_bytes()
            image = opened(data)
            assert image.size == (512, 512)
            assert image.is_animated is pack["animated_sticker_pack"]  # pyright: ignore
            if pack["animated_sticker_pack"]:
                assert len(data) <= 500_000
                assert min(times(image)) >= 8
                assert sum(times(image)) <= 10_000
    assert kinds == [False, True]
    assert refused(place, "whatsapp") == []


def test_telegram(tmp_path: Path) -> None:
    """https://core.telegram.org/stickers and https://core.telegram.org/bots/api#inputsticker"""
    sources = [*make.still_sources(3), *make.moving_sources(tmp_path, 1, 6)]
    place = make.export(make.pack_of(sources), "telegram", tmp_path / "out")
    listing = json.loads((place / "stickers.json").read_bytes())
    assert 1 <= len(listing["title"]) <= 64
    assert re.fullmatch(r"[a-z][a-z0-9_]{0,50}_by_<bot_username>", listing["name"])
    assert [entry["format"] for entry in listing["stickers"]] == ["static"] * 3 + ["video"]
    for entry in listing["stickers"]:
        assert 1 <= len(entry["emoji_list"]) <= 20
        assert sum(map(len, entry["keywords"])) <= 64
        path = place / entry["sticker"]
        if entry["format"] == "static":
            image = opened(path.read_bytes())
            assert image.format == "WEBP"
            assert max(image.size) == 512
            assert has_alpha(image)
            assert path.stat().st_size <= 512_000
        else:
            size, frames, seconds, pictures = video(path)
            assert max(size) == 512
            assert seconds <= 3.01
            assert 2 <= frames <= 90
            assert path.stat().st_size <= 256_000
            assert pictures[0].getchannel("A").getextrema() == (0, 255)
    thumbnail = (place / "thumbnail.webp").read_bytes()
    assert opened(thumbnail).size == (100, 100)
    assert len(thumbnail) <= 128_000
    assert refused(place, "telegram") == []


def test_telegram_emoji(tmp_path: Path) -> None:
    """https://core.telegram.org/stickers: 100 × 100 exactly."""
    sources = [*make.still_sources(2), *make.moving_sources(tmp_path, 1, 6)]
    place = make.export(make.pack_of(sources), "telegram-emoji", tmp_path / "out")
    assert json.loads((place / "stickers.json").read_bytes())["sticker_type"] == "custom_emoji"
    assert opened((place / "01.webp").read_bytes()).size == (100, 100)
    assert video(place / "03.webm")[0] == (100, 100)
    assert refused(place, "telegram-emoji") == []


def zip_of(place: Path) -> dict[str, bytes]:
    """What lies in the one zip of an export."""
    (archive,) = place.glob("*.zip")
    with zipfile.ZipFile(archive) as files:
        assert all(entry.date_time == (1980, 1, 1, 0, 0, 0) for entry in files.infolist())
        return {name: files.read(name) for name in files.namelist()}


def test_line(tmp_path: Path) -> None:
    """https://creator.line.me/en/guideline/sticker/"""
    place = make.export(make.pack_of(make.still_sources(16)), "line", tmp_path)
    files = zip_of(place)
    names = {"main.png", "tab.png", *(f"{n:02}.png" for n in range(1, 17))}
    assert files.keys() == names
    assert opened(files["main.png"]).size == (240, 240)
    assert opened(files["tab.png"]).size == (96, 74)
    for name in names:
        image = opened(files[name])
        assert image.format == "PNG"
        assert not getattr(image, "is_animated", False)
        assert image.width % 2 == image.height % 2 == 0
        assert image.width <= 370
        assert image.height <= 320
        assert has_alpha(image)
        assert len(files[name]) <= 1_000_000
    sticker = opened(files["01.png"])
    left, top, right, bottom = box_of(sticker)
    assert min(left, top, sticker.width - right, sticker.height - bottom) >= 9
    assert sum(map(len, files.values())) <= 20_000_000
    assert refused(place, "line") == []


@pytest.mark.slow
def test_line_animated(tmp_path: Path) -> None:
    """https://creator.line.me/en/guideline/animationsticker/"""
    sources = make.moving_sources(tmp_path, 8, 5)
    place = make.export(make.pack_of(sources), "line-animated", tmp_path / "out")
    files = zip_of(place)
    assert len(files) == 8 + 2
    for name, data in files.items():
        image = opened(data)
        assert len(data) <= 300_000
        assert has_alpha(image)
        if name == "tab.png":
            assert image.size == (96, 74)
            continue
        kinds = chunks(data)
        assert kinds[1] == "acTL"
        assert kinds.index("fcTL") < kinds.index("IDAT") < kinds.index("fdAT")
        if name == "main.png":
            assert image.size == (240, 240)
        else:
            assert image.width <= 320
            assert image.height <= 270
            assert max(image.size) >= 270
            assert image.width % 2 == image.height % 2 == 0
        assert 5 <= image.n_frames <= 20  # pyright: ignore
        assert 1 <= image.info["loop"] <= 4
        assert sum(times(image)) % 1000 == 0
        assert sum(times(image)) * image.info["loop"] <= 4_000
    assert refused(place, "line-animated") == []


def test_line_emoji(tmp_path: Path) -> None:
    """https://creator.line.me/en/guideline/emoji/"""
    place = make.export(make.pack_of(make.still_sources(9)), "line-emoji", tmp_path)
    files = zip_of(place)
    assert files.keys() == {"tab.png", *(f"{n:03}.png" for n in range(1, 10))}
    assert {opened(data).size for name, data in files.items() if name != "tab.png"} == {(180, 180)}
    assert max(map(len, files.values())) <= 1_000_000
    assert refused(place, "line-emoji") == []


def test_signal(tmp_path: Path) -> None:
    """Signal-Desktop's sticker creator: 512², 300 KiB, one emoji, animations loop for ever."""
    sources = [*make.still_sources(2), *make.moving_sources(tmp_path, 1, 5)]
    place = make.export(make.pack_of(sources), "signal", tmp_path / "out")
    assert json.loads((place / "emoji.txt").read_bytes()) == {"01": "🦦", "02": "😺", "03": "🐶"}
    for path in place.glob("0?.*"):
        image = opened(path.read_bytes())
        assert image.size == (512, 512)
        assert path.stat().st_size <= 300 * 1024
        assert has_alpha(image)
    moving = opened((place / "03.png").read_bytes())
    assert moving.n_frames == 5  # pyright: ignore
    assert moving.info["loop"] == 0
    assert sum(times(moving)) <= 3_000
    assert refused(place, "signal") == []


def test_discord(tmp_path: Path) -> None:
    """https://discord.com/developers/docs/resources/sticker and …/emoji"""
    sources = [*make.still_sources(2), *make.moving_sources(tmp_path, 1, 5)]
    place = make.export(make.pack_of(sources), "discord", tmp_path / "out")
    pictures = sorted(place.glob("*.png"))
    assert len(pictures) == 3
    for path in pictures:
        image = opened(path.read_bytes())
        assert image.size == (320, 320)
        assert path.stat().st_size <= 512 * 1024
        assert 2 <= len(path.stem) <= 30
        assert has_alpha(image)
    assert refused(place, "discord") == []
    emoji = make.export(make.pack_of(sources), "discord-emoji", tmp_path / "out")
    for path in [*emoji.glob("*.png"), *emoji.glob("*.gif")]:
        assert opened(path.read_bytes()).size == (128, 128)
        assert path.stat().st_size <= 256 * 1024
        assert re.fullmatch("[a-z0-9_]{2,32}", path.stem)
    assert refused(emoji, "discord-emoji") == []


def test_slack(tmp_path: Path) -> None:
    """https://slack.com/help/articles/206870177: 128²; 64 KB, the smaller of what is said."""
    sources = [*make.still_sources(2), *make.moving_sources(tmp_path, 1, 5)]
    place = make.export(make.pack_of(sources), "slack", tmp_path / "out")
    for path in [*place.glob("*.png"), *place.glob("*.gif")]:
        image = opened(path.read_bytes())
        assert image.size == (128, 128)
        assert path.stat().st_size <= 64_000
        assert re.fullmatch("[a-z0-9_]{1,100}", path.stem)
        assert has_alpha(image)
    assert opened(next(place.glob("*.gif")).read_bytes()).n_frames == 5  # pyright: ignore
    assert refused(place, "slack") == []


def test_imessage(tmp_path: Path) -> None:
    """https://developer.apple.com/documentation/messages/mssticker: under 500 KB, 408², 150."""
    sources = [*make.still_sources(2), *make.moving_sources(tmp_path, 1, 5)]
    place = make.export(make.pack_of(sources), "imessage", tmp_path / "out")
    folder = place / "Stickers.xcassets" / "Sticker Pack.stickerpack"
    contents = json.loads((folder / "Contents.json").read_bytes())
    assert len(contents["stickers"]) == 3
    for entry in contents["stickers"]:
        one = folder / entry["filename"]
        properties = json.loads((one / "Contents.json").read_bytes())["properties"]
        assert 0 < len(properties["accessibility-label"]) <= 150
        data = (one / properties["filename"]).read_bytes()
        assert opened(data).size == (408, 408)
        assert len(data) < 500_000
    assert refused(place, "imessage") == []


def test_kakaotalk(tmp_path: Path) -> None:
    """https://emoticonstudio.kakao.com: 32 transparent PNGs of 360², 150 KB each."""
    place = make.export(make.pack_of(make.still_sources(32)), "kakaotalk", tmp_path)
    pictures = sorted(place.glob("*.png"))
    assert [path.stem for path in pictures] == [f"{n:02}" for n in range(1, 33)]
    for path in pictures:
        image = opened(path.read_bytes())
        assert image.size == (360, 360)
        assert path.stat().st_size <= 150_000
        assert has_alpha(image)
    assert refused(place, "kakaotalk") == []


def test_kakaotalk_animated(tmp_path: Path) -> None:
    """The same: 24, of which 3 are GIFs on white, 24 frames and 2 MB at most."""
    sources = [*make.moving_sources(tmp_path, 3, 5), *make.still_sources(21)]
    place = make.export(make.pack_of(sources), "kakaotalk-animated", tmp_path / "out")
    moving = sorted(place.glob("*.gif"))
    assert len(moving) == 3
    assert len(list(place.glob("*.png"))) == 21
    for path in moving:
        image = opened(path.read_bytes())
        assert image.size == (360, 360)
        assert 2 <= image.n_frames <= 24  # pyright: ignore
        assert path.stat().st_size <= 2_000_000
        for number in range(image.n_frames):  # pyright: ignore
            image.seek(number)
            assert image.convert("RGBA").getpixel((0, 0)) == (255, 255, 255, 255)
    assert refused(place, "kakaotalk-animated") == []


def test_viber(tmp_path: Path) -> None:
    """sticker-convert's upload_viber.py: a zip of 00.png …, 490², 24 at most."""
    place = make.export(make.pack_of(make.still_sources(3)), "viber", tmp_path)
    files = zip_of(place)
    assert files.keys() == {"00.png", "01.png", "02.png"}
    assert {opened(data).size for data in files.values()} == {(490, 490)}
    assert max(opened((place / "cover.png").read_bytes()).size) <= 120
    assert refused(place, "viber") == []


def test_wechat(tmp_path: Path) -> None:
    """240² GIFs of 500 KB, each with a thumbnail of 120²."""
    sources = [*make.still_sources(1), *make.moving_sources(tmp_path, 1, 5)]
    place = make.export(make.pack_of(sources), "wechat", tmp_path / "out")
    for stem, frames in (("01", 1), ("02", 5)):
        data = (place / f"{stem}.gif").read_bytes()
        image = opened(data)
        assert image.size == (240, 240)
        assert image.n_frames == frames  # pyright: ignore
        assert len(data) <= 500_000
        assert has_alpha(image)
        assert opened((place / f"{stem}-thumbnail.png").read_bytes()).size == (120, 120)
    assert refused(place, "wechat") == []


@pytest.mark.parametrize("key", ["png", "webp", "png-zip", "webp-zip"])
def test_plain_files_keep_every_pixel(key: str, tmp_path: Path) -> None:
    """No limits: nothing is lost, and a name says what is seen."""
    sources = [*make.still_sources(2), *make.moving_sources(tmp_path, 1, 5)]
    place = make.export(make.pack_of(sources), key, tmp_path / "out")
    ending = "webp" if key.startswith("webp") else "png"
    if key.endswith("zip"):
        files = zip_of(place)
    else:
        files = {path.name: path.read_bytes() for path in place.iterdir()}
    pictures = {name: data for name, data in files.items() if name.endswith(ending)}
    assert sorted(pictures) == [f"0{n + 1} {make.NAMES[n]} {n + 1}.{ending}" for n in range(3)]
    for data in pictures.values():
        assert max(opened(data).size) == 512
    if ending == "webp":
        assert b"VP8L" in pictures["01 otter 1.webp"]
    assert refused(place, key) == []


def test_every_platform_is_tested_here_and_names_its_sources() -> None:
    tested = Path(__file__).read_text(encoding="utf-8")
    for platform in PLATFORMS:
        assert f'"{platform.key}"' in tested, platform.key
        assert platform.sources or platform.key.split("-")[0] in ("png", "webp")
