"""The geometry of the charts: every bar inside the chart, every loss a part of the whole."""

from __future__ import annotations

from decimal import Decimal

import pytest

from fleet.domain.amounts import ZERO
from fleet.status.snapshot import LossRow
from fleet.web.charts import HEIGHT, WIDTH, bars, ceiling, waterfall


@pytest.mark.parametrize(
    ("value", "top"), [(0, 1), (-3, 1), (float("nan"), 1), (1, 1), (1.01, 2), (21, 25), (30, 50), (0.07, 0.1)]
)
def test_the_top_of_a_chart_is_a_round_figure_that_is_not_below_its_values(value: float, top: float) -> None:
    assert ceiling(value) == pytest.approx(top)


def test_each_bar_lies_in_the_chart_and_is_as_high_as_its_value() -> None:
    drawn, top = bars([None, 0.0, 50.0, 100.0, 1e-9])
    assert top == 100
    assert drawn[0] is None
    known = [bar for bar in drawn if bar is not None]
    assert [bar.height for bar in known] == [0.0, HEIGHT / 2, HEIGHT, 1.5], "what is not zero can be seen"
    assert all(0 <= bar.x <= bar.x + bar.width <= WIDTH and bar.y + bar.height == HEIGHT for bar in known)
    assert [bar.x for bar in known] == sorted(bar.x for bar in known)
    assert bars([]) == ([], 1.0)


def test_each_loss_begins_where_the_larger_one_before_it_ends() -> None:
    rows = [LossRow(cause=cause, jobs=1, amount=Decimal(amount)) for cause, amount in (("a", 1), ("b", 3), ("c", 0))]
    steps = waterfall(rows)
    assert [(step.name, step.start, step.length) for step in steps] == [("b", 0, 75), ("a", 75, 25), ("c", 100, 0)]
    assert waterfall([]) == []
    assert [step.length for step in waterfall([LossRow(cause="a", jobs=2, amount=ZERO)])] == [0.0]
