"""A server that answers and pays for no job: known after its own usual pace, whatever else goes wrong."""

from __future__ import annotations

import pytest

from fleet.coordinator.scheduling.failover import Failover
from fleet.coordinator.scheduling.paying import Paying
from fleet.domain.calls import Answer, CallKind, Reply
from fleet.errors import CallError, JobUnknown, NoAnswer, Refused
from tests.support.one_miner_farms import NOTHING, PAID, REJECTED, farm, rejects, reply, stands_by


def usual(paying: Paying, gap_s: float) -> float:
    """Twenty payments. Returns when the last one came."""
    for number in range(20):
        paying.ended(reply(PAID, number * gap_s), number * gap_s)
    return 19 * gap_s


@pytest.mark.parametrize("outcome", [NOTHING, REJECTED, Refused(400, "no"), JobUnknown("no")])
@pytest.mark.parametrize(("gap_s", "patience_s"), [(1.0, 120.0), (10.0, 200.0), (100.0, 600.0)])
def test_no_payment_is_unusual_after_twenty_usual_gaps(
    outcome: Answer | CallError, gap_s: float, patience_s: float
) -> None:
    paying = Paying()
    now = usual(paying, gap_s)
    for second in range(1, 12):
        paying.ended(reply(outcome, now + second), now + second)
    assert paying.unpaid_s(now + patience_s) == 0
    assert paying.unpaid_s(now + 1 + patience_s) == patience_s
    paying.ended(reply(PAID, now + 700.0), now + 700.0)
    assert paying.unpaid_s(now + 1400.0) == 0


@pytest.mark.parametrize(
    "silent",
    [
        reply(NoAnswer("no"), 20.0),
        reply(REJECTED, 20.0, error=True),
        reply(NoAnswer("no"), 20.0, kind=CallKind.FETCH),
        reply(Refused(400, "no"), 20.0, kind=CallKind.HEARTBEAT),
    ],
)
def test_silence_and_failures_of_our_own_are_not_held_against_the_server(silent: Reply) -> None:
    paying = Paying()
    usual(paying, 1.0)
    for _ in range(50):
        paying.ended(silent, 20.0)
    assert paying.unpaid_s(5000.0) == 0


def test_a_server_that_refuses_every_fetch_pays_nothing_either() -> None:
    paying = Paying()
    now = usual(paying, 1.0)
    for _ in range(5):
        paying.ended(reply(Refused(400, "no"), now, kind=CallKind.FETCH), now)
    assert paying.unpaid_s(now + 121.0) == 121.0


def test_the_standby_takes_over_from_a_server_that_pays_nothing_and_is_left_when_it_pays_again() -> None:
    first, later = farm("a"), farm("b")
    failover = Failover({"a": (1, first), "b": (2, later)}, 0.0, after_s=5.0, back_s=30.0)
    rejects(first, PAID, 1, 30)
    assert failover.look(30.0) == []
    rejects(first, REJECTED, 31, 151)
    assert failover.look(150.9) == failover.look(151.0) == failover.look(155.9) == []
    assert failover.look(156.0) == ["a pays for no job: mining at b until one does"]
    assert not stands_by(later)
    rejects(first, PAID, 300, 300)
    assert failover.look(300.0) == failover.look(329.9) == []
    assert failover.look(330.0) == ["a has paid for 30 s: leaving b once the jobs there are finished"]
    assert stands_by(later)
