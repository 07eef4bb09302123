"""What is free while jobs wait is idle, process by process; what is free while none waits is not."""

from __future__ import annotations

from fleet.broker.idle_time import IdleTime


def test_only_time_between_two_looks_with_waiting_jobs_counts() -> None:
    idle = IdleTime()
    for now, free, waiting in (
        (0.0, 2, 0),
        (1.0, 2, 5),
        (2.0, 2, 5),
        (3.0, 1, 1),
        (4.0, 2, 0),
        (5.0, 2, 9),
    ):
        idle.look({"shed": free, "attic": 0}, waiting, now)
    assert idle.by_host == {"shed": 3.0, "attic": 0.0}


def test_nothing_counts_while_redis_does_not_answer_and_no_gap_counts_whole() -> None:
    idle = IdleTime()
    idle.look({"shed": 1}, 3, 0.0)
    idle.look(None, 3, 1.0)
    idle.look({"shed": 1}, None, 2.0)
    idle.look({"shed": 1}, 3, 3.0)
    assert idle.by_host == {}
    idle.look({"shed": 1}, 3, 1_000.0)
    assert idle.by_host == {"shed": 5.0}


def test_invented_names_take_no_memory_without_end() -> None:
    idle = IdleTime()
    for number in range(1_000):
        idle.look({"shed": 1, f"invented-{number}": 1}, 1, float(number))
    assert len(idle.by_host) == 256
    assert idle.by_host["shed"] == 999.0
