"""Each of several servers has its own symptoms; what stops all of them is said once, for the farm."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from fleet.health.servers import ServerIncome, all_stopped, server_symptoms
from tests.support.well_farm import SERVER

MAIN, SIDE = replace(SERVER, name="main"), replace(SERVER, name="side")


@pytest.mark.parametrize(
    ("kind", "trouble", "text"),
    [
        ("server_down", {"away": True}, "The server main does not answer; results for it are kept."),
        (
            "server_down",
            {"ban": "until noon"},
            "The server main refuses all calls from this address; results for it are kept.",
        ),
        ("server_unpaid", {"unpaid_s": 130.0}, "The server main answers, but pays for no job."),
        ("no_room", {"left_out": 2}, "The limit of requests of the server main has no room for 2 of 3 miners."),
        ("budget_full", {"used": 4990}, "The limit of requests of the server main is used up, so jobs wait"),
    ],
)
def test_the_trouble_of_one_server_is_its_own(kind: str, trouble: dict[str, Any], text: str) -> None:
    servers = (replace(MAIN, **trouble), SIDE)
    assert not [*all_stopped(servers, 120.0)]
    (one,) = server_symptoms(servers)
    assert (one.kind, one.subject) == (kind, "server main")
    assert one.text.startswith(text)


@pytest.mark.parametrize(
    ("kind", "main", "side", "text"),
    [
        ("outage", {"away": True}, {"away": True}, "No server answers; results are kept until one does."),
        ("unpaid", {"unpaid_s": 130.0}, {"unpaid_s": 200.0}, "All servers answer, but none pays for a job."),
        (
            "outage",
            {"away": True},
            {"ban": "until noon"},
            "No server can be mined at: main does not answer; side refuses all calls from this address.",
        ),
        (
            "ban",
            {"ban": "until one"},
            {"ban": "until noon"},
            "All servers refuse all calls from this address; results are kept until one takes them.",
        ),
    ],
)
def test_what_stops_all_servers_is_said_once_with_what_it_costs(
    kind: str, main: dict[str, Any], side: dict[str, Any], text: str
) -> None:
    servers = (replace(MAIN, **main), replace(SIDE, **side))
    (one,) = all_stopped(servers, 120.0)
    assert (one.kind, one.subject, one.text, one.nnet_per_day) == (kind, "farm", text, 120.0)
    assert not [*server_symptoms(servers)]


def test_a_server_that_is_down_costs_what_it_usually_pays_and_learns_nothing_meanwhile() -> None:
    income, worth = ServerIncome(0.0), None
    for second in range(1, 600):
        income.paid(0.5)
        worth = income.look(float(second), earns=True)
        assert (worth is None) == (second < 300)
    for second in range(600, 4_000):
        worth = income.look(float(second), earns=False)
    assert worth is not None
    assert abs(worth - 43_200) < 1
    servers = (replace(MAIN, away=True, worth=worth), SIDE)
    (one,) = server_symptoms(servers)
    assert one.nnet_per_day == worth


def test_a_server_that_stands_by_has_no_full_limit_and_leaves_hope() -> None:
    servers = (replace(MAIN, away=True), replace(SIDE, stands_by=True, used=5000))
    assert not [*all_stopped(servers, 120.0)]
    assert [one.kind for one in server_symptoms(servers)] == ["server_down"]
