"""How good is it? Samples at four weights, the figures, and the nearest drawing of each."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Qt
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from stickerstudio.core.i18n import tr, tr_n
from stickerstudio.session.session import Session
from stickerstudio.training.report import COPIED, SHOWN, TrainingReport
from stickerstudio.ui import style
from stickerstudio.ui.train_running import sample
from stickerstudio.ui.widgets import Card, PushButton, clear_layout, label, name_control

SIDE = 104  # pixels of a sample


class Figure(Card):
    """One number, large, with what it means below."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.number = label("title")
        self._what = label("what")
        self._means = label("small", wrap=True)
        self.box.setSpacing(style.SPACE // 2)
        for words in (self.number, self._what, self._means):
            self.box.addWidget(words)

    def show_figure(self, number: str, what: str, means: str) -> None:
        """Show it."""
        self.number.setText(number)
        self._what.setText(what)
        self._means.setText(means)
        self.setAccessibleName(f"{what}: {number}. {means}")


class ReportPage(QWidget):
    """Shows session.training.view.report."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._shown: TrainingReport | None = None
        self._title = label("title")
        self._facts = label("muted", wrap=True)
        self.figures = [Figure() for _ in range(4)]
        self._heading = label("heading")
        self._hint = label("small", wrap=True)
        self._grid = QGridLayout()
        self._area = QScrollArea()
        self.again = PushButton(icon="plus")
        self._arrange()
        self.again.clicked.connect(session.training.clear)
        session.training.view_changed.connect(self._show_view)
        self.retranslate()

    def retranslate(self) -> None:
        """Word everything anew."""
        self.again.setText(tr("Train &another"))
        name_control(self.again, tr("Train another style"))
        self._hint.setText(
            tr(
                "From left to right the style gets stronger. At the right is the drawing of yours "
                "that is most like the sample at 1.0: a copy would show there."
            )
        )
        self._area.setAccessibleName(tr("Samples at four weights"))
        self._shown = None
        self._show_view()

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.LanguageChange:
            self.retranslate()
        super().changeEvent(event)

    def _arrange(self) -> None:
        head = QHBoxLayout()
        words = QVBoxLayout()
        words.setSpacing(style.SPACE // 2)
        words.addWidget(self._title)
        words.addWidget(self._facts)
        head.addLayout(words, 1)
        head.addWidget(self.again, 0, Qt.AlignmentFlag.AlignTop)
        figures = QHBoxLayout()
        figures.setSpacing(style.SPACE)
        for figure in self.figures:
            figures.addWidget(figure, 1)
        inside = QWidget()
        inside.setObjectName("scrolled")
        inside.setLayout(self._grid)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(style.SPACE * 2)
        self._grid.setVerticalSpacing(style.SPACE)
        self._grid.setAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop)
        self._area.setWidget(inside)
        self._area.setWidgetResizable(True)
        self._area.setFrameShape(QFrame.Shape.NoFrame)
        samples = Card()
        samples.box.addWidget(self._heading)
        samples.box.addWidget(self._hint)
        samples.box.addWidget(self._area, 1)
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(style.SPACE)
        box.addLayout(head)
        box.addLayout(figures)
        box.addWidget(samples, 1)

    def _show_view(self) -> None:
        report = self._session.training.view.report
        if report is None or report == self._shown:
            return
        self._shown = report
        self._title.setText(tr("“{name}” is ready", name=report.name))
        facts = [
            tr_n("{n} drawing", "{n} drawings", report.pictures),
            tr_n("{n} step", "{n} steps", report.step),
            tr_n("{n} minute", "{n} minutes", max(1, round(report.seconds / 60))),
        ]
        if report.trigger:
            facts.append(tr("trigger “{word}”", word=report.trigger))
        self._facts.setText(" · ".join(facts))
        at = report.recommended
        for figure, texts in zip(
            self.figures,
            (
                (
                    f"{report.recommended_weight:g}",
                    tr("Recommended weight"),
                    tr("most style that still shows the subject"),
                ),
                (_percent(at.style), tr("Style"), tr("of the way from the model to your drawings")),
                (
                    _percent(at.kept),
                    tr("Subject kept"),
                    tr("samples that still show what was asked"),
                ),
                (_percent(at.sharpness), tr("Sharpness"), tr("of the model's own")),
            ),
            strict=True,
        ):
            figure.show_figure(*texts)
        self._heading.setText(
            tr("Prompts that no drawing showed")
            if report.unseen
            else tr("Prompts that your drawings show too")
        )
        self._show_samples(report)

    def _show_samples(self, report: TrainingReport) -> None:
        clear_layout(self._grid)
        folder = self._session.training.folder
        shown = [row for row in report.weights if row.weight in SHOWN]
        for column, row in enumerate(shown, start=1):
            head = label("small")
            head.setText(f"{row.weight:.1f}")
            self._grid.addWidget(head, 0, column)
        head = label("small")
        head.setText(tr("nearest drawing"))
        self._grid.addWidget(head, 0, len(shown) + 1)
        for line, prompt in enumerate(report.prompts, start=1):
            words = label("what", wrap=True)
            words.setText(prompt)
            words.setFixedWidth(style.SPACE * 14)
            self._grid.addWidget(words, line, 0)
            for column, row in enumerate(shown, start=1):
                name = tr("{prompt} at {weight}", prompt=prompt, weight=f"{row.weight:.1f}")
                picture = sample(folder / row.files[line - 1], name, SIDE)
                self._grid.addWidget(picture, line, column)
            near = report.nearest[line - 1]
            picture = sample(folder / near.file, near.name, SIDE)
            self._grid.addWidget(picture, line, len(shown) + 1)
            words = label("what" if near.likeness >= COPIED else "small", wrap=True)
            words.setFixedWidth(style.SPACE * 13)
            words.setText(
                tr("almost the same: may be a copy")
                if near.likeness >= COPIED
                else tr("{n} % alike", n=max(0, round(100 * near.likeness)))
            )
            self._grid.addWidget(words, line, len(shown) + 2)


def _percent(share: float) -> str:
    return f"{round(100 * share)} %"
