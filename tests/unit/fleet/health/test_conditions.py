"""A symptom that lasts becomes a condition, one that is away for a while ends it, and one that flickers is one."""

from __future__ import annotations

from fleet.health.conditions import Conditions
from fleet.health.symptom import FARM, Symptom, host_subject, miner_subject
from fleet.status.snapshot import Severity

AWAY = Symptom(kind="outage", subject="server s", text="The server does not answer.", nnet_per_day=50.0)
DEAF = Symptom(kind="deaf_worker", subject=host_subject("shed"), text="Host shed is deaf.", lasted_s=20.0)
FULL = Symptom(kind="budget_full", subject="server s", text="The budget is full.")


def kinds(conditions: Conditions, symptoms: list[Symptom], now: float) -> list[str]:
    return [one.kind for one in conditions.of(symptoms, now, int(now * 1000))]


def test_a_condition_carries_its_kind_s_severity_and_remedy_and_its_beginning() -> None:
    (one,) = Conditions().of([DEAF], 100.0, 100_000)
    assert (one.severity, one.subject, one.since_ms) == (Severity.FAIL, "host shed", 80_000)
    assert "Restart the worker" in one.help


def test_a_condition_keeps_its_beginning_and_ends_once_it_is_away_for_long_enough() -> None:
    conditions = Conditions()
    assert conditions.of([AWAY], 1.0, 1_000)[0].since_ms == 1_000
    assert conditions.of([AWAY], 9.0, 9_000)[0].since_ms == 1_000
    assert kinds(conditions, [], 10.0) == ["outage"], "a second without it is not its end"
    assert kinds(conditions, [], 12.0) == []
    assert conditions.of([AWAY], 13.0, 13_000)[0].since_ms == 13_000


def test_what_needs_time_to_be_sure_begins_late_and_not_if_it_comes_and_goes() -> None:
    conditions = Conditions()
    assert kinds(conditions, [FULL], 0.0) == []
    assert kinds(conditions, [], 60.0) == []
    assert kinds(conditions, [FULL], 61.0) == []
    assert kinds(conditions, [FULL], 180.0) == []
    assert kinds(conditions, [FULL], 181.0) == ["budget_full"]


def test_while_the_farm_stands_its_parts_neither_begin_nor_end_to_be_wrong() -> None:
    conditions, idle = Conditions(), Symptom(kind="idle_miner", subject=miner_subject("a"), text="Miner a is idle.")
    assert kinds(conditions, [DEAF], 0.0) == ["deaf_worker"]
    assert kinds(conditions, [AWAY, idle], 1.0) == ["outage", "deaf_worker"]
    assert kinds(conditions, [AWAY], 500.0) == ["outage", "deaf_worker"]
    assert kinds(conditions, [], 510.0) == []


def test_what_stops_the_farm_comes_first_and_then_what_costs_most() -> None:
    dear = Symptom(kind="idle_miner", subject=miner_subject("b"), text="Miner b is idle.", nnet_per_day=9.0)
    cheap = Symptom(kind="idle_miner", subject=miner_subject("a"), text="Miner a is idle.", nnet_per_day=1.0)
    conditions = Conditions()
    conditions.of([cheap, dear], 0.0, 0)
    found = conditions.of([cheap, dear, AWAY], 1.0, 1_000)
    assert [one.subject for one in found] == ["server s", "miner b", "miner a"]
    assert FARM not in {one.subject for one in found}
