"""Which job is next."""

from __future__ import annotations

from stickerstudio.core.messages import Order, PreviewRequest, Warm
from stickerstudio.core.recipe import Recipe
from stickerstudio.session.schedule import PREVIEW_GRACE, Schedule


def order(job_id: int) -> Order:
    return Order(job_id, Recipe("otter"))


def preview(job_id: int, model: str = "starter") -> PreviewRequest:
    return PreviewRequest(job_id, Recipe("otter", model=model))


def begin(schedule: Schedule, now: float = 0.0) -> int | None:
    schedule.end()
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
