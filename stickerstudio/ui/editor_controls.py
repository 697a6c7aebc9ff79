"""Controls that the editor's panels share: a slider with its name and number, a row of colours."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractButton, QColorDialog, QHBoxLayout, QVBoxLayout, QWidget

from stickerstudio.core.i18n import tr
from stickerstudio.ui import style
from stickerstudio.ui.weight_slider import WeightSlider
from stickerstudio.ui.widgets import label, name_control

Form = Callable[[float], str]  # a value as the user reads it


def percent(value: float) -> str:
    """0.125 as "12.5 %"."""
    return f"{value * 100:.1f} %"


class NumberSlider(QWidget):
    """A slider from `low` to `high`, its name to the left above it, its value to the right."""

    changed = Signal(float)  # by the user's hand only
    released = Signal()  # the mouse let go of it

    def __init__(
        self,
        low: float,
        high: float,
        default: float,
        form: Form = percent,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._low, self._high, self._form = low, high, form
        self.slider = WeightSlider((default - low) / (high - low), 0.0, 1.0)
        self._name, self._number = label("small"), label("small")
        head = QHBoxLayout()
        head.addWidget(self._name, 1)
        head.addWidget(self._number)
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(0)
        box.addLayout(head)
        box.addWidget(self.slider)
        self.slider.weight_changed.connect(self._moved)
        self.slider.sliderReleased.connect(self.released)
        self._show_number()

    @property
    def value(self) -> float:
        """Where the knob stands."""
        return self._low + self.slider.weight * (self._high - self._low)

    def set_value(self, value: float) -> None:
        """Move the knob without saying so; a value beyond the ends moves it to the end."""
        part = (value - self._low) / (self._high - self._low)
        self.slider.set_weight(min(max(part, 0.0), 1.0))
        self._number.setText(self._form(value))

    def set_name(self, name: str) -> None:
        """Word it."""
        self._name.setText(name)
        name_control(self.slider, name)

    def _moved(self) -> None:
        self._show_number()
        self.changed.emit(self.value)

    def _show_number(self) -> None:
        self._number.setText(self._form(self.value))


class ColourRow(QWidget):
    """A few colours to press, and one button for any other. Colours are "#rrggbb"."""

    changed = Signal(str)  # by the user's hand only

    def __init__(self, colours: tuple[str, ...], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._colour = colours[0]
        self._name = ""
        self.swatches = [Swatch(colour) for colour in colours]
        self.other = Swatch("")
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(style.SPACE // 2)
        for swatch in self.swatches:
            swatch.clicked.connect(lambda _=False, each=swatch: self._choose(each.colour))
            row.addWidget(swatch)
        row.addWidget(self.other)
        row.addStretch()
        self.other.clicked.connect(self._ask)

    @property
    def colour(self) -> str:
        """The chosen one."""
        return self._colour

    def set_colour(self, colour: str) -> None:
        """Choose `colour` without saying so; an alpha behind it is passed over."""
        self._colour = colour[:7].lower()
        offered = [swatch.colour for swatch in self.swatches]
        for swatch in self.swatches:
            swatch.setChecked(swatch.colour == self._colour)
        self.other.show_colour("" if self._colour in offered else self._colour)
        self.other.setChecked(self._colour not in offered)

    def set_name(self, name: str) -> None:
        """Word it: what the colours are for."""
        self._name = name
        for swatch in self.swatches:
            name_control(swatch, f"{name}: {swatch.colour}", swatch.colour)
        name_control(self.other, tr("{name}: another colour…", name=name), tr("Another colour…"))

    def _choose(self, colour: str) -> None:
        self.set_colour(colour)
        self.changed.emit(self._colour)

    def _ask(self) -> None:
        self.set_colour(self._colour)  # the press alone has chosen nothing
        dialog = QColorDialog(QColor(self._colour), self)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.setWindowTitle(self._name)
        dialog.colorSelected.connect(lambda colour: self._choose(colour.name()))
        dialog.open()


class Swatch(QAbstractButton):
    """A round button filled with its colour; with all colours where it has none."""

    def __init__(self, colour: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.colour = colour
        self.setCheckable(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)

    def show_colour(self, colour: str) -> None:
        """Take another colour."""
        self.colour = colour
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(style.SPACE * 7 // 2, style.SPACE * 7 // 2)

    def paintEvent(self, event: QPaintEvent) -> None:
        del event
        colours = style.current_colours()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        disc = self.rect().adjusted(4, 4, -4, -4)
        painter.setPen(QPen(QColor(colours.edge), 1))
        painter.setBrush(QColor(self.colour or colours.sunken))
        painter.drawEllipse(disc)
        if not self.colour:
            plus = style.icon_pixmap("plus", colours.muted, 14, self.devicePixelRatioF())
            painter.drawPixmap(disc.center().x() - 6, disc.center().y() - 6, plus)
        if self.isChecked() or self.hasFocus():
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(QColor(colours.accent if self.isChecked() else colours.muted), 2))
            painter.drawEllipse(self.rect().adjusted(1, 1, -1, -1))
        painter.end()
