"""Shelves: the models and the LoRAs there are, and models on their way here."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject, Qt, Signal

from stickerstudio.core.errors import report
from stickerstudio.core.paths import Paths
from stickerstudio.models.cards import ModelCard
from stickerstudio.models.catalogue import Catalogue
from stickerstudio.models.download import download
from stickerstudio.models.loras import LoraInfo, LoraShelf
from stickerstudio.session.background import Background
from stickerstudio.session.state import DownloadView, Notice

PROGRESS_INTERVAL = 0.1  # seconds between two reports of a download


class Shelves(QObject):
    """Both lists are read anew after each change, in the background.

    Attributes:
        models: every card of the catalogue, installed or not.
        loras: empty until `read_loras` has been through their headers.
        downloads: by model name, those under way.
    """

    models_changed = Signal()
    loras_changed = Signal(str)  # the name of the LoRA just added, or ""
    download_changed = Signal(object)  # DownloadView
    notice = Signal(object)  # Notice
    _progressed = Signal(object)  # DownloadView, from the downloading thread

    def __init__(self, paths: Paths, background: Background, parent: QObject) -> None:
        super().__init__(parent)
        self._catalogue = Catalogue(paths)
        self._shelf = LoraShelf(paths)
        self._background = background
        self.models: list[ModelCard] = self._catalogue.all()
        self.loras: list[LoraInfo] = []
        self.downloads: dict[str, DownloadView] = {}
        self._stops: dict[str, threading.Event] = {}
        self._progressed.connect(self._on_progress, Qt.ConnectionType.QueuedConnection)

    def card(self, name: str) -> ModelCard | None:
        """The card of model `name`; None where the catalogue has none."""
        return next((card for card in self.models if card.name == name), None)

    def installed_card(self, name: str) -> ModelCard:
        """The card of model `name`, which can be used now.

        Raises:
            NotFoundError: there is none, or it is not installed.
        """
        card = self.card(name) or self._catalogue.find(name)
        card.installed_at()
        return card

    def report_problems(self) -> None:
        """Tell of cards and LoRAs that lie in our folders but cannot be used."""
        for problem in self._catalogue.problems:
            self.notice.emit(Notice(problem))
        self._background.start(self._report_damaged())

    def add_model(self, path: Path) -> None:
        """Add the folder or file at `path` to the catalogue."""
        self._background.start(self._change_models(lambda: self._catalogue.add(path)))

    def remove_model(self, name: str) -> None:
        """Take model `name` out of the catalogue."""
        self._background.start(self._change_models(lambda: self._catalogue.remove(name)))

    def download(self, name: str, *, accept_licence: bool, endpoint: str | None) -> None:
        """Fetch model `name` from the hub, or from the mirror `endpoint`."""
        card = self.card(name)
        if card is None or name in self.downloads:
            return
        stop = self._stops[name] = threading.Event()
        self._show(DownloadView(name, 0, card.hub.bytes if card.hub else 0))
        last = 0.0

        def progress(done: int, total: int) -> None:
            nonlocal last
            now = time.monotonic()
            if done == total or now - last >= PROGRESS_INTERVAL:
                last = now
                self._progressed.emit(DownloadView(name, done, total))

        def fetch() -> Path:
            return download(
                card,
                target=self._catalogue.download_folder(card),
                accept_licence=accept_licence,
                progress=progress,
                is_cancelled=stop.is_set,
                endpoint=endpoint,
            )

        self._background.start(self._download(name, fetch))

    def cancel_download(self, name: str) -> None:
        """Stop fetching model `name`."""
        stop = self._stops.get(name)
        if stop is not None:
            stop.set()

    def read_loras(self) -> None:
        """Read the headers of all LoRAs."""
        self._background.start(self._read_loras(""))

    def add_lora(self, path: Path) -> None:
        """Check the file at `path` and put a copy on the shelf."""
        self._background.start(self._add_lora(path))

    def remove_lora(self, name: str) -> None:
        """Take LoRA `name` off the shelf."""
        self._background.start(self._remove_lora(name))

    def close(self) -> None:
        """Stop all downloads."""
        for stop in self._stops.values():
            stop.set()

    async def _change_models(self, change: Callable[[], object]) -> None:
        await self._background.call(change)
        self.models = await self._background.call(self._catalogue.all)
        self.models_changed.emit()

    async def _download(self, name: str, fetch: Callable[[], Path]) -> None:
        try:
            await self._change_models(fetch)
        finally:
            del self._stops[name]
            self.download_changed.emit(self.downloads.pop(name))

    def _on_progress(self, view: DownloadView) -> None:
        if view.model in self.downloads:
            self._show(view)

    def _show(self, view: DownloadView) -> None:
        self.downloads[view.model] = view
        self.download_changed.emit(view)

    async def _read_loras(self, added: str) -> None:
        self.loras = await self._background.call(self._shelf.all)
        self.loras_changed.emit(added)

    async def _add_lora(self, path: Path) -> None:
        info = await self._background.call(self._shelf.add, path)
        await self._read_loras(info.name)

    async def _remove_lora(self, name: str) -> None:
        await self._background.call(self._shelf.remove, name)
        await self._read_loras("")

    async def _report_damaged(self) -> None:
        for error in await self._background.call(self._shelf.damaged):
            self.notice.emit(Notice(report(error)))
