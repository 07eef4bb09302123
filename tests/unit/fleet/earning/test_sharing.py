"""The rule of a server's rewards is found from levels alone: budget, strangers, cap and floor."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from fleet.domain.answers import RewardTerms
from fleet.earning.samples import Level
from fleet.earning.sharing import Sharing, by_terms, fitted

BUDGET, CAP, FLOOR = 0.1, 0.05, 0.0001
#: what chance makes of three levels
NOISE = (0.996, 1.004, 0.999)


def level(own: int, strangers: int, *, stated: bool = False, cap: float = CAP, floor: float = FLOOR) -> Level:
    active = own + strangers
    return Level(
        own=own,
        active=active if stated else None,
        value=min(max(BUDGET / active, floor), cap),
        error=0.002,
        jobs=100,
    )


def levels(strangers: int, *numbers: int, stated: bool = False) -> list[Level]:
    return [level(own, strangers, stated=stated) for own in numbers]


@pytest.mark.parametrize("stated", [False, True])
@pytest.mark.parametrize("strangers", [0, 5, 100, 500])
def test_budget_and_strangers_are_found_below_the_cap(strangers: int, stated: bool) -> None:
    found = fitted(levels(strangers, 4, 6, 9, 14, 22, stated=stated))
    assert found.known
    assert found.budget == pytest.approx(BUDGET, rel=0.02)
    assert found.strangers == pytest.approx(strangers, rel=0.02, abs=0.1)
    assert found.level(40) == pytest.approx(BUDGET / (40 + strangers), rel=0.02)


def test_a_cap_is_found_where_few_sessions_change_nothing() -> None:
    found = fitted(levels(0, 1, 2, 3, 4, 6))
    assert found.cap == pytest.approx(CAP, rel=0.01)
    assert found.budget == pytest.approx(BUDGET, rel=0.02)
    assert [found.level(own) for own in (1, 2, 8)] == pytest.approx([0.05, 0.05, 0.0125], rel=0.02)


def test_one_level_below_the_cap_is_enough_to_see_the_fall() -> None:
    found = fitted(levels(0, 1, 2, 3))
    assert found.level(8) == pytest.approx(BUDGET / 8, rel=0.02)


def test_a_floor_is_found_where_many_sessions_change_nothing() -> None:
    found = fitted(levels(0, 300, 500, 800, 1000, 1200, 1500))
    assert found.floor == pytest.approx(FLOOR, rel=0.01)
    assert found.level(5000) == pytest.approx(FLOOR, rel=0.01)
    assert found.level(100) == pytest.approx(BUDGET / 100, rel=0.02)


def test_rewards_that_no_number_of_sessions_changes_are_no_shared_budget() -> None:
    found = fitted([Level(own=own, active=None, value=0.4, error=0.01, jobs=50) for own in (1, 2, 4, 8)])
    assert not found.known
    assert found.level(100) == pytest.approx(0.4)
    assert found.error_at(4) < 0.05 < found.error_at(100)


def test_noise_alone_is_no_shared_budget() -> None:
    noisy = zip((1, 2, 4, 8, 16), (1.01, 0.985, 1.012, 0.99, 1.0), strict=True)
    assert not fitted([Level(own=own, active=None, value=value, error=0.012, jobs=40) for own, value in noisy]).known


def test_one_number_of_sessions_says_nothing_about_others() -> None:
    assert not fitted(levels(5, 8)).known


@pytest.mark.parametrize(("own", "strangers"), [(3, 100), (5, 0), (8, 40)])
def test_one_level_shows_how_many_came_or_went_once_the_rule_is_known(own: int, strangers: int) -> None:
    rule = fitted(levels(0, 1, 2, 3, 4, 6))
    moved = rule.with_level(level(own, strangers))
    assert moved.strangers == pytest.approx(strangers, rel=0.03, abs=0.2)


def test_at_the_cap_there_are_at_most_as_many_strangers_as_it_allows() -> None:
    rule = Sharing(budget=BUDGET, strangers=100.0, cap=CAP)
    assert rule.with_level(level(1, 0)).strangers == pytest.approx(1.0)


def test_stated_terms_need_one_level() -> None:
    terms = RewardTerms(budget=10.0, floor=0.001, cap=10.0)
    # the unit of levels is another one than the server's
    found = by_terms(terms, [Level(own=8, active=28.0, value=7.0, error=0.01, jobs=50)])
    assert found is not None
    assert found.stated
    assert found.strangers == 20
    assert found.level(1) / found.level(8) == pytest.approx(28 / 21)


def test_stated_terms_that_the_rewards_contradict_are_not_believed() -> None:
    terms = RewardTerms(budget=10.0, floor=0.001, cap=10.0)
    flat = [Level(own=own, active=own + 1.0, value=1.0, error=0.01, jobs=50) for own in (1, 8)]
    assert by_terms(terms, flat) is None


def test_terms_without_a_stated_number_of_active_miners_say_nothing() -> None:
    assert by_terms(RewardTerms(budget=0.1, floor=0.0, cap=math.inf), levels(0, 1, 2)) is None


def test_the_page_that_states_the_terms_may_count_the_strangers_instead_of_the_jobs() -> None:
    terms = RewardTerms(budget=10.0, floor=0.001, cap=10.0)
    seen = [Level(own=8, active=None, value=7.0, error=0.01, jobs=50)]
    found = by_terms(terms, seen, strangers=20.0)
    assert found is not None
    assert found.level(1) / found.level(8) == pytest.approx(28 / 21)


def test_a_learnt_rule_needs_only_the_number_of_other_miners_after_they_came() -> None:
    """Few levels of nearly the same height look like a cap, as long as the budget is not known from before."""
    learnt = fitted(levels(0, 1, 2, 3, 4, 6))
    noisy = [replace(one, value=one.value * noise) for one, noise in zip(levels(100, 2, 3, 4), NOISE, strict=True)]
    found = fitted(noisy, learnt)
    assert found.strangers == pytest.approx(100, rel=0.05)
    assert found.level(8) == pytest.approx(BUDGET / 108, rel=0.02)
    assert abs(fitted(noisy).level(8) / (BUDGET / 108) - 1) > 0.015, "the levels alone show it, too"
