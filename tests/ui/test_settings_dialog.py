"""Settings and models: what is chosen takes effect at once; a licence comes before a download."""

from __future__ import annotations

from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QComboBox
from pytestqt.qtbot import QtBot

from stickerstudio.core.settings import load
from stickerstudio.session.session import Session
from stickerstudio.session.state import DownloadView
from stickerstudio.ui.models_dialog import ModelsDialog
from stickerstudio.ui.settings_dialog import SettingsDialog


@pytest.fixture
def dialog(session: Session, qtbot: QtBot) -> SettingsDialog:
    dialog = SettingsDialog(session)
    qtbot.addWidget(dialog)
    dialog.show()
    return dialog


@pytest.fixture
def models(session: Session, qtbot: QtBot) -> ModelsDialog:
    dialog = ModelsDialog(session)
    qtbot.addWidget(dialog)
    dialog.open_for("sdxl-turbo")
    return dialog


def choose(box: QComboBox, value: object) -> None:
    values = [box.itemData(index) for index in range(box.count())]
    box.setCurrentIndex(values.index(value))
    box.activated.emit(box.currentIndex())


def test_each_choice_is_kept_on_disk(
    dialog: SettingsDialog, session: Session, qtbot: QtBot
) -> None:
    choose(dialog.theme, "dark")
    choose(dialog.device, "cpu")
    choose(dialog.upscale, 4)
    choose(dialog.language, "en")
    qtbot.mouseClick(dialog.cutout, Qt.MouseButton.LeftButton, pos=dialog.cutout.rect().center())
    dialog.hub.setText("  https://mirror.example ")
    dialog.hub.editingFinished.emit()
    settings = session.settings
    assert (settings.dark, settings.device, settings.upscale) == ("dark", "cpu", 4)
    assert (settings.language, settings.hub_endpoint) == ("en", "https://mirror.example")
    assert settings.cutout is False
    assert session.draft.cutout is False
    file = session.paths.state / "settings.json"
    qtbot.waitUntil(lambda: file.is_file() and load(file) == settings)


def test_enlarging_is_automatic_until_it_is_switched_off(
    dialog: SettingsDialog, session: Session
) -> None:
    assert dialog.upscale.currentText() == "Automatic (512 pixels)"
    choose(dialog.upscale, 1)
    assert dialog.upscale.currentText() == "Off"
    assert session.settings.upscale == 1
    choose(dialog.upscale, 0)
    assert session.settings.upscale == 0


def test_what_was_chosen_is_shown(session: Session, qtbot: QtBot) -> None:
    session.change_settings(dark="light", device="mps", upscale=3, live_preview=False)
    dialog = SettingsDialog(session)
    qtbot.addWidget(dialog)
    assert dialog.theme.currentData() == "light"
    assert dialog.device.currentData() == "mps"
    assert dialog.upscale.currentData() == 3
    assert not dialog.live.isChecked()
    assert dialog.library.text() == str(session.library.folder)


def test_the_reason_of_the_automatic_device_is_shown(
    dialog: SettingsDialog, session: Session, qtbot: QtBot
) -> None:
    assert not dialog.reason.isVisible()
    session.start()
    qtbot.waitUntil(lambda: bool(session.engine.reason), timeout=40_000)
    assert dialog.reason.text() == session.engine.reason
    assert dialog.reason.isVisible()


def test_a_download_needs_the_licence_accepted(
    models: ModelsDialog, session: Session, monkeypatch: pytest.MonkeyPatch, qtbot: QtBot
) -> None:
    asked: list[tuple[str, bool]] = []
    monkeypatch.setattr(session, "download_model", lambda *call: asked.append(call))
    get = models.get
    assert "Stability AI" in get._licence.toPlainText()
    assert "GB" in get._facts.text()
    assert not get.download.isEnabled()
    qtbot.mouseClick(get.download, Qt.MouseButton.LeftButton)
    assert asked == []
    get.accept.click()
    qtbot.mouseClick(get.download, Qt.MouseButton.LeftButton)
    assert asked == [("sdxl-turbo", True)]


def test_a_download_shows_its_progress_and_can_be_cancelled(
    models: ModelsDialog, session: Session, monkeypatch: pytest.MonkeyPatch, qtbot: QtBot
) -> None:
    cancelled: list[str] = []
    monkeypatch.setattr(session, "cancel_download", cancelled.append)
    get = models.get
    view = DownloadView("sdxl-turbo", 2_000_000_000, 8_000_000_000)
    session.downloads["sdxl-turbo"] = view
    session.download_changed.emit(view)
    assert get._bar.value() == 250
    assert get._state.text() == "2.00 of 8.00 GB"
    assert not get.download.isEnabled()
    qtbot.mouseClick(get.cancel, Qt.MouseButton.LeftButton)
    assert cancelled == ["sdxl-turbo"]
    del session.downloads["sdxl-turbo"]
    session.download_changed.emit(replace(view, done=view.total))
    assert not get._bar.isVisible()
    assert get.accept.isEnabled()


def test_the_models_there_are_can_be_seen(models: ModelsDialog, session: Session) -> None:
    installed = [card for card in session.models if card.location is not None]
    assert models._list.count() == len(installed) == 1
