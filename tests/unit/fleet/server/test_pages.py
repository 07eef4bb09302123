"""A page of something before the server says nothing about a job: its result is kept and sent again."""

from __future__ import annotations

import json

import pytest

from fleet.domain.amounts import EntryKind
from fleet.domain.answers import HeartbeatAnswer
from fleet.domain.calls import CallKind
from fleet.domain.effects import JobMoved
from fleet.domain.jobs import JobState
from fleet.errors import Banned, CallError, Foreign, NoSuchCall, Refused, SessionLost
from fleet.server import protocol
from fleet.server.denials import error_of
from fleet.server.pages import page_words
from tests.support.faults import PAGE_STATUSES
from tests.support.insides import active_jobs, running_session
from tests.support.miner_script import REWARD, Script, accepted

PAGE = b"<!DOCTYPE html>\n<html><head><TITLE lang=en>\n Access &amp; sign-in </TITLE></head><body>No</body></html>"
BAN = json.dumps({"error": "blocked", "reason": "too many errors", "unblock_in": 300}).encode()


def page(status: int) -> CallError:
    return error_of(status, PAGE, None, "https://proxy.example/in" if 300 <= status < 400 else "")


@pytest.mark.parametrize("body", [PAGE, b"", b"Forbidden", b'{"message": "no"}', b'{"detail": 3}', b"[]", b"null"])
@pytest.mark.parametrize("status", [*PAGE_STATUSES, 400, 404, 409, 422])
def test_what_no_neonet_server_says_is_foreign_whatever_its_status(status: int, body: bytes) -> None:
    assert type(error_of(status, body, None)) is Foreign


@pytest.mark.parametrize("status", [401, 407, 413, 451])
def test_a_status_that_no_neonet_server_uses_is_foreign_though_it_comes_with_a_detail(status: int) -> None:
    assert type(error_of(status, b'{"detail": "Not allowed"}', None)) is Foreign


@pytest.mark.parametrize("status", PAGE_STATUSES)
def test_a_computed_job_outlives_a_page_and_is_paid_after_it(status: int) -> None:
    script = Script().mining().fetched()
    script.call(CallKind.SUBMIT, page(status))
    script.now += 120
    script.call(CallKind.HEARTBEAT, HeartbeatAnswer())
    again = script.begin(CallKind.SUBMIT)
    assert again.result == {"integrity_score": 0.9, "extra": 1, "compute_time_ms": 2.0}, "it is whole, and no error"
    script.answer(again, accepted())
    assert script.booked() == [(EntryKind.JOB, REWARD, True)]


@pytest.mark.parametrize("status", PAGE_STATUSES)
def test_a_page_makes_a_miner_wait_longer_each_time(status: int) -> None:
    script = Script()
    waits = []
    for _ in range(4):
        script.call(CallKind.REGISTER, page(status))
        waits.append(script.miner.waits_until - script.now)
        script.now = script.miner.waits_until
    assert waits[0] >= 1
    assert waits == sorted(waits)


def test_a_ban_costs_neither_the_session_nor_the_job() -> None:
    ban = error_of(403, BAN, None)
    assert type(ban) is Banned
    assert str(ban) == "403: blocked, too many errors, for 300 s"
    script = Script().mining().fetched()
    session = running_session(script.miner)
    script.call(CallKind.SUBMIT, ban)
    assert running_session(script.miner) is session
    assert active_jobs(script.miner)["j1"].state is JobState.COMPUTED
    assert not any(isinstance(effect, JobMoved) and effect.mended for effect in script.effects)
    script.now += 120
    script.call(CallKind.HEARTBEAT, HeartbeatAnswer())
    script.call(CallKind.SUBMIT, accepted())
    assert script.booked() == [(EntryKind.JOB, REWARD, True)]


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b'{"error": "trust_too_low"}', "403: trust_too_low"),
        (b'{"error": "blocked", "reason": 7, "unblock_in": "soon"}', "403: blocked"),
        (b'{"error": "blocked", "unblock_in": NaN}', "403: blocked"),
        (b'{"error": "blocked", "unblock_in": 1e400}', "403: blocked"),
    ],
)
def test_a_ban_says_what_the_server_stated_of_it(body: bytes, words: str) -> None:
    assert str(error_of(403, body, None)) == words


def test_the_servers_own_403_about_a_session_stays_one() -> None:
    assert type(error_of(403, b'{"detail": "Session belongs to another contributor"}', None)) is SessionLost
    assert type(error_of(403, b'{"detail": "Nonsense"}', None)) is Refused


@pytest.mark.parametrize(
    ("status", "body"), [(404, b'{"detail": "Not Found"}'), (405, b'{"detail": "Method Not Allowed"}')]
)
def test_a_server_without_a_call_says_nothing_about_the_job(status: int, body: bytes) -> None:
    assert type(error_of(status, body, None)) is NoSuchCall


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (PAGE, "the page 'Access & sign-in'"),
        (b"<html><body><h1>It works!</h1></body></html>", "the page 'It works!'"),
        (b"\xef\xbb\xbf  <title>" + b"x" * 200 + b"</title>", f"the page '{'x' * 79}…'"),
        (b"<title>\x1b[2J\xe2\x80\xaegone</title>", "the page '?[2J?gone'"),
        (b"<html></html>", "an empty page"),
        (b"", "no body"),
        (b"Bad gateway: upstream", "Bad gateway: upstream"),
        (b"<" * 100_000, f"the page '{'<' * 79}…'"),
        (b"<title" * 20_000, None),
    ],
)
def test_a_page_is_called_by_its_title(body: bytes, words: str | None) -> None:
    said = page_words(body)
    assert words is None or said == words
    assert said.isprintable()


def test_a_page_with_status_200_is_called_by_its_title_and_by_no_exception_of_pythons() -> None:
    with pytest.raises(Foreign, match=r"^200: the page 'Access & sign-in'$"):
        protocol.parse_object(PAGE)
    with pytest.raises(Foreign, match=r"^200: the page"):
        protocol.parse_fetched(PAGE, "rig-1")


def test_a_redirect_names_where_it_leads() -> None:
    error = page(301)
    assert isinstance(error, Foreign)
    assert error.location == "https://proxy.example/in"
    assert str(error) == "301: redirected to https://proxy.example/in"
