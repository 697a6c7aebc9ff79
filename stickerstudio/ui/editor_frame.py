"""The frame around a layer: where its handles are, and what pulling them does. No widgets."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Literal

from PySide6.QtCore import QPointF
from PySide6.QtGui import QPolygonF

from stickerstudio.core.design import REACH, Caption, Layer

Grip = Literal["inside", "corner", "knob"]

KNOB_AWAY = 26.0  # pixels from the frame's upper edge
NEAR = 9.0  # pixels around a handle that catch the mouse
SNAP = 4.0  # degrees around a multiple of 45 that are that multiple
_SIZES = {"caption": (0.02, 1.0), "stamp": (0.03, 3.0)}  # of the picture's longer side


@dataclass(frozen=True, slots=True)
class Frame:
    """A turned rectangle in the widget's pixels; `rotation` in degrees, clockwise."""

    middle: QPointF
    width: float
    height: float
    rotation: float

    def corners(self) -> list[QPointF]:
        """From the upper left one, clockwise as seen before it is turned."""
        x, y = self.width / 2, self.height / 2
        return [self.at(-x, -y), self.at(x, -y), self.at(x, y), self.at(-x, y)]

    def knob(self) -> QPointF:
        """Where it is turned by."""
        return self.at(0, -self.height / 2 - KNOB_AWAY)

    def polygon(self) -> QPolygonF:
        """The frame as an outline."""
        return QPolygonF(self.corners())

    def at(self, x: float, y: float) -> QPointF:
        """A place inside, from its middle, as the widget's."""
        angle = math.radians(self.rotation)
        cos, sin = math.cos(angle), math.sin(angle)
        return self.middle + QPointF(x * cos - y * sin, x * sin + y * cos)

    def grip(self, place: QPointF) -> Grip | None:
        """What the mouse holds at `place`."""
        if _distance(self.knob(), place) <= NEAR:
            return "knob"
        if any(_distance(corner, place) <= NEAR for corner in self.corners()):
            return "corner"
        angle = math.radians(-self.rotation)
        dx, dy = place.x() - self.middle.x(), place.y() - self.middle.y()
        x = dx * math.cos(angle) - dy * math.sin(angle)
        y = dx * math.sin(angle) + dy * math.cos(angle)
        # What is tiny must be caught as well.
        wide, high = max(self.width / 2, NEAR), max(self.height / 2, NEAR)
        return "inside" if abs(x) <= wide and abs(y) <= high else None


def scaled(layer: Layer, factor: float) -> Layer:
    """`layer`, larger or smaller by `factor`, within what can be handled."""
    if isinstance(layer, Caption):
        low, high = _SIZES["caption"]
        factor = min(max(layer.size * factor, low), high) / layer.size
        width = min(max(layer.width * factor, 0.05), 4.0)
        rim = min(layer.outline_width * factor, 0.25)
        return replace(layer, size=layer.size * factor, width=width, outline_width=rim)
    low, high = _SIZES["stamp"]
    return replace(layer, scale=min(max(layer.scale * factor, low), high))


def turned(layer: Layer, degrees: float, *, snap: bool) -> Layer:
    """`layer` at that angle; with `snap`, at the nearest eighth of a turn if that is near."""
    degrees = (degrees + 180) % 360 - 180
    eighth = round(degrees / 45) * 45
    if snap and abs(degrees - eighth) <= SNAP:
        degrees = float(eighth)
    return replace(layer, rotation=degrees)


def moved(layer: Layer, x: float, y: float) -> Layer:
    """`layer` with its middle there (fractions), never farther than a design allows."""
    return replace(layer, x=min(max(x, -REACH), 1 + REACH), y=min(max(y, -REACH), 1 + REACH))


def size_of(layer: Layer) -> float:
    """What `scaled` multiplies."""
    return layer.size if isinstance(layer, Caption) else layer.scale


def angle_of(middle: QPointF, place: QPointF) -> float:
    """The rotation at which the knob points from `middle` to `place`."""
    return math.degrees(math.atan2(place.x() - middle.x(), middle.y() - place.y()))


def _distance(a: QPointF, b: QPointF) -> float:
    return math.hypot(a.x() - b.x(), a.y() - b.y())
