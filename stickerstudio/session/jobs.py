"""JobBoard: the orders under way as the window shows them, and those lost in a crash."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from stickerstudio.core.messages import (
    Event,
    JobCancelled,
    JobDone,
    JobFailed,
    ModelLoaded,
    ModelLoading,
    Order,
    Progress,
    StickerReady,
)
from stickerstudio.session.state import JobView, title_of


@dataclass(slots=True)
class _Entry:
    order: Order
    view: JobView
    made: int = 0


class JobBoard:
    """Knows every order from submission to its last event."""

    def __init__(self) -> None:
        self._entries: dict[int, _Entry] = {}
        self._lost: list[Order] = []

    @property
    def views(self) -> list[JobView]:
        """One for each order, in the order they came."""
        return [entry.view for entry in self._entries.values()]

    def __contains__(self, job_id: int) -> bool:
        return job_id in self._entries

    def add(self, order: Order) -> None:
        """`order` was submitted."""
        title = title_of(order.recipe.prompt)
        view = JobView(order.job_id, title, steps=order.recipe.num_inference_steps)
        self._entries[order.job_id] = _Entry(order, replace(view, count=order.count))

    def started(self, job_id: int) -> bool:
        """The engine was given `job_id`; whether that changed a view."""
        return self._update(job_id, state="running")

    def cancelling(self, job_id: int) -> bool:
        """The user cancelled `job_id`, and the engine has not answered yet."""
        return self._update(job_id, state="cancelling")

    def apply(self, event: Event) -> bool:
        """Take in what the engine says; whether that changed a view."""
        match event:
            case ModelLoading(job_id):
                return self._update(job_id, state="loading")
            case ModelLoaded(job_id):
                return self._update(job_id, state="running")
            case Progress():
                return self._update(
                    event.job_id,
                    state="running",
                    step=event.step,
                    steps=event.steps,
                    index=event.index,
                    seconds_left=event.seconds_left,
                )
            case StickerReady(job_id) if job_id in self._entries:
                self._entries[job_id].made += 1
                return False
            case JobDone(job_id) | JobCancelled(job_id) | JobFailed(job_id):
                return self._entries.pop(job_id, None) is not None
            case _:
                return False

    def lose(self, job_id: int) -> bool:
        """The engine crashed on `job_id`: keep what it had not made; whether anything is left."""
        entry = self._entries.pop(job_id, None)
        if entry is None or entry.made >= entry.order.count:
            return False
        rest = entry.order.count - entry.made
        recipe = entry.order.recipe.for_index(entry.made)
        self._lost.append(replace(entry.order, recipe=recipe, count=rest))
        return True

    def take_lost(self) -> Iterator[Order]:
        """What was lost, each once."""
        while self._lost:
            yield self._lost.pop(0)

    def _update(self, job_id: int, **changes: object) -> bool:
        entry = self._entries.get(job_id)
        if entry is None or (entry.view.state == "cancelling"):
            return False
        entry.view = replace(entry.view, **changes)  # pyright: ignore[reportArgumentType]
        return True
