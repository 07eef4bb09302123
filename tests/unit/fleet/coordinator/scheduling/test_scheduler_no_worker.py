"""While no worker takes jobs, none are asked for; sessions are kept, and jobs that come unasked wait for a worker."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

import pytest

from fleet.broker.presence import PresenceDetector
from fleet.coordinator.alive_file import AliveFile
from fleet.coordinator.output.lines import Lines
from fleet.coordinator.output.output import RunOutput
from fleet.domain.amounts import ZERO
from fleet.domain.answers import HeartbeatAnswer
from fleet.domain.calls import CallKind
from fleet.domain.effects import Dispatch, JobMoved, Notice, NoticeKind
from fleet.domain.jobs import JobOrigin, JobState
from fleet.ledger.ledger import Ledger
from fleet.ledger.storage.engine import open_engine
from tests.support.answered import Answered, job, start


@pytest.fixture
def ledger() -> Iterator[Ledger]:
    with Ledger(open_engine("sqlite://"), "s") as opened:
        yield opened


def without_worker(ledger: Ledger, miners: int = 1) -> Answered:
    made = Answered(ledger, miners)
    made.farm.on_workers(made.now, present=False)
    return made.registered()


def orders(made: Answered) -> list[Dispatch]:
    return made.turn().dispatches


def test_no_job_is_asked_for_and_heartbeats_go_on(ledger: Ledger) -> None:
    made = without_worker(ledger).mining()
    assert not made.waiting(CallKind.FETCH)
    for _ in range(10):
        made.now += 30.0
        made.turn()
        for call in made.waiting(CallKind.HEARTBEAT):
            made.answer(call, HeartbeatAnswer())
    assert not made.calls, "each heartbeat was sent and answered, nothing else was asked"
    made.farm.on_workers(made.now, present=True)
    made.turn()
    assert made.waiting(CallKind.FETCH)


def test_a_job_that_came_with_the_session_reaches_the_first_worker(ledger: Ledger) -> None:
    made = without_worker(ledger)
    (call,) = made.waiting(CallKind.START_SESSION)
    made.answer(call, start(call, job(JobOrigin.INITIAL)))
    assert not orders(made), "nobody would take it off the queue"
    made.now += 40.0
    assert not orders(made)
    made.farm.on_workers(made.now, present=True)
    (order,) = orders(made)
    assert order.message.job_id == "j1"
    assert order.message.attempt == 1, "it was not tried yet"


def test_a_job_whose_deadline_passes_without_a_worker_ends_and_reaches_none(ledger: Ledger) -> None:
    made = without_worker(ledger)
    (call,) = made.waiting(CallKind.START_SESSION)
    made.answer(call, start(call, job(JobOrigin.INITIAL)))
    made.turn()
    made.now += 61.0
    turn = made.turn()
    moved = [write.state for write in turn.writes if isinstance(write, JobMoved)]
    assert moved == [JobState.EXPIRED]
    made.farm.on_workers(made.now, present=True)
    assert not orders(made)


def test_a_job_whose_worker_went_away_is_dispatched_again_when_one_is_there_and_not_before(ledger: Ledger) -> None:
    made = Answered(ledger).mining()
    (fetch,) = made.waiting(CallKind.FETCH)
    made.answer(fetch, job(JobOrigin.FETCHED))
    assert len(orders(made)) == 1
    made.farm.on_workers(made.now, present=False)
    made.farm.on_broker_emptied(made.now)
    for _ in range(20):
        made.now += 30.0
        assert not orders(made)
        for call in made.waiting(CallKind.HEARTBEAT):
            made.answer(call, HeartbeatAnswer())
    made.farm.on_workers(made.now, present=True)
    assert [order.message.attempt for order in orders(made)] == [2]


def changes(detector: PresenceDetector, looks: list[tuple[bool | None, float]]) -> list[tuple[float, bool | None]]:
    """When the verdict changed, and to what."""
    return [(at, detector.present) for sign, at in looks if detector.look(sign, at)]


def test_the_last_worker_counts_as_gone_after_four_seconds_without_a_sign() -> None:
    looks: list[tuple[bool | None, float]] = [(True, 0.0), *((False, float(at)) for at in range(1, 9)), (True, 9.0)]
    assert changes(PresenceDetector(), looks) == [(0.0, True), (5.0, False), (9.0, True)]


def test_before_the_first_worker_none_is_there_and_the_first_look_says_so() -> None:
    assert changes(PresenceDetector(), [(False, 0.0), (False, 1.0)]) == [(0.0, False)]


def test_a_redis_that_does_not_answer_says_nothing_of_the_workers() -> None:
    looks: list[tuple[bool | None, float]] = [(True, 0.0), (False, 1.0), (None, 2.0), (None, 200.0)]
    # looks without a sign count from the moment at which Redis answers again
    assert changes(PresenceDetector(), [*looks, (False, 201.0), (False, 205.0)]) == [(0.0, True), (205.0, False)]


def test_the_status_the_terminal_and_the_health_file_say_so_within_ten_seconds(ledger: Ledger, tmp_path: Path) -> None:
    made, out, alive = without_worker(ledger), io.StringIO(), tmp_path / "alive"
    clock = [made.now]
    report = RunOutput(Lines(out), job_lines_per_s=0, status_every_s=30.0, total=ZERO, clock=lambda: clock[0])
    pulse, paused = AliveFile(alive), AliveFile(tmp_path / "paused", hosts_pause=lambda: True)

    def pass_to(now: float) -> None:
        while clock[0] < now:
            clock[0] += 0.5
            pulse.tick(made.farm, clock[0])
            paused.tick(made.farm, clock[0])
            report.tick(made.farm, clock[0])

    pass_to(4.0)
    assert "no worker" not in out.getvalue(), "those that are started with the farm take a moment"
    assert alive.read_text() == ""
    pass_to(10.0)
    assert out.getvalue().count("[WARN]   no worker takes jobs") == 1
    pass_to(40.0)
    assert alive.read_text() == "no worker takes jobs\n"
    assert (tmp_path / "paused").read_text() == "", "nothing is wrong with hosts that were paused"
    assert "NO WORKER for" in out.getvalue()
    assert "room for" not in out.getvalue()
    made.farm.on_workers(clock[0], present=True)
    pass_to(46.0)
    assert out.getvalue().count("[OK]     a worker takes jobs") == 1
    assert out.getvalue().count("[WARN]   no worker") == 1
    assert alive.read_text() == ""


def test_a_job_without_a_worker_is_no_news_to_the_operator_each_time(ledger: Ledger) -> None:
    made = without_worker(ledger).mining()
    notices: list[Notice] = []
    for _ in range(20):
        made.now += 30.0
        notices += made.turn().notices
        for call in made.waiting(CallKind.HEARTBEAT):
            made.answer(call, HeartbeatAnswer())
    assert not [notice for notice in notices if notice.kind is NoticeKind.ANOMALY]


def test_a_farm_without_a_session_has_no_figure_for_more_miners(ledger: Ledger) -> None:
    made, out = Answered(ledger), io.StringIO()
    report = RunOutput(Lines(out), job_lines_per_s=0, status_every_s=30.0, total=ZERO, clock=lambda: made.now)
    report.tick(made.farm, made.now + 40.0)
    assert "[STATUS]" in out.getvalue()
    assert "no session is open" in out.getvalue()
    assert "room for" not in out.getvalue()


def test_a_drain_says_every_five_seconds_what_is_left_and_how_long_it_lasts(ledger: Ledger) -> None:
    made, out = Answered(ledger).mining(), io.StringIO()
    report = RunOutput(Lines(out), job_lines_per_s=0, status_every_s=1e9, total=ZERO, clock=lambda: made.now)
    report.stopping("a test", "", made.now + 100.0)
    made.farm.drain(made.now)
    for at in (4.0, 5.0, 9.0, 10.0):
        report.tick(made.farm, made.now + at)
    said = [line for line in out.getvalue().splitlines() if "to go" in line]
    assert [line.rpartition("; ")[2] for line in said] == ["at most 95 s to go", "at most 90 s to go"]
    assert "0 of" in said[0]


def test_a_drain_moves_a_bar_on_a_terminal_and_prints_no_lines(ledger: Ledger) -> None:
    made, out = Answered(ledger).mining(), io.StringIO()
    lines = Lines(out, width=lambda: 80)
    report = RunOutput(lines, job_lines_per_s=0, status_every_s=1e9, total=ZERO, clock=lambda: made.now)
    report.stopping("a test", "", made.now + 100.0)
    made.farm.drain(made.now)
    for at in (4.0, 5.0, 9.0, 10.0):
        report.tick(made.farm, made.now + at)
    # drawn again after the line of a status
    drawn = dict.fromkeys(line for line in out.getvalue().split("\r") if line.startswith("draining  "))
    assert [line.rpartition(", ")[2].removesuffix("\x1b[K") for line in drawn] == [
        f"at most {left} s to go" for left in (96, 95, 91, 90)
    ]
    assert all(len(line.removesuffix("\x1b[K")) < 80 for line in drawn)
    assert "[STOP]   0 jobs" not in out.getvalue()
    lines.end_progress()
    assert out.getvalue().endswith("\r\x1b[K")
