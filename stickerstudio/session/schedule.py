"""Schedule: which job is next. Pure, without threads or clocks of its own.

- Orders run first come, first served, each to its end.
- Of previews only the newest waits: there is never a backlog.
- A waiting preview runs before the next order, because the user is looking at it. But between two
  orders only one preview has its turn, so that a slider that never rests cannot starve an order.
- An order that arrives cancels a running preview: who presses Make no longer waits for a sketch.
- A newer preview cancels a running one, but leaves it a grace from its start: half as long again
  as the last finished one took, so that pictures are seen under a moving slider; or, where that
  took more than `FOLLOWS` seconds and no longer follows a hand, `PREVIEW_GRACE`, so that none
  delays the next for longer.
- Sketches come after both, and not before `HAND_RESTS` seconds have passed since the last preview:
  begun under a moving slider, each would only be in the next preview's way. A running one gives way
  at once and waits again in its old place.
- Warming a model has no hurry. It gives way when another model is asked for.
"""

from __future__ import annotations

import heapq
from collections import deque

from stickerstudio.core.messages import Job, Order, PreviewRequest, Sketch, Warm

PREVIEW_GRACE = 0.7  # seconds
FOLLOWS = 2.0  # seconds; a picture that takes longer is no answer to a movement any more
HAND_RESTS = 0.3  # seconds; a hand on a slider asks for its next picture well within this


class Schedule:
    """What runs and what waits."""

    def __init__(self) -> None:
        self.running: Job | None = None
        self._since = 0.0
        self._orders: deque[Order] = deque()
        self._preview: PreviewRequest | None = None
        self._sketches: list[tuple[int, int, Sketch]] = []  # a heap: by priority, then age
        self._warm: Warm | None = None
        self._preview_had_its_turn = False
        self._order_came = False  # while the running preview ran
        self._usual = 0.0  # seconds the last finished preview took
        self._sketches_from = 0.0  # the time from which a sketch may begin

    def add(self, job: Job) -> Job | None:
        """Let `job` wait; the job it replaces, if any."""
        replaced: Job | None = None
        match job:
            case Order():
                self._orders.append(job)
                self._order_came = True
            case PreviewRequest():
                replaced, self._preview = self._preview, job
            case Sketch():
                heapq.heappush(self._sketches, (job.priority, job.job_id, job))
            case Warm():
                replaced, self._warm = self._warm, job
        return replaced

    def begin_next(self, now: float) -> Job | None:
        """Take the next job, which counts as running from `now`; None where none is to begin."""
        assert self.running is None
        job: Job | None = None
        if self._preview and not (self._orders and self._preview_had_its_turn):
            job, self._preview = self._preview, None
            self._preview_had_its_turn = True
        elif self._orders:
            job = self._orders.popleft()
            self._preview_had_its_turn = False
        elif self._sketches and now >= self._sketches_from:
            job = heapq.heappop(self._sketches)[2]
        elif self._warm:
            job, self._warm = self._warm, None
        self.running, self._since, self._order_came = job, now, False
        return job

    def begins_at(self) -> float | None:
        """When to ask `begin_next` again although nothing new has come; None: never."""
        if self.running is None and self._sketches:
            return self._sketches_from
        return None

    def end(self, now: float, *, done: bool = False) -> None:
        """Nothing runs any more; `done`: what ran was finished."""
        if isinstance(self.running, PreviewRequest):
            self._sketches_from = now + HAND_RESTS
            if done:
                self._usual = now - self._since
        self.running = None

    def gives_way_at(self) -> float | None:
        """When the running job is to be cancelled in favour of one that waits; None: never."""
        match self.running:
            case PreviewRequest():
                if self._orders and self._order_came:
                    return self._since
                if self._preview:
                    usual = self._usual if self._usual <= FOLLOWS else 0.0
                    return self._since + max(PREVIEW_GRACE, 1.5 * usual)
            case Sketch():
                if self._orders or self._preview:
                    return self._since
            case Warm(model=model):
                waiting = (
                    *self._orders,
                    *([self._preview] if self._preview else []),
                    *(sketch for _, _, sketch in self._sketches),
                )
                if any(job.recipe.model != model for job in waiting):
                    return self._since
            case _:
                pass
        return None

    def remove(self, job_id: int) -> bool:
        """Drop the waiting job `job_id`; whether there was one."""
        for order in self._orders:
            if order.job_id == job_id:
                self._orders.remove(order)
                return True
        if self._preview and self._preview.job_id == job_id:
            self._preview = None
            return True
        for entry in self._sketches:
            if entry[1] == job_id:
                self._sketches.remove(entry)
                heapq.heapify(self._sketches)
                return True
        return False

    def clear_orders(self) -> list[int]:
        """Drop every waiting order; their ids."""
        dropped = [order.job_id for order in self._orders]
        self._orders.clear()
        return dropped

    def drop_preview(self) -> PreviewRequest | None:
        """Drop the waiting preview and return it, if any."""
        dropped, self._preview = self._preview, None
        return dropped

    @property
    def runs_order(self) -> bool:
        """Whether an order runs."""
        return isinstance(self.running, Order)

    @property
    def preview_waits(self) -> bool:
        """Whether a preview waits."""
        return self._preview is not None

    @property
    def runs_preview(self) -> bool:
        """Whether a preview runs."""
        return isinstance(self.running, PreviewRequest)

    def clear(self) -> None:
        """Drop all that waits."""
        self._orders.clear()
        self._sketches.clear()
        self._preview = self._warm = None
