"""What is usual is learnt from what happened, and an outage is not learnt."""

from __future__ import annotations

import pytest

from fleet.health.learned import DAY_S, UsualIncome, UsualLevel, UsualPace


def test_a_pace_is_the_mean_time_and_amount_once_enough_was_seen() -> None:
    pace = UsualPace()
    for number in range(10):
        pace.seen(0.5, number * 2.0)
        assert pace.gap_s is None
    pace.seen(0.5, 20.0)
    assert pace.gap_s == pytest.approx(2.0)
    assert pace.per_day == pytest.approx(0.25 * DAY_S)


def test_a_long_silence_hardly_changes_what_is_usual() -> None:
    pace = UsualPace()
    for number in range(100):
        pace.seen(1.0, float(number))
    pace.seen(1.0, 99.0 + 86_400.0)
    assert pace.gap_s is not None
    assert pace.gap_s < 1.5


@pytest.mark.parametrize("before", [0, 3, 400])
def test_events_that_are_counted_together_teach_the_same_as_one_by_one(before: int) -> None:
    single, together = UsualPace(), UsualPace()
    for number in range(before):
        for pace in (single, together):
            pace.seen(0.5, number * 1.0)
    began = before + 4.0
    for number in range(30):
        single.seen(0.25, began + number * 0.1)
    together.seen(7.5, began + 2.9, events=30, first_at=began)
    assert together.count == single.count
    assert together.last_at == pytest.approx(single.last_at)
    assert together.gap_s == pytest.approx(single.gap_s, rel=0.15)
    assert together.amount == pytest.approx(single.amount, rel=0.05)
    assert together.longest_s == pytest.approx(single.longest_s, rel=0.01)


@pytest.mark.parametrize("before", [0, 10, 1_000])
def test_samples_that_are_counted_together_teach_the_same_as_one_by_one(before: int) -> None:
    single, together = UsualLevel(), UsualLevel()
    for level in (single, together):
        level.seen(1.0, before or 1)
    for _ in range(25):
        single.seen(3.0)
    together.seen(3.0, 25)
    assert together.count == single.count
    assert together.lately == pytest.approx(single.lately, rel=0.05)
    assert together.usual == pytest.approx(single.usual, rel=0.05)


def test_a_level_shows_what_came_lately_beside_what_is_usual() -> None:
    level = UsualLevel()
    for _ in range(500):
        level.seen(1.0)
    for _ in range(40):
        level.seen(0.0)
    assert level.lately < 0.5
    assert level.usual > 0.9


def test_an_income_falls_lately_before_it_falls_as_usual_and_not_while_nothing_is_learnt() -> None:
    income = UsualIncome()
    for _ in range(299):
        income.passed(1.0, 1.0, learn=1.0)
    assert income.usual_per_day is None
    assert income.drop_per_day is None
    income.passed(1.0, 1.0, learn=1.0)
    assert income.usual_per_day == pytest.approx(DAY_S)
    for _ in range(600):
        income.passed(0.0, 1.0, learn=0.0)
    assert income.usual_per_day == pytest.approx(DAY_S)
    assert income.drop_per_day == pytest.approx(DAY_S, rel=0.01)
    assert income.lately_per_day < 0.2 * DAY_S
