"""Which job is next."""

from __future__ import annotations

import pytest

from stickerstudio.core.messages import Order, PreviewRequest, Sketch, Warm
from stickerstudio.core.recipe import Recipe
from stickerstudio.session.schedule import FOLLOWS, HAND_RESTS, PREVIEW_GRACE, Schedule


def order(job_id: int) -> Order:
    return Order(job_id, Recipe("otter"))


def preview(job_id: int, model: str = "starter") -> PreviewRequest:
    return PreviewRequest(job_id, Recipe("otter", model=model))


def sketch(job_id: int, priority: int = 0) -> Sketch:
    return Sketch(job_id, Recipe("otter"), priority)


def begin(schedule: Schedule, now: float = 0.0) -> int | None:
    schedule.end(now)
    job = schedule.begin_next(now)
    return None if job is None else job.job_id


def test_orders_run_first_come_first_served():
    schedule = Schedule()
    for job_id in (3, 1, 2):
        schedule.add(order(job_id))
    assert [begin(schedule) for _ in range(4)] == [3, 1, 2, None]


def test_of_waiting_previews_only_the_newest_is_kept():
    schedule = Schedule()
    replaced = [schedule.add(preview(job_id)) for job_id in range(50)]
    assert [job.job_id for job in replaced if job] == list(range(49))
    assert begin(schedule) == 49
    assert begin(schedule) is None


def test_a_waiting_preview_runs_before_the_next_order():
    schedule = Schedule()
    schedule.add(order(1))
    assert begin(schedule) == 1
    schedule.add(order(2))
    schedule.add(preview(3))
    assert begin(schedule) == 3
    assert schedule.gives_way_at() is None  # the order was there before it: it has its turn
    assert begin(schedule) == 2


def test_previews_without_end_do_not_starve_orders():
    schedule = Schedule()
    ran: list[int | None] = []
    for job_id in (1001, 1002, 1003):
        schedule.add(order(job_id))
    for job_id in range(8):
        schedule.add(preview(job_id))  # the slider never rests
        ran.append(begin(schedule))
    assert [job_id for job_id in ran if job_id and job_id > 1000] == [1001, 1002, 1003]
    assert ran.index(1003) < 6


def test_an_order_that_arrives_cancels_the_running_preview_at_once():
    schedule = Schedule()
    schedule.add(preview(1))
    begin(schedule, now=10.0)
    assert schedule.gives_way_at() is None
    schedule.add(order(2))
    assert schedule.gives_way_at() == 10.0


def test_a_newer_preview_leaves_the_running_one_its_grace():
    schedule = Schedule()
    schedule.add(preview(1))
    begin(schedule, now=10.0)
    schedule.add(preview(2))
    assert schedule.gives_way_at() == 10.0 + PREVIEW_GRACE


def test_the_grace_is_what_a_picture_takes_as_long_as_that_follows_a_hand():
    schedule = Schedule()

    def grace_after(seconds: float, *, done: bool = True) -> float:
        for job_id, began in ((1, 100.0), (2, 200.0)):
            schedule.add(preview(job_id))
            assert schedule.begin_next(began) is not None
            if job_id == 1:
                schedule.end(began + seconds, done=done)
        schedule.add(preview(3))
        at = schedule.gives_way_at()
        assert at is not None
        schedule.end(300.0)
        assert schedule.begin_next(300.0) == preview(3)
        schedule.end(300.0)
        return at - 200.0

    assert grace_after(0.1) == pytest.approx(PREVIEW_GRACE)
    assert grace_after(1.2) == pytest.approx(1.8)
    assert grace_after(0.2, done=False) == pytest.approx(1.8)  # a cancelled one says nothing
    assert grace_after(FOLLOWS + 0.1) == pytest.approx(PREVIEW_GRACE)


def test_nothing_cancels_a_running_order():
    schedule = Schedule()
    schedule.add(order(1))
    begin(schedule)
    schedule.add(order(2))
    schedule.add(preview(3))
    assert schedule.gives_way_at() is None


def test_warming_comes_last_and_gives_way_to_another_model_only():
    schedule = Schedule()
    schedule.add(Warm(1, "starter"))
    schedule.add(order(2))
    assert begin(schedule) == 2
    assert begin(schedule, now=5.0) == 1
    schedule.add(preview(3, model="starter"))
    assert schedule.gives_way_at() is None
    schedule.add(preview(4, model="other"))
    assert schedule.gives_way_at() == 5.0


def test_removing_and_clearing():
    schedule = Schedule()
    for job_id in (1, 2, 3):
        schedule.add(order(job_id))
    schedule.add(preview(4))
    assert schedule.remove(2)
    assert not schedule.remove(2)
    assert schedule.remove(4)
    assert schedule.clear_orders() == [1, 3]
    assert begin(schedule) is None


def test_sketches_run_by_priority_then_in_the_order_they_came():
    schedule = Schedule()
    for job_id, priority in ((1, 5), (2, 0), (3, 5), (4, -1), (5, 0)):
        schedule.add(sketch(job_id, priority))
    assert [begin(schedule) for _ in range(6)] == [4, 2, 5, 1, 3, None]


def test_sketches_wait_for_previews_and_orders_and_warming_for_them():
    schedule = Schedule()
    schedule.add(sketch(1))
    schedule.add(Warm(2, "starter"))
    schedule.add(order(3))
    schedule.add(preview(4))
    assert [begin(schedule) for _ in range(2)] == [4, 3]
    assert [begin(schedule, now=100.0) for _ in range(2)] == [1, 2]


def test_a_running_sketch_gives_way_at_once_and_waits_in_its_old_place():
    for urgent in (order(9), preview(9)):
        schedule = Schedule()
        schedule.add(sketch(1))
        schedule.add(sketch(2))
        assert begin(schedule, now=10.0) == 1
        schedule.add(sketch(0, priority=-1))
        assert schedule.gives_way_at() is None  # not to another sketch
        schedule.add(urgent)
        assert schedule.gives_way_at() == 10.0
        schedule.add(sketch(1))  # what the lane does once it was cancelled
        assert begin(schedule, now=20.0) == 9
        schedule.end(now=21.0)
        assert [begin(schedule, now=30.0) for _ in range(3)] == [0, 1, 2]


def test_no_sketch_begins_under_a_moving_slider():
    schedule = Schedule()
    schedule.add(preview(1))
    schedule.add(sketch(2))
    assert begin(schedule, now=10.0) == 1
    schedule.end(now=11.0)
    assert schedule.begin_next(11.0 + HAND_RESTS / 2) is None
    assert schedule.begins_at() == 11.0 + HAND_RESTS
    schedule.add(preview(3))
    assert begin(schedule, now=11.2) == 3
    schedule.end(now=12.0)
    assert schedule.begins_at() == 12.0 + HAND_RESTS
    assert schedule.begin_next(12.0 + HAND_RESTS) == sketch(2)
    assert schedule.begins_at() is None


def test_a_waiting_sketch_can_be_removed():
    schedule = Schedule()
    for job_id in range(6):
        schedule.add(sketch(job_id, priority=-job_id))
    assert schedule.remove(5)
    assert schedule.remove(2)
    assert not schedule.remove(2)
    assert [begin(schedule) for _ in range(5)] == [4, 3, 1, 0, None]
