"""Who counts as active, for jobs and for heartbeats."""

from __future__ import annotations

from fleet.simulator.census import Census
from fleet.simulator.strangers import Strangers, parse_strangers


def test_a_session_counts_for_jobs_until_it_is_stopped_and_for_heartbeats_for_a_minute() -> None:
    census = Census(Strangers(), 0.0)
    for name, at in (("s1", 0.0), ("s2", 10.0), ("s3", 20.0)):
        census.open(name, at)
    assert (census.active, census.beating(59.9)) == (3, 3)
    assert (census.active, census.beating(60.0)) == (3, 2)
    census.beat("s1", 65.0)
    assert (census.active, census.beating(75.0)) == (3, 2)
    census.close("s1")
    census.close("s2")
    assert (census.active, census.beating(79.0)) == (1, 1)


def test_there_is_always_one_to_share_with() -> None:
    census = Census(Strangers(), 0.0)
    assert (census.active, census.beating(0.0)) == (1, 1)


def test_strangers_count_in_both_and_outlive_a_forgetting() -> None:
    census = Census(parse_strangers("8"), 0.0)
    census.open("s", 0.0)
    census.forget()
    assert (census.active, census.beating(0.0), census.strangers_seen) == (8, 8, 8)
