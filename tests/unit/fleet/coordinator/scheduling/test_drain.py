"""A drain lasts until the server's limit has room, says what it will leave, and says of a silent server only that."""

from __future__ import annotations

import pytest

from fleet.coordinator.scheduling.drain import Drain, Outlook
from fleet.domain.calls import CallKind
from fleet.errors import CallError, Garbled, NoAnswer, RateLimited, Refused, ServerFault, Unreachable
from fleet.miner.farewell import Farewell, not_stopped
from fleet.miner.policy import LONGEST_DRAIN_S
from fleet.miner.resends import Resends
from fleet.ratelimit.governor import Governor


def used_up(*, limit: int, window_s: float) -> Governor:
    """A governor whose window was filled evenly in the `window_s` seconds that end at 0."""
    governor = Governor(requests=limit, window_s=window_s, miners=1, heartbeat_s=30.0)
    for number in range(limit):
        governor.sent(-window_s + window_s * (number + 1) / limit, awaited=False)
    return governor


def resending(each: int) -> Resends:
    resends = Resends()
    for _ in range(500):
        resends.ended(each)
    return resends


def look(governor: Governor, open_jobs: int, *, each: int = 1, allowed_s: float = 20.0) -> tuple[Drain, str]:
    drain = Drain(0.0, allowed_s)
    outlook = Outlook.of(open_jobs, resending(each), governor, drain.last_sending, 0.0)
    return drain, drain.review(outlook, 0.0)


def test_849_jobs_that_each_take_two_submissions_wait_for_the_window() -> None:
    drain, said = look(used_up(limit=5000, window_s=60.0), 849, each=2)
    assert drain.give_up_at == pytest.approx(0.3396 * 60 + 5, abs=1.0)
    assert said == "849 jobs are open; the request limit has room for all of them in 21 s"


def test_a_drain_is_not_lengthened_where_there_is_room() -> None:
    idle = Governor(requests=5000, window_s=60.0, miners=1, heartbeat_s=30.0)
    for open_jobs in (0, 849):
        drain, said = look(idle, open_jobs)
        assert (drain.give_up_at, said) == (20.0, "")


def test_a_longer_drain_that_was_asked_for_stays_as_long() -> None:
    drain, _ = look(used_up(limit=5000, window_s=60.0), 849, each=2, allowed_s=300.0)
    assert drain.give_up_at == 300.0


def test_what_a_long_window_has_no_room_for_is_said_when_the_drain_begins() -> None:
    drain, said = look(used_up(limit=1000, window_s=600.0), 400)
    assert drain.give_up_at == LONGEST_DRAIN_S
    assert said.startswith("400 jobs are open; the request limit has room for all of them in 24")
    assert said.endswith("s; about 264 will be left unpaid, since the drain ends in 90 s")


def test_a_limit_that_is_learnt_from_a_refusal_is_given_a_window_and_then_as_long_as_it_takes() -> None:
    """One request at a time is sent then; what was believed before says nothing."""
    governor = Governor(requests=5000, window_s=60.0, miners=1, heartbeat_s=30.0)
    governor.sent(-1.0)
    governor.rate_limited(None, -1.0, 0.0)
    drain, said = look(governor, 849)
    assert drain.give_up_at == 65.0
    assert said == "849 jobs are open; the request limit has room for all of them in 60 s"
    drain.review(Outlook.of(849, Resends(), governor, drain.last_sending, 65.0), 65.0)
    assert drain.give_up_at == LONGEST_DRAIN_S


def test_more_than_a_whole_window_holds_takes_another_one() -> None:
    governor = used_up(limit=100, window_s=10.0)
    first, second = governor.sendable_at(50, 0.0), governor.sendable_at(150, 0.0)
    assert second == pytest.approx(first + 10.0)
    assert governor.sendable_by(second, 400, 0.0) == 150


def test_jobs_are_settled_by_as_many_submissions_as_they_took_lately() -> None:
    assert resending(2).needed(10) == 20
    assert resending(2).jobs(20) == 10
    assert resending(0).needed(10) == 10, "a job that was never submitted says nothing"


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (Unreachable("connection refused"), "not stopped: the server does not answer"),
        (NoAnswer("no whole answer within 15 s"), "not stopped: the server does not answer"),
        (ServerFault(500, "Internal Server Error"), "not stopped: 500: Internal Server Error"),
        (Refused(403, "blocked"), "not stopped: 403: blocked"),
        (Garbled("the answer is not JSON"), "not stopped: the answer is not JSON"),
        (RateLimited(), "not stopped: 429: too many requests"),
    ],
)
def test_a_session_that_stays_open_has_the_servers_own_words_where_it_answered(error: CallError, words: str) -> None:
    assert not_stopped(error) == words


@pytest.mark.parametrize(("kind", "attempts"), [(CallKind.STOP_SESSION, 3), (CallKind.TOTALS, 2)])
def test_each_step_of_the_farewell_has_its_attempts(kind: CallKind, attempts: int) -> None:
    farewell = Farewell()
    for _ in range(2):
        assert [farewell.failed(kind, NoAnswer("cut")) for _ in range(attempts)] == [False] * (attempts - 1) + [True]
        farewell.next_step()
