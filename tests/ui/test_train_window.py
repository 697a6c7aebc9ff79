"""“Train a style…”: what the user does with it, on real widgets; the trainer is scripted."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import PIL.Image
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from stickerstudio.session.session import Session
from stickerstudio.session.training import TrainingView
from stickerstudio.training import jobs
from stickerstudio.training.messages import TrainingSample, TrainingStep
from stickerstudio.training.report import AtWeight, Nearest, TrainingReport
from stickerstudio.training.settings import TrainingSettings
from stickerstudio.ui.train_running import LossCurve, running_mean
from stickerstudio.ui.train_window import TrainWindow
from tests.session import scripted_trainer
from tests.training.drawings import fill
from tests.ui.drops import drop

PATIENCE = 60_000  # milliseconds


@pytest.fixture
def window(session: Session, qtbot: QtBot) -> TrainWindow:
    session.make_trainer = lambda: scripted_trainer.create
    made = TrainWindow(session)
    qtbot.addWidget(made)
    made.show()
    return made


@pytest.fixture
def filled(window: TrainWindow, session: Session, qtbot: QtBot, tmp_path: Path) -> TrainWindow:
    folder = fill(tmp_path / "art")
    PIL.Image.new("RGBA", (1, 1), "red").save(folder / "dot.png")
    session.training.read(folder)
    qtbot.waitUntil(lambda: session.training.data is not None, timeout=PATIENCE)
    return window


def test_nothing_can_be_started_at_first(window: TrainWindow) -> None:
    assert not window.data.start.isEnabled()
    assert window.data.table.isHidden()


def test_a_dropped_folder_is_read(
    window: TrainWindow, session: Session, qtbot: QtBot, tmp_path: Path
) -> None:
    drop(window.data, fill(tmp_path / "art"))
    qtbot.waitUntil(lambda: session.training.data is not None, timeout=PATIENCE)
    assert window.data.drawings.property("dropping") is False  # it was, and is no more


def test_what_is_missing_is_said_until_it_can_start(filled: TrainWindow) -> None:
    page = filled.data
    assert not page.start.isEnabled()
    QTest.keyClicks(page.form.name, "Crayon")
    assert page.form.trigger.text() == "crayon-sticker"
    assert not page.start.isEnabled()
    page.form.consent.click()
    assert page.start.isEnabled()
    settings = page.form.settings().checked()
    assert (settings.name, settings.trigger, settings.consent) == ("Crayon", "crayon-sticker", True)


def test_a_typed_trigger_stays(filled: TrainWindow) -> None:
    form = filled.data.form
    QTest.keyClicks(form.trigger, "mine")
    QTest.keyClicks(form.name, "Crayon")
    assert form.trigger.text() == "mine"


def test_left_out_pictures_are_listed_with_reasons(filled: TrainWindow) -> None:
    page = filled.data
    assert "1 picture" in page.refused.text()
    page.refused.click()
    words = [label.text() for label in page.findChildren(type(page._facts))]
    assert any("dot.png" in text and "too small" in text for text in words)


def test_bulk_edit_changes_the_chosen_rows_only(filled: TrainWindow, session: Session) -> None:
    table = filled.data.table
    table.view.selectRow(0)
    table.view.selectionModel().select(
        table.model.index(1, 0),
        table.view.selectionModel().SelectionFlag.Select
        | table.view.selectionModel().SelectionFlag.Rows,
    )
    QTest.keyClicks(table.words, "happy")
    table.add.click()
    data = session.training.data
    assert data is not None
    assert [picture.captions[0].endswith("happy") for picture in data.pictures[:3]] == [
        True,
        True,
        False,
    ]
    assert data.pictures[0].captions_from == "typed"


def test_delete_leaves_rows_out(filled: TrainWindow, session: Session) -> None:
    table = filled.data.table
    table.view.selectRow(0)
    name = table.model.picture(0).name
    table.leave.click()
    data = session.training.data
    assert data is not None
    assert name not in [picture.name for picture in data.pictures]
    assert name in [each.name for each in data.refused]


def test_a_caption_is_typed_in_its_cell(filled: TrainWindow, session: Session) -> None:
    model = filled.data.table.model
    assert model.setData(model.index(0, 0), "水獺 | otter 🦦")
    data = session.training.data
    assert data is not None
    assert data.pictures[0].captions == ("水獺", "otter 🦦")


def test_presets_fill_the_advanced_settings(filled: TrainWindow) -> None:
    form = filled.data.form
    form.presets["thorough"].click()
    assert form.advanced.steps.value() == form.settings().steps == 8_000
    form.advanced.steps.setValue(77)
    assert form.settings().steps == 77


def test_drawings_stay_in_their_place_whatever_the_preset(filled: TrainWindow) -> None:
    form = filled.data.form
    assert not form.settings().keep_place
    form.more.click()
    assert form.advanced.place.isVisible()
    assert form.advanced.place.accessibleName() == form.advanced.place.text() != ""
    assert "trimmed" in form.advanced.place.toolTip()
    form.advanced.place.click()
    form.presets["thorough"].click()
    assert form.settings().keep_place


def test_the_running_page_follows_and_pauses(
    filled: TrainWindow, session: Session, qtbot: QtBot
) -> None:
    form = filled.data.form
    form.name.setText("crayon")
    form.consent.click()
    form.advanced.steps.setValue(3_000)
    filled.data.start.click()
    running = filled.running
    qtbot.waitUntil(lambda: running.pause.isEnabled(), timeout=PATIENCE)
    assert running.isVisible()
    running.pause.click()
    qtbot.waitUntil(lambda: running.go_on.isVisible(), timeout=PATIENCE)
    qtbot.waitUntil(lambda: bool(session.training.waiting), timeout=PATIENCE)
    running.give_up.click()
    qtbot.waitUntil(lambda: filled.data.isVisible(), timeout=PATIENCE)
    assert jobs.unfinished(session.paths) == []


def test_the_strip_grows_and_marks_the_best(
    filled: TrainWindow, session: Session, tmp_path: Path
) -> None:
    PIL.Image.new("RGB", (64, 64), "red").save(tmp_path / "one.webp")
    rows = tuple(
        TrainingSample(1, step, (tmp_path / "one.webp",), ("otter",), 0.1, 1.0, step == 200)
        for step in (0, 200, 400)
    )
    session.training.view = TrainingView(
        "running", "x", step=TrainingStep(1, 400, 800, 0.1, 0.001, 0.5, 200.0), rows=rows
    )
    session.training.view_changed.emit()
    texts = [label.text() for label in filled.running.strip.findChildren(type(filled.data._facts))]
    assert "★ step 200" in texts
    assert "step 400" in texts
    assert "about 4 minutes left" in filled.running._figures.text()


def test_the_report_warns_of_copies(filled: TrainWindow, session: Session, tmp_path: Path) -> None:
    data = session.training.data
    assert data is not None
    job = jobs.create(session.paths, TrainingSettings(name="x"), data)
    session.training._job = job
    weights = tuple(AtWeight(w, ("a.webp",), w / 2, 0.9, 1.0) for w in (0.0, 0.5, 1.0, 1.5))
    report = TrainingReport(
        "x", "x-sticker", "starter", 9, 8, 60.0, ("otter",), weights,
        (Nearest("cat.png", "a.webp", 0.99),), 1.0, "x.safetensors",
    )  # fmt: skip
    session.training.view = TrainingView("done", "x", report=report)
    session.training.view_changed.emit()
    page = filled.report
    assert page.isVisible()
    assert page.figures[0].number.text() == "1"
    assert page.figures[2].number.text() == "90 %"
    words = [label.text() for label in page.findChildren(type(filled.data._facts))]
    assert any("may be a copy" in text for text in words)
    assert "no drawing showed" in page._heading.text()
    seen = replace(report, unseen=False)
    session.training.view = TrainingView("done", "x", report=seen)
    session.training.view_changed.emit()
    assert "drawings show too" in page._heading.text()
    page.again.click()
    assert filled.data.isVisible()


def test_running_mean_is_smooth_and_unbiased() -> None:
    noisy = tuple((step, 1.0 + (-1) ** step) for step in range(1, 200))
    mean = running_mean(noisy)
    assert abs(mean[-1][1] - 1.0) < 0.1
    assert np.std([value for _, value in mean[50:]]) < 0.1


def test_a_long_curve_is_painted_at_once(qtbot: QtBot) -> None:
    curve = LossCurve()
    qtbot.addWidget(curve)
    curve.resize(600, 120)
    curve.show_losses(tuple((step, 1 / (step + 1)) for step in range(20_000)), 20_000)
    assert not curve.grab().isNull()


def test_everything_can_be_reached_by_keyboard_and_has_a_name(filled: TrainWindow) -> None:
    for button in (
        filled.data.folder, filled.data.file, filled.data.start, filled.data.table.add,
        filled.data.table.leave, filled.running.pause, filled.running.finish,
    ):  # fmt: skip
        assert button.accessibleName()
        assert button.focusPolicy() & Qt.FocusPolicy.TabFocus
