"""Thumbnails for the eye: decoded off the UI thread, newest wish first, the last seen kept."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from typing import Generic, TypeVar

from PySide6.QtCore import QObject, QThreadPool, Signal
from PySide6.QtGui import QImage, QPixmap

from stickerstudio.core.errors import StudioError

_KEPT_BYTES = 96_000_000  # about 900 thumbnails of 160 pixels at twice the density
_MOST_WISHES = 256  # more than any screen shows: what was scrolled past is not decoded any more
_THREADS = 2

Key = tuple[str, int]  # name, pixels a side
Source = TypeVar("Source")


class _Relay(QObject):
    """Carries pictures to the UI thread; has no parent, so that workers outlive no signal."""

    loaded = Signal(object, object)  # Key, QImage


class Thumbnails(QObject, Generic[Source]):
    """Small pictures, asked for by whoever paints them.

    Args:
        load: gives (source, side) as a picture of at most side device pixels a side, a null
            picture where it cannot be read. Runs in a worker thread; may raise StudioError.

    Signals:
        ready(str): the thumbnail of this name can be had now; paint it again.
    """

    ready = Signal(str)

    def __init__(
        self, load: Callable[[Source, int], QImage], parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._load = load
        self._kept: OrderedDict[Key, QPixmap] = OrderedDict()
        self._stale: set[Key] = set()  # of those, what may look otherwise by now
        self._bytes = 0
        self._lock = threading.Lock()  # over the wishes, which workers take
        self._wishes: OrderedDict[Key, Source] = OrderedDict()
        self._in_work: set[Key] = set()
        self._workers = 0
        self._closed = False
        self.loads = 0  # thumbnails decoded so far, for the benchmark
        self._relay = _Relay()
        self._pool = QThreadPool(self)
        self._pool.setMaxThreadCount(_THREADS)
        self._relay.loaded.connect(self._take)

    def get(self, name: str, source: Source, side: int) -> QPixmap | None:
        """The thumbnail, or None for now: `ready` follows. A null pixmap: it cannot be read.

        After `look_again` it is the old one until `ready` brings what it looks like now.
        """
        key = (name, side)
        kept = self._kept.get(key)
        if kept is not None:
            self._kept.move_to_end(key)
            if key not in self._stale:
                return kept
            self._stale.discard(key)
        with self._lock:
            if key not in self._in_work:
                self._wishes[key] = source
                self._wishes.move_to_end(key)
                if len(self._wishes) > _MOST_WISHES:
                    self._wishes.popitem(last=False)
            if self._workers < _THREADS and not self._closed:
                self._workers += 1
                self._pool.start(self._work)
        return kept

    @property
    def is_idle(self) -> bool:
        """Whether nothing is wished for or being decoded."""
        with self._lock:
            return not self._wishes and not self._in_work

    def forget(self) -> None:
        """Drop what nobody has begun to decode: another list is shown now."""
        with self._lock:
            self._wishes.clear()

    def look_again(self) -> None:
        """Pictures may have changed: each is loaded once more when it is painted next."""
        self._stale = set(self._kept)

    def close(self) -> None:
        """Wait for the workers: nothing of ours may outlive the window."""
        with self._lock:
            self._closed = True
        self.forget()
        self._pool.waitForDone()

    def _work(self) -> None:
        """In a worker: grant wishes, the latest first, until there are none."""
        while True:
            with self._lock:
                if not self._wishes:
                    self._workers -= 1  # under the lock: the next wish starts a worker again
                    return
                key, source = self._wishes.popitem()
                self._in_work.add(key)
            try:
                image = self._load(source, key[1]).convertToFormat(
                    QImage.Format.Format_ARGB32_Premultiplied  # what is painted fastest
                )
            except StudioError:
                image = QImage()
            self._relay.loaded.emit(key, image)

    def _take(self, key: Key, image: QImage) -> None:
        with self._lock:
            self._in_work.discard(key)
        self.loads += 1
        pixmap = QPixmap.fromImage(image)
        before = self._kept.pop(key, None)
        if before is not None:
            self._bytes -= 4 * before.width() * before.height()
        self._kept[key] = pixmap
        self._bytes += 4 * pixmap.width() * pixmap.height()
        while self._bytes > _KEPT_BYTES and len(self._kept) > 1:
            _, old = self._kept.popitem(last=False)
            self._bytes -= 4 * old.width() * old.height()
        self.ready.emit(key[0])
