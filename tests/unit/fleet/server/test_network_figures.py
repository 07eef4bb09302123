"""The rule for rewards as servers state it, on either of two paths."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from fleet.domain.answers import RewardTerms
from fleet.errors import Garbled, NoSuchCall
from fleet.server.client import Client
from fleet.server.http.interface import Request, Response
from fleet.server.network_figures import parse_terms
from fleet.simulator.rewards import RewardSharing
from fleet.simulator.tokenomics import rewards_page, tokenomics_page

SHARING = RewardSharing(block_budget=0.1, least=0.0001, most=0.05)
PAGES = {
    "/api/rewards/current": rewards_page(SHARING, 8),
    "/api/tokenomics": tokenomics_page({}, SHARING, 8),
}
TERMS = RewardTerms(budget=0.1, floor=0.0001, cap=0.05, active_miners=8)


class Pages:
    """A server that has some of the pages."""

    def __init__(self, *paths: str) -> None:
        self._paths = paths

    async def send(self, request: Request) -> Response:
        if request.url in self._paths:
            return Response(status=200, body=json.dumps(PAGES[request.url]).encode())
        return Response(status=404, body=b'{"detail": "Not Found"}')


@pytest.mark.parametrize("path", PAGES)
def test_either_page_states_the_rule(path: str) -> None:
    client = Client("", Pages(path))
    ask = client.current_terms if path == "/api/rewards/current" else client.tokenomics_terms
    assert asyncio.run(ask()) == TERMS


def test_a_release_without_these_pages_states_nothing() -> None:
    client = Client("", Pages())
    for ask in (client.current_terms, client.tokenomics_terms):
        with pytest.raises(NoSuchCall):
            asyncio.run(ask())


@pytest.mark.parametrize(
    "change",
    [
        {"block_budget": None},
        {"block_budget": "0.1"},
        {"block_budget": 0},
        {"limits": None},
        {"limits": {"min": 0.1}},
        {"limits": {"min": 0.1, "max": 0.05}},
        {"limits": {"min": -1, "max": 0.05}},
        {"limits": [0.1, 0.2]},
    ],
)
def test_half_a_rule_is_none(change: dict[str, Any]) -> None:
    with pytest.raises(Garbled):
        parse_terms(PAGES["/api/rewards/current"] | change)


@pytest.mark.parametrize("state", [None, [], {}, {"active_miners": "8"}, {"active_miners": -1}])
def test_a_rule_without_a_count_of_miners_is_one_all_the_same(state: object) -> None:
    found = parse_terms(PAGES["/api/rewards/current"] | {"current_state": state})
    assert (found.budget, found.active_miners) == (0.1, None)
