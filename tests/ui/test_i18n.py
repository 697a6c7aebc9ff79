"""Both languages, complete, and switched without a restart."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from PySide6.QtWidgets import QAbstractButton, QApplication, QLabel, QLineEdit, QPlainTextEdit
from pytestqt.qtbot import QtBot

from stickerstudio.core.i18n import current_language
from stickerstudio.session.session import Session
from stickerstudio.ui.appearance import Appearance
from stickerstudio.ui.main_window import MainWindow

ROOT = Path(__file__).resolve().parents[2]


def test_every_text_is_translated_with_its_fields_and_compiled() -> None:
    script = ROOT / "scripts" / "translations.py"
    done = subprocess.run(
        [sys.executable, str(script), "check"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def texts(window: MainWindow) -> dict[str, str]:
    """Every word on screen, by the place of its widget."""
    found: dict[str, str] = {}
    for number, widget in enumerate(window.findChildren(QAbstractButton)):
        found[f"button {number}"] = f"{widget.text()}|{widget.accessibleName()}"
    for number, widget in enumerate(window.findChildren(QLabel)):
        found[f"label {number}"] = widget.text()
    for kind in (QLineEdit, QPlainTextEdit):
        for number, widget in enumerate(window.findChildren(kind)):
            found[f"{kind.__name__} {number}"] = widget.placeholderText()
    return found


@pytest.fixture
def window(qapp: QApplication, session: Session, qtbot: QtBot) -> MainWindow:
    session.change_settings(language="en")
    Appearance(qapp, session)
    window = MainWindow(session)
    qtbot.addWidget(window)
    window.show_settings()
    window.show_models("sdxl-turbo")
    window.show()
    return window


def test_the_language_changes_live_and_back(
    window: MainWindow, session: Session, qapp: QApplication
) -> None:
    english = texts(window)
    assert window.prompt.make.text() == "&Make 1 sticker"
    session.change_settings(language="zh_TW")
    qapp.processEvents()
    assert current_language() == "zh_TW"
    chinese = texts(window)
    assert "貼圖" in window.prompt.make.text()
    assert window.prompt.model.currentText() == "入門模型"
    same = {
        key: text
        for key, text in chinese.items()
        if english.get(key) == text and any(char.isalpha() and char.isascii() for char in text)
    }
    # names and words that are the same in every language
    allowed = ("SDXL", "sai-nc", "dm-sticker", "CC-BY", "http", "chalk", "neon", "Neon", "/")
    left = {key: text for key, text in same.items() if not any(name in text for name in allowed)}
    left = {key: text for key, text in left.items() if not text.startswith(("flat", "pixel"))}
    assert left == {}
    session.change_settings(language="en")
    qapp.processEvents()
    assert texts(window) == english


def test_the_window_still_fits_in_chinese(
    window: MainWindow, session: Session, qapp: QApplication
) -> None:
    session.change_settings(language="zh_TW")
    qapp.processEvents()
    assert window.minimumSizeHint().width() <= window.minimumWidth()
