"""Whole farms under virtual time, with faults at random: what holds, holds in every schedule (FAULTS, I1 to I5)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from fleet.control.control import STEERED, ControlChange
from fleet.simulator.dialects import HeartbeatPay
from fleet.simulator.faultkinds import FaultKind
from fleet.simulator.faults import parse_fault
from fleet.simulator.strangers import parse_strangers
from tests.virtual.draw import draw_plan
from tests.virtual.plan import undisturbed
from tests.virtual.schedule import Schedule, run_seed

#: schedules of some ten jobs each; `make simulate` runs longer ones, and more of them
SEEDS = 100


@pytest.mark.parametrize("first", range(1, SEEDS + 1, 10))
def test_every_job_is_accounted_for_and_every_payment_is_booked_once(first: int) -> None:
    for seed in range(first, first + 10):
        run_seed(draw_plan(seed, jobs=10))


@pytest.mark.parametrize(
    ("seed", "jobs"),
    [
        pytest.param(226, 25, id="a payment inside an adopted session's first sum was booked as a heartbeat's"),
        pytest.param(1283, 30, id="payments from before the server forgot were taken back"),
        pytest.param(1118, 30, id="a miner was never told its total"),
        pytest.param(2571, 12, id="fees were asked for with all the requests that a refusal had left"),
        pytest.param(9053, 40, id="refusals without a reason left room for the network's figures alone"),
        pytest.param(122630, None, id="a drain was cut before a total corrected what a job had stated falsely"),
        pytest.param(200948, None, id="a dead coordinator's heartbeat was paid after the next one's first total"),
        pytest.param(304376, None, id="an answer was lost between a forgetting and the first total that showed it"),
        pytest.param(124312, None, id="a false stated reward was told as unexplained, to the last digit"),
        pytest.param(486582, None, id="a heartbeat booked by the session's float sum was off by its last digit"),
        pytest.param(469338, None, id="the total was asked for twice on a way that was too long, when all was calm"),
        pytest.param(432830, None, id="a contributor was registered anew within the second of its first record"),
        pytest.param(696, None, id="the first total came late, and counted what a lost heartbeat's sum told later"),
    ],
)
def test_a_seed_that_failed_once_holds(seed: int, jobs: int | None) -> None:
    run_seed(draw_plan(seed, jobs=jobs, later=False))


@pytest.mark.parametrize("seed", [9301022, 9301774])
def test_a_server_that_says_falsely_at_the_end_that_there_is_no_session_is_believed(seed: int) -> None:
    run_seed(draw_plan(seed))


@pytest.mark.parametrize("seed", range(1, 9))
def test_a_copy_of_the_servers_books_that_lags_behind_changes_no_amount(seed: int) -> None:
    """Four answers in a row state an old total: what was paid since is not missing, and is not booked again."""
    lagging = parse_fault("stale,count=4")
    plan = replace(undisturbed(draw_plan(seed, jobs=40)), faults=(lagging,), miners=1, reconcile_s=10.0)
    run_seed(plan)


@pytest.mark.parametrize("seed", range(1, 5))
def test_strangers_that_come_and_go_and_a_restart_that_leaves_balances_change_no_amount(seed: int) -> None:
    plan = undisturbed(draw_plan(seed, jobs=40))
    crowded = parse_strangers(f"0@0s,100@{plan.mining_s / 3:.3f}s,0@{plan.mining_s * 2 / 3:.3f}s")
    rules = {"share_max": 0.1, "heartbeat_pay": HeartbeatPay.BEAT, "save_balances_s": 5.0}
    forget_times = (plan.mining_s / 2,)
    run_seed(replace(plan, dialect="c", strangers=crowded, rules=rules, forget_times=forget_times))


@pytest.mark.parametrize("seed", [71, 117, 255, 339])
def test_a_first_total_that_comes_late_takes_no_payment_back(seed: int) -> None:
    """Most registrations state no total that makes sense, and many heartbeats are paid unheard before one does."""
    plan = draw_plan(seed, later=False)
    unread = (
        parse_fault("infinity,probability=0.6,roads=register"),
        parse_fault("infinity,probability=0.4,roads=heartbeat"),
    )
    run_seed(replace(plan, faults=(*unread, *plan.faults), reconcile_s=(10.0, 60.0)[seed % 2]))


@pytest.mark.parametrize("seed", [910589, 911839, 912667, 913175, 913204, 913397])
def test_a_call_that_takes_long_holds_a_drain_up_no_longer_than_its_deadline(seed: int) -> None:
    plan = draw_plan(seed, orders=False)
    run_seed(plan)
    run_seed(replace(plan, pinned=None, restless=False))


def test_a_session_that_the_server_at_last_refused_to_stop_needs_no_later_total() -> None:
    run_seed(draw_plan(1952440, orders=False))


def test_a_session_in_doubt_that_is_found_while_its_miner_is_paused_is_kept_if_the_pause_keeps_sessions() -> None:
    run_seed(draw_plan(9102431))


def test_a_miner_that_loses_its_session_while_it_is_paused_has_none_to_keep() -> None:
    run_seed(draw_plan(9600092))


def test_a_call_that_fails_after_an_outage_is_repeated_without_the_outages_wait() -> None:
    run_seed(draw_plan(4000385, orders=False))


@pytest.mark.parametrize("seed", [49, 124])
def test_a_host_that_is_resumed_while_the_farm_drains_takes_its_jobs_again(seed: int) -> None:
    plan = draw_plan(seed, jobs=10)
    assert plan.steers_hosts
    run_seed(plan)


@pytest.mark.parametrize("seed", range(1, 9))
def test_sessions_that_open_and_close_at_random_lose_nothing(seed: int) -> None:
    plan = replace(draw_plan(seed, jobs=40, orders=False), miners=6, pinned=seed % 2, restless=True)
    lines: list[str] = []
    run_seed(replace(plan, mining_s=max(plan.mining_s, 400.0)), trace=lines.append)
    drained = next(index for index, line in enumerate(lines) if "draining until" in line)
    assert any("session stopped" in line for line in lines[:drained]), "none was closed before the drain"


@pytest.mark.parametrize("seed", [5, 20, 23])
def test_two_servers_of_which_each_fails_lose_nothing(seed: int) -> None:
    lines: list[str] = []
    run_seed(draw_plan(seed, orders=False), trace=lines.append)
    left = next(number for number, line in enumerate(lines) if "mining at side until" in line)
    back = next(number for number, line in enumerate(lines) if "leaving side" in line)
    assert any("KILLED" in line for line in lines[left:back]), "no coordinator was killed at the standby"


def test_a_copy_of_the_first_server_beside_it_keeps_its_own_books() -> None:
    """Every job of the second server has the id of one of the first, and every miner its own account."""
    alone = replace(undisturbed(draw_plan(5, jobs=40)), mining_s=200.0, kernel_s=1.0)
    schedule = Schedule(replace(alone, second=alone))
    schedule.run()
    paid = [{str(row["job_id"]) for _, row in site.server.simulator.book.rows(since=0)} for site in schedule.sites]
    assert len(paid[0] & paid[1]) >= 10


@pytest.mark.parametrize("seed", [57, 3])
def test_a_seed_replays_exactly(seed: int) -> None:
    said: list[list[str]] = [[], []]
    for lines in said:
        run_seed(draw_plan(seed, jobs=10), trace=lines.append)
    assert said[0] == said[1]
    assert len(said[0]) > 50


def test_the_schedules_of_the_first_seeds_meet_every_kind_of_trouble() -> None:
    plans = [draw_plan(seed) for seed in range(1, 201)]
    assert {plan.dialect for plan in plans} == {"a", "b", "c"}
    kinds = {fault.kind for plan in plans for fault in plan.faults}
    assert len(kinds) >= 28
    assert kinds >= {FaultKind.FLAWED_DATA, FaultKind.PAGE, FaultKind.NO_SESSION}
    two = [plan for plan in plans if plan.second is not None]
    assert {plan.second.priority for plan in two if plan.second is not None} == {1, 2}
    assert len(two) >= 40
    orders = [order for plan in plans for order in plan.orders]
    assert {order.change for order in orders} >= {
        ControlChange.PAUSE,
        ControlChange.DRAIN,
        ControlChange.RESUME,
        ControlChange.RETRY,
    }
    assert {order.target.kind for order in orders} == set(STEERED)
    assert sum(bool(plan.restarts) for plan in plans) >= 10
    assert len([plan for plan in plans if plan.orders and plan.second is not None]) >= 10
    for name in (
        "crash_rate",
        "crash_times",
        "forget_times",
        "outages",
        "flush_times",
        "redis_outages",
        "lost_rate",
        "doubled_rate",
        "overtaking_rate",
        "doubled_result_rate",
        "failing_rate",
        "flawed_rate",
        "worker_death_rate",
        "rogue_rate",
    ):
        assert sum(bool(getattr(plan, name)) for plan in plans) >= 10, name
