"""What was learnt of a server that gave no job → what is said, and whether the farm ends."""

from __future__ import annotations

from dataclasses import asdict
from decimal import Decimal

import pytest

from fleet.commands.exits import EX_CONFIG, EX_NOHOST, EX_PROTOCOL, EX_TEMPFAIL, EX_UNAVAILABLE, nothing_mined
from fleet.domain.answers import HeartbeatAnswer, Registration, SessionStart
from fleet.domain.calls import Answer
from fleet.domain.jobs import Job, JobOrigin
from fleet.errors import (
    Banned,
    CallError,
    Foreign,
    Garbled,
    NoAnswer,
    NoSuchCall,
    NotRegistered,
    RateLimited,
    Refused,
    ServerFault,
    SessionLost,
    UnknownHost,
    Unreachable,
    Untrusted,
)
from fleet.server.denials import error_of
from fleet.server.prospect import Prospect, verdict_of
from fleet.server.verdict import Trouble, Verdict

SERVER = "https://neonet.example.com"
JOB = Job(job_id="j1", job_type="inference", data={}, reward=Decimal(1), origin=JobOrigin.FETCHED, timeout_s=60.0)
REDIRECT = Foreign(301, "redirected to https://new.example/x", "https://new.example/x")

CASES: list[tuple[CallError, Trouble, int, str]] = [
    (REDIRECT, Trouble.REDIRECTED, EX_CONFIG, "https://new.example/x"),
    (NoSuchCall("Not Found"), Trouble.NO_MINING, EX_CONFIG, "first public release"),
    (error_of(404, b'{"detail":"Not Found"}', None), Trouble.NO_MINING, EX_CONFIG, SERVER),
    (Untrusted("self-signed certificate"), Trouble.UNTRUSTED, EX_CONFIG, "FLEET_HTTP__CA_FILE"),
    (Foreign(200, "the page 'Sign in'"), Trouble.FOREIGN, EX_PROTOCOL, "'Sign in'"),
    (Garbled("the answer is not JSON"), Trouble.FOREIGN, EX_PROTOCOL, "not JSON"),
    (UnknownHost("Could not resolve host"), Trouble.UNKNOWN_HOST, EX_NOHOST, "neonet.example.com"),
    (Banned("403: blocked"), Trouble.BANNED, EX_TEMPFAIL, "403: blocked"),
    (Unreachable("Failed to connect"), Trouble.AWAY, EX_UNAVAILABLE, "Failed to connect"),
    (NoAnswer("no whole answer within 15 s"), Trouble.AWAY, EX_UNAVAILABLE, "15 s"),
    (ServerFault(502, "the page '502 Bad Gateway'"), Trouble.AWAY, EX_UNAVAILABLE, "502 Bad Gateway"),
]


def prospect(*, mined: bool = False, patience_s: float | None = 120.0) -> Prospect:
    return Prospect(SERVER, mined=mined, patience_s=patience_s, now=1000.0)


@pytest.mark.parametrize(("error", "trouble", "code", "words"), CASES)
def test_each_error_is_a_verdict_with_words_and_an_exit_code(
    error: CallError, trouble: Trouble, code: int, words: str
) -> None:
    ahead = prospect()
    ahead.observe(error)
    verdict = ahead.at_end(assigned=0, asked=False)
    assert verdict is not None
    assert verdict.trouble is trouble
    assert words in verdict.text
    assert "{" not in verdict.text
    failure = nothing_mined({"nothing_mined": asdict(verdict)})
    assert failure is not None
    assert (failure.message, failure.exit_code) == (f"nothing was mined: {verdict.text}", code)


def test_each_kind_of_trouble_has_an_exit_code_that_is_none_of_success() -> None:
    for trouble in Trouble:
        failure = nothing_mined({"nothing_mined": asdict(Verdict(trouble=trouble, text="x"))})
        assert failure is not None
        assert failure.exit_code >= 64


@pytest.mark.parametrize("error", [RateLimited(), RateLimited(5.0)])
def test_a_rate_limit_says_nothing_of_the_server(error: CallError) -> None:
    assert verdict_of(error, SERVER) is None
    ahead = prospect()
    ahead.observe(REDIRECT)
    ahead.observe(error)
    assert ahead.verdict is not None


@pytest.mark.parametrize(
    "outcome",
    [Registration(new=True), NotRegistered("gone"), SessionLost("gone"), Refused(422, "no"), HeartbeatAnswer()],
)
def test_the_words_of_a_neonet_server_end_the_trouble(outcome: Answer | CallError) -> None:
    ahead = prospect()
    ahead.observe(REDIRECT)
    ahead.observe(outcome)
    assert ahead.reason_to_stop(9999.0) is None
    assert ahead.at_end(assigned=0, asked=True) is None


def test_patience_ends_after_its_time_and_no_sooner() -> None:
    ahead = prospect(patience_s=30.0)
    ahead.observe(REDIRECT)
    assert ahead.reason_to_stop(1029.9) is None
    assert ahead.reason_to_stop(1030.0) == ahead.verdict
    assert ahead.unhealthy(1119.9) is None
    assert ahead.unhealthy(1120.0) == ahead.verdict


@pytest.mark.parametrize("patience_s", [None, 0.0])
def test_a_farm_that_is_not_to_end_turns_unhealthy_instead(patience_s: float | None) -> None:
    ahead = prospect(patience_s=patience_s)
    ahead.observe(REDIRECT)
    assert ahead.reason_to_stop(99_999.0) is None
    assert ahead.unhealthy(99_999.0) is not None


@pytest.mark.parametrize(
    "given",
    [
        JOB,
        SessionStart(session_id="s", adopted=False, initial_job=JOB),
        HeartbeatAnswer(next_job=JOB),
    ],
)
def test_once_a_job_was_given_every_failure_is_waited_for(given: Answer) -> None:
    ahead = prospect()
    ahead.observe(given)
    ahead.observe(REDIRECT)
    assert ahead.reason_to_stop(99_999.0) is ahead.unhealthy(99_999.0) is None


def test_a_farm_that_mined_in_an_earlier_life_goes_on_and_says_why_it_can_not() -> None:
    ahead = prospect(mined=True)
    ahead.observe(REDIRECT)
    assert ahead.reason_to_stop(99_999.0) is ahead.unhealthy(99_999.0) is None
    assert ahead.news() is not None
    assert ahead.at_end(assigned=0, asked=False) == ahead.verdict


def test_news_are_said_once_and_an_outage_is_none() -> None:
    ahead = prospect()
    assert ahead.news() is None
    ahead.observe(Unreachable("refused"))
    assert ahead.news() is None
    ahead.observe(REDIRECT)
    assert ahead.news() == ahead.verdict
    ahead.observe(REDIRECT)
    assert ahead.news() is None
    ahead.observe(Untrusted("self-signed certificate"))
    assert ahead.news() == ahead.verdict


def test_a_run_whose_time_is_over_without_a_job_is_no_success() -> None:
    verdict = prospect().at_end(assigned=0, asked=False)
    assert verdict is not None
    assert verdict.trouble is Trouble.NO_JOB
    assert prospect().at_end(assigned=1, asked=False) is None
    assert prospect().at_end(assigned=0, asked=True) is None


def test_a_run_with_jobs_is_no_failure() -> None:
    assert nothing_mined({"nothing_mined": None}) is None


def test_a_farm_that_somebody_stops_says_why_nothing_was_mined_and_does_not_fail() -> None:
    ahead = prospect()
    ahead.observe(REDIRECT)
    verdict = ahead.at_end(assigned=0, asked=True)
    assert verdict is not None
    failure = nothing_mined({"nothing_mined": asdict(verdict)})
    assert failure is not None
    assert (failure.exit_code, failure.message) == (0, f"nothing was mined: {verdict.text}")


def test_words_of_the_server_are_not_read_as_a_template() -> None:
    verdict = verdict_of(Foreign(200, "the page '{server.__class__}'"), SERVER)
    assert verdict is not None
    assert "'{server.__class__}'" in verdict.text


def test_an_id_in_the_servers_words_is_hidden_from_the_verdict() -> None:
    prospect = Prospect(
        "http://server", mined=False, patience_s=None, now=0.0, hide=lambda text: text.replace("x1", "-")
    )
    prospect.observe(Banned("403: x1 is blocked"))
    assert prospect.verdict is not None
    assert "x1" not in prospect.verdict.text
