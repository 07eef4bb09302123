"""The bench's verdicts and tables."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from bench.rows import BEGIN, END, Bound, ImpossibleFigureError, Row, inserted, markdown, table


def row(*runs: float, target: float | None = 4.0, bound: Bound = Bound.AT_MOST) -> Row:
    return Row(part="overhead", name="p50", runs=runs, unit="ms", target=target, bound=bound, peer="13 ms (other)")


@pytest.mark.parametrize(
    ("bound", "value", "reached"),
    [
        (Bound.AT_MOST, 4.0, True),
        (Bound.AT_MOST, 4.01, False),
        (Bound.AT_LEAST, 4.0, True),
        (Bound.AT_LEAST, 3.99, False),
    ],
)
def test_a_target_is_reached_up_to_the_bound_itself(bound: Bound, value: float, reached: bool) -> None:
    assert row(value, bound=bound).reached is reached


def test_without_a_target_there_is_no_verdict() -> None:
    assert row(1.0, target=None).reached is None


def test_one_bad_run_of_three_changes_spread_and_not_value() -> None:
    figures = row(1.0, 9.0, 2.0)
    assert (figures.value, figures.spread) == (2.0, 4.0)
    assert row(1.0).spread is None


def test_the_quietest_run_counts_where_a_busy_machine_can_only_lengthen() -> None:
    figures = replace(row(5.0, 9.0, 3.0), quietest=True)
    assert (figures.value, figures.reached) == (3.0, True)


def test_of_many_runs_the_spread_leaves_the_extremes_out() -> None:
    spread = row(1.0, 10.0, 10.0, 10.0, 10.0, 10.0, 100.0).spread
    assert spread == 0.0


def test_a_row_is_json_with_the_names_that_readers_look_for() -> None:
    stated = json.loads(json.dumps(row(1.0, 3.0).stated()))
    assert stated == {
        "part": "overhead",
        "name": "p50",
        "value": 2.0,
        "unit": "ms",
        "target": 4.0,
        "bound": "≤",
        "reached": True,
        "peer": "13 ms (other)",
        "spread": 1.0,
    }


def test_both_tables_show_figure_target_verdict_and_peer() -> None:
    for text in (table([row(5.0)]), markdown([row(5.0)])):
        assert "to reach" in text.splitlines()[0]
        for words in ("5 ms", "≤ 4", "NO", "13 ms (other)"):
            assert words in text.splitlines()[-1]


def test_a_document_gets_the_table_between_its_marks_again_and_again() -> None:
    once = inserted(f"a\n{BEGIN}\nold\n{END}\nb\n", "new")
    assert once == f"a\n{BEGIN}\nnew\n{END}\nb\n"
    assert inserted(once, "new") == once
    with pytest.raises(ValueError, match="no <!-- begin"):
        inserted(f"a\n{END}\n{BEGIN}\n", "new")


@pytest.mark.parametrize(
    ("run", "most"), [(-0.1, float("inf")), (146.0, 100.0), (float("nan"), 100.0), (float("inf"), float("inf"))]
)
def test_a_figure_that_can_not_be_is_no_row(run: float, most: float) -> None:
    with pytest.raises(ImpossibleFigureError, match=r"overhead, p50: .* can't be"):
        replace(row(1.0), runs=(1.0, run), most=most)
