"""The queue: every order under way or waiting, each of which can be taken back."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QProgressBar,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from stickerstudio.core.i18n import tr, tr_n
from stickerstudio.session.session import Session
from stickerstudio.session.state import JobView
from stickerstudio.ui import style
from stickerstudio.ui.widgets import (
    ElidedLabel,
    EmptyState,
    IconButton,
    PushButton,
    label,
    name_control,
    scroll_list,
)


def state_text(job: JobView) -> str:
    """Where `job` stands, in a few words."""
    match job.state:
        case "waiting":
            return tr_n("Waiting · {n} sticker", "Waiting · {n} stickers", job.count)
        case "loading":
            return tr("Loading the model…")
        case "cancelling":
            return tr("Stopping…")
        case "running":
            return running_text(job)


def running_text(job: JobView) -> str:
    """Sticker, step and time left of a running job."""
    text = tr("Sticker {index} of {count}", index=max(job.index, 1), count=job.count)
    if job.steps:
        text += " · " + tr("step {step} of {steps}", step=job.step, steps=job.steps)
    if job.seconds_left is not None:
        text += " · " + tr("{n} s left", n=max(1, round(job.seconds_left)))
    return text


def done_part(job: JobView) -> float:
    """How much of a running job is done, 0 … 1."""
    if job.state not in ("running", "cancelling") or not job.steps:
        return 0.0
    return min(1.0, (max(job.index, 1) - 1 + job.step / job.steps) / job.count)


class QueueRow(QFrame):
    """One order."""

    def __init__(self, session: Session, job_id: int, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("row")
        self._title = ElidedLabel("what")
        self._state = label("small")
        self._bar = QProgressBar()
        self._bar.setTextVisible(False)
        self._bar.setRange(0, 1000)
        self.cancel = IconButton("close")
        self.cancel.clicked.connect(lambda: session.cancel_job(job_id))
        words = QVBoxLayout()
        words.setSpacing(style.SPACE // 4)
        for widget in (self._title, self._state, self._bar):
            words.addWidget(widget)
        row = QHBoxLayout(self)
        row.setContentsMargins(
            style.SPACE * 3 // 2, style.SPACE // 2, style.SPACE // 2, style.SPACE // 2
        )
        row.addLayout(words, 1)
        row.addWidget(self.cancel)

    def show_job(self, job: JobView) -> None:
        """Show where `job` stands."""
        self._title.setText(job.title)
        self._state.setText(state_text(job))
        self._bar.setVisible(job.state in ("running", "cancelling"))
        self._bar.setValue(round(done_part(job) * 1000))
        self._bar.setAccessibleName(tr("Progress of “{title}”", title=job.title))
        self.cancel.setEnabled(job.state != "cancelling")
        name_control(self.cancel, tr("Cancel “{title}”", title=job.title))


class QueueView(QFrame):
    """A popover over the status line."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent, Qt.WindowType.Popup | Qt.WindowType.FramelessWindowHint)
        self.setObjectName("popover")
        self._session = session
        self._rows: dict[int, QueueRow] = {}
        self._heading = label("heading")
        self.clear = PushButton(icon="trash")
        self._empty = EmptyState("queue")
        self._list = QVBoxLayout()
        self._area = QScrollArea()
        self._arrange()
        self.clear.clicked.connect(session.clear_queue)
        session.jobs_changed.connect(self._show_jobs)
        self.retranslate()

    @property
    def rows(self) -> dict[int, QueueRow]:
        """The row of each order, by its job id."""
        return self._rows

    def retranslate(self) -> None:
        """Word everything anew."""
        self.setAccessibleName(tr("Queue"))
        self._heading.setText(tr("Queue"))
        self.clear.setText(tr("&Clear what waits"))
        name_control(self.clear, tr("Clear what waits"), tr("The sticker being made goes on"))
        self._area.setAccessibleName(tr("Orders"))
        self._empty.set_texts(
            tr("Nothing is being made"),
            tr("Type some words and press Make: the order appears here."),
        )
        self._show_jobs()

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.LanguageChange:
            self.retranslate()
        super().changeEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.hide()
        else:
            super().keyPressEvent(event)

    def open_above(self, anchor: QWidget) -> None:
        """Show the popover with its lower right corner over `anchor`."""
        self.adjustSize()
        corner = anchor.mapToGlobal(anchor.rect().topRight())
        self.move(corner.x() - self.width(), corner.y() - self.height() - style.SPACE // 2)
        self.show()
        self.setFocus()

    def _arrange(self) -> None:
        head = QHBoxLayout()
        head.addWidget(self._heading)
        head.addStretch()
        head.addWidget(self.clear)
        self._list.setContentsMargins(0, 0, 0, 0)
        scroll_list(self._area, self._list)
        box = QVBoxLayout(self)
        margin = style.SPACE * 3 // 2
        box.setContentsMargins(margin, margin, margin, margin)
        box.setSpacing(style.SPACE)
        box.addLayout(head)
        box.addWidget(self._area, 1)
        box.addWidget(self._empty, 1)
        self.setFixedSize(style.SPACE * 48, style.SPACE * 36)

    def _show_jobs(self) -> None:
        jobs = {job.job_id: job for job in self._session.jobs}
        for job_id in [job_id for job_id in self._rows if job_id not in jobs]:
            row = self._rows.pop(job_id)
            self._list.removeWidget(row)
            row.hide()
            row.deleteLater()
        for place, (job_id, job) in enumerate(jobs.items()):
            if job_id not in self._rows:
                self._rows[job_id] = QueueRow(self._session, job_id)
                self._list.insertWidget(place, self._rows[job_id])
            self._rows[job_id].show_job(job)
        self._area.setVisible(bool(jobs))
        self._empty.setVisible(not jobs)
        self.clear.setEnabled(any(job.state == "waiting" for job in jobs.values()))
