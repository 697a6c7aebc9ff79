"""The comparison: two blends with the same words and seed, and which of them to take."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import replace

from PySide6.QtCore import QEvent, QTimer, Signal
from PySide6.QtGui import QHideEvent, QPixmap, QShowEvent
from PySide6.QtWidgets import (
    QButtonGroup,
    QComboBox,
    QDialog,
    QFrame,
    QHBoxLayout,
    QVBoxLayout,
    QWidget,
)

from stickerstudio.core.i18n import tr
from stickerstudio.core.messages import PreviewReady
from stickerstudio.core.recipe import LoraWeight, Recipe
from stickerstudio.session.session import Session
from stickerstudio.session.sketches import SketchBatch
from stickerstudio.session.state import blend_of, loras_of
from stickerstudio.ui import style
from stickerstudio.ui.blend_art import lora_title, preview_pixmap
from stickerstudio.ui.blend_tools import add_undo_keys
from stickerstudio.ui.compare_view import CompareView
from stickerstudio.ui.widgets import (
    ElidedLabel,
    EmptyState,
    IconButton,
    PushButton,
    label,
    name_control,
    window_box,
)

SETTLE = 150  # milliseconds without a change before other pictures are asked for
KEPT = 8  # pictures remembered: at SDXL's size 4 MB each
NOW, HELD, NONE, SAVED = "now", "held", "none", "saved"  # what a side can show

Loras = tuple[LoraWeight, ...]


class SidePanel(QFrame):
    """A or B: which blend it shows."""

    changed = Signal()
    hold_wanted = Signal()
    take_wanted = Signal()

    def __init__(self, letter: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("row")
        self.letter = letter
        self.held: Loras | None = None
        self._title = label("heading")
        self._title.setText(letter)
        self.source = QComboBox()
        self.weights = ElidedLabel("small")
        self.hold = PushButton()
        self.hold.setObjectName("link")
        self.take = PushButton(icon="check")
        head = QHBoxLayout()
        head.setSpacing(style.SPACE)
        head.addWidget(self._title)
        head.addWidget(self.source, 1)
        foot = QHBoxLayout()
        foot.addWidget(self.hold)
        foot.addStretch()
        foot.addWidget(self.take)
        box = QVBoxLayout(self)
        margin = style.SPACE * 3 // 2
        box.setContentsMargins(margin, style.SPACE, margin, style.SPACE)
        box.setSpacing(style.SPACE // 2)
        box.addLayout(head)
        box.addWidget(self.weights)
        box.addLayout(foot)
        self.source.activated.connect(self.changed)
        self.hold.clicked.connect(self.hold_wanted)
        self.take.clicked.connect(self.take_wanted)

    @property
    def kind(self) -> str:
        """NOW, HELD, NONE or SAVED."""
        data = self.source.currentData()
        return data[0] if data else NOW

    def show_choices(self, saved: list[str], chosen: tuple[str, str] | None = None) -> None:
        """Offer what there is to show; what was chosen stays so where it still is there."""
        wanted = chosen or self.source.currentData() or (NOW, "")
        self.source.clear()
        self.source.addItem(tr("The blend now"), (NOW, ""))
        if self.held is not None:
            self.source.addItem(tr("Held"), (HELD, ""))
        self.source.addItem(tr("No styles"), (NONE, ""))
        for name in saved:
            self.source.addItem(name, (SAVED, name))
        data = [self.source.itemData(n) for n in range(self.source.count())]
        self.source.setCurrentIndex(data.index(wanted) if wanted in data else 0)

    def retranslate(self) -> None:
        """Word everything anew."""
        name_control(self.source, tr("What {side} shows", side=self.letter))
        self.hold.setText(tr("Hold the blend now"))
        tip = tr("Keep the blend as it is now on this side, while the sliders move on")
        name_control(self.hold, tr("Hold the blend now as {side}", side=self.letter), tip)
        self.take.setText(tr("Take {side}", side=self.letter))
        name_control(self.take, self.take.text(), tr("Make this the blend"))


class CompareWindow(QDialog):
    """A holds the blend it was opened with, B follows the sliders, until the user changes it."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._batch: SketchBatch | None = None
        self._recipes: list[Recipe | None] = [None, None]
        self._known: OrderedDict[Recipe, QPixmap] = OrderedDict()
        self._settle = QTimer(self, singleShot=True, interval=SETTLE)
        self._settle.timeout.connect(self._ask)
        self.sides = (SidePanel("A"), SidePanel("B"))
        self.view = CompareView()
        self.empty = EmptyState("compare")
        self.wipe = PushButton()
        self.beside = PushButton()
        self.dice = IconButton("dice")
        self._seed = label("small")
        self._arrange()
        self._connect()
        self.retranslate()

    def retranslate(self) -> None:
        """Word everything anew."""
        self.setWindowTitle(tr("Compare blends"))
        self.wipe.setText(tr("&Wipe"))
        name_control(self.wipe, tr("One over the other, with a wipe"))
        self.beside.setText(tr("Side &by side"))
        name_control(self.beside, tr("Side by side"))
        name_control(self.dice, tr("Another seed, for both"))
        self.empty.set_texts(
            tr("Nothing to draw yet"), tr("Type in the main window what it should show.")
        )
        self.view.retranslate()
        for side in self.sides:
            side.retranslate()
        self._show_saved()

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.LanguageChange:
            self.retranslate()
        super().changeEvent(event)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if self.sides[0].held is None:
            self._hold(self.sides[0])
        self._session.blending.read_saved()
        self._show_draft()
        self.view.setFocus()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._settle.stop()
        self._cancel()

    def _arrange(self) -> None:
        kinds = QButtonGroup(self)
        for button in (self.wipe, self.beside):
            button.setCheckable(True)
            kinds.addButton(button)
        self.wipe.setChecked(True)
        head = QHBoxLayout()
        head.addWidget(self.wipe)
        head.addWidget(self.beside)
        head.addStretch()
        head.addWidget(self._seed)
        head.addWidget(self.dice)
        pair = QHBoxLayout()
        pair.setSpacing(style.SPACE)
        for side in self.sides:
            pair.addWidget(side, 1)
        box = window_box(self)
        box.addLayout(head)
        box.addWidget(self.view, 1)
        box.addWidget(self.empty, 1)
        box.addLayout(pair)
        self.resize(style.SPACE * 84, style.SPACE * 84)

    def _connect(self) -> None:
        session = self._session
        add_undo_keys(self, session.blending)
        for side in self.sides:
            side.changed.connect(self._show_draft)
            side.hold_wanted.connect(lambda side=side: self._hold(side))
            side.take_wanted.connect(lambda side=side: self._take(side))
        self.beside.toggled.connect(self.view.set_beside)
        self.dice.clicked.connect(session.roll_seed)
        session.draft_changed.connect(self._show_draft)
        session.preview_ready.connect(self._keep)
        session.blending.saved_changed.connect(self._show_saved)
        session.loras_changed.connect(self._forget)
        session.models_changed.connect(self._forget)

    # --- which blends ---

    def loras(self, side: SidePanel) -> Loras:
        """The blend that `side` shows."""
        match side.kind:
            case "held":
                return side.held or ()
            case "none":
                return ()
            case "saved":
                name = side.source.currentData()[1]
                saved = self._session.blending.saved
                return next((each.loras for each in saved if each.name == name), ())
            case _:
                return loras_of(self._session.draft.blend)

    def _hold(self, side: SidePanel) -> None:
        side.held = loras_of(self._session.draft.blend)
        self._show_choices(side, (HELD, ""))
        self._show_draft()

    def _take(self, side: SidePanel) -> None:
        """The other side keeps what it shows, even if that was the blend until now."""
        for other in self.sides:
            if other is not side and other.kind == NOW:
                self._hold(other)
        self._session.blending.take(self.loras(side))

    def _show_choices(self, side: SidePanel, chosen: tuple[str, str] | None = None) -> None:
        side.show_choices([each.name for each in self._session.blending.saved], chosen)

    def _show_saved(self) -> None:
        for side in self.sides:
            self._show_choices(side)
        self._show_draft()

    # --- their pictures ---

    def _show_draft(self) -> None:
        """What is known is shown at once; the rest is asked for when the hand rests."""
        if not self.isVisible():
            return
        draft = self._session.draft
        titles = {info.name: lora_title(info) for info in self._session.loras}
        self._seed.setText(tr("Seed {seed}", seed=draft.seed))
        for number, side in enumerate(self.sides):
            loras = self.loras(side)
            words = (f"{titles.get(each.name, each.name)} {each.weight:.2f}" for each in loras)
            side.weights.setText(" · ".join(words) or tr("No styles"))
            side.weights.setToolTip(side.weights.text())
            side.hold.setVisible(side.kind != HELD or side.held != loras_of(draft.blend))
            side.take.setEnabled(loras != loras_of(draft.blend))
            blend = blend_of(loras, draft.blend)
            self._recipes[number] = self._session.preview_recipe(replace(draft, blend=blend))
        self.view.setVisible(self._recipes[0] is not None)
        self.empty.setVisible(self._recipes[0] is None)
        shown = self._session.blending.picture
        if shown is not None and shown.recipe in self._recipes and shown.recipe not in self._known:
            self._keep(shown)
        self._show_pictures()
        self._settle.start()

    def _show_pictures(self) -> None:
        for number, recipe in enumerate(self._recipes):
            if recipe in self._known:
                self.view.show_picture(number, self._known[recipe])
            else:
                self.view.fade(number)

    def _ask(self) -> None:
        """Ask for what is missing; of the live blend the preview is on its way by itself."""
        live = self._session.preview_recipe() if self._session.draft.live else None
        missing: list[Recipe] = []
        for recipe in self._recipes:
            if recipe is not None and recipe not in (*self._known, *missing, live):
                missing.append(recipe)
        if self._batch is not None and set(missing) <= set(self._batch.recipes):
            return
        self._cancel()
        if missing and self.isVisible():
            self._batch = self._session.sketches.request(missing)
            self._batch.ready.connect(lambda _, picture: self._keep(picture))
            self._batch.finished.connect(self._on_finished)

    def _keep(self, picture: PreviewReady) -> None:
        """Remember `picture`, if it is one of the two."""
        if picture.recipe in self._recipes and self.isVisible():
            self._known[picture.recipe] = preview_pixmap(picture)
            if len(self._known) > KEPT:
                self._known.popitem(last=False)
            self._show_pictures()

    def _on_finished(self) -> None:
        self._batch = None

    def _cancel(self) -> None:
        if self._batch is not None:
            self._batch.cancel()
            self._batch = None

    def _forget(self) -> None:
        """A LoRA or a model may be another one under the same name."""
        self._cancel()
        self._known.clear()
        self._show_draft()
