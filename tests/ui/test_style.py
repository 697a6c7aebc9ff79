"""Colours that can be read, icons that are there, themes that follow."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QPalette
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from stickerstudio.session.session import Session
from stickerstudio.ui import style
from stickerstudio.ui.appearance import Appearance
from stickerstudio.ui.widgets import IconButton

THEMES = pytest.mark.parametrize("colours", [style.LIGHT, style.DARK], ids=["light", "dark"])


def luminance(colour: str) -> float:
    """Relative luminance after WCAG 2."""
    made = QColor(colour)
    channels = (made.redF(), made.greenF(), made.blueF())
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@THEMES
def test_text_can_be_read_on_every_ground(colours: style.Colours) -> None:
    c = colours
    pairs = [
        (text, ground) for text in (c.text, c.muted) for ground in (c.window, c.card, c.sunken)
    ]
    pairs += [(c.on_accent, c.accent), (c.on_accent, c.accent_strong)]
    pairs += [(c.accent_strong, c.accent_soft), (c.accent, c.card), (c.accent, c.window)]
    pairs += [(c.text, ground) for ground in (c.accent_soft, c.danger_soft, c.warning_soft)]
    poor = {pair: contrast(*pair) for pair in pairs if contrast(*pair) < 4.5}
    assert poor == {}


@THEMES
def test_the_focus_ring_stands_out(colours: style.Colours) -> None:
    for ground in (colours.window, colours.card, colours.sunken):
        assert contrast(colours.accent, ground) >= 3


def test_every_icon_that_is_named_is_there() -> None:
    source = "\n".join(file.read_text() for file in Path(style.__file__).parent.glob("*.py"))
    names = set(re.findall(r'(?:IconButton|EmptyState|Picture|set_icon)\(\s*"([\w-]+)"', source))
    names |= set(re.findall(r'icon="([\w-]+)"', source))
    assert len(names) > 10
    assert [name for name in sorted(names) if not (style.ICONS / f"{name}.svg").is_file()] == []


@pytest.mark.parametrize("file", sorted(style.ICONS.glob("*.svg")), ids=lambda file: file.stem)
def test_every_icon_paints_something(qapp: QApplication, file: Path) -> None:
    image = style.icon_pixmap(file.stem, "#ff0000", 24, 2.0).toImage()
    assert (image.width(), image.devicePixelRatio()) == (48, 2.0)
    painted = sum(image.pixelColor(x, y).alpha() > 128 for x in range(48) for y in range(48))
    assert painted > 20


def test_a_choice_of_theme_takes_effect_at_once(
    qapp: QApplication, session: Session, qtbot: QtBot
) -> None:
    session.change_settings(dark="light")
    Appearance(qapp, session)
    button = IconButton("dice")
    qtbot.addWidget(button)
    assert ground(qapp) == style.LIGHT.window
    light_icon = button.icon().pixmap(18).toImage()
    session.change_settings(dark="dark")
    QApplication.processEvents()
    assert ground(qapp) == style.DARK.window
    assert style.DARK.card in qapp.styleSheet()
    assert button.icon().pixmap(18).toImage() != light_icon
    assert style.current_colours() == style.DARK


def test_the_systems_scheme_is_followed_unless_overridden(
    qapp: QApplication, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    Appearance(qapp, session)
    assert style.is_dark("dark")
    assert not style.is_dark("light")
    monkeypatch.setattr(type(qapp.styleHints()), "colorScheme", lambda self: Qt.ColorScheme.Dark)
    qapp.styleHints().colorSchemeChanged.emit(Qt.ColorScheme.Dark)
    assert ground(qapp) == style.DARK.window


def ground(app: QApplication) -> str:
    return app.palette().color(QPalette.ColorRole.Window).name()
