"""Servers with a planted fault, as `fleet doctor` finds them."""

from __future__ import annotations

import time
from email.utils import formatdate
from pathlib import Path

import pytest

from fleet.doctor.diagnosis import Grade
from fleet.doctor.server import server_diagnoses
from fleet.local.redis_server import free_port
from fleet.server.http.interface import Options
from fleet.simulator.dialects import DIALECTS
from tests.support.diagnoses import about
from tests.support.farms import asked, simulator
from tests.support.wrong_servers import FIRST_RELEASE, REDIRECT, SIGN_IN, Says, server_that

UNKNOWN_MINER = Says(status=404, body=b'{"detail":"Contributor not found"}')


@pytest.mark.parametrize("dialect", sorted(DIALECTS))
def test_a_sound_server_of_each_release_has_no_fault(tmp_path: Path, dialect: str) -> None:
    with simulator(tmp_path, "--dialect", dialect) as (_, url):
        found = list(server_diagnoses(url, Options()))
        requests = asked(url, "/simulator/requests")
        sessions = asked(url, "/simulator/sessions")["sessions"]
    assert not [one for one in found if one.grade in (Grade.WARN, Grade.FAIL)], found
    assert about("server release", found).found.endswith(f"release {dialect}")
    assert sessions == [], "the check opened a session"
    assert requests["requests_total"] == 3


def test_an_unreachable_port_is_found() -> None:
    found = about("server", server_diagnoses(f"http://127.0.0.1:{free_port()}", Options()))
    assert found.grade is Grade.FAIL
    assert "does not answer" in found.found
    assert "start the server" in found.advice


def test_a_name_that_does_not_resolve_is_found() -> None:
    found = about("server", server_diagnoses("http://no-such-host.invalid", Options()))
    assert found.grade is Grade.FAIL
    assert "does not resolve" in found.found
    assert "DNS" in found.advice


@pytest.mark.parametrize(
    ("says", "words"),
    [
        (FIRST_RELEASE, "has no /ai-energy calls"),
        (REDIRECT, "redirects to https://new.example"),
        (SIGN_IN, "something else answers"),
    ],
)
def test_something_else_in_place_of_the_server_is_found(says: Says, words: str) -> None:
    with server_that(says) as url:
        found = about("server", server_diagnoses(url, Options()))
    assert found.grade is Grade.FAIL
    assert words in found.found
    assert "FLEET_SERVER" in found.advice


def test_a_ban_is_found_by_a_single_call(tmp_path: Path) -> None:
    with simulator(tmp_path, "--fault", "blocked,count=1,value=300+60") as (_, url):
        found = about("server", server_diagnoses(url, Options()))
        requests = asked(url, "/simulator/requests")["requests_total"]
    assert found.grade is Grade.FAIL
    assert "ban lasts" in found.advice
    assert requests == 1


def test_a_refusal_for_too_many_requests_is_a_warning() -> None:
    with server_that(Says(status=429, body=b'{"detail":"slow down"}', headers={"Retry-After": "7"})) as url:
        found = about("server", server_diagnoses(url, Options()))
    assert found.grade is Grade.WARN
    assert "fewer miners" in found.advice


def test_a_server_without_a_date_has_no_checked_clock(tmp_path: Path) -> None:
    with simulator(tmp_path) as (_, url):
        assert about("server clock", server_diagnoses(url, Options())).grade is Grade.NOT_CHECKED


@pytest.mark.parametrize(("off_s", "words"), [(3_600, "ahead of"), (-3_600, "behind")])
def test_a_servers_clock_that_is_off_is_found(monkeypatch: pytest.MonkeyPatch, off_s: int, words: str) -> None:
    # the server's answers carry Python's own Date header
    monkeypatch.setattr(
        "http.server.BaseHTTPRequestHandler.date_time_string",
        lambda _self: formatdate(time.time() + off_s, usegmt=True),
    )
    with server_that(UNKNOWN_MINER) as url:
        found = about("server clock", server_diagnoses(url, Options()))
    assert found.grade is Grade.WARN
    assert words in found.found
    assert "NTP" in found.advice


def test_the_end_of_a_certificate_is_stated_and_a_strangers_certificate_is_found(tmp_path: Path) -> None:
    with server_that(UNKNOWN_MINER, certified_in=tmp_path) as url:
        strange = about("server", server_diagnoses(url, Options()))
        known = list(server_diagnoses(url, Options(ca_file=tmp_path / "ca.crt")))
    assert strange.grade is Grade.FAIL
    assert "FLEET_HTTP__CA_FILE" in strange.found + strange.advice
    assert about("server", known).grade is Grade.OK
    assert "more days" in about("server certificate", known).found


def test_a_server_that_hangs_ends_the_check_at_its_deadline(tmp_path: Path) -> None:
    with simulator(tmp_path, "--fault", "hang_before") as (_, url):
        found = about("server", server_diagnoses(url, Options(deadline_s=0.5)))
    assert found.grade is Grade.FAIL
    assert "within 0.5 s" in found.found
