"""Idle hosts help where messages have waited for a while, until that queue is empty, and not otherwise."""

from __future__ import annotations

from fleet.broker.helping import Helping
from tasks.job_queues import QUEUES

HEAVY = {QUEUES[1]: 3, QUEUES[4]: 5}


def test_idle_hosts_help_after_a_while_until_the_queue_is_empty() -> None:
    helping = Helping()
    opened = [helping.look(HEAVY, {1: 2, 6: 0}, float(second)) for second in range(5)]
    assert opened == [1, 1, 1, 6, 6]
    assert helping.look(HEAVY, {1: 0, 6: 0}, 5.0) == 6, "they help, so they are idle no more"
    assert helping.look({QUEUES[1]: 3}, {1: 0, 6: 1}, 6.0) == 1
    assert helping.look(HEAVY, {1: 2}, 7.0) == 1, "it has not waited yet"


def test_the_queue_of_every_host_and_busy_hosts_need_no_help() -> None:
    helping = Helping()
    for second in range(10):
        assert helping.look({QUEUES[1]: 50}, {1: 2, 6: 2}, float(second)) == 1
    helping = Helping()
    for second in range(10):
        assert helping.look(HEAVY, {1: 0, 4: 2, 6: 2}, float(second)) == 1, "only hosts that qualify are idle"


def test_a_queue_that_empties_between_two_looks_waits_from_then_on() -> None:
    helping = Helping()
    for second in range(12):
        lengths = HEAVY if second % 2 else {}
        assert helping.look(lengths, {1: 1}, float(second)) == 1
