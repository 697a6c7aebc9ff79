"""The user's verbs outside making: the blend, the library, the chat, models, settings."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image
from pytestqt.qtbot import QtBot

from stickerstudio.core.paths import Paths
from stickerstudio.core.recipe import LoraWeight, Recipe
from stickerstudio.core.settings import load
from stickerstudio.core.sticker import Sticker
from stickerstudio.models import hub as hub_module
from stickerstudio.models.cards import HubSource, card_json
from stickerstudio.session.session import Session
from stickerstudio.session.state import BlendEntry, DownloadView
from tests.models.hub import HubStandIn
from tests.models.lora_names import write_file
from tests.models.sdxl_layout import write_folder
from tests.session import scripted
from tests.session.conftest import MakeSession
from tests.session.watch import Watch

LAYER = "unet.down_blocks.1.attentions.0.transformer_blocks.0.attn2.to_k"
SHAPES = {f"{LAYER}.lora_A.weight": (1, 2048), f"{LAYER}.lora_B.weight": (640, 1)}


@pytest.fixture
def paths(paths: Paths, tmp_path: Path) -> Paths:
    """Two LoRAs came with the program: "gold" and "ink"."""
    bundled = tmp_path / "bundled"
    bundled.mkdir()
    for name, weight in (("gold", "0.8"), ("ink", "1.5")):
        write_file(bundled / f"{name}.safetensors", SHAPES)
        card = f'{{"name": "{name}", "title": "{name}", "recommended_weight": {weight}}}'
        (bundled / f"{name}.json").write_text(card)
    return replace(paths, bundled_loras=bundled)


@pytest.fixture
def shelf(session: Session, qtbot: QtBot) -> Session:
    """The started session, its LoRAs read."""
    if not session.loras:
        with qtbot.waitSignal(session.loras_changed):
            pass
    return session


def add(session: Session, prompt: str, **recipe: object) -> Sticker:
    """A sticker that is in the library already."""
    image = Image.new("RGBA", (8, 8))
    return session.library.add(image, Recipe(prompt, **recipe), 0.1)  # pyright: ignore[reportArgumentType]


# --- the blend ---


def test_every_lora_on_the_shelf_is_in_the_blend_switched_off(shelf: Session):
    assert shelf.draft.blend == (BlendEntry("gold", 0.8), BlendEntry("ink", 1.5))


def test_moving_switching_and_resetting(shelf: Session):
    shelf.set_weight("gold", -3.0)
    shelf.set_enabled("gold", True)
    assert shelf.draft.blend[0] == BlendEntry("gold", -2.0, enabled=True)
    shelf.only("ink")
    assert [entry.enabled for entry in shelf.draft.blend] == [False, True]
    assert shelf.default_weight("gold") == 0.8
    shelf.reset_blend()
    assert shelf.draft.blend == (BlendEntry("gold", 0.8), BlendEntry("ink", 1.5))


def test_a_moved_slider_is_in_the_next_sticker(shelf: Session, watch: Watch):
    shelf.edit(prompt="otter")
    shelf.set_weight("ink", 0.25)
    shelf.set_enabled("ink", True)
    shelf.make()
    watch.idle()
    assert watch.stickers[0].recipe.loras == (LoraWeight("ink", 0.25),)


def test_a_moved_slider_remakes_the_preview(shelf: Session, watch: Watch):
    shelf.edit(prompt="otter", live=True)
    watch.idle()
    seed = shelf.draft.seed
    shelf.only("ink")
    watch.idle()
    assert watch.previews[-1].recipe.loras == (LoraWeight("ink", 1.5),)
    assert watch.previews[-1].recipe.seed == seed


def test_an_added_lora_is_switched_on_and_a_removed_one_gone(
    shelf: Session, tmp_path: Path, qtbot: QtBot
):
    file = write_file(tmp_path / "neon.safetensors", SHAPES)
    with qtbot.waitSignal(shelf.loras_changed):
        shelf.add_lora(file)
    entries = {entry.name: entry.enabled for entry in shelf.draft.blend}
    assert entries == {"gold": False, "ink": False, "neon": True}
    with qtbot.waitSignal(shelf.loras_changed):
        shelf.remove_lora("neon")
    assert [entry.name for entry in shelf.draft.blend] == ["gold", "ink"]


@pytest.mark.parametrize(
    ("content", "kind"),
    [(b"\x80\x04K\x01.", "UnsafeFileError"), (b"\xff" * 40, "BadFileError"), (b"", "BadFileError")],
)
def test_a_file_that_is_no_lora_gets_a_sentence(
    shelf: Session, watch: Watch, tmp_path: Path, content: bytes, kind: str
):
    file = tmp_path / "evil.safetensors"
    file.write_bytes(content)
    shelf.add_lora(file)
    watch.until(lambda: watch.notices)
    error = watch.notices[0].error
    assert error is not None
    assert error.kind == kind
    assert not error.is_fault


def test_a_damaged_lora_in_the_folder_is_told_of(
    make_session: MakeSession, paths: Paths, qtbot: QtBot
):
    (paths.bundled_loras / "broken.safetensors").write_bytes(b"\xff" * 40)
    session = make_session()
    watch = Watch(session, qtbot)
    session.start()
    watch.until(lambda: watch.notices)
    assert "broken" in str(watch.notices[0].error)
    watch.until(lambda: len(session.loras) == 2)


# --- use these settings ---


def test_use_settings_brings_everything_back(shelf: Session, watch: Watch):
    recipe = {
        "seed": 99,
        "num_inference_steps": 2,
        "model": "other",
        "width": 64,
        "height": 64,
        "loras": (LoraWeight("ink", -0.5),),
        "cutout": False,
        "upscale": 4,  # as Settings say: automatic
    }
    sticker = add(shelf, "otter", **recipe)
    shelf.use_settings(sticker)
    shelf.make()
    watch.idle()
    assert watch.stickers[0].recipe == sticker.recipe
    assert not watch.notices


def test_use_settings_names_what_is_not_here_any_more(shelf: Session, watch: Watch):
    sticker = add(shelf, "cat", model="lost", loras=(LoraWeight("gone", 1.0), LoraWeight("ink", 1)))
    shelf.use_settings(sticker)
    (notice,) = watch.notices
    assert "lost, gone" in notice.text
    assert shelf.draft.prompt == "cat"
    assert shelf.draft.model == "starter"
    assert [entry.name for entry in shelf.draft.blend if entry.enabled] == ["ink"]


# --- the library ---


def test_favourites_in_the_order_they_were_asked_for(session: Session, qtbot: QtBot):
    sticker = add(session, "otter")
    for on in (True, False) * 5 + (True,):
        session.set_favourite([sticker.id], on)
    qtbot.waitUntil(lambda: not session._background._tasks)
    assert session.library.get(sticker.id).favourite


def test_delete_and_undo(session: Session, watch: Watch, qtbot: QtBot):
    ids = [add(session, f"otter {n}").id for n in range(3)]
    with qtbot.waitSignal(session.library_changed):
        session.delete(ids[:2])
    assert session.library.ids() == [ids[2]]
    watch.until(lambda: watch.notices)
    assert watch.notices[0].action == "undo_delete"
    assert "2" in watch.notices[0].text
    with qtbot.waitSignal(session.library_changed):
        session.perform("undo_delete")
    assert session.library.count() == 3
    session.undo_delete()  # nothing left to undo


def test_save_one_and_many(session: Session, tmp_path: Path, qtbot: QtBot):
    ids = [add(session, "otter").id, add(session, "otter").id]
    with qtbot.waitSignal(session.saved) as one:
        session.save_one(ids[0], tmp_path / "mine.png", "png")
    assert one.args == [[tmp_path / "mine.png"]]
    folder = tmp_path / "out"
    folder.mkdir()
    with qtbot.waitSignal(session.saved) as many:
        session.save_many(ids, folder, "webp")
    assert many.args
    assert sorted(path.name for path in many.args[0]) == ["otter (2).webp", "otter.webp"]
    assert all(path.is_file() for path in many.args[0])


def test_saving_where_one_may_not_gives_a_sentence(session: Session, watch: Watch, tmp_path: Path):
    sticker = add(session, "otter")
    session.save_one(sticker.id, tmp_path / "nowhere" / "otter.png", "png")
    watch.until(lambda: watch.notices)
    error = watch.notices[0].error
    assert error is not None
    assert error.kind == "NotFoundError"


def test_of_many_those_saved_before_a_failure_are_told_of(
    session: Session, watch: Watch, tmp_path: Path, qtbot: QtBot
):
    with qtbot.waitSignal(session.saved) as saved:
        session.save_many([add(session, "otter").id, "gone"], tmp_path, "png")
    assert saved.args == [[tmp_path / "otter.png"]]
    watch.until(lambda: watch.notices)


# --- the chat ---


def test_the_friend_greets_answers_and_reacts(session: Session, watch: Watch, tmp_path: Path):
    watch.until(lambda: session.chat.messages)  # the opening words
    session.send_text("  I love you!  ")
    session.send_text("   ")
    watch.until(lambda: len(session.chat.messages) >= 3 and not session.friend_typing)
    assert (session.chat.messages[1].author, session.chat.messages[1].text) == ("me", "I love you!")
    assert session.chat.messages[2].author == "friend"
    before = len(session.chat.messages)
    session.send_sticker(add(session, "otter").id)
    watch.until(lambda: len(session.chat.messages) >= before + 2 and not session.friend_typing)
    assert session.chat.messages[before].kind == "sticker"
    assert session.chat.messages[before].text == "otter"
    picture = tmp_path / "photo.png"
    Image.new("RGB", (9, 9)).save(picture)
    before = len(session.chat.messages)
    session.send_image(picture)
    watch.until(lambda: len(session.chat.messages) >= before + 2)
    assert session.chat.messages[before].kind == "image"
    assert not watch.notices


def test_messages_are_written_in_the_order_they_were_sent(session: Session, watch: Watch):
    texts = [f"message {n}" for n in range(10)]
    for text in texts:
        session.send_text(text)
    watch.until(lambda: sum(m.author == "me" for m in session.chat.messages) == 10)
    assert [m.text for m in session.chat.messages if m.author == "me"] == texts


def test_anything_that_is_no_picture_gets_a_sentence(
    session: Session, watch: Watch, tmp_path: Path
):
    file = tmp_path / "notes.txt"
    file.write_text("not a picture")
    session.send_image(file)
    session.send_sticker("no-such-sticker")
    watch.until(lambda: len(watch.notices) == 2)
    kinds = {notice.error.kind for notice in watch.notices if notice.error}
    assert kinds == {"BadFileError", "NotFoundError"}


def test_the_chat_is_there_at_the_next_start(make_session: MakeSession, qtbot: QtBot):
    first = make_session()
    first.send_text("hello")
    qtbot.waitUntil(lambda: len(first.chat.messages) >= 2)
    with qtbot.waitSignal(first.closed):
        first.close()
    second = make_session()
    assert second.chat.messages == first.chat.messages


# --- models and settings ---


def test_another_model_brings_its_own_steps_and_size(session: Session, watch: Watch):
    card = replace(scripted.model_card("other"), min_steps=1, max_steps=2, default_steps=1)
    file = session.paths.bundled_models / "other" / "card.json"
    file.write_text(card_json(card), encoding="utf-8")
    session._shelves.models = session._shelves._catalogue.all()
    session.edit(steps=8, size=(128, 128))
    session.edit(model="other")
    assert (session.draft.steps, session.draft.size) == (1, None)
    watch.until(lambda: session.engine.model == "other")  # warmed without being asked


def test_the_first_draft_has_the_steps_its_model_recommends(
    make_session: MakeSession, paths: Paths
):
    card = replace(scripted.model_card("starter"), default_steps=2)
    (paths.bundled_models / "starter" / "card.json").write_text(card_json(card), encoding="utf-8")
    assert make_session().draft.steps == 2


def test_a_model_is_added_from_disk_and_removed(session: Session, tmp_path: Path, qtbot: QtBot):
    folder = write_folder(tmp_path / "my-model")
    with qtbot.waitSignal(session.models_changed):
        session.add_model(folder)
    card = session.model_card("my-model")
    assert card is not None
    assert card.location == folder
    with qtbot.waitSignal(session.models_changed):
        session.remove_model("my-model")
    assert session.model_card("my-model") is None


def test_a_model_that_is_gone_is_replaced_at_the_start(make_session: MakeSession, paths: Paths):
    (paths.state).mkdir(parents=True)
    (paths.state / "draft.json").write_text('{"format": 1, "model": "lost", "prompt": "otter"}')
    session = make_session()
    assert session.draft.model == "starter"
    assert session.draft.prompt == "otter"


def test_a_download_shows_its_progress_and_can_be_stopped(
    session: Session, watch: Watch, tmp_path: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(hub_module, "PAUSES", (0.0, 0.0))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    repository = write_folder(tmp_path / "repository")
    with HubStandIn(repository) as hub:
        card = scripted.model_card("tiny")
        card = replace(card, hub=HubSource(hub.repo, "main", tuple(hub.names()), 1))
        folder = session.paths.bundled_models / "tiny"
        folder.mkdir()
        (folder / "card.json").write_text(card_json(card), encoding="utf-8")
        session._shelves.models = session._shelves._catalogue.all()
        session.change_settings(hub_endpoint=hub.address)

        session.download_model("tiny", accept_licence=False)
        watch.until(lambda: watch.notices)
        assert watch.notices[0].error is not None
        assert watch.notices[0].error.kind == "LicenceError"
        watch.notices.clear()

        session.download_model("tiny", accept_licence=True)
        session.cancel_download("tiny")
        watch.until(lambda: not session.downloads)
        assert session.model_card("tiny") == replace(card, location=None)

        views: list[DownloadView] = []
        session.download_changed.connect(views.append)
        with qtbot.waitSignal(session.models_changed, timeout=60_000):
            session.download_model("tiny", accept_licence=True)
        watch.until(lambda: not session.downloads)
    tiny = session.model_card("tiny")
    assert tiny is not None
    assert tiny.location is not None
    assert not watch.notices  # to stop is no error
    total = sum((tiny.location / name).stat().st_size for name in hub.names())
    assert (views[-1].done, views[-1].total) == (total, total)


def test_settings_are_saved_and_shown_in_the_draft(session: Session, qtbot: QtBot):
    with qtbot.waitSignal(session.settings_changed):
        session.change_settings(live_preview=True, cutout=False, upscale=2)
    assert session.draft.live
    assert not session.draft.cutout
    session.edit(live=False)
    assert not session.settings.live_preview
    with qtbot.waitSignal(session.closed):
        session.close()
    assert load(session.paths.state / "settings.json") == session.settings


def test_a_disk_that_fails_while_the_draft_is_saved_gives_a_sentence(
    session: Session, watch: Watch
):
    session.paths.state.joinpath("draft.json").mkdir(parents=True)  # no file can replace it
    session.edit(prompt="otter")
    watch.until(lambda: watch.notices)
    error = watch.notices[0].error
    assert error is not None
    assert error.kind == "DiskError"
