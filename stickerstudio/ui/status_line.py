"""The bottom line: what the engine runs on and why, what is being made, and the queue."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QProgressBar, QWidget

from stickerstudio.core.i18n import tr
from stickerstudio.session.session import Session
from stickerstudio.session.state import EngineView
from stickerstudio.ui import style
from stickerstudio.ui.queue_view import QueueView, done_part, state_text
from stickerstudio.ui.widgets import PushButton, label, name_control


class Dot(QWidget):
    """A small disc in the colour of the engine's state."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._state = "stopped"
        self.setFixedSize(style.SPACE * 3 // 2, style.SPACE * 3 // 2)

    def show_state(self, state: str) -> None:
        """One of EngineState."""
        self._state = state
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        del event
        c = style.current_colours()
        colours = {"idle": c.accent, "busy": c.accent, "stopped": c.danger}
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(colours.get(self._state, c.warning)))
        painter.drawEllipse(self.rect().adjusted(2, 2, -2, -2))
        painter.end()


class StatusLine(QWidget):
    """Shows session.engine and session.jobs."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._dot = Dot()
        self.engine = label("muted")
        self.job = label("muted")
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.bar.setFixedWidth(style.SPACE * 15)
        self.queue = QueueView(session, self)
        self.open_queue = PushButton(icon="queue")
        self.open_queue.setObjectName("link")
        row = QHBoxLayout(self)
        row.setContentsMargins(style.SPACE, 0, style.SPACE, 0)
        row.setSpacing(style.SPACE)
        row.addWidget(self._dot)
        row.addWidget(self.engine)
        row.addStretch()
        for widget in (self.job, self.bar, self.open_queue):
            row.addWidget(widget)
        self.open_queue.clicked.connect(lambda: self.queue.open_above(self.open_queue))
        session.engine_changed.connect(self._show_engine)
        session.models_changed.connect(self._show_engine)
        session.jobs_changed.connect(self._show_jobs)
        self.retranslate()

    def retranslate(self) -> None:
        """Word everything anew."""
        self.engine.setAccessibleName(tr("Engine"))
        self.job.setAccessibleName(tr("What is being made"))
        self.bar.setAccessibleName(tr("Progress"))
        self._show_engine()
        self._show_jobs()

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.LanguageChange:
            self.retranslate()
        super().changeEvent(event)

    def _show_engine(self) -> None:
        engine = self._session.engine
        self._dot.show_state(engine.state)
        parts = [engine_text(engine), engine.device_name]
        card = next((card for card in self._session.models if card.name == engine.model), None)
        if engine.model:
            parts.append(card.local_title if card else engine.model)
        text = " · ".join(part for part in parts if part)
        self.engine.setText(text)
        facts = [engine.reason]
        if engine.dtype:
            facts.append(tr("Numbers: {dtype}", dtype=engine.dtype))
        if engine.memory_plan:
            facts.append(tr("Memory: {plan}", plan=engine.memory_plan))
        tip = "\n".join(fact for fact in facts if fact)
        for widget in (self._dot, self.engine):
            widget.setToolTip(tip)
        self.engine.setAccessibleDescription(f"{text}\n{tip}")

    def _show_jobs(self) -> None:
        jobs = self._session.jobs
        now = next((job for job in jobs if job.state != "waiting"), None)
        self.job.setText(state_text(now) if now else "")
        self.bar.setVisible(now is not None)
        if now is not None and now.state == "loading":
            self.bar.setRange(0, 0)  # no end in sight: a moving bar
        elif now is not None:
            self.bar.setRange(0, 1000)
            self.bar.setValue(round(done_part(now) * 1000))
        self.open_queue.setText(tr("&Queue ({n})", n=len(jobs)) if jobs else tr("&Queue"))
        name_control(
            self.open_queue,
            self.open_queue.text().replace("&", ""),
            tr("Show what is being made and what waits"),
        )


def engine_text(engine: EngineView) -> str:
    """What the engine is doing, in a word or two."""
    match engine.state:
        case "starting":
            return tr("Starting the engine…")
        case "idle":
            return tr("Ready")
        case "busy":
            return tr("Working")
        case "restarting":
            return tr("Restarting the engine…")
        case "stopped":
            return tr("The engine is off")
