"""Colours, spacing, type and icons of the window, light and dark.

One palette of named colours each; the style sheet and QPalette are made from it, so that painted
delegates and styled widgets agree. Contrast of text on its ground is at least 4.5:1 (tested).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from PySide6.QtCore import QByteArray, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontInfo, QIcon, QPainter, QPalette, QPixmap
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtWidgets import QApplication

from stickerstudio.core.paths import Paths

ThemeChoice = Literal["system", "light", "dark"]

SPACE = 8  # pixels; every gap and margin is a multiple or a half of it
RADIUS = 12  # pixels, cards
RADIUS_CONTROL = 8  # pixels, buttons and fields
ICON = 18  # pixels
_DESKTOP_FONT = "desktopFont"
TOP = Qt.AlignmentFlag.AlignTop

ICONS = Paths.default().resources / "icons"

# Bare Linux desktops name no font of their own and fall back to these.
_FALLBACK_FONTS = frozenset({"DejaVu Sans", "Bitstream Vera Sans", "Nimbus Sans", "Sans Serif"})
_LATIN_FONTS = ["Inter", "Noto Sans", "Noto Sans CJK KR"]  # the Korean cut has narrow quotes
_HAN_FONTS = ["Noto Sans TC", "Noto Sans CJK TC"]


@dataclass(frozen=True, slots=True)
class Colours:
    """One theme: `x_soft` is a ground tinted with x, `on_accent` is text upon the accent."""

    window: str
    card: str
    sunken: str
    line: str
    edge: str
    text: str
    muted: str
    accent: str
    accent_strong: str
    accent_soft: str
    on_accent: str
    danger: str
    danger_soft: str
    warning: str
    warning_soft: str


LIGHT = Colours(
    window="#eef1ee",
    card="#ffffff",
    sunken="#f4f6f4",
    line="#dde2de",
    edge="#aab4ae",
    text="#1a211d",
    muted="#56615b",
    accent="#0f766e",
    accent_strong="#0b5c56",
    accent_soft="#dcf1ec",
    on_accent="#ffffff",
    danger="#b3261e",
    danger_soft="#fdebe9",
    warning="#8a4b08",
    warning_soft="#fdf1d8",
)
DARK = Colours(
    window="#131617",
    card="#1c2022",
    sunken="#24292b",
    line="#2f3639",
    edge="#59646a",
    text="#ecf0ee",
    muted="#a5b0ab",
    accent="#2fd0bd",
    accent_strong="#6be6d7",
    accent_soft="#153b38",
    on_accent="#04211e",
    danger="#ff9a90",
    danger_soft="#3d1f1d",
    warning="#f3c46f",
    warning_soft="#3a2f16",
)


def is_dark(choice: ThemeChoice) -> bool:
    """Whether `choice` means the dark theme now; "system" asks the desktop."""
    if choice != "system":
        return choice == "dark"
    return QApplication.styleHints().colorScheme() == Qt.ColorScheme.Dark


def apply_theme(app: QApplication, choice: ThemeChoice) -> None:
    """Dress the whole program; call again when the choice or the desktop's scheme changes."""
    hints = QApplication.styleHints()
    asked = {"light": Qt.ColorScheme.Light, "dark": Qt.ColorScheme.Dark}
    if choice in asked:
        if hints.colorScheme() != asked[choice]:
            hints.setColorScheme(asked[choice])  # title bars and native dialogs follow
    else:
        hints.unsetColorScheme()
    dark = is_dark(choice)
    colours = DARK if dark else LIGHT
    app.setPalette(palette(colours))
    app.setStyleSheet(style_sheet(colours, app.font(), dark=dark))


def choose_font(app: QApplication, language: str) -> None:
    """Prefer a designed typeface where the desktop has named none; `language` as in core.i18n."""
    if app.property(_DESKTOP_FONT) is None:
        app.setProperty(_DESKTOP_FONT, app.font().family())
    family = str(app.property(_DESKTOP_FONT))
    if QFontInfo(QFont(family)).family() in _FALLBACK_FONTS:
        font = QFont(app.font())
        better = _HAN_FONTS if language.startswith("zh") else _LATIN_FONTS
        font.setFamilies([*better, family])
        font.setPointSizeF(max(font.pointSizeF(), 10.0))
        app.setFont(font)


def palette(colours: Colours) -> QPalette:
    """`colours` as Qt's roles."""
    made = QPalette()
    role = QPalette.ColorRole
    for key, value in {
        role.Window: colours.window,
        role.WindowText: colours.text,
        role.Base: colours.card,
        role.AlternateBase: colours.sunken,
        role.Text: colours.text,
        role.PlaceholderText: colours.muted,
        role.Button: colours.card,
        role.ButtonText: colours.text,
        role.BrightText: colours.danger,
        role.Highlight: colours.accent,
        role.HighlightedText: colours.on_accent,
        role.Accent: colours.accent,
        role.Link: colours.accent,
        role.LinkVisited: colours.accent_strong,
        role.ToolTipBase: colours.text,
        role.ToolTipText: colours.card,
        role.Light: colours.card,
        role.Midlight: colours.accent_soft,
        role.Mid: colours.line,
        role.Dark: colours.edge,
        role.Shadow: colours.edge,
    }.items():
        made.setColor(key, QColor(value))
    faded = QColor(colours.muted)
    faded.setAlphaF(0.55)
    for key in (role.WindowText, role.Text, role.ButtonText):
        made.setColor(QPalette.ColorGroup.Disabled, key, faded)
    return made


@lru_cache(maxsize=64)
def _svg(name: str) -> bytes:
    return (ICONS / f"{name}.svg").read_bytes()


@lru_cache(maxsize=256)
def icon_pixmap(name: str, colour: str, size: int, ratio: float) -> QPixmap:
    """`resources/icons/<name>.svg` painted in `colour` (#rrggbb), `size` logical pixels square."""
    renderer = QSvgRenderer(QByteArray(_svg(name).replace(b"currentColor", colour.encode())))
    side = round(size * ratio)
    pixmap = QPixmap(QSize(side, side))
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    renderer.render(painter, QRectF(0, 0, side, side))
    painter.end()
    pixmap.setDevicePixelRatio(ratio)
    return pixmap


def icon(name: str, colour: str, size: int = ICON, ratio: float = 1.0) -> QIcon:
    """The icon for a button; its disabled look is the same shape, faded."""
    plain = icon_pixmap(name, colour, size, ratio)
    made = QIcon(plain)
    faded = QPixmap(plain.size())
    faded.setDevicePixelRatio(ratio)
    faded.fill(Qt.GlobalColor.transparent)
    painter = QPainter(faded)
    painter.setOpacity(0.4)
    painter.drawPixmap(0, 0, plain)
    painter.end()
    made.addPixmap(faded, QIcon.Mode.Disabled)
    return made


def style_sheet(colours: Colours, font: QFont, *, dark: bool) -> str:
    """The style sheet; sizes of type follow the desktop's own font size."""
    base = font.pointSizeF() if font.pointSizeF() > 0 else 10.0
    c = colours
    art = ICONS.as_posix()
    tick = "tick-dark" if dark else "tick-light"
    return f"""
* {{ outline: none; }}
QToolTip {{ background: {c.text}; color: {c.card}; border: none; padding: 4px 8px; }}
QDialog, QMainWindow, QMainWindow > QWidget {{ background: {c.window}; }}
QFrame#card, QFrame#notice {{ border-radius: {RADIUS}px; }}
QFrame#card {{ background: {c.card}; border: 1px solid {c.line}; }}
QFrame#popover {{ background: {c.card}; border: 1px solid {c.edge}; border-radius: 0; }}
QTableView {{ background: {c.card}; color: {c.text}; }}
QTableView::item {{ padding: 0 {SPACE}px; border-bottom: 1px solid {c.line}; }}
QTableView::item:selected {{ background: {c.accent_soft}; color: {c.text}; }}
QTableView QHeaderView::section {{
    background: {c.card}; color: {c.muted}; border: none; border-bottom: 1px solid {c.edge};
    padding: {SPACE // 2}px {SPACE}px;
}}
QFrame#row {{ background: {c.sunken}; border: none; border-radius: {RADIUS_CONTROL}px; }}
QLabel#heading {{ font-size: {base * 1.1:.1f}pt; font-weight: 600; color: {c.text}; }}
QLabel#title {{ font-size: {base * 1.25:.1f}pt; font-weight: 600; }}
QLabel#muted {{ color: {c.muted}; }}
QLabel#small {{ color: {c.muted}; font-size: {base * 0.9:.1f}pt; }}
QLabel#what {{ font-weight: 600; }}

QPushButton, QToolButton {{
  background: {c.card}; color: {c.text}; border: 1px solid {c.edge};
  border-radius: {RADIUS_CONTROL}px; padding: 5px 12px; min-height: 20px;
}}
QToolButton {{ padding: 5px; }}
QPushButton:hover, QToolButton:hover {{ background: {c.sunken}; border-color: {c.muted}; }}
QPushButton:pressed, QToolButton:pressed {{ background: {c.line}; }}
QPushButton:disabled, QToolButton:disabled {{ color: {c.edge}; border-color: {c.line}; }}
QPushButton:focus, QToolButton:focus {{ border: 2px solid {c.accent}; padding: 4px 11px; }}
QToolButton:focus {{ padding: 4px; }}
QPushButton:checked, QToolButton:checked {{
  background: {c.accent_soft}; color: {c.accent_strong}; border-color: {c.accent};
}}
QToolButton#quiet {{ background: transparent; border: 1px solid transparent; }}
QToolButton#quiet:hover {{ background: {c.sunken}; border-color: {c.line}; }}
QToolButton#quiet:focus {{ border: 2px solid {c.accent}; }}
QToolButton#quiet:checked {{ background: {c.accent_soft}; border-color: {c.accent_soft}; }}
QToolButton#quiet:checked:focus {{ border: 2px solid {c.accent}; }}
QPushButton#primary {{
  background: {c.accent}; color: {c.on_accent}; border: 1px solid {c.accent};
  font-weight: 600; padding: 7px 18px;
}}
QPushButton#tall {{ padding: 7px 12px; }}
QPushButton#tall:focus {{ padding: 6px 11px; }}
QPushButton#primary:hover, QPushButton#primary:pressed {{
  background: {c.accent_strong}; border-color: {c.accent_strong};
}}
QPushButton#primary:focus {{ border: 2px solid {c.text}; padding: 6px 17px; }}
QPushButton#primary:disabled {{
  background: {c.line}; border-color: {c.line}; color: {c.muted};
}}
QPushButton#chip {{
  background: {c.sunken}; border: 1px solid {c.line}; border-radius: 12px;
  padding: 1px 10px; min-height: 20px; font-size: {base * 0.92:.1f}pt;
}}
QPushButton#chip:hover {{ background: {c.accent_soft}; border-color: {c.accent}; }}
QPushButton#chip:focus {{ border: 2px solid {c.accent}; padding: 0 9px; }}
QPushButton#chip[accented="true"] {{
  background: {c.accent_soft}; color: {c.accent_strong}; border-color: {c.accent_soft};
}}
QPushButton#chip:checked, QPushButton#chip[accented="true"]:checked {{
  background: {c.accent}; color: {c.on_accent}; border-color: {c.accent};
}}
QPushButton#chip:checked:focus {{ border-color: {c.text}; }}
QPushButton#chip[accented="true"]:hover {{ border-color: {c.accent}; }}
QPushButton#chip[accented="true"]:focus {{ border: 2px solid {c.accent}; }}
QPushButton#link {{
  background: transparent; border: 1px solid transparent; color: {c.accent};
  padding: 3px 6px; text-align: left;
}}
QPushButton#link:hover {{ color: {c.accent_strong}; background: {c.accent_soft}; }}
QPushButton#link:focus {{ border: 2px solid {c.accent}; padding: 2px 5px; }}

QLineEdit, QPlainTextEdit, QTextEdit, QSpinBox, QDoubleSpinBox, QComboBox {{
  background: {c.sunken}; color: {c.text}; border: 1px solid {c.edge};
  border-radius: {RADIUS_CONTROL}px; padding: 4px 8px; min-height: 22px;
  selection-background-color: {c.accent}; selection-color: {c.on_accent};
}}
QLineEdit:focus, QPlainTextEdit:focus, QTextEdit:focus, QSpinBox:focus, QDoubleSpinBox:focus,
QComboBox:focus {{ border: 2px solid {c.accent}; padding: 3px 7px; }}
QLineEdit:disabled, QSpinBox:disabled, QDoubleSpinBox:disabled, QComboBox:disabled {{
  color: {c.muted}; border-color: {c.line};
}}
QPlainTextEdit, QTextEdit {{ padding: 6px 6px; }}
QPlainTextEdit:focus, QTextEdit:focus {{ padding: 5px 5px; }}
QAbstractSpinBox > QLineEdit, QAbstractSpinBox > QLineEdit:focus {{
  background: transparent; border: none; min-height: 0; padding: 0;
}}
QSpinBox::up-button, QSpinBox::down-button, QDoubleSpinBox::up-button,
QDoubleSpinBox::down-button {{ width: 18px; border: none; background: transparent; }}
QSpinBox::up-button, QDoubleSpinBox::up-button {{
  subcontrol-origin: border; subcontrol-position: top right; margin: 2px 2px 0 0;
}}
QSpinBox::down-button, QDoubleSpinBox::down-button {{
  subcontrol-origin: border; subcontrol-position: bottom right; margin: 0 2px 2px 0;
}}
QSpinBox::up-arrow, QDoubleSpinBox::up-arrow {{
  image: url("{art}/arrow-up.svg"); width: 11px; height: 11px;
}}
QSpinBox::down-arrow, QDoubleSpinBox::down-arrow {{
  image: url("{art}/arrow-down.svg"); width: 11px; height: 11px;
}}
QComboBox::drop-down {{ border: none; width: 24px; }}
QComboBox::down-arrow {{ image: url("{art}/arrow-down.svg"); width: 13px; height: 13px; }}
QComboBox QAbstractItemView {{
  background: {c.card}; border: 1px solid {c.edge}; padding: 4px;
  selection-background-color: {c.accent_soft}; selection-color: {c.text};
}}
QCheckBox {{ spacing: 8px; padding: 2px; border: 2px solid transparent; border-radius: 6px; }}
QCheckBox:focus {{ border-color: {c.accent}; }}
QCheckBox::indicator {{
  width: 16px; height: 16px; border: 1px solid {c.edge}; border-radius: 5px;
  background: {c.sunken};
}}
QCheckBox::indicator:hover {{ border-color: {c.accent}; }}
QCheckBox::indicator:checked {{
  background: {c.accent}; border-color: {c.accent}; image: url("{art}/{tick}.svg");
}}

QProgressBar {{
  background: {c.line}; border: none; border-radius: 3px; max-height: 6px; min-height: 6px;
}}
QProgressBar::chunk {{ background: {c.accent}; border-radius: 3px; }}

QScrollArea, QScrollArea > QWidget > QWidget#scrolled {{ background: transparent; border: none; }}
QScrollBar:vertical {{ background: transparent; width: 10px; margin: 2px; }}
QScrollBar:horizontal {{ background: transparent; height: 10px; margin: 2px; }}
QScrollBar::handle {{ background: {c.edge}; border-radius: 3px; min-height: 28px; }}
QScrollBar::handle:horizontal {{ min-width: 28px; }}
QScrollBar::handle:hover {{ background: {c.muted}; }}
QScrollBar::add-line, QScrollBar::sub-line {{ width: 0; height: 0; }}
QScrollBar::add-page, QScrollBar::sub-page {{ background: transparent; }}

QSplitter::handle {{ background: transparent; }}
QMenu {{ background: {c.card}; border: 1px solid {c.edge}; padding: 4px; }}
QMenu::item {{ padding: 5px 24px 5px 12px; border-radius: 6px; }}
QMenu::item:selected {{ background: {c.accent_soft}; color: {c.text}; }}
QMenu::item:disabled {{ color: {c.edge}; }}
QMenu::separator {{ height: 1px; background: {c.line}; margin: 4px 8px; }}

QFrame#card[dropping="true"] {{ border: 2px dashed {c.accent}; background: {c.accent_soft}; }}
QFrame#notice {{ background: {c.accent_soft}; border: 1px solid {c.accent}; }}
QFrame#notice[tone="problem"] {{ background: {c.warning_soft}; border-color: {c.warning}; }}
QFrame#notice[tone="fault"] {{ background: {c.danger_soft}; border-color: {c.danger}; }}
QFrame#notice QLabel {{ color: {c.text}; }}
QFrame#notice QToolButton#quiet, QFrame#notice QPushButton#link {{ color: {c.text}; }}
"""


def current_colours() -> Colours:
    """The theme the program is dressed in now."""
    window = QApplication.palette().color(QPalette.ColorRole.Window)
    return DARK if window.lightness() < 128 else LIGHT
