"""The editor's panel for pictures on the sticker: shipped ones, and other stickers."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QIcon, QPixmap, QShowEvent
from PySide6.QtWidgets import QCheckBox, QGridLayout, QToolButton, QWidget

from stickerstudio.core.design import Layer, Stamp
from stickerstudio.core.i18n import tr
from stickerstudio.finish import stamps
from stickerstudio.session.designing import Designing
from stickerstudio.session.lettering import StampPicture
from stickerstudio.ui import style
from stickerstudio.ui.editor_controls import NumberSlider
from stickerstudio.ui.editor_layers import LayerRow
from stickerstudio.ui.editor_panel import EditorPanel
from stickerstudio.ui.widgets import clear_layout, label, name_control

_COLUMNS = 4
_TILE = 56  # pixels, a stamp in the grid
_PLACES = ((0.74, 0.26), (0.26, 0.26), (0.74, 0.74), (0.26, 0.74))  # of new ones, in turn


class StampPanel(EditorPanel):
    """Puts stamps onto the sticker, and edits the chosen one."""

    icon = "stamp"

    def __init__(self, document: Designing, parent: QWidget | None = None) -> None:
        super().__init__(document, parent)
        self._pictures: tuple[StampPicture, ...] = ()
        self._asked_for: str | None = None
        self.shipped_text, self.gallery_text = label("small"), label("small")
        self._shipped, self._gallery = QWidget(), QWidget()
        self.tiles: dict[str, QToolButton] = {}
        self.size_ = NumberSlider(0.05, 1.0, Stamp("").scale)
        self.joined = QCheckBox()
        self.layers = LayerRow(document)
        for widget in (self.shipped_text, self._shipped, self.gallery_text, self._gallery):
            self.box.addWidget(widget)
        for grid in (self._shipped, self._gallery):
            tiles = QGridLayout(grid)
            tiles.setContentsMargins(0, 0, 0, 0)
            tiles.setSpacing(style.SPACE // 2)
            for column in range(_COLUMNS):
                tiles.setColumnStretch(column, 1)
        self.box.addSpacing(style.SPACE)
        for widget in (self.size_, self.joined, self.layers):
            self.box.addWidget(widget)
        self.box.addStretch()
        self.size_.changed.connect(lambda value: self._change(scale=value, merge="size"))
        self.size_.released.connect(document.end_merge)
        self.joined.toggled.connect(lambda on: self._change(joined=on))
        document.lettering.stamps_found.connect(self._show_stamps)
        self.retranslate()
        self.show_design()

    def title(self) -> str:
        return tr("Stamps")

    def handles(self, layer: Layer) -> bool:
        return isinstance(layer, Stamp)

    @property
    def stamp(self) -> Stamp | None:
        """The chosen one."""
        layer = self.document.layer
        return layer if isinstance(layer, Stamp) else None

    def retranslate(self) -> None:
        self.shipped_text.setText(tr("Stamps"))
        self.gallery_text.setText(tr("Your newest stickers"))
        self.size_.set_name(tr("Size"))
        self.joined.setText(tr("Inside the &outline"))
        name_control(
            self.joined,
            tr("Inside the outline"),
            tr("One outline and one shadow around the sticker and this stamp"),
        )
        for picture in self._pictures:
            self._name(picture)
        self.layers.retranslate()

    def show_design(self) -> None:
        stamp = self.stamp
        for widget in (self.size_, self.joined, self.layers):
            widget.setVisible(stamp is not None)
        if stamp is not None:
            self.size_.set_value(stamp.scale)
            blocked = self.joined.blockSignals(True)
            self.joined.setChecked(stamp.joined)
            self.joined.blockSignals(blocked)
        self.layers.show_design()
        self._ask()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._ask()

    def _ask(self) -> None:
        """Read the stamps, once for every sticker that is opened."""
        sticker = self.document.sticker
        if self.isVisible() and sticker is not None and sticker.id != self._asked_for:
            self._asked_for = sticker.id
            self.document.lettering.list_stamps(round(_TILE * self.devicePixelRatioF()))

    def _show_stamps(self, pictures: tuple[StampPicture, ...]) -> None:
        for grid in (self._shipped, self._gallery):
            layout = grid.layout()
            assert layout is not None
            clear_layout(layout)
        self._pictures = pictures
        self.tiles.clear()
        placed = {self._shipped: 0, self._gallery: 0}
        own = self.document.sticker.id if self.document.sticker else ""
        for picture in pictures:
            if picture.source == own:
                continue
            grid = self._shipped if picture.source.startswith(stamps.PREFIX) else self._gallery
            layout = grid.layout()
            assert isinstance(layout, QGridLayout)
            layout.addWidget(self._tile(picture), *divmod(placed[grid], _COLUMNS))
            placed[grid] += 1
        self.gallery_text.setVisible(placed[self._gallery] > 0)
        self._gallery.setVisible(placed[self._gallery] > 0)

    def _tile(self, picture: StampPicture) -> QToolButton:
        pixmap = QPixmap()
        pixmap.loadFromData(picture.png, "PNG")  # pyright: ignore[reportArgumentType]
        pixmap.setDevicePixelRatio(self.devicePixelRatioF())
        tile = QToolButton()
        tile.setObjectName("quiet")
        tile.setIcon(QIcon(pixmap))
        tile.setIconSize(QSize(_TILE, _TILE))
        tile.setCursor(Qt.CursorShape.PointingHandCursor)
        tile.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        tile.clicked.connect(lambda: self._add(picture.source))
        self.tiles[picture.source] = tile
        self._name(picture)
        return tile

    def _name(self, picture: StampPicture) -> None:
        is_shipped = picture.source.startswith(stamps.PREFIX)
        name = stamps.title(picture.source) if is_shipped else picture.name
        if tile := self.tiles.get(picture.source):
            name_control(tile, tr("Put on: {name}", name=name), name)

    def _add(self, source: str) -> None:
        number = sum(isinstance(layer, Stamp) for layer in self.document.design.layers)
        x, y = _PLACES[number % len(_PLACES)]
        self.document.add_layer(Stamp(source, x, y))

    def _change(self, *, merge: str = "", **changes: object) -> None:
        index, stamp = self.document.selected, self.stamp
        if index is not None and stamp is not None:
            made = replace(stamp, **changes)  # pyright: ignore[reportArgumentType]
            self.document.set_layer(index, made, f"stamp {index} {merge}" if merge else "")
