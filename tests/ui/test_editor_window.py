"""The editor by real widgets: open, cut out, outline, move, undo, save."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from PIL import Image
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QMessageBox, QWidget
from pytestqt.qtbot import QtBot

from stickerstudio.core.design import Cutout, Design, Outline, Stamp
from stickerstudio.core.library_painted import Painted
from stickerstudio.core.recipe import Recipe
from stickerstudio.core.sticker import Sticker
from stickerstudio.session.session import Session
from stickerstudio.ui.editor_cutout import CutoutPanel
from stickerstudio.ui.editor_outline import OutlinePanel
from stickerstudio.ui.editor_window import EditorWindow
from stickerstudio.ui.main_window import MainWindow

LEFT = Qt.MouseButton.LeftButton
SOON = 30_000  # milliseconds: a worker process may have to start first


@pytest.fixture
def sticker(session: Session) -> Sticker:
    """A red square on a blue ground, nothing cut out of it yet."""
    painted = Image.new("RGB", (100, 100), "#3060c0")
    painted.paste("#c03030", (30, 30, 70, 70))
    return session.library.add(
        painted, Recipe("a square"), 1.0, painted=Painted(painted), design=Design(Cutout("none"))
    )


@pytest.fixture
def window(session: Session, sticker: Sticker, qtbot: QtBot) -> EditorWindow:
    window = EditorWindow(session)
    qtbot.addWidget(window)
    window.resize(1100, 720)
    with qtbot.waitSignal(session.designing.composed, timeout=SOON):
        window.open_for(sticker.id)
    return window


def _panel(window: EditorWindow, kind: type) -> QWidget:
    return next(panel for panel in window.panels if isinstance(panel, kind))


def _composed(window: EditorWindow, qtbot: QtBot, act: Callable[[], object]) -> None:
    """Do `act` and wait until its picture is shown."""
    act()
    qtbot.waitUntil(lambda: not window.document.composing, timeout=SOON)


def _colour(window: EditorWindow, x: float, y: float) -> str:
    """What the canvas shows at fractions of the picture."""
    rect = window.canvas.picture_rect()
    place = rect.topLeft() + QPointF(x * rect.width(), y * rect.height())
    return window.canvas.grab().toImage().pixelColor(place.toPoint()).name()


def test_the_gallery_opens_the_editor_for_the_chosen_sticker(
    session: Session, sticker: Sticker, qtbot: QtBot
) -> None:
    main = MainWindow(session)
    qtbot.addWidget(main)
    main.show()
    qtbot.waitUntil(lambda: main.gallery.model.rowCount() == 1)
    main.gallery.view.setCurrentIndex(main.gallery.model.index(0))

    with qtbot.waitSignal(session.designing.opened, timeout=SOON):
        QTest.mouseClick(main.gallery.buttons["edit"], LEFT)

    assert main.editor is not None
    assert main.editor.isVisible()
    assert session.designing.sticker == sticker
    qtbot.waitUntil(lambda: not session.designing.composing, timeout=SOON)
    main.editor.close()
    main.close()


def test_choosing_a_method_cuts_out_and_undo_brings_the_ground_back(
    window: EditorWindow, qtbot: QtBot
) -> None:
    panel = _panel(window, CutoutPanel)
    assert isinstance(panel, CutoutPanel)
    assert _colour(window, 0.1, 0.1) == "#3060c0"
    assert not window.undo.isEnabled()

    _composed(window, qtbot, panel.methods["flat"].click)
    assert _colour(window, 0.1, 0.1) != "#3060c0"
    assert _colour(window, 0.5, 0.5) == "#c03030"

    _composed(window, qtbot, lambda: QTest.mouseClick(window.undo, LEFT))
    assert _colour(window, 0.1, 0.1) == "#3060c0"
    assert panel.methods["none"].isChecked()
    assert window.redo.isEnabled()


def test_the_brush_hides_where_it_is_pulled_in_one_step_of_undo(
    window: EditorWindow, qtbot: QtBot
) -> None:
    panel = _panel(window, CutoutPanel)
    assert isinstance(panel, CutoutPanel)
    QTest.mouseClick(panel.remove, LEFT)
    rect = window.canvas.picture_rect()

    def at(x: float, y: float) -> QPoint:
        return (rect.topLeft() + QPointF(x * rect.width(), y * rect.height())).toPoint()

    def pull() -> None:
        QTest.mousePress(window.canvas, LEFT, pos=at(0.4, 0.5))
        for x in (0.45, 0.5, 0.55, 0.6):
            QTest.mouseMove(window.canvas, at(x, 0.5))
        QTest.mouseRelease(window.canvas, LEFT, pos=at(0.6, 0.5))

    _composed(window, qtbot, pull)

    (stroke,) = window.document.design.cutout.strokes
    assert not stroke.add
    assert len(stroke.points) > 2
    panel.put_away()
    assert _colour(window, 0.5, 0.5) != "#c03030"
    _composed(window, qtbot, window.document.undo)
    assert window.document.design.cutout.strokes == ()
    assert _colour(window, 0.5, 0.5) == "#c03030"


def test_switching_the_outline_on_shows_its_controls_and_draws_it(
    window: EditorWindow, qtbot: QtBot
) -> None:
    cutout, panel = _panel(window, CutoutPanel), _panel(window, OutlinePanel)
    assert isinstance(cutout, CutoutPanel)
    assert isinstance(panel, OutlinePanel)
    _composed(window, qtbot, cutout.methods["flat"].click)
    window.show_panel(panel)
    assert not panel.width_.isVisible()

    _composed(window, qtbot, panel.outline.click)
    assert panel.width_.isVisible()
    _composed(window, qtbot, lambda: QTest.mouseClick(panel.colour.swatches[2], LEFT))
    assert window.document.design.outline == Outline(colour="#ffcf33")
    assert _colour(window, 0.715, 0.5) == "#ffcf33"

    before = len(window.document._steps)  # pyright: ignore[reportPrivateUsage]
    for _ in range(5):
        QTest.keyClick(panel.width_.slider, Qt.Key.Key_Right)
    qtbot.waitUntil(lambda: not window.document.composing, timeout=SOON)
    outline = window.document.design.outline
    assert outline is not None
    assert outline.width > 0.03
    assert len(window.document._steps) == before + 1  # pyright: ignore[reportPrivateUsage]


@pytest.fixture
def stamped(window: EditorWindow, session: Session, qtbot: QtBot) -> EditorWindow:
    """With a green stamp in the upper left quarter."""
    green = session.library.add(Image.new("RGBA", (20, 20), "#20a040"), Recipe("green"), 1.0)
    stamp = Stamp(green.id, x=0.25, y=0.25, scale=0.2, joined=False)
    _composed(window, qtbot, lambda: window.document.add_layer(stamp))
    window.document.end_merge()
    return window


def _stamp(window: EditorWindow) -> Stamp:
    layer = window.document.design.layers[0]
    assert isinstance(layer, Stamp)
    return layer


def _pull(window: EditorWindow, start: QPointF, end: QPointF) -> None:
    QTest.mousePress(window.canvas, LEFT, pos=start.toPoint())
    QTest.mouseMove(window.canvas, ((start + end) / 2).toPoint())
    QTest.mouseMove(window.canvas, end.toPoint())
    QTest.mouseRelease(window.canvas, LEFT, pos=end.toPoint())


def test_a_layer_is_moved_scaled_and_turned_by_its_handles(
    stamped: EditorWindow, qtbot: QtBot
) -> None:
    rect = stamped.canvas.picture_rect()
    frame = stamped.canvas.frame(0)
    assert frame is not None
    assert abs(frame.width - 0.2 * rect.width()) < 2

    way = QPointF(0.5 * rect.width(), 0.3 * rect.height())
    start = frame.middle
    _composed(stamped, qtbot, lambda: _pull(stamped, start, start + way))
    assert (round(_stamp(stamped).x, 2), round(_stamp(stamped).y, 2)) == (0.75, 0.55)
    assert _colour(stamped, 0.75, 0.55) == "#20a040"

    frame = stamped.canvas.frame(0)
    assert frame is not None
    corner = frame.corners()[2]
    out = corner + (corner - frame.middle)
    _composed(stamped, qtbot, lambda: _pull(stamped, corner, out))
    assert abs(_stamp(stamped).scale - 0.4) < 0.02

    frame = stamped.canvas.frame(0)
    assert frame is not None
    aside = frame.middle + QPointF(frame.height, 4)  # nearly a quarter of a turn: it snaps
    _composed(stamped, qtbot, lambda: _pull(stamped, frame.knob(), aside))
    assert _stamp(stamped).rotation == 90

    for _ in range(3):
        _composed(stamped, qtbot, stamped.document.undo)
    assert (_stamp(stamped).x, _stamp(stamped).scale, _stamp(stamped).rotation) == (0.25, 0.2, 0)


def test_layers_are_reached_moved_and_removed_by_keys_alone(
    stamped: EditorWindow, qtbot: QtBot
) -> None:
    canvas = stamped.canvas
    canvas.setFocus()
    stamped.document.select(None)

    QTest.keyClick(canvas, Qt.Key.Key_Tab)
    assert stamped.document.selected == 0
    QTest.keyClick(canvas, Qt.Key.Key_Right, Qt.KeyboardModifier.ShiftModifier)
    assert abs(_stamp(stamped).x - 0.3) < 1e-9
    QTest.keyClick(canvas, Qt.Key.Key_Delete)
    assert stamped.document.design.layers == ()
    qtbot.waitUntil(lambda: not stamped.document.composing, timeout=SOON)


def test_pressing_beside_every_layer_chooses_none(stamped: EditorWindow) -> None:
    assert stamped.document.selected == 0

    QTest.mouseClick(stamped.canvas, LEFT, pos=QPoint(5, 5))

    assert stamped.document.selected is None


def test_zoom_keeps_what_is_under_the_mouse(window: EditorWindow) -> None:
    canvas = window.canvas
    place = QPointF(canvas.width() * 0.3, canvas.height() * 0.4)
    before = canvas._fraction(place)  # pyright: ignore[reportPrivateUsage]

    canvas.set_zoom(3.0, place)

    after = canvas._fraction(place)  # pyright: ignore[reportPrivateUsage]
    assert after == pytest.approx(before)
    QTest.mouseClick(window.fit, LEFT)
    assert canvas.zoom == 1.0
    assert canvas.picture_rect().center().x() == pytest.approx(canvas.width() / 2)


def test_save_replaces_the_sticker_and_the_gallery_shows_the_new_picture(
    window: EditorWindow, session: Session, sticker: Sticker, qtbot: QtBot
) -> None:
    panel = _panel(window, CutoutPanel)
    assert isinstance(panel, CutoutPanel)
    assert not window.save.isEnabled()
    _composed(window, qtbot, panel.methods["flat"].click)
    assert window.save.isEnabled()

    with qtbot.waitSignals([session.designing.saved, session.library_changed], timeout=SOON):
        QTest.mouseClick(window.save, LEFT)

    with Image.open(session.library.get(sticker.id).path) as image:
        assert image.getpixel((5, 5)) == (0, 0, 0, 0)
    assert session.library.design(sticker.id).cutout.method == "flat"
    assert session.library.painted(sticker.id).picture.getpixel((5, 5)) == (0x30, 0x60, 0xC0, 255)
    assert not window.save.isEnabled()


def test_save_as_new_leaves_the_old_one_and_goes_on_with_the_new(
    window: EditorWindow, session: Session, sticker: Sticker, qtbot: QtBot
) -> None:
    panel = _panel(window, CutoutPanel)
    assert isinstance(panel, CutoutPanel)
    _composed(window, qtbot, panel.methods["flat"].click)

    with qtbot.waitSignals([session.designing.saved, session.sticker_ready], timeout=SOON):
        QTest.mouseClick(window.save_as_new, LEFT)

    new, old = session.library.search()
    assert old == sticker
    assert session.designing.sticker == new
    assert session.library.design(old.id).cutout.method == "none"
    assert session.library.design(new.id).cutout.method == "flat"


@pytest.mark.parametrize("answer", ["save", "discard", "cancel"])
def test_closing_with_something_unsaved_asks(
    window: EditorWindow, session: Session, sticker: Sticker, qtbot: QtBot, answer: str
) -> None:
    panel = _panel(window, CutoutPanel)
    assert isinstance(panel, CutoutPanel)
    _composed(window, qtbot, panel.methods["flat"].click)

    window.close()

    assert window.isVisible()
    (question,) = window.findChildren(QMessageBox)
    button = next(b for b in question.buttons() if answer in b.text().lower().replace("&", ""))
    QTest.mouseClick(button, LEFT)
    if answer == "cancel":
        assert window.isVisible()
        assert window.document.is_dirty
    else:
        qtbot.waitUntil(lambda: not window.isVisible(), timeout=SOON)
        saved = session.library.design(sticker.id).cutout.method
        assert saved == ("flat" if answer == "save" else "none")
    qtbot.waitUntil(lambda: not window.document.composing, timeout=SOON)


def test_every_control_has_a_name_in_either_language(
    window: EditorWindow, session: Session
) -> None:
    from stickerstudio.core import i18n

    def unnamed() -> list[QWidget]:
        reached = [
            widget
            for widget in window.findChildren(QWidget)
            if widget.focusPolicy() & Qt.FocusPolicy.TabFocus and widget.isVisible()
        ]
        assert len(reached) > 10
        return [widget for widget in reached if not widget.accessibleName()]

    assert unnamed() == []
    i18n.set_language("zh_TW", session.paths.locales)
    window.retranslate()
    assert unnamed() == []
