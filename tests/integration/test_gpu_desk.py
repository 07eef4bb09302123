"""Places at GPUs: one process each, free when it ends, marked if it ends there; and rests after trouble."""

from __future__ import annotations

import multiprocessing
import signal
import time
from multiprocessing.connection import Connection

import pytest

from tasks.worker.gpu_desk import FIRST_REST_S, MOST_REST_S, GpuDesk

FORK = multiprocessing.get_context("fork")


def elsewhere(desk: GpuDesk, *, ends_at_work: bool = False) -> tuple[int | None, Connection, multiprocessing.Process]:
    """What a forked process takes, the connection that said so, and the process, which waits to be killed."""
    ours, theirs = FORK.Pipe()

    def run() -> None:
        place = desk.take()
        work = desk.at_work(place or 0)
        if ends_at_work:
            work.__enter__()
        theirs.send(place)
        signal.pause()

    process = FORK.Process(target=run)
    process.start()
    theirs.close()
    return ours.recv(), ours, process  # type: ignore[return-value]


def end(ours: Connection, process: multiprocessing.Process) -> None:
    ours.close()
    process.kill()
    process.join()


def test_each_process_gets_a_place_of_its_own_until_all_are_taken() -> None:
    desk = GpuDesk([0, 1])
    first, second, third = (elsewhere(desk) for _ in range(3))
    assert [first[0], second[0], third[0]] == [0, 1, None]
    end(*first[1:])
    assert desk.take() == 0
    end(*second[1:])
    end(*third[1:])


@pytest.mark.parametrize("ends_at_work", [True, False])
def test_a_process_that_ended_while_it_computed_is_noticed_once(ends_at_work: bool) -> None:
    desk = GpuDesk([0])
    end(*elsewhere(desk, ends_at_work=ends_at_work)[1:])
    assert desk.take() == 0
    assert desk.died_at(0) is ends_at_work
    assert not desk.died_at(0)


def test_work_that_ends_by_an_error_leaves_no_mark() -> None:
    desk = GpuDesk([0])
    with pytest.raises(ZeroDivisionError), desk.at_work(0):
        raise ZeroDivisionError
    assert not desk.died_at(0)


def test_a_gpu_rests_longer_after_each_trouble_until_it_fares_well(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 1000.0
    monkeypatch.setattr(time, "monotonic", lambda: now)
    desk = GpuDesk([0])
    assert not desk.rests()
    rests: list[float] = []
    for _ in range(8):
        rest_s = desk.trouble()
        assert rest_s is not None
        assert desk.rests()
        assert desk.trouble() is None, "another process's trouble of the same moment"
        rests.append(rest_s)
        now += rest_s
        assert not desk.rests()
    assert rests == sorted(rests)
    assert (rests[0], rests[1], rests[-1]) == (FIRST_REST_S, 2 * FIRST_REST_S, MOST_REST_S)
    desk.fared_well()
    assert desk.trouble() == FIRST_REST_S


def test_a_job_that_was_under_way_does_not_end_a_rest() -> None:
    desk = GpuDesk([0])
    desk.trouble()
    desk.fared_well()
    assert desk.rests()


def test_processes_share_the_rest() -> None:
    desk = GpuDesk([0])
    process = FORK.Process(target=desk.trouble)
    process.start()
    process.join()
    assert desk.rests()
