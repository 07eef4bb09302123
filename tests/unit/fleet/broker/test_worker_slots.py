"""A worker's statement counts while it is renewed, whatever else stands beside it."""

from __future__ import annotations

from fleet.broker.worker_slots import WorkerSlots
from tasks.broker.slots import Slots


def stated(processes: int, held: int, number: int) -> bytes:
    return Slots(processes=processes, held=held, number=number).encode().encode()


def test_nothing_is_known_before_the_first_look() -> None:
    assert WorkerSlots().free is None


def test_all_workers_of_a_host_count_together() -> None:
    slots = WorkerSlots()
    workers = {
        b"shed-0123456789ab": stated(4, 1, 1),
        b"shed-ba9876543210": stated(4, 9, 1),
        b"attic": stated(2, 0, 1),
    }
    assert slots.hear(workers, 1.0) == ()
    assert slots.free == {"shed": 3, "attic": 2}, "a worker that holds more than it has processes has none free"
    assert slots.busy == {"shed": 5, "attic": 0}


def test_a_statement_that_nobody_renews_is_dropped() -> None:
    slots = WorkerSlots()
    slots.hear({b"shed": stated(4, 0, 1), b"attic": stated(4, 0, 1)}, 0.0)
    assert slots.hear({b"shed": stated(4, 0, 4), b"attic": stated(4, 0, 1)}, 6.5) == (b"attic",)
    assert slots.free == {"shed": 4}
    assert slots.hear({b"shed": stated(4, 0, 5), b"attic": stated(4, 0, 2)}, 7.0) == ()
    assert slots.free == {"shed": 4, "attic": 4}, "it is back"


def test_what_is_no_statement_is_removed() -> None:
    rubbish = {
        b"shed": b"<script>",
        b"attic": b"4 1",
        b"barn": b"-1 0 1",
        b"x" * 200: stated(4, 0, 1),
        b"cellar": b"999999999999999999999 0 1",
    }
    slots = WorkerSlots()
    assert set(slots.hear(rubbish, 0.0)) == set(rubbish)
    assert slots.free == {}
    slots.hear({b"a\xff\x1b[2J": stated(1, 0, 1)}, 0.0)
    assert all(host.isprintable() for host in slots.free)


def test_all_pause_once_every_worker_that_is_there_states_no_process() -> None:
    slots = WorkerSlots()
    found = []
    for now, stated_now in (
        (0.0, {}),
        (1.0, {b"shed": stated(0, 0, 1)}),
        (2.0, {b"shed": stated(0, 1, 2), b"attic": stated(4, 4, 1)}),
        (3.0, {b"shed": stated(0, 0, 3), b"attic": stated(0, 0, 2)}),
        (20.0, {b"shed": stated(0, 0, 3), b"attic": stated(0, 0, 2)}),
    ):
        slots.hear(stated_now, now)
        found.append(slots.all_pause)
    assert found == [False, True, False, True, False], "at last nobody renews what is stated"
    slots.hear({b"shed": stated(0, 0, 9)}, 21.0)
    slots.look(None, 22.0)
    assert not slots.all_pause, "Redis does not answer"
