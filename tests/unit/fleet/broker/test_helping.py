"""Idle hosts help where messages wait at most looks, until none has waited for a while, and not otherwise."""

from __future__ import annotations

from collections.abc import Mapping

from fleet.broker.helping import Helping
from tasks.job_queues import QUEUES

HEAVY = {QUEUES[1]: 3, QUEUES[4]: 5}
IDLE = {1: 2, 6: 0}


def looked(*lengths: Mapping[str, int], idle: Mapping[int, int] = IDLE, helping: Helping | None = None) -> list[int]:
    helping = helping or Helping()
    return [helping.look(one, idle) for one in lengths]


def test_idle_hosts_help_once_messages_have_waited_at_three_looks_of_five() -> None:
    assert looked(HEAVY, HEAVY, HEAVY) == [1, 1, 6]
    assert looked(HEAVY, {}, HEAVY, {}, HEAVY) == [1, 1, 1, 1, 6], "what the hosts that qualify have taken waits, too"
    assert looked(HEAVY, {}, {}, HEAVY, {}, {}, HEAVY) == [1] * 7, "they keep up"


def test_they_help_until_no_message_has_waited_for_a_while() -> None:
    helping, busy = Helping(), {1: 0, 6: 0}
    looked(HEAVY, HEAVY, HEAVY, helping=helping)
    assert looked(*[HEAVY] * 5, idle=busy, helping=helping) == [6] * 5, "they help, so they are idle no more"
    assert looked(*[{}] * 9, helping=helping) == [6] * 9
    assert looked({QUEUES[1]: 1}, idle=busy, helping=helping) == [6], "the short jobs of all classes wait there now"
    assert looked({}, HEAVY, helping=helping) == [1, 1], "they begin anew"


def test_the_queue_of_every_host_and_busy_hosts_need_no_help() -> None:
    assert looked(*[{QUEUES[1]: 50}] * 10, idle={1: 2, 6: 2}) == [1] * 10
    assert looked(*[HEAVY] * 10, idle={1: 0, 4: 2, 6: 2}) == [1] * 10, "only hosts that qualify are idle"
