"""Both languages, complete, and switched without a restart."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from PySide6.QtWidgets import (
    QAbstractButton,
    QApplication,
    QLabel,
    QLineEdit,
    QPlainTextEdit,
    QWidget,
)
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


# What reads the same in every language: names, licences, addresses, words of the model itself.
UNCHANGED = re.compile(
    r"SDXL|sai-nc|CC-BY|http|/|\d × \d|dm-sticker|flat|pixel|chalk|neon|Neon|otter|cat|English"
)


def texts(window: MainWindow) -> list[str]:
    """Every word on screen, names for screen readers included."""
    found: list[str] = []
    for widget in filter(QWidget.isVisible, window.findChildren(QWidget)):
        match widget:
            case QAbstractButton():
                found += [widget.text(), widget.accessibleName()]
            case QLabel():
                found.append(widget.text())
            case QLineEdit() | QPlainTextEdit():
                found.append(widget.placeholderText())
            case _:
                pass
    return sorted(text for text in found if text)


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
    window: MainWindow, session: Session, qapp: QApplication, qtbot: QtBot
) -> None:
    qapp.processEvents()
    english = texts(window)
    assert window.prompt.make.text() == "&Make 1 sticker"
    session.change_settings(language="zh_TW")
    qapp.processEvents()
    assert current_language() == "zh_TW"
    qtbot.waitUntil(lambda: len(texts(window)) == len(english))
    chinese = texts(window)
    assert "製作" in window.prompt.make.text()
    assert window.prompt.model.currentText() == "入門模型"
    left = {text for text in chinese if text in english and re.search("[a-z]", text)}
    assert {text for text in left if not UNCHANGED.search(text)} == set()
    session.change_settings(language="en")
    qapp.processEvents()
    qtbot.waitUntil(lambda: texts(window) == english)  # new chips show themselves a moment later


def test_the_window_still_fits_in_chinese(
    window: MainWindow, session: Session, qapp: QApplication
) -> None:
    session.change_settings(language="zh_TW")
    qapp.processEvents()
    assert window.minimumSizeHint().width() <= window.minimumWidth()
    assert window.minimumSizeHint().height() <= window.minimumHeight()
