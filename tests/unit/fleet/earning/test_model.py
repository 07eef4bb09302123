"""The income of k sessions agrees with what real servers paid, and the model says what it does not know."""

from __future__ import annotations

from dataclasses import replace

import pytest

from fleet.earning.capacity import Capacity
from fleet.earning.model import Beats, IncomeModel, candidates
from fleet.earning.samples import Weights
from fleet.earning.sharing import Sharing

#: a server with the measured figures of docs/protocol-notes.md: 5,000 requests a minute, used up by one miner
REAL = IncomeModel(
    weights=Weights(by_type={"matrix_ops": 0.55}, mean=0.5554, error=0.01),
    sharing=Sharing(budget=0.1, strangers=0.0, cap=0.05, floor=0.0001, tried=(1, 8), error=0.01),
    capacity=Capacity(requests_per_s=5000 / 60, heartbeat_s=30.0, cycle_s=0.02),
)


@pytest.mark.parametrize(("own", "paid_a_minute"), [(1, 69.15), (2, 69.17), (8, 17.19)])
def test_the_income_is_what_a_real_server_paid(own: int, paid_a_minute: float) -> None:
    assert REAL.income(own).total * 60 == pytest.approx(paid_a_minute, rel=0.02)


def test_the_fewest_sessions_of_those_that_earn_the_most_are_best() -> None:
    assert REAL.best(1, 60) == 1
    assert REAL.best(8, 60) == 8


def test_among_strangers_more_sessions_earn_more_until_the_limit_is_full() -> None:
    crowd = replace(
        REAL,
        sharing=replace(REAL.sharing, strangers=500.0),
        capacity=replace(REAL.capacity, cycle_s=0.62),
    )
    assert crowd.best(1, 100) == crowd.capacity.full_at()


def test_fixed_rewards_are_best_where_the_limit_is_full() -> None:
    fixed = replace(REAL, sharing=Sharing(flat=1.0, tried=(1, 4), error=0.01))
    slow = replace(fixed, capacity=replace(REAL.capacity, cycle_s=0.3))
    assert fixed.best(1, 60) == 1
    assert slow.best(1, 60) == slow.capacity.full_at()


def test_paid_heartbeats_can_be_worth_more_than_the_jobs_they_displace() -> None:
    paid = replace(REAL, sharing=Sharing(flat=1.0, tried=(1, 60), error=0.01), beats=Beats(shared=1.0))
    assert paid.best(1, 60) > 50


def test_a_further_session_takes_from_the_others_what_each_job_pays_less() -> None:
    step = REAL.step(2)
    assert step.takes == pytest.approx(-REAL.income(2).total / 3, rel=0.01)
    assert step.total == pytest.approx(REAL.income(3).total - REAL.income(2).total)


def test_an_untried_number_of_sessions_is_uncertain_where_nothing_explains_the_rewards() -> None:
    fixed = replace(REAL, sharing=Sharing(flat=1.0, tried=(1, 4), error=0.01))
    assert fixed.income(4).error < 0.05 < fixed.income(40).error


def test_what_could_not_be_learnt_is_said() -> None:
    empty = IncomeModel(
        weights=Weights(), sharing=Sharing(), capacity=Capacity(requests_per_s=1, heartbeat_s=30, cycle_s=None)
    )
    assert not empty.ready
    assert any("no job was seen" in text for text in empty.unknown())
    one = replace(REAL, sharing=Sharing(flat=1.0, tried=(8, 8)))
    assert one.unknown() == ("what another miner takes from the others: with 8 of them, rewards did not change",)
    uncapped = replace(REAL, sharing=Sharing(budget=0.1, strangers=0.0, tried=(4, 8)))
    assert "upper limit" in uncapped.unknown()[0]
    assert REAL.unknown() == ()


def test_all_small_numbers_and_some_large_ones_are_compared() -> None:
    some = candidates(1, 1000)
    assert some[:50] == list(range(1, 51))
    assert some[-1] == 1000
    assert len(some) < 250


def test_a_free_job_is_worth_its_submission_if_it_pays_half_of_a_fetched_one_which_takes_two_requests() -> None:
    level, mean = REAL.sharing.level(8), REAL.weights.mean
    assert REAL.free_job_worth(8) == pytest.approx(mean * level / 2)
    twice = replace(REAL, capacity=replace(REAL.capacity, submissions_per_job=2.0))
    assert twice.free_job_worth(8) == pytest.approx(mean * level * 2 / 3)


def test_what_heartbeats_pay_for_each_job_makes_a_free_one_worth_more() -> None:
    bonus = REAL.weights.mean * REAL.sharing.level(8) / 4
    paid = replace(REAL, beats=Beats(per_job=bonus))
    # a fetched job pays five quarters of its reward, so a free one needs five eighths, of which it has two as a bonus
    assert paid.free_job_worth(8) == pytest.approx(1.5 * bonus)
    assert replace(REAL, beats=Beats(per_job=1.0)).free_job_worth(8) == 0.0


#: workers that can't keep up, and a server that draws one long job for each four short ones
BUSY = replace(
    REAL,
    weights=Weights(
        by_type={"inference": 0.4, "matrix_ops": 0.3}, mean=0.38, shares={"inference": 0.8, "matrix_ops": 0.2}
    ),
    capacity=replace(REAL.capacity, workers_per_s=7.0, kernels_s={"inference": 0.009, "matrix_ops": 0.299}),
)


def test_a_free_job_is_worth_its_time_at_a_busy_worker_if_it_pays_as_much_a_second_as_fetched_ones() -> None:
    # a fetched job pays 0.38 times the level and takes 0.068 s of a worker on average, a millisecond of that for Celery
    level = BUSY.sharing.level(8)
    assert BUSY.compute_worth(8) == pytest.approx(
        {"inference": 0.38 * level * 0.010 / 0.068, "matrix_ops": 0.38 * level * 0.300 / 0.068}
    )


def test_what_heartbeats_pay_for_each_job_counts_for_both() -> None:
    bonus = 0.38 * BUSY.sharing.level(8)
    worth = replace(BUSY, beats=Beats(per_job=bonus)).compute_worth(8)
    assert worth["matrix_ops"] == pytest.approx(2 * bonus * 0.300 / 0.068 - bonus)
    assert worth["inference"] == 0.0


def test_every_free_job_is_worth_its_time_while_the_workers_keep_up() -> None:
    assert replace(BUSY, capacity=replace(BUSY.capacity, workers_per_s=None)).compute_worth(8) == {}
    assert replace(BUSY, capacity=replace(BUSY.capacity, kernels_s={})).compute_worth(8) == {}


def test_a_type_whose_kernel_was_never_timed_has_no_bound() -> None:
    timed = replace(BUSY, capacity=replace(BUSY.capacity, kernels_s={"inference": 0.009}))
    assert timed.compute_worth(8) == pytest.approx({"inference": 0.38 * BUSY.sharing.level(8)})
