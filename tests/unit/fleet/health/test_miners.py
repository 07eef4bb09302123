"""A miner is unwell if its session brings nothing, its calls fail, its jobs are refused, or money left its wallet."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

from fleet.health.miners import MinerWatch
from fleet.health.symptom import Symptom
from fleet.status.snapshot import MinerFigures
from tests.support.fresh import payments
from tests.support.snapshots import MINER

A, B = replace(MINER, name="a"), replace(MINER, name="b")


def looked(
    health: MinerWatch, rows: Sequence[MinerFigures], now: float, seconds: int, *, idle: bool = False
) -> list[Symptom]:
    """The symptoms after looking for some seconds."""
    found: list[Symptom] = []
    for second in range(seconds):
        found = [*health.look(rows, now + second, idle=idle)]
    return found


def paid(health: MinerWatch, name: str, first: float, last: float, every_s: float) -> None:
    at = first
    while at <= last:
        health.paid(name, payments("0.01", at))
        at += every_s


def test_a_session_without_a_paid_job_is_idle_after_ten_minutes() -> None:
    health = MinerWatch(0.0)
    assert not looked(health, [A], 0.0, 590)
    (one,) = looked(health, [A], 590.0, 30)
    assert (one.kind, one.subject, one.nnet_per_day) == ("idle_miner", "miner a", None)


def test_a_miner_of_a_quick_pace_is_idle_sooner_and_its_loss_is_known() -> None:
    health = MinerWatch(0.0)
    paid(health, "a", 0.0, 100.0, 2.0)
    assert not looked(health, [A], 100.0, 100)
    (one,) = looked(health, [A], 200.0, 40)
    assert one.nnet_per_day is not None
    assert abs(one.nnet_per_day - 432.0) < 1.0
    health.paid("a", payments("0.01", 240.0))
    assert not looked(health, [A], 240.0, 11)


def test_the_farm_s_own_troubles_are_no_miner_s() -> None:
    health = MinerWatch(0.0)
    paid(health, "a", 0.0, 100.0, 2.0)
    assert not looked(health, [A], 100.0, 1_000, idle=True)
    assert not looked(health, [A], 1_100.0, 100)


def test_the_troubles_of_its_server_are_no_miner_s_and_those_of_others_stay_theirs() -> None:
    health = MinerWatch(0.0)
    waits = [replace(A, state="waiting"), replace(B, state="waiting")]
    found = [[*health.look(waits, float(second), idle=False, excused={"a"})] for second in range(20)]
    assert {one.subject for some in found for one in some} == {"miner b"}


def test_a_miner_without_a_session_is_not_idle_but_one_that_waits_has_failing_calls() -> None:
    health = MinerWatch(0.0)
    rows = [replace(A, state="waiting"), replace(B, state="registered")]
    found = looked(health, rows, 0.0, 2_000)
    assert [(one.kind, one.subject) for one in found] == [("failing_calls", "miner a")]


def test_a_share_of_accepted_jobs_that_fell_is_known_with_its_cost() -> None:
    health = MinerWatch(0.0)
    for number in range(300):
        health.paid("a", payments("0.01", float(number)))
    for number in range(40):
        health.paid("a", payments("0.01", 300.0 + number))
        health.lost("a")
    (one,) = looked(health, [A], 340.0, 10)
    assert (one.kind, one.subject) == ("accept_ratio", "miner a")
    assert one.nnet_per_day is not None
    assert one.nnet_per_day > 0


def test_money_that_left_a_wallet_is_shown_for_a_day() -> None:
    health = MinerWatch(0.0)
    health.left_wallet("a", Decimal("1.25"), 0.0)
    health.left_wallet("a", Decimal("0.25"), 10.0)
    (one,) = looked(health, [], 11.0, 1)
    assert one.text == "1.5 NNET left the wallet of miner a."
    assert not looked(health, [], 90_000.0, 1)


def test_a_trouble_of_very_many_miners_is_one() -> None:
    health = MinerWatch(0.0)
    rows = [replace(MINER, name=f"rig-{number}") for number in range(2_500)]
    (one,) = looked(health, rows, 0.0, 620)
    assert one.subject == "farm"
    assert "2500 miners" in one.text
