"""The window of the style map: which two weights, from where to where, and the map they give."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import replace

from PySide6.QtCore import QEvent, Qt, QTimer, Signal
from PySide6.QtGui import QHideEvent, QPixmap, QShowEvent
from PySide6.QtWidgets import QComboBox, QDialog, QHBoxLayout, QVBoxLayout, QWidget

from stickerstudio.core.i18n import tr
from stickerstudio.core.messages import PreviewReady
from stickerstudio.core.recipe import Recipe
from stickerstudio.session.session import Session
from stickerstudio.session.sketches import SketchBatch
from stickerstudio.session.style_map import Axis, Cell, Grid
from stickerstudio.ui import style
from stickerstudio.ui.blend_art import lora_title, preview_pixmap
from stickerstudio.ui.blend_row import WeightBox
from stickerstudio.ui.blend_tools import add_undo_keys
from stickerstudio.ui.style_map import StyleMapView
from stickerstudio.ui.widgets import EmptyState, PushButton, label, name_control, window_box

SIDES = (3, 5, 7)
SETTLE = 400  # milliseconds without a change before the map is begun anew
PRIORITY = 10  # after the two pictures of the comparison
KEPT = 200  # pictures remembered, as small as they are shown
THUMB = 192  # pixels, their longer side
NOTHING = ""  # the second axis may be none


class AxisBox(QWidget):
    """One axis: a LoRA, and the ends of its weight."""

    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._name = label("small")
        self.lora = QComboBox()
        self.low = WeightBox()
        self.high = WeightBox()
        self._to = label("small")
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(style.SPACE)
        row.addWidget(self._name)
        row.addWidget(self.lora, 1)
        row.addWidget(self.low)
        row.addWidget(self._to)
        row.addWidget(self.high)
        self._name.setMinimumWidth(style.SPACE * 6)
        self.lora.setMinimumWidth(style.SPACE * 14)
        self.low.valueChanged.connect(self.changed)
        self.high.valueChanged.connect(self.changed)

    @property
    def axis(self) -> Axis | None:
        """What is set; None where no LoRA is chosen."""
        name = self.lora.currentData()
        return Axis(name, self.low.value(), self.high.value()) if name else None

    def set_range(self, low: float, high: float) -> None:
        """Set both ends without saying so."""
        for box, weight in ((self.low, low), (self.high, high)):
            blocked = box.blockSignals(True)
            box.setValue(weight)
            box.blockSignals(blocked)

    def word(self, name: str) -> None:
        """Name the axis."""
        self._name.setText(name)
        self._to.setText(tr("to"))
        name_control(self.lora, tr("Style: {axis}", axis=name))
        name_control(self.low, tr("Lowest weight: {axis}", axis=name))
        name_control(self.high, tr("Highest weight: {axis}", axis=name))


class StyleMapWindow(QDialog):
    """Asks for the map's pictures while it is open, and takes the weights of the one chosen."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._batch: SketchBatch | None = None
        self._cells: dict[Cell, Recipe] = {}
        self._known: OrderedDict[Recipe, QPixmap] = OrderedDict()
        self._settle = QTimer(self, singleShot=True, interval=SETTLE)
        self._settle.timeout.connect(self._fill)
        self.map = StyleMapView()
        self.empty = EmptyState("grid")
        self.across = AxisBox()
        self.up = AxisBox()
        self.side = QComboBox()
        self._text = label("muted", wrap=True)
        self.progress = label("small")
        self.stop = PushButton(icon="stop")
        self._arrange()
        self._connect()
        self._show_shelf()
        self.retranslate()

    @property
    def filling(self) -> bool:
        """Whether pictures are still to come."""
        return self._settle.isActive() or self._batch is not None

    def retranslate(self) -> None:
        """Word everything anew."""
        self.setWindowTitle(tr("Style map"))
        self._text.setText(tr("Every picture has the same words and seed. Press one to take it."))
        self.across.word(tr("Across"))
        self.up.word(tr("Up"))
        name_control(self.side, tr("Pictures in a row"))
        self.map.retranslate()
        self._show_progress()

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.LanguageChange:
            self.retranslate()
            self._show_shelf()
        super().changeEvent(event)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._fill()
        self.map.setFocus()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._cancel()

    def _arrange(self) -> None:
        for side in SIDES:
            self.side.addItem(f"{side} × {side}", side)
        self.side.setCurrentIndex(SIDES.index(5))
        axes = QVBoxLayout()
        axes.setSpacing(style.SPACE // 2)
        axes.addWidget(self.across)
        axes.addWidget(self.up)
        head = QHBoxLayout()
        head.setSpacing(style.SPACE * 2)
        head.addLayout(axes)
        head.addStretch()
        head.addWidget(self.side, 0, Qt.AlignmentFlag.AlignTop)
        foot = QHBoxLayout()
        foot.addWidget(self._text, 1)
        foot.addWidget(self.progress)
        foot.addWidget(self.stop)
        box = window_box(self)
        box.addLayout(head)
        box.addWidget(self.map, 1)
        box.addWidget(self.empty, 1)
        box.addLayout(foot)
        self.resize(style.SPACE * 84, style.SPACE * 96)

    def _connect(self) -> None:
        session = self._session
        add_undo_keys(self, session.blending)
        for axis in (self.across, self.up):
            axis.lora.activated.connect(lambda _, axis=axis: self._choose_lora(axis))
            axis.changed.connect(self._fill_soon)
        self.side.activated.connect(self._fill_soon)
        self.stop.clicked.connect(self._stop_or_go_on)
        self.map.chosen.connect(self._take)
        session.draft_changed.connect(self._on_draft)
        session.loras_changed.connect(self._show_shelf)
        session.models_changed.connect(self._forget)

    # --- the axes ---

    def _show_shelf(self) -> None:
        """The LoRAs to choose from; at first the two that weigh most are chosen."""
        self._forget()
        loras = {info.name: lora_title(info) for info in self._session.loras}
        blend = sorted(
            self._session.draft.blend, key=lambda entry: -abs(entry.weight) * entry.enabled
        )
        wanted = [entry.name for entry in blend if entry.name in loras]
        for axis, optional in ((self.across, False), (self.up, True)):
            before = axis.lora.currentData()
            axis.lora.clear()
            if optional:
                axis.lora.addItem(tr("Nothing"), NOTHING)
            for name, title in loras.items():
                axis.lora.addItem(title, name)
            name = before if before in loras else next(iter(wanted), NOTHING)
            wanted = [each for each in wanted if each != name]
            axis.lora.setCurrentIndex(max(0, axis.lora.findData(name)))
            if name != before:
                self._set_range(axis)
        self._fill_soon()

    def _choose_lora(self, chosen: AxisBox) -> None:
        """Two axes of one LoRA would contradict each other: the other one gives way."""
        other = self.up if chosen is self.across else self.across
        if other.lora.currentData() == chosen.lora.currentData():
            names = [other.lora.itemData(n) for n in range(other.lora.count())]
            free = (n for n, name in enumerate(names) if name != chosen.lora.currentData())
            other.lora.setCurrentIndex(next(free, -1))
            self._set_range(other)
        self._set_range(chosen)
        self._fill_soon()

    def _set_range(self, axis: AxisBox) -> None:
        """From nothing to what the author recommends."""
        name = axis.lora.currentData()
        end = self._session.default_weight(name) if name else 0.0
        axis.set_range(min(0.0, end), max(0.0, end))
        for box in (axis.low, axis.high):
            box.setEnabled(bool(name))

    @property
    def grid(self) -> Grid | None:
        """The grid that is set; None without a LoRA."""
        across, up = self.across.axis, self.up.axis
        return Grid(across, up, self.side.currentData()) if across else None

    # --- the pictures ---

    def _on_draft(self) -> None:
        self._show_mark()
        self._fill_soon()

    def _fill_soon(self) -> None:
        if self.isVisible():
            self._settle.start()

    def _fill(self) -> None:
        """Ask for every picture that is not there yet, unless the same ones are under way."""
        grid, draft = self.grid, self._session.draft
        cells: dict[Cell, Recipe] = {}
        for cell in grid.cells() if grid is not None else ():
            blend = grid.blend(cell, draft.blend) if grid is not None else ()
            recipe = self._session.preview_recipe(replace(draft, blend=blend))
            if recipe is None:
                break
            cells[cell] = recipe
        self._show_state(has_styles=grid is not None, has_words=bool(cells))
        if cells == self._cells and (self._batch is not None or self._has_all()):
            return
        self._cancel()
        self._cells = cells
        if grid is None or not cells:
            return
        titles = {info.name: lora_title(info) for info in self._session.loras}
        names = [*grid.weights((0, 0)), NOTHING]
        self.map.set_grid(grid, (titles.get(names[0], ""), titles.get(names[1], "")))
        missing: list[Recipe] = []
        for cell, recipe in cells.items():
            if recipe in self._known:
                self.map.show_picture(cell, self._known[recipe])
            elif recipe not in missing:
                missing.append(recipe)
        if missing:
            self._batch = self._session.sketches.request(missing, PRIORITY)
            self._batch.ready.connect(self._on_ready)
            self._batch.failed.connect(self._show_progress)
            self._batch.finished.connect(self._on_finished)
        self._show_mark()
        self._show_progress()

    def _on_ready(self, _: int, picture: PreviewReady) -> None:
        pixmap = self._known[picture.recipe] = preview_pixmap(picture, THUMB)
        if len(self._known) > KEPT:
            self._known.popitem(last=False)
        for cell, recipe in self._cells.items():
            if recipe == picture.recipe:
                self.map.show_picture(cell, pixmap)
        self._show_progress()

    def _on_finished(self) -> None:
        self._batch = None
        self._show_progress()

    def _has_all(self) -> bool:
        return bool(self._cells) and all(recipe in self._known for recipe in self._cells.values())

    def _cancel(self) -> None:
        self._settle.stop()
        if self._batch is not None:
            self._batch.cancel()
            self._batch = None
        self._show_progress()

    def _stop_or_go_on(self) -> None:
        if self.filling:
            self._cancel()
        else:
            self._fill()

    def _forget(self) -> None:
        """A LoRA or a model may be another one under the same name."""
        self._cancel()
        self._known.clear()
        self._cells = {}
        self._fill_soon()

    def _take(self, cell: Cell) -> None:
        grid = self.grid
        if grid is not None:
            self._session.blending.mix(grid.weights(cell))

    # --- what is said about them ---

    def _show_mark(self) -> None:
        grid = self.grid
        here: Cell | None = None
        if grid is not None:
            now = {e.name: e.weight for e in self._session.draft.blend if e.enabled}
            near = (
                cell
                for cell in grid.cells()
                if all(now.get(name, 0.0) == weight for name, weight in grid.weights(cell).items())
            )
            here = next(near, None)
        self.map.mark(here)

    def _show_state(self, *, has_styles: bool, has_words: bool) -> None:
        self.map.setVisible(has_styles and has_words)
        self.empty.setVisible(not (has_styles and has_words))
        if not has_styles:
            self.empty.set_texts(tr("No styles yet"), tr("Add a style to the blend first."))
        else:
            self.empty.set_texts(
                tr("Nothing to draw yet"), tr("Type in the main window what it should show.")
            )

    def _show_progress(self) -> None:
        total = len(self._cells)
        left = sum(recipe not in self._known for recipe in self._cells.values())
        self.progress.setText(tr("{n} of {total}", n=total - left, total=total) if left else "")
        self.stop.setVisible(bool(left))
        going = self._batch is not None
        self.stop.set_icon("stop" if going else "make")
        self.stop.setText(tr("&Stop") if going else tr("&Go on"))
        name_control(self.stop, tr("Stop filling the map") if going else tr("Fill the map"))
