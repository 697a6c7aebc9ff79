"""The editor's caption and stamp panels, by the controls a user would touch."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw
from PySide6.QtCore import QEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from stickerstudio.core import i18n
from stickerstudio.core.design import Caption, Cutout, Design, Stamp
from stickerstudio.core.errors import ErrorReport
from stickerstudio.core.library import Library
from stickerstudio.core.recipe import Recipe
from stickerstudio.finish import fonts
from stickerstudio.finish.composed import Composed
from stickerstudio.session.session import Session
from stickerstudio.ui.editor_caption import CaptionPanel
from stickerstudio.ui.editor_stamps import StampPanel
from stickerstudio.ui.editor_window import EditorWindow
from stickerstudio.ui.widgets import Chip


@pytest.fixture
def editor(session: Session, qtbot: QtBot) -> Iterator[EditorWindow]:
    """The editor, open over "I love you, otter"; another sticker is in the gallery."""
    with Library(session.paths.library) as library:
        for prompt, colour in (("blue ball", "#2848c0"), ("I love you, otter", "#f07828")):
            image = Image.new("RGBA", (128, 128))
            ImageDraw.Draw(image).ellipse((24, 24, 104, 104), fill=colour)
            library.add(image, Recipe(prompt=prompt), 0.1, design=Design(Cutout("none")))
        newest = library.search()[0]
    window = EditorWindow(session)
    qtbot.addWidget(window)
    window.open_for(newest.id)
    qtbot.waitUntil(lambda: window.document.sticker is not None, timeout=20_000)
    yield window
    window.document.revert()


def _caption_panel(editor: EditorWindow) -> CaptionPanel:
    panel = next(panel for panel in editor.panels if isinstance(panel, CaptionPanel))
    editor.show_panel(panel)
    return panel


def _stamp_panel(editor: EditorWindow, qtbot: QtBot) -> StampPanel:
    panel = next(panel for panel in editor.panels if isinstance(panel, StampPanel))
    editor.show_panel(panel)
    qtbot.waitUntil(lambda: bool(panel.tiles), timeout=20_000)
    return panel


def test_typing_puts_a_caption_on_and_one_undo_takes_it_back(
    editor: EditorWindow, qtbot: QtBot
) -> None:
    panel, document = _caption_panel(editor), editor.document
    pictures: list[Composed] = []
    document.composed.connect(pictures.append)
    QTest.keyClicks(panel.text, "Hi otter")
    (caption,) = document.design.layers
    assert isinstance(caption, Caption)
    assert caption.text == "Hi otter"
    assert panel.caption == caption
    qtbot.waitUntil(lambda: not document.composing and bool(pictures), timeout=30_000)
    foot = np.asarray(pictures[-1].image)[pictures[-1].top + 104 :]
    assert np.count_nonzero(foot[..., 3] > 128) > 200
    document.undo()
    document.undo()
    assert document.design.layers == ()
    assert panel.text.toPlainText() == ""


def test_suggestions_come_from_the_prompt_and_replace_the_words(editor: EditorWindow) -> None:
    panel = _caption_panel(editor)
    chips = panel.ideas.findChildren(Chip)
    assert [chip.word for chip in chips] == ["I love you", "❤️", "愛你"]
    chips[2].click()
    assert panel.caption is not None
    assert panel.caption.text == "愛你"
    chips[0].click()
    assert [layer.text for layer in editor.document.design.layers] == ["I love you"]  # type: ignore[union-attr]


def test_every_control_changes_its_own_part_of_the_caption(editor: EditorWindow) -> None:
    panel = _caption_panel(editor)
    panel.ideas.findChildren(Chip)[0].click()
    panel.size_.slider.set_weight(0.5)
    panel.size_.slider.weight_changed.emit(0.5)
    panel.fill.swatches[2].click()
    panel.rim.slider.set_weight(1.0)
    panel.rim.slider.weight_changed.emit(1.0)
    panel.rim_colour.swatches[3].click()
    panel.arc.slider.set_weight(0.25)
    panel.arc.slider.weight_changed.emit(0.25)
    panel.wrap.slider.set_weight(0.0)
    panel.wrap.slider.weight_changed.emit(0.0)
    panel.aligns["right"].click()
    panel.font_.setCurrentIndex(panel.font_.findData("comic"))
    panel.font_.activated.emit(panel.font_.currentIndex())
    made = panel.caption
    assert made is not None
    numbers = (made.size, made.outline_width, made.arc, made.width)
    assert numbers == pytest.approx((0.215, 0.05, -90, 0.2))
    assert (made.fill, made.outline_colour) == ("#ffd84a", "#1b6fb5")
    assert (made.text, made.font, made.align) == ("I love you", "comic", "right")


def test_another_caption_looks_like_the_last_and_lies_elsewhere(editor: EditorWindow) -> None:
    panel = _caption_panel(editor)
    panel.ideas.findChildren(Chip)[0].click()
    panel.fill.swatches[3].click()
    panel.another.click()
    assert panel.text.toPlainText() == ""
    QTest.keyClicks(panel.text, "Two")
    first, second = editor.document.design.layers
    assert isinstance(first, Caption)
    assert isinstance(second, Caption)
    assert (first.text, second.text) == ("I love you", "Two")
    assert second.fill == first.fill == "#ff4d6d"
    assert abs(second.y - first.y) > 0.5


def test_characters_without_a_font_are_named(
    editor: EditorWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    panel = _caption_panel(editor)
    panel.text.setPlainText("Hi")
    panel._show_note("Hi", "", (fonts.Substitute("ᚱ", None), fonts.Substitute("ᏣᎳ", "Runes Sans")))
    assert panel.note.isVisibleTo(panel)
    assert "No font on this computer has ᚱ." in panel.note.text()
    assert "ᏣᎳ is drawn in Runes Sans" in panel.note.text()
    with qtbot.waitSignal(editor.document.lettering.noted, timeout=30_000):
        pass  # the real answer, from a worker, half a second after the last key
    qtbot.waitUntil(lambda: not panel.note.isVisibleTo(panel))


def test_a_font_file_is_tried_before_it_is_used(
    editor: EditorWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    panel, document = _caption_panel(editor), editor.document
    panel.ideas.findChildren(Chip)[0].click()
    broken = tmp_path / "broken.ttf"
    broken.write_bytes(b"no font")
    with qtbot.waitSignal(document.notice, timeout=30_000) as caught:
        document.lettering.find_font(broken)
    assert caught.args
    error = caught.args[0].error
    assert isinstance(error, ErrorReport)
    assert "broken.ttf" in error.what
    assert panel.caption is not None
    assert panel.caption.font == ""
    mine = tmp_path / "mine.ttf"
    mine.write_bytes(fonts.find("comic").path.read_bytes())
    with qtbot.waitSignal(document.lettering.font_found, timeout=30_000):
        document.lettering.find_font(mine)
    assert panel.caption.font == str(mine)
    assert panel.font_.currentText() == "mine"


def test_stamps_are_put_on_changed_ordered_and_removed(editor: EditorWindow, qtbot: QtBot) -> None:
    panel, document = _stamp_panel(editor, qtbot), editor.document
    assert len(panel.tiles) == 13, "twelve shipped ones, and the other sticker"
    assert document.sticker is not None
    assert document.sticker.id not in panel.tiles
    panel.tiles["shipped:heart"].click()
    panel.tiles["shipped:star"].click()
    heart, star = document.design.layers
    assert isinstance(heart, Stamp)
    assert isinstance(star, Stamp)
    assert (heart.x, heart.y) != (star.x, star.y)
    panel.joined.click()
    panel.size_.slider.set_weight(1.0)
    panel.size_.slider.weight_changed.emit(1.0)
    changed = document.design.layers[1]
    assert isinstance(changed, Stamp)
    assert (changed.joined, changed.scale) == (False, pytest.approx(1.0))
    panel.layers.back.click()
    assert document.design.layers[0] == changed
    panel.layers.remove.click()
    assert document.design.layers == (heart,)


def test_a_sticker_of_the_gallery_is_a_stamp(editor: EditorWindow, qtbot: QtBot) -> None:
    panel, document = _stamp_panel(editor, qtbot), editor.document
    pictures: list[Composed] = []
    document.composed.connect(pictures.append)
    (other,) = (source for source in panel.tiles if not source.startswith("shipped:"))
    panel.tiles[other].click()
    qtbot.waitUntil(lambda: not document.composing and bool(pictures), timeout=30_000)
    levels = np.asarray(pictures[-1].image, np.int16)
    blue = (levels[..., 2] > 150) & (levels[..., 0] < 90) & (levels[..., 3] > 200)
    assert np.count_nonzero(blue) > 300


def test_choosing_a_layer_brings_up_its_panel(editor: EditorWindow) -> None:
    document = editor.document
    document.edit(Design(Cutout("none"), layers=(Caption("Hi"), Stamp("shipped:heart"))))
    for index, kind in ((0, CaptionPanel), (1, StampPanel)):
        document.select(index)
        panel = next(panel for panel in editor.panels if isinstance(panel, kind))
        assert panel.isVisible()


def test_both_panels_speak_the_other_language_and_every_control_has_a_name(
    editor: EditorWindow, session: Session, qtbot: QtBot
) -> None:
    caption, stamp = _caption_panel(editor), _stamp_panel(editor, qtbot)
    i18n.set_language("zh_TW", session.paths.locales)
    QApplication.sendEvent(caption, QEvent(QEvent.Type.LanguageChange))
    assert [chip.word for chip in caption.ideas.findChildren(Chip)][:1] == ["I love you"]
    controls = [
        *(caption.text, caption.font_, caption.another, *caption.aligns.values()),
        *(caption.size_.slider, caption.rim.slider, caption.arc.slider, caption.wrap.slider),
        *(stamp.size_.slider, stamp.joined, *stamp.tiles.values()),
        *(stamp.layers.forward, stamp.layers.back, stamp.layers.remove),
    ]
    assert all(control.accessibleName() for control in controls)
