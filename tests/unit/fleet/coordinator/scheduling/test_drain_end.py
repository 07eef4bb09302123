"""A drain at a server that is silent ends about a minute after it began; one at a slow server is not cut."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from unittest import mock

import pytest

from fleet.coordinator.loop import _MAX_WAIT_S
from fleet.coordinator.scheduling.drain import Drain
from fleet.domain.effects import Notice
from fleet.errors import NoAnswer
from fleet.miner.phase import Phase
from fleet.server.http.interface import Response
from tests.virtual.draw import draw_plan
from tests.virtual.final_laws import FinalLaws
from tests.virtual.life import Watcher
from tests.virtual.plan import Plan, undisturbed
from tests.virtual.schedule import Schedule
from tests.virtual.server import DEADLINE_S
from tests.virtual.timeline import ThreadTime

MINERS = 8
MINING_S = 50.0
SILENT = "session not stopped: the server does not answer"


@dataclass(frozen=True, kw_only=True, slots=True)
class Ended:
    """How a drain ended."""

    lasted_s: float
    #: what was said of sessions that were not stopped, each with its number of miners
    not_stopped: Counter[str]
    #: number of miners that had a session, and of those whose books were compared
    mined: int
    compared: int


def plan_of(limit: int) -> Plan:
    """A farm without faults, at a server that allows `limit` requests a minute."""
    return replace(
        undisturbed(draw_plan(1)),
        dialect="c",
        miners=MINERS,
        mining_s=MINING_S,
        drain_s=20.0,
        kernel_s=0.2,
        workers=4,
        server_limit=limit,
        governor_limit=5000,
        reconcile_s=600.0,
    )


def drained(*, stalls_at: float | None = None, way_s: float = 0.025, limit: int = 5000) -> Ended:
    """The end of a farm's drain. From `stalls_at` on the server takes requests and answers none."""
    schedule, said = Schedule(plan_of(limit)), Counter[str]()
    exchange = schedule.server.exchange

    def answered(thread: ThreadTime, path: str, body: bytes | None) -> Response:
        if stalls_at is not None and thread.now >= stalls_at:
            thread.now += DEADLINE_S
            raise NoAnswer(f"no whole answer within {DEADLINE_S:g} s")
        return exchange(thread, path, body)

    def way() -> float:
        return way_s if schedule.timeline.now >= MINING_S else 0.025

    def noticed(_: Watcher, notice: Notice) -> None:
        said[notice.text.rpartition(": ")[0]] += "not stopped" in notice.text

    with (
        mock.patch.object(schedule.server, "way_s", way),
        mock.patch.object(schedule.server, "exchange", answered),
        mock.patch.object(Watcher, "notice", noticed),
        mock.patch.object(FinalLaws, "check"),
        mock.patch("tests.virtual.schedule._LONGEST_WAIT_S", _MAX_WAIT_S),
    ):
        schedule.run()
    assert schedule.farm is not None
    miners = [miner for miner in schedule.farm.miners.values() if miner.has_books]
    assert {miner.phase for miner in miners} == {Phase.DONE}
    lasted_s = schedule.timeline.now - MINING_S
    compared = sum(miner.compared for miner in miners)
    return Ended(lasted_s=lasted_s, not_stopped=+said, mined=len(miners), compared=compared)


@pytest.mark.parametrize("stalls_at", [MINING_S - 20.0, MINING_S, MINING_S + 0.2])
def test_a_drain_at_a_server_that_died_ends_within_about_a_minute_and_says_each_session(stalls_at: float) -> None:
    ended = drained(stalls_at=stalls_at)
    assert ended.lasted_s <= 61.0
    assert ended.compared < MINERS
    if stalls_at <= MINING_S:
        assert ended.not_stopped == {SILENT: MINERS}


@pytest.mark.parametrize(("way_s", "limit"), [(7.0, 5000), (0.025, 30)], ids=["slow answers", "a small limit"])
def test_a_drain_that_gets_answers_is_not_cut(way_s: float, limit: int) -> None:
    ended = drained(way_s=way_s, limit=limit)
    assert ended.lasted_s > 20.0, "longer than the open jobs were given"
    assert (ended.not_stopped, ended.compared) == (Counter(), ended.mined)


def test_silence_counts_from_the_last_answer_and_no_drain_outlasts_its_bound() -> None:
    drain = Drain(0.0, 20.0)
    assert drain.farewells_end(0.0, 59.0) == ""
    assert drain.farewells_end(0.0, 60.0) == "the server does not answer"
    assert drain.farewells_end(30.0, 69.0) == ""
    assert drain.farewells_end(134.0, 134.9) == ""
    assert drain.farewells_end(134.0, 135.0) == "the drain took too long"
    assert Drain(0.0, 300.0).farewells_end(344.0, 344.0) == ""


def test_a_longer_deadline_of_a_call_lengthens_the_silence() -> None:
    drain = Drain(0.0, 20.0, call_deadline_s=60.0)
    assert drain.farewells_end(0.0, 104.0) == ""
    assert drain.farewells_end(0.0, 105.0) == "the server does not answer"
