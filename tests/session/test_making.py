"""Orders and previews, made by a scripted engine in a real child process."""

from __future__ import annotations

import random
from collections.abc import Iterator

import pytest

from stickerstudio.core.i18n import set_language
from stickerstudio.core.library import Library
from stickerstudio.core.paths import Paths
from stickerstudio.session.session import Session
from tests.session import scripted
from tests.session.conftest import MakeSession
from tests.session.watch import Watch


def make(session: Session, prompt: str, count: int = 1) -> int:
    session.edit(prompt=prompt, count=count)
    job_id = session.make()
    assert job_id is not None
    return job_id


def test_sixteen_stickers_one_seed_after_the_other(session: Session, watch: Watch):
    session.edit(seed=2**32 - 3, seed_locked=True, steps=2)
    make(session, "otter", 16)
    watch.idle()
    seeds = [sticker.recipe.seed for sticker in watch.stickers]
    assert seeds == [(2**32 - 3 + i) % 2**32 for i in range(16)]
    assert session.library.ids() == [sticker.id for sticker in reversed(watch.stickers)]
    assert all(sticker.path.is_file() for sticker in watch.stickers)
    assert [(p.index, p.step) for p in watch.progress] == [
        (i, s) for i in range(16) for s in (1, 2)
    ]


def test_a_locked_seed_stays_and_an_unlocked_one_is_rolled(session: Session, watch: Watch):
    session.edit(seed=42, seed_locked=True)
    make(session, "otter")
    assert session.draft.seed == 42
    session.edit(seed_locked=False)
    make(session, "otter")
    assert session.draft.seed != 42
    watch.idle()
    assert [sticker.recipe.seed for sticker in watch.stickers] == [42, 42]


def test_orders_come_out_first_come_first_served(session: Session, watch: Watch):
    prompts = ["cat", "dog", "otter", "fox"]
    for prompt in prompts:
        make(session, prompt, 2)
    assert [job.title for job in session.jobs] == prompts
    watch.idle()
    assert [sticker.recipe.prompt for sticker in watch.stickers[::2]] == prompts


def test_a_running_order_shows_its_steps(session: Session, watch: Watch):
    make(session, "slow otter", 2)
    watch.until(lambda: session.jobs[0].step == 2)
    job = session.jobs[0]
    assert (job.state, job.steps, job.index, job.count) == ("running", 4, 0, 2)
    assert job.seconds_left == 1.0
    assert session.engine.state == "busy"
    assert session.engine.model == "starter"
    session.stop()
    watch.idle()


def test_a_cancel_takes_one_step(session: Session, watch: Watch):
    make(session, "slow otter", 16)
    watch.until(lambda: watch.progress)
    before = scripted.steps_taken(session.paths)
    session.stop()
    assert session.jobs[0].state == "cancelling"
    watch.until(lambda: not session.jobs)
    assert scripted.steps_taken(session.paths) <= before + 2  # one under way, one on the wire
    assert watch.engine_pid  # the same engine goes on
    assert not watch.stickers
    assert not watch.notices  # to cancel is no error
    make(session, "quick otter")
    watch.idle()
    assert len(watch.stickers) == 1
    assert "restarting" not in watch.states


def test_what_was_made_before_a_cancel_is_kept(session: Session, watch: Watch):
    session.edit(steps=1)
    job_id = make(session, "slow otter", 16)
    watch.until(lambda: len(watch.stickers) == 2)
    session.cancel_job(job_id)
    watch.idle()
    assert 2 <= len(watch.stickers) <= 3
    assert session.library.count() == len(watch.stickers)


def test_a_waiting_order_is_cancelled_at_once_and_the_running_one_goes_on(
    session: Session, watch: Watch
):
    running = make(session, "slow otter")
    waiting = make(session, "cat")
    last = make(session, "dog")
    watch.until(lambda: session.jobs[0].state == "running")
    session.cancel_job(waiting)
    watch.until(lambda: [job.job_id for job in session.jobs] == [running, last])
    session.clear_queue()
    watch.until(lambda: [job.job_id for job in session.jobs] == [running])
    watch.idle()
    assert [sticker.recipe.prompt for sticker in watch.stickers] == ["slow otter"]


def test_the_latest_preview_wins_and_no_backlog_remains(session: Session, watch: Watch):
    session.edit(live=True)
    for n in range(200):
        session.edit(prompt=f"otter {n}")
        if n % 10 == 0:
            watch.until(lambda: True)
    watch.idle()
    assert watch.previews[-1].recipe.prompt == "otter 199"
    assert len(watch.previews) < 20
    seen = [int(preview.recipe.prompt.split()[1]) for preview in watch.previews]
    assert seen == sorted(seen)


def test_under_a_moving_slider_pictures_keep_coming(session: Session, watch: Watch):
    session.edit(live=True, prompt="otter", steps=2)
    watch.idle()
    before = len(watch.previews)
    seed = 0

    def move_and_look() -> bool:
        nonlocal seed
        seed += 1
        session.edit(seed=seed)
        return len(watch.previews) >= before + 5

    watch.until(move_and_look)
    watch.idle()
    assert watch.previews[-1].recipe.seed == seed


def test_a_slow_preview_gives_way_to_a_newer_one(session: Session, watch: Watch):
    session.edit(live=True, prompt="slow otter", steps=8)  # 1.6 s
    watch.until(lambda: watch.progress)
    session.edit(prompt="quick otter")
    watch.until(lambda: watch.previews)
    assert [preview.recipe.prompt for preview in watch.previews] == ["quick otter"]


def test_an_order_does_not_wait_for_a_slow_preview(session: Session, watch: Watch):
    session.edit(live=True, prompt="slow otter", steps=8, seed_locked=True)
    watch.until(lambda: watch.progress)
    session.make()
    watch.until(lambda: watch.stickers)
    assert not watch.previews


def test_orders_get_their_turn_under_a_slider_that_never_rests(session: Session, watch: Watch):
    session.edit(live=True)
    for prompt in ("cat", "dog", "fox"):
        make(session, prompt)
    seed = 0

    def move_and_look() -> bool:
        nonlocal seed
        seed += 1
        session.edit(seed=seed)
        return len(watch.stickers) == 3

    watch.until(move_and_look)


def test_live_off_and_no_words_clear_the_preview(session: Session, watch: Watch, qtbot):
    session.edit(live=True, prompt="otter")
    watch.idle()
    with qtbot.waitSignal(session.preview_cleared):
        session.edit(prompt="  ")
    with qtbot.waitSignal(session.preview_cleared):
        session.edit(prompt="otter", live=False)
    watch.idle()
    assert len(watch.previews) == 1


def test_events_of_a_cancelled_preview_are_dropped(session: Session, watch: Watch):
    session.edit(live=True, prompt="slow otter", steps=1)
    watch.until(lambda: session.engine.state == "busy")
    session.edit(live=False)  # its picture comes a step later, and nobody wants it
    watch.idle()
    assert not watch.previews


def test_an_empty_prompt_and_a_broken_one_get_a_sentence(session: Session, watch: Watch):
    assert session.make() is None
    session.edit(prompt="x" * 10_001)
    assert session.make() is None
    kinds = [notice.error.kind for notice in watch.notices if notice.error]
    assert kinds == ["BadInputError"] * 2
    assert not session.jobs


def test_prompts_of_every_script_arrive_as_typed(session: Session, watch: Watch):
    prompts = ["🦦💖", "我愛你，水獺", "أحبك يا قضاعة", "x" * 10_000]
    for prompt in prompts:
        make(session, prompt)
    watch.idle()
    assert [sticker.recipe.prompt for sticker in watch.stickers] == prompts


def test_random_verbs_leave_nothing_behind(session: Session, watch: Watch):
    rng = random.Random(1)
    session.edit(live=True, prompt="otter", steps=2)
    watch.idle()
    session._collection._poll.setInterval(20)
    found: list[None] = []
    session.library_changed.connect(lambda: found.append(None))
    ordered = 0
    verbs = ["edit"] * 4 + ["make"] * 3 + ["wait"] * 3 + ["stop", "clear", "cancel"]
    for _ in range(120):
        verb = rng.choice(verbs)
        if verb == "edit":
            session.edit(seed=rng.randrange(1000))
        elif verb == "make":
            session.edit(count=rng.randint(1, 3))
            ordered += session.draft.count
            session.make()
        elif verb == "stop":
            session.stop()
        elif verb == "clear":
            session.clear_queue()
        elif verb == "cancel" and session.jobs:
            session.cancel_job(rng.choice(session.jobs).job_id)
        else:
            watch._qtbot.wait(rng.randrange(40))
    watch.idle()
    assert not session.jobs
    assert 0 < len(watch.stickers) <= session.library.count() <= ordered
    # One may be there that was not told of: a second cancel does not wait for the engine.
    watch.until(lambda: session.library.count() == len(watch.stickers) or found)
    assert [notice for notice in watch.notices if notice.error] == []


@pytest.mark.parametrize("word", ["fails", "raises", "silent"])
def test_a_job_that_fails_says_why_and_the_next_one_is_made(
    session: Session, watch: Watch, word: str
):
    make(session, f"otter {word}")
    make(session, "cat")
    watch.idle()
    assert len(watch.notices) == 1
    error = watch.notices[0].error
    assert error is not None
    assert error.is_fault == (word != "fails")
    if word == "raises":
        assert "nobody foresaw this" in error.details
    assert [sticker.recipe.prompt for sticker in watch.stickers] == ["cat"]
    assert "restarting" not in watch.states


def test_a_preview_that_fails_says_so_once(session: Session, watch: Watch):
    session.edit(live=True)
    for n in range(3):
        session.edit(prompt=f"otter fails {n}")
        watch.until(lambda: not session.previewing)
    assert len(watch.notices) == 1


def test_a_second_window_sees_what_the_first_one_made(
    make_session: MakeSession, session: Session, watch: Watch, qtbot
):
    other = make_session()
    other.start()
    with qtbot.waitSignal(other.library_changed, timeout=60_000):
        make(session, "otter")
    assert other.library.count() == 1


@pytest.fixture
def chinese(paths: Paths) -> Iterator[None]:
    """A user who reads 繁體中文."""
    set_language("zh_TW", paths.locales)
    yield
    set_language("en", paths.locales)


@pytest.mark.usefixtures("chinese")
def test_the_engine_speaks_the_users_language(session: Session, watch: Watch):
    watch.idle()
    assert session.engine.reason == "zh_TW"


def test_own_stickers_are_not_taken_for_another_windows_change(session: Session, watch: Watch):
    session._collection._poll.setInterval(20)
    changes: list[None] = []
    session.library_changed.connect(lambda: changes.append(None))
    make(session, "otter", 5)
    watch.idle()
    watch._qtbot.wait(300)
    assert not changes
    with Library(session.paths.library) as second:
        second.delete([watch.stickers[0].id])
    watch.until(lambda: changes)


def test_what_the_engine_prints_goes_to_its_log(
    session: Session, watch: Watch, capfd: pytest.CaptureFixture[str]
):
    make(session, "prints")
    watch.idle()
    log = (session.paths.state / "engine.log").read_text()
    assert "said on stdout" in log
    assert "said on stderr" in log
    assert capfd.readouterr().out == ""


def test_another_device_restarts_the_engine_after_the_running_order(session: Session, watch: Watch):
    watch.idle()
    before = watch.engine_pid
    make(session, "slow otter")
    watch.until(lambda: watch.progress)
    session.change_settings(device="cpu")
    watch.until(lambda: watch.stickers)
    watch.until(lambda: session.engine.device == "cpu")
    assert watch.engine_pid != before
    assert not watch.notices


def test_nothing_is_written_to_the_library_by_the_window(session: Session, watch: Watch):
    """The engine writes; what is shown is on disk already, for another reader too."""
    make(session, "otter")
    watch.until(lambda: watch.stickers)
    with Library(session.paths.library) as second:
        assert second.get(watch.stickers[0].id) == watch.stickers[0]
