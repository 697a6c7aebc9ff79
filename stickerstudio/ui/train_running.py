"""A training under way: how far it is, how it learns, and what it paints already."""

from __future__ import annotations

import math
from pathlib import Path

from PySide6.QtCore import QEvent, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPaintEvent, QPen, QPixmap
from PySide6.QtWidgets import (
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QScrollArea,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from stickerstudio.core.i18n import tr, tr_n
from stickerstudio.session.session import Session
from stickerstudio.session.training import TrainingView
from stickerstudio.ui import style
from stickerstudio.ui.widgets import Card, PushButton, clear_layout, label, name_control

SAMPLE = 96  # pixels
SMOOTHED = 0.95  # of the running mean that the curve shows; single steps are noise


class LossCurve(QWidget):
    """The loss over the steps: every step faint, their running mean strong."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._losses: tuple[tuple[int, float], ...] = ()
        self._steps = 1
        self.setMinimumHeight(style.SPACE * 14)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def show_losses(self, losses: tuple[tuple[int, float], ...], steps: int) -> None:
        """`losses`: (step, loss); the curve's right end is step `steps`."""
        self._losses, self._steps = losses, max(steps, 1)
        if losses:
            first, last = losses[0][1], running_mean(losses)[-1][1]
            self.setAccessibleDescription(
                tr("from {first} to {last}", first=f"{first:.3f}", last=f"{last:.3f}")
            )
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        del event
        colours = style.current_colours()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        area = QRectF(self.rect()).adjusted(1, 4, -1, -4)
        painter.setPen(QPen(QColor(colours.line), 1))
        for share in (0.0, 0.5, 1.0):
            y = area.top() + share * area.height()
            painter.drawLine(QPointF(area.left(), y), QPointF(area.right(), y))
        if len(self._losses) > 1:
            mean = running_mean(self._losses)
            low = min(loss for _, loss in mean)
            high = max(loss for _, loss in mean)
            pad = max((high - low) * 0.25, 1e-6)
            bounds = (low - pad, high + pad)
            faint = QColor(colours.accent)
            faint.setAlphaF(0.28)
            painter.setClipRect(area)
            painter.setPen(QPen(faint, 1))
            painter.drawPath(self._path(self._losses, area, bounds))
            painter.setPen(QPen(QColor(colours.accent), 2))
            painter.drawPath(self._path(mean, area, bounds))
        painter.end()

    def _path(
        self,
        points: tuple[tuple[int, float], ...],
        area: QRectF,
        bounds: tuple[float, float],
    ) -> QPainterPath:
        """At most a point for each two pixels: 100,000 steps must not take longer than 1,000."""
        path = QPainterPath()
        stride = max(1, math.ceil(2 * len(points) / max(area.width(), 1)))
        low, high = bounds
        for place, (step, loss) in enumerate(points[::stride]):
            x = area.left() + step / self._steps * area.width()
            y = area.bottom() - (loss - low) / (high - low) * area.height()
            if place:
                path.lineTo(x, y)
            else:
                path.moveTo(x, y)
        return path


def running_mean(losses: tuple[tuple[int, float], ...]) -> tuple[tuple[int, float], ...]:
    """The exponential running mean, corrected for its start."""
    mean, weight, found = 0.0, 0.0, []
    for step, loss in losses:
        mean = SMOOTHED * mean + (1 - SMOOTHED) * loss
        weight = SMOOTHED * weight + (1 - SMOOTHED)
        found.append((step, mean / weight))
    return tuple(found)


class SampleStrip(QScrollArea):
    """A column for each row of samples, the newest at the right; the best one is marked."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._shown: tuple[object, ...] = ()
        inside = QWidget()
        inside.setObjectName("scrolled")
        self._grid = QGridLayout(inside)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setSpacing(style.SPACE)
        self._grid.setAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop)
        self.setWidget(inside)
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)

    def show_rows(self, view: TrainingView) -> None:
        """Show `view.rows`."""
        if view.rows == self._shown:
            return
        self._shown = view.rows
        clear_layout(self._grid)
        best = max((row.step for row in view.rows if row.best), default=-1)
        if view.rows:
            for line, prompt in enumerate(view.rows[0].prompts):
                words = label("small", wrap=True)
                words.setText(prompt)
                words.setFixedWidth(SAMPLE)
                self._grid.addWidget(words, line + 1, 0)
        for column, row in enumerate(view.rows, start=1):
            head = label("what" if row.step == best else "small")
            name = tr("step {n}", n=row.step) if row.step else tr("before")
            head.setText(f"★ {name}" if row.step == best else name)
            head.setToolTip(
                tr(
                    "style {style} %, subject kept {kept} %",
                    style=round(100 * row.style),
                    kept=round(100 * row.kept),
                )
            )
            self._grid.addWidget(head, 0, column)
            for line, file in enumerate(row.files):
                self._grid.addWidget(sample(file, f"{row.prompts[line]}, {name}"), line + 1, column)
        bar = self.horizontalScrollBar()
        bar.rangeChanged.connect(lambda low, high: bar.setValue(high))


def sample(file: Path, name: str, side: int = SAMPLE) -> QLabel:
    """A picture on white, as the model paints it."""
    shown = QLabel()
    pixmap = QPixmap(str(file))
    if not pixmap.isNull():
        pixmap = pixmap.scaled(
            side,
            side,
            Qt.AspectRatioMode.KeepAspectRatio,
            Qt.TransformationMode.SmoothTransformation,
        )
    shown.setPixmap(pixmap)
    shown.setFixedSize(side, side)
    shown.setAccessibleName(name)
    shown.setToolTip(name)
    return shown


class RunningPage(QWidget):
    """See the module."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._training = session.training
        self._title = label("title")
        self._state = label("muted", wrap=True)
        self._bar = QProgressBar()
        self._bar.setTextVisible(False)
        self._figures = label("what")
        self._plan = label("small", wrap=True)
        self._curve_heading = label("heading")
        self.curve = LossCurve()
        self._strip_heading = label("heading")
        self.strip = SampleStrip()
        self.pause = PushButton()
        self.finish = PushButton(icon="check")
        self.go_on = PushButton(primary=True)
        self.give_up = PushButton(icon="trash")
        self._arrange()
        self.pause.clicked.connect(self._training.pause)
        self.finish.clicked.connect(self._training.finish)
        self.go_on.clicked.connect(lambda: self._training.go_on())
        self.give_up.clicked.connect(self._training.give_up)
        self._training.view_changed.connect(self._show_view)
        self.retranslate()

    def retranslate(self) -> None:
        """Word everything anew."""
        self.pause.setText(tr("&Pause"))
        name_control(self.pause, tr("Pause"), tr("Stop after this step; what is learned is kept"))
        self.finish.setText(tr("Stop and &keep"))
        tip = tr("Make the style of what has been learned so far")
        name_control(self.finish, tr("Stop and keep"), tip)
        self.go_on.setText(tr("&Go on"))
        name_control(self.go_on, tr("Go on with the training"))
        self.give_up.setText(tr("Gi&ve up"))
        name_control(self.give_up, tr("Give up this training; your drawings stay"))
        self._curve_heading.setText(tr("How far it still is from the drawings"))
        self.curve.setAccessibleName(tr("Loss"))
        self._strip_heading.setText(tr("What it paints already"))
        self.strip.setAccessibleName(tr("Samples"))
        self._bar.setAccessibleName(tr("Progress"))
        self._show_view()

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.LanguageChange:
            self.retranslate()
        super().changeEvent(event)

    def _arrange(self) -> None:
        head = QHBoxLayout()
        head.addWidget(self._title, 1)
        for button in (self.give_up, self.pause, self.finish, self.go_on):
            head.addWidget(button)
        top = Card()
        top.box.addLayout(head)
        top.box.addWidget(self._state)
        top.box.addWidget(self._bar)
        top.box.addWidget(self._figures)
        top.box.addWidget(self._plan)
        curve = Card()
        curve.box.addWidget(self._curve_heading)
        curve.box.addWidget(self.curve)
        strip = Card()
        strip.box.addWidget(self._strip_heading)
        strip.box.addWidget(self.strip, 1)
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(style.SPACE)
        box.addWidget(top)
        box.addWidget(curve)
        box.addWidget(strip, 1)

    def _show_view(self) -> None:
        view = self._training.view
        under_way = view.is_under_way
        self._title.setText(tr("Training “{name}”", name=view.name))
        self._state.setText(_stage_words(view))
        step = view.step
        steps = step.steps if step else 0
        self._bar.setRange(0, steps or view.total)
        self._bar.setValue(step.step if step else view.done)
        self._figures.setText(_figures(view))
        self._plan.setText(view.plan.text if view.plan else "")
        self._plan.setVisible(view.plan is not None)
        self.curve.show_losses(view.losses, steps)
        self.strip.show_rows(view)
        self.pause.setVisible(under_way)
        self.pause.setEnabled(view.stage in ("running", "holding"))
        self.finish.setVisible(under_way)
        self.finish.setEnabled(view.stage in ("running", "holding") and step is not None)
        self.go_on.setVisible(view.stage == "paused")
        self.give_up.setVisible(view.stage == "paused")


def _stage_words(view: TrainingView) -> str:
    match view.stage:
        case "starting":
            return tr("Starting…")
        case "holding":
            return tr("Stickers come first: it goes on when they are made.")
        case "stopping":
            return tr("Stopping after this step…")
        case "paused":
            return tr("Paused. What it has learned is kept, also when you close the window.")
        case "done":
            return tr("Done.")
        case _:
            return {
                "loading": tr("Loading the model…"),
                "encoding": tr("Looking at the drawings…"),
                "prior": tr("Painting what must not be forgotten…"),
                "sampling": tr("Painting samples…"),
                "report": tr("Painting the report…"),
            }.get(view.phase, tr("Learning. You can go on making stickers meanwhile."))


def _figures(view: TrainingView) -> str:
    step = view.step
    if step is None:
        return tr("{done} of {total}", done=view.done, total=view.total) if view.total else ""
    parts = [tr("Step {step} of {steps}", step=step.step, steps=step.steps)]
    if step.seconds_left and view.is_under_way:
        minutes = math.ceil(step.seconds_left / 60)
        parts.append(tr_n("about {n} minute left", "about {n} minutes left", minutes))
    if step.seconds_per_step:
        parts.append(tr("{seconds} s a step", seconds=f"{step.seconds_per_step:.2f}"))
    return " · ".join(parts)
