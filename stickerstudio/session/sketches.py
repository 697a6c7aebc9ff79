"""Sketches: pictures for the eye besides the live preview, several at a time.

    batch = session.sketches.request(recipes)
    batch.ready.connect(lambda index, picture: …)    # PreviewReady of recipes[index]

The style map, the comparison and boards of variants ask for theirs here. They are made in the order
of `recipes` whenever neither a preview nor an order wants the engine (session.schedule); nothing is
kept on disk. To keep a picture, order its recipe.
"""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QObject, Signal

from stickerstudio.core.errors import ErrorReport
from stickerstudio.core.messages import PreviewReady
from stickerstudio.core.recipe import Recipe
from stickerstudio.session.workbench import Workbench


class SketchBatch(QObject):
    """Some pictures on their way; ask `Sketches.request` for one.

    `failed` is told once for each picture that could not be made; the window's notice bar has
    shown the error already. After `cancel` nothing more is told, `finished` included.

    Attributes:
        recipes: what was asked for.
    """

    ready = Signal(int, object)  # index into `recipes`, core.messages.PreviewReady
    failed = Signal(int, object)  # index into `recipes`, core.errors.ErrorReport
    finished = Signal()  # every picture is ready or failed

    def __init__(self, workbench: Workbench, recipes: Sequence[Recipe], priority: int) -> None:
        super().__init__(workbench)
        self.recipes = tuple(recipes)
        self._workbench = workbench
        self._waiting = {
            workbench.sketch(recipe, priority): index for index, recipe in enumerate(self.recipes)
        }
        workbench.sketch_ready.connect(self._on_ready)
        workbench.sketch_failed.connect(self._on_failed)

    @property
    def left(self) -> int:
        """How many pictures are still to come."""
        return len(self._waiting)

    def cancel(self) -> None:
        """None of those still to come is wanted any more."""
        if self._waiting:
            self._workbench.drop_sketches(list(self._waiting))
            self._waiting.clear()
            self._close()

    def _on_ready(self, picture: PreviewReady) -> None:
        index = self._waiting.pop(picture.job_id, None)
        if index is not None:
            self.ready.emit(index, picture)
            self._finish()

    def _on_failed(self, job_id: int, error: ErrorReport) -> None:
        index = self._waiting.pop(job_id, None)
        if index is not None:
            self.failed.emit(index, error)
            self._finish()

    def _finish(self) -> None:
        if not self._waiting:
            self.finished.emit()
            self._close()

    def _close(self) -> None:
        """A batch that is over is forgotten, unless its owner holds on to it."""
        self._workbench.sketch_ready.disconnect(self._on_ready)
        self._workbench.sketch_failed.disconnect(self._on_failed)
        self.setParent(None)


class Sketches(QObject):
    """Where batches of sketches are asked for."""

    def __init__(self, workbench: Workbench, parent: QObject) -> None:
        super().__init__(parent)
        self._workbench = workbench

    def request(self, recipes: Sequence[Recipe], priority: int = 0) -> SketchBatch:
        """Make one picture of each of `recipes`, which are at least one, the first one first.

        Args:
            priority: a smaller one goes before all that wait with a greater one.

        Returns:
            The batch, which holds its signals back until control returns to the event loop.
        """
        return SketchBatch(self._workbench, recipes, priority)
