"""Advice survives the way through the ledger, and whatever else stands there is refused."""

from __future__ import annotations

import json

import pytest

from fleet.earning.advice import Advice, Option
from fleet.earning.advice_json import read_advice, stated

ADVICE = Advice(
    now=Option(what="as it is", miners=8, income=24_800.0, change=0.0, error=250.0, core_hours=3.5, per_job=0.25),
    best=Option(
        what="the best number", miners=2, income=99_600.0, change=74_800.0, error=900.0, core_hours=3.5, per_job=1.0
    ),
    others=(Option(what="one miner more", miners=9),),
    unknown=("whether a job's reward has an upper limit",),
)


def test_advice_is_read_as_it_was_written() -> None:
    written = json.loads(json.dumps(stated(ADVICE)))
    assert written["advice"] == "close 6 of 8 miners: 17.2 → 69.2 NNET a minute; jobs then pay 4 times as much"
    assert written["others"][0]["nnet_a_day"] is None
    assert read_advice(written) == ADVICE
    for row in (written["now"], written["best"]):
        del row["nnet_a_job"]
    assert read_advice(written).sentence == "close 6 of 8 miners: 17.2 → 69.2 NNET a minute", "of an earlier release"


@pytest.mark.parametrize(
    "change",
    [
        {"now": {"what": "x", "miners": 0}},
        {"now": stated(ADVICE)["now"] | {"miners": 0}},
        {"now": stated(ADVICE)["now"] | {"miners": "8"}},
        {"now": stated(ADVICE)["now"] | {"nnet_a_day": float("nan")}},
        {"now": stated(ADVICE)["now"] | {"nnet_a_day": "1"}},
        {"best": None},
        {"others": 3},
    ],
)
def test_anything_else_is_refused(change: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="is not"):
        read_advice(stated(ADVICE) | change)
