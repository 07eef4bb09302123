"""A day's projection is what was booked, and an estimate of the rest with its range; or nothing."""

from __future__ import annotations

from decimal import Decimal

import pytest

from fleet.status.projection import projected

HALF_S = 43_200.0
RECENT = (100, Decimal(60))


def test_the_rest_of_the_day_follows_from_the_model_where_there_is_one() -> None:
    made = projected(Decimal(10), HALF_S, expected=(2.0, 0.1), recent=RECENT, recent_s=300.0)
    assert made is not None
    assert made.nnet == pytest.approx(10 + 2 * HALF_S)
    assert (made.low, made.high) == pytest.approx((10 + 1.8 * HALF_S, 10 + 2.2 * HALF_S))
    assert made.by == "income model"


def test_or_from_the_last_minutes_with_the_error_of_their_number() -> None:
    made = projected(Decimal(10), HALF_S, expected=None, recent=RECENT, recent_s=300.0)
    assert made is not None
    assert (made.low, made.nnet, made.high) == pytest.approx(tuple(10 + f * 0.2 * HALF_S for f in (0.9, 1.0, 1.1)))


@pytest.mark.parametrize(("today", "recent"), [(None, RECENT), (Decimal(10), (0, Decimal(0)))])
def test_nothing_is_said_where_nothing_is_known(today: Decimal | None, recent: tuple[int, Decimal]) -> None:
    assert projected(today, HALF_S, expected=None, recent=recent, recent_s=300.0) is None
