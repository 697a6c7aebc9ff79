"""Schedule: which job is next. Pure, without threads or clocks of its own.

- Orders run first come, first served, each to its end.
- Of previews only the newest waits: there is never a backlog.
- A waiting preview runs before the next order, because the user is looking at it. But between two
  orders only one preview has its turn, so that a slider that never rests cannot starve an order.
- An order that arrives cancels a running preview: who presses Make no longer waits for a sketch.
- A newer preview cancels a running one, but leaves it `PREVIEW_GRACE` seconds from its start. On a
  fast machine every picture under a moving slider is seen that way; on a slow one none delays the
  next for longer.
- Warming a model has no hurry. It gives way when another model is asked for.
"""

from __future__ import annotations

from collections import deque

from stickerstudio.core.messages import Job, Order, PreviewRequest, Warm

PREVIEW_GRACE = 0.7  # seconds


class Schedule:
    """What runs and what waits."""

    def __init__(self) -> None:
        self.running: Job | None = None
        self._since = 0.0
        self._orders: deque[Order] = deque()
        self._preview: PreviewRequest | None = None
        self._warm: Warm | None = None
        self._preview_had_its_turn = False
        self._order_came = False  # while the running preview ran

    def add(self, job: Job) -> Job | None:
        """Let `job` wait; the job it replaces, if any."""
        replaced: Job | None = None
        match job:
            case Order():
                self._orders.append(job)
                self._order_came = True
            case PreviewRequest():
                replaced, self._preview = self._preview, job
            case Warm():
                replaced, self._warm = self._warm, job
        return replaced

    def begin_next(self, now: float) -> Job | None:
        """Take the next job, which counts as running from `now`; None where none waits."""
        assert self.running is None
        job: Job | None = None
        if self._preview and not (self._orders and self._preview_had_its_turn):
            job, self._preview = self._preview, None
            self._preview_had_its_turn = True
        elif self._orders:
            job = self._orders.popleft()
            self._preview_had_its_turn = False
        elif self._warm:
            job, self._warm = self._warm, None
        self.running, self._since, self._order_came = job, now, False
        return job

    def end(self) -> None:
        """Nothing runs any more."""
        self.running = None

    def gives_way_at(self) -> float | None:
        """When the running job is to be cancelled in favour of one that waits; None: never."""
        match self.running:
            case PreviewRequest():
                if self._orders and self._order_came:
                    return self._since
                if self._preview:
                    return self._since + PREVIEW_GRACE
            case Warm(model=model):
                waiting = (*self._orders, *([self._preview] if self._preview else []))
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
    def runs_preview(self) -> bool:
        """Whether a preview runs."""
        return isinstance(self.running, PreviewRequest)

    def clear(self) -> None:
        """Drop all that waits."""
        self._orders.clear()
        self._preview = self._warm = None
