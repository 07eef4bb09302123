"""Faults: their notation, and the requests that they affect."""

from __future__ import annotations

from random import Random

import pytest

from fleet.simulator.errors import OptionError
from fleet.simulator.faultkinds import FaultKind, Stage, stage_of
from fleet.simulator.faults import Fault, FaultTable, build_fault, parse_fault


def test_a_fault_is_read_from_a_line() -> None:
    fault = parse_fault("refused,endpoints=task|gas,miners=A|b,probability=0.5,count=3,after=2,value=Wed, 21 Oct 2015")
    assert fault == Fault(
        kind=FaultKind.REFUSED,
        endpoints=frozenset({"task", "gas"}),
        miners=frozenset({"a", "b"}),
        probability=0.5,
        count=3,
        after=2,
        value="Wed, 21 Oct 2015",
    )


@pytest.mark.parametrize(
    "text",
    [
        "nonsense",
        "html,endpoints=nowhere",
        "html,probability=2",
        "html,probability=nan",
        "html,count=0",
        "html,count=x",
        "html,after=-1",
        "html,colour=red",
    ],
)
def test_a_mistyped_fault_is_refused(text: str) -> None:
    with pytest.raises(OptionError):
        parse_fault(text)


@pytest.mark.parametrize("fields", [{}, {"kind": 5}, {"kind": "html", "endpoints": 7}, {"kind": "html", "count": [1]}])
def test_a_fault_object_of_the_wrong_types_is_refused(fields: dict[str, object]) -> None:
    with pytest.raises(OptionError):
        build_fault(fields)


def test_a_fault_strikes_after_so_many_requests_and_so_often() -> None:
    table = FaultTable([parse_fault("html,endpoints=gas,miners=m,after=2,count=2")], Random(1))
    assert table.draw("task", "m") is None
    assert table.draw("gas", "other") is None
    assert [table.draw("gas", "m") is not None for _ in range(6)] == [False, False, True, True, False, False]
    assert table.stated()[0]["struck"] == 2


def test_a_likely_fault_strikes_about_as_often_as_it_says() -> None:
    table = FaultTable([parse_fault("html,probability=0.25")], Random(1))
    assert 2300 < sum(table.draw("gas", "") is not None for _ in range(10_000)) < 2700


def test_faults_of_jobs_strike_only_where_jobs_are_handed_out() -> None:
    for kind in FaultKind:
        if stage_of(kind) is Stage.JOB:
            assert not Fault(kind=kind).matches("register", "m")
            assert Fault(kind=kind).matches("task", "m")


def test_the_older_name_of_the_endpoints_is_understood() -> None:
    assert parse_fault("html,roads=task|gas") == parse_fault("html,endpoints=task|gas")
