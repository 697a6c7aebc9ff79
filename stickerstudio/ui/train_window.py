"""“Train a style…”: drawings in, a slider out. Not modal: stickers can be made meanwhile."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QEvent, Qt
from PySide6.QtWidgets import (
    QDialog,
    QFileDialog,
    QHBoxLayout,
    QScrollArea,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from stickerstudio.core.i18n import tr, tr_n
from stickerstudio.session.session import Session
from stickerstudio.ui import style
from stickerstudio.ui.file_drop import FileDrop
from stickerstudio.ui.train_captions import CaptionsTable
from stickerstudio.ui.train_report import ReportPage
from stickerstudio.ui.train_running import RunningPage
from stickerstudio.ui.train_settings import TrainingForm
from stickerstudio.ui.widgets import (
    Card,
    EmptyState,
    PushButton,
    clear_layout,
    label,
    name_control,
    scroll_list,
)

MOST_REFUSED = 50  # named one by one; the rest is counted


class DataPage(QWidget):
    """The drawings at the left, the style at the right."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._training = session.training
        self.drawings = Card()
        self.drawings.setAcceptDrops(False)
        self._heading = label("heading")
        self._facts = label("muted", wrap=True)
        self.folder = PushButton(icon="folder")
        self.file = PushButton(icon="plus")
        self._empty = EmptyState("drop")
        self.table = CaptionsTable(self._training)
        self.refused = PushButton(icon="chevron-right")
        self.refused.setObjectName("link")
        self.refused.setCheckable(True)
        self._refused_list = QVBoxLayout()
        self._refused_area = QScrollArea()
        self.waiting = QVBoxLayout()
        self._focus_waiting = False  # the first of them, once there is one
        self.form = TrainingForm(session)
        self._ready = label("small", wrap=True)
        self.start = PushButton(icon="make", primary=True)
        self._drop = FileDrop(self, self.drawings)
        self._arrange()
        self.folder.clicked.connect(self._choose_folder)
        self.file.clicked.connect(self._choose_file)
        self._drop.dropped.connect(lambda files: self._training.read(files[0]))
        self.refused.toggled.connect(self._show_data)
        self.start.clicked.connect(lambda: self._training.begin(self.form.settings()))
        self.form.changed.connect(self._show_ready)
        self._training.data_changed.connect(self._show_data)
        self._training.waiting_changed.connect(self._show_waiting)
        self.retranslate()

    def retranslate(self) -> None:
        """Word everything anew."""
        self._heading.setText(tr("Drawings"))
        self.folder.setText(tr("Choose a &folder…"))
        name_control(self.folder, tr("Choose a folder of drawings"))
        self.file.setText(tr("&Zip or pack…"))
        name_control(self.file, tr("Choose a zip or a sticker pack"))
        self._empty.set_texts(
            tr("Drop your drawings here"),
            tr(
                "A folder, a zip or a sticker pack with at least 5 drawings of one style; twenty "
                "are better. They are only read, never changed."
            ),
        )
        self.start.setText(tr("&Start training"))
        name_control(self.start, tr("Start training"))
        self._show_data()
        self._show_waiting()

    def focus_unfinished(self) -> None:
        """Be ready to go on with what was broken off last, once that has been looked for."""
        self._focus_waiting = True
        if self._training.waiting:
            self._show_waiting()

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.LanguageChange:
            self.retranslate()
        super().changeEvent(event)

    def _arrange(self) -> None:
        head = QHBoxLayout()
        head.addWidget(self._heading)
        head.addStretch()
        head.addWidget(self.folder)
        head.addWidget(self.file)
        scroll_list(self._refused_area, self._refused_list)
        self._refused_area.setMaximumHeight(style.SPACE * 15)
        left = self.drawings.box
        left.addLayout(head)
        left.addWidget(self._facts)
        left.addWidget(self._empty, 1)
        left.addWidget(self.table, 1)
        left.addWidget(self.refused, 0, Qt.AlignmentFlag.AlignLeft)
        left.addWidget(self._refused_area)
        right = Card()
        fields = QVBoxLayout()
        fields.addWidget(self.form)
        area = QScrollArea()
        scroll_list(area, fields)
        right.box.addWidget(area, 1)
        right.box.addWidget(self._ready)
        right.box.addWidget(self.start)
        right.setFixedWidth(style.SPACE * 46)
        columns = QHBoxLayout()
        columns.setSpacing(style.SPACE)
        columns.addWidget(self.drawings, 1)
        columns.addWidget(right)
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(style.SPACE)
        box.addLayout(self.waiting)
        box.addLayout(columns, 1)

    def _show_data(self) -> None:
        training, data = self._training, self._training.data
        self._empty.setVisible(data is None)
        self.table.setVisible(data is not None)
        reading = training.reading
        if reading is not None:
            self._facts.setText(tr("Reading {done} of {total}…", done=reading[0], total=reading[1]))
        elif data is not None:
            silent = sum(not picture.captions for picture in data.pictures)
            facts = [
                data.source.name,
                tr_n("{n} drawing", "{n} drawings", len(data.pictures)),
            ]
            if silent:
                facts.append(tr_n("{n} without a caption", "{n} without a caption", silent))
            self._facts.setText(" · ".join(facts))
        self._facts.setVisible(reading is not None or data is not None)
        self._show_refused()
        self._show_ready()

    def _show_refused(self) -> None:
        data = self._training.data
        refused = data.refused if data is not None else ()
        opened = self.refused.isChecked()
        self.refused.setVisible(bool(refused))
        text = tr_n("{n} picture was left out", "{n} pictures were left out", len(refused))
        self.refused.setText(text)
        name_control(self.refused, text, tr("Show which, and why"))
        self.refused.set_icon("chevron-down" if opened else "chevron-right")
        self._refused_area.setVisible(opened and bool(refused))
        clear_layout(self._refused_list)
        for each in refused[:MOST_REFUSED] if opened else ():
            words = label("small", wrap=True)
            words.setText(tr("{name}: {reason}", name=each.name, reason=each.reason))
            self._refused_list.addWidget(words)
        if opened and len(refused) > MOST_REFUSED:
            words = label("small")
            rest = len(refused) - MOST_REFUSED
            words.setText(tr_n("and {n} more", "and {n} more", rest))
            self._refused_list.addWidget(words)

    def _show_ready(self) -> None:
        data = self._training.data
        if data is None:
            missing = tr("Choose drawings first.")
        elif not self.form.name.text().strip():
            missing = tr("Give the style a name.")
        elif not self.form.consent.isChecked():
            missing = tr("Say that you may train on these drawings.")
        else:
            missing = ""
        self._ready.setText(missing)
        self._ready.setVisible(bool(missing))
        self.start.setEnabled(
            data is not None and self.form.is_complete and self._training.reading is None
        )

    def _show_waiting(self) -> None:
        """Trainings that were broken off, each with its two answers."""
        clear_layout(self.waiting)
        focus, self._focus_waiting = self._focus_waiting, False
        for job in self._training.waiting:
            card = Card()
            words = label(wrap=True)
            words.setText(
                tr("The training “{name}” was not finished. It can go on.", name=job.settings.name)
            )
            go_on = PushButton(primary=True)
            go_on.setText(tr("Go on"))
            name_control(go_on, tr("Go on with “{name}”", name=job.settings.name))
            go_on.clicked.connect(lambda _=False, job=job: self._training.go_on(job))
            forget = PushButton(icon="trash")
            forget.setText(tr("Give up"))
            name_control(forget, tr("Give up “{name}”", name=job.settings.name))
            forget.clicked.connect(lambda _=False, job=job: self._training.forget(job))
            line = QHBoxLayout()
            line.addWidget(words, 1)
            line.addWidget(forget)
            line.addWidget(go_on)
            card.box.addLayout(line)
            self.waiting.addWidget(card)
            if focus and job is self._training.waiting[0]:
                go_on.setFocus()

    def _choose_folder(self) -> None:
        title = tr("Choose a folder of drawings")
        chosen = QFileDialog.getExistingDirectory(self, title, str(Path.home()))
        if chosen:
            self._training.read(Path(chosen))

    def _choose_file(self) -> None:
        chosen, _ = QFileDialog.getOpenFileName(
            self, tr("Choose a zip or a sticker pack"), str(Path.home())
        )
        if chosen:
            self._training.read(Path(chosen))


class TrainWindow(QDialog):
    """The three pages: data and settings, running, report."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self.data = DataPage(session)
        self.running = RunningPage(session)
        self.report = ReportPage(session)
        self._pages = QStackedWidget()
        for page in (self.data, self.running, self.report):
            self._pages.addWidget(page)
        box = QVBoxLayout(self)
        margin = style.SPACE * 3 // 2
        box.setContentsMargins(margin, margin, margin, margin)
        box.addWidget(self._pages)
        self.resize(style.SPACE * 130, style.SPACE * 90)
        session.training.view_changed.connect(self._show_page)
        session.training.look_for_waiting()
        self.retranslate()
        self._show_page()

    def retranslate(self) -> None:
        """Word the title anew; the pages do so themselves."""
        self.setWindowTitle(tr("Train a style"))

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.LanguageChange:
            self.retranslate()
        super().changeEvent(event)

    def _show_page(self) -> None:
        view = self._session.training.view
        if view.stage == "idle":
            page: QWidget = self.data
        elif view.stage == "done" and view.report is not None:
            page = self.report
        else:
            page = self.running
        self._pages.setCurrentWidget(page)
